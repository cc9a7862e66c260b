//! Another Sentinel that watches the same group.

use super::Instance;
use stdx::Instant;

/// See the module.
#[derive(Debug)]
pub(crate) struct Peer {
    pub(crate) it: Instance,
    /// When its last hello came.
    pub(crate) heard: Instant,
    /// What it last said about the primary that the group has now, and when.
    pub(crate) opinion: Option<Opinion>,
    /// Whom it voted for, and in which epoch.
    pub(crate) vote: Option<(String, u64)>,
    /// When it was last asked, and how long the answer took.
    pub(crate) asked: Option<Instant>,
    pub(crate) round_trip_us: u64,
}

/// An answer to "is it down?".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Opinion {
    pub(crate) down: bool,
    pub(crate) at: Instant,
}

impl Peer {
    pub(crate) fn new(it: Instance, now: Instant) -> Peer {
        Peer { it, heard: now, opinion: None, vote: None, asked: None, round_trip_us: 0 }
    }

    /// True while its opinion, that the primary is down, counts: for so many milliseconds.
    pub(crate) fn says_down(&self, now: Instant, opinion_ms: u64) -> bool {
        self.opinion.is_some_and(|it| it.down && now.ms_since(it.at) <= opinion_ms)
    }
}
