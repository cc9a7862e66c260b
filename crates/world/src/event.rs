//! Everything that can wake a machine, on one screen.

use crate::{ConnId, DiskError, DiskReply, Ticket};
use std::any::Any;
use std::fmt;
use std::net::{IpAddr, SocketAddr};

/// What the world tells a machine.
#[derive(Debug)]
pub enum Event {
    /// A client was accepted.
    Accepted { conn: ConnId, peer: Peer, local: Peer },
    /// What `Effect::Dial` asked for is there.
    Dialed { ticket: Ticket, conn: ConnId, peer: Peer, local: Peer },
    /// What `Effect::Dial` asked for could not be had.
    DialFailed { ticket: Ticket, reason: String },
    /// The peer went away (`reason` is empty), or reading or writing failed (the system's words). `conn` is free: no
    /// `Hangup` is owed.
    Closed { conn: ConnId, reason: String },
    /// A disk operation has ended.
    DiskDone { ticket: Ticket, result: Result<DiskReply, DiskError> },
    /// Work that was handed to another thread has ended, with what it returned.
    WorkDone { ticket: Ticket, result: Box<dyn Any + Send> },
    /// What `Effect::Listen` asked for: done, or the last line for the log of one who gives up, such as
    /// `Failed listening on port 6379 (tcp), aborting.`; each TCP address that failed is in the log already.
    Listened { ticket: Ticket, result: Result<(), String> },
    /// What `Effect::Resolve` asked for: the first address of that name, or why there is none. An address is its own.
    Resolved { ticket: Ticket, result: Result<IpAddr, String> },
    /// A program that `Effect::Run` asked for runs, under this number.
    Started { ticket: Ticket, pid: u32 },
    /// A program that `Effect::Run` asked for has ended.
    Ended { ticket: Ticket, outcome: Outcome },
    /// What `Effect::OpenFiles` asked for: the limit that is in force now. It is never lowered.
    OpenFiles { ticket: Ticket, limit: u64 },
    /// The process got a signal.
    Signal(Signal),
}

/// The other end of a connection, or this end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Peer {
    /// An IPv4 or IPv6 address with its port.
    Ip(SocketAddr),
    /// A Unix socket, by the path that is listened at.
    Unix(String),
}

impl Peer {
    /// Whether it is on this machine.
    pub fn is_local(&self) -> bool {
        match self {
            Peer::Ip(address) => address.ip().is_loopback(),
            Peer::Unix(_) => true,
        }
    }
}

/// As Redis writes it: an address with its port, or the path with `:0`.
impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Peer::Ip(address) => address.fmt(f),
            Peer::Unix(path) => write!(f, "{path}:0"),
        }
    }
}

/// How a program ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// By itself, with this status.
    Exited(i32),
    /// By this signal.
    Signalled(i32),
    /// It never ran, for this reason, in the system's words.
    NotStarted(String),
}

/// The signals that a server answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Orderly shutdown, as `kill` asks for it.
    Terminate,
    /// Orderly shutdown, as Ctrl-C asks for it.
    Interrupt,
}
