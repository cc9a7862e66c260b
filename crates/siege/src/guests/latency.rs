//! How long the guests waited, by phase.

use super::GUESTS;
use crate::stage::{PHASES, Phase};
use hdrhistogram::Histogram;
use std::sync::{Mutex, PoisonError};

/// Longer waits than an hour count as an hour.
const HIGHEST_US: u64 = 3_600_000_000;

/// Of two significant digits: one hundredth is as exact as a judgement about a factor of three needs.
const DIGITS: u8 = 2;

fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, HIGHEST_US, DIGITS).expect("the bounds are apart")
}

/// A histogram for each guest and phase. Each guest has a lock of its own, so none waits for another.
pub(super) struct Ledger {
    pages: Vec<Mutex<Vec<Histogram<u64>>>>,
}

impl Default for Ledger {
    fn default() -> Ledger {
        let page = || Mutex::new((0..PHASES).map(|_| histogram()).collect());
        Ledger { pages: (0..GUESTS).map(|_| page()).collect() }
    }
}

impl Ledger {
    /// A guest waited so long for what was due in `phase`.
    pub(super) fn note(&self, guest: usize, phase: Phase, us: u64) {
        let mut page = self.pages[guest].lock().unwrap_or_else(PoisonError::into_inner);
        page[phase as usize].saturating_record(us.max(1));
    }

    pub(super) fn figures(&self, phase: Phase) -> Figures {
        let mut all = histogram();
        for page in &self.pages {
            let page = page.lock().unwrap_or_else(PoisonError::into_inner);
            all.add(&page[phase as usize]).expect("all have the same bounds");
        }
        let at = |quantile| all.value_at_quantile(quantile);
        Figures { count: all.len(), p50: at(0.5), p99: at(0.99), p999: at(0.999), max: all.max() }
    }
}

/// Latencies in microseconds, from the moment at which a request was due.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// How many requests were due.
    pub count: u64,
    /// Half of them took at most this long.
    pub p50: u64,
    /// And 99 of 100,
    pub p99: u64,
    /// and 999 of 1,000.
    pub p999: u64,
    /// The longest.
    pub max: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_of_all_guests_and_one_phase() {
        let ledger = Ledger::default();
        (0..98).for_each(|_| ledger.note(0, Phase::Storm, 100));
        (0..2).for_each(|_| ledger.note(1, Phase::Storm, 50_000));
        ledger.note(1, Phase::Quiet, 7);
        let storm = ledger.figures(Phase::Storm);
        assert_eq!((storm.count, storm.p50), (100, 100));
        assert!(storm.p99 >= 50_000 && storm.max >= 50_000, "{storm:?}");
        assert_eq!(ledger.figures(Phase::Quiet).max, 7);
        assert_eq!(ledger.figures(Phase::Held), Figures::default());
    }
}
