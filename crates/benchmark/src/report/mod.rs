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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::latency::Latencies;
    use crate::server::{Address, Place, Settings};

    fn server(port: i32) -> Server {
        let settings = Settings { save: "60 1".to_owned(), appendonly: "no".to_owned() };
        Server {
            place: Place::Tcp("h".to_owned(), port),
            address: Address::Unix(String::new()),
            settings: Some(settings),
        }
    }

    fn measured(us: u64) -> Measured {
        let mut latencies = Latencies::new(3, false);
        latencies.record(us, 10);
        Measured { finished: 10, elapsed_us: 1000 * us, latencies, client_cpu_us: 50 }
    }

    /// Both servers, the second half as fast as the first.
    fn with_pair(options: &Options, check: impl FnOnce(&Report<'_>, &Side<'_>)) {
        let (near, far) = (server(1), server(2));
        let (quick, slow) = (measured(100), measured(200));
        let side = Side { server: &near, measured: &quick, cpu_us: Some(20) };
        let other = Side { server: &far, measured: &slow, cpu_us: Some(40) };
        let report = Report { title: "SET", options, payload: 3, pace: Pace::Closed, side };
        check(&report, &other);
    }

    #[test]
    fn a_result_reads_as_it_always_did() {
        let options = Options { threads: 2, ..Options::default() };
        let want = "\
====== SET ======
  10 requests completed in 0.10 seconds
  50 parallel clients
  3 bytes payload
  keep alive: 1
  host configuration \"save\": 60 1
  host configuration \"appendonly\": no
  multi-thread: yes
  threads: 2

Latency by percentile distribution:
0.000% <= 0.103 milliseconds (cumulative count 10)
100.000% <= 0.103 milliseconds (cumulative count 10)

Cumulative distribution of latencies:
100.000% <= 0.103 milliseconds (cumulative count 10)

Summary:
  throughput summary: 100.00 requests per second
  latency summary (msec):
          avg       min       p50       p95       p99       max
        0.100     0.096     0.103     0.103     0.103     0.103
  server processor time: 2.000 microseconds per request
";
        with_pair(&options, |report, _| assert_eq!(text::full(report), want));
    }

    #[test]
    fn lines_and_values_are_short() {
        let options = Options::default();
        with_pair(&options, |report, other| {
            let want = "SET: 100.00 requests per second, p50=0.103 msec, server cpu=2.000 usec\n";
            assert_eq!(text::line(report), want);
            let want = "\"SET\",\"100.00\",\"0.100\",\"0.096\",\"0.103\",\"0.103\",\"0.103\",\"0.103\",\"2.000\"\n";
            assert_eq!(csv::row(report), want);
            let want = "SET: 100.00 against 50.00 requests per second (ratio 2.000), \
                        p50=0.103 against 0.207 msec (ratio 0.498), \
                        server cpu=2.000 against 4.000 usec (ratio 0.500)\n";
            assert_eq!(text::pair_line(report, other), want);
        });
    }

    #[test]
    fn two_servers_stand_side_by_side() {
        let options = Options::default();
        with_pair(&options, |report, other| {
            let text = text::pair(report, other);
            let row = "  requests/s             100.00        50.00    2.000\n";
            assert!(text.contains(row), "{text}");
            let rows = csv::pair(report, other);
            let firsts: Vec<&str> = rows.lines().filter_map(|row| row.get(..11)).collect();
            assert_eq!(firsts, ["\"SET\",\"h:1\"", "\"SET\",\"h:2\"", "\"SET\",\"rati"]);
            let object = json::pair(report, other);
            assert!(object.contains("\"ratio\":{\"rps\":2,"), "{object}");
            assert_eq!(object.matches('{').count(), object.matches('}').count());
        });
    }
}
