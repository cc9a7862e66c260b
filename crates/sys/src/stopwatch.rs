//! A stopwatch cheap enough to time every command: the processor's own counter where it is steady.
//!
//! Two readings of the system's clock cost more than a GET does. The time stamp counter of x86-64 costs a tenth of
//! that; it is used where the processor says that it runs at one rate whatever happens (`invariant TSC`). What is
//! timed so is only counted, never decided by.

use std::sync::OnceLock;

/// Nanoseconds per tick, as a fraction of 2^32; zero where the counter cannot be used.
static SCALE: OnceLock<u64> = OnceLock::new();

/// Nanoseconds since some moment. Measures the counter's rate at the first call, which takes two milliseconds.
#[inline]
pub fn nanos() -> u64 {
    let scale = *SCALE.get_or_init(measure);
    if scale == 0 {
        return crate::clock::nanos();
    }
    ((u128::from(ticks()) * u128::from(scale)) >> 32) as u64
}

#[cfg(target_arch = "x86_64")]
fn ticks() -> u64 {
    // SAFETY: every x86-64 processor has this instruction.
    unsafe { std::arch::x86_64::_rdtsc() }
}

#[cfg(not(target_arch = "x86_64"))]
fn ticks() -> u64 {
    0
}

#[cfg(target_arch = "x86_64")]
fn is_steady() -> bool {
    use std::arch::x86_64::__cpuid;
    const POWER: u32 = 0x8000_0007;
    let largest = __cpuid(0x8000_0000).eax;
    largest >= POWER && __cpuid(POWER).edx & (1 << 8) != 0
}

#[cfg(not(target_arch = "x86_64"))]
fn is_steady() -> bool {
    false
}

fn measure() -> u64 {
    const WINDOW_NS: u64 = 2_000_000;
    if !is_steady() {
        return 0;
    }
    let (clock, counter) = (crate::clock::nanos(), ticks());
    loop {
        let ns = crate::clock::nanos() - clock;
        if ns >= WINDOW_NS {
            let passed = ticks().wrapping_sub(counter).max(1);
            return ((u128::from(ns) << 32) / u128::from(passed)) as u64;
        }
        std::hint::spin_loop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_runs_as_fast_as_the_clock() {
        let (start, clock) = (nanos(), crate::clock::nanos());
        while crate::clock::nanos() - clock < 20_000_000 {}
        let (mine, theirs) = (nanos() - start, crate::clock::nanos() - clock);
        assert!(mine.abs_diff(theirs) < theirs / 10, "{mine} ns against {theirs} ns");
    }
}
