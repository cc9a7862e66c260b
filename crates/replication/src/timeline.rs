//! When the log reached which offset, so that a replica's lag can be told in milliseconds and not only in bytes.

use crate::Offset;
use std::collections::VecDeque;
use stdx::Instant;

/// Samples are this far apart at first, in microseconds.
const SPACING_US: u64 = 1000;
/// With so many samples every second one is forgotten, and the rest are spaced wider.
const SAMPLES_MAX: usize = 1024;

/// A sparse record of the log's growth.
#[derive(Debug)]
pub(crate) struct Timeline {
    samples: VecDeque<(Instant, Offset)>,
    spacing_us: u64,
}

impl Timeline {
    pub(crate) fn new() -> Timeline {
        Timeline { samples: VecDeque::new(), spacing_us: SPACING_US }
    }

    /// The log ends at `end` now; called once per turn.
    pub(crate) fn note(&mut self, now: Instant, end: Offset) {
        if let Some((at, last)) = self.samples.back_mut() {
            if *last == end {
                return;
            }
            if now.us_since(*at) < self.spacing_us {
                *last = end;
                return;
            }
        }
        // Before there is one too many: the queue would take twice the room for it.
        if self.samples.len() == SAMPLES_MAX {
            let mut keep = false;
            self.samples.retain(|_| {
                keep = !keep;
                keep
            });
            self.spacing_us *= 2;
        }
        self.samples.push_back((now, end));
    }

    /// How many bytes of memory it takes.
    pub(crate) fn memory(&self) -> u64 {
        (self.samples.capacity() * size_of::<(Instant, Offset)>()) as u64
    }

    /// Everybody has what came before `offset`.
    pub(crate) fn forget_before(&mut self, offset: Offset) {
        while self.samples.front().is_some_and(|(_, end)| *end <= offset) {
            self.samples.pop_front();
        }
        if self.samples.is_empty() {
            self.clear();
        }
    }

    /// Another history begins.
    pub(crate) fn clear(&mut self) {
        *self = Timeline::new();
    }

    /// How long ago the first byte after `offset` was written, in milliseconds; zero where there is none.
    pub(crate) fn age_ms(&self, now: Instant, offset: Offset) -> u64 {
        let later = self.samples.partition_point(|(_, end)| *end <= offset);
        self.samples.get(later).map_or(0, |(at, _)| now.ms_since(*at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_age_of_a_byte_is_that_of_its_sample() {
        let mut line = Timeline::new();
        for ms in 0..100 {
            line.note(Instant(ms * 1000), Offset(ms * 10));
        }
        let now = Instant(200_000);
        assert_eq!(line.age_ms(now, Offset(990)), 0);
        assert_eq!(line.age_ms(now, Offset(989)), 101);
        assert_eq!(line.age_ms(now, Offset(0)), 199);
        line.forget_before(Offset(500));
        assert_eq!(line.age_ms(now, Offset(0)), 149);
    }

    #[test]
    fn a_long_life_takes_bounded_room() {
        let mut line = Timeline::new();
        for ms in 0..100_000 {
            line.note(Instant(ms * 1000), Offset(ms));
        }
        assert!(line.samples.len() <= SAMPLES_MAX);
        assert!(line.memory() <= SAMPLES_MAX as u64 * 16, "{}", line.memory());
        let age = line.age_ms(Instant(100_000_000), Offset(50_000));
        assert!((49_000..51_000).contains(&age), "{age}");
    }
}
