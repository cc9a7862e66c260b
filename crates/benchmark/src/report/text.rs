//! Results to read.

use std::fmt::Write;

use super::{Figure, Report, Side, figures, fixed};
use crate::latency::Step;
use crate::load::Pace;

/// The whole report.
pub(super) fn full(report: &Report<'_>) -> String {
    let mut text = head(report);
    let latencies = &report.side.measured.latencies;
    text += "\nLatency by percentile distribution:\n";
    text.extend(latencies.by_percentile().iter().map(step));
    text += "\nCumulative distribution of latencies:\n";
    text.extend(latencies.by_value().iter().map(step));
    text += "\nSummary:\n";
    let rate = fixed(report.side.measured.rate(), 2);
    text += &format!("  throughput summary: {rate} requests per second\n");
    text += "  latency summary (msec):\n   ";
    for name in ["avg", "min", "p50", "p95", "p99", "max"] {
        text += &format!(" {name:>9}");
    }
    text += "\n   ";
    let figures = figures(&report.side);
    for Figure { value, .. } in figures.iter().filter(|figure| figure.name.ends_with("_ms")) {
        text += &format!(" {:>9}", fixed(*value, 3));
    }
    text += "\n";
    if let Some(us) = report.side.cpu_per_request() {
        text += &format!("  server processor time: {} microseconds per request\n", fixed(us, 3));
    }
    text
}

/// What was done, before what came of it.
fn head(report: &Report<'_>) -> String {
    let Report { options, side, .. } = report;
    let mut text = format!("====== {} ======\n", report.title);
    let seconds = fixed(side.measured.elapsed_us as f64 / 1e6, 2);
    let mut line = |words: std::fmt::Arguments<'_>| {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  {words}");
    };
    line(format_args!("{} requests completed in {seconds} seconds", side.measured.finished));
    line(format_args!("{} parallel clients", options.clients));
    line(format_args!("{} bytes payload", report.payload));
    line(format_args!("keep alive: {}", options.keepalive));
    if let Some(settings) = &side.server.settings {
        line(format_args!("host configuration \"save\": {}", settings.save));
        line(format_args!("host configuration \"appendonly\": {}", settings.appendonly));
    }
    match options.threads {
        0 => line(format_args!("multi-thread: no")),
        threads => {
            line(format_args!("multi-thread: yes"));
            line(format_args!("threads: {threads}"));
        }
    }
    if let Pace::Open(rate) = report.pace {
        line(format_args!("rate: {rate} requests per second, latencies from when they were due"));
    }
    text
}

fn step(step: &Step) -> String {
    format!(
        "{}% <= {:.3} milliseconds (cumulative count {})\n",
        fixed(step.percent, 3),
        step.us as f64 / 1000.0,
        step.count
    )
}

/// The report in a line.
pub(super) fn line(report: &Report<'_>) -> String {
    let measured = report.side.measured;
    let rate = fixed(measured.rate(), 2);
    let p50 = fixed(measured.latencies.percentile_ms(50.0), 3);
    let cpu = report.side.cpu_per_request();
    let cpu = cpu.map(|us| format!(", server cpu={} usec", fixed(us, 3))).unwrap_or_default();
    format!("{}: {rate} requests per second, p50={p50} msec{cpu}\n", report.title)
}

/// Two servers side by side.
pub(super) fn pair(report: &Report<'_>, other: &Side<'_>) -> String {
    let mut text = head(report).replacen(
        " requests completed in ",
        " requests completed by the first server in ",
        1,
    );
    let [first, second] = [&report.side, other].map(|side| side.server.place.to_string());
    let width = first.len().max(second.len()).max(12);
    text += &format!("\n  {:<16} {first:>width$} {second:>width$}    ratio\n", "");
    for (a, b) in figures(&report.side).iter().zip(figures(other)) {
        let name = match a.name {
            "rps" => "requests/s".to_owned(),
            "server_cpu_us" => "server cpu usec".to_owned(),
            name => format!("{} msec", name.trim_end_matches("_latency_ms")),
        };
        let [x, y] = [a.value, b.value].map(|value| fixed(value, a.decimals));
        text += &format!("  {name:<16} {x:>width$} {y:>width$} {:>8}\n", ratio(a, &b));
    }
    text
}

/// Two servers in a line.
pub(super) fn pair_line(report: &Report<'_>, other: &Side<'_>) -> String {
    let [a, b] = [&report.side, other].map(figures);
    let parts = a.iter().zip(&b).filter_map(|(a, b)| {
        let (name, unit) = match a.name {
            "rps" => ("", " requests per second"),
            "p50_latency_ms" => ("p50=", " msec"),
            "server_cpu_us" => ("server cpu=", " usec"),
            _ => return None,
        };
        let [x, y] = [a.value, b.value].map(|value| fixed(value, a.decimals));
        Some(format!("{name}{x} against {y}{unit} (ratio {})", ratio(a, b)))
    });
    format!("{}: {}\n", report.title, parts.collect::<Vec<_>>().join(", "))
}

fn ratio(a: &Figure, b: &Figure) -> String {
    fixed(a.value / b.value, 3)
}
