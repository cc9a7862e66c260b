//! The server itself: what it is, what it does, what it may be told.

mod command;
mod config;
mod debug;
mod info;
mod latency;
mod memory;
mod module;
mod monitor;
mod slowlog;

pub(crate) use config::Pending as PendingConfig;
pub(crate) use debug::Switches as DebugSwitches;

use super::{NodeCommand, NodeCx};
use crate::settings::Permission;
use ::command::{Error, Group, Spec};

pub(crate) const TABLE: &[&NodeCommand] = &[
    &command::COMMAND,
    &config::CONFIG,
    &debug::DEBUG,
    &info::INFO,
    &info::LOLWUT,
    &info::TIME,
    &latency::LATENCY,
    &memory::MEMORY,
    &module::MODULE,
    &monitor::MONITOR,
    &slowlog::SLOWLOG,
];

const FAMILY: Spec = Spec::of(Group::Server);

/// Whether a session may use a command that a parameter like `enable-debug-command` guards.
fn check_permission(
    cx: &mut NodeCx<'_>,
    permission: Permission,
    command: &str,
) -> Result<(), Error> {
    let is_local = cx.session().peer.is_local();
    match permission {
        Permission::Yes => Ok(()),
        Permission::Local if is_local => Ok(()),
        _ => Err(Error::new(format!(
            "ERR {command} command not allowed. If the enable-{}-command option is set to \"local\", you can run it \
             from a local connection, otherwise you need to set this option in the configuration file, and then \
             restart the server.",
            command.to_ascii_lowercase()
        ))),
    }
}
