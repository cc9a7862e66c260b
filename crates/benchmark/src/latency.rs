//! How long replies took: counted in a histogram, and read off it the way `redis-benchmark` does.
//!
//! *Design.* The histogram has the bounds and digits of `redis-benchmark`'s, so its buckets are the same, and equal
//! times make equal reports. Where that program reads its own library's way (a percentile rounds the count to the
//! nearest, the distribution by value goes on while a step stays within a bucket), so do we.

use hdrhistogram::Histogram;

/// Smaller differences than this are not told apart at the lower end.
const LOWEST_US: u64 = 10;

/// Longer waits count as this long.
const HIGHEST_US: u64 = 3_000_000;

/// The same for runs with a rate, where a backlog makes waits of any length.
const HIGHEST_OPEN_US: u64 = 3_600_000_000;

/// Latencies in microseconds.
#[derive(Clone, Debug)]
pub(crate) struct Latencies {
    histogram: Histogram<u64>,
}

/// A line of a distribution.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Step {
    /// So many percent of all requests
    pub(crate) percent: f64,
    /// took at most this long,
    pub(crate) us: u64,
    /// and they are so many.
    pub(crate) count: u64,
}

impl Latencies {
    /// An empty histogram of so many significant digits, at most five.
    pub(crate) fn new(digits: u8, is_open: bool) -> Latencies {
        let highest = if is_open { HIGHEST_OPEN_US } else { HIGHEST_US };
        let histogram = Histogram::new_with_bounds(LOWEST_US, highest, digits);
        Latencies { histogram: histogram.expect("the bounds are apart and the digits few") }
    }

    /// Counts `times` replies that took `us`.
    #[inline]
    pub(crate) fn record(&mut self, us: u64, times: u64) {
        let us = us.min(self.histogram.high());
        self.histogram.saturating_record_n(us, times);
    }

    /// Counts what `other` has counted too.
    pub(crate) fn add(&mut self, other: &Latencies) {
        self.histogram.add(&other.histogram).expect("all of a run have the same bounds");
    }

    pub(crate) fn clear(&mut self) {
        self.histogram.reset();
    }

    /// How many have been counted.
    pub(crate) fn count(&self) -> u64 {
        self.histogram.len()
    }

    pub(crate) fn mean_ms(&self) -> f64 {
        if self.histogram.is_empty() { f64::NAN } else { self.histogram.mean() / 1000.0 }
    }

    pub(crate) fn min_ms(&self) -> f64 {
        self.histogram.min() as f64 / 1000.0
    }

    pub(crate) fn max_ms(&self) -> f64 {
        self.histogram.max() as f64 / 1000.0
    }

    /// The time that `percent` of all took at most.
    pub(crate) fn percentile_ms(&self, percent: f64) -> f64 {
        let wanted = (percent / 100.0 * self.count() as f64 + 0.5) as u64;
        let mut count = 0;
        let bucket = self.histogram.iter_recorded().find(|bucket| {
            count += bucket.count_since_last_iteration();
            count >= wanted.max(1)
        });
        let us = bucket.map_or(0, |bucket| bucket.value_iterated_to());
        self.histogram.highest_equivalent(us) as f64 / 1000.0
    }

    /// The distribution in steps that halve what is left: 50 %, 75 %, 87.5 % and so on, until all are counted.
    pub(crate) fn by_percentile(&self) -> Vec<Step> {
        let total = self.count();
        let mut steps = Vec::new();
        let (mut level, mut count, mut us) = (0.0, 0, 0);
        for bucket in self.histogram.iter_recorded() {
            count += bucket.count_since_last_iteration();
            us = self.histogram.highest_equivalent(bucket.value_iterated_to());
            let reached = 100.0 * count as f64 / total as f64;
            if level > reached {
                continue;
            }
            steps.push(Step { percent: level, us, count });
            // What more levels the same bucket reaches would only repeat the line.
            while level <= reached && level < 100.0 {
                level = half_way(level);
            }
        }
        steps.push(Step { percent: 100.0, us, count: total });
        steps
    }

    /// The distribution in steps of a tenth of a millisecond, of a whole one beyond two.
    pub(crate) fn by_value(&self) -> Vec<Step> {
        const FINE_US: u64 = 100;
        const COARSE_US: u64 = 1000;
        const COARSE_FROM_US: u64 = 2000;
        let total = self.count();
        let mut steps: Vec<Step> = Vec::new();
        let mut buckets = self.histogram.iter_recorded().peekable();
        let (mut level, mut width, mut count) = (FINE_US, FINE_US, 0);
        let mut bucket_end = 0;
        while count < total || bucket_end > self.histogram.lowest_equivalent(level) {
            let us = self.histogram.highest_equivalent(level);
            while let Some(bucket) = buckets.next_if(|bucket| bucket.value_iterated_to() <= us) {
                count += bucket.count_since_last_iteration();
            }
            let is_news = steps.last().is_none_or(|last| last.count != count);
            if is_news || count == total {
                let percent = count as f64 / total as f64 * 100.0;
                steps.push(Step { percent, us, count });
            }
            bucket_end = self.histogram.next_non_equivalent(level);
            level += width;
            if us > COARSE_FROM_US {
                width = COARSE_US;
            }
        }
        steps
    }
}

/// The next level on the way to a hundred percent: half of what is left.
fn half_way(level: f64) -> f64 {
    let halvings = (100.0 / (100.0 - level)).log2() as i32 + 1;
    level + 100.0 / f64::from(halvings).exp2()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn latencies(digits: u8, counts: &[(u64, u64)]) -> Latencies {
        let mut latencies = Latencies::new(digits, false);
        counts.iter().for_each(|(us, times)| latencies.record(*us, *times));
        latencies
    }

    fn lines(steps: &[Step]) -> Vec<(String, u64, u64)> {
        steps.iter().map(|step| (format!("{:.3}", step.percent), step.us, step.count)).collect()
    }

    fn want(steps: &[(&str, u64, u64)]) -> Vec<(String, u64, u64)> {
        steps.iter().map(|(percent, us, count)| (percent.to_string(), *us, *count)).collect()
    }

    /// What HdrHistogram's C library, which `redis-benchmark` uses, says of the same values.
    #[test]
    fn distributions_are_those_of_the_c_library() {
        let all = latencies(3, &[(150, 3), (300, 5), (2100, 2), (5000, 1), (4_000_000, 1)]);
        assert_eq!(
            lines(&all.by_percentile()),
            want(&[
                ("0.000", 151, 3),
                ("50.000", 303, 8),
                ("75.000", 2103, 10),
                ("87.500", 5007, 11),
                ("93.750", 3_000_319, 12),
                ("100.000", 3_000_319, 12),
            ])
        );
        assert_eq!(
            lines(&all.by_value()),
            want(&[
                ("0.000", 103, 0),
                ("25.000", 207, 3),
                ("66.667", 303, 8),
                ("83.333", 2103, 10),
                ("91.667", 5103, 11),
                // The last bucket is wider than a step, so the step after it lies in it too.
                ("100.000", 3_000_319, 12),
                ("100.000", 3_000_319, 12),
            ])
        );
        let summary = [50.0, 95.0, 99.0].map(|percent| all.percentile_ms(percent));
        assert_eq!(summary, [0.303, 5.007, 3000.319]);
        assert_eq!((all.min_ms(), all.max_ms(), all.count()), (0.144, 3000.319, 12));
        assert_eq!(format!("{:.3}", all.mean_ms()), "250.870");
    }

    #[test]
    fn a_percentile_is_of_the_nearest_count() {
        // 99 % of 170 are 168.3: the 168th, which is the last of the quick ones.
        let all = latencies(3, &[(100, 168), (900, 2)]);
        assert_eq!(all.percentile_ms(99.0), 0.103);
        assert_eq!(all.percentile_ms(99.5), 0.903);
    }

    #[test]
    fn of_nothing_there_is_little_to_say() {
        let none = latencies(3, &[]);
        assert_eq!(lines(&none.by_percentile()), want(&[("100.000", 0, 0)]));
        assert_eq!(none.by_value(), []);
        assert!(none.mean_ms().is_nan());
        assert_eq!((none.min_ms(), none.percentile_ms(50.0), none.max_ms()), (0.0, 0.007, 0.0));
    }

    #[test]
    fn parts_add_up() {
        let mut all = latencies(3, &[(100, 1)]);
        all.add(&latencies(3, &[(200, 2)]));
        assert_eq!(all.count(), 3);
        all.clear();
        assert_eq!(all.count(), 0);
        let mut open = Latencies::new(3, true);
        open.record(60_000_000, 1);
        assert!(open.max_ms() > 59_000.0);
    }
}
