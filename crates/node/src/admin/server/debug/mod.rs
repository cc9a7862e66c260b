//! DEBUG: levers for tests, and looks inside. Refused unless `enable-debug-command` allows it.
//!
//! Its subcommands are no rows of the registry, as they are none in Redis: COMMAND does not tell of them.

mod dataset;
mod process;
mod protocol;
mod switches;
mod values;

pub(crate) use switches::Switches;

use super::FAMILY;
use crate::admin::{NodeCommand, NodeCx};
use command::{Args, Arity, Command, Error, Flags, Flow, Outcome, Spec};

pub(super) const DEBUG: NodeCommand = Command::new(
    debug,
    Spec {
        name: "debug",
        syntax: "subcommand",
        summary: "Levers for tests.",
        complexity: "Depends on subcommand.",
        arity: Arity::AtLeast(2),
        flags: Flags::ADMIN.and(Flags::NO_SCRIPT).and(Flags::LOADING).and(Flags::STALE),
        ..FAMILY
    },
);

/// A subcommand: its name, how many words may follow, what it takes and does, for people, and its function.
struct Lever {
    name: &'static str,
    words: std::ops::RangeInclusive<usize>,
    syntax: &'static str,
    about: &'static str,
    run: fn(&mut NodeCx<'_>, Args<'_>) -> Outcome,
}

const ANY: usize = usize::MAX;

const TABLES: [&[Lever]; 5] =
    [dataset::TABLE, process::TABLE, protocol::TABLE, switches::TABLE, values::TABLE];

fn debug(cx: &mut NodeCx<'_>, mut args: Args<'_>) -> Outcome {
    let permission = cx.node.settings.debug_command;
    super::check_permission(cx, permission, "DEBUG")?;
    let name = args.word()?;
    if name.eq_ignore_ascii_case(b"help") && args.is_empty() {
        return help(cx);
    }
    let lever = TABLES.iter().copied().flatten().find(|lever| {
        name.eq_ignore_ascii_case(lever.name.as_bytes()) && lever.words.contains(&args.len())
    });
    match lever {
        Some(lever) => (lever.run)(cx, args),
        None => Err(Error::subcommand_words(&args.all())),
    }
}

fn help(cx: &mut NodeCx<'_>) -> Outcome {
    let mut lines =
        vec!["DEBUG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:".to_owned()];
    for lever in TABLES.iter().copied().flatten() {
        lines.push(format!("{} {}", lever.name, lever.syntax).trim_end().to_owned());
        lines.push(format!("    {}", lever.about));
    }
    lines.push("HELP".to_owned());
    lines.push("    Print this help.".to_owned());
    cx.reply.array(lines.len());
    lines.iter().for_each(|line| cx.reply.simple(line));
    Ok(Flow::Done)
}
