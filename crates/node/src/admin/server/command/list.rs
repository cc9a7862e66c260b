//! COMMAND LIST: names, all of them or those that a filter lets through.

use super::{SUB, UNORDERED};
use crate::admin::{NodeCommand, NodeCx};
use crate::registry::Row;
use command::manual::Filter;
use command::{Args, Arity, Command, Flow, Outcome, Spec};

pub(super) const LIST: NodeCommand = Command::new(
    list,
    Spec {
        name: "list",
        syntax: "[FILTERBY <MODULE module-name | ACLCAT category | PATTERN pattern>]",
        summary: "Returns the names of commands.",
        complexity: "O(N), N being the number of commands",
        since: "7.0.0",
        arity: Arity::AtLeast(2),
        tips: UNORDERED,
        ..SUB
    },
);

fn list(cx: &mut NodeCx<'_>, args: Args<'_>) -> Outcome {
    let filter = Filter::read(args)?;
    let registry = &cx.node.registry;
    let place = cx.reply.defer();
    let mut count = 0;
    let mut show = |row: &Row| {
        if filter.as_ref().is_none_or(|filter| filter.admits(&row.full_name, row.spec)) {
            cx.reply.text(&row.full_name);
            count += 1;
        }
    };
    for (_, row) in registry.named() {
        show(row);
        row.subcommands.iter().for_each(|id| show(registry.row(*id)));
    }
    cx.reply.finish_array(place, count);
    Ok(Flow::Done)
}
