//! CLIENT: what there is to ask and to tell about connections.

mod kill;
mod line;
mod list;
mod pause;
mod properties;
mod tracking;

pub(crate) use line::{line, memory};

use super::FAMILY;
use crate::admin::{self, NodeCommand};
use command::{Arity, Categories, Command, Error, Flags, Spec};

pub(super) const CLIENT: NodeCommand = Command::container(
    |_, _| Err(Error::arity("client")),
    Spec {
        name: "client",
        syntax: "subcommand",
        summary: "Questions and orders about connections.",
        complexity: "Depends on subcommand.",
        since: "2.4.0",
        arity: Arity::AtLeast(2),
        categories: Categories::NONE,
        ..FAMILY
    },
    &[
        &tracking::CACHING,
        &properties::GETNAME,
        &tracking::GETREDIR,
        &HELP,
        &properties::ID,
        &list::INFO,
        &kill::KILL,
        &list::LIST,
        &properties::NO_EVICT,
        &properties::NO_TOUCH,
        &pause::PAUSE,
        &properties::REPLY,
        &properties::SETINFO,
        &properties::SETNAME,
        &tracking::TRACKING,
        &tracking::TRACKINGINFO,
        &pause::UNBLOCK,
        &pause::UNPAUSE,
    ],
);

/// What the subcommands share.
const SUB: Spec = Spec { flags: Flags::NO_SCRIPT.and(Flags::LOADING).and(Flags::STALE), ..FAMILY };

const HELP: NodeCommand = Command::new(
    |cx, _| admin::help(cx, &CLIENT),
    Spec {
        name: "help",
        summary: "Shows what CLIENT can do.",
        since: "5.0.0",
        arity: Arity::Exactly(2),
        flags: Flags::LOADING.and(Flags::STALE),
        ..SUB
    },
);
