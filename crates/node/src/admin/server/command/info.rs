//! COMMAND INFO: the facts about commands that clients and proxies route by.

use super::{SUB, UNORDERED, find};
use crate::admin::{NodeCommand, NodeCx};
use command::manual::write_facts;
use command::{Args, Arity, Command, Flow, Outcome, Spec};

pub(super) const INFO: NodeCommand = Command::new(
    info,
    Spec {
        name: "info",
        history: &[("7.0.0", "without names: all commands")],
        syntax: "[command-name [command-name ...]]",
        summary: "Describes the given commands, or all.",
        complexity: "O(N), N being the number of commands asked for",
        arity: Arity::AtLeast(2),
        tips: UNORDERED,
        ..SUB
    },
);

fn info(cx: &mut NodeCx<'_>, args: Args<'_>) -> Outcome {
    if args.is_empty() {
        write_all(cx);
        return Ok(Flow::Done);
    }
    cx.reply.array(args.len());
    for name in args.rest().iter() {
        match find(&cx.node.registry, name) {
            Some(id) => write_facts(&mut cx.reply, &cx.node.registry.page(id)),
            None => cx.reply.null(),
        }
    }
    Ok(Flow::Done)
}

/// Every command that answers to a name.
pub(super) fn write_all(cx: &mut NodeCx<'_>) {
    let registry = &cx.node.registry;
    cx.reply.array(registry.named().count());
    for (_, row) in registry.named() {
        write_facts(&mut cx.reply, &registry.page(row.id));
    }
}
