//! CONFIG RESETSTAT.

use super::{CHANGING, SUB};
use crate::admin::{NodeCommand, NodeCx};
use command::{Args, Arity, Command, Flow, Outcome, Spec};

pub(super) const RESETSTAT: NodeCommand = Command::new(
    resetstat,
    Spec {
        name: "resetstat",
        summary: "Sets the counters that INFO shows to zero.",
        arity: Arity::Exactly(2),
        tips: CHANGING,
        ..SUB
    },
);

fn resetstat(cx: &mut NodeCx<'_>, _: Args<'_>) -> Outcome {
    cx.node.stats.reset();
    cx.node.refusals.reset_counters();
    cx.node.repl.reset_stats();
    cx.node.keyspace.stats = Default::default();
    cx.reply.ok();
    Ok(Flow::Done)
}
