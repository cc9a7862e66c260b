//! CONFIG GET.

use super::SUB;
use crate::admin::{NodeCommand, NodeCx};
use command::{Args, Arity, Command, Flow, Outcome, Spec};

pub(super) const GET: NodeCommand = Command::new(
    get,
    Spec {
        name: "get",
        history: &[("7.0.0", "several patterns")],
        syntax: "parameter [parameter ...]",
        summary: "Returns parameters, by name or pattern, with their values.",
        complexity: "O(N), N being the number of patterns",
        arity: Arity::AtLeast(3),
        ..SUB
    },
);

fn get(cx: &mut NodeCx<'_>, args: Args<'_>) -> Outcome {
    let patterns: Vec<&[u8]> = args.rest().iter().collect();
    let found = cx.node.config.get(&patterns);
    cx.reply.map(found.len());
    for (name, value) in found {
        cx.reply.bulk(&name);
        cx.reply.bulk(&value);
    }
    Ok(Flow::Done)
}
