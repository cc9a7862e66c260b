//! Everything the machines ask of their owner, on one screen.

use crate::Filter;
use world::{ConnId, Level};

/// A snapshot that is made for replicas, as the machine numbers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SnapshotId(pub u64);

/// Where a snapshot for replicas goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// To a file, which is sent when it is whole.
    Disk,
    /// To the replicas, as it is made.
    Sockets,
}

/// Where a snapshot from the primary goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Intake {
    /// To a file, which is loaded when it is whole.
    Disk,
    /// To the decoder, as it arrives.
    Parser,
}

/// Why a replica of ours is turned away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The snapshot it waited for could not be made.
    SnapshotFailed,
    /// It asked for a snapshot and nothing more, and has it.
    SnapshotOnly,
    /// Our history changed its name or its content: it must ask again.
    HistoryChanged,
    /// It said nothing for longer than `repl-timeout`.
    Timeout,
    /// It fell too far behind: `client-output-buffer-limit replica`. The owner counts and logs it as Redis does.
    OutputLimit,
}

/// What the owner must do next.
#[derive(Debug, PartialEq, Eq)]
pub enum Action {
    /// A line for the log.
    Log { level: Level, text: String },

    // The link to our primary.
    /// Connect to the primary; answer with `handle_dialed` or `handle_dial_failed` and the same number.
    Dial { attempt: u64, host: String, port: u16 },
    /// Give up that attempt; no answer is wanted any more.
    CancelDial { attempt: u64 },
    /// These bytes go to the primary.
    LinkSend(Vec<u8>),
    /// Stop or go on reading from the primary.
    LinkReading(bool),
    /// Close the connection to the primary. Whatever of the stream was not applied is dropped: input that is no
    /// whole request yet, and a transaction without its EXEC.
    LinkClose,
    /// A snapshot begins to arrive: `handle_link_input` gives its bytes from now on.
    ReceiveBegin { size: Option<u64>, into: Intake },
    /// The snapshot is complete. Load it: `handle_load_begin`, then `handle_load_done` or `handle_load_failed`.
    ReceiveEnd { bytes: u64 },
    /// The snapshot will not be completed, or not be wanted: drop what has arrived of it.
    ReceiveAbort,
    /// The stream runs. `early` is the first of it, to be executed as if it came from `handle_link_input`.
    /// `resumed`: a partial resynchronization, so the database that was selected still is.
    Following { resumed: bool, early: Vec<u8> },

    // Our replicas.
    /// Take a snapshot of this instant: answer with `handle_snapshot_started` in the same breath as the view is
    /// taken (no command may run in between), or with `handle_snapshot_failed`.
    StartSnapshot { id: SnapshotId, target: Target, filter: Filter },
    /// Nobody waits for that snapshot any more. One that goes to a file may be completed all the same.
    CancelSnapshot { id: SnapshotId },
    /// Read so much of the file of a snapshot; answer with `handle_snapshot_read`.
    ReadSnapshot { id: SnapshotId, conn: ConnId, offset: u64, len: usize },
    /// The file of that snapshot is not needed any more by replicas.
    ReleaseSnapshot { id: SnapshotId },
    /// Small writes go out at once, or are gathered.
    NoDelay { conn: ConnId, on: bool },
    /// Close a replica's connection, after `last_words` if there are any. The machine has forgotten it already.
    Hangup { conn: ConnId, last_words: Vec<u8>, why: Why },

    // The server.
    /// We became a primary (true) or a replica (false): blocked clients, expiry, persistence follow.
    Role { primary: bool },
    /// Commands that write wait, or go on: FAILOVER lets a replica catch up.
    PauseWrites(bool),
    /// `wait` is satisfied: so many replicas have what `waiter` waited for.
    Waited { waiter: u64, replicas: usize },
}
