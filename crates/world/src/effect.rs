//! Everything a machine can ask for, on one screen.

use crate::{ConnId, DiskOp, Ticket};
use std::any::Any;
use std::fmt;

/// What a machine asks of the world. Each has a way to fail, and the simulator makes it fail.
pub enum Effect {
    /// Open a connection; ends in `Dialed` or `DialFailed`.
    Dial(Dial),
    /// Give up an attempt; no event follows.
    CancelDial(Ticket),
    /// Close `conn`. At once: no event follows. After what is pending has been sent: none follows either, unless the
    /// connection fails first, which ends in `Closed`; nothing is read meanwhile.
    Hangup { conn: ConnId, after_sending: bool },
    /// Stop or go on reading from `conn`: what the peer sends waits in the kernel meanwhile.
    Reading { conn: ConnId, on: bool },
    /// Small writes go out at once (true, and so at the beginning), or are gathered by the kernel (false).
    NoDelay { conn: ConnId, on: bool },
    /// Keepalive probes after `secs` seconds of silence; zero for none.
    KeepAlive { conn: ConnId, secs: u32 },
    /// Listen at these addresses and Unix paths instead of the present ones; ends in `Listened`. Addresses are
    /// spelled as `bind` spells them (`*`, `::*`, `-` before one that may be absent); port zero is no TCP at all.
    /// What cannot be had leaves everything as it was.
    Listen {
        ticket: Ticket,
        addresses: Vec<String>,
        port: u16,
        unix: Option<(String, u32)>,
        backlog: u32,
    },
    /// A disk operation; operations on one file happen in order. Ends in `DiskDone`.
    Disk { ticket: Ticket, op: DiskOp },
    /// Run this elsewhere; ends in `WorkDone`.
    Offload { ticket: Ticket, work: Work },
    /// Look a name up, as `Dial` would, without calling anybody; ends in `Resolved`.
    Resolve { ticket: Ticket, host: String },
    /// Start a program, by its path and with these arguments: no shell reads them. It has our environment, folder and
    /// output, and nothing to read. `Started` follows at once and `Ended` in the end, which alone follows where there
    /// was no beginning. A program that still runs when we end goes on without us.
    Run { ticket: Ticket, program: String, arguments: Vec<String> },
    /// End a program that `Run` started, whatever it is doing (SIGKILL); `Ended` follows. One that has ended already
    /// is no error.
    Kill { ticket: Ticket },
    /// A line for the log. Whether `loglevel` lets it through has been asked before.
    Log { level: Level, text: String },
    /// The letter that stands for our role in log lines from now on: `M` primary, `S` replica, `X` Sentinel.
    LogRole(char),
    /// The operating system's view of the process: its title in `ps`.
    Title(String),
    /// A word for whoever supervises the process, in the language of systemd: `READY=1`, `STATUS=...`. Nobody
    /// listens unless `supervised` says so.
    Supervisor(String),
    /// Hold the whole loop for this long: DEBUG SLEEP, and nothing else.
    Stall { ms: u64 },
    /// Raise the number of open files to this, if the system lets us; ends in `OpenFiles`.
    OpenFiles { ticket: Ticket, wanted: u64 },
    /// The process ends.
    Exit(Exit),
}

/// How to reach a peer. `host` may be a name: it is resolved off the loop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dial {
    /// Comes back with the outcome.
    pub ticket: Ticket,
    /// A name or an address.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// The local address to call from, empty for any.
    pub source: String,
}

/// How a process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// With this status, after the log is written.
    Status(i32),
    /// As a crash would: DEBUG SEGFAULT and its kind.
    Crash,
    /// The program starts again from its first instruction: DEBUG RESTART.
    Restart { after_ms: u64 },
}

/// How loud a log line is; the order is the order of `loglevel`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// `.` in the log.
    Debug,
    /// `-` in the log.
    Verbose,
    /// `*` in the log.
    Notice,
    /// `#` in the log.
    Warning,
}

/// A piece of work that may run on any thread and whose result comes back as an event.
pub struct Work(pub Box<dyn FnOnce() -> Box<dyn Any + Send> + Send>);

impl Work {
    /// Wraps a function; what it returns arrives in `Event::WorkDone`.
    pub fn new<R: Any + Send>(run: impl FnOnce() -> R + Send + 'static) -> Work {
        Work(Box::new(move || Box::new(run())))
    }
}

impl fmt::Debug for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Work")
    }
}
