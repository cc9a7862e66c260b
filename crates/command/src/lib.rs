//! How a command is described, read and answered. Knows no command by name, and no data.

mod args;
mod error;
mod flags;
mod keys;
pub mod manual;
mod propagation;
mod spec;
pub mod syntax;
mod timeout;

pub use args::Args;
pub use error::Error;
pub use flags::{Categories, Flags};
pub use keys::{Find, KeyFlags, Keys, OwnKeys, Search};
pub use propagation::Propagation;
pub use spec::{Arity, Channels, Command, Group, Inside, Spec};
pub use timeout::{deadline_ms, deadline_secs};

/// The version of Redis that clients are told, and by which they decide what they may use.
pub const REDIS_VERSION: &str = "7.2.6";

/// The words of a request and the writer of its reply, so that a handler needs no other room for them.
pub use resp::{Deferred, Owned, Proto, Words, Writer};

/// What running a command comes to, besides the reply that was written.
pub type Outcome = Result<Flow, Error>;

/// How a session goes on after a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// The reply is written (or the session asked for none); the next command may run.
    Done,
    /// Nothing was written: the context was told what the session waits for, and the same command runs again then.
    Parked,
    /// The reply has outgrown what may wait for its reader and was left unfinished: it must not be sent.
    Cut,
}
