//! SLOWLOG: the commands that took too long.

use super::FAMILY;
use crate::admin::{self, NodeCommand, NodeCx};
use command::{Args, Arity, Command, Error, Flags, Flow, Outcome, Spec};

pub(super) const SLOWLOG: NodeCommand = Command::container(
    |_, _| Err(Error::arity("slowlog")),
    Spec {
        name: "slowlog",
        syntax: "subcommand",
        summary: "Questions about slow commands.",
        complexity: "Depends on subcommand.",
        since: "2.2.12",
        arity: Arity::AtLeast(2),
        ..FAMILY
    },
    &[&GET, &HELP, &LEN, &RESET],
);

const SUB: Spec =
    Spec { since: "2.2.12", flags: Flags::ADMIN.and(Flags::LOADING).and(Flags::STALE), ..FAMILY };

const GET: NodeCommand = Command::new(
    get,
    Spec {
        name: "get",
        history: &[("4.0.0", "address and name of the client")],
        syntax: "[count]",
        summary: "Returns the newest entries, ten unless told how many; -1 for all.",
        complexity: "O(N), N being the number of entries",
        arity: Arity::AtLeast(2),
        tips: &["request_policy:all_nodes", "nondeterministic_output"],
        ..SUB
    },
);

fn get(cx: &mut NodeCx<'_>, mut args: Args<'_>) -> Outcome {
    args.at_most(1)?;
    let mut count = 10;
    if let Some(word) = args.next() {
        let wanted = stdx::integer::parse_i64(word).filter(|&n| n >= -1);
        let error = Error::fixed("ERR count should be greater than or equal to -1");
        count = usize::try_from(wanted.ok_or(error)?).unwrap_or(usize::MAX);
    }
    let entries = &cx.node.stats.slowlog.entries;
    cx.reply.array(entries.len().min(count));
    for entry in entries.iter().take(count) {
        cx.reply.array(6);
        cx.reply.int(entry.id as i64);
        cx.reply.int(entry.at.secs() as i64);
        cx.reply.int(entry.spent_us as i64);
        cx.reply.array(entry.words.len());
        entry.words.iter().for_each(|word| cx.reply.bulk(word));
        cx.reply.text(&entry.peer);
        cx.reply.bulk(&entry.name);
    }
    Ok(Flow::Done)
}

const LEN: NodeCommand = Command::new(
    |cx, _| {
        cx.reply.count(cx.node.stats.slowlog.entries.len());
        Ok(Flow::Done)
    },
    Spec {
        name: "len",
        summary: "Counts the entries.",
        arity: Arity::Exactly(2),
        tips: &["request_policy:all_nodes", "response_policy:agg_sum", "nondeterministic_output"],
        ..SUB
    },
);

const RESET: NodeCommand = Command::new(
    |cx, _| {
        cx.node.stats.slowlog.entries.clear();
        cx.reply.ok();
        Ok(Flow::Done)
    },
    Spec {
        name: "reset",
        summary: "Forgets all entries.",
        complexity: "O(N), N being the number of entries",
        arity: Arity::Exactly(2),
        tips: &["request_policy:all_nodes", "response_policy:all_succeeded"],
        ..SUB
    },
);

const HELP: NodeCommand = Command::new(
    |cx, _| admin::help(cx, &SLOWLOG),
    Spec {
        name: "help",
        summary: "Shows what SLOWLOG can be asked.",
        since: "6.2.0",
        arity: Arity::Exactly(2),
        flags: Flags::LOADING.and(Flags::STALE),
        ..SUB
    },
);
