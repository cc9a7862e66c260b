//! The loop: one turn waits once, reads what came, carries out what the machine decided, sends, and spends what is
//! left of its time on background work.

use std::io;
use std::time::Duration;

use stdx::{Instant, Now};
use sys::ErrorText;
use sys::clock;
use sys::cpus::Cpus;
use sys::poll::{Poller, Ready};
use sys::signal::Signals;
use world::{ConnId, Event, Exit, Level, Machine, Signal};

use crate::children::Children;
use crate::dial::Dialer;
use crate::disk::Disk;
use crate::inbox::{Inbox, Note};
use crate::io::Io;
use crate::listen::{self, Listeners};
use crate::log::Log;
use crate::pool::Pool;

/// How many sockets one wait may tell of.
const EVENTS_MAX: usize = 4096;
/// Background work per turn while clients are waiting, in microseconds.
const IDLE_BUSY_US: u64 = 50;
/// Background work per turn while nobody is.
const IDLE_QUIET_US: u64 = 200;

const INBOX: usize = usize::MAX - 1;
const SIGNALS: usize = usize::MAX - 2;

/// What the loop needs beside its machine.
pub struct Options {
    /// Where lines go.
    pub log: Log,
    /// Whether SIGTERM and SIGINT reach the machine. Only one loop of a process can have them.
    pub signals: bool,
    /// Whether systemd is told what the machine has to say to it.
    pub supervised: bool,
    /// Who may use which processors.
    pub cpus: CpuLists,
}

/// The processors that the loop may use, and those that the threads beside it may: all, unless some are named.
#[derive(Clone, Debug, Default)]
pub struct CpuLists {
    /// The thread that executes.
    pub executing: Cpus,
    /// Those that write files, compress and free.
    pub background: Cpus,
}

pub(crate) struct Loop<'m, M> {
    pub(crate) machine: &'m mut M,
    pub(crate) io: Io,
    pub(crate) poller: Poller,
    pub(crate) listeners: Listeners,
    pub(crate) dialer: Dialer,
    pub(crate) inbox: Inbox,
    pub(crate) disk: Disk,
    pub(crate) pool: Pool,
    pub(crate) children: Children,
    pub(crate) log: Log,
    pub(crate) now: Now,
    pub(crate) supervised: bool,
    signals: Option<Signals>,
    /// What the last wait brought; kept for its room.
    ready: Vec<Ready>,
    /// There is background work left.
    restless: bool,
}

/// Runs `machine` until it asks for the end of the process, and says which end. Listening sockets are closed then and
/// files written; connections go with the process.
pub fn run<M: Machine>(machine: &mut M, options: Options) -> io::Result<Exit> {
    let mut turns = Loop::new(machine, options)?;
    loop {
        if let Some(exit) = turns.turn()? {
            turns.listeners.close();
            return Ok(exit);
        }
    }
}

impl<'m, M: Machine> Loop<'m, M> {
    fn new(machine: &'m mut M, options: Options) -> io::Result<Loop<'m, M>> {
        let poller = Poller::new(EVENTS_MAX)?;
        let inbox = Inbox::new(poller.waker(INBOX)?);
        let signals = options.signals.then(Signals::catch).transpose()?;
        if let Some(signals) = &signals {
            poller.add_source(signals.source(), SIGNALS)?;
        }
        let CpuLists { executing, background } = options.cpus;
        let (disk, pool) = (Disk::start(&inbox, &background)?, Pool::start(&inbox, &background)?);
        // They inherit what we are bound to and how we are scheduled, so that comes when they are there.
        sys::schedule::prompt();
        if let Err(error) = executing.bind() {
            options.log.write(Level::Warning, &format!("Cannot bind to CPUs: {}", error.text()));
        }
        Ok(Loop {
            machine,
            io: Io::new(),
            listeners: Listeners::default(),
            dialer: Dialer::default(),
            disk,
            pool,
            children: Children::default(),
            inbox,
            poller,
            log: options.log,
            now: clock::now(),
            supervised: options.supervised,
            signals,
            ready: Vec::with_capacity(EVENTS_MAX),
            // The machine may have work from the beginning: ask it before the first wait.
            restless: true,
        })
    }

    fn turn(&mut self) -> io::Result<Option<Exit>> {
        // What the last turn's background work, or the very beginning, has decided.
        if let Some(exit) = self.settle() {
            return Ok(Some(exit));
        }
        self.wait()?;
        self.now = clock::now();
        if self.machine.poll_timeout().is_some_and(|at| at <= self.now.instant) {
            self.machine.handle_timeout(self.now);
        }
        let quiet = self.ready.is_empty();
        self.io.receive_leftovers(self.machine, self.now);
        self.take_ready();
        if self.listeners.due().is_some() {
            let (machine, now) = (&mut *self.machine, self.now);
            self.listeners.accept(machine, now, &mut self.io, &self.poller, &self.log);
        }
        if let Some(exit) = self.settle() {
            return Ok(Some(exit));
        }
        self.io.send_leftovers(self.machine, self.now);
        let budget_us = if quiet { IDLE_QUIET_US } else { IDLE_BUSY_US };
        self.restless = self.machine.idle(self.now, budget_us);
        Ok(None)
    }

    /// Effects and replies, until the machine has no more of either.
    fn settle(&mut self) -> Option<Exit> {
        loop {
            let exit = self.carry_out();
            let mut sent_any = false;
            while let Some(id) = self.machine.poll_ready() {
                sent_any = true;
                self.io.send(self.machine, self.now, id);
            }
            if exit.is_some() || !sent_any {
                return exit;
            }
        }
    }

    fn wait(&mut self) -> io::Result<()> {
        let timeout = if self.restless || self.io.has_leftovers() {
            Some(Duration::ZERO)
        } else {
            let deadlines = [self.machine.poll_timeout(), self.listeners.due()];
            let next = deadlines.into_iter().flatten().min();
            next.map(|at| if at == Instant::ZERO { Duration::ZERO } else { at - clock::instant() })
        };
        self.ready.clear();
        self.poller.wait(timeout, &mut self.ready)
    }

    fn take_ready(&mut self) {
        let ready = std::mem::take(&mut self.ready);
        for event in &ready {
            match event.token {
                INBOX => self.take_notes(),
                SIGNALS => self.take_signals(),
                token if token >= listen::FIRST_TOKEN => self.listeners.ready(token),
                token => self.take_conn(ConnId(token as u32), event),
            }
        }
        self.ready = ready;
    }

    #[inline]
    fn take_conn(&mut self, id: ConnId, event: &Ready) {
        let (machine, now) = (&mut *self.machine, self.now);
        let Some(conn) = self.io.conns.get(id) else {
            self.dialer.ready(machine, now, &mut self.io, &self.poller, id);
            return;
        };
        conn.ended |= event.read_closed;
        if event.readable || event.read_closed || event.broken {
            self.io.receive(machine, now, id);
        }
        if event.writable {
            self.io.writable(machine, now, id);
        }
        if event.broken {
            self.io.broken(machine, now, id);
        }
    }

    fn take_notes(&mut self) {
        // Other threads have done something: what they freed counts, before anybody makes room for it again.
        sys::memory::refresh();
        for note in self.inbox.take() {
            let (machine, now) = (&mut *self.machine, self.now);
            match note {
                Note::Event(event) => machine.handle_event(now, event),
                Note::Ended { ticket } => self.children.ended(machine, now, ticket),
                Note::Resolved { ticket, result } => {
                    self.dialer.resolved(machine, now, &mut self.io, &self.poller, ticket, result);
                }
            }
        }
    }

    fn take_signals(&mut self) {
        let Some(signals) = &mut self.signals else { return };
        let asked = signals.take();
        if asked.terminate {
            self.machine.handle_event(self.now, Event::Signal(Signal::Terminate));
        }
        if asked.interrupt {
            self.machine.handle_event(self.now, Event::Signal(Signal::Interrupt));
        }
    }
}
