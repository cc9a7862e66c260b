//! How the world speaks to the server: events are routed to their owners, effects and bytes are handed out.

use crate::input::HELD_OUTPUT_BYTES;
use crate::node::{Errand, Node};
use crate::persist::{Loading, LoadingWhy};
use crate::session::{Closing, Role, Session};
use rdb::Packer;
use std::any::Any;
use std::io::IoSlice;
use stdx::{Instant, Now};
use world::{ConnId, DiskError, DiskReply, Effect, Event, Level, Machine, Peer};

impl Machine for Node {
    fn handle_input(&mut self, now: Now, conn: ConnId, bytes: &[u8]) {
        self.begin_turn(now);
        self.stats.reads += 1;
        match self.sessions.get(conn).map(|it| it.role) {
            Some(Role::Master) => self.link_input(conn, bytes),
            Some(_) => self.input(conn, bytes),
            None => {
                self.migration_input(conn, bytes);
                self.end_unit();
            }
        }
        self.thin_out();
        self.bury();
    }

    fn handle_event(&mut self, now: Now, event: Event) {
        self.begin_turn(now);
        match event {
            Event::Accepted { conn, peer, local } => self.accepted(conn, peer, local),
            Event::Closed { conn, .. } if self.migration_lost(conn) => {}
            Event::Closed { conn, reason } => {
                self.tell_departure(conn, &reason);
                self.forget(conn);
                self.sessions.remove(conn);
                self.settle_replication();
            }
            Event::Dialed { ticket, conn, peer, local } => {
                match self.errands.remove(&ticket) {
                    Some(Errand::Dial { attempt }) => self.dialed(attempt, conn, peer, local),
                    Some(Errand::Migrating) => self.migration_dialed(conn),
                    // Nobody wants it any more.
                    _ => self.effects.push_back(Effect::Hangup { conn, after_sending: false }),
                }
            }
            Event::DialFailed { ticket, reason } => match self.errands.remove(&ticket) {
                Some(Errand::Dial { attempt }) => self.dial_failed(attempt, &reason),
                Some(Errand::Migrating) => self.migration_dial_failed(),
                _ => {}
            },
            Event::DiskDone { ticket, result } => {
                if let Some(errand) = self.errands.remove(&ticket) {
                    self.disk_done(errand, result);
                }
            }
            Event::WorkDone { ticket, result } => {
                if let Some(errand) = self.errands.remove(&ticket) {
                    self.work_done(errand, result);
                }
            }
            Event::Listened { ticket, result } => {
                match self.errands.remove(&ticket) {
                    Some(Errand::Changing(id)) => self.change_stepped(id, result),
                    Some(Errand::Listening) => self.listened(result),
                    // What was listened at before, after a change that failed.
                    _ => {}
                }
            }
            Event::OpenFiles { ticket, limit } => {
                if let Some(Errand::Changing(id)) = self.errands.remove(&ticket) {
                    self.change_stepped(id, self.fits_clients(limit));
                }
            }
            Event::Signal(signal) => self.signalled(signal),
            // A server runs no programs and has no names looked up but for a call.
            Event::Started { .. } | Event::Ended { .. } | Event::Resolved { .. } => {}
        }
        self.end_unit();
        self.bury();
    }

    fn handle_timeout(&mut self, now: Now) {
        self.begin_turn(now);
        self.wake_late();
        self.migration_timeout();
        // A snapshot must neither begin nor arrive in the middle of a script.
        if self.repl.poll_timeout() <= now.instant && self.scripting.slow().is_none() {
            self.repl.handle_timeout(now);
            self.settle_replication();
        }
        self.load_if_rested();
        self.cron_if_due();
        self.end_unit();
        self.thin_out();
        self.bury();
    }

    fn poll_effect(&mut self) -> Option<Effect> {
        if self.effects.is_empty() {
            if self.tracking.has_news() {
                self.broadcast();
                // What it wrote counts towards `maxmemory-clients`.
                self.thin_out();
            }
            self.run_woken();
            self.repl.hold_acks(self.blocking.pause(self.now.instant).is_some());
            self.repl.flush(self.now);
            self.settle_replication();
            self.bury();
        }
        self.effects.pop_front()
    }

    fn poll_timeout(&self) -> Option<Instant> {
        if self.waking.is_impatient() {
            return Some(Instant::ZERO);
        }
        // What `handle_timeout` leaves alone must not wake it: its time would be past for ever.
        let fixed = match self.scripting.slow() {
            Some(_) => self.cron.next,
            None => self.cron.next.min(self.repl.poll_timeout()),
        };
        let journey = self.migration.as_ref().map(|it| it.deadline());
        let paced = self.persist.next_deadline(self.now.instant);
        [self.blocking.next_deadline(), journey, paced, Some(fixed)].into_iter().flatten().min()
    }

    fn poll_ready(&mut self) -> Option<ConnId> {
        // Replicas come first: a client that has its reply finds what it wrote at a replica as soon as may be.
        self.repl.poll_ready().or_else(|| self.ready.pop_front())
    }

    fn pending<'a>(&'a self, conn: ConnId, slices: &mut [IoSlice<'a>]) -> usize {
        let Some(session) = self.sessions.get(conn) else {
            return self.migration_pending(conn, slices);
        };
        if session.role == Role::Replica && session.out.is_empty() {
            return self.repl.pending(conn, slices);
        }
        session.out.pending(slices)
    }

    fn sent(&mut self, now: Now, conn: ConnId, count: usize) -> bool {
        self.now = now;
        self.stats.writes += 1;
        let Some(session) = self.sessions.get_mut(conn) else {
            return self.migration_sent(conn, count);
        };
        session.net_out += count as u64;
        let replica = session.role == Role::Replica;
        if replica && session.out.is_empty() {
            self.stats.net_repl_out += count as u64;
            return self.repl.sent(now, conn, count);
        }
        self.stats.net_out += count as u64;
        session.out.advance(count);
        if session.role != Role::Master {
            session.active = now.instant;
        }
        if session.held && session.out.len() < HELD_OUTPUT_BYTES / 2 {
            session.held = false;
            self.waking.wake(conn);
        }
        let more = !session.out.is_empty();
        session.out.announced = more;
        if !more && session.closing == Some(Closing::AfterSending) {
            self.sessions.remove(conn);
            self.effects.push_back(Effect::Hangup { conn, after_sending: false });
            return false;
        }
        // Behind a replica's own last reply comes what the machine has for it.
        more || replica && self.repl.pending_bytes(conn) > 0
    }

    fn idle(&mut self, now: Now, budget_us: u64) -> bool {
        self.now = now;
        let mut more = self.run_woken_late() | self.run_next_shares();
        if self.go_on_with_script() {
            self.bury();
            return true;
        }
        more |= self.slice_savings(budget_us);
        if self.wants_sweep {
            more |= self.sweep(budget_us);
        }
        self.stats.turns.end(self.senses.stopwatch, self.stats.commands);
        more | self.repl.trim()
    }
}

impl Node {
    fn begin_turn(&mut self, now: Now) {
        self.now = now;
        self.stats.turns.begin(self.senses.stopwatch, self.stats.commands);
    }

    /// The server begins its work: listening, the dataset. To be called once, before the first turn.
    pub fn start(&mut self, now: Now) {
        self.now = now;
        self.stats.memory_at_start = self.used_memory();
        let role = if self.config.values.source().is_some() { 'S' } else { 'M' };
        self.effects.push_back(Effect::LogRole(role));
        self.adjust_oom_score(None);
        self.begin_users();
    }

    /// Listens where the parameters say.
    pub(crate) fn listen(&mut self, errand: Errand) {
        let values = &self.config.values;
        let path = values.text("unixsocket");
        let mode = values.count("unixsocketperm") as u32;
        let (addresses, port) = (values.addresses().to_vec(), values.count("port") as u16);
        let backlog = values.count("tcp-backlog") as u32;
        let ticket = self.errand(errand);
        let unix = (!path.is_empty()).then_some((path, mode));
        self.effects.push_back(Effect::Listen { ticket, addresses, port, unix, backlog });
    }

    /// The server listens, or cannot.
    fn listened(&mut self, result: Result<(), String>) {
        match result {
            Ok(())
                if self.persist.keys_loaded == 0
                    && self.persist.loading.is_none()
                    && !self.cron.started =>
            {
                self.cron.started = true;
                self.log(Level::Notice, "Server initialized");
                let path = self.config.values.text("dbfilename");
                self.load_file(LoadingWhy::Start, path);
            }
            Ok(()) => {}
            Err(text) => {
                self.log(Level::Warning, text);
                self.effects.push_back(Effect::Exit(world::Exit::Status(1)));
            }
        }
    }

    /// A word for systemd, where it supervises us.
    pub(crate) fn tell_supervisor(&mut self, text: &str) {
        self.effects.push_back(Effect::Supervisor(format!("{text}\n")));
    }

    /// The dataset is there: the server is open for business.
    pub(crate) fn loaded(&mut self) {
        if let Some(source) = self.config.values.source().cloned() {
            let restored = self.persist.restored;
            self.repl.follow(self.now, &source.host, source.port, restored);
            self.settle_replication();
        }
        if self.config.values.count("port") > 0 {
            self.log(Level::Notice, "Ready to accept connections tcp");
        }
        if !self.config.values.text("unixsocket").is_empty() {
            self.log(Level::Notice, "Ready to accept connections unix");
        }
        self.tell_supervisor(match self.config.values.source() {
            None => "STATUS=Ready to accept connections",
            Some(_) => {
                "STATUS=Ready to accept connections in read-only mode. Waiting for MASTER <-> REPLICA sync"
            }
        });
        self.tell_supervisor("READY=1");
    }

    /// The file that was loaded tells its place in a history: a replica goes on from there.
    pub(crate) fn restore_history(&mut self, loading: &Loading) {
        if self.persist.restored {
            return;
        }
        let id = loading.replid.as_deref().and_then(replication::ReplicationId::parse);
        let offset = loading.offset.and_then(replication::Offset::told);
        let (Some(id), Some(offset)) = (id, offset) else { return };
        let replica = self.config.values.source().is_some();
        self.repl.restore(self.now, id, offset, replica);
        self.persist.restored = true;
        self.link.stream_db =
            loading.stream_db.and_then(|it| usize::try_from(it).ok()).unwrap_or(0);
    }

    fn disk_done(&mut self, errand: Errand, result: Result<DiskReply, DiskError>) {
        let plain = |result: Result<DiskReply, DiskError>| result.map(|_| ());
        match errand {
            Errand::Saving(id) => self.saving_step(id, plain(result)),
            Errand::Loading(file) => self.loading_step(file, result),
            Errand::Receiving(file) => self.receiving_step(file, plain(result)),
            Errand::ReadSnapshot { id, conn } => {
                let bytes = match result {
                    Ok(DiskReply::Bytes(bytes)) => Some(bytes),
                    _ => None,
                };
                self.repl.handle_snapshot_read(self.now, id, conn, bytes);
                self.settle_replication();
            }
            Errand::Changing(id) => {
                self.change_stepped(id, plain(result).map_err(|error| error.text));
            }
            Errand::OomScore => self.oom_score_stepped(result),
            Errand::Rewriting(id) => self.rewrite_stepped(id, result),
            Errand::Users(task) => self.users_stepped(task, result),
            Errand::Ignored
            | Errand::Migrating
            | Errand::Packing(_)
            | Errand::Dial { .. }
            | Errand::Listening
            | Errand::Freeing => {}
        }
    }

    fn work_done(&mut self, errand: Errand, result: Box<dyn Any + Send>) {
        match errand {
            Errand::Packing(id) => {
                let result = result.downcast::<(Packer, Vec<u8>)>();
                let (packer, packed) =
                    *result.expect("packing returns the packer and what it packed");
                self.packed(id, packer, packed);
            }
            Errand::Freeing => {
                self.stats.lazyfree_pending = self.stats.lazyfree_pending.saturating_sub(1);
                self.stats.lazyfreed += 1;
            }
            _ => {}
        }
    }

    /// Frees what the keyspace let go of.
    pub(crate) fn free_garbage(&mut self) {
        while let Some(garbage) = self.keyspace.take_garbage() {
            self.free_elsewhere(garbage);
        }
    }

    /// Frees a large value on another thread.
    pub(crate) fn free_elsewhere(&mut self, garbage: Box<dyn Any + Send>) {
        self.stats.lazyfree_pending += 1;
        let ticket = self.errand(Errand::Freeing);
        let work = world::Work::new(move || drop(garbage));
        self.effects.push_back(Effect::Offload { ticket, work });
    }

    /// A client knocks: let in, or told why not and shown out.
    fn accepted(&mut self, conn: ConnId, peer: Peer, local: Peer) {
        self.tell_arrival(&peer);
        let id = self.sessions.next_id();
        let local_peer = peer.is_local();
        let mut session = Session::new(id, conn, peer, local, self.now);
        self.let_in(&mut session);
        self.sessions.insert(session);
        self.stats.connections += 1;
        let needs_password = !self.users.default_user().needs_no_password();
        if self.sessions.len() > self.settings.clients_max {
            self.stats.rejected_connections += 1;
            self.send(conn, |w| w.error(session::TOO_MANY));
            self.close(conn, Closing::AfterSending);
            return;
        }
        if self.settings.protected_mode && !needs_password && !local_peer {
            self.stats.rejected_connections += 1;
            self.send(conn, |w| w.error(session::PROTECTED));
            self.close(conn, Closing::AfterSending);
            return;
        }
        if self.settings.keepalive_secs > 0 {
            self.effects.push_back(Effect::KeepAlive { conn, secs: self.settings.keepalive_secs });
        }
    }
}
