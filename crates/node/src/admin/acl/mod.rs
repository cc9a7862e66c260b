//! ACL: users and their rules, shown, changed, kept in a file, and what was refused to them.

mod change;
mod file;
mod show;
mod tries;

pub(crate) use file::Task;

use crate::admin::{self, NodeCommand};
use acl::rows;
use command::{Command, Error};

pub(super) const TABLE: &[&NodeCommand] = &[&ACL];

const ACL: NodeCommand = Command::container(
    |_, _| Err(Error::arity("acl")),
    rows::ACL,
    &[
        &show::CAT,
        &change::DELUSER,
        &tries::DRYRUN,
        &tries::GENPASS,
        &show::GETUSER,
        &HELP,
        &show::LIST,
        &file::LOAD,
        &show::LOG,
        &file::SAVE,
        &change::SETUSER,
        &show::USERS,
        &show::WHOAMI,
    ],
);

const HELP: NodeCommand = Command::new(|cx, _| admin::help(cx, &ACL), rows::HELP);
