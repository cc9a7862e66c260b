//! ACL LOG: what was refused lately, and to whom.

use super::{ADMIN, too_many};
use crate::admin::{NodeCommand, NodeCx};
use command::{Args, Arity, Command, Flow, Outcome, Spec};

/// How many entries are shown unless somebody says otherwise.
const SHOWN: i64 = 10;

pub(super) const LOG: NodeCommand = Command::new(
    log,
    Spec {
        name: "log",
        history: &[("7.2.0", "number and times of an entry")],
        syntax: "[count | RESET]",
        summary: "Lists what was refused to users lately, or forgets it.",
        complexity: "O(N), N being the number of entries shown",
        arity: Arity::AtLeast(2),
        ..ADMIN
    },
);

fn log(cx: &mut NodeCx<'_>, mut args: Args<'_>) -> Outcome {
    if args.len() > 1 {
        return Err(too_many("log"));
    }
    if args.take_keyword("reset") {
        cx.node.refusals.clear();
        cx.reply.ok();
        return Ok(Flow::Done);
    }
    let count = if args.is_empty() { SHOWN } else { args.int()? };
    let count = usize::try_from(count).unwrap_or(0);
    cx.node.refusals.write(&mut cx.reply, count, cx.node.now.wall);
    Ok(Flow::Done)
}
