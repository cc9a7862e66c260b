//! Who listens to what: channels, patterns, shard channels.

use crate::{Lineup, Subscriptions, Way};
use resp::Writer;
use std::collections::{BTreeMap, HashMap};
use stdx::glob;
use world::ConnId;

type Listeners = HashMap<Box<[u8]>, Lineup, stdx::FixedState>;

/// The program-wide side of every subscription. Who listens stands here and in the session's own [`Subscriptions`]:
/// [`Pubsub::join`] and [`Pubsub::leave`] change both.
#[derive(Debug, Default)]
pub struct Pubsub {
    channels: Listeners,
    /// By the order they were first asked for, which is the order of delivery.
    patterns: BTreeMap<u64, (Box<[u8]>, Lineup)>,
    /// Where each pattern stands in that order.
    pattern_places: HashMap<Box<[u8]>, u64, stdx::FixedState>,
    /// The place of the next subscription.
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
        let mine = mine.get_or_insert_default();
        if mine.place(way, name).is_none() {
            let place = self.next_place;
            self.next_place += 1;
            mine.insert(way, name, place);
            match way {
                Way::Channel => join(&mut self.channels, name, place, conn),
                Way::Shard => join(&mut self.shards, name, place, conn),
                Way::Pattern => self.join_pattern(name, place, conn),
            }
        }
        mine.count_beside(way)
    }

    /// `conn` listens no longer. To how many it does now, as the reply tells.
    pub fn leave(&mut self, mine: &mut Option<Box<Subscriptions>>, way: Way, name: &[u8]) -> usize {
        let Some(list) = mine else { return 0 };
        if let Some(place) = list.remove(way, name) {
            self.leave_place(way, name, place);
        }
        let count = list.count_beside(way);
        if list.count() == 0 {
            *mine = None;
        }
        count
    }

    /// The session with these subscriptions listens to nothing any more, without a word.
    pub fn leave_all(&mut self, mine: &mut Option<Box<Subscriptions>>) {
        let Some(list) = mine.take() else { return };
        for way in Way::ALL {
            list.places(way).for_each(|(name, place)| self.leave_place(way, name, place));
        }
    }

    fn join_pattern(&mut self, pattern: &[u8], place: u64, conn: ConnId) {
        let known = self.pattern_places.get(pattern).and_then(|at| self.patterns.get_mut(at));
        if let Some((_, lineup)) = known {
            lineup.push(place, conn);
            return;
        }
        self.pattern_places.insert(pattern.into(), place);
        self.patterns.insert(place, (pattern.into(), alone(place, conn)));
    }

    fn leave_place(&mut self, way: Way, name: &[u8], place: u64) {
        match way {
            Way::Channel => leave(&mut self.channels, name, place),
            Way::Shard => leave(&mut self.shards, name, place),
            Way::Pattern => {
                let Some(&at) = self.pattern_places.get(name) else { return };
                let Some((_, lineup)) = self.patterns.get_mut(&at) else { return };
                lineup.remove(place);
                if lineup.is_empty() {
                    self.patterns.remove(&at);
                    self.pattern_places.remove(name);
                }
            }
        }
    }

    /// True while nobody listens to channels or patterns.
    pub fn is_empty(&self) -> bool {
        self.channels.is_empty() && self.patterns.is_empty()
    }

    /// Who hears what is said in a channel.
    pub fn audience(&self, channel: &[u8]) -> Audience {
        let matching = self.patterns.values().filter(|(it, _)| glob::matches(it, channel));
        Audience {
            direct: self.channels.get(channel).map(conns).unwrap_or_default(),
            matching: matching.map(|(name, lineup)| (name.clone(), conns(lineup))).collect(),
        }
    }

    /// Who hears what is said in a shard channel.
    pub fn shard_audience(&self, channel: &[u8]) -> Vec<ConnId> {
        self.shards.get(channel).map(conns).unwrap_or_default()
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
        let pattern =
            || self.patterns.get(self.pattern_places.get(name)?).map(|(_, lineup)| lineup);
        let lineup = match way {
            Way::Channel => self.channels.get(name),
            Way::Pattern => pattern(),
            Way::Shard => self.shards.get(name),
        };
        lineup.map_or(0, |lineup| lineup.len())
    }
}

fn join(listeners: &mut Listeners, name: &[u8], place: u64, conn: ConnId) {
    match listeners.get_mut(name) {
        Some(lineup) => lineup.push(place, conn),
        None => {
            listeners.insert(name.into(), alone(place, conn));
        }
    }
}

fn leave(listeners: &mut Listeners, name: &[u8], place: u64) {
    let Some(lineup) = listeners.get_mut(name) else { return };
    lineup.remove(place);
    if lineup.is_empty() {
        listeners.remove(name);
    }
}

fn alone(place: u64, conn: ConnId) -> Lineup {
    let mut lineup = Lineup::default();
    lineup.push(place, conn);
    lineup
}

fn conns(lineup: &Lineup) -> Vec<ConnId> {
    lineup.iter().map(|(_, conn)| conn).collect()
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
    #![allow(clippy::disallowed_methods)]

    use super::*;
    use std::time::{Duration, Instant};

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
        all.leave(&mut mine, Way::Pattern, b"a*");
        assert_eq!(
            (order(&all), all.listeners(Way::Pattern, b"a*")),
            (vec!["a*".into(), "*b".into()], 1)
        );
        all.leave_all(&mut other);
        all.join(A, &mut mine, Way::Pattern, b"a*");
        assert_eq!(order(&all), ["*b", "a*"]);
        assert_eq!(all.count(Way::Pattern), 3);
    }

    /// The time of `steps` with this many names or sessions.
    fn time(count: u32, steps: &dyn Fn(u32)) -> Duration {
        let begin = Instant::now();
        steps(count);
        begin.elapsed()
    }

    #[test]
    fn what_many_subscriptions_cost_grows_with_their_number_and_no_faster() {
        let one_session = |way: Way| {
            move |count: u32| {
                let (mut all, mut mine) = (Pubsub::default(), None);
                for n in 0..count {
                    all.join(A, &mut mine, way, &n.to_be_bytes());
                }
                assert_eq!(all.count(way), count as usize);
                let half = count / 2;
                for n in (0..half).rev() {
                    all.leave(&mut mine, way, &n.to_be_bytes());
                }
                let left = mine.as_ref().expect("half of them are left").names(way);
                assert_eq!(left.first(), Some(&&half.to_be_bytes()[..]), "in order");
                all.leave_all(&mut mine);
                assert!(all.is_empty() && all.count(way) == 0 && all.pattern_places.is_empty());
            }
        };
        let many_sessions = |way: Way| {
            move |count: u32| {
                let mut all = Pubsub::default();
                let mut sessions: Vec<_> = (0..count).map(|_| None).collect();
                for (n, mine) in sessions.iter_mut().enumerate() {
                    all.join(ConnId(n as u32), mine, way, b"one");
                    all.join(ConnId(n as u32), mine, way, b"one");
                }
                assert_eq!(all.listeners(way, b"one"), count as usize);
                sessions.iter_mut().for_each(|mine| all.leave_all(mine));
                assert_eq!(all.count(way), 0);
            }
        };
        for way in Way::ALL {
            let cases: [&dyn Fn(u32); 2] = [&one_session(way), &many_sessions(way)];
            for (case, steps) in cases.into_iter().enumerate() {
                // Sixteen times as many would take 256 times as long, were each looked for among all.
                let (few, many) = (time(10_000, steps), time(160_000, steps));
                let bound = few * 80 + Duration::from_secs(3);
                assert!(many < bound, "{way:?}, case {case}: {few:?}, then {many:?}");
            }
        }
    }

    #[test]
    fn a_session_remembers_the_order_and_the_size_of_what_it_listens_to() {
        let (mut all, mut mine) = (Pubsub::default(), None);
        for name in ["c", "a", "b", "a"] {
            all.join(A, &mut mine, Way::Channel, name.as_bytes());
        }
        all.leave(&mut mine, Way::Channel, b"c");
        all.join(A, &mut mine, Way::Channel, b"c");
        let list = mine.as_ref().expect("it listens");
        assert_eq!(list.names(Way::Channel), [b"a", b"b", b"c"]);
        let three = list.memory();
        all.leave(&mut mine, Way::Channel, b"b");
        assert!(mine.as_ref().is_some_and(|list| list.memory() * 3 == three * 2));
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
        assert_eq!(all.leave(&mut mine, Way::Channel, b"none"), 3);
        assert_eq!(all.leave(&mut mine, Way::Pattern, b"a*"), 2);
        assert_eq!(all.leave(&mut mine, Way::Shard, b"a"), 0);
        assert_eq!(all.leave(&mut mine, Way::Channel, b"a"), 1);
        assert_eq!(all.leave(&mut mine, Way::Channel, b"b"), 0);
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
        all.leave_all(&mut a);
        assert_eq!(all.audience(b"news").count(), 2);
        all.leave_all(&mut b);
        assert!(all.is_empty() && b.is_none());
    }
}
