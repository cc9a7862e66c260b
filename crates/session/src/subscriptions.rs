//! What a session listens to, in the order it subscribed.

use resp::Writer;

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

/// Channels, patterns and shard channels of one session. Few sessions have any, and most of those have few, so a
/// list serves until it grows: membership is asked of [`Pubsub`](crate::Pubsub).
#[derive(Debug, Default)]
pub struct Subscriptions {
    /// Channels.
    pub channels: Vec<Box<[u8]>>,
    /// Patterns.
    pub patterns: Vec<Box<[u8]>>,
    /// Shard channels.
    pub shards: Vec<Box<[u8]>>,
}

impl Subscriptions {
    /// True where one of the channels or patterns is none that may be heard.
    pub fn goes_beyond(
        &self,
        may_hear: impl Fn(&[u8]) -> bool,
        may_hear_pattern: impl Fn(&[u8]) -> bool,
    ) -> bool {
        self.patterns.iter().any(|pattern| !may_hear_pattern(pattern))
            || self.channels.iter().chain(&self.shards).any(|channel| !may_hear(channel))
    }

    /// All together.
    pub fn count(&self) -> usize {
        self.channels.len() + self.patterns.len() + self.shards.len()
    }

    /// How many there are as a reply about `way` tells it: channels and patterns are counted together, shard channels
    /// by themselves.
    pub fn count_beside(&self, way: Way) -> usize {
        match way {
            Way::Shard => self.shards.len(),
            Way::Channel | Way::Pattern => self.channels.len() + self.patterns.len(),
        }
    }

    /// What it listens to in that way.
    pub fn names(&self, way: Way) -> &[Box<[u8]>] {
        match way {
            Way::Channel => &self.channels,
            Way::Pattern => &self.patterns,
            Way::Shard => &self.shards,
        }
    }

    /// What it listens to in any way.
    pub fn all(&self) -> impl Iterator<Item = &[u8]> {
        Way::ALL.into_iter().flat_map(|way| self.names(way)).map(|name| &**name)
    }

    pub(crate) fn names_mut(&mut self, way: Way) -> &mut Vec<Box<[u8]>> {
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
