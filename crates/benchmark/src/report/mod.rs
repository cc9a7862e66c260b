//! Results as text, in one line, as comma-separated values and as JSON; and what is shown meanwhile.
//!
//! Text, line and values are those of `redis-benchmark`, byte for byte but for the figures.

mod csv;
mod json;
mod status;
mod text;

pub(crate) use status::Status;

use crate::load::{Measured, Pace};
use crate::options::{Format, Options};
use crate::output::say;
use crate::server::Server;

/// A test that was measured.
pub(crate) struct Report<'a> {
    pub(crate) title: &'a str,
    pub(crate) options: &'a Options,
    /// What is reported as the payload: the size of a value, or of a whole command.
    pub(crate) payload: usize,
    pub(crate) pace: Pace,
    pub(crate) side: Side<'a>,
}

/// A server and what was measured of it.
pub(crate) struct Side<'a> {
    pub(crate) server: &'a Server,
    pub(crate) measured: &'a Measured,
    /// Processor time of the server, where it was asked for and could be had.
    pub(crate) cpu_us: Option<u64>,
}

impl Side<'_> {
    /// Microseconds of the server's time per request.
    pub(crate) fn cpu_per_request(&self) -> Option<f64> {
        self.cpu_us.map(|us| us as f64 / self.measured.finished as f64)
    }
}

/// What comes before the first result.
pub(crate) fn begin(options: &Options) {
    if options.format == Format::Csv {
        say(&csv::head(options));
    }
}

/// A result.
pub(crate) fn show(report: &Report<'_>, status: &mut Status) {
    let cleared = status.clear();
    match report.options.format {
        Format::Text => say(&(cleared + &text::full(report))),
        Format::Quiet => say(&(cleared + &text::line(report))),
        Format::Csv => say(&csv::row(report)),
        Format::Json => say(&json::object(report)),
    }
}

/// A result beside that of another server.
pub(crate) fn show_pair(report: &Report<'_>, other: &Side<'_>, status: &mut Status) {
    let cleared = status.clear();
    match report.options.format {
        Format::Text => say(&(cleared + &text::pair(report, other))),
        Format::Quiet => say(&(cleared + &text::pair_line(report, other))),
        Format::Csv => say(&csv::pair(report, other)),
        Format::Json => say(&json::pair(report, other)),
    }
}

/// A figure by its name, and whether more of it is better.
struct Figure {
    name: &'static str,
    value: f64,
    decimals: usize,
}

/// What two servers are compared by: the first is a rate, the others are times.
fn figures(side: &Side<'_>) -> Vec<Figure> {
    let latencies = &side.measured.latencies;
    let mut figures = vec![Figure { name: "rps", value: side.measured.rate(), decimals: 2 }];
    figures.extend(
        [
            ("avg_latency_ms", latencies.mean_ms()),
            ("min_latency_ms", latencies.min_ms()),
            ("p50_latency_ms", latencies.percentile_ms(50.0)),
            ("p95_latency_ms", latencies.percentile_ms(95.0)),
            ("p99_latency_ms", latencies.percentile_ms(99.0)),
            ("max_latency_ms", latencies.max_ms()),
        ]
        .map(|(name, value)| Figure { name, value, decimals: 3 }),
    );
    figures.extend(side.cpu_per_request().map(|value| Figure {
        name: "server_cpu_us",
        value,
        decimals: 3,
    }));
    figures
}

/// A number as C prints it: what is no number in small letters.
fn fixed(value: f64, decimals: usize) -> String {
    if value.is_nan() { "nan".to_owned() } else { format!("{value:.decimals$}") }
}
