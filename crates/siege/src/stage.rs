//! What all threads share: the phase that the siege is in, the counts, and what was found wrong.

use crate::attacks::Attack;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use stdx::Instant;

/// The phases, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// The guests are there and nobody else. Nothing is counted until caches and allocators are warm.
    Warm,
    /// The guests are there and nobody else, and latencies are what they are compared with later.
    Quiet,
    /// Every attack that leaves the server free to answer.
    Storm,
    /// Those that hold the server by design as well: long scripts, during which others hear BUSY, as in Redis.
    Held,
    /// Everybody leaves.
    Over,
}

/// How many phases there are.
pub const PHASES: usize = 5;

const ORDER: [Phase; PHASES] = [Phase::Warm, Phase::Quiet, Phase::Storm, Phase::Held, Phase::Over];

/// More findings than this are counted and not kept.
const FINDINGS_MAX: usize = 20;

/// How often a thread that rests looks whether the siege is over.
const LOOK_EVERY_MS: u64 = 50;

/// What an attack has done.
#[derive(Default)]
pub struct Tally {
    /// Connections that were made.
    pub connections: AtomicU64,
    /// Requests that were sent, whole or not.
    pub requests: AtomicU64,
    /// Connections that the server closed.
    pub closed: AtomicU64,
    /// Error replies.
    pub errors: AtomicU64,
    /// Replies that did not come in time, and connections that were not taken.
    pub silent: AtomicU64,
}

/// Adds to a count of a tally.
pub fn count(counter: &AtomicU64, by: u64) {
    counter.fetch_add(by, Ordering::Relaxed);
}

/// The state of the siege.
pub struct Stage {
    phase: AtomicU8,
    tallies: Vec<(&'static str, Tally)>,
    findings: Mutex<(u64, Vec<String>)>,
}

impl Stage {
    /// A siege that has not begun, with a tally for each attack.
    pub fn new(attacks: &[Attack]) -> Stage {
        let tallies = attacks.iter().map(|attack| (attack.name, Tally::default())).collect();
        Stage { phase: AtomicU8::new(0), tallies, findings: Mutex::default() }
    }

    /// The phase now.
    pub fn phase(&self) -> Phase {
        ORDER[usize::from(self.phase.load(Ordering::Acquire))]
    }

    /// The next phase, or one after it. A siege that is over stays so.
    pub fn enter(&self, phase: Phase) {
        self.phase.fetch_max(phase as u8, Ordering::AcqRel);
    }

    /// True when everybody leaves.
    pub fn is_over(&self) -> bool {
        self.phase() == Phase::Over
    }

    /// Waits, but not beyond the end.
    pub fn rest(&self, ms: u64) {
        self.rest_until(sys::clock::instant().after_ms(ms));
    }

    /// Waits until a moment, but not beyond the end.
    pub fn rest_until(&self, until: Instant) {
        loop {
            let left = until - sys::clock::instant();
            if left.is_zero() || self.is_over() {
                return;
            }
            sys::thread::sleep(left.min(Duration::from_millis(LOOK_EVERY_MS)));
        }
    }

    /// Waits for a phase, or the end.
    pub fn wait_for(&self, phase: Phase) {
        while self.phase() < phase {
            sys::thread::sleep(Duration::from_millis(LOOK_EVERY_MS));
        }
    }

    /// Something is wrong.
    pub fn find(&self, finding: String) {
        let mut findings = self.findings.lock().unwrap_or_else(PoisonError::into_inner);
        findings.0 += 1;
        if findings.1.len() < FINDINGS_MAX {
            sys::complain!("FOUND: {finding}");
            findings.1.push(finding);
        }
    }

    /// How many things are wrong, and the first of them.
    pub fn findings(&self) -> (u64, Vec<String>) {
        self.findings.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The tallies by the attacks' names.
    pub fn tallies(&self) -> &[(&'static str, Tally)] {
        &self.tallies
    }
}
