//! The made-up world: processes, the network between them, their disks, and time, all from one seed.
//!
//! It runs any `world::Machine`. Everything that will happen is in one queue, ordered by its moment and then by its
//! age; the next thing happens, the process it happened to runs a turn as the real world would run it, the rules look
//! at that process, and so on. Nothing else moves. So the same seed gives the same run, to the byte.

mod connections;
mod outside;
mod turn;

use crate::checker::Checker;
use crate::disk::Disk;
use crate::network::{Pipe, Side};
use resp::{ReplyParser, Value};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use stdx::{Instant, Now, Prng, WallTime};
use world::{ConnId, DiskOp, Event, Machine, Outcome, Ticket};

/// The port that every process listens at; its address is `10.0.0.` and its number, counting from 1.
pub const PORT: u16 = 6379;

/// The address of a process.
pub fn address(process: usize) -> String {
    format!("10.0.0.{}", process + 1)
}

/// The name of a process, which is looked up in time like any other: `node-` and its number, counting from 1.
pub fn hostname(process: usize) -> String {
    format!("node-{}", process + 1)
}

/// The words of a request.
pub type Request = Vec<Vec<u8>>;

/// What is simulated.
pub trait Subject {
    /// The program.
    type Machine: Machine;
    /// What the rules look at.
    type Seen;
    /// Starts it, as a process would: what it wants of its disk it must ask for, but for its configuration, which a
    /// program reads before there is a machine.
    fn boot(&self, process: usize, seed: u64, now: Now, files: &Disk) -> Self::Machine;
    /// What the rules look at; none while the machine would not answer.
    fn probe(&self, process: usize, machine: &Self::Machine) -> Option<Self::Seen>;
    /// Looks at the machine's own invariants.
    fn check(&self, _machine: &Self::Machine) {}
    /// What lies on the disk of a process before its first start, each file with its path.
    fn files(&self, _process: usize) -> Vec<(String, Vec<u8>)> {
        Vec::new()
    }
    /// What a client sends at a time.
    fn requests(&self, _prng: &mut Prng, _value_max: u64) -> Vec<Request> {
        Vec::new()
    }
    /// What an operator sends who does not know what he is doing; roles apart.
    fn meddling(&self, _prng: &mut Prng) -> Request {
        vec![b"SAVE".to_vec()]
    }
    /// What becomes of a program that a process runs, and after how many microseconds.
    fn run(
        &self,
        _process: usize,
        _program: &str,
        _arguments: &[String],
        prng: &mut Prng,
    ) -> (u64, Outcome) {
        (prng.below(500_000), Outcome::Exited(0))
    }
    /// True where clients also talk to those who are no primaries.
    fn asks_replicas(&self) -> bool {
        false
    }
}

/// How unkind the world is.
#[derive(Clone, Copy, Debug)]
pub struct Weather {
    /// Bytes take between this and this many microseconds.
    pub delay_us: (u64, u64),
    /// A disk operation takes up to so many microseconds.
    pub disk_us_max: u64,
    /// Of a thousand operations on the disk so many fail.
    pub disk_failures_per_mille: u64,
    /// Bytes are handed over in pieces no larger than this.
    pub piece_max: u64,
    /// Of a thousand sendings so many are lost on the way, and sent again by the kernel after 200 to 400 ms; what
    /// was sent behind them waits for them.
    pub loss_per_mille: u64,
}

/// A rule was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which rule.
    pub rule: String,
    /// How.
    pub what: String,
}

enum Happening {
    Arrive { pipe: u64, end: usize, at: Instant },
    Reset { pipe: u64, end: usize },
    Connect { process: usize, boot: u64, ticket: Ticket, target: Option<usize> },
    Tell { process: usize, boot: u64, event: Event },
    Disk { process: usize, boot: u64, ticket: Ticket, op: DiskOp },
    Ended { process: usize, boot: u64, ticket: Ticket, outcome: Outcome },
    Idle { process: usize, boot: u64 },
    Start { process: usize },
}

struct Process<M> {
    machine: Option<M>,
    boot: u64,
    disk: Disk,
    /// The moment up to which operations on the disk are queued: they happen in order.
    disk_busy: Instant,
    conns: BTreeMap<ConnId, (u64, usize)>,
    /// Connections that had more to send than the network would take.
    blocked: BTreeSet<ConnId>,
    cancelled: BTreeSet<Ticket>,
    /// The programs that it runs.
    running: BTreeSet<Ticket>,
    listening: bool,
    paused_until: Instant,
    idling: bool,
    drift_ppm: u64,
    clock_us: u64,
    /// How far its calendar has been set ahead, or back.
    wall_us: i64,
    /// When its machine wants to be woken, by its own clock, as it said at the end of its last turn.
    timeout: Option<Instant>,
}

/// A client: what it was told and has not looked at.
struct Client {
    pipe: u64,
    parser: ReplyParser,
    open: bool,
}

/// The world.
pub struct World<S: Subject> {
    subject: S,
    /// What happens by chance in it.
    pub prng: Prng,
    /// How it treats its processes.
    pub weather: Weather,
    now: Instant,
    happenings: BTreeMap<(Instant, u64), Happening>,
    sequence: u64,
    processes: Vec<Process<S::Machine>>,
    pipes: BTreeMap<u64, Pipe>,
    made_pipes: u64,
    clients: Vec<Client>,
    /// From whom to whom nothing gets through.
    cut: BTreeSet<(usize, usize)>,
    checkers: Vec<Box<dyn Checker<S::Seen>>>,
    violation: Option<Violation>,
    log: VecDeque<String>,
}

/// How many lines are remembered for the report of a failure.
const LOG_MAX: usize = 3000;

impl<S: Subject> World<S> {
    /// A world of `count` processes, which start at once.
    pub fn new(subject: S, seed: u64, count: usize, weather: Weather) -> World<S> {
        let mut prng = Prng::new(seed);
        let processes = (0..count)
            .map(|_| Process {
                machine: None,
                boot: 0,
                disk: Disk::default(),
                disk_busy: Instant::ZERO,
                conns: BTreeMap::new(),
                blocked: BTreeSet::new(),
                cancelled: BTreeSet::new(),
                running: BTreeSet::new(),
                listening: false,
                paused_until: Instant::ZERO,
                idling: false,
                drift_ppm: prng.below(400),
                clock_us: prng.below(1 << 40),
                wall_us: 0,
                timeout: None,
            })
            .collect();
        let mut world = World {
            subject,
            prng,
            weather,
            now: Instant(1_000_000),
            happenings: BTreeMap::new(),
            sequence: 0,
            processes,
            pipes: BTreeMap::new(),
            made_pipes: 0,
            clients: Vec::new(),
            cut: BTreeSet::new(),
            checkers: Vec::new(),
            violation: None,
            log: VecDeque::new(),
        };
        for process in 0..count {
            for (path, bytes) in world.subject.files(process) {
                world.processes[process].disk.put(path, bytes);
            }
            world.start(process);
        }
        world
    }

    /// Adds a rule.
    pub fn add_checker(&mut self, checker: Box<dyn Checker<S::Seen>>) {
        self.checkers.push(checker);
    }

    /// What time it is, outside all clocks.
    pub fn now(&self) -> Instant {
        self.now
    }

    /// How many processes there are.
    pub fn len(&self) -> usize {
        self.processes.len()
    }

    /// True for a world without processes.
    pub fn is_empty(&self) -> bool {
        self.processes.is_empty()
    }

    /// The last lines of all logs, each with its moment and process.
    pub fn log(&self) -> impl Iterator<Item = &str> {
        self.log.iter().map(String::as_str)
    }

    /// What a process shows, if it runs.
    pub fn seen(&self, process: usize) -> Option<S::Seen> {
        let machine = self.processes[process].machine.as_ref()?;
        self.subject.probe(process, machine)
    }

    /// True where the process runs.
    pub fn is_up(&self, process: usize) -> bool {
        self.processes[process].machine.is_some()
    }

    /// What a client sends next.
    pub fn requests(&mut self, value_max: u64) -> Vec<Request> {
        self.subject.requests(&mut self.prng, value_max)
    }

    /// What somebody sends who does not know what he is doing.
    pub fn meddling(&mut self) -> Request {
        self.subject.meddling(&mut self.prng)
    }

    /// What is simulated.
    pub fn subject(&self) -> &S {
        &self.subject
    }

    /// The rule that was broken, if one was.
    pub fn violation(&self) -> Option<&Violation> {
        self.violation.as_ref()
    }

    fn note(&mut self, process: usize, text: &str) {
        if self.log.len() == LOG_MAX {
            self.log.pop_front();
        }
        let (secs, us) = (self.now.0 / 1_000_000, self.now.0 % 1_000_000);
        self.log.push_back(format!("{secs}.{us:06} [{process}] {text}"));
    }

    fn at(&mut self, when: Instant, happening: Happening) {
        self.sequence += 1;
        self.happenings.insert((when.max(self.now), self.sequence), happening);
    }

    /// `end` is looked at, at `when` or before.
    fn look_at(&mut self, pipe: u64, end: usize, when: Instant) {
        let at = when.max(self.now);
        let Some(look) = self.pipes.get_mut(&pipe).map(|pipe| &mut pipe.ends[end].look) else {
            return;
        };
        if look.is_none_or(|planned| at < planned) {
            *look = Some(at);
            self.at(at, Happening::Arrive { pipe, end, at });
        }
    }

    fn look_in_us(&mut self, pipe: u64, end: usize, us: u64) {
        self.look_at(pipe, end, Instant(self.now.0 + us));
    }

    fn in_us(&mut self, us: u64, happening: Happening) {
        self.at(Instant(self.now.0 + us), happening);
    }

    fn delay_us(&mut self) -> u64 {
        let (least, most) = self.weather.delay_us;
        least + self.prng.below(most - least + 1)
    }

    /// How much longer bytes take because they were lost at first.
    fn loss_us(&mut self) -> u64 {
        let lossy = self.weather.loss_per_mille > 0;
        let lost = lossy && self.prng.below(1000) < self.weather.loss_per_mille;
        if lost { 200_000 + self.prng.below(200_000) } else { 0 }
    }

    // Clocks: each process's own runs a little wrong, from a beginning of its own.

    fn clock(&self, process: usize) -> Now {
        let process = &self.processes[process];
        let local = self.now.0 + self.now.0 * process.drift_ppm / 1_000_000;
        Now {
            instant: Instant(process.clock_us + local),
            wall: WallTime((1_700_000_000_000_000 + local).saturating_add_signed(process.wall_us)),
        }
    }

    fn outside_clock(&self, process: usize, at: Instant) -> Instant {
        let process = &self.processes[process];
        let local = at.0.saturating_sub(process.clock_us);
        // Rounded up, so that the deadline has passed on the process's clock when it is woken.
        Instant(local * 1_000_000 / (1_000_000 + process.drift_ppm) + 2)
    }

    // Faults and their repair.

    /// The process starts, with what its disk holds.
    pub fn start(&mut self, process: usize) {
        if self.processes[process].machine.is_some() {
            return;
        }
        let seed = self.prng.next_u64();
        let now = self.clock(process);
        let machine = self.subject.boot(process, seed, now, &self.processes[process].disk);
        let p = &mut self.processes[process];
        p.machine = Some(machine);
        p.boot += 1;
        p.disk_busy = self.now;
        p.paused_until = self.now;
        p.idling = false;
        p.conns.clear();
        p.blocked.clear();
        p.cancelled.clear();
        p.running.clear();
        self.note(process, "-- starts");
        self.checkers.iter_mut().for_each(|checker| checker.restarted(process));
        self.turn(process);
    }

    /// The process dies; `power`: so does its machine, and what was not synced may be lost.
    pub fn crash(&mut self, process: usize, power: bool) {
        if self.processes[process].machine.take().is_none() {
            return;
        }
        self.note(process, if power { "-- power failure" } else { "-- killed" });
        let p = &mut self.processes[process];
        p.listening = false;
        p.timeout = None;
        let conns = std::mem::take(&mut p.conns);
        // Only a machine that dies forgets what its kernel still had to write.
        if power {
            p.disk.crash(&mut self.prng);
        } else {
            p.disk.close_all();
        }
        for (pipe, end) in conns.into_values() {
            self.pipes.get_mut(&pipe).expect("a connection has a pipe").ends[end].gone = true;
            // A dead process's kernel says goodbye; a dead machine does not.
            if !power {
                let us = self.delay_us();
                self.in_us(us, Happening::Reset { pipe, end: 1 - end });
            }
        }
    }

    /// The process does nothing for a while; what happens to it waits.
    pub fn pause(&mut self, process: usize, ms: u64) {
        let until = self.now.after_ms(ms);
        self.note(process, &format!("-- stands still for {ms} ms"));
        self.processes[process].paused_until = until;
    }

    /// Somebody sets the calendar of a process, `us` microseconds ahead or back.
    pub fn set_wall(&mut self, process: usize, us: i64) {
        self.note(process, &format!("-- calendar set by {us} us"));
        self.processes[process].wall_us += us;
    }

    /// The file at `path` cannot be replaced, only written over.
    pub fn pin(&mut self, process: usize, path: &str) {
        self.processes[process].disk.pin(path);
    }

    /// Nothing gets from `a` to `b` any more.
    pub fn cut(&mut self, a: usize, b: usize) {
        if a != b {
            self.note(a, &format!("-- cut from here to [{b}]"));
            self.cut.insert((a, b));
        }
    }

    /// Everything gets through again.
    pub fn heal(&mut self) {
        self.cut.clear();
    }

    /// A connection between two processes, picked by chance, is reset on both sides; or goes silent on both.
    pub fn break_connection(&mut self, silently: bool) {
        let between: Vec<u64> = self
            .pipes
            .iter()
            .filter(|(_, pipe)| {
                pipe.ends.iter().all(|end| matches!(end.side, Side::Process { .. }))
            })
            .map(|(pipe, _)| *pipe)
            .collect();
        if between.is_empty() {
            return;
        }
        let pipe = between[self.prng.below(between.len() as u64) as usize];
        if silently {
            self.pipes.get_mut(&pipe).expect("it was listed").black_hole = true;
        } else {
            self.happen(Happening::Reset { pipe, end: 0 });
            self.happen(Happening::Reset { pipe, end: 1 });
        }
    }

    /// All connections that went silent are reset.
    pub fn end_silence(&mut self) {
        let silent: Vec<u64> =
            self.pipes.iter().filter(|(_, pipe)| pipe.black_hole).map(|(id, _)| *id).collect();
        for pipe in silent {
            self.happen(Happening::Reset { pipe, end: 0 });
            self.happen(Happening::Reset { pipe, end: 1 });
        }
    }

    // Clients of the story.

    /// A client of `process`, connected where that is possible.
    pub fn client(&mut self, process: usize) -> usize {
        let client = self.clients.len();
        let up = self.processes[process].machine.is_some() && self.processes[process].listening;
        let mut pipe = 0;
        if up {
            pipe = self.connect(Side::Client(client), process, "10.9.9.9");
            self.clients.push(Client { pipe, parser: ReplyParser::default(), open: true });
            self.turn(process);
        } else {
            self.clients.push(Client { pipe, parser: ReplyParser::default(), open: false });
        }
        client
    }

    /// The client sends a request, if it is connected.
    pub fn send<W: AsRef<[u8]>>(&mut self, client: usize, words: &[W]) {
        let Client { pipe, open: true, .. } = self.clients[client] else { return };
        let mut bytes = format!("*{}\r\n", words.len()).into_bytes();
        for word in words {
            let word = word.as_ref();
            bytes.extend_from_slice(format!("${}\r\n", word.len()).as_bytes());
            bytes.extend_from_slice(word);
            bytes.extend_from_slice(b"\r\n");
        }
        let arrival = Instant(self.now.0 + 100);
        let at = self.pipes.get_mut(&pipe).expect("it is open").send(1, arrival, bytes);
        self.look_at(pipe, 1, at);
    }

    /// The next reply to a client, if one has come.
    pub fn reply(&mut self, client: usize) -> Option<Value> {
        self.clients[client].parser.next().ok().flatten()
    }

    /// True while the client is connected.
    pub fn is_connected(&self, client: usize) -> bool {
        self.clients[client].open
    }

    // Time.

    /// Lets the world run until `until`, or until a rule is broken.
    pub fn run_until(&mut self, until: Instant) {
        while self.violation.is_none() {
            let queued = self.happenings.keys().next().map(|(at, _)| *at);
            let deadline =
                (0..self.processes.len()).filter_map(|p| Some((self.deadline(p)?, p))).min();
            match (queued, deadline) {
                (Some(at), deadline) if at <= until && deadline.is_none_or(|(d, _)| at <= d) => {
                    self.now = at.max(self.now);
                    let (_, happening) = self.happenings.pop_first().expect("it was just seen");
                    self.happen(happening);
                }
                (_, Some((at, process))) if at <= until => {
                    self.now = at.max(self.now);
                    let now = self.clock(process);
                    if let Some(machine) = &mut self.processes[process].machine {
                        machine.handle_timeout(now);
                    }
                    self.turn(process);
                }
                _ => {
                    self.now = until;
                    return;
                }
            }
        }
    }

    fn deadline(&self, process: usize) -> Option<Instant> {
        let p = &self.processes[process];
        p.machine.as_ref()?;
        let at = p.timeout?;
        Some(self.outside_clock(process, at).max(p.paused_until).max(self.now))
    }

    /// Whose it is to notice, where it is a process that stands still now.
    fn held_up(&self, happening: &Happening) -> Option<Instant> {
        let process = match happening {
            Happening::Arrive { pipe, end, .. } | Happening::Reset { pipe, end } => {
                match self.pipes.get(pipe)?.ends[*end].side {
                    Side::Process { process, .. } => process,
                    Side::Client(_) => return None,
                }
            }
            Happening::Tell { process, .. } | Happening::Idle { process, .. } => *process,
            Happening::Disk { process, .. } | Happening::Ended { process, .. } => *process,
            Happening::Connect { .. } | Happening::Start { .. } => return None,
        };
        let until = self.processes[process].paused_until;
        (until > self.now).then_some(until)
    }

    fn happen(&mut self, happening: Happening) {
        if let Happening::Arrive { pipe, end, at } = happening {
            // A look that was planned later than another is not the one that counts.
            let Some(pipe) = self.pipes.get_mut(&pipe) else { return };
            if pipe.ends[end].look != Some(at) {
                return;
            }
            pipe.ends[end].look = None;
        }
        if let Some(until) = self.held_up(&happening) {
            return match happening {
                Happening::Arrive { pipe, end, .. } => self.look_at(pipe, end, until),
                other => self.at(until, other),
            };
        }
        match happening {
            Happening::Arrive { pipe, end, .. } => self.arrive(pipe, end),
            Happening::Reset { pipe, end } => self.reset(pipe, end),
            Happening::Connect { process, boot, ticket, target } => {
                self.connected(process, boot, ticket, target);
            }
            Happening::Tell { process, boot, event } => self.tell(process, boot, event),
            Happening::Idle { process, boot } => {
                if self.processes[process].boot == boot {
                    self.processes[process].idling = false;
                    self.turn(process);
                }
            }
            Happening::Disk { process, boot, ticket, op } => {
                self.disk_done(process, boot, ticket, op);
            }
            Happening::Ended { process, boot, ticket, outcome } => {
                self.ended(process, boot, ticket, outcome);
            }
            Happening::Start { process } => self.start(process),
        }
    }

    fn tell(&mut self, process: usize, boot: u64, event: Event) {
        let now = self.clock(process);
        let p = &mut self.processes[process];
        if p.boot != boot {
            return;
        }
        if let Some(machine) = &mut p.machine {
            machine.handle_event(now, event);
            self.turn(process);
        }
    }
}
