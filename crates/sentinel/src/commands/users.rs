//! ACL: users and their rules, shown and changed, and what was refused to them. They are kept in the Sentinel's own
//! file, like everything else that it knows.

use super::{SentinelCommand, SentinelCx, help};
use ::acl::{Found, rows};
use command::{Args, Command, Error, Flow, Outcome, Spec};

pub(super) const TABLE: &[&SentinelCommand] = &[&ACL];

const ACL: SentinelCommand = Command::container(
    |_, _| Err(Error::arity("acl")),
    rows::ACL,
    &[
        &CAT, &DELUSER, &DRYRUN, &GENPASS, &GETUSER, &HELP, &LIST, &LOAD, &LOG, &SAVE, &SETUSER,
        &USERS, &WHOAMI,
    ],
);

const WHOAMI: SentinelCommand = Command::new(
    |cx, _| {
        let user = cx.session().user.clone();
        cx.reply.bulk(user.name());
        Ok(Flow::Done)
    },
    rows::WHOAMI,
);

const USERS: SentinelCommand =
    Command::new(|cx, _| ::acl::list_names(&mut cx.reply, &cx.sentinel.clients.users), rows::USERS);

const LIST: SentinelCommand =
    Command::new(|cx, _| ::acl::list_rules(&mut cx.reply, &cx.sentinel.clients.users), rows::LIST);

const GETUSER: SentinelCommand = Command::new(
    |cx, args| ::acl::get_user(&mut cx.reply, args, &cx.sentinel.clients.users),
    rows::GETUSER,
);

const CAT: SentinelCommand = Command::new(
    |cx, args| ::acl::list_categories(&mut cx.reply, args, &cx.sentinel.clients.users),
    rows::CAT,
);

const SETUSER: SentinelCommand = Command::new(setuser, rows::SETUSER);

fn setuser(cx: &mut SentinelCx<'_>, mut args: Args<'_>) -> Outcome {
    let name = args.word()?;
    let users = &mut cx.sentinel.clients.users;
    let before = users.get(name).cloned();
    let user = users.set(name, args.rest().iter());
    let user = user.map_err(|error| Error::bytes(error.text()))?.clone();
    cx.sentinel.user_changed(before.as_deref(), &user, cx.conn);
    cx.reply.ok();
    Ok(Flow::Done)
}

const DELUSER: SentinelCommand = Command::new(deluser, rows::DELUSER);

fn deluser(cx: &mut SentinelCx<'_>, args: Args<'_>) -> Outcome {
    let removed = ::acl::remove_users(&mut cx.sentinel.clients.users, &args.rest())?;
    if !removed.is_empty() {
        cx.sentinel.users_gone(&removed, cx.conn);
    }
    cx.reply.count(removed.len());
    Ok(Flow::Done)
}

const LOG: SentinelCommand = Command::new(
    |cx, args| {
        let now = cx.sentinel.clock.wall();
        ::acl::show_refusals(&mut cx.reply, args, &mut cx.sentinel.clients.refusals, now)
    },
    rows::LOG,
);

const DRYRUN: SentinelCommand = Command::new(
    |cx, args| {
        let clients = &cx.sentinel.clients;
        ::acl::dry_run(&mut cx.reply, args, &clients.users, |words| {
            let found = super::resolve(&clients.names, words).ok()?;
            let number = clients.users.catalog().number(&found.name);
            Some(Found {
                number: number.expect("all rows are in the catalog"),
                name: found.name.into(),
                spec: &found.command.spec,
                depth: found.depth,
            })
        })
    },
    rows::DRYRUN,
);

const GENPASS: SentinelCommand = Command::new(
    |cx, args| ::acl::make_password(&mut cx.reply, args, cx.sentinel.senses.secret),
    rows::GENPASS,
);

/// What LOAD and SAVE are for, here.
const NO_FILE: &str = "Refused: a Sentinel has no file of users.";

const LOAD: SentinelCommand =
    Command::new(|_, _| Err(no_file()), Spec { summary: NO_FILE, ..rows::LOAD });

const SAVE: SentinelCommand =
    Command::new(|_, _| Err(no_file()), Spec { summary: NO_FILE, ..rows::SAVE });

const HELP: SentinelCommand = Command::new(|cx, _| help(cx, &ACL), rows::HELP);

fn no_file() -> Error {
    Error::fixed(::acl::NO_FILE)
}
