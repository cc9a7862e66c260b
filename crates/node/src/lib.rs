//! The whole server, minus the operating system: a machine that a world runs.
//!
//! Reading order: `node` (what there is), `input` (from bytes to requests), `call` (one command, start to finish),
//! `unit` (what happens once after it: propagation, events, waking), `admin` (commands that need more than data).

mod access;
mod admin;
mod blocking;
mod call;
#[cfg(test)]
mod check;
mod configure;
mod cron;
mod crowd;
mod eviction;
mod gate;
#[cfg(test)]
mod growth;
mod info;
mod input;
mod machine;
mod migration;
mod monitor;
mod names;
mod node;
mod notify;
mod oom;
mod persist;
mod probe;
mod registry;
mod repl;
mod scripting;
mod secrets;
mod session;
mod settings;
mod share;
mod shutdown;
mod stats;
mod tracking;
mod transaction;
mod unit;
mod visits;
mod waking;

pub use command::REDIS_VERSION;
pub use names::Names;
pub use node::{Node, Options};
pub use probe::Probe;
