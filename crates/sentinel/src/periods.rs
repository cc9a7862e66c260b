//! How often and how long: what SENTINEL DEBUG shows and may change.

/// All times that are the same for every group, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Periods {
    /// How often INFO is asked for in quiet times.
    pub(crate) info_ms: u64,
    /// A PING goes out this often, where `down-after-milliseconds` does not ask for more.
    pub(crate) ping_ms: u64,
    /// How often the opinion of a peer is asked for while it matters.
    pub(crate) ask_ms: u64,
    /// How often a hello is said.
    pub(crate) publish_ms: u64,
    /// What a new name begins with.
    pub(crate) down_after_ms: u64,
    pub(crate) failover_timeout_ms: u64,
    /// A replica that was told whom to follow, and has not followed by then, is left to be repaired later.
    pub(crate) reconf_ms: u64,
    /// A connection that is younger than this is not given up for being silent.
    pub(crate) min_reconnect_ms: u64,
    /// An election that nobody has won by then is given up.
    pub(crate) election_ms: u64,
}

impl Default for Periods {
    /// Redis's.
    fn default() -> Periods {
        Periods {
            info_ms: 10_000,
            ping_ms: 1000,
            ask_ms: 1000,
            publish_ms: 2000,
            down_after_ms: crate::state::DOWN_AFTER_MS,
            failover_timeout_ms: crate::state::FAILOVER_TIMEOUT_MS,
            reconf_ms: 10_000,
            min_reconnect_ms: 15_000,
            election_ms: 10_000,
        }
    }
}

impl Periods {
    /// How long an opinion counts: five times the period in which it is asked for.
    pub(crate) fn opinion_ms(&self) -> u64 {
        self.ask_ms.saturating_mul(5)
    }

    /// How long a Pub/Sub connection may be silent: hellos, our own among them, come over it.
    pub(crate) fn silence_ms(&self) -> u64 {
        self.publish_ms.saturating_mul(3)
    }

    /// An instance that has taken another role than it should have is given so long before it is corrected: the
    /// others may know better.
    pub(crate) fn correct_ms(&self) -> u64 {
        self.publish_ms.saturating_mul(4)
    }
}
