//! How much memory data may take, what goes first, and how it is given back.

use crate::Param;
use crate::param::{INT_MAX, SIGNED_MAX};

const POLICIES: &[&str] = &[
    "volatile-lru",
    "volatile-lfu",
    "volatile-random",
    "volatile-ttl",
    "allkeys-lru",
    "allkeys-lfu",
    "allkeys-random",
    "noeviction",
];

pub(super) const TABLE: &[Param] = &[
    Param::memory("maxmemory", 0, u64::MAX, "0").doc("Bytes that data may take; 0 for no limit."),
    Param::choice("maxmemory-policy", POLICIES, "noeviction")
        .doc("Which keys make room when memory is full."),
    Param::integer("maxmemory-samples", 1, INT_MAX, "5")
        .doc("Keys looked at to find one that goes; more is more exact and slower."),
    Param::integer("maxmemory-eviction-tenacity", 0, 100, "10")
        .doc("How much time making room may take; 100 does not stop before there is enough."),
    Param::integer("lfu-log-factor", 0, INT_MAX, "10").doc("How slowly the counter of uses grows."),
    Param::integer("lfu-decay-time", 0, INT_MAX, "1")
        .doc("Minutes after which the counter of uses goes down by one."),
    Param::integer("active-expire-effort", 1, 10, "1")
        .doc("How hard keys whose time is over are looked for."),
    Param::flag("lazyfree-lazy-eviction", "no").doc("Free evicted values in the background."),
    Param::flag("lazyfree-lazy-expire", "no").doc("Free expired values in the background."),
    Param::flag("lazyfree-lazy-server-del", "no")
        .doc("Free values that a command overwrites in the background."),
    Param::flag("lazyfree-lazy-user-del", "no").doc("Let DEL free in the background, as UNLINK."),
    Param::flag("lazyfree-lazy-user-flush", "no")
        .doc("Let FLUSHALL, FLUSHDB and their kind free in the background."),
    Param::flag("jemalloc-bg-thread", "yes")
        .doc("Let the allocator return memory in a thread of its own."),
    Param::flag("activedefrag", "no")
        .later("active defragmentation")
        .doc("Move values together to give memory back."),
    Param::memory("active-defrag-ignore-bytes", 1, SIGNED_MAX, "100mb")
        .doc("Fragmented bytes below which nothing is moved."),
    Param::integer("active-defrag-threshold-lower", 0, 1000, "10")
        .doc("Percent of fragmentation at which moving begins."),
    Param::integer("active-defrag-threshold-upper", 0, 1000, "100")
        .doc("Percent of fragmentation at which moving is at its hardest."),
    Param::integer("active-defrag-cycle-min", 1, 99, "1")
        .doc("Percent of a processor that moving takes at the lower threshold."),
    Param::integer("active-defrag-cycle-max", 1, 99, "25")
        .doc("Percent of a processor that moving takes at the upper threshold."),
    Param::integer("active-defrag-max-scan-fields", 1, i64::MAX, "1000")
        .doc("Elements of a collection that are moved without a pause."),
];
