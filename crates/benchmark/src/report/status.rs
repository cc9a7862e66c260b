//! The line that is written over and over while requests run.

use std::time::Duration;

use stdx::Instant;

use super::fixed;
use crate::latency::Latencies;
use crate::options::{Format, Options};
use crate::output::say;

/// How often it is written.
const INTERVAL: Duration = Duration::from_millis(250);

/// The line, and what was on it last.
#[derive(Clone, Debug)]
pub(crate) struct Status {
    is_silent: bool,
    is_idle: bool,
    title: String,
    /// Letters that are to be written over.
    width: usize,
    next: Instant,
    before: Instant,
    finished_before: u64,
}

impl Status {
    pub(crate) fn new(options: &Options) -> Status {
        Status {
            is_silent: matches!(options.format, Format::Csv | Format::Json),
            is_idle: options.idle,
            title: String::new(),
            width: 0,
            next: Instant::ZERO,
            before: Instant::ZERO,
            finished_before: 0,
        }
    }

    /// A test begins. With threads it is shown at once how far it is, otherwise in the interval that runs already.
    pub(crate) fn begin(&mut self, title: &str, has_threads: bool) {
        title.clone_into(&mut self.title);
        self.finished_before = 0;
        if has_threads {
            self.next = Instant::ZERO;
        }
    }

    /// When it should be shown again.
    pub(crate) fn next(&self) -> Instant {
        self.next
    }

    /// Shows it: `finished` requests so far, `elapsed` since the test began.
    pub(crate) fn show(
        &mut self,
        now: Instant,
        elapsed: Duration,
        finished: u64,
        clients: usize,
        recent: &Latencies,
        total: &Latencies,
    ) {
        self.next = now + INTERVAL;
        if self.is_silent {
            return;
        }
        if self.is_idle {
            say(&format!("clients: {clients}\r"));
            return;
        }
        let interval = (now - self.before).as_secs_f64();
        let line = format!(
            "{}: rps={} (overall: {}) avg_msec={} (overall: {})\r",
            self.title,
            fixed((finished - self.finished_before) as f64 / interval, 1),
            fixed(finished as f64 / elapsed.as_secs_f64(), 1),
            fixed(recent.mean_ms(), 3),
            fixed(total.mean_ms(), 3),
        );
        self.before = now;
        self.finished_before = finished;
        let cleared = self.clear();
        self.width = line.len();
        say(&(cleared + &line));
    }

    /// What makes the line empty again.
    pub(crate) fn clear(&mut self) -> String {
        // compat(7.2): an empty line is one blank wide.
        format!("{:>width$}\r", " ", width = std::mem::take(&mut self.width))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_written_over() {
        let mut status = Status::new(&Options::default());
        assert_eq!(status.clear(), " \r");
        status.width = 5;
        status.begin("SET", false);
        assert_eq!(status.clear(), "     \r");
        assert_eq!(status.clear(), " \r");
    }

    #[test]
    fn threads_have_an_interval_of_their_own() {
        let mut status = Status::new(&Options::default());
        status.next = Instant(5);
        status.begin("SET", false);
        assert_eq!(status.next(), Instant(5));
        status.begin("SET", true);
        assert_eq!(status.next(), Instant::ZERO);
    }
}
