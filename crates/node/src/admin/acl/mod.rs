//! ACL: users and their rules, shown, changed, kept in a file, and what was refused to them.

mod change;
mod file;
mod log;
mod show;
mod tries;

pub(crate) use file::Task;

use crate::admin::{self, NodeCommand};
use command::{Arity, Command, Error, Flags, Group, Spec};

pub(super) const TABLE: &[&NodeCommand] = &[&ACL];

const FAMILY: Spec = Spec { since: "6.0.0", ..Spec::of(Group::Server) };

const ACL: NodeCommand = Command::container(
    |_, _| Err(Error::arity("acl")),
    Spec {
        name: "acl",
        syntax: "subcommand",
        summary: "Questions and orders about users and what they may do.",
        complexity: "Depends on subcommand.",
        arity: Arity::AtLeast(2),
        ..FAMILY
    },
    &[
        &show::CAT,
        &change::DELUSER,
        &tries::DRYRUN,
        &tries::GENPASS,
        &show::GETUSER,
        &HELP,
        &show::LIST,
        &file::LOAD,
        &log::LOG,
        &file::SAVE,
        &change::SETUSER,
        &show::USERS,
        &show::WHOAMI,
    ],
);

/// What the subcommands for everybody share.
const SUB: Spec = Spec { flags: Flags::NO_SCRIPT.and(Flags::LOADING).and(Flags::STALE), ..FAMILY };

/// What the subcommands for administrators share.
const ADMIN: Spec = Spec { flags: Flags::ADMIN.and(SUB.flags), ..SUB };

/// Hints of the subcommands that change something: every node of a cluster is asked, all must agree.
const CHANGING: &[&str] = &["request_policy:all_nodes", "response_policy:all_succeeded"];

const HELP: NodeCommand = Command::new(
    |cx, _| admin::help(cx, &ACL),
    Spec {
        name: "help",
        summary: "Shows what ACL can be asked.",
        arity: Arity::Exactly(2),
        flags: Flags::LOADING.and(Flags::STALE),
        ..FAMILY
    },
);

/// More words than a subcommand can use.
fn too_many(name: &str) -> Error {
    Error::new(format!(
        "ERR unknown subcommand or wrong number of arguments for '{}'. Try ACL HELP.",
        name.to_ascii_uppercase()
    ))
}
