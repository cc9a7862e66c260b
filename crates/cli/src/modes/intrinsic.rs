//! `--intrinsic-latency`: how long the system itself makes a busy program wait.

use crate::exit::Result;
use crate::screen;
use crate::session::Patience;

pub(super) fn run(secs: u64) -> Result<u8> {
    let run_us = secs * 1_000_000;
    let mut patience = Patience::begin();
    let end = now_us() + run_us;
    let (mut runs, mut max) = (0u64, 0u64);
    loop {
        let start = now_us();
        std::hint::black_box(work());
        let after = now_us();
        let latency = after - start;
        runs += 1;
        if latency == 0 {
            continue;
        }
        if latency > max {
            max = latency;
            screen::print(format!("Max latency so far: {max} microseconds.\n"));
        }
        if after > end || patience.is_over() {
            let average = run_us as f64 / runs as f64;
            screen::print(format!(
                "\n{runs} total runs (avg latency: {average:.4} microseconds / {:.2} nanoseconds \
                 per run).\nWorst run took {:.0}x longer than the average latency.\n",
                average * 1e3,
                max as f64 / average
            ));
            return Ok(0);
        }
    }
}

/// A few microseconds of arithmetic that no compiler can foresee.
fn work() -> u64 {
    let mut prng = stdx::Prng::new(std::hint::black_box(7));
    (0..1000).fold(0, |sum: u64, _| sum.wrapping_add(prng.below(256)))
}

fn now_us() -> u64 {
    sys::clock::nanos() / 1000
}
