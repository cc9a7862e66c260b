//! MONITOR: the session watches every command from now on.

use super::FAMILY;
use crate::admin::{NodeCommand, NodeCx};
use crate::session::Role;
use command::{Args, Arity, Command, Error, Flags, Flow, Outcome, Spec};

pub(super) const MONITOR: NodeCommand = Command::new(
    monitor,
    Spec {
        name: "monitor",
        summary: "Shows every command as it is about to run.",
        arity: Arity::Exactly(1),
        flags: Flags::ADMIN.and(Flags::NO_SCRIPT).and(Flags::LOADING).and(Flags::STALE),
        ..FAMILY
    },
);

fn monitor(cx: &mut NodeCx<'_>, _: Args<'_>) -> Outcome {
    if cx.context == crate::call::Context::Exec {
        return Err(Error::fixed("ERR MONITOR isn't allowed for DENY BLOCKING client"));
    }
    if cx.session().role == Role::Replica {
        return Ok(Flow::Done);
    }
    cx.session().role = Role::Monitor;
    let conn = cx.conn;
    cx.node.monitors.add(conn);
    cx.reply.ok();
    Ok(Flow::Done)
}
