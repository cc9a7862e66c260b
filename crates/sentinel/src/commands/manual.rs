//! COMMAND: what a Sentinel can be asked.

use super::{SentinelCommand, SentinelCx, help};
use command::manual::{Filter, Page, Shown, write_facts, write_keys_of, write_page};
use command::{Args, Arity, Categories, Command, Error, Flags, Flow, Group, Outcome, Spec};

pub(super) const TABLE: &[&SentinelCommand] = &[&COMMAND];

/// The order of commands means nothing.
const UNORDERED: &[&str] = &["nondeterministic_output_order"];

const SUB: Spec = Spec {
    complexity: "O(N), N being the number of commands",
    since: "2.8.13",
    flags: Flags::LOADING.and(Flags::STALE),
    categories: Categories::CONNECTION,
    ..Spec::of(Group::Server)
};

const COMMAND: SentinelCommand = Command::container(
    |cx, _| {
        write_all(cx);
        Ok(Flow::Done)
    },
    Spec {
        name: "command",
        summary: "Describes all commands.",
        arity: Arity::AtLeast(1),
        tips: UNORDERED,
        ..SUB
    },
    &[&COUNT, &DOCS, &GETKEYS, &GETKEYSANDFLAGS, &HELP, &INFO, &LIST],
);

fn write_all(cx: &mut SentinelCx<'_>) {
    let rows = cx.sentinel.clients.names.rows();
    cx.reply.array(rows.len());
    rows.for_each(|row| write_facts(&mut cx.reply, &Page::of(row)));
}

/// Whoever is called `set`, or `config|get`.
fn with_page(
    cx: &mut SentinelCx<'_>,
    name: &[u8],
    write: impl FnOnce(&mut SentinelCx<'_>, &Page<'_>),
) -> bool {
    let container = name.split(|byte| *byte == b'|').next().unwrap_or_default();
    let Some(row) = cx.sentinel.clients.names.find(container) else { return false };
    let page = Page::of(row);
    let is_it = |it: &&Page<'_>| name.eq_ignore_ascii_case(it.name.as_bytes());
    let found = page.all().find(is_it);
    found.map(|found| write(cx, found)).is_some()
}

const COUNT: SentinelCommand = Command::new(
    |cx, _| {
        cx.reply.count(cx.sentinel.clients.names.rows().len());
        Ok(Flow::Done)
    },
    Spec {
        name: "count",
        summary: "Tells how many commands there are.",
        complexity: "O(1)",
        arity: Arity::Exactly(2),
        ..SUB
    },
);

const INFO: SentinelCommand = Command::new(
    info,
    Spec {
        name: "info",
        syntax: "[command-name [command-name ...]]",
        summary: "Describes the given commands, or all.",
        arity: Arity::AtLeast(2),
        tips: UNORDERED,
        ..SUB
    },
);

fn info(cx: &mut SentinelCx<'_>, args: Args<'_>) -> Outcome {
    if args.is_empty() {
        write_all(cx);
        return Ok(Flow::Done);
    }
    cx.reply.array(args.len());
    for name in args.rest().iter() {
        if !with_page(cx, name, |cx, page| write_facts(&mut cx.reply, page)) {
            cx.reply.null();
        }
    }
    Ok(Flow::Done)
}

const DOCS: SentinelCommand = Command::new(
    docs,
    Spec {
        name: "docs",
        syntax: "[command-name [command-name ...]]",
        summary: "Returns the manual's pages of the given commands, or of all.",
        since: "7.0.0",
        arity: Arity::AtLeast(2),
        tips: UNORDERED,
        ..SUB
    },
);

fn docs(cx: &mut SentinelCx<'_>, args: Args<'_>) -> Outcome {
    let place = cx.reply.defer();
    let mut count = 0;
    if args.is_empty() {
        for row in cx.sentinel.clients.names.rows() {
            write_page(&mut cx.reply, &Page::of(row));
            count += 1;
        }
    }
    for name in args.rest().iter() {
        count += usize::from(with_page(cx, name, |cx, page| write_page(&mut cx.reply, page)));
    }
    cx.reply.finish_map(place, count);
    Ok(Flow::Done)
}

const LIST: SentinelCommand = Command::new(
    list,
    Spec {
        name: "list",
        syntax: "[FILTERBY <MODULE module-name | ACLCAT category | PATTERN pattern>]",
        summary: "Returns the names of commands.",
        since: "7.0.0",
        arity: Arity::AtLeast(2),
        tips: UNORDERED,
        ..SUB
    },
);

fn list(cx: &mut SentinelCx<'_>, args: Args<'_>) -> Outcome {
    let filter = Filter::read(args)?;
    let place = cx.reply.defer();
    let mut count = 0;
    for row in cx.sentinel.clients.names.rows() {
        for page in Page::of(row).all() {
            if filter.is_none_or(|filter| filter.admits(&page.name, page.spec)) {
                cx.reply.text(&page.name);
                count += 1;
            }
        }
    }
    cx.reply.finish_array(place, count);
    Ok(Flow::Done)
}

const GETKEYS: SentinelCommand = Command::new(
    |cx, args| get_keys(cx, args, Shown::Keys),
    Spec {
        name: "getkeys",
        syntax: "command [arg [arg ...]]",
        summary: "Returns the keys of a request. No command of a Sentinel has any.",
        arity: Arity::AtLeast(3),
        ..SUB
    },
);

const GETKEYSANDFLAGS: SentinelCommand = Command::new(
    |cx, args| get_keys(cx, args, Shown::KeysAndFlags),
    Spec {
        name: "getkeysandflags",
        syntax: "command [arg [arg ...]]",
        summary: "Returns the keys of a request with what becomes of them. No command of a Sentinel has any.",
        since: "7.0.0",
        arity: Arity::AtLeast(3),
        ..SUB
    },
);

fn get_keys(cx: &mut SentinelCx<'_>, args: Args<'_>, shown: Shown) -> Outcome {
    let words = args.rest();
    let row = cx.sentinel.clients.names.find(&words[0]);
    let row = row.ok_or(Error::fixed("ERR Invalid command specified"))?;
    let sub = words.get(1).and_then(|word| row.subcommand(word));
    write_keys_of(&mut cx.reply, &sub.unwrap_or(row).spec, &words, shown)?;
    Ok(Flow::Done)
}

const HELP: SentinelCommand = Command::new(
    |cx, _| help(cx, &COMMAND),
    Spec {
        name: "help",
        summary: "Shows what COMMAND can be asked.",
        complexity: "O(1)",
        since: "5.0.0",
        arity: Arity::Exactly(2),
        ..SUB
    },
);
