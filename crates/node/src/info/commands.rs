//! The sections about commands: Commandstats, Errorstats, Latencystats.

use super::Info;
use crate::node::Node;

pub(super) fn commandstats(node: &mut Node, info: &mut Info) {
    info.section("Commandstats");
    for row in node.registry.rows() {
        let Some(stats) = node.stats.command(row.id) else { continue };
        if stats.calls + stats.rejected + stats.failed == 0 {
            continue;
        }
        let us = stats.spent_ns / 1000;
        let per_call = if stats.calls == 0 { 0.0 } else { us as f64 / stats.calls as f64 };
        info.field(
            &format!("cmdstat_{}", as_field(&row.full_name)),
            format_args!(
                "calls={},usec={us},usec_per_call={per_call:.2},rejected_calls={},failed_calls={}",
                stats.calls, stats.rejected, stats.failed
            ),
        );
    }
}

/// A name that somebody else has chosen, as a part of a field's name: what has a meaning in INFO becomes `_`.
fn as_field(name: &str) -> String {
    name.replace(['#', ':', '\n', '\r'], "_")
}

pub(super) fn errorstats(node: &mut Node, info: &mut Info) {
    info.section("Errorstats");
    for (code, count) in &node.stats.errors_by_code {
        info.field(
            &format!("errorstat_{}", as_field(&String::from_utf8_lossy(code))),
            format_args!("count={count}"),
        );
    }
}

pub(super) fn latencystats(node: &mut Node, info: &mut Info) {
    info.section("Latencystats");
    let percentiles = node.config.values.percentiles();
    for row in node.registry.rows() {
        let histogram = node.stats.command(row.id).and_then(|it| it.histogram.as_ref());
        let Some(histogram) = histogram.filter(|it| it.total() > 0) else { continue };
        let values = percentiles.iter().map(|percent| {
            format!("p{percent}={:.3}", histogram.percentile(*percent) as f64 / 1000.0)
        });
        let values: Vec<String> = values.collect();
        let name = as_field(&row.full_name);
        info.field(&format!("latency_percentiles_usec_{name}"), values.join(","));
    }
}
