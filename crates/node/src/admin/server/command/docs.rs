//! COMMAND DOCS: a page of the manual for each command.

use super::{SUB, UNORDERED, find};
use crate::admin::{NodeCommand, NodeCx};
use crate::registry::{CommandId, Registry};
use command::syntax::{Argument, Kind, parse};
use command::{Args, Arity, Command, Flow, Outcome, Spec, Writer};

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
        write_page(&mut cx.reply, registry, id);
    }
    Ok(Flow::Done)
}

fn write_page(w: &mut Writer<'_>, registry: &Registry, id: CommandId) {
    let row = registry.row(id);
    let spec = row.spec;
    // A container's syntax is its subcommands'.
    let arguments = if row.subcommands.is_empty() { parse(spec) } else { Vec::new() };
    w.text(&row.full_name);
    w.map(4 + usize::from(!arguments.is_empty()) + usize::from(!row.subcommands.is_empty()));
    for (name, value) in [
        ("summary", spec.summary),
        ("since", spec.since),
        ("group", spec.group.name()),
        ("complexity", spec.complexity),
    ] {
        w.text(name);
        w.text(value);
    }
    if !arguments.is_empty() {
        w.text("arguments");
        write_arguments(w, &arguments);
    }
    if !row.subcommands.is_empty() {
        w.text("subcommands");
        w.map(row.subcommands.len());
        row.subcommands.iter().for_each(|child| write_page(w, registry, *child));
    }
}

fn write_arguments(w: &mut Writer<'_>, arguments: &[Argument]) {
    w.array(arguments.len());
    for argument in arguments {
        write_argument(w, argument);
    }
}

fn write_argument(w: &mut Writer<'_>, argument: &Argument) {
    let flags: Vec<&str> = [
        (argument.optional, "optional"),
        (argument.multiple, "multiple"),
        (argument.multiple_token, "multiple_token"),
    ]
    .into_iter()
    .filter_map(|(set, name)| set.then_some(name))
    .collect();
    let nested = matches!(argument.kind, Kind::OneOf | Kind::Block);
    w.map(
        3 + usize::from(argument.key_spec.is_some())
            + usize::from(argument.token.is_some())
            + usize::from(!flags.is_empty()),
    );
    w.text("name");
    w.text(&argument.name);
    w.text("type");
    w.text(argument.kind.name());
    if !nested {
        w.text("display_text");
        w.text(&argument.name);
    }
    if let Some(index) = argument.key_spec {
        w.text("key_spec_index");
        w.count(index);
    }
    if let Some(token) = &argument.token {
        w.text("token");
        w.text(token);
    }
    if !flags.is_empty() {
        w.text("flags");
        w.set(flags.len());
        flags.iter().for_each(|flag| w.simple(flag));
    }
    if nested {
        w.text("arguments");
        write_arguments(w, &argument.inside);
    }
}
