//! Who listens to what: channels, patterns, shard channels.

use crate::{Subscriptions, Way};
use resp::Writer;
use std::collections::{BTreeMap, HashMap};
use stdx::glob;
use world::ConnId;

type Listeners = HashMap<Box<[u8]>, Vec<ConnId>, stdx::FixedState>;

/// The program-wide side of every subscription. Who listens stands here and in the session's own [`Subscriptions`]:
/// [`Pubsub::join`] and [`Pubsub::leave`] change both.
#[derive(Debug, Default)]
pub struct Pubsub {
    channels: Listeners,
    /// By the order they were first asked for, which is the order of delivery.
    patterns: BTreeMap<u64, (Box<[u8]>, Vec<ConnId>)>,
    /// Where each pattern stands in that order.
    places: HashMap<Box<[u8]>, u64, stdx::FixedState>,
    /// The place of the next pattern.
    next_place: u64,
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
        if let Some((_, conns)) = self.places.get(pattern).and_then(|at| self.patterns.get_mut(at))
        {
            let is_new = !conns.contains(&conn);
            if is_new {
                conns.push(conn);
            }
            return is_new;
        }
        self.places.insert(pattern.into(), self.next_place);
        self.patterns.insert(self.next_place, (pattern.into(), vec![conn]));
        self.next_place += 1;
        true
    }

    fn leave_pattern(&mut self, pattern: &[u8], conn: ConnId) -> bool {
        let Some(&at) = self.places.get(pattern) else { return false };
        let Some((_, conns)) = self.patterns.get_mut(&at) else { return false };
        let before = conns.len();
        conns.retain(|it| *it != conn);
        let left = conns.len() < before;
        if conns.is_empty() {
            self.patterns.remove(&at);
            self.places.remove(pattern);
        }
        left
    }

    /// True while nobody listens to channels or patterns.
    pub fn is_empty(&self) -> bool {
        self.channels.is_empty() && self.patterns.is_empty()
    }

    /// Who hears what is said in a channel.
    pub fn audience(&self, channel: &[u8]) -> Audience {
        let matching = self.patterns.values().filter(|(it, _)| glob::matches(it, channel));
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
            Way::Pattern => self.patterns.values().map(|(name, _)| &**name).collect(),
            Way::Shard => self.shards.keys().map(|name| &**name).collect(),
        }
    }

    /// How many listen to exactly this.
    pub fn listeners(&self, way: Way, name: &[u8]) -> usize {
        let pattern = || self.patterns.get(self.places.get(name)?).map(|(_, conns)| conns);
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
    fn patterns_are_heard_in_the_order_they_were_first_asked_for() {
        let (mut all, mut mine, mut other) = (Pubsub::default(), None, None);
        for pattern in ["c*", "a*", "*b", "a*"] {
            all.join(A, &mut mine, Way::Pattern, pattern.as_bytes());
        }
        all.join(B, &mut other, Way::Pattern, b"a*");
        let order = |all: &Pubsub| -> Vec<String> {
            let names = all.audience(b"ab").matching.into_iter().map(|(name, _)| name);
            names.map(|name| String::from_utf8_lossy(&name).into_owned()).collect()
        };
        assert_eq!(order(&all), ["a*", "*b"]);
        // It keeps its place as long as anybody listens, and comes back as the last.
        all.leave(A, &mut mine, Way::Pattern, b"a*");
        assert_eq!(
            (order(&all), all.listeners(Way::Pattern, b"a*")),
            (vec!["a*".into(), "*b".into()], 1)
        );
        all.leave_all(B, &mut other);
        all.join(A, &mut mine, Way::Pattern, b"a*");
        assert_eq!(order(&all), ["*b", "a*"]);
        assert_eq!(all.count(Way::Pattern), 3);
    }

    #[test]
    fn many_patterns_of_one_session_are_asked_for_and_left_quickly() {
        let (mut all, mut mine) = (Pubsub::default(), None);
        for n in 0..100_000u32 {
            all.join(A, &mut mine, Way::Pattern, &n.to_be_bytes());
        }
        assert_eq!(all.count(Way::Pattern), 100_000);
        all.leave_all(A, &mut mine);
        assert!(all.is_empty() && all.places.is_empty());
    }

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
