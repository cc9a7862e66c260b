//! WAIT: an answer when replicas have what was written.

use crate::admin::{NodeCommand, NodeCx};
use crate::blocking::Waiting;
use crate::call::Context;
use command::{Args, Arity, Categories, Command, Error, Flags, Flow, Group, Outcome, Spec};

pub(super) const WAIT: NodeCommand = Command::new(
    wait,
    Spec {
        name: "wait",
        syntax: "numreplicas timeout",
        summary: "Answers when so many replicas have acknowledged all writes of this connection.",
        since: "3.0.0",
        arity: Arity::Exactly(3),
        flags: Flags::NONE,
        categories: Categories::CONNECTION,
        tips: &["request_policy:all_shards", "response_policy:agg_min"],
        ..Spec::of(Group::Generic)
    },
);

fn wait(cx: &mut NodeCx<'_>, mut args: Args<'_>) -> Outcome {
    if cx.node.is_replica() {
        return Err(Error::fixed(
            "ERR WAIT cannot be used with replica instances. Please also note that since Redis 4.0 if a replica is \
             configured to be writable (which is not the default) writes to replicas are just local and are not \
             propagated.",
        ));
    }
    let wanted = args.int()?;
    let deadline = command::deadline_ms(args.word()?, cx.node.now)?;
    let offset = cx.session().wrote_up_to;
    let (acked, _) = cx.node.repl.acked(offset);
    if acked as i64 >= wanted || matches!(cx.context, Context::Exec | Context::Script) {
        cx.reply.count(acked);
        return Ok(Flow::Done);
    }
    let conn = cx.conn;
    cx.node.repl.wait(u64::from(conn.0), offset, wanted as usize, false);
    cx.node.park_as(conn, &args.all(), Waiting::Replicas { offset, deadline });
    Ok(Flow::Parked)
}
