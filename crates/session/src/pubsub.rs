//! Who listens to what: channels, patterns, shard channels.

use crate::{Subscriptions, Way};
use resp::Writer;
use std::collections::HashMap;
use stdx::glob;
use world::ConnId;

type Listeners = HashMap<Box<[u8]>, Vec<ConnId>, stdx::FixedState>;

/// The program-wide side of every subscription. Who listens stands here and in the session's own [`Subscriptions`]:
/// [`Pubsub::join`] and [`Pubsub::leave`] change both.
#[derive(Debug, Default)]
pub struct Pubsub {
    channels: Listeners,
    /// In the order they were first asked for, which is the order of delivery.
    patterns: Vec<(Box<[u8]>, Vec<ConnId>)>,
    shards: Listeners,
}

/// Who hears a message: taken out of the registry, which is free meanwhile.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Audience {
    /// Those who named the channel.
    pub direct: Vec<ConnId>,
    /// Those whose pattern it matches, with the pattern.
    pub matching: Vec<(Box<[u8]>, Vec<ConnId>)>,
}

impl Audience {
    /// How many deliveries that makes; one who listens in several ways hears it several times.
    pub fn count(&self) -> usize {
        self.direct.len() + self.matching.iter().map(|(_, conns)| conns.len()).sum::<usize>()
    }
}

impl Pubsub {
    /// `conn`, whose own list is `mine`, listens. To how many it does now, as the reply tells.
    pub fn join(
        &mut self,
        conn: ConnId,
        mine: &mut Option<Box<Subscriptions>>,
        way: Way,
        name: &[u8],
    ) -> usize {
        let fresh = match way {
            Way::Channel => join(&mut self.channels, name, conn),
            Way::Shard => join(&mut self.shards, name, conn),
            Way::Pattern => self.join_pattern(name, conn),
        };
        let mine = mine.get_or_insert_default();
        if fresh {
            mine.names_mut(way).push(name.into());
        }
        mine.count_beside(way)
    }

    /// `conn` listens no longer. To how many it does now, as the reply tells.
    pub fn leave(
        &mut self,
        conn: ConnId,
        mine: &mut Option<Box<Subscriptions>>,
        way: Way,
        name: &[u8],
    ) -> usize {
        let left = match way {
            Way::Channel => leave(&mut self.channels, name, conn),
            Way::Shard => leave(&mut self.shards, name, conn),
            Way::Pattern => self.leave_pattern(name, conn),
        };
        let Some(list) = mine else { return 0 };
        if left {
            list.names_mut(way).retain(|it| **it != *name);
        }
        let count = list.count_beside(way);
        if list.count() == 0 {
            *mine = None;
        }
        count
    }

    /// `conn` listens to nothing any more, without a word.
    pub fn leave_all(&mut self, conn: ConnId, mine: &mut Option<Box<Subscriptions>>) {
        let Some(list) = mine.take() else { return };
        for name in &list.channels {
            leave(&mut self.channels, name, conn);
        }
        for name in &list.shards {
            leave(&mut self.shards, name, conn);
        }
        for name in &list.patterns {
            self.leave_pattern(name, conn);
        }
    }

    fn join_pattern(&mut self, pattern: &[u8], conn: ConnId) -> bool {
        match self.patterns.iter_mut().find(|(it, _)| **it == *pattern) {
            Some((_, conns)) if conns.contains(&conn) => return false,
            Some((_, conns)) => conns.push(conn),
            None => self.patterns.push((pattern.into(), vec![conn])),
        }
        true
    }

    fn leave_pattern(&mut self, pattern: &[u8], conn: ConnId) -> bool {
        let Some(at) = self.patterns.iter().position(|(it, _)| **it == *pattern) else {
            return false;
        };
        let conns = &mut self.patterns[at].1;
        let before = conns.len();
        conns.retain(|it| *it != conn);
        let left = conns.len() < before;
        if conns.is_empty() {
            self.patterns.remove(at);
        }
        left
    }

    /// True while nobody listens to channels or patterns.
    pub fn is_empty(&self) -> bool {
        self.channels.is_empty() && self.patterns.is_empty()
    }

    /// Who hears what is said in a channel.
    pub fn audience(&self, channel: &[u8]) -> Audience {
        let matching = self.patterns.iter().filter(|(pattern, _)| glob::matches(pattern, channel));
        Audience {
            direct: self.channels.get(channel).cloned().unwrap_or_default(),
            matching: matching.cloned().collect(),
        }
    }

    /// Who hears what is said in a shard channel.
    pub fn shard_audience(&self, channel: &[u8]) -> Vec<ConnId> {
        self.shards.get(channel).cloned().unwrap_or_default()
    }

    /// How many channels, patterns or shard channels somebody listens to.
    pub fn count(&self, way: Way) -> usize {
        match way {
            Way::Channel => self.channels.len(),
            Way::Pattern => self.patterns.len(),
            Way::Shard => self.shards.len(),
        }
    }

    /// The channels, patterns or shard channels somebody listens to.
    pub fn names(&self, way: Way) -> Vec<&[u8]> {
        match way {
            Way::Channel => self.channels.keys().map(|name| &**name).collect(),
            Way::Pattern => self.patterns.iter().map(|(name, _)| &**name).collect(),
            Way::Shard => self.shards.keys().map(|name| &**name).collect(),
        }
    }

    /// How many listen to exactly this.
    pub fn listeners(&self, way: Way, name: &[u8]) -> usize {
        let pattern = || self.patterns.iter().find(|(it, _)| **it == *name).map(|(_, conns)| conns);
        let conns = match way {
            Way::Channel => self.channels.get(name),
            Way::Pattern => pattern(),
            Way::Shard => self.shards.get(name),
        };
        conns.map_or(0, Vec::len)
    }
}

/// False: it listened already.
fn join(listeners: &mut Listeners, name: &[u8], conn: ConnId) -> bool {
    match listeners.get_mut(name) {
        Some(conns) if conns.contains(&conn) => return false,
        Some(conns) => conns.push(conn),
        None => {
            listeners.insert(name.into(), vec![conn]);
        }
    }
    true
}

/// False: it did not listen.
fn leave(listeners: &mut Listeners, name: &[u8], conn: ConnId) -> bool {
    let Some(conns) = listeners.get_mut(name) else { return false };
    let before = conns.len();
    conns.retain(|it| *it != conn);
    let left = conns.len() < before;
    if conns.is_empty() {
        listeners.remove(name);
    }
    left
}

/// A message: a push under RESP3 and an array otherwise. Its `kind` comes first: `message` with channel and text,
/// `pmessage` with pattern, channel and text, `smessage` with shard channel and text.
pub fn write_message(w: &mut Writer<'_>, kind: &[u8], parts: &[&[u8]]) {
    w.push(parts.len() + 1);
    w.bulk(kind);
    parts.iter().for_each(|part| w.bulk(part));
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: ConnId = ConnId(1);
    const B: ConnId = ConnId(2);

    #[test]
    fn replies_count_channels_with_patterns_and_shards_by_themselves() {
        let (mut all, mut mine) = (Pubsub::default(), None);
        let steps = [
            (Way::Channel, "a", 1),
            (Way::Channel, "a", 1),
            (Way::Pattern, "a*", 2),
            (Way::Shard, "a", 1),
            (Way::Channel, "b", 3),
        ];
        for (way, name, count) in steps {
            assert_eq!(all.join(A, &mut mine, way, name.as_bytes()), count, "{name}");
        }
        assert_eq!(all.leave(A, &mut mine, Way::Channel, b"none"), 3);
        assert_eq!(all.leave(A, &mut mine, Way::Pattern, b"a*"), 2);
        assert_eq!(all.leave(A, &mut mine, Way::Shard, b"a"), 0);
        assert_eq!(all.leave(A, &mut mine, Way::Channel, b"a"), 1);
        assert_eq!(all.leave(A, &mut mine, Way::Channel, b"b"), 0);
        assert!(mine.is_none() && all.is_empty());
    }

    #[test]
    fn a_message_is_heard_by_name_and_by_every_pattern() {
        let (mut all, mut a, mut b) = (Pubsub::default(), None, None);
        all.join(A, &mut a, Way::Channel, b"news");
        all.join(B, &mut b, Way::Channel, b"news");
        all.join(B, &mut b, Way::Pattern, b"n*");
        all.join(A, &mut a, Way::Pattern, b"*");
        let audience = all.audience(b"news");
        assert_eq!(audience.count(), 4);
        assert_eq!(audience.direct, [A, B]);
        assert_eq!(audience.matching[0], (b"n*"[..].into(), vec![B]));
        assert_eq!(all.audience(b"other").count(), 1);
        assert_eq!(all.listeners(Way::Channel, b"news"), 2);
        assert_eq!(all.names(Way::Pattern), [b"n*".as_slice(), b"*"]);
        all.leave_all(A, &mut a);
        assert_eq!(all.audience(b"news").count(), 2);
        all.leave_all(B, &mut b);
        assert!(all.is_empty() && b.is_none());
    }
}
