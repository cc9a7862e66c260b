//! A world that is made up, for one machine: files in a map, a clock that moves when it is told to, peers whose bytes
//! are the input, and nobody who reads what the machine answers but to count it.

use std::collections::BTreeMap;
use std::io::IoSlice;
use stdx::{Instant, Now, WallTime};
use world::{
    ConnId, Dial, DiskError, DiskErrorKind, DiskOp, DiskReply, Effect, Event, FileId, Machine,
    Outcome, Peer,
};

/// How often a machine may ask for more work before it counts as never ending.
const ROUNDS_MAX: usize = 200_000;

/// A machine and the world around it.
pub struct Rig<M: Machine> {
    /// The machine.
    pub machine: M,
    /// The present moment.
    pub now: Now,
    /// What is on disk.
    pub files: BTreeMap<String, Vec<u8>>,
    /// Calls to others that nobody has answered yet.
    pub dials: Vec<Dial>,
    /// Whether the machine wants the process to end.
    pub has_ended: bool,
    open: BTreeMap<FileId, String>,
    /// The connections that are open, with what was sent to each since somebody looked.
    conns: BTreeMap<ConnId, Vec<u8>>,
    made: u32,
}

/// The moment at which every world begins.
pub fn beginning() -> Now {
    Now { instant: Instant(1_000_000), wall: WallTime::from_ms(1_700_000_000_000) }
}

fn address(text: &str) -> Peer {
    Peer::Ip(text.parse().expect("an address"))
}

impl<M: Machine> Rig<M> {
    /// A world around a machine that was just started.
    pub fn new(machine: M, files: BTreeMap<String, Vec<u8>>) -> Rig<M> {
        let mut rig = Rig {
            machine,
            now: beginning(),
            files,
            dials: Vec::new(),
            has_ended: false,
            open: BTreeMap::new(),
            conns: BTreeMap::new(),
            made: 0,
        };
        rig.settle();
        rig
    }

    /// A client comes.
    pub fn connect(&mut self) -> ConnId {
        let conn = self.fresh_conn();
        let (peer, local) = (address("127.0.0.1:50000"), address("127.0.0.1:6379"));
        self.machine.handle_event(self.now, Event::Accepted { conn, peer, local });
        self.settle();
        conn
    }

    /// Answers the oldest call that the machine has made.
    pub fn answer_call(&mut self) -> Option<ConnId> {
        if self.dials.is_empty() {
            return None;
        }
        let dial = self.dials.remove(0);
        let conn = self.fresh_conn();
        let (peer, local) = (address("127.0.0.1:7000"), address("127.0.0.1:50001"));
        let ticket = dial.ticket;
        self.machine.handle_event(self.now, Event::Dialed { ticket, conn, peer, local });
        self.settle();
        Some(conn)
    }

    fn fresh_conn(&mut self) -> ConnId {
        self.made += 1;
        self.conns.insert(ConnId(self.made), Vec::new());
        ConnId(self.made)
    }

    /// Whether the machine has not hung up.
    pub fn is_open(&self, conn: ConnId) -> bool {
        self.conns.contains_key(&conn)
    }

    /// Bytes arrive, unless the machine has hung up.
    pub fn input(&mut self, conn: ConnId, bytes: &[u8]) {
        if self.is_open(conn) && !self.has_ended {
            self.machine.handle_input(self.now, conn, bytes);
            self.settle();
        }
    }

    /// A request arrives; what was sent since.
    pub fn say(&mut self, conn: ConnId, words: &[&[u8]]) -> Vec<u8> {
        let mut bytes = Vec::new();
        resp::Owned::new(words).words().encode(&mut bytes);
        self.take_output(conn);
        self.input(conn, &bytes);
        self.take_output(conn)
    }

    /// What was sent to a peer since somebody looked.
    pub fn take_output(&mut self, conn: ConnId) -> Vec<u8> {
        self.conns.get_mut(&conn).map(std::mem::take).unwrap_or_default()
    }

    /// The clock moves; whatever was due on the way has happened.
    pub fn pass(&mut self, ms: u64) {
        let end = self.now.after_ms(ms);
        while self.now.instant < end.instant && !self.has_ended {
            let due = self.machine.poll_timeout().unwrap_or(end.instant);
            let at = due.min(end.instant).max(self.now.instant.after_ms(1));
            let passed_us = at.us_since(self.now.instant);
            self.now = Now { instant: at, wall: WallTime(self.now.wall.0 + passed_us) };
            self.machine.handle_timeout(self.now);
            self.settle();
        }
    }

    /// Carries out what the machine asks for until it asks for nothing more.
    pub fn settle(&mut self) {
        for round in 0.. {
            assert!(round < ROUNDS_MAX, "the machine never stops asking for more");
            while let Some(effect) = self.machine.poll_effect() {
                self.carry_out(effect);
            }
            let more = self.machine.idle(self.now, 1000);
            self.send();
            match self.machine.poll_effect() {
                Some(effect) => self.carry_out(effect),
                None if !more => return,
                None => {}
            }
        }
    }

    fn send(&mut self) {
        while self.machine.poll_ready().is_some() {}
        for (conn, output) in &mut self.conns {
            loop {
                let mut slices = [IoSlice::new(&[]); 4];
                let count = self.machine.pending(*conn, &mut slices);
                let before = output.len();
                slices[..count].iter().for_each(|slice| output.extend_from_slice(slice));
                let sent = output.len() - before;
                if sent == 0 {
                    break;
                }
                self.machine.sent(self.now, *conn, sent);
            }
        }
    }

    fn carry_out(&mut self, effect: Effect) {
        let event = match effect {
            Effect::Listen { ticket, .. } => Event::Listened { ticket, result: Ok(()) },
            Effect::OpenFiles { ticket, .. } => Event::OpenFiles { ticket, limit: 10_000 },
            Effect::Disk { ticket, op } => Event::DiskDone { ticket, result: self.disk(op) },
            Effect::Offload { ticket, work } => Event::WorkDone { ticket, result: (work.0)() },
            Effect::Resolve { ticket, .. } => {
                Event::Resolved { ticket, result: Err("no such host".to_owned()) }
            }
            Effect::Run { ticket, .. } => {
                Event::Ended { ticket, outcome: Outcome::NotStarted("not here".to_owned()) }
            }
            Effect::Dial(dial) => return self.dials.push(dial),
            Effect::CancelDial(ticket) => return self.dials.retain(|it| it.ticket != ticket),
            Effect::Hangup { conn, .. } => {
                self.conns.remove(&conn);
                return;
            }
            Effect::Exit(_) => {
                self.has_ended = true;
                return;
            }
            Effect::Stall { ms } => {
                self.now = self.now.after_ms(ms);
                return;
            }
            _ => return,
        };
        self.machine.handle_event(self.now, event);
    }

    fn disk(&mut self, op: DiskOp) -> Result<DiskReply, DiskError> {
        let files = &mut self.files;
        match op {
            DiskOp::Open { file, path } | DiskOp::Update { file, path } => {
                let len = files.get(&path).ok_or_else(missing)?.len() as u64;
                self.open.insert(file, path);
                Ok(DiskReply::Opened { len })
            }
            DiskOp::Create { file, path } => {
                files.insert(path.clone(), Vec::new());
                self.open.insert(file, path);
                Ok(DiskReply::Opened { len: 0 })
            }
            DiskOp::OpenAppend { file, path } => {
                let len = files.entry(path.clone()).or_default().len() as u64;
                self.open.insert(file, path);
                Ok(DiskReply::Opened { len })
            }
            DiskOp::Read { file, offset, len } => {
                let bytes =
                    self.open.get(&file).and_then(|path| files.get(path)).ok_or_else(missing)?;
                let from = (offset as usize).min(bytes.len());
                Ok(DiskReply::Bytes(bytes[from..(from + len).min(bytes.len())].to_vec()))
            }
            DiskOp::Append { file, bytes } => {
                let there = self.open.get(&file).and_then(|path| files.get_mut(path));
                there.ok_or_else(missing)?.extend_from_slice(&bytes);
                Ok(DiskReply::Done)
            }
            DiskOp::WriteAt { file, offset, bytes } => {
                let there = self.open.get(&file).and_then(|path| files.get_mut(path));
                let there = there.ok_or_else(missing)?;
                let (from, to) = (offset as usize, offset as usize + bytes.len());
                there.resize(there.len().max(to), 0);
                there[from..to].copy_from_slice(&bytes);
                Ok(DiskReply::Done)
            }
            DiskOp::Truncate { file, len } => {
                let there = self.open.get(&file).and_then(|path| files.get_mut(path));
                there.ok_or_else(missing)?.resize(len as usize, 0);
                Ok(DiskReply::Done)
            }
            DiskOp::Close { file } => {
                self.open.remove(&file);
                Ok(DiskReply::Done)
            }
            DiskOp::Rename { from, to } => {
                let bytes = files.remove(&from).ok_or_else(missing)?;
                files.insert(to, bytes);
                Ok(DiskReply::Done)
            }
            DiskOp::Remove { path } => {
                files.remove(&path);
                Ok(DiskReply::Done)
            }
            DiskOp::Replace { path, bytes } => {
                files.insert(path, bytes);
                Ok(DiskReply::Done)
            }
            DiskOp::Slurp { path } => {
                files.get(&path).cloned().map(DiskReply::Bytes).ok_or_else(missing)
            }
            DiskOp::Runnable { .. } => Err(missing()),
            DiskOp::WriteOut { .. } | DiskOp::Sync { .. } | DiskOp::ChangeDir { .. } => {
                Ok(DiskReply::Done)
            }
        }
    }
}

fn missing() -> DiskError {
    DiskError { kind: DiskErrorKind::NotFound, text: "No such file or directory".to_owned() }
}
