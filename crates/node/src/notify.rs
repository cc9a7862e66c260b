//! Keyspace events as messages, and messages to those who listen.

use crate::node::Node;
use session::write_message;
use store::{EventClass, EventClasses};

impl Node {
    /// Publishes an event of the keyspace on the channels that `notify-keyspace-events` chose.
    pub(crate) fn publish_event(&mut self, db: usize, class: EventClass, name: &str, key: &[u8]) {
        let chosen = self.keyspace.observers.events;
        if !chosen.has(class) {
            return;
        }
        if chosen.includes(EventClasses::KEYSPACE) {
            let mut channel = format!("__keyspace@{db}__:").into_bytes();
            channel.extend_from_slice(key);
            self.publish(&channel, name.as_bytes());
        }
        if chosen.includes(EventClasses::KEYEVENT) {
            self.publish(format!("__keyevent@{db}__:{name}").as_bytes(), key);
        }
    }

    /// Delivers a message to everybody who listens; how many did.
    pub(crate) fn publish(&mut self, channel: &[u8], message: &[u8]) -> usize {
        if self.pubsub.is_empty() {
            return 0;
        }
        let audience = self.pubsub.audience(channel);
        for &conn in &audience.direct {
            self.send(conn, |w| write_message(w, b"message", &[channel, message]));
        }
        for (pattern, conns) in &audience.matching {
            for &conn in conns {
                self.send(conn, |w| write_message(w, b"pmessage", &[pattern, channel, message]));
            }
        }
        audience.count()
    }

    /// Delivers a message to everybody who listens to a shard channel; how many did.
    pub(crate) fn publish_shard(&mut self, channel: &[u8], message: &[u8]) -> usize {
        let conns = self.pubsub.shard_audience(channel);
        for &conn in &conns {
            self.send(conn, |w| write_message(w, b"smessage", &[channel, message]));
        }
        conns.len()
    }
}
