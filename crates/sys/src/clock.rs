//! Both clocks, and the calendar as the log writes it.

use stdx::{Instant, Now, WallTime};

/// Both clocks, read together.
pub fn now() -> Now {
    Now { instant: instant(), wall: wall() }
}

/// The monotonic clock, in microseconds since the machine was started.
pub fn instant() -> Instant {
    Instant(read(libc::CLOCK_MONOTONIC) / 1000)
}

/// The monotonic clock in nanoseconds, to time what takes less than a microsecond.
pub fn nanos() -> u64 {
    read(libc::CLOCK_MONOTONIC)
}

/// The calendar clock, in microseconds since 1970.
pub fn wall() -> WallTime {
    WallTime(read(libc::CLOCK_REALTIME) / 1000)
}

/// The processor time that the calling thread has used, in nanoseconds: what other work of the machine delays is not in
/// it.
pub fn thread_nanos() -> u64 {
    read(libc::CLOCK_THREAD_CPUTIME_ID)
}

fn read(clock: libc::clockid_t) -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is a valid place for the answer; these clocks exist on every system that Regent runs on.
    unsafe { libc::clock_gettime(clock, &mut time) };
    (time.tv_sec as u64).wrapping_mul(1_000_000_000).wrapping_add(time.tv_nsec as u64)
}

/// A moment as people in this time zone write it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalTime {
    /// Such as 2026.
    pub year: u32,
    /// 1 to 12.
    pub month: u32,
    /// 1 to 31.
    pub day: u32,
    /// 0 to 23.
    pub hour: u32,
    /// 0 to 59.
    pub minute: u32,
    /// 0 to 60.
    pub second: u32,
    /// 0 to 999.
    pub ms: u32,
    /// Seconds east of Greenwich.
    pub offset_secs: i64,
}

/// `wall` in the time zone of the process.
pub fn local(wall: WallTime) -> LocalTime {
    let secs = wall.secs() as libc::time_t;
    // SAFETY: all fields of `tm` are numbers or a pointer, for which zero is a value.
    let mut tm: libc::tm = unsafe { std::mem::zeroed() };
    // SAFETY: both pointers are to live values of the right types.
    unsafe { libc::localtime_r(&secs, &mut tm) };
    LocalTime {
        year: (tm.tm_year + 1900) as u32,
        month: (tm.tm_mon + 1) as u32,
        day: tm.tm_mday as u32,
        hour: tm.tm_hour as u32,
        minute: tm.tm_min as u32,
        second: tm.tm_sec as u32,
        ms: (wall.ms() % 1000) as u32,
        offset_secs: tm.tm_gmtoff,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_monotonic_clock_goes_forward_and_the_calendar_is_sane() {
        let a = instant();
        let b = instant();
        assert!(b >= a);
        assert!(wall().secs() > 1_700_000_000);
    }

    #[test]
    fn a_thread_that_sleeps_uses_no_processor_time() {
        let (before, began) = (thread_nanos(), nanos());
        std::thread::park_timeout(std::time::Duration::from_millis(60));
        assert!(thread_nanos() - before < (nanos() - began) / 2);
    }

    #[test]
    fn a_moment_is_written_as_the_calendar_has_it() {
        let time = local(WallTime(86_400_000_000 * 31 + 250_000));
        assert_eq!(time.year, 1970);
        assert_eq!(time.ms, 250);
        assert!(time.month == 2 || time.offset_secs < 0);
    }
}
