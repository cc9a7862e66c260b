//! COMMAND DOCS: a page of the manual for each command.

use super::{SUB, UNORDERED, find};
use crate::admin::{NodeCommand, NodeCx};
use crate::registry::CommandId;
use command::manual::write_page;
use command::{Args, Arity, Command, Flow, Outcome, Spec};

pub(super) const DOCS: NodeCommand = Command::new(
    docs,
    Spec {
        name: "docs",
        syntax: "[command-name [command-name ...]]",
        summary: "Returns the manual's pages of the given commands, or of all.",
        complexity: "O(N), N being the number of commands asked for",
        since: "7.0.0",
        arity: Arity::AtLeast(2),
        tips: UNORDERED,
        ..SUB
    },
);

fn docs(cx: &mut NodeCx<'_>, args: Args<'_>) -> Outcome {
    let registry = &cx.node.registry;
    let ids: Vec<CommandId> = if args.is_empty() {
        registry.named().map(|(_, row)| row.id).collect()
    } else {
        args.rest().iter().filter_map(|name| find(registry, name)).collect()
    };
    cx.reply.map(ids.len());
    for id in ids {
        write_page(&mut cx.reply, &registry.page(id));
    }
    Ok(Flow::Done)
}
