//! How long calls took: counts by duration, within a sixteenth of the true value.

/// Linear below 16 ns, then sixteen steps to every doubling.
pub(crate) struct Histogram {
    counts: Vec<u32>,
    total: u64,
}

const STEPS: u64 = 16;

impl Default for Histogram {
    fn default() -> Histogram {
        // Up to about 18 minutes; what takes longer is counted there.
        Histogram { counts: vec![0; 16 * 37], total: 0 }
    }
}

impl Histogram {
    /// Counts one duration.
    pub(crate) fn add(&mut self, ns: u64) {
        let slot = slot(ns).min(self.counts.len() - 1);
        self.counts[slot] = self.counts[slot].saturating_add(1);
        self.total += 1;
    }

    /// How many durations were counted.
    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    /// The duration that `percent` of all calls did not exceed, in nanoseconds.
    pub(crate) fn percentile(&self, percent: f64) -> u64 {
        let wanted = ((percent / 100.0) * self.total as f64).ceil().max(1.0) as u64;
        let mut seen = 0;
        for (slot, &count) in self.counts.iter().enumerate() {
            seen += u64::from(count);
            if seen >= wanted {
                return top(slot);
            }
        }
        0
    }

    /// How many calls took no longer, for one duration in microseconds after the other; only where there are more than
    /// for the one before.
    ///
    /// compat(7.2): the durations are 1.024 us times powers of two, as the two digits that Redis's histograms keep spell
    /// them: 1, 2, 4, 8, 16, 33, 66, 132 and so on.
    pub(crate) fn by_doublings(&self) -> Vec<(u64, u64)> {
        let mut doublings = Vec::new();
        let mut seen = 0;
        let mut slots = self.counts.iter().map(|&count| u64::from(count));
        let mut summed = 0;
        for power in 0.. {
            // A count that is full does not go on with the total.
            if seen == self.total || summed == self.counts.len() {
                break;
            }
            let end = slot(1024 << power).min(self.counts.len());
            let upto = seen + slots.by_ref().take(end - summed).sum::<u64>();
            summed = end;
            if upto > seen {
                doublings.push((((1032 << power) - 1) / 1000, upto));
                seen = upto;
            }
        }
        doublings
    }
}

fn slot(ns: u64) -> usize {
    if ns < STEPS {
        return ns as usize;
    }
    let octave = 63 - u64::from(ns.leading_zeros());
    ((octave - 3) * STEPS + (ns >> (octave - 4)) - STEPS) as usize
}

/// The largest duration that falls into a slot.
fn top(slot: usize) -> u64 {
    let slot = slot as u64;
    if slot < STEPS {
        return slot;
    }
    let octave = slot / STEPS + 3;
    ((slot % STEPS + STEPS + 1) << (octave - 4)) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_duration_falls_into_the_slot_that_covers_it() {
        for ns in (0..100_000).chain([1 << 20, (1 << 30) + 7, (1 << 39) - 1]) {
            let at = slot(ns);
            assert!(ns <= top(at) && (at == 0 || ns > top(at - 1)), "{ns}");
        }
    }

    #[test]
    fn percentiles_are_within_a_sixteenth() {
        let mut histogram = Histogram::default();
        (1..=1000).for_each(|us| histogram.add(us * 1000));
        for (percent, us) in [(50.0, 500), (99.0, 990), (99.9, 999)] {
            let got = histogram.percentile(percent) / 1000;
            assert!(got >= us && got <= us + us / 16 + 1, "{percent}: {got}");
        }
    }

    #[test]
    fn doublings_are_spelled_as_redis_does() {
        let mut histogram = Histogram::default();
        assert_eq!(histogram.by_doublings(), []);
        (1..=300).for_each(|us| histogram.add(us * 1000));
        let doublings = histogram.by_doublings();
        let durations: Vec<u64> = doublings.iter().map(|it| it.0).collect();
        assert_eq!(durations, [1, 2, 4, 8, 16, 33, 66, 132, 264, 528]);
        let counts: Vec<u64> = doublings.iter().map(|it| it.1).collect();
        assert_eq!(counts, [1, 2, 4, 8, 16, 32, 65, 131, 262, 300]);

        let mut histogram = Histogram::default();
        histogram.add(5_000_000);
        histogram.add(u64::MAX);
        assert_eq!(histogram.by_doublings()[0], (8454, 1));
        assert_eq!(histogram.by_doublings()[1].1, 2);
    }
}
