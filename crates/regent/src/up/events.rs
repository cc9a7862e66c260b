//! What the Sentinels of the group announce, all of them: any may be the one that leads a failover.

use std::time::Duration;

use client::Client;
use resp::Value;
use stdx::Instant;
use sys::clock;

use super::group::Group;

/// How often we try to listen to one that does not answer.
const TRY_EVERY_MS: u64 = 1000;
/// How long a Sentinel is listened to at a time.
const LISTEN: Duration = Duration::from_millis(1);

/// One announcement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Event {
    /// The Sentinel that made it.
    pub(super) sentinel: u16,
    pub(super) channel: String,
    pub(super) message: String,
}

/// What we listen to.
#[derive(Default)]
pub(super) struct Events {
    feeds: Vec<Feed>,
}

struct Feed {
    sentinel: u16,
    client: Option<Client>,
    tried: Option<Instant>,
}

impl Events {
    /// What was announced since the last time, in the order of each Sentinel.
    pub(super) fn take(&mut self, group: &mut Group) -> Vec<Event> {
        if self.feeds.is_empty() {
            let feed = |sentinel| Feed { sentinel, client: None, tried: None };
            self.feeds = group.sentinels().map(|it| feed(it.port)).collect();
        }
        let mut events = Vec::new();
        for (feed, member) in self.feeds.iter_mut().zip(group.sentinels()) {
            let now = clock::instant();
            if feed.client.is_none() && feed.tried.is_none_or(|at| now.ms_since(at) >= TRY_EVERY_MS)
            {
                feed.tried = Some(now);
                feed.client = member.connect().ok();
                if let Some(client) = &mut feed.client
                    && client.command(&["PSUBSCRIBE", "*"]).is_err()
                {
                    feed.client = None;
                }
            }
            feed.take(&mut events);
        }
        events
    }
}

impl Feed {
    /// Reads once, so that what several Sentinels announce at a time comes in about the order in which it happens.
    fn take(&mut self, events: &mut Vec<Event>) {
        let Some(client) = &mut self.client else { return };
        let mut next = client.receive_within(LISTEN);
        loop {
            match next {
                Ok(Some(Value::Array(items))) => {
                    if let [_, _, channel, message] = items.as_slice() {
                        let (channel, message) = (channel.text(), message.text());
                        events.push(Event { sentinel: self.sentinel, channel, message });
                    }
                }
                Ok(Some(_)) => {}
                Ok(None) => return,
                Err(_) => break,
            }
            next = client.next_received();
        }
        self.client = None;
    }
}

impl Event {
    /// What it means for somebody who watches the group, where it is worth a line. The same words come from every
    /// Sentinel that says the same.
    pub(super) fn sentence(&self) -> Option<String> {
        let words: Vec<&str> = self.message.split(' ').collect();
        let port = |at: usize| words.get(at).copied().unwrap_or("?");
        let is_master = words.first() == Some(&"master");
        Some(match self.channel.as_str() {
            "+odown" => format!("the Sentinels agree that the master on port {} is down", port(3)),
            "-odown" => {
                format!("the Sentinels no longer hold the master on port {} for down", port(3))
            }
            "+elected-leader" => {
                format!("the Sentinel on port {} leads the failover", self.sentinel)
            }
            "+switch-master" => {
                format!(
                    "failover: the master is on port {} now, it was on port {}",
                    port(4),
                    port(2)
                )
            }
            "+convert-to-slave" => {
                let port = words.get(1).and_then(|it| it.rsplit(':').next()).unwrap_or("?");
                format!("the old master on port {port} is told to be a replica")
            }
            "-failover-abort-no-good-slave" => "no replica is fit to be the master".to_owned(),
            "+reboot" if is_master => format!("the master on port {} was restarted", port(3)),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_worth_a_line_has_one() {
        for (channel, message, want) in [
            (
                "+switch-master",
                "mymaster 127.0.0.1 1 127.0.0.1 2",
                Some("failover: the master is on port 2 now, it was on port 1"),
            ),
            (
                "+odown",
                "master mymaster 127.0.0.1 1 #quorum 2/2",
                Some("the Sentinels agree that the master on port 1 is down"),
            ),
            (
                "+convert-to-slave",
                "slave 127.0.0.1:1 127.0.0.1 1 @ mymaster 127.0.0.1 2",
                Some("the old master on port 1 is told to be a replica"),
            ),
            ("+switch-master", "", Some("failover: the master is on port ? now, it was on port ?")),
            ("+vote-for-leader", "abc 1", None),
        ] {
            let event =
                Event { sentinel: 9, channel: channel.to_owned(), message: message.to_owned() };
            assert_eq!(event.sentence().as_deref(), want);
        }
    }
}
