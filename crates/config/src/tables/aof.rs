//! The append-only file. It comes in a later version; its parameters are read and kept.

use super::check;
use crate::Param;
use crate::param::{INT_MAX, SIGNED_MAX};

pub(super) const TABLE: &[Param] = &[
    Param::flag("appendonly", "no")
        .not_while_loading()
        .later("AOF")
        .doc("Write every change to the append-only file."),
    Param::text("appendfilename", "appendonly.aof")
        .immutable()
        .check(check::log_name)
        .doc("Name that the files of the log begin with."),
    Param::text("appenddirname", "appendonlydir")
        .immutable()
        .check(check::log_folder)
        .doc("Folder of the log, inside the working folder."),
    Param::choice("appendfsync", &["everysec", "always", "no"], "everysec")
        .doc("When the log is synced to disk."),
    Param::flag("no-appendfsync-on-rewrite", "no")
        .doc("Do not sync the log while a snapshot or rewrite is being written."),
    Param::integer("auto-aof-rewrite-percentage", 0, INT_MAX, "100")
        .doc("Percent of growth after which the log is rewritten; 0 never."),
    Param::memory("auto-aof-rewrite-min-size", 0, SIGNED_MAX, "64mb")
        .doc("Bytes below which the log is not rewritten by itself."),
    Param::flag("aof-load-truncated", "yes").doc("Start although the log ends in mid-command."),
    Param::flag("aof-use-rdb-preamble", "yes").doc("Begin a rewritten log with a snapshot."),
    Param::flag("aof-timestamp-enabled", "no").doc("Note the time in the log."),
    Param::flag("aof-rewrite-incremental-fsync", "yes")
        .doc("Sync a rewritten log to disk piece by piece."),
    Param::flag("aof-disable-auto-gc", "no")
        .hidden()
        .doc("Keep files of the log that are no longer needed, for tests."),
];
