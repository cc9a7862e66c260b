//! The operating system as Regent needs it: clocks, readiness, sockets, files, signals, the process itself.
//!
//! Nothing here decides anything. Every call does one thing to the system and says how it went; the worlds above
//! (`shell` for real, tests) put them in order. It is the only crate that may read a clock, open a file or touch a
//! signal, so the lints that forbid this everywhere else are lifted here and only here.

#![allow(clippy::disallowed_methods, clippy::disallowed_types)]

pub mod alarm;
pub mod child;
pub mod clock;
pub mod cpus;
pub mod facts;
pub mod file;
pub mod holder;
pub mod limits;
mod mallctl;
pub mod memory;
pub mod net;
pub mod output;
pub mod poll;
pub mod process;
pub mod schedule;
pub mod signal;
pub mod stack;
pub mod stopwatch;
pub mod syslog;
pub mod terminal;
pub mod thread;
pub mod title;
pub mod wait;

mod direct;
mod errno;

pub use errno::{EBADF, ENOTCONN, ErrorText, error_text};
