//! Our own time, which stands still while the process does.
//!
//! # Design
//! Redis notices that its timer came late, calls it TILT, and does nothing for 30 seconds. All that went wrong is that
//! every deadline seems to have passed: nobody was listening. So we leave the time in which the process did not run
//! out of account: all that counts milliseconds counts ours, and after a pause everything is as old as it was
//! before. A short TILT remains, in which what waits in the kernel is read before anything is decided.
//! The wall clock is shown to users and decides nothing, so it may jump.

use stdx::{Instant, Now, WallTime};

/// A turn that comes later than this means that the process stood still.
pub(crate) const TILT_TRIGGER_MS: u64 = 2000;

/// How long nothing is decided after a pause.
pub(crate) const TILT_PERIOD_MS: u64 = 1000;

/// The world's clock without our pauses.
#[derive(Debug)]
pub(crate) struct Clock {
    /// When we ran last, by the world's clock.
    seen: Instant,
    /// How much the world's clock is ahead of ours.
    skipped_ms: u64,
    /// Our time.
    now: Instant,
    wall: WallTime,
    pub(crate) trigger_ms: u64,
    pub(crate) period_ms: u64,
    tilt_since: Option<Instant>,
}

/// What a look at the clock has shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tilt {
    /// The process stood still: nothing is decided for a while.
    Begins { paused_ms: u64 },
    /// What came in meanwhile has been read.
    Ends,
}

impl Clock {
    pub(crate) fn new(now: Now) -> Clock {
        Clock {
            seen: now.instant,
            skipped_ms: 0,
            now: now.instant,
            wall: now.wall,
            trigger_ms: TILT_TRIGGER_MS,
            period_ms: TILT_PERIOD_MS,
            tilt_since: None,
        }
    }

    /// The world's clock shows `now`.
    pub(crate) fn look(&mut self, now: Now) -> Option<Tilt> {
        let gap_ms = now.instant.ms_since(self.seen);
        self.seen = self.seen.max(now.instant);
        self.wall = now.wall;
        if gap_ms > self.trigger_ms {
            self.skipped_ms += gap_ms;
            self.tilt_since = Some(self.now);
            return Some(Tilt::Begins { paused_ms: gap_ms });
        }
        self.now = Instant(self.seen.0.saturating_sub(self.skipped_ms * 1000)).max(self.now);
        let since = self.tilt_since?;
        if self.now.ms_since(since) < self.period_ms {
            return None;
        }
        self.tilt_since = None;
        Some(Tilt::Ends)
    }

    /// Our time.
    pub(crate) fn now(&self) -> Instant {
        self.now
    }

    /// The calendar, for what users are shown.
    pub(crate) fn wall(&self) -> WallTime {
        self.wall
    }

    /// Nothing is decided now.
    pub(crate) fn is_tilted(&self) -> bool {
        self.tilt_since.is_some()
    }

    /// Since when, by our time.
    pub(crate) fn tilt_since(&self) -> Option<Instant> {
        self.tilt_since
    }

    /// A moment of ours on the world's clock.
    pub(crate) fn to_world(&self, at: Instant) -> Instant {
        Instant(at.0.saturating_add(self.skipped_ms * 1000))
    }

    /// When this clock has to be looked at again, whatever else happens: a pause is told from a quiet time by this.
    pub(crate) fn heartbeat(&self) -> Instant {
        self.seen.after_ms(self.trigger_ms / 4 + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Now {
        Now::default().after_ms(ms)
    }

    #[test]
    fn a_pause_does_not_count() {
        let mut clock = Clock::new(at(1000));
        assert_eq!(clock.look(at(1500)), None);
        assert_eq!(clock.now(), Instant::ZERO.after_ms(1500));
        assert_eq!(clock.look(at(61_500)), Some(Tilt::Begins { paused_ms: 60_000 }));
        assert_eq!(clock.now(), Instant::ZERO.after_ms(1500), "it stood still");
        assert!(clock.is_tilted());
        assert_eq!(clock.look(at(62_000)), None);
        assert_eq!(clock.look(at(62_500)), Some(Tilt::Ends));
        assert_eq!(clock.now(), Instant::ZERO.after_ms(2500));
        assert_eq!(clock.to_world(clock.now()), at(62_500).instant);
    }

    #[test]
    fn the_wall_clock_decides_nothing() {
        let mut clock = Clock::new(at(1000));
        for wall in [0, u64::MAX] {
            assert_eq!(clock.look(Now { wall: WallTime(wall), ..at(1100) }), None);
            assert!(!clock.is_tilted());
        }
    }
}
