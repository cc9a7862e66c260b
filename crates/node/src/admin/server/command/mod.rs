//! COMMAND: what this server can be asked, told from the registry.

mod docs;
mod info;
mod keys;
mod list;

use super::FAMILY;
use crate::admin::{self, NodeCommand, NodeCx};
use crate::registry::{CommandId, Registry};
use command::{Args, Arity, Categories, Command, Flags, Flow, Outcome, Spec};

pub(super) const COMMAND: NodeCommand = Command::container(
    all,
    Spec {
        name: "command",
        summary: "Describes all commands.",
        complexity: "O(N), N being the number of commands",
        arity: Arity::AtLeast(1),
        tips: UNORDERED,
        ..SUB
    },
    &[&COUNT, &docs::DOCS, &keys::GETKEYS, &keys::GETKEYSANDFLAGS, &HELP, &info::INFO, &list::LIST],
);

/// What the subcommands have in common.
const SUB: Spec = Spec {
    since: "2.8.13",
    flags: Flags::LOADING.and(Flags::STALE),
    categories: Categories::CONNECTION,
    ..FAMILY
};

/// The order of commands means nothing.
const UNORDERED: &[&str] = &["nondeterministic_output_order"];

fn all(cx: &mut NodeCx<'_>, _: Args<'_>) -> Outcome {
    info::write_all(cx);
    Ok(Flow::Done)
}

const COUNT: NodeCommand = Command::new(
    count,
    Spec {
        name: "count",
        summary: "Tells how many commands there are.",
        arity: Arity::Exactly(2),
        ..SUB
    },
);

fn count(cx: &mut NodeCx<'_>, _: Args<'_>) -> Outcome {
    let count = cx.node.registry.named().count();
    cx.reply.count(count);
    Ok(Flow::Done)
}

const HELP: NodeCommand = Command::new(
    |cx, _| admin::help(cx, &COMMAND),
    Spec {
        name: "help",
        summary: "Shows what COMMAND can be asked.",
        since: "5.0.0",
        arity: Arity::Exactly(2),
        ..SUB
    },
);

/// The command called `set`, or the subcommand called `config|get`.
fn find(registry: &Registry, name: &[u8]) -> Option<CommandId> {
    let mut parts = name.splitn(3, |&byte| byte == b'|');
    let id = registry.find(parts.next()?)?;
    let Some(sub) = parts.next() else { return Some(id) };
    if parts.next().is_some() {
        return None;
    }
    let mut children = registry.row(id).subcommands.iter().copied();
    children.find(|id| registry.row(*id).spec.name.as_bytes().eq_ignore_ascii_case(sub))
}
