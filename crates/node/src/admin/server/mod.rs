//! The server itself: what it is, what it does, what it may be told.

mod command;
mod config;
mod debug;
mod info;
mod latency;
mod memory;
mod monitor;
mod slowlog;

pub(crate) use config::Pending as PendingConfig;
pub(crate) use debug::Switches as DebugSwitches;

use super::NodeCommand;
use ::command::{Group, Spec};

pub(crate) const TABLE: &[&NodeCommand] = &[
    &command::COMMAND,
    &config::CONFIG,
    &debug::DEBUG,
    &info::INFO,
    &info::LOLWUT,
    &info::TIME,
    &latency::LATENCY,
    &memory::MEMORY,
    &monitor::MONITOR,
    &slowlog::SLOWLOG,
];

const FAMILY: Spec = Spec::of(Group::Server);
