//! ACL SETUSER and DELUSER: users come, change and go while the server runs.

use crate::admin::{NodeCommand, NodeCx};
use acl::rows;
use command::{Args, Command, Error, Flow, Outcome, Spec};

pub(super) const SETUSER: NodeCommand = Command::new(
    setuser,
    Spec {
        history: &[
            ("6.2.0", "patterns of channels"),
            ("7.0.0", "selectors, and patterns of keys for reading or writing alone"),
        ],
        ..rows::SETUSER
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

pub(super) const DELUSER: NodeCommand = Command::new(deluser, rows::DELUSER);

fn deluser(cx: &mut NodeCx<'_>, args: Args<'_>) -> Outcome {
    let removed = acl::remove_users(&mut cx.node.users, &args.rest())?;
    if !removed.is_empty() {
        cx.node.users_gone(|name| removed.contains(&name), cx.conn);
    }
    cx.reply.count(removed.len());
    Ok(Flow::Done)
}
