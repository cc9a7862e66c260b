//! COMMAND DOCS: a page of the manual.

use super::Page;
use crate::Writer;
use crate::syntax::{Argument, Kind, parse};

/// The page of a command, as COMMAND DOCS gives it: its name, and a map.
pub fn write_page(w: &mut Writer<'_>, page: &Page<'_>) {
    let spec = page.spec;
    // A container's syntax is its subcommands'.
    let arguments = if page.subcommands.is_empty() { parse(spec) } else { Vec::new() };
    w.text(&page.name);
    let more = [!spec.history.is_empty(), !arguments.is_empty(), !page.subcommands.is_empty()];
    w.map(4 + more.iter().filter(|there| **there).count());
    for (name, value) in [
        ("summary", spec.summary),
        ("since", spec.since),
        ("group", spec.group.name()),
        ("complexity", spec.complexity),
    ] {
        w.text(name);
        w.text(value);
    }
    if !spec.history.is_empty() {
        w.text("history");
        w.set(spec.history.len());
        for (version, change) in spec.history {
            w.array(2);
            w.text(version);
            w.text(change);
        }
    }
    if !arguments.is_empty() {
        w.text("arguments");
        write_arguments(w, &arguments);
    }
    if !page.subcommands.is_empty() {
        w.text("subcommands");
        w.map(page.subcommands.len());
        page.subcommands.iter().for_each(|sub| write_page(w, sub));
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
