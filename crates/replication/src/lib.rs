//! Replication: both roles, one machine, no I/O. It moves bytes and counts them; it does not know what they mean.
//!
//! # The parts
//! - [`Log`]: the one stream of effects, with a 64-bit offset and readers at their own positions.
//! - `primary`: what we know of each attached replica, from its first REPLCONF to its last ACK; whether it can go on
//!   from where it was (`resync::decide`), which snapshot it shares, what is sent to it next.
//! - `replica`: the link to our own primary: dialling, the handshake, the snapshot arriving, the stream.
//! - [`failover`]: FAILOVER's hand-over to a replica that has caught up.
//! - [`Replication`] owns all of these, because a change of role touches them all. The owner (`node`) owns it.
//!
//! # How the owner speaks to it
//! Nothing here blocks, calls back or fails half-way. The owner calls a method and then drains `poll_action`; an
//! [`Action`] says what to do and which method is the answer. **After every call that may produce actions
//! (everything named `handle_*`, and the verbs `replicaof`, `promote`, `failover`), drain `poll_action` before the
//! next command runs**: a snapshot must be taken at the offset that its replicas are told.
//!
//! ## Effects, at a primary
//! ```text
//! if repl.wants_effects() { repl.append(Some(db), bytes) }    one memcpy; writes SELECT by itself where needed
//! repl.append(None, b"*1\r\n$5\r\nMULTI\r\n")                   what touches no key needs no database
//! ```
//!
//! ## Sessions that turn out to be replicas
//! ```text
//! REPLCONF ...       handle_replconf(now, conn, ip, words) -> Replconf::{Ok, Silent, Error(text)}
//! SYNC, PSYNC        handle_sync(now, conn, ip, Sync) -> Result<(), SyncRefused>; from then on everything that goes
//!                    to that connection comes from pending(conn), and is acknowledged by sent(conn)
//! the peer is gone   handle_replica_closed(now, conn)
//! ```
//!
//! ## Snapshots for replicas
//! ```text
//! StartSnapshot{id}  handle_snapshot_started(now, id)   together with taking the view, or handle_snapshot_failed
//!   Sockets:         while snapshot_room(id) > 0: handle_snapshot_chunk(now, id, bytes); then handle_snapshot_finished
//!   Disk:            write the file; handle_snapshot_saved(now, id, len); then ReadSnapshot actions are answered
//!                    by handle_snapshot_read until ReleaseSnapshot
//! ```
//!
//! ## The link to our primary
//! ```text
//! REPLICAOF h p      replicaof(now, h, p), promote(now); at start: follow(now, h, p), after restore(..) if the
//!                    snapshot that was loaded names a history
//! Dial               handle_dialed(now, attempt) / handle_dial_failed(now, attempt, reason)
//! bytes arrive       while !bytes.is_empty() { match handle_link_input(now, &mut bytes, empty) {
//!                        Fed::Nothing => the machine took them, go on
//!                        Fed::Snapshot(piece) => to the file or the decoder, as ReceiveBegin said
//!                        Fed::Stream(bytes) => parse and run, and for each request (or whole transaction) that was
//!                             applied: applied(now, its_bytes), which is also what our own replicas get
//!                    } } draining poll_action after each call
//! ReceiveEnd         verify the file (or the decoder's verdict). Only then handle_load_begin(now, Replaces::Now) and
//!                    drop the old data; or Replaces::WhenDone and load beside it. Then handle_load_done(now), or
//!                    handle_load_failed(now, words). Nothing obliges the owner to begin: refusing is also
//!                    handle_load_failed, at any time since ReceiveBegin, and the old data stays.
//! Following{early}   run `early` as Fed::Stream, then go on reading
//! the peer is gone   handle_link_closed(now, Loss)
//! ```
//!
//! ## Each turn, and time
//! ```text
//! flush(now)         once per turn after all input: sends GETACK, answers WAIT, wakes the replicas' connections
//! poll_action        until None
//! poll_ready         until None, then pending(conn, slices) and sent(now, conn, n)
//! poll_timeout       when to call handle_timeout(now)
//! ```
//!
//! # What it keeps
//! - A replica's data is not given up before the owner says so, and the owner says so when it has seen the whole
//!   snapshot (file) or has it in memory (swap).
//! - The offsets of a replica advance by what was applied, and its log holds the identical bytes: a whole tree of
//!   servers shares ids and offsets.
//! - Offsets never go back within a history.

mod action;
mod id;
mod log;
mod offset;
mod settings;

pub use action::{Action, Intake, SnapshotId, Target, Why};
pub use id::{History, ReplicationId};
pub use log::{Log, ReaderId};
pub use offset::Offset;
pub use settings::{DisklessLoad, OutputLimit, Settings};

/// Which parts of the dataset a snapshot holds: `REPLCONF rdb-filter-only`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// No keys.
    pub without_data: bool,
    /// No functions.
    pub without_functions: bool,
}
