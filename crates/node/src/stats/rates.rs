//! What happens per second, over the last second and a half.

use stdx::Instant;

/// A counter sampled every 100 ms, the last sixteen samples averaged.
#[derive(Debug, Default)]
pub(crate) struct Rate {
    last: Option<(Instant, u64)>,
    samples: [u64; 16],
    next: usize,
}

impl Rate {
    /// Notes what the counter says now.
    pub(crate) fn sample(&mut self, now: Instant, count: u64) {
        if let Some((before, old)) = self.last {
            let us = now.us_since(before).max(1);
            self.samples[self.next] = count.saturating_sub(old) * 1_000_000 / us;
            self.next = (self.next + 1) % self.samples.len();
        }
        self.last = Some((now, count));
    }

    /// The average.
    pub(crate) fn per_second(&self) -> u64 {
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
}
