//! ACL: users and their rules, shown and changed, and what was refused to them. They are kept in the Sentinel's own
//! file, like everything else that it knows.

use super::{SentinelCommand, SentinelCx, help};
use ::acl::Request;
use command::{Args, Arity, Command, Error, Flags, Flow, Group, Outcome, Spec};

pub(super) const TABLE: &[&SentinelCommand] = &[&ACL];

const FAMILY: Spec = Spec { since: "6.0.0", ..Spec::of(Group::Server) };

const ACL: SentinelCommand = Command::container(
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
        &CAT, &DELUSER, &DRYRUN, &GENPASS, &GETUSER, &HELP, &LIST, &LOAD, &LOG, &SAVE, &SETUSER,
        &USERS, &WHOAMI,
    ],
);

const SUB: Spec = Spec { flags: Flags::NO_SCRIPT.and(Flags::LOADING).and(Flags::STALE), ..FAMILY };

/// What the subcommands for administrators share.
const ADMIN: Spec = Spec { flags: Flags::ADMIN.and(SUB.flags), ..SUB };

/// Hints of the subcommands that change something.
const CHANGING: &[&str] = &["request_policy:all_nodes", "response_policy:all_succeeded"];

const WHOAMI: SentinelCommand = Command::new(
    |cx, _| {
        let user = cx.session().user.clone();
        cx.reply.bulk(user.name());
        Ok(Flow::Done)
    },
    Spec {
        name: "whoami",
        summary: "Tells for whom this connection speaks.",
        arity: Arity::Exactly(2),
        ..SUB
    },
);

const USERS: SentinelCommand = Command::new(
    |cx, _| {
        let users = cx.sentinel.clients.users.iter();
        cx.reply.array(users.len());
        users.for_each(|user| cx.reply.bulk(user.name()));
        Ok(Flow::Done)
    },
    Spec {
        name: "users",
        summary: "Lists the names of all users.",
        complexity: "O(N), N being the number of users",
        arity: Arity::Exactly(2),
        ..ADMIN
    },
);

const LIST: SentinelCommand = Command::new(
    |cx, _| {
        let lines = cx.sentinel.clients.users.lines();
        cx.reply.array(lines.len());
        lines.iter().for_each(|line| cx.reply.bulk(line));
        Ok(Flow::Done)
    },
    Spec {
        name: "list",
        summary: "Lists all users with their rules, as a configuration file has them.",
        complexity: "O(N), N being the number of users",
        arity: Arity::Exactly(2),
        ..ADMIN
    },
);

const GETUSER: SentinelCommand = Command::new(
    |cx, mut args| {
        match cx.sentinel.clients.users.get(args.word()?) {
            Some(user) => ::acl::write_user(&mut cx.reply, user),
            None => cx.reply.null(),
        }
        Ok(Flow::Done)
    },
    Spec {
        name: "getuser",
        syntax: "username",
        summary: "Tells all about a user.",
        complexity: "O(N), N being the passwords, commands and patterns of the user",
        arity: Arity::Exactly(3),
        ..ADMIN
    },
);

const CAT: SentinelCommand = Command::new(
    |cx, mut args| {
        let category = args.next();
        args.end().map_err(|_| too_many("CAT"))?;
        match category {
            Some(name) => {
                let catalog = cx.sentinel.clients.users.catalog();
                ::acl::write_category(&mut cx.reply, name, catalog)?;
            }
            None => ::acl::write_categories(&mut cx.reply),
        }
        Ok(Flow::Done)
    },
    Spec {
        name: "cat",
        syntax: "[category]",
        summary: "Lists the categories of commands, or the commands of one.",
        complexity: "O(1), as there are only so many commands",
        arity: Arity::AtLeast(2),
        ..SUB
    },
);

const SETUSER: SentinelCommand = Command::new(
    setuser,
    Spec {
        name: "setuser",
        syntax: "username [rule [rule ...]]",
        summary: "Makes a user, or changes what it may do.",
        complexity: "O(N), N being the number of rules",
        arity: Arity::AtLeast(3),
        tips: CHANGING,
        ..ADMIN
    },
);

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

const DELUSER: SentinelCommand = Command::new(
    deluser,
    Spec {
        name: "deluser",
        syntax: "username [username ...]",
        summary: "Removes users, and closes their connections.",
        complexity: "O(1), and O(N) for the connections",
        arity: Arity::AtLeast(3),
        tips: CHANGING,
        ..ADMIN
    },
);

fn deluser(cx: &mut SentinelCx<'_>, args: Args<'_>) -> Outcome {
    let names = args.rest();
    if names.iter().any(|name| name == b"default") {
        return Err(Error::fixed("ERR The 'default' user cannot be removed"));
    }
    let users = &mut cx.sentinel.clients.users;
    let removed: Vec<&[u8]> = names.iter().filter(|name| users.remove(name)).collect();
    if !removed.is_empty() {
        cx.sentinel.users_gone(&removed, cx.conn);
    }
    cx.reply.count(removed.len());
    Ok(Flow::Done)
}

const LOG: SentinelCommand = Command::new(
    log,
    Spec {
        name: "log",
        syntax: "[count | RESET]",
        summary: "Lists what was refused to users lately, or forgets it.",
        complexity: "O(N), N being the number of entries shown",
        arity: Arity::AtLeast(2),
        ..ADMIN
    },
);

/// How many entries ACL LOG shows unless somebody says otherwise.
const SHOWN: i64 = 10;

fn log(cx: &mut SentinelCx<'_>, mut args: Args<'_>) -> Outcome {
    if args.len() > 1 {
        return Err(too_many("LOG"));
    }
    if args.take_keyword("reset") {
        cx.sentinel.clients.refusals.clear();
        cx.reply.ok();
        return Ok(Flow::Done);
    }
    let count = if args.is_empty() { SHOWN } else { args.int()? };
    let (count, now) = (usize::try_from(count).unwrap_or(0), cx.sentinel.clock.wall());
    cx.sentinel.clients.refusals.write(&mut cx.reply, count, now);
    Ok(Flow::Done)
}

const DRYRUN: SentinelCommand = Command::new(
    dryrun,
    Spec {
        name: "dryrun",
        syntax: "username command [arg [arg ...]]",
        summary: "Tells whether a user might run a command, without running it.",
        since: "7.0.0",
        arity: Arity::AtLeast(4),
        ..ADMIN
    },
);

fn dryrun(cx: &mut SentinelCx<'_>, mut args: Args<'_>) -> Outcome {
    let not_found = |kind: &[u8], name: &[u8]| {
        Error::bytes([b"ERR ", kind, b" '", name, b"' not found"].concat())
    };
    let name = args.word()?;
    let words = args.rest();
    let clients = &cx.sentinel.clients;
    let Some(user) = clients.users.get(name) else { return Err(not_found(b"User", name)) };
    let found = super::resolve(&clients.names, &words);
    let found = found.map_err(|_| not_found(b"Command", &words[0]))?;
    if !found.command.spec.arity.accepts(words.len()) {
        return Err(Error::arity(&found.name));
    }
    let number = clients.users.catalog().number(&found.name).expect("all rows are in the catalog");
    let request = Request::new(number, &found.command.spec, words, found.depth);
    match user.check(&request) {
        Ok(()) => cx.reply.ok(),
        Err(denied) => cx.reply.bulk(&denied.detailed_message(user.name(), &found.name, &words)),
    }
    Ok(Flow::Done)
}

const GENPASS: SentinelCommand = Command::new(
    |cx, mut args| {
        if args.len() > 1 {
            return Err(too_many("GENPASS"));
        }
        let bits = if args.is_empty() { None } else { Some(args.int()?) };
        let password = ::acl::generate_password(&(cx.sentinel.senses.secret)(), bits)?;
        cx.reply.bulk(&password);
        Ok(Flow::Done)
    },
    Spec {
        name: "genpass",
        syntax: "[bits]",
        summary: "Makes a password that nobody can guess.",
        arity: Arity::AtLeast(2),
        ..SUB
    },
);

const LOAD: SentinelCommand = Command::new(
    |_, _| Err(no_file()),
    Spec {
        name: "load",
        summary: "Refused: a Sentinel has no file of users.",
        complexity: "O(N), N being the number of users",
        arity: Arity::Exactly(2),
        ..ADMIN
    },
);

const SAVE: SentinelCommand = Command::new(
    |_, _| Err(no_file()),
    Spec {
        name: "save",
        summary: "Refused: a Sentinel has no file of users.",
        complexity: "O(N), N being the number of users",
        arity: Arity::Exactly(2),
        tips: CHANGING,
        ..ADMIN
    },
);

const HELP: SentinelCommand = Command::new(
    |cx, _| help(cx, &ACL),
    Spec {
        name: "help",
        summary: "Shows what ACL can be asked.",
        arity: Arity::Exactly(2),
        flags: Flags::LOADING.and(Flags::STALE),
        ..SUB
    },
);

fn no_file() -> Error {
    Error::fixed(::acl::NO_FILE)
}

/// More words than a subcommand can use.
fn too_many(name: &str) -> Error {
    Error::new(format!(
        "ERR unknown subcommand or wrong number of arguments for '{name}'. Try ACL HELP."
    ))
}
