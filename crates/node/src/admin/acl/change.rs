//! ACL SETUSER and DELUSER: users come, change and go while the server runs.

use super::{ADMIN, CHANGING};
use crate::admin::{NodeCommand, NodeCx};
use command::{Args, Arity, Command, Error, Flow, Outcome, Spec};

pub(super) const SETUSER: NodeCommand = Command::new(
    setuser,
    Spec {
        name: "setuser",
        history: &[
            ("6.2.0", "patterns of channels"),
            ("7.0.0", "selectors, and patterns of keys for reading or writing alone"),
        ],
        syntax: "username [rule [rule ...]]",
        summary: "Makes a user, or changes what it may do.",
        complexity: "O(N), N being the number of rules",
        arity: Arity::AtLeast(3),
        tips: CHANGING,
        ..ADMIN
    },
);

fn setuser(cx: &mut NodeCx<'_>, mut args: Args<'_>) -> Outcome {
    let name = args.word()?;
    let before = cx.node.users.get(name).cloned();
    let user = cx.node.users.set(name, args.rest().iter());
    let user = user.map_err(|error| Error::bytes(error.text()))?.clone();
    cx.node.user_changed(before.as_deref(), &user, cx.conn);
    cx.reply.ok();
    Ok(Flow::Done)
}

pub(super) const DELUSER: NodeCommand = Command::new(
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

fn deluser(cx: &mut NodeCx<'_>, args: Args<'_>) -> Outcome {
    let names = args.rest();
    if names.iter().any(|name| name == b"default") {
        return Err(Error::fixed("ERR The 'default' user cannot be removed"));
    }
    let removed: Vec<&[u8]> = names.iter().filter(|name| cx.node.users.remove(name)).collect();
    if !removed.is_empty() {
        cx.node.users_gone(|name| removed.contains(&name), cx.conn);
    }
    cx.reply.count(removed.len());
    Ok(Flow::Done)
}
