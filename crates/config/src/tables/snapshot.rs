//! Snapshots: when, where to, and how.

use super::check;
use crate::Param;
use crate::param::{INT_MAX, Kind};

pub(super) const TABLE: &[Param] = &[
    Param::new("save", Kind::SavePoints, "3600 1 300 100 60 10000")
        .doc("Seconds and changes after which a snapshot is saved, in pairs."),
    Param::new("dir", Kind::Folder, "")
        .protected()
        .not_while_loading()
        .doc("Folder that the server works in; relative paths begin there."),
    Param::text("dbfilename", "dump.rdb")
        .protected()
        .check(check::snapshot_name)
        .doc("Name of the snapshot file in the working folder."),
    Param::flag("rdbcompression", "yes").doc("Compress long strings in snapshots."),
    Param::flag("rdbchecksum", "yes").immutable().doc("End snapshots with a checksum."),
    Param::flag("stop-writes-on-bgsave-error", "yes")
        .doc("Refuse writes after a snapshot has failed."),
    Param::flag("rdb-save-incremental-fsync", "yes").doc("Sync snapshots to disk piece by piece."),
    Param::flag("rdb-del-sync-files", "no")
        .doc("Remove snapshot files that only served a replica, where nothing else persists."),
    Param::integer("rdb-key-save-delay", i32::MIN as i64, INT_MAX, "0")
        .hidden()
        .doc("Microseconds to pause after each saved key, for tests; negative for keys per one."),
    Param::integer("key-load-delay", i32::MIN as i64, INT_MAX, "0")
        .hidden()
        .doc("Microseconds to pause after each loaded key, for tests; negative for keys per one."),
    Param::integer("loading-process-events-interval-bytes", 1024, INT_MAX, "2097152")
        .hidden()
        .doc("Bytes that are loaded between looks at clients."),
];
