//! The whole of replication: what both roles own together, and the changes of role.

use crate::failover::Failover;
use crate::primary::{Phase, Primary, Waiter};
use crate::replica::{Fed, Link, LinkPhase, Loss, Replaces};
use crate::shared::Shared;
use crate::stats::Stats;
use crate::{Action, History, Offset, ReplicationId, Settings, SnapshotId};
use std::io::IoSlice;
use stdx::{Instant, Now};
use world::{ConnId, Secrets};

/// How long between ticks, and while a FAILOVER is under way.
const TICK_MS: u64 = 1000;
pub(crate) const TICK_FAILOVER_MS: u64 = 100;

const PING: &[u8] = b"*1\r\n$4\r\nPING\r\n";
const GETACK: &[u8] = b"*3\r\n$8\r\nREPLCONF\r\n$6\r\nGETACK\r\n$1\r\n*\r\n";

/// What REPLCONF answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Replconf {
    /// `+OK`.
    Ok,
    /// Nothing.
    Silent,
    /// This error, its code included.
    Error(String),
}

/// What REPLICAOF came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplicaOf {
    /// We follow now. The owner logs who asked for it.
    Started,
    /// We did already: `+OK Already connected to specified master`.
    Already,
    /// `ERR REPLICAOF not allowed while failing over.`
    FailingOver,
}

/// The replication of one server.
#[derive(Debug)]
pub struct Replication {
    pub(crate) shared: Shared,
    pub(crate) primary: Primary,
    /// The link to our primary; none where we are one.
    pub(crate) link: Option<Link>,
    pub(crate) failover: Failover,
    /// How many connection attempts all links have made so far.
    pub(crate) attempts: u64,
    pub(crate) next_tick: Instant,
    pub(crate) next_failover_tick: Instant,
    ticks: u64,
    /// Somebody waits for ACKs.
    wants_acks: bool,
    /// Clients are paused: see `hold_acks`.
    held: bool,
    /// Where the log ended at the last flush.
    pub(crate) flushed: Offset,
}

impl Replication {
    /// A primary without replicas or history. Its names are made of `secrets`.
    pub fn new(settings: Settings, secrets: Secrets, now: Now) -> Replication {
        Replication {
            shared: Shared::new(settings, secrets),
            primary: Primary::new(now.instant),
            link: None,
            failover: Failover::None,
            attempts: 0,
            next_tick: now.instant.after_ms(TICK_MS),
            next_failover_tick: now.instant,
            // The tick of the start: a PING belongs to the end of a period.
            ticks: 1,
            wants_acks: false,
            held: false,
            flushed: Offset::ZERO,
        }
    }

    /// The settings have changed.
    pub fn set_settings(&mut self, now: Now, settings: Settings) {
        self.shared.log.resize(settings.backlog_bytes.max(Settings::BACKLOG_BYTES_MIN));
        let before = std::mem::replace(&mut self.shared.settings, settings);
        let now_ours = &self.shared.settings;
        let credentials = |it: &Settings| (it.master_user.clone(), it.master_auth.clone());
        if let Some(link) = &mut self.link
            && credentials(&before) != credentials(now_ours)
        {
            link.forgive();
        }
        self.primary.refresh_good(now.instant, &self.shared.settings);
    }

    /// The settings in force.
    pub fn settings(&self) -> &Settings {
        &self.shared.settings
    }

    // What the server wants to know.

    /// True for a primary.
    pub fn is_primary(&self) -> bool {
        self.link.is_none()
    }

    /// Host and port of our primary.
    pub fn primary_address(&self) -> Option<(&str, u16)> {
        self.link.as_ref().map(|link| (link.host.as_str(), link.port))
    }

    /// How far the link to our primary is; none for a primary.
    pub fn link_phase(&self) -> Option<LinkPhase> {
        self.link.as_ref().map(Link::phase)
    }

    /// The names of our history.
    pub fn history(&self) -> History {
        self.shared.history
    }

    /// `master_repl_offset`: what a command that has just been propagated must be acknowledged up to.
    pub fn offset(&self) -> Offset {
        self.shared.log.end()
    }

    /// What to write into a snapshot file, so that a restart can go on: name and offset. None where there is no
    /// history worth it. The offset of a replica is that of what was applied.
    pub fn place(&self) -> Option<(ReplicationId, Offset)> {
        match &self.link {
            Some(link) => link.place(&self.shared),
            None => {
                self.shared.log.is_open().then(|| (self.shared.history.id, self.shared.log.end()))
            }
        }
    }

    /// The database that the stream of a primary has selected (`repl-stream-db`); a replica's owner knows its own.
    pub fn stream_db(&self) -> u32 {
        self.shared.stream_db.unwrap_or(0)
    }

    /// Bytes of memory that the log takes, and the record of when it grew, which grows where a replica is slow.
    pub fn log_memory(&self) -> u64 {
        self.shared.log.memory() + self.shared.timeline.memory()
    }

    /// Counts and costs so far.
    pub fn stats(&self) -> &Stats {
        &self.shared.stats
    }

    /// CONFIG RESETSTAT.
    pub fn reset_stats(&mut self) {
        self.shared.stats = Stats::default();
    }

    /// True where this connection is a replica of ours: it has asked for the stream.
    pub fn is_replica(&self, conn: ConnId) -> bool {
        self.primary.get(conn).is_some()
    }

    /// The connections of our replicas, in the order of their coming.
    pub fn replica_conns(&self) -> impl Iterator<Item = ConnId> {
        self.primary.replicas.iter().map(|replica| replica.conn)
    }

    /// How many bytes wait to be sent to this replica: its output buffer.
    pub fn pending_bytes(&self, conn: ConnId) -> u64 {
        self.primary.get(conn).map_or(0, |replica| {
            let behind = replica.reader.map_or(0, |reader| self.shared.log.behind(reader));
            behind + replica.front.len() as u64
        })
    }

    /// True while FAILOVER is under way.
    pub fn is_failing_over(&self) -> bool {
        self.failover != Failover::None
    }

    /// False where `min-replicas-to-write` forbids a write now.
    pub fn has_good_replicas(&self) -> bool {
        let settings = &self.shared.settings;
        settings.min_replicas == 0
            || settings.min_replicas_max_lag_secs == 0
            || self.primary.good >= settings.min_replicas
            || !self.is_primary()
    }

    /// True where every replica has everything, those that still synchronize included: an orderly shutdown may go on.
    pub fn replicas_have_all(&self) -> bool {
        let end = self.shared.log.end();
        self.primary.replicas.iter().all(|replica| replica.ack >= end)
    }

    /// Says in the log which replicas lack something of the stream, at the end of a primary.
    pub fn log_laggards(&mut self, now: Now) {
        let end = self.shared.log.end();
        let (mut count, mut lagging) = (0, Vec::new());
        for replica in &self.primary.replicas {
            count += 1;
            if replica.ack < end {
                let online = replica.is_online();
                let lag = if online { now.instant.ms_since(replica.ack_at) / 1000 } else { 0 };
                lagging.push(format!(
                    "Lagging replica {} reported offset {} behind master, lag={lag}, state={}.",
                    replica.name(),
                    end.since(replica.ack),
                    replica.state(),
                ));
            }
        }
        let in_sync = count - lagging.len();
        lagging.into_iter().for_each(|line| self.shared.notice(line));
        if count > 0 {
            let line = format!("{in_sync} of {count} replicas are in sync when shutting down.");
            self.shared.notice(line);
        }
    }

    // Effects.

    /// True where effects are kept or sent: otherwise there is no need to write them out. Never true for a replica,
    /// whose stream is its primary's.
    pub fn wants_effects(&self) -> bool {
        self.link.is_none() && self.shared.log.is_open()
    }

    /// Effects of a primary, in RESP. `db` is the database they are to be applied to, where they touch keys.
    pub fn append(&mut self, db: Option<u32>, effects: &[u8]) {
        debug_assert!(self.link.is_none(), "a replica's stream is its primary's");
        self.shared.append(db, effects);
    }

    // What goes to replicas.

    /// The session is gone, replica or not.
    pub fn handle_replica_closed(&mut self, now: Now, conn: ConnId) {
        self.primary.closed(now.instant, &mut self.shared, conn);
    }

    /// A replica whose connection has something to send; each is named once until it is drained or blocks.
    #[must_use]
    pub fn poll_ready(&mut self) -> Option<ConnId> {
        self.primary.poll_ready()
    }

    /// What waits to be sent to a replica, as many slices as fit; how many were filled.
    pub fn pending<'a>(&'a self, conn: ConnId, slices: &mut [IoSlice<'a>]) -> usize {
        self.primary.pending(&self.shared, conn, slices)
    }

    /// The first `count` bytes of what waited went out. True where more waits.
    pub fn sent(&mut self, now: Now, conn: ConnId, count: usize) -> bool {
        self.primary.sent(now.instant, &mut self.shared, conn, count)
    }

    // Snapshots for replicas.

    /// The view is taken: at the present offset.
    pub fn handle_snapshot_started(&mut self, now: Now, id: SnapshotId) {
        self.primary.snapshot_started(now.instant, &mut self.shared, id);
    }

    /// It cannot be begun now, because of what else goes on; it will be asked for again.
    pub fn handle_snapshot_delayed(&mut self, now: Now, id: SnapshotId) {
        self.primary.snapshot_refused(now.instant, &mut self.shared, id, false);
    }

    /// It could not be begun, or not be completed.
    pub fn handle_snapshot_failed(&mut self, now: Now, id: SnapshotId) {
        self.primary.snapshot_failed(now.instant, &mut self.shared, id);
    }

    /// How many bytes of a snapshot to sockets are wanted now; zero while the slowest replica is behind.
    pub fn snapshot_room(&self, id: SnapshotId) -> usize {
        self.primary.snapshot_room(id)
    }

    /// A piece of a snapshot to sockets.
    pub fn handle_snapshot_chunk(&mut self, id: SnapshotId, bytes: Vec<u8>) {
        self.primary.snapshot_chunk(id, bytes);
    }

    /// A snapshot to sockets is complete.
    pub fn handle_snapshot_finished(&mut self, id: SnapshotId) {
        self.primary.snapshot_finished(&mut self.shared, id);
    }

    /// A snapshot to disk is complete, a file of `len` bytes.
    pub fn handle_snapshot_saved(&mut self, now: Now, id: SnapshotId, len: u64) {
        if len == 0 {
            return self.handle_snapshot_failed(now, id);
        }
        self.primary.snapshot_saved(now.instant, &mut self.shared, id, len);
    }

    /// What `ReadSnapshot` asked for; `None` where it could not be read.
    pub fn handle_snapshot_read(
        &mut self,
        now: Now,
        id: SnapshotId,
        conn: ConnId,
        bytes: Option<Vec<u8>>,
    ) {
        self.primary.snapshot_read(now.instant, &mut self.shared, id, conn, bytes);
    }

    // The link to our primary.

    /// The connection is there. False where it is not wanted any more: close it.
    pub fn handle_dialed(&mut self, now: Now, attempt: u64) -> bool {
        self.with_link(now, |link, cx| link.dialed(cx, attempt)).unwrap_or(false)
    }

    /// The connection could not be had.
    pub fn handle_dial_failed(&mut self, now: Now, attempt: u64, reason: &str) {
        self.with_link(now, |link, cx| link.dial_failed(cx, attempt, reason));
    }

    /// Bytes from our primary: takes some off the front of `bytes`. Call until it is empty. `empty`: there are no
    /// keys, so a snapshot may be loaded straight into memory where `repl-diskless-load` says so.
    pub fn handle_link_input<'a>(
        &mut self,
        now: Now,
        bytes: &mut &'a [u8],
        empty: bool,
    ) -> Fed<'a> {
        if let Some(fed) = self.with_link(now, |link, cx| link.input(cx, bytes, empty)) {
            return fed;
        }
        *bytes = &[];
        Fed::Nothing
    }

    /// The connection to our primary is gone.
    pub fn handle_link_closed(&mut self, now: Now, loss: Loss) {
        self.with_link(now, |link, cx| link.closed(cx, loss));
    }

    /// True while a snapshot of the history that our data is part of arrives: what we have is old, but not foreign.
    pub fn receives_own_history(&self) -> bool {
        let id = self.link.as_ref().and_then(Link::history_received);
        id == Some(self.shared.history.id)
    }

    /// The owner begins to load the snapshot.
    pub fn handle_load_begin(&mut self, now: Now, replaces: Replaces) {
        self.with_link(now, |link, cx| link.load_begin(cx, replaces));
    }

    /// The snapshot is our data now.
    pub fn handle_load_done(&mut self, now: Now) {
        self.with_link(now, |link, cx| link.load_done(cx));
        self.flushed = self.shared.log.end();
    }

    /// The snapshot cannot, or will not, be loaded; `words` are logged. Begun or not.
    pub fn handle_load_failed(&mut self, now: Now, words: &str) {
        self.with_link(now, |link, cx| link.load_failed(cx, words));
    }

    /// These bytes of the stream were applied: one request, or a transaction as a whole.
    pub fn applied(&mut self, bytes: &[u8]) {
        if let Some(link) = &mut self.link {
            link.applied(&mut self.shared, bytes);
        }
    }

    // WAIT.

    /// How many replicas have acknowledged `offset`, in memory and on disk.
    pub fn acked(&self, offset: Offset) -> (usize, usize) {
        (self.primary.acked(offset), self.primary.acked_on_disk(offset))
    }

    /// `waiter` waits until `replicas` have acknowledged `offset`; `Action::Waited` says when. Replicas are asked to
    /// acknowledge at the end of the turn.
    pub fn wait(&mut self, waiter: u64, offset: Offset, replicas: usize, on_disk: bool) {
        self.primary.waiters.push(Waiter { waiter, offset, replicas, on_disk });
        self.wants_acks = true;
    }

    /// It waits no longer.
    pub fn cancel_wait(&mut self, waiter: u64) {
        self.primary.waiters.retain(|other| other.waiter != waiter);
    }

    /// Clients are paused, so the stream must not grow, not even by asking for ACKs. Who waits for one waits on.
    pub fn hold_acks(&mut self, held: bool) {
        self.held = held;
    }

    /// Replicas are asked to acknowledge at the end of the turn: a shutdown wants to know.
    pub fn request_acks(&mut self) {
        self.wants_acks = true;
    }

    pub(crate) fn drop_waiters(&mut self) {
        self.primary.waiters.clear();
        self.wants_acks = false;
    }

    // Turns and time.

    /// Idle work: lets go of some of the log that nobody needs any more. True where there is more.
    pub fn trim(&mut self) -> bool {
        self.shared.log.trim()
    }

    /// Once per turn, after all input.
    pub fn flush(&mut self, now: Now) {
        if self.wants_acks && !self.held && self.is_primary() && !self.is_failing_over() {
            self.wants_acks = false;
            if !self.primary.replicas.is_empty() {
                self.shared.append(None, GETACK);
            }
        }
        if !self.primary.waiters.is_empty() {
            for (waiter, replicas) in self.primary.satisfied() {
                self.shared.act(Action::Waited { waiter, replicas });
            }
        }
        let end = self.shared.log.end();
        if end != self.flushed {
            self.flushed = end;
            if !self.primary.replicas.is_empty() {
                self.shared.timeline.note(now.instant, end);
                self.primary.queue_stream();
                self.primary.enforce_output_limit(now.instant, &mut self.shared);
            }
        }
    }

    /// What to do next; call until `None`.
    #[must_use]
    pub fn poll_action(&mut self) -> Option<Action> {
        self.shared.actions.pop_front()
    }

    /// When to call `handle_timeout` if nothing else happens.
    pub fn poll_timeout(&self) -> Instant {
        if self.is_failing_over() {
            self.next_tick.min(self.next_failover_tick)
        } else {
            self.next_tick
        }
    }

    /// Deadlines that have passed are acted on.
    pub fn handle_timeout(&mut self, now: Now) {
        if self.is_failing_over() && now.instant >= self.next_failover_tick {
            self.next_failover_tick = now.instant.after_ms(TICK_FAILOVER_MS);
            self.failover_tick(now);
        }
        if now.instant >= self.next_tick {
            self.next_tick = now.instant.after_ms(TICK_MS);
            self.tick(now);
        }
    }

    fn tick(&mut self, now: Now) {
        self.with_link(now, |link, cx| link.tick(cx));
        // While a replica is to catch up with the end of the stream, the end must not move.
        if self.is_primary()
            && !self.primary.replicas.is_empty()
            && !self.is_failing_over()
            && self.ticks.is_multiple_of(self.shared.settings.ping_period_secs.max(1))
        {
            self.shared.append(None, PING);
        }
        self.ticks += 1;
        self.primary.tick(now.instant, &mut self.shared);
        self.primary.enforce_output_limit(now.instant, &mut self.shared);
        self.shared.log.trim();
        self.forget_history(now);
    }

    /// A primary whose replicas have been gone for long lets go of the log, and of the name: what is written from
    /// now on is not counted, so nobody may take it for the same history.
    fn forget_history(&mut self, now: Now) {
        let ttl_secs = self.shared.settings.backlog_ttl_secs;
        let alone = self.primary.replicas.is_empty() && self.is_primary();
        if !alone || ttl_secs == 0 || !self.shared.log.is_open() {
            return;
        }
        if now.instant.ms_since(self.primary.none_since) / 1000 > ttl_secs {
            let id = ReplicationId::fresh(&mut self.shared.secrets);
            self.shared.history.adopt(id);
            self.shared.log.close();
            self.shared.notice(format!(
                "Replication backlog freed after {ttl_secs} seconds without connected replicas."
            ));
        }
    }

    /// Stops the process where what must hold does not; tests and the simulator call it.
    pub fn check_invariants(&self) {
        self.shared.log.check_invariants();
        for replica in &self.primary.replicas {
            let position = replica.reader.map(|reader| self.shared.log.position(reader));
            match replica.phase {
                Phase::Waiting { .. } => assert!(position.is_none(), "nothing was begun for it"),
                Phase::Saving { offset, .. } => {
                    assert!(position.is_none_or(|at| at == offset), "it lacks what came since");
                }
                _ => assert!(
                    position.is_some() || replica.greeting.snapshot_only,
                    "whoever is to get the stream holds its place"
                ),
            }
        }
    }
}
