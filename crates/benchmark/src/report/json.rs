//! Results for programs: one object per test, each on a line of its own.

use super::{Report, Side, figures};
use crate::load::Pace;

/// A result.
pub(super) fn object(report: &Report<'_>) -> String {
    format!("{{{},{}}}\n", setup(report), side(&report.side))
}

/// Two results and how they compare.
pub(super) fn pair(report: &Report<'_>, other: &Side<'_>) -> String {
    let [a, b] = [&report.side, other].map(figures);
    let ratios = a.iter().zip(&b).map(|(a, b)| member(a.name, &number(a.value / b.value)));
    format!(
        "{{{},\"servers\":[{{{}}},{{{}}}],\"ratio\":{{{}}}}}\n",
        setup(report),
        side(&report.side),
        side(other),
        ratios.collect::<Vec<_>>().join(",")
    )
}

/// What was done.
fn setup(report: &Report<'_>) -> String {
    let options = report.options;
    let mut members = vec![
        member("test", &string(report.title)),
        member("clients", &options.clients.to_string()),
        member("threads", &options.threads.to_string()),
        member("pipeline", &options.pipeline.to_string()),
        member("payload_bytes", &report.payload.to_string()),
        member("keepalive", if options.keepalive == 0 { "false" } else { "true" }),
    ];
    if let Pace::Open(rate) = report.pace {
        members.push(member("rate", &number(rate)));
    }
    members.join(",")
}

/// What came of it.
fn side(side: &Side<'_>) -> String {
    let mut members = vec![
        member("server", &string(&side.server.place.to_string())),
        member("requests", &side.measured.finished.to_string()),
        member("seconds", &number(side.measured.elapsed_us as f64 / 1e6)),
    ];
    members.extend(figures(side).iter().map(|figure| member(figure.name, &number(figure.value))));
    let client_us = side.measured.client_cpu_us as f64 / side.measured.finished as f64;
    members.push(member("client_cpu_us", &number(client_us)));
    let steps = side.measured.latencies.by_percentile();
    let steps = steps.iter().map(|step| {
        format!("[{},{},{}]", number(step.percent), number(step.us as f64 / 1000.0), step.count)
    });
    // Percent, the milliseconds that so many took at most, and how many they are.
    members.push(member("percentiles", &format!("[{}]", steps.collect::<Vec<_>>().join(","))));
    members.join(",")
}

fn member(name: &str, value: &str) -> String {
    format!("\"{name}\":{value}")
}

/// JSON has no word for what is no number.
fn number(value: f64) -> String {
    if value.is_finite() { value.to_string() } else { "null".to_owned() }
}

fn string(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            '\0'..='\x1f' => quoted.push_str(&format!("\\u{:04x}", u32::from(letter))),
            letter => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_and_numbers_are_those_of_json() {
        assert_eq!(string("a\"b\\\n\u{e9}"), "\"a\\\"b\\\\\\u000a\u{e9}\"");
        for (value, want) in [(1.0, "1"), (0.25, "0.25"), (f64::NAN, "null"), (1e-7, "0.0000001")] {
            assert_eq!(number(value), want);
        }
    }
}
