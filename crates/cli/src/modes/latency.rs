//! `--latency`, `--latency-history`: PING a hundred times a second, and how long that took.

use super::{insist, pause};
use crate::exit::Result;
use crate::format::Output;
use crate::screen;
use crate::session::Session;

/// Between two samples.
const PAUSE_US: u64 = 10_000;
const HISTORY_MS_DEFAULT: u64 = 15_000;

/// What was measured since the last time it was told, in milliseconds.
#[derive(Default)]
struct Samples {
    min: u64,
    max: u64,
    sum: u64,
    count: u64,
}

impl Samples {
    fn add(&mut self, ms: u64) {
        self.min = if self.count == 0 { ms } else { self.min.min(ms) };
        self.max = self.max.max(ms);
        self.sum += ms;
        self.count += 1;
    }

    fn text(&self, output: Output) -> String {
        let Samples { min, max, sum, count } = self;
        let average = *sum as f64 / *count as f64;
        match output {
            Output::Standard => {
                format!("min: {min}, max: {max}, avg: {average:.2} ({count} samples)")
            }
            Output::Csv => format!("{min},{max},{average:.2},{count}\n"),
            Output::Raw => format!("{min} {max} {average:.2} {count}\n"),
            Output::Json => format!(
                "{{\"min\": {min}, \"max\": {max}, \"avg\": {average:.2}, \"count\": {count}}}\n"
            ),
            Output::QuotedJson => String::new(),
        }
    }
}

pub(super) fn run(session: &mut Session) -> Result<u8> {
    let output = session.options.layout.output;
    let is_history = session.options.modes.is_latency_history;
    let interval_ms = session.options.interval_us / 1000;
    let history_ms = if interval_ms == 0 { HISTORY_MS_DEFAULT } else { interval_ms };
    let once_ms = if session.options.interval_us == 0 { 1000 } else { interval_ms };
    let mut begun = now_ms();
    let mut samples = Samples::default();
    loop {
        let start = now_ms();
        insist(session, &["PING"])?;
        samples.add(now_ms() - start);
        if output == Output::Standard {
            screen::print(format!("\x1b[0G\x1b[2K{}", samples.text(output)));
        } else if is_history {
            screen::print(samples.text(output));
        } else if now_ms() - begun > once_ms {
            screen::print(samples.text(output));
            return Ok(0);
        }
        if is_history && now_ms() - begun > history_ms {
            let seconds = (now_ms() - begun) as f64 / 1000.0;
            screen::print(format!(" -- {seconds:.2} seconds range\n"));
            begun = now_ms();
            samples = Samples::default();
        }
        pause(PAUSE_US);
    }
}

fn now_ms() -> u64 {
    sys::clock::nanos() / 1_000_000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_summed_up_in_every_layout() {
        let mut samples = Samples::default();
        [3, 1, 2].iter().for_each(|ms| samples.add(*ms));
        for (output, want) in [
            (Output::Standard, "min: 1, max: 3, avg: 2.00 (3 samples)"),
            (Output::Raw, "1 3 2.00 3\n"),
            (Output::Csv, "1,3,2.00,3\n"),
            (Output::Json, "{\"min\": 1, \"max\": 3, \"avg\": 2.00, \"count\": 3}\n"),
        ] {
            assert_eq!(samples.text(output), want);
        }
    }
}
