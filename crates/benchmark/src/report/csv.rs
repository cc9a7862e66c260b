//! Results for tables.

use super::{Report, Side, figures, fixed};
use crate::options::Options;

/// The names of the columns.
pub(super) fn head(options: &Options) -> String {
    let mut names = vec!["test"];
    if options.compare.is_some() {
        names.push("server");
    }
    names.extend([
        "rps",
        "avg_latency_ms",
        "min_latency_ms",
        "p50_latency_ms",
        "p95_latency_ms",
        "p99_latency_ms",
        "max_latency_ms",
    ]);
    if !options.server_cpu.is_empty() {
        names.push("server_cpu_us");
    }
    cells(names.into_iter().map(str::to_owned))
}

pub(super) fn row(report: &Report<'_>) -> String {
    let values = figures(&report.side);
    let values = values.iter().map(|figure| fixed(figure.value, figure.decimals));
    cells(std::iter::once(report.title.to_owned()).chain(values))
}

/// A row for each server, and one for how they compare.
pub(super) fn pair(report: &Report<'_>, other: &Side<'_>) -> String {
    let [a, b] = [&report.side, other].map(figures);
    let ratios = a.iter().zip(&b).map(|(a, b)| fixed(a.value / b.value, 3)).collect();
    let values = |figures: &[super::Figure]| -> Vec<String> {
        figures.iter().map(|figure| fixed(figure.value, figure.decimals)).collect()
    };
    let rows = [
        (report.side.server.place.to_string(), values(&a)),
        (other.server.place.to_string(), values(&b)),
        ("ratio".to_owned(), ratios),
    ];
    let row = |(server, values): (String, Vec<String>)| {
        cells([report.title.to_owned(), server].into_iter().chain(values))
    };
    rows.into_iter().map(row).collect()
}

// compat(7.2): quotes within a cell are not doubled.
fn cells(cells: impl Iterator<Item = String>) -> String {
    let cells: Vec<String> = cells.map(|cell| format!("\"{cell}\"")).collect();
    cells.join(",") + "\n"
}
