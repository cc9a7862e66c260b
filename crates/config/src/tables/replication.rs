//! Masters and replicas.

use crate::Param;
use crate::param::{INT_MAX, Kind, SIGNED_MAX};

pub(super) const TABLE: &[Param] = &[
    Param::new("replicaof", Kind::Source, "")
        .alias("slaveof")
        .immutable()
        .doc("Host and port of the master; REPLICAOF changes it."),
    Param::password("masterauth").doc("Password that the master wants."),
    Param::optional_text("masteruser").secret().doc("User that the master knows us by."),
    Param::flag("replica-serve-stale-data", "yes")
        .alias("slave-serve-stale-data")
        .doc("Answer from old data while the master is out of reach."),
    Param::flag("replica-read-only", "yes")
        .alias("slave-read-only")
        .doc("Refuse writes of clients on a replica."),
    Param::flag("replica-lazy-flush", "no")
        .alias("slave-lazy-flush")
        .doc("Free the old data in the background before a full sync."),
    Param::flag("replica-ignore-maxmemory", "yes")
        .alias("slave-ignore-maxmemory")
        .doc("Leave it to the master which keys make room."),
    Param::flag("replica-ignore-disk-write-errors", "no")
        .doc("Go on applying the master's writes when they cannot be persisted."),
    Param::integer("replica-priority", 0, INT_MAX, "100")
        .alias("slave-priority")
        .doc("Lower is promoted first; 0 is never promoted."),
    Param::flag("replica-announced", "yes").doc("Let Sentinel list this replica."),
    Param::optional_text("replica-announce-ip")
        .alias("slave-announce-ip")
        .doc("Address that the master lists instead of the one it sees."),
    Param::integer("replica-announce-port", 0, 65535, "0")
        .alias("slave-announce-port")
        .doc("Port that the master lists instead of the one we listen at; 0 for that."),
    Param::integer("repl-timeout", 1, INT_MAX, "60")
        .doc("Seconds of silence after which a link is broken."),
    Param::integer("repl-ping-replica-period", 1, INT_MAX, "10")
        .alias("repl-ping-slave-period")
        .doc("Seconds between the master's pings to its replicas."),
    Param::flag("repl-disable-tcp-nodelay", "no")
        .doc("Let the system gather the stream into fewer packets, later."),
    Param::memory("repl-backlog-size", 1, SIGNED_MAX, "1mb")
        .doc("Bytes of the stream kept for replicas that come back."),
    Param::integer("repl-backlog-ttl", 0, i64::MAX, "3600")
        .doc("Seconds without replicas after which the backlog goes; 0 keeps it."),
    Param::flag("repl-diskless-sync", "yes")
        .doc("Send the snapshot of a full sync without writing it to disk first."),
    Param::integer("repl-diskless-sync-delay", 0, INT_MAX, "5")
        .doc("Seconds to wait for more replicas before a diskless full sync begins."),
    Param::integer("repl-diskless-sync-max-replicas", 0, INT_MAX, "0")
        .doc("Replicas that end the wait early; 0 always waits."),
    Param::choice("repl-diskless-load", &["disabled", "on-empty-db", "swapdb"], "disabled")
        .not_while_loading()
        .doc("When a replica loads a full sync straight from the link."),
    Param::integer("min-replicas-to-write", 0, INT_MAX, "0")
        .alias("min-slaves-to-write")
        .doc("Replicas that must be near for writes to be taken; 0 for no such rule."),
    Param::integer("min-replicas-max-lag", 0, INT_MAX, "10")
        .alias("min-slaves-max-lag")
        .doc("Seconds since its last word up to which a replica is near."),
    Param::choice(
        "propagation-error-behavior",
        &["ignore", "panic", "panic-on-replicas"],
        "ignore",
    )
    .doc("What to do when a command of the master's fails here."),
];
