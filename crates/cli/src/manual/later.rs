//! Commands of Redis 7.2 that our own server does not have yet, so that they are hinted at and explained when we talk
//! to one that does, even if that cannot tell.

use command::{Group, Spec, syntax};

use super::Page;

/// Name, version, syntax, summary.
type Row = (&'static str, &'static str, &'static str, &'static str);

const CHAPTERS: &[(&str, &[Row])] = &[("cluster", CLUSTER), ("server", SERVER), ("stream", STREAM)];

const CLUSTER: &[Row] = &[
    ("asking", "3.0.0", "", "Lets the next command use a slot that is being moved here."),
    ("cluster", "3.0.0", "", "A container of commands about the cluster."),
    ("cluster|info", "3.0.0", "", "Returns the state of the cluster as this node sees it."),
    ("cluster|keyslot", "3.0.0", "key", "Returns the slot of a key."),
    ("cluster|nodes", "3.0.0", "", "Returns the nodes of the cluster as this node sees them."),
    ("cluster|shards", "7.0.0", "", "Returns which nodes hold which slots."),
    ("cluster|slots", "3.0.0", "", "Returns which nodes hold which slots, in the older form."),
    ("readonly", "3.0.0", "", "Lets this connection read from a replica of a cluster."),
    ("readwrite", "3.0.0", "", "Takes READONLY back."),
];

const SERVER: &[Row] =
    &[("bgrewriteaof", "1.0.0", "", "Rewrites the append-only file in the background.")];

const STREAM: &[Row] = &[
    ("xack", "5.0.0", "key group id [id ...]", "Tells that a group has dealt with entries."),
    (
        "xadd",
        "5.0.0",
        "key [NOMKSTREAM] [<MAXLEN | MINID> [= | ~] threshold [LIMIT count]] <* | id> field value [field value ...]",
        "Adds an entry at the end of a stream.",
    ),
    (
        "xautoclaim",
        "6.2.0",
        "key group consumer min-idle-time start [COUNT count] [JUSTID]",
        "Gives old entries that nobody has dealt with to a consumer, step by step.",
    ),
    (
        "xclaim",
        "5.0.0",
        "key group consumer min-idle-time id [id ...] [IDLE ms] [TIME unix-time-milliseconds] [RETRYCOUNT count] [FORCE] [JUSTID] [LASTID lastid]",
        "Gives entries that nobody has dealt with to a consumer.",
    ),
    ("xdel", "5.0.0", "key id [id ...]", "Deletes entries of a stream."),
    ("xgroup", "5.0.0", "", "A container of commands about consumer groups."),
    (
        "xgroup|create",
        "5.0.0",
        "key group <id | $> [MKSTREAM] [ENTRIESREAD entries-read]",
        "Creates a consumer group.",
    ),
    ("xgroup|createconsumer", "6.2.0", "key group consumer", "Creates a consumer of a group."),
    ("xgroup|delconsumer", "5.0.0", "key group consumer", "Deletes a consumer of a group."),
    ("xgroup|destroy", "5.0.0", "key group", "Deletes a consumer group."),
    (
        "xgroup|setid",
        "5.0.0",
        "key group <id | $> [ENTRIESREAD entries-read]",
        "Sets what a group was given last.",
    ),
    ("xinfo", "5.0.0", "", "A container of commands that describe streams."),
    ("xinfo|consumers", "5.0.0", "key group", "Describes the consumers of a group."),
    ("xinfo|groups", "5.0.0", "key", "Describes the groups of a stream."),
    ("xinfo|stream", "5.0.0", "key [FULL [COUNT count]]", "Describes a stream."),
    ("xlen", "5.0.0", "key", "Returns how many entries a stream has."),
    (
        "xpending",
        "5.0.0",
        "key group [[IDLE min-idle-time] start end count [consumer]]",
        "Returns what a group was given and has not dealt with.",
    ),
    ("xrange", "5.0.0", "key start end [COUNT count]", "Returns entries between two ids."),
    (
        "xread",
        "5.0.0",
        "[COUNT count] [BLOCK milliseconds] STREAMS key [key ...] id [id ...]",
        "Returns entries behind given ids, or waits for them.",
    ),
    (
        "xreadgroup",
        "5.0.0",
        "GROUP group consumer [COUNT count] [BLOCK milliseconds] [NOACK] STREAMS key [key ...] id [id ...]",
        "Returns entries for a consumer of a group, or waits for them.",
    ),
    (
        "xrevrange",
        "5.0.0",
        "key end start [COUNT count]",
        "Returns entries between two ids, the last first.",
    ),
    (
        "xsetid",
        "5.0.0",
        "key last-id [ENTRIESADDED entries-added] [MAXDELETEDID max-deleted-id]",
        "Sets the last id of a stream.",
    ),
    (
        "xtrim",
        "5.0.0",
        "key <MAXLEN | MINID> [= | ~] threshold [LIMIT count]",
        "Deletes the oldest entries of a stream.",
    ),
];

pub(super) fn pages() -> impl Iterator<Item = Page> {
    CHAPTERS.iter().flat_map(|(group, rows)| rows.iter().map(|row| page(group, row)))
}

fn page(group: &str, (name, since, line, summary): &Row) -> Page {
    let arguments = syntax::parse(&Spec { syntax: line, ..Spec::of(Group::Generic) });
    Page {
        summary: (*summary).to_owned(),
        since: Some((*since).to_owned()),
        group: group.to_owned(),
        ..Page::new(name, arguments)
    }
}
