//! What one session may have run in one turn before the others have theirs: bytes of requests, bytes of replies, time.
//!
//! # Design
//! Time is what the others wait for, and bytes tell little of it: sixty thousand of them are two thousand requests that
//! take a microsecond each, or a thousand that take a millisecond. So a session stops as well when its requests have
//! taken [`SHARE_NS`], and as soon as those of all sessions have taken [`TURN_NS`], but not before it has had
//! [`SHARE_LEAST_NS`]. A turn is then about as long as it may be, and everybody who has one request to make has it run
//! in each. The clock is read for the statistics of each command in any case; a turn costs no more readings.
//!
//! A single request runs to its end, however long that takes, as everywhere in Redis.

use crate::stats::Turns;

/// The output that a session may cause in one turn, in bytes, before some of it is sent.
const SHARE_OUTPUT_BYTES: usize = 1 << 20;

/// The requests that a session may have run in one turn, in bytes.
pub(crate) const SHARE_INPUT_BYTES: usize = 64 << 10;

/// How long the requests of one session may take in one turn, in nanoseconds.
pub(crate) const SHARE_NS: u64 = 500_000;

/// So long they may take whatever the others have had: taking turns costs something too.
const SHARE_LEAST_NS: u64 = 50_000;

/// How long the requests of all sessions may take in one turn, in nanoseconds, before each has its least share only.
pub(crate) const TURN_NS: u64 = 1_000_000;

/// The share of a session whose requests run now.
#[derive(Debug)]
pub(crate) struct Share {
    /// So much output may wait for it.
    pub(crate) output: usize,
    /// When all commands ever have taken so long, it has to be asked whether there is time left.
    pub(crate) until_ns: u64,
    began_ns: u64,
}

impl Share {
    /// A share that begins now, for a session for which so much output waits.
    #[inline]
    pub(crate) fn new(output: usize, turns: &Turns) -> Share {
        let began_ns = turns.commands_ns;
        let until_ns = began_ns + SHARE_LEAST_NS;
        Share { output: output + SHARE_OUTPUT_BYTES, until_ns, began_ns }
    }

    /// True if there is time left when [`Share::until_ns`] has come. It has then been put off.
    pub(crate) fn has_time(&mut self, turns: &Turns) -> bool {
        let own_ns = turns.commands_ns.saturating_sub(self.began_ns);
        let left_ns = SHARE_NS.saturating_sub(own_ns).min(TURN_NS.saturating_sub(turns.busy_ns()));
        self.until_ns = turns.commands_ns + left_ns;
        left_ns > 0
    }
}
