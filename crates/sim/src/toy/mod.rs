//! A server in miniature: the real replication, around a dataset of a few keys.
//!
//! The protocol is simulated for real, and a hundred times faster than with a whole server around it; what is glue
//! in `node` is glue here too, in the plainest form, so this is also the shortest example of how the machines of
//! `replication` are driven. It speaks SET, MULTI, EXEC, SAVE, REPLICAOF, FAILOVER and what replicas say.

mod data;
mod disk;
mod plan;
mod sessions;

use crate::{Disk, Request, Seen, Subject};
use data::{Data, Snapshot};
use replication::{
    Action, Fed, Intake, Loss, Offset, Replaces, Replication, ReplicationId, Settings, SnapshotId,
    Target,
};
use resp::{Limits, RequestParser};
use sessions::Session;
use std::collections::{BTreeMap, VecDeque};
use std::io::IoSlice;
use stdx::{Instant, Now, Prng};
use world::{ConnId, Dial, Effect, Event, Level, Machine, Ticket, Work};

/// A mistake that is built in on purpose, to see that the rules notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Canary {
    /// None.
    Healthy,
    /// A replica forgets about one write in so many.
    ForgetsWrites(u64),
    /// A replica that comes back has forgotten which database was selected.
    LosesItsDatabase,
}

/// What to simulate.
#[derive(Clone, Debug)]
pub struct Toys {
    /// The same for all.
    pub settings: Settings,
    /// What is wrong with them.
    pub canary: Canary,
}

impl Subject for Toys {
    type Machine = Toy;
    type Seen = Seen;

    fn boot(&self, process: usize, seed: u64, now: Now, _files: &Disk) -> Toy {
        Toy::new(self.settings.clone(), self.canary, process, seed, now)
    }

    fn probe(&self, _process: usize, toy: &Toy) -> Option<Seen> {
        let place = if toy.booted { toy.repl.place() } else { None };
        Some(Seen {
            id: place.map(|(id, _)| id.to_string()),
            offset: place.map_or(0, |(_, offset)| offset.0),
            digest: toy.data.digest(),
            primary: toy.repl.is_primary(),
            following: toy.repl.link_phase() == Some(replication::LinkPhase::Following),
        })
    }

    fn check(&self, toy: &Toy) {
        toy.repl.check_invariants();
    }

    fn requests(&self, prng: &mut Prng, value_max: u64) -> Vec<Request> {
        let sets = if prng.chance(1, 8) { 3 } else { 1 };
        let mut requests: Vec<Request> = (0..sets)
            .map(|_| {
                let key = format!("key:{}", prng.below(60)).into_bytes();
                let len = 1 + prng.below(value_max) as usize;
                vec![b"SET".to_vec(), key, vec![b'a' + prng.below(26) as u8; len]]
            })
            .collect();
        if sets > 1 {
            requests.insert(0, vec![b"MULTI".to_vec()]);
            requests.push(vec![b"EXEC".to_vec()]);
        }
        requests
    }
}

/// What a ticket is about.
#[derive(Clone, Copy, Debug)]
enum Job {
    BootDump,
    BootRole,
    Nothing,
    Dial(u64),
    SnapshotWritten(SnapshotId, u64),
    SnapshotRead(SnapshotId, ConnId),
    /// Of the intake with this number.
    IntakeWritten(u64),
    IntakeRead(u64),
    Loaded(u64),
}

/// A snapshot that arrives.
#[derive(Debug)]
struct Arriving {
    number: u64,
    into: Intake,
    /// What has not been written, or not been loaded.
    bytes: Vec<u8>,
    /// The disk is at it.
    writing: bool,
    /// All has arrived.
    complete: bool,
    /// Verified, and about to replace what there is.
    loaded: Option<Snapshot>,
    replaces: Replaces,
}

/// A transaction that has begun. Nothing of it counts before its EXEC, not even the database it selects: a link that
/// breaks before that goes on from where it began.
#[derive(Debug)]
struct Transaction {
    bytes: Vec<u8>,
    sets: Vec<(u32, Vec<u8>, Vec<u8>)>,
    db: u32,
}

/// The stream of our primary: what of it has not been applied.
#[derive(Debug, Default)]
struct Stream {
    conn: Option<ConnId>,
    input: Vec<u8>,
    parser: RequestParser,
    transaction: Option<Transaction>,
    /// The database that is selected.
    db: u32,
}

/// The server.
pub struct Toy {
    repl: Replication,
    data: Data,
    canary: Canary,
    writes: u64,
    sessions: BTreeMap<ConnId, Session>,
    stream: Stream,
    /// Snapshots on their way to sockets: what of them has not been handed over.
    outgoing: BTreeMap<SnapshotId, Vec<u8>>,
    arriving: Option<Arriving>,
    arrivals: u64,
    effects: VecDeque<Effect>,
    ready: VecDeque<ConnId>,
    jobs: BTreeMap<Ticket, Job>,
    tickets: u64,
    booted: bool,
    /// The place in a history that the dump belongs to.
    restored: Option<(ReplicationId, Offset)>,
    paused: bool,
}

impl Toy {
    fn new(mut settings: Settings, canary: Canary, process: usize, seed: u64, now: Now) -> Toy {
        settings.announce_port = crate::PORT;
        settings.announce_ip = crate::address(process);
        let mut toy = Toy {
            repl: Replication::new(settings, world::Secrets::made_up(seed), now),
            data: Data::default(),
            canary,
            writes: 0,
            sessions: BTreeMap::new(),
            stream: Stream::default(),
            outgoing: BTreeMap::new(),
            arriving: None,
            arrivals: 0,
            effects: VecDeque::new(),
            ready: VecDeque::new(),
            jobs: BTreeMap::new(),
            tickets: 0,
            booted: false,
            restored: None,
            paused: false,
        };
        toy.boot();
        toy
    }

    fn ticket(&mut self, job: Job) -> Ticket {
        self.tickets += 1;
        self.jobs.insert(Ticket(self.tickets), job);
        Ticket(self.tickets)
    }

    fn snapshot(&self) -> Snapshot {
        let replica = !self.repl.is_primary();
        let stream_db = if replica { self.stream.db } else { self.repl.stream_db() };
        Snapshot { data: self.data.clone(), place: self.repl.place(), stream_db }
    }

    /// What a primary does with a write.
    fn write(&mut self, pairs: &[(Vec<u8>, Vec<u8>)]) {
        let effects = self.repl.wants_effects();
        let atomic = effects && pairs.len() > 1;
        if atomic {
            self.repl.append(None, b"*1\r\n$5\r\nMULTI\r\n");
        }
        for (key, value) in pairs {
            // Two databases, so that a stream which forgets to select is found out.
            let db = u32::from(key.last().copied().unwrap_or(0)) % 2;
            self.data.set(db, key, value);
            if effects {
                self.repl.append(Some(db), &sessions::request(&[b"SET", key, value]));
            }
        }
        if atomic {
            self.repl.append(None, b"*1\r\n$4\r\nEXEC\r\n");
        }
    }

    // What the machine asks for.

    fn act(&mut self, now: Now) {
        while let Some(action) = self.repl.poll_action() {
            self.carry_out(now, action);
        }
    }

    fn carry_out(&mut self, now: Now, action: Action) {
        match action {
            Action::Log { level, text } => self.effects.push_back(Effect::Log { level, text }),
            Action::Dial { attempt, host, port } => {
                let ticket = self.ticket(Job::Dial(attempt));
                self.effects.push_back(Effect::Dial(Dial {
                    ticket,
                    host,
                    port,
                    source: String::new(),
                }));
            }
            Action::CancelDial { attempt } => {
                let of_it =
                    |(_, job): &(&Ticket, &Job)| matches!(job, Job::Dial(a) if *a == attempt);
                let ticket = self.jobs.iter().find(of_it).map(|(ticket, _)| *ticket);
                if let Some(ticket) = ticket {
                    self.jobs.remove(&ticket);
                    self.effects.push_back(Effect::CancelDial(ticket));
                }
            }
            Action::LinkSend(bytes) => {
                if let Some(conn) = self.stream.conn {
                    self.say(conn, &bytes);
                }
            }
            Action::LinkReading(on) => {
                if let Some(conn) = self.stream.conn {
                    self.effects.push_back(Effect::Reading { conn, on });
                }
            }
            Action::LinkClose => {
                if let Some(conn) = self.stream.conn.take() {
                    self.sessions.remove(&conn);
                    self.effects.push_back(Effect::Hangup { conn, after_sending: false });
                }
                self.forget_unapplied();
            }
            Action::ReceiveBegin { into, .. } => self.receive_begin(into),
            Action::ReceiveEnd { .. } => self.receive_end(now),
            Action::ReceiveAbort => self.arriving = None,
            Action::Following { early, .. } => self.run_stream(now, &early),
            Action::StartSnapshot { id, target, .. } => self.start_snapshot(now, id, target),
            Action::CancelSnapshot { id } => {
                self.outgoing.remove(&id);
            }
            Action::ReadSnapshot { id, conn, offset, len } => {
                self.read_snapshot(id, conn, offset, len);
            }
            Action::ReleaseSnapshot { id } => self.release_snapshot(id),
            Action::NoDelay { .. } => {}
            Action::Hangup { conn, last_words, .. } => {
                self.say(conn, &last_words);
                self.effects.push_back(Effect::Hangup { conn, after_sending: true });
            }
            Action::Role { .. } => self.save_role(),
            Action::PauseWrites(on) => self.paused = on,
            Action::Waited { .. } => {}
        }
    }

    fn start_snapshot(&mut self, now: Now, id: SnapshotId, target: Target) {
        self.repl.handle_snapshot_started(now, id);
        let bytes = self.snapshot().encode();
        match target {
            Target::Sockets => {
                self.outgoing.insert(id, bytes);
            }
            Target::Disk => self.write_snapshot(id, bytes),
        }
    }

    fn feed_sockets(&mut self) -> bool {
        let ids: Vec<SnapshotId> = self.outgoing.keys().copied().collect();
        for id in ids {
            let room = self.repl.snapshot_room(id).min(64 << 10);
            let left = self.outgoing.get_mut(&id).expect("it was listed");
            let rest = left.split_off(room.min(left.len()));
            let chunk = std::mem::replace(left, rest);
            let over = left.is_empty();
            self.repl.handle_snapshot_chunk(id, chunk);
            if over {
                self.repl.handle_snapshot_finished(id);
                self.outgoing.remove(&id);
            }
        }
        // A replica that stalls wakes us by taking bytes.
        self.outgoing.keys().any(|id| self.repl.snapshot_room(*id) > 0)
    }

    // The link.

    fn forget_unapplied(&mut self) {
        self.stream.input.clear();
        self.stream.parser = RequestParser::default();
        self.stream.transaction = None;
        if self.canary == Canary::LosesItsDatabase {
            self.stream.db = 0;
        }
    }

    fn link_input(&mut self, now: Now, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            match self.repl.handle_link_input(now, &mut bytes, self.data.is_empty()) {
                Fed::Nothing => {}
                Fed::Snapshot(piece) => self.receive(&piece),
                Fed::Stream(piece) => self.run_stream(now, piece),
            }
            self.act(now);
        }
    }

    fn run_stream(&mut self, now: Now, bytes: &[u8]) {
        let mut input = std::mem::take(&mut self.stream.input);
        input.extend_from_slice(bytes);
        let mut parser = std::mem::take(&mut self.stream.parser);
        let mut garbled = false;
        loop {
            match parser.next(&input, &Limits::default()) {
                Ok(Some(request)) => {
                    let words = parser.words(&request, &input);
                    self.apply(now, words, &input[request.start..request.end]);
                }
                Ok(None) => break,
                Err(_) => {
                    garbled = true;
                    break;
                }
            }
        }
        let consumed = parser.consumed();
        parser.forget(consumed);
        input.drain(..consumed);
        (self.stream.input, self.stream.parser) = (input, parser);
        if garbled {
            self.repl.handle_link_closed(now, Loss::Garbled);
        }
    }

    fn apply(&mut self, now: Now, words: resp::Words<'_>, bytes: &[u8]) {
        let name = words[0].to_ascii_uppercase();
        let select = || {
            let digits = String::from_utf8_lossy(&words[1]);
            digits.parse().expect("the stream selects databases by number")
        };
        if let Some(transaction) = &mut self.stream.transaction {
            transaction.bytes.extend_from_slice(bytes);
            match name.as_slice() {
                b"SELECT" => transaction.db = select(),
                b"SET" => {
                    let set = (transaction.db, words[1].to_vec(), words[2].to_vec());
                    transaction.sets.push(set);
                }
                b"EXEC" => self.apply_transaction(),
                _ => {}
            }
            return;
        }
        match name.as_slice() {
            b"MULTI" => {
                let (bytes, db) = (bytes.to_vec(), self.stream.db);
                self.stream.transaction = Some(Transaction { bytes, sets: Vec::new(), db });
                return;
            }
            b"SELECT" => self.stream.db = select(),
            b"SET" => self.apply_set(self.stream.db, &words[1], &words[2]),
            b"REPLCONF" => {
                let conn = self.stream.conn.unwrap_or(ConnId(0));
                self.repl.handle_replconf(now, conn, true, words);
            }
            _ => {}
        }
        self.repl.applied(bytes);
    }

    fn apply_transaction(&mut self) {
        let transaction = self.stream.transaction.take().expect("the caller has just seen it");
        self.stream.db = transaction.db;
        for (db, key, value) in &transaction.sets {
            self.apply_set(*db, key, value);
        }
        self.repl.applied(&transaction.bytes);
    }

    fn apply_set(&mut self, db: u32, key: &[u8], value: &[u8]) {
        self.writes += 1;
        if let Canary::ForgetsWrites(n) = self.canary
            && self.writes.is_multiple_of(n)
        {
            return;
        }
        self.data.set(db, key, value);
    }
}

impl Machine for Toy {
    fn handle_input(&mut self, now: Now, conn: ConnId, bytes: &[u8]) {
        if self.stream.conn == Some(conn) {
            self.link_input(now, bytes);
        } else {
            self.session_input(now, conn, bytes);
        }
        self.act(now);
    }

    fn handle_event(&mut self, now: Now, event: Event) {
        match event {
            Event::Accepted { conn, peer, .. } => {
                self.sessions.insert(conn, Session::new(&peer));
            }
            Event::Dialed { ticket, conn, peer, .. } => {
                if let Some(Job::Dial(attempt)) = self.jobs.remove(&ticket) {
                    self.stream.conn = Some(conn);
                    self.sessions.insert(conn, Session::new(&peer));
                    if !self.repl.handle_dialed(now, attempt) {
                        self.carry_out(now, Action::LinkClose);
                    }
                }
            }
            Event::DialFailed { ticket, reason } => {
                if let Some(Job::Dial(attempt)) = self.jobs.remove(&ticket) {
                    self.repl.handle_dial_failed(now, attempt, &reason);
                }
            }
            Event::Closed { conn, .. } => {
                self.sessions.remove(&conn);
                if self.stream.conn == Some(conn) {
                    self.stream.conn = None;
                    self.forget_unapplied();
                    self.repl.handle_link_closed(now, Loss::Broken);
                } else {
                    self.repl.handle_replica_closed(now, conn);
                }
            }
            Event::DiskDone { ticket, result } => {
                if let Some(job) = self.jobs.remove(&ticket) {
                    self.disk_done(now, job, result);
                }
            }
            Event::WorkDone { ticket, .. } => {
                if let Some(Job::Loaded(number)) = self.jobs.remove(&ticket) {
                    self.loaded(now, number);
                }
            }
            Event::Listened { ticket, .. } => {
                self.jobs.remove(&ticket);
            }
            Event::Signal(_)
            | Event::OpenFiles { .. }
            | Event::Resolved { .. }
            | Event::Started { .. }
            | Event::Ended { .. } => {}
        }
        self.act(now);
    }

    fn handle_timeout(&mut self, now: Now) {
        self.repl.handle_timeout(now);
        self.act(now);
    }

    fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    fn poll_timeout(&self) -> Option<Instant> {
        Some(self.repl.poll_timeout())
    }

    fn poll_ready(&mut self) -> Option<ConnId> {
        self.ready.pop_front().or_else(|| self.repl.poll_ready())
    }

    fn pending<'a>(&'a self, conn: ConnId, slices: &mut [IoSlice<'a>]) -> usize {
        match self.sessions.get(&conn) {
            // What was said before it became a replica goes first.
            Some(session) if !session.out.is_empty() => {
                slices[0] = IoSlice::new(&session.out);
                1
            }
            _ => self.repl.pending(conn, slices),
        }
    }

    fn sent(&mut self, now: Now, conn: ConnId, count: usize) -> bool {
        match self.sessions.get_mut(&conn) {
            Some(session) if !session.out.is_empty() => {
                session.out.drain(..count);
                true
            }
            _ => {
                let more = self.repl.sent(now, conn, count);
                self.act(now);
                more
            }
        }
    }

    fn idle(&mut self, now: Now, _budget_us: u64) -> bool {
        let more = self.feed_sockets();
        self.repl.flush(now);
        self.act(now);
        more
    }
}

impl Toy {
    fn log(&mut self, text: impl Into<String>) {
        self.effects.push_back(Effect::Log { level: Level::Notice, text: text.into() });
    }

    fn later(&mut self, job: Job) {
        let ticket = self.ticket(job);
        self.effects.push_back(Effect::Offload { ticket, work: Work::new(|| ()) });
    }
}
