//! What the server notes about itself: slow commands, latencies, events.

use crate::Param;
use crate::param::Kind;

pub(super) const TABLE: &[Param] = &[
    Param::integer("slowlog-log-slower-than", -1, i64::MAX, "10000")
        .doc("Microseconds from which a command is noted as slow; -1 notes none."),
    Param::integer("slowlog-max-len", 0, i64::MAX, "128").doc("Slow commands remembered."),
    Param::integer("latency-monitor-threshold", 0, i64::MAX, "0")
        .doc("Milliseconds from which a pause is noted; 0 notes none."),
    Param::flag("latency-tracking", "yes").doc("Keep a histogram of every command's time."),
    Param::new("latency-tracking-info-percentiles", Kind::Percentiles, "50 99 99.9")
        .doc("Percentiles of those histograms that INFO shows."),
    Param::new("notify-keyspace-events", Kind::Events, "")
        .doc("Events of keys that are published, a letter each."),
];
