//! The whole of replication: what both roles own together, and the changes of role.

use crate::failover::{Failover, FailoverCommand, FailoverRequest};
use crate::primary::{
    self, FullReason, Phase, Primary, Request, Resync, Said, Waiter, read_replconf,
};
use crate::replica::{Cx, Fed, Link, LinkPhase, Loss, Replaces, Verdict};
use crate::shared::Shared;
use crate::stats::Stats;
use crate::{Action, History, Offset, ReplicationId, Settings, SnapshotId, Why};
use resp::Words;
use std::io::IoSlice;
use stdx::integer::parse_i64;
use stdx::{Instant, Now};
use world::ConnId;

/// How long between ticks, and while a FAILOVER is under way.
const TICK_MS: u64 = 1000;
const TICK_FAILOVER_MS: u64 = 100;

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
    attempts: u64,
    next_tick: Instant,
    next_failover_tick: Instant,
    ticks: u64,
    /// Somebody waits for ACKs.
    wants_acks: bool,
    /// Where the log ended at the last flush.
    flushed: Offset,
}

impl Replication {
    /// A primary without replicas or history. `seed` makes its names.
    pub fn new(settings: Settings, seed: u64, now: Now) -> Replication {
        Replication {
            shared: Shared::new(settings, seed),
            primary: Primary::new(now.instant),
            link: None,
            failover: Failover::None,
            attempts: 0,
            next_tick: now.instant.after_ms(TICK_MS),
            next_failover_tick: now.instant,
            ticks: 0,
            wants_acks: false,
            flushed: Offset::ZERO,
        }
    }

    /// The settings have changed.
    pub fn set_settings(&mut self, now: Now, settings: Settings) {
        self.shared.log.resize(settings.backlog_bytes.max(Settings::BACKLOG_BYTES_MIN));
        self.shared.settings = settings;
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

    /// Bytes of memory that the log takes.
    pub fn log_memory(&self) -> u64 {
        self.shared.log.memory()
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

    /// True where every replica that is online has everything: an orderly shutdown may go on.
    pub fn replicas_have_all(&self) -> bool {
        let end = self.shared.log.end();
        self.primary.replicas.iter().all(|replica| !replica.is_online() || replica.ack >= end)
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

    // At the start.

    /// The snapshot that was loaded at the start belongs to this place in a history. Call before `follow`, if the
    /// server is to be a replica; it then goes on from there.
    pub fn restore(&mut self, now: Now, id: ReplicationId, offset: Offset, replica: bool) {
        assert!(self.link.is_none() && self.primary.replicas.is_empty(), "restored at the start");
        self.shared.restart_log(offset);
        self.flushed = offset;
        if replica {
            self.shared.history.adopt(id);
            self.shared.log.close();
        } else {
            // A primary that restarts begins a new history, which parts from the old one here.
            let fresh = self.shared.history.id;
            self.shared.history.adopt(id);
            self.shared.history.shift(offset, fresh);
        }
        self.primary.none_since = now.instant;
    }

    /// Be a replica from the start, as the file says. Goes on from a place that was restored.
    pub fn follow(&mut self, now: Now, host: &str, port: u16, restored: bool) {
        let place = restored.then(|| (self.shared.history.id, self.shared.log.end()));
        self.set_link(now, host, port, place);
        // The tick dials: the server has to be up first.
        self.next_tick = now.instant;
    }

    // Changes of role.

    /// REPLICAOF host port.
    pub fn replicaof(&mut self, now: Now, host: &str, port: u16) -> ReplicaOf {
        if self.is_failing_over() {
            return ReplicaOf::FailingOver;
        }
        if let Some(link) = &self.link
            && link.host.eq_ignore_ascii_case(host)
            && link.port == port
        {
            self.shared.notice(
                "REPLICAOF would result into synchronization with the master we are already \
                 connected with. No operation performed.",
            );
            return ReplicaOf::Already;
        }
        self.become_replica(now, host, port);
        ReplicaOf::Started
    }

    fn become_replica(&mut self, now: Now, host: &str, port: u16) {
        let was_primary = self.link.is_none();
        let place = match self.link.take() {
            Some(mut link) => {
                self.attempts = link.attempts();
                link.drop_connection(&mut self.cx(now));
                link.place(&self.shared)
            }
            None => {
                self.shared.notice(
                    "Before turning into a replica, using my own master parameters to \
                     synthesize a cached master: I may be able to synchronize with the new \
                     master with just a partial transfer.",
                );
                Some((self.shared.history.id, self.shared.log.end()))
            }
        };
        self.set_link(now, host, port, place);
        if was_primary {
            self.drop_waiters();
            self.shared.act(Action::Role { primary: false });
        }
        let name = self.link.as_ref().map(Link::name).unwrap_or_default();
        self.shared.notice(format!("Connecting to MASTER {name}"));
        self.with_link(now, |link, cx| link.dial(cx));
    }

    fn set_link(
        &mut self,
        now: Now,
        host: &str,
        port: u16,
        place: Option<(ReplicationId, Offset)>,
    ) {
        let mut link = Link::new(now.instant, host, port, place);
        link.follow_attempts_of(self.attempts);
        self.link = Some(link);
    }

    /// REPLICAOF NO ONE. True where it changed anything; the owner logs who asked for it. Refused (false) while
    /// failing over: look at `is_failing_over` first.
    pub fn promote(&mut self, now: Now) -> bool {
        !self.is_failing_over() && self.become_primary(now)
    }

    fn become_primary(&mut self, now: Now) -> bool {
        let Some(mut link) = self.link.take() else { return false };
        self.attempts = link.attempts();
        link.drop_connection(&mut self.cx(now));
        let id = ReplicationId::fresh(&mut self.shared.prng);
        self.shared.history.shift(self.shared.log.end(), id);
        let History { id, id2, .. } = self.shared.history;
        let second = self.shared.history.second_offset();
        self.shared.notice(format!(
            "Setting secondary replication ID to {id2}, valid up to offset: {second}. New \
             replication ID is {id}"
        ));
        // They must learn the new name; they will go on from where they are.
        self.primary.hang_up_all(now.instant, &mut self.shared, Why::HistoryChanged);
        self.shared.stream_db = None;
        self.primary.none_since = now.instant;
        self.shared.act(Action::Role { primary: true });
        true
    }

    fn cx(&mut self, now: Now) -> Cx<'_> {
        Cx { now: now.instant, shared: &mut self.shared, primary: &mut self.primary }
    }

    /// Lets the link act, and then a FAILOVER that hangs on what the link has learned.
    fn with_link<R>(
        &mut self,
        now: Now,
        act: impl FnOnce(&mut Link, &mut Cx<'_>) -> R,
    ) -> Option<R> {
        let link = self.link.as_mut()?;
        let mut cx = Cx { now: now.instant, shared: &mut self.shared, primary: &mut self.primary };
        let result = act(link, &mut cx);
        match link.take_verdict() {
            Some(Verdict::Accepted) => self.clear_failover(),
            Some(Verdict::Rejected) => {
                self.abort_failover(now, "Failover target rejected psync request");
            }
            None => {}
        }
        Some(result)
    }

    // Sessions that turn out to be replicas.

    /// REPLCONF on a session that called from `ip`, or (`from_primary`) in the stream of our primary.
    pub fn handle_replconf(
        &mut self,
        now: Now,
        conn: ConnId,
        from_primary: bool,
        words: Words<'_>,
    ) -> Replconf {
        let mut greeting = self.primary.greeting(conn);
        let said = if from_primary {
            read_replconf(&mut greeting, words)
        } else {
            read_replconf(self.primary.greeting_mut(conn), words)
        };
        match said {
            Ok(Said::Greeting) => Replconf::Ok,
            Ok(Said::Ack { offset, on_disk }) => {
                self.primary.acked_by(now.instant, &mut self.shared, conn, offset, on_disk);
                Replconf::Silent
            }
            Ok(Said::GetAck) => {
                if from_primary {
                    self.with_link(now, |link, cx| link.send_ack(cx.shared));
                }
                Replconf::Silent
            }
            Ok(Said::Ignored) => Replconf::Silent,
            Err(text) => Replconf::Error(text),
        }
    }

    /// SYNC or PSYNC, the name first, on a session that called from `ip`. What was written to the session before
    /// must have been sent. `Ok`: it is a replica now. An error is the text of the reply, with its code.
    pub fn handle_sync(
        &mut self,
        now: Now,
        conn: ConnId,
        ip: &str,
        words: Words<'_>,
    ) -> Result<(), String> {
        if self.is_replica(conn) {
            return Ok(());
        }
        let partial = words.len() > 2 && words[0].eq_ignore_ascii_case(b"psync");
        if partial && words.get(3).is_some_and(|word| word.eq_ignore_ascii_case(b"failover")) {
            self.take_over(now, &words[1], ip)?;
        }
        if self.is_failing_over() {
            return Err("NOMASTERLINK Can't SYNC while failing over".to_string());
        }
        if self.link_phase().is_some_and(|phase| phase != LinkPhase::Following) {
            return Err("NOMASTERLINK Can't SYNC while not connected with my master".to_string());
        }
        let greeting = self.primary.greeting(conn);
        if greeting.filter != crate::Filter::default() && !greeting.capa_eof {
            return Err("ERR Filtered replica requires EOF capability".to_string());
        }
        let name = self.primary.caller_name(conn, ip);
        self.shared.notice(format!("Replica {name} asks for synchronization"));
        let verdict = if partial {
            let Some(first_byte) = parse_i64(&words[2]) else {
                self.shared.warning(format!(
                    "Replica {name} asks for synchronization but with a wrong offset"
                ));
                return Err("ERR value is not an integer or out of range".to_string());
            };
            let request = Request { id: &words[1], first_byte };
            let verdict = primary::decide(request, &self.shared.history, &self.shared.log);
            // A replica that is ahead of another in one history is put off, not wiped: the other is on its way there,
            // or is about to be told a new history. Redis would send it a snapshot of the past.
            if verdict == Resync::Full(FullReason::AheadOfUs) && !self.is_primary() {
                self.shared.notice(format!(
                    "Replica {name} is ahead of me in the history that we share (it asks for byte \
                     {first_byte}, I am at {}); it is put off until I have caught up",
                    self.shared.log.end()
                ));
                return Err("NOMASTERLINK Can't SYNC while behind the replica".to_string());
            }
            self.log_verdict(&name, request, verdict);
            verdict
        } else {
            Resync::Full(FullReason::OldProtocol)
        };
        match verdict {
            Resync::Partial { from } => {
                self.primary.attach_partial(now.instant, &mut self.shared, conn, ip, from);
            }
            Resync::Full(reason) => {
                if partial && reason != FullReason::Requested {
                    self.shared.stats.partial_err += 1;
                }
                self.begin_history();
                self.primary.attach_full(now.instant, &mut self.shared, conn, ip, reason);
            }
        }
        Ok(())
    }

    /// A primary that hands over to us by FAILOVER asks us to be one.
    fn take_over(&mut self, now: Now, id: &[u8], ip: &str) -> Result<(), String> {
        self.shared.notice(format!(
            "Failover request received for replid {}.",
            String::from_utf8_lossy(id).escape_debug()
        ));
        if self.is_primary() {
            return Err("ERR PSYNC FAILOVER can't be sent to a master.".to_string());
        }
        if !self.shared.history.id.is(id) {
            return Err("ERR PSYNC FAILOVER replid must match my replid.".to_string());
        }
        self.become_primary(now);
        self.shared.notice(format!("MASTER MODE enabled (failover request from '{ip}')"));
        Ok(())
    }

    /// The first replica opens the log; a history that nobody recorded must not share a name with this one.
    fn begin_history(&mut self) {
        if self.shared.log.is_open() {
            return;
        }
        let id = ReplicationId::fresh(&mut self.shared.prng);
        self.shared.history.adopt(id);
        self.shared.log.open();
        let History { id, id2, .. } = self.shared.history;
        self.shared.notice(format!(
            "Replication backlog created, my new replication IDs are '{id}' and '{id2}'"
        ));
    }

    fn log_verdict(&mut self, name: &str, request: Request<'_>, verdict: Resync) {
        let Resync::Full(reason) = verdict else { return };
        let History { id, id2, .. } = self.shared.history;
        let asked = String::from_utf8_lossy(request.id).escape_debug().to_string();
        let at = request.first_byte;
        let lack = format!(
            "Unable to partial resync with replica {name} for lack of backlog (Replica request \
             was: {at})."
        );
        match reason {
            FullReason::Requested => {
                self.shared.notice(format!("Full resync requested by replica {name}"));
            }
            FullReason::UnknownHistory => self.shared.notice(format!(
                "Partial resynchronization not accepted: Replication ID mismatch (Replica asked \
                 for '{asked}', my replication IDs are '{id}' and '{id2}')"
            )),
            FullReason::PartedHistory => {
                let up_to = self.shared.history.second_offset();
                self.shared.notice(format!(
                    "Partial resynchronization not accepted: Requested offset for second ID was \
                     {at}, but I can reply up to {up_to}"
                ));
            }
            FullReason::AheadOfUs => {
                self.shared.notice(lack);
                self.shared.warning(format!(
                    "Warning: replica {name} tried to PSYNC with an offset that is greater than \
                     the master replication offset."
                ));
            }
            FullReason::NoBacklog | FullReason::TooOld => self.shared.notice(lack),
            FullReason::OldProtocol => {}
        }
    }

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
        self.primary.snapshot_finished(id);
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

    /// Replicas are asked to acknowledge at the end of the turn: a shutdown wants to know.
    pub fn request_acks(&mut self) {
        self.wants_acks = true;
    }

    fn drop_waiters(&mut self) {
        self.primary.waiters.clear();
        self.wants_acks = false;
    }

    // FAILOVER.

    /// FAILOVER. An error is the text of the reply, with its code.
    pub fn failover(&mut self, now: Now, command: FailoverCommand) -> Result<(), String> {
        let request = match command {
            FailoverCommand::Start(request) => request,
            FailoverCommand::Abort if self.is_failing_over() => {
                self.abort_failover(now, "Failover manually aborted");
                return Ok(());
            }
            FailoverCommand::Abort => return Err("ERR No failover in progress.".to_string()),
        };
        self.may_fail_over(&request)?;
        self.shared.notice(match &request.target {
            Some((host, port)) => format!("FAILOVER requested to {host}:{port}."),
            None => "FAILOVER requested to any replica.".to_string(),
        });
        let deadline = request.timeout_ms.map(|ms| now.instant.after_ms(ms));
        self.failover = Failover::Waiting { request, deadline };
        self.next_failover_tick = now.instant.after_ms(TICK_FAILOVER_MS);
        self.shared.act(Action::PauseWrites(true));
        Ok(())
    }

    fn may_fail_over(&self, request: &FailoverRequest) -> Result<(), String> {
        let refuse = |why: &str| Err(format!("ERR {why}"));
        if self.is_failing_over() {
            return refuse("FAILOVER already in progress.");
        }
        if !self.is_primary() {
            return refuse("FAILOVER is not valid when server is a replica.");
        }
        if self.primary.replicas.is_empty() {
            return refuse("FAILOVER requires connected replicas.");
        }
        if request.force && (request.timeout_ms.is_none() || request.target.is_none()) {
            return refuse(
                "FAILOVER with force option requires both a timeout and target HOST and IP.",
            );
        }
        if let Some((host, port)) = &request.target {
            let Some(replica) = self.primary.find(host, *port) else {
                return refuse("FAILOVER target HOST and PORT is not a replica.");
            };
            if !replica.is_online() {
                return refuse("FAILOVER target replica is not online.");
            }
        }
        Ok(())
    }

    fn clear_failover(&mut self) {
        if self.is_failing_over() {
            self.failover = Failover::None;
            self.shared.act(Action::PauseWrites(false));
        }
    }

    fn abort_failover(&mut self, now: Now, why: &str) {
        let target = self.failover.target();
        self.shared.notice(format!("FAILOVER to {target} aborted: {why}"));
        if matches!(self.failover, Failover::InProgress { .. }) {
            self.become_primary(now);
        }
        self.clear_failover();
    }

    fn failover_tick(&mut self, now: Now) {
        let Failover::Waiting { request, deadline } = &self.failover else { return };
        if deadline.is_some_and(|deadline| deadline <= now.instant) {
            let (true, Some((host, port))) = (request.force, request.target.clone()) else {
                return self.abort_failover(now, "Replica never caught up before timeout");
            };
            self.shared
                .notice(format!("FAILOVER to {host}:{port} time out exceeded, failing over."));
            return self.hand_over(now, host, port);
        }
        let end = self.shared.log.end();
        let caught_up = match &request.target {
            Some((host, port)) => {
                self.primary.find(host, *port).filter(|replica| replica.ack == end)
            }
            None => self.primary.replicas.iter().find(|r| r.is_online() && r.ack == end),
        };
        if let Some(replica) = caught_up {
            let (host, port) = (replica.host().to_string(), replica.greeting.listening_port);
            self.shared.notice(format!("Failover target {host}:{port} is synced, failing over."));
            self.hand_over(now, host, port);
        }
    }

    fn hand_over(&mut self, now: Now, host: String, port: u16) {
        self.failover = Failover::InProgress { host: host.clone(), port };
        self.become_replica(now, &host, port);
        if let Some(link) = &mut self.link {
            link.failover = true;
        }
    }

    // Turns and time.

    /// Once per turn, after all input.
    pub fn flush(&mut self, now: Now) {
        if self.wants_acks && self.is_primary() && !self.is_failing_over() {
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
            && self.ticks % self.shared.settings.ping_period_secs.max(1) == 0
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
            let id = ReplicationId::fresh(&mut self.shared.prng);
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
