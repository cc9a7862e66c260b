//! Replication: both roles, one machine, no I/O. It moves bytes and counts them; it does not know what they mean.
//!
//! # The parts
//! - [`Log`]: the one stream of effects, with a 64-bit offset and readers at their own positions.
//! - [`primary`]: what we know of each attached replica, from its first REPLCONF to its last ACK; whether it can go
//!   on from where it was ([`primary::decide`]), which snapshot it shares, what is sent to it next.
//! - [`replica`]: the link to our own primary: dialling, the handshake, the snapshot arriving, the stream.
//! - [`failover`]: FAILOVER's hand-over to a replica that has caught up.
//! - [`Replication`] owns all of these, because a change of role touches them all. The owner (`node`) owns it.
//!
//! # How the owner speaks to it
//! Nothing here blocks, calls back or fails half-way. The owner calls a method and then drains `poll_action`; an
//! [`Action`] says what to do and which method is the answer. **After every call that may produce actions
//! (everything named `handle_*`, and the verbs `replicaof`, `promote`, `failover`, `flush`), drain `poll_action`
//! before the next command runs**: connections must be closed before they say more, and log lines keep their order.
//! Carrying out an action may call the machine again; its actions follow those that are queued.
//!
//! ## Effects, at a primary
//! ```text
//! if repl.wants_effects() { repl.append(Some(db), bytes) }   one memcpy; writes SELECT by itself where needed
//! repl.append(None, b"*1\r\n$5\r\nMULTI\r\n")                what touches no key needs no database
//! repl.offset()                                              what WAIT must wait for after it
//! ```
//!
//! ## Sessions that turn out to be replicas
//! ```text
//! REPLCONF ...       handle_replconf(now, conn, false, words) -> Replconf::{Ok, Silent, Error(text)}
//! SYNC, PSYNC        handle_sync(now, conn, ip, words) -> Ok: from then on everything that goes to that connection
//!                    comes from pending(conn) and is acknowledged by sent(conn). Err(text): an error reply.
//!                    Refuse it yourself where replies are still pending ("ERR SYNC and PSYNC are invalid with
//!                    pending output").
//! Hangup{conn}       send last_words, close; the machine has forgotten the connection
//! the peer is gone   handle_replica_closed(now, conn), also for a session that only said REPLCONF
//! ```
//!
//! ## Snapshots for replicas
//! ```text
//! StartSnapshot{id}  handle_snapshot_started(now, id) in the same breath as taking the view: the replicas are told
//!                    the offset at that moment. Or handle_snapshot_delayed (asked again every second), or
//!                    handle_snapshot_failed, which is for any later failure, too.
//!   Sockets:         while snapshot_room(id) > 0 { handle_snapshot_chunk(id, bytes) }, handle_snapshot_finished(id)
//!   Disk:            write the file; handle_snapshot_saved(now, id, len); then each ReadSnapshot{id, conn, offset,
//!                    len} is answered by handle_snapshot_read(now, id, conn, Some(bytes)), until ReleaseSnapshot
//! CancelSnapshot{id} stop making it, or go on for the file's own sake
//! ```
//!
//! ## The link to our primary
//! ```text
//! REPLICAOF h p      replicaof(now, h, p), promote(now). At start: restore(..) if the snapshot that was loaded names
//!                    a place in a history, then follow(now, h, p, restored)
//! Dial{attempt}      handle_dialed(now, attempt) -> false: not wanted any more, close it; or handle_dial_failed
//! LinkSend, LinkClose, LinkReading   are about that connection
//! bytes arrive       while !bytes.is_empty() { match handle_link_input(now, &mut bytes, no_keys) {
//!                        Fed::Nothing => {}
//!                        Fed::Snapshot(piece) => to the file or the decoder, as ReceiveBegin said
//!                        Fed::Stream(piece) => parse and run. For each request that was applied, or each transaction
//!                             with its EXEC: applied(its_bytes), which is also what our own replicas get.
//!                    } } handling what was returned first, then draining poll_action, before the next call: the last
//!                    piece comes back while ReceiveEnd is queued.
//! ReceiveEnd         verify the file (or hear the decoder's verdict). Only then handle_load_begin(now,
//!                    Replaces::Now) and drop the old data; or Replaces::WhenDone and load beside it. Then
//!                    handle_load_done(now), or handle_load_failed(now, words). Nothing obliges the owner to begin:
//!                    refusing is also handle_load_failed, at any time since ReceiveBegin, and the old data stays.
//! Following{early}   run `early` as Fed::Stream, then go on reading. `resumed`: the selected database is still it.
//! LinkClose          drop what was read of the stream and not applied: half a request, a MULTI without its EXEC
//! the peer is gone   handle_link_closed(now, Loss::Broken), or Garbled where the stream was no RESP
//! REPLCONF GETACK    in the stream: handle_replconf(now, conn, true, words)
//! ```
//!
//! ## Each turn, and time
//! ```text
//! flush(now)         once per turn after all input: sends GETACK, answers WAIT, wakes the replicas' connections
//! poll_action        until None
//! poll_ready         until None, then pending(conn, slices) and sent(now, conn, n)
//! poll_timeout       when to call handle_timeout(now): once per second
//! ```
//!
//! # What it keeps
//! - A replica's data is not given up before the owner says so, and the owner says so when it has seen the whole
//!   snapshot (file) or has it in memory (swap).
//! - The offsets of a replica advance by what was applied, and its log holds the identical bytes: a whole tree of
//!   servers shares ids and offsets.
//! - Offsets never go back within a history.

mod action;
mod attach;
pub mod failover;
mod id;
mod info;
mod log;
mod machine;
mod offset;
pub mod primary;
pub mod replica;
mod roles;
mod settings;
mod shared;
mod stats;
#[cfg(test)]
mod tests;
mod timeline;

pub use action::{Action, Intake, SnapshotId, Target, Why};
pub use failover::{FailoverCommand, FailoverRequest};
pub use id::{History, ReplicationId};
pub use info::Role;
pub use log::{Log, ReaderId};
pub use machine::{Replconf, ReplicaOf, Replication};
pub use offset::Offset;
pub use replica::{Fed, LinkPhase, Loss, Replaces};
pub use settings::{DisklessLoad, OutputLimit, Settings};
pub use stats::{FullSync, Stats};

/// Which parts of the dataset a snapshot holds: `REPLCONF rdb-filter-only`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// No keys.
    pub without_data: bool,
    /// No functions.
    pub without_functions: bool,
}
