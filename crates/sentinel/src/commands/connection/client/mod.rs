//! CLIENT: what there is to ask and to tell about connections.

mod kill;
mod line;
mod list;
mod pause;
mod properties;

pub(crate) use line::line;

use super::FAMILY;
use crate::commands::{self, SentinelCommand};
use command::{Arity, Categories, Command, Error, Flags, Spec};

pub(super) const CLIENT: SentinelCommand = Command::container(
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
        &properties::GETNAME,
        &HELP,
        &properties::ID,
        &list::INFO,
        &kill::KILL,
        &list::LIST,
        &properties::NO_EVICT,
        &pause::PAUSE,
        &properties::REPLY,
        &properties::SETINFO,
        &properties::SETNAME,
        &pause::UNBLOCK,
        &pause::UNPAUSE,
    ],
);

/// What the subcommands share.
const SUB: Spec = Spec { flags: Flags::NO_SCRIPT.and(Flags::LOADING).and(Flags::STALE), ..FAMILY };

/// What those share that concern other connections.
const ADMIN: Spec = Spec { flags: Flags::ADMIN.and(SUB.flags), ..SUB };

const HELP: SentinelCommand = Command::new(
    |cx, _| commands::help(cx, &CLIENT),
    Spec {
        name: "help",
        summary: "Shows what CLIENT can do.",
        since: "5.0.0",
        arity: Arity::Exactly(2),
        flags: Flags::LOADING.and(Flags::STALE),
        ..SUB
    },
);
