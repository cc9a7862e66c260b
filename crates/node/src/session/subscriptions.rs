//! What a session listens to, in the order it subscribed.

/// Channels, patterns and shard channels of one session. Few sessions have any, and most of those have few, so a
/// list serves until it grows: membership is asked of the server-wide maps.
#[derive(Debug, Default)]
pub(crate) struct Subscriptions {
    pub(crate) channels: Vec<Box<[u8]>>,
    pub(crate) patterns: Vec<Box<[u8]>>,
    pub(crate) shards: Vec<Box<[u8]>>,
}

impl Subscriptions {
    /// All together.
    pub(crate) fn count(&self) -> usize {
        self.channels.len() + self.patterns.len() + self.shards.len()
    }
}
