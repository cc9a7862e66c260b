//! What a session listens to, in the order it subscribed.

use resp::Writer;
use std::collections::HashMap;

/// The three ways to listen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// To a channel.
    Channel,
    /// To all channels whose name matches a pattern.
    Pattern,
    /// To a channel of a slot of a cluster.
    Shard,
}

impl Way {
    /// All of them.
    pub const ALL: [Way; 3] = [Way::Channel, Way::Pattern, Way::Shard];
}

/// Channels, patterns and shard channels of one session. A session may have hundreds of thousands and leave them one
/// by one.
#[derive(Debug, Default)]
pub struct Subscriptions {
    channels: Names,
    patterns: Names,
    shards: Names,
}

/// Names that a session listens to, each with its place among all subscriptions of the program: it is counted up, so
/// places tell the order.
#[derive(Debug, Default)]
struct Names {
    places: HashMap<Box<[u8]>, u64, stdx::FixedState>,
    bytes: usize,
}

/// What a subscription takes beyond its name, about.
const SUBSCRIPTION_BYTES: usize = 64;

impl Subscriptions {
    /// True where one of the channels or patterns is none that may be heard.
    pub fn goes_beyond(
        &self,
        may_hear: impl Fn(&[u8]) -> bool,
        may_hear_pattern: impl Fn(&[u8]) -> bool,
    ) -> bool {
        let (channels, shards) = (self.channels.places.keys(), self.shards.places.keys());
        self.patterns.places.keys().any(|pattern| !may_hear_pattern(pattern))
            || channels.chain(shards).any(|channel| !may_hear(channel))
    }

    /// All together.
    pub fn count(&self) -> usize {
        Way::ALL.into_iter().map(|way| self.count_of(way)).sum()
    }

    /// How many there are of that way.
    pub fn count_of(&self, way: Way) -> usize {
        self.of(way).places.len()
    }

    /// How many there are as a reply about `way` tells it: channels and patterns are counted together, shard channels
    /// by themselves.
    pub fn count_beside(&self, way: Way) -> usize {
        match way {
            Way::Shard => self.count_of(way),
            Way::Channel | Way::Pattern => {
                self.count_of(Way::Channel) + self.count_of(Way::Pattern)
            }
        }
    }

    /// What it listens to in that way, in the order it subscribed.
    pub fn names(&self, way: Way) -> Vec<&[u8]> {
        let mut names: Vec<(u64, &[u8])> =
            self.of(way).places.iter().map(|(name, place)| (*place, &**name)).collect();
        names.sort_unstable();
        names.into_iter().map(|(_, name)| name).collect()
    }

    /// Bytes of memory, about.
    pub fn memory(&self) -> usize {
        Way::ALL.into_iter().map(|way| self.of(way).bytes).sum()
    }

    /// Its place, where it listens to this.
    pub(crate) fn place(&self, way: Way, name: &[u8]) -> Option<u64> {
        self.of(way).places.get(name).copied()
    }

    /// Every subscription of that way with its place, in any order.
    pub(crate) fn places(&self, way: Way) -> impl Iterator<Item = (&[u8], u64)> {
        self.of(way).places.iter().map(|(name, place)| (&**name, *place))
    }

    pub(crate) fn insert(&mut self, way: Way, name: &[u8], place: u64) {
        let names = self.of_mut(way);
        names.places.insert(name.into(), place);
        names.bytes += name.len() + SUBSCRIPTION_BYTES;
    }

    /// The place that it had.
    pub(crate) fn remove(&mut self, way: Way, name: &[u8]) -> Option<u64> {
        let names = self.of_mut(way);
        let place = names.places.remove(name)?;
        names.bytes -= name.len() + SUBSCRIPTION_BYTES;
        Some(place)
    }

    fn of(&self, way: Way) -> &Names {
        match way {
            Way::Channel => &self.channels,
            Way::Pattern => &self.patterns,
            Way::Shard => &self.shards,
        }
    }

    fn of_mut(&mut self, way: Way) -> &mut Names {
        match way {
            Way::Channel => &mut self.channels,
            Way::Pattern => &mut self.patterns,
            Way::Shard => &mut self.shards,
        }
    }
}

/// Tells a session what it listens to now: `word` is the command, `count` comes from [`Subscriptions::count_beside`].
/// Without a `name` there was nothing to leave.
pub fn write_subscription(w: &mut Writer<'_>, word: &[u8], name: Option<&[u8]>, count: usize) {
    w.push(3);
    w.bulk(word);
    w.bulk_or_null(name);
    w.count(count);
}
