//! Why a run ends early, in the words that go to standard error.

use std::fmt;
use std::io;

use crate::server::Place;

/// What went wrong. The exit status is 1 whatever it is.
#[derive(Debug)]
pub(crate) enum Failure {
    /// No connection to this place.
    Connect(Place, String),
    /// The server answered a request with an error: its text.
    Refused(String),
    /// It answered what we say before the first request with an error.
    Node(Place, String),
    /// It closed the connection, or that broke.
    Lost(String),
    /// Bytes that are no reply.
    NotAReply(u8),
    /// It takes no more bytes.
    Write(String),
    /// A thread that did not start.
    Thread(usize),
    /// The system refuses us something else.
    System(&'static str, String),
    /// Anything else, in words of its own.
    Said(String),
}

impl Failure {
    /// The failure of something that the program needs of its system.
    pub(crate) fn system(what: &'static str, error: &io::Error) -> Failure {
        Failure::System(what, sys::error_text(error))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Connect(place, why) => {
                write!(f, "Could not connect to Redis at {place}: {why}")
            }
            Failure::Refused(text) => write!(f, "Error from server: {text}"),
            Failure::Node(place, text) => write!(f, "Node {place} replied with error:\n{text}"),
            Failure::Lost(why) => write!(f, "Error: {why}"),
            Failure::NotAReply(byte) => {
                let byte = std::ascii::escape_default(*byte);
                write!(f, "Error: Protocol error, got \"{byte}\" as reply type byte")
            }
            Failure::Write(why) => write!(f, "Error writing to the server: {why}"),
            Failure::Thread(number) => write!(f, "FATAL: Failed to start thread {number}."),
            Failure::System(what, why) => write!(f, "FATAL: cannot {what}: {why}"),
            Failure::Said(text) => f.write_str(text),
        }
    }
}
