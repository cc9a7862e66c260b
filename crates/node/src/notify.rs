//! Keyspace events as messages, and messages to those who listen.

use crate::node::Node;
use resp::{Proto, Writer};
use stdx::glob;
use store::{EventClass, EventClasses};
use world::ConnId;

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
        let direct: Vec<ConnId> = self.pubsub.channels.get(channel).cloned().unwrap_or_default();
        for &conn in &direct {
            self.send(conn, |w| write_message(w, b"message", &[channel, message]));
        }
        let mut count = direct.len();
        let matching: Vec<(Box<[u8]>, Vec<ConnId>)> = self
            .pubsub
            .patterns
            .iter()
            .filter(|(pattern, _)| glob::matches(pattern, channel))
            .cloned()
            .collect();
        for (pattern, conns) in matching {
            count += conns.len();
            for conn in conns {
                self.send(conn, |w| write_message(w, b"pmessage", &[&pattern, channel, message]));
            }
        }
        count
    }

    /// Delivers a message to everybody who listens to a shard channel; how many did.
    pub(crate) fn publish_shard(&mut self, channel: &[u8], message: &[u8]) -> usize {
        let conns: Vec<ConnId> = self.pubsub.shards.get(channel).cloned().unwrap_or_default();
        for &conn in &conns {
            self.send(conn, |w| write_message(w, b"smessage", &[channel, message]));
        }
        conns.len()
    }
}

/// A message is a push under RESP3 and an array otherwise; its kind comes first.
fn write_message(w: &mut Writer<'_>, kind: &[u8], parts: &[&[u8]]) {
    debug_assert!(matches!(w.proto(), Proto::Resp2 | Proto::Resp3));
    w.push(parts.len() + 1);
    w.bulk(kind);
    parts.iter().for_each(|part| w.bulk(part));
}
