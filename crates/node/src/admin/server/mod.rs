//! The server itself: what it is, what it does, what it may be told.

mod info;
mod latency;
mod monitor;
mod slowlog;

use super::NodeCommand;
use command::{Group, Spec};

pub(crate) const TABLE: &[&NodeCommand] = &[
    &info::INFO,
    &info::LOLWUT,
    &info::TIME,
    &latency::LATENCY,
    &monitor::MONITOR,
    &slowlog::SLOWLOG,
];

const FAMILY: Spec = Spec::of(Group::Server);
