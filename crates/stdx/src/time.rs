//! Time as a value: nobody below the worlds reads a clock, they are told.

use std::fmt;
use std::ops::{Add, Sub};
use std::time::Duration;

/// A point on the monotonic clock, in microseconds since some moment before the process began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(pub u64);

impl Instant {
    /// The earliest moment there is.
    pub const ZERO: Instant = Instant(0);

    /// This moment, `ms` milliseconds later.
    pub fn after_ms(self, ms: u64) -> Instant {
        Instant(self.0.saturating_add(ms.saturating_mul(1000)))
    }

    /// How many whole milliseconds have passed since `earlier`; zero where it lies ahead.
    pub fn ms_since(self, earlier: Instant) -> u64 {
        self.0.saturating_sub(earlier.0) / 1000
    }

    /// How many microseconds have passed since `earlier`; zero where it lies ahead.
    pub fn us_since(self, earlier: Instant) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl Add<Duration> for Instant {
    type Output = Instant;
    fn add(self, rhs: Duration) -> Instant {
        Instant(self.0.saturating_add(rhs.as_micros() as u64))
    }
}

impl Sub<Instant> for Instant {
    type Output = Duration;
    fn sub(self, rhs: Instant) -> Duration {
        Duration::from_micros(self.us_since(rhs))
    }
}

/// A point on the calendar, in microseconds since 1970. It may jump; nothing is timed by it. It appears where
/// Redis promises it: EXPIREAT, LASTSAVE, TIME, the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WallTime(pub u64);

impl WallTime {
    /// A calendar time from Unix milliseconds.
    pub fn from_ms(ms: u64) -> WallTime {
        WallTime(ms.saturating_mul(1000))
    }

    /// Unix milliseconds.
    pub fn ms(self) -> u64 {
        self.0 / 1000
    }

    /// Unix seconds.
    pub fn secs(self) -> u64 {
        self.0 / 1_000_000
    }
}

impl fmt::Display for WallTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:06}", self.secs(), self.0 % 1_000_000)
    }
}

/// Both clocks, read together by the world once per turn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Now {
    /// What deadlines are measured by.
    pub instant: Instant,
    /// What users are told.
    pub wall: WallTime,
}

impl Now {
    /// Both clocks, so many milliseconds later.
    pub fn after_ms(self, ms: u64) -> Now {
        let wall = WallTime(self.wall.0.saturating_add(ms.saturating_mul(1000)));
        Now { instant: self.instant.after_ms(ms), wall }
    }
}
