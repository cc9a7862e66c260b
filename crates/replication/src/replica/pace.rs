//! When to dial again: at once where a link that worked is lost, otherwise with the next tick, and ever later where the
//! primary does not let us in.
//!
//! A primary that refuses us, or ends each connection as soon as it is there, would else be dialled in an endless loop,
//! thousands of times per second, with a few lines in the log each time.

use stdx::Instant;

/// A link that lasted this long has worked: it may be dialled again at once.
const LASTED_MS: u64 = 1000;
/// So many links that did not last are dialled again at once, in a row.
const HURRIES_MAX: u32 = 3;
/// The longest pause after a refusal. Whoever lets us in again does not want to wait longer.
const PAUSE_SECS_MAX: u64 = 4;

/// The pace of one link.
#[derive(Debug)]
pub(super) struct Pace {
    /// When the last attempt began.
    dialed: Instant,
    hurries: u32,
    refusals: u32,
    not_before: Instant,
}

impl Pace {
    pub(super) fn new(now: Instant) -> Pace {
        Pace { dialed: now, hurries: 0, refusals: 0, not_before: Instant::ZERO }
    }

    /// An attempt begins.
    pub(super) fn dial(&mut self, now: Instant) {
        self.dialed = now;
    }

    /// The link is lost: whether it may be dialled again before the next tick.
    pub(super) fn may_hurry(&mut self, now: Instant) -> bool {
        if now.ms_since(self.dialed) >= LASTED_MS {
            self.hurries = 0;
        }
        self.hurries = self.hurries.saturating_add(1);
        self.hurries <= HURRIES_MAX
    }

    /// The primary does not let us in; in how many seconds it is tried again.
    pub(super) fn refused(&mut self, now: Instant) -> u64 {
        let secs = (1 << self.refusals.min(10)).min(PAUSE_SECS_MAX);
        self.refusals = self.refusals.saturating_add(1);
        // Ticks are a second apart, and the one that is meant may come a little early.
        self.not_before = now.after_ms(secs * 1000 - 500);
        secs
    }

    /// It lets us in, or we have other credentials now.
    pub(super) fn forgive(&mut self) {
        (self.refusals, self.not_before) = (0, Instant::ZERO);
    }

    /// Whether a tick may dial.
    pub(super) fn may_dial(&self, now: Instant) -> bool {
        now >= self.not_before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_make_the_pauses_longer_and_a_welcome_ends_them() {
        let mut pace = Pace::new(Instant::ZERO);
        let secs = |pace: &mut Pace| pace.refused(Instant::ZERO);
        let pauses: Vec<u64> = (0..5).map(|_| secs(&mut pace)).collect();
        assert_eq!(pauses, [1, 2, 4, 4, 4]);
        assert!(!pace.may_dial(Instant::ZERO.after_ms(3000)));
        assert!(pace.may_dial(Instant::ZERO.after_ms(4000)));
        pace.forgive();
        assert!(pace.may_dial(Instant::ZERO));
        assert_eq!(secs(&mut pace), 1);
    }

    #[test]
    fn links_that_do_not_last_wait_for_the_tick() {
        let mut pace = Pace::new(Instant::ZERO);
        let mut lost = |dialed_ms: u64, lost_ms: u64| {
            pace.dial(Instant::ZERO.after_ms(dialed_ms));
            pace.may_hurry(Instant::ZERO.after_ms(lost_ms))
        };
        assert_eq!([lost(0, 1), lost(1, 2), lost(2, 3), lost(3, 4)], [true, true, true, false]);
        assert!(!lost(1000, 1010));
        assert!(lost(2000, 3000), "it lasted a second");
    }
}
