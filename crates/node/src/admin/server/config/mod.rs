//! CONFIG: parameters asked for, changed while the server runs, and written back to their file.

mod change;
mod get;
mod resetstat;
mod rewrite;
mod set;

pub(crate) use change::Pending;
pub(crate) use rewrite::Purpose;

use super::FAMILY;
use crate::admin::{self, NodeCommand};
use command::{Arity, Command, Error, Flags, Spec};

pub(super) const CONFIG: NodeCommand = Command::container(
    |_, _| Err(Error::arity("config")),
    Spec {
        name: "config",
        syntax: "subcommand",
        summary: "Questions about parameters, and changes of them.",
        complexity: "Depends on subcommand.",
        since: "2.0.0",
        arity: Arity::AtLeast(2),
        ..FAMILY
    },
    &[&get::GET, &HELP, &resetstat::RESETSTAT, &rewrite::REWRITE, &set::SET],
);

/// What the subcommands have in common.
const SUB: Spec = Spec {
    since: "2.0.0",
    flags: Flags::ADMIN.and(Flags::NO_SCRIPT).and(Flags::LOADING).and(Flags::STALE),
    ..FAMILY
};

/// Hints of the subcommands that change something: every node of a cluster is asked, all must agree.
const CHANGING: &[&str] = &["request_policy:all_nodes", "response_policy:all_succeeded"];

const HELP: NodeCommand = Command::new(
    |cx, _| admin::help(cx, &CONFIG),
    Spec {
        name: "help",
        summary: "Shows what CONFIG can be asked.",
        since: "5.0.0",
        arity: Arity::Exactly(2),
        flags: Flags::LOADING.and(Flags::STALE),
        ..FAMILY
    },
);
