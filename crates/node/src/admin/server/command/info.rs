//! COMMAND INFO: the facts about commands that clients and proxies route by.

use super::{SUB, UNORDERED, find};
use crate::admin::{NodeCommand, NodeCx};
use crate::registry::{CommandId, Registry};
use command::{
    Args, Arity, Command, Find, Flags, Flow, KeyFlags, Keys, Outcome, Search, Spec, Writer,
};

pub(super) const INFO: NodeCommand = Command::new(
    info,
    Spec {
        name: "info",
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
            Some(id) => write_row(&mut cx.reply, &cx.node.registry, id),
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
        write_row(&mut cx.reply, registry, row.id);
    }
}

/// The flags of a command as the world knows them.
fn public(flags: Flags) -> Flags {
    flags.without(Flags::HIDDEN)
}

fn write_row(w: &mut Writer<'_>, registry: &Registry, id: CommandId) {
    let row = registry.row(id);
    let spec = row.spec;
    let (first, last, step) = spec.legacy_range();
    w.array(10);
    w.text(&row.full_name);
    w.int(spec.arity.number());
    write_names(w, public(spec.flags).names());
    for number in [first, last, step] {
        w.int(i64::from(number));
    }
    write_names(w, spec.all_categories().names());
    w.set(spec.tips.len());
    spec.tips.iter().for_each(|tip| w.text(tip));
    w.set(spec.keys.len());
    spec.keys.iter().for_each(|keys| write_keys(w, keys));
    if row.subcommands.is_empty() {
        // compat(7.2): no subcommands at all are an empty set, some are an array.
        w.set(0);
        return;
    }
    w.array(row.subcommands.len());
    for child in &row.subcommands {
        write_row(w, registry, *child);
    }
}

/// A set of words, each a simple string.
fn write_names<'a>(w: &mut Writer<'_>, names: impl Iterator<Item = &'a str>) {
    let place = w.defer();
    let mut count = 0;
    for name in names {
        w.simple(name);
        count += 1;
    }
    w.finish_set(place, count);
}

/// The flags of a key, as COMMAND GETKEYSANDFLAGS gives them too.
pub(super) fn write_key_flags(w: &mut Writer<'_>, flags: KeyFlags) {
    write_names(w, flags.names());
}

fn write_keys(w: &mut Writer<'_>, keys: &Keys) {
    w.map(3 + usize::from(!keys.notes.is_empty()));
    if !keys.notes.is_empty() {
        w.text("notes");
        w.text(keys.notes);
    }
    w.text("flags");
    write_key_flags(w, keys.flags);
    w.text("begin_search");
    match keys.search {
        Search::Index(index) => write_step(w, "index", &[("index", index)]),
        Search::Keyword(keyword, from) => {
            write_head(w, "keyword", 2);
            w.text("keyword");
            w.text(keyword);
            w.text("startfrom");
            w.int(i64::from(from));
        }
        Search::Unknown => write_step(w, "unknown", &[]),
    }
    w.text("find_keys");
    match keys.find {
        Find::Range { last, step, limit } => {
            write_step(w, "range", &[("lastkey", last), ("keystep", step), ("limit", limit)]);
        }
        Find::Count { count, first, step } => {
            write_step(
                w,
                "keynum",
                &[("keynumidx", count), ("firstkey", first), ("keystep", step)],
            );
        }
        Find::Unknown => write_step(w, "unknown", &[]),
    }
}

fn write_step(w: &mut Writer<'_>, kind: &str, numbers: &[(&str, i32)]) {
    write_head(w, kind, numbers.len());
    for (name, number) in numbers {
        w.text(name);
        w.int(i64::from(*number));
    }
}

fn write_head(w: &mut Writer<'_>, kind: &str, fields: usize) {
    w.map(2);
    w.text("type");
    w.text(kind);
    w.text("spec");
    w.map(fields);
}
