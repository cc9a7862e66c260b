//! What sessions have cost since the beginning, for INFO.

use stdx::Instant;

/// Counters that only grow, and what they did lately.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) connections: u64,
    pub(crate) rejected: u64,
    pub(crate) commands: u64,
    pub(crate) bytes_in: u64,
    pub(crate) bytes_out: u64,
    pub(crate) reads: u64,
    pub(crate) writes: u64,
    pub(crate) errors: u64,
    /// The same counters as they were, by the sample.
    sampled: Option<(Instant, [u64; 3])>,
    rates: [[u64; 3]; SAMPLES],
    next: usize,
}

/// How many samples an average is made of.
const SAMPLES: usize = 16;
/// How long a sample is, at the least.
const SAMPLE_MS: u64 = 100;

impl Counters {
    /// Takes a sample, if the last one is old enough.
    pub(crate) fn sample(&mut self, now: Instant) {
        let counts = [self.commands, self.bytes_in, self.bytes_out];
        let Some((at, before)) = self.sampled else {
            self.sampled = Some((now, counts));
            return;
        };
        let passed_ms = now.ms_since(at);
        if passed_ms < SAMPLE_MS {
            return;
        }
        for (rate, (count, before)) in
            self.rates[self.next].iter_mut().zip(counts.iter().zip(before))
        {
            *rate = (count - before) * 1000 / passed_ms;
        }
        self.next = (self.next + 1) % SAMPLES;
        self.sampled = Some((now, counts));
    }

    /// Commands, bytes received and bytes sent per second.
    pub(crate) fn rates(&self) -> [u64; 3] {
        std::array::from_fn(|which| {
            self.rates.iter().map(|sample| sample[which]).sum::<u64>() / SAMPLES as u64
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_averages_of_the_last_samples() {
        let mut counters = Counters::default();
        counters.sample(Instant::ZERO);
        for at in 1..=SAMPLES as u64 {
            counters.commands += 10;
            counters.bytes_in += 100;
            counters.sample(Instant::ZERO.after_ms(at * SAMPLE_MS));
            counters.sample(Instant::ZERO.after_ms(at * SAMPLE_MS + 1));
        }
        assert_eq!(counters.rates(), [100, 1000, 0]);
    }
}
