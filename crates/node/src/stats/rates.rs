//! What happens per second, over the last second and a half.

use stdx::Instant;

/// A counter compared with another, sampled every 100 ms, the last sixteen samples averaged.
#[derive(Debug, Default)]
pub(crate) struct Rate {
    last: Option<(u64, u64)>,
    samples: [u64; 16],
    next: usize,
}

impl Rate {
    /// Notes what the counter says now.
    pub(crate) fn sample(&mut self, now: Instant, count: u64) {
        self.sample_per(now.0, count, 1_000_000);
    }

    /// Notes what the counter says, and what it is measured by: `count` for each `factor` of `base`.
    pub(crate) fn sample_per(&mut self, base: u64, count: u64, factor: u64) {
        if let Some((before, old)) = self.last {
            let passed = base.saturating_sub(before).max(1);
            self.samples[self.next] = count.saturating_sub(old) * factor / passed;
            self.next = (self.next + 1) % self.samples.len();
        }
        self.last = Some((base, count));
    }

    /// The average.
    pub(crate) fn average(&self) -> u64 {
        self.samples.iter().sum::<u64>() / self.samples.len() as u64
    }
}

/// Every rate that INFO shows.
#[derive(Debug, Default)]
pub(crate) struct Rates {
    pub(crate) commands: Rate,
    pub(crate) net_in: Rate,
    pub(crate) net_out: Rate,
    pub(crate) net_repl_in: Rate,
    pub(crate) net_repl_out: Rate,
    pub(crate) turns: Rate,
    /// Microseconds for each turn.
    pub(crate) turn_us: Rate,
}
