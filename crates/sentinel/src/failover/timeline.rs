//! What happened when, in one failover: for the log, and for SENTINEL FAILOVERS.

use crate::address::Address;
use stdx::{Instant, WallTime};

/// A failover, step by step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Timeline {
    pub(crate) epoch: u64,
    /// `leader` or `observer`.
    pub(crate) role: &'static str,
    pub(crate) from: Address,
    pub(crate) to: Option<Address>,
    /// When the first step was taken, on the calendar.
    pub(crate) began_at: WallTime,
    began: Instant,
    /// Each step, what it was about, and milliseconds since the first.
    pub(crate) steps: Vec<(&'static str, String, u64)>,
}

impl Timeline {
    /// Begins where the primary was suspected first.
    pub(crate) fn new(
        role: &'static str,
        epoch: u64,
        from: Address,
        began: Instant,
        now: Instant,
        wall: WallTime,
    ) -> Timeline {
        let began_at = WallTime(wall.0.saturating_sub(now.us_since(began)));
        Timeline { epoch, role, from, to: None, began_at, began, steps: Vec::new() }
    }

    /// A step is taken.
    pub(crate) fn mark(&mut self, step: &'static str, what: impl Into<String>, at: Instant) {
        self.steps.push((step, what.into(), at.ms_since(self.began)));
    }

    /// One line for the log.
    pub(crate) fn line(&self, group: &str) -> String {
        let steps = self.steps.iter().map(|(step, what, ms)| match what.is_empty() {
            true => format!("{step} {ms} ms"),
            false => format!("{step} {what} {ms} ms"),
        });
        format!(
            "Timeline of failover {} of {group}: {}",
            self.epoch,
            steps.collect::<Vec<_>>().join(", ")
        )
    }
}
