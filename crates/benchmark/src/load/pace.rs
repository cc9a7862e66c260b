//! When requests go out: as soon as the last was answered, or by the clock whatever the server does.
//!
//! A connection that waits for its reply before it asks again is kind to a server that stalls: the requests that would
//! have shown the stall are not sent. With a rate, each request has a moment at which it is due, and its latency
//! counts from there, also if no connection was free to carry it. That is the wait of a user who does not know that
//! others wait too.

use stdx::Instant;

/// How requests follow each other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Pace {
    /// Each connection waits for its replies and asks again.
    Closed,
    /// So many requests per second in all.
    Open(f64),
    /// None are sent.
    Idle,
}

impl Pace {
    pub(crate) fn is_open(self) -> bool {
        matches!(self, Pace::Open(_))
    }
}

/// The moments at which the batches of one lane are due.
#[derive(Clone, Debug)]
pub(crate) struct Schedule {
    start: Instant,
    /// Between two batches of this lane, in microseconds.
    step_us: f64,
    /// How far this lane is behind the first one, so that lanes take turns.
    offset_us: f64,
    sent: u64,
}

impl Schedule {
    /// `rate` requests per second in batches of `batch`, by `lanes` of which this is number `lane`.
    pub(crate) fn new(
        start: Instant,
        rate: f64,
        batch: u32,
        lane: usize,
        lanes: usize,
    ) -> Schedule {
        let batch_us = f64::from(batch) * 1e6 / rate;
        Schedule {
            start,
            step_us: batch_us * lanes as f64,
            offset_us: batch_us * lane as f64,
            sent: 0,
        }
    }

    /// When the next batch should go out.
    pub(crate) fn due(&self) -> Instant {
        let us = self.offset_us + self.step_us * self.sent as f64;
        Instant(self.start.0 + us as u64)
    }

    /// The moment at which the next batch was due, if that has come; the batch counts as sent.
    pub(crate) fn take(&mut self, now: Instant) -> Option<Instant> {
        let due = self.due();
        (due <= now).then(|| {
            self.sent += 1;
            due
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lanes_take_turns_and_nothing_drifts() {
        let start = Instant(1000);
        let mut lanes: Vec<_> =
            (0..3).map(|lane| Schedule::new(start, 3000.0, 1, lane, 3)).collect();
        let mut all: Vec<u64> = Vec::new();
        for lane in &mut lanes {
            assert_eq!(lane.take(Instant(999)), None);
            while let Some(due) = lane.take(Instant(1_000_999)) {
                all.push(due.0);
            }
        }
        all.sort_unstable();
        assert_eq!(all.len(), 3000);
        assert_eq!(&all[..4], [1000, 1333, 1666, 2000]);
        assert_eq!(all.last(), Some(&1_000_666));
    }

    #[test]
    fn batches_are_as_far_apart_as_their_requests_take() {
        let mut schedule = Schedule::new(Instant(0), 1000.0, 16, 0, 1);
        assert_eq!(schedule.take(Instant(0)), Some(Instant(0)));
        assert_eq!(schedule.due(), Instant(16_000));
    }
}
