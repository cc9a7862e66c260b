//! ACL WHOAMI, USERS, LIST, GETUSER and CAT: who there is, and what they may do.

use super::{ADMIN, SUB, too_many};
use crate::admin::{NodeCommand, NodeCx};
use command::{Args, Arity, Command, Flow, Outcome, Spec};

pub(super) const WHOAMI: NodeCommand = Command::new(
    |cx, _| {
        let user = cx.session().user.clone();
        cx.reply.bulk_or_null(user.as_ref().map(|user| user.name()));
        Ok(Flow::Done)
    },
    Spec {
        name: "whoami",
        summary: "Tells for whom this connection speaks.",
        arity: Arity::Exactly(2),
        ..SUB
    },
);

pub(super) const USERS: NodeCommand = Command::new(
    |cx, _| {
        let users = cx.node.users.iter();
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

pub(super) const LIST: NodeCommand = Command::new(
    |cx, _| {
        let lines = cx.node.users.lines();
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

pub(super) const GETUSER: NodeCommand = Command::new(
    getuser,
    Spec {
        name: "getuser",
        history: &[
            ("6.2.0", "patterns of channels"),
            ("7.0.0", "selectors; patterns of keys and channels are text"),
        ],
        syntax: "username",
        summary: "Tells all about a user.",
        complexity: "O(N), N being the passwords, commands and patterns of the user",
        arity: Arity::Exactly(3),
        ..ADMIN
    },
);

fn getuser(cx: &mut NodeCx<'_>, mut args: Args<'_>) -> Outcome {
    match cx.node.users.get(args.word()?) {
        Some(user) => acl::write_user(&mut cx.reply, user),
        None => cx.reply.null(),
    }
    Ok(Flow::Done)
}

pub(super) const CAT: NodeCommand = Command::new(
    cat,
    Spec {
        name: "cat",
        syntax: "[category]",
        summary: "Lists the categories of commands, or the commands of one.",
        complexity: "O(1), as there are only so many commands",
        arity: Arity::AtLeast(2),
        ..SUB
    },
);

fn cat(cx: &mut NodeCx<'_>, mut args: Args<'_>) -> Outcome {
    let category = args.next();
    args.end().map_err(|_| too_many("cat"))?;
    match category {
        Some(name) => acl::write_category(&mut cx.reply, name, cx.node.users.catalog())?,
        None => acl::write_categories(&mut cx.reply),
    }
    Ok(Flow::Done)
}
