//! COMMAND GETKEYS and GETKEYSANDFLAGS: which words of a request are keys, and what would become of them.

use super::SUB;
use super::info::write_key_flags;
use crate::admin::{NodeCommand, NodeCx};
use command::{Args, Arity, Command, Error, Flags, Flow, KeyFlags, Outcome, Search, Spec, Words};

pub(super) const GETKEYS: NodeCommand = Command::new(
    |cx, args| get_keys(cx, args, Shown::Keys),
    Spec {
        name: "getkeys",
        syntax: "command [arg [arg ...]]",
        summary: "Returns the keys of a request.",
        complexity: "O(N), N being the number of words of the request",
        arity: Arity::AtLeast(3),
        ..SUB
    },
);

pub(super) const GETKEYSANDFLAGS: NodeCommand = Command::new(
    |cx, args| get_keys(cx, args, Shown::KeysAndFlags),
    Spec {
        name: "getkeysandflags",
        syntax: "command [arg [arg ...]]",
        summary: "Returns the keys of a request, and what the command does with them.",
        complexity: "O(N), N being the number of words of the request",
        since: "7.0.0",
        arity: Arity::AtLeast(3),
        ..SUB
    },
);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Shown {
    Keys,
    KeysAndFlags,
}

fn get_keys(cx: &mut NodeCx<'_>, args: Args<'_>, shown: Shown) -> Outcome {
    let words = args.rest();
    let Ok(row) = cx.node.registry.resolve(&words) else {
        return Err(Error::fixed("ERR Invalid command specified"));
    };
    let spec = row.spec;
    if !spec.keys.iter().any(|keys| !keys.flags.has(KeyFlags::NOT_KEY)) {
        return Err(Error::fixed("ERR The command has no key arguments"));
    }
    if !spec.arity.accepts(words.len()) {
        return Err(Error::fixed("ERR Invalid number of arguments specified for command"));
    }
    let found = keys_of(spec, &words).unwrap_or_default();
    if found.is_empty() && !spec.flags.has(Flags::NO_MANDATORY_KEYS) {
        return Err(Error::fixed("ERR Invalid arguments specified for command"));
    }
    cx.reply.array(found.len());
    for (at, flags) in found {
        match shown {
            Shown::Keys => cx.reply.bulk(&words[at]),
            Shown::KeysAndFlags => {
                cx.reply.array(2);
                cx.reply.bulk(&words[at]);
                write_key_flags(&mut cx.reply, flags);
            }
        }
    }
    Ok(Flow::Done)
}

/// The positions of the keys of a request. None: the words do not fit the command's rules.
fn keys_of(spec: &Spec, words: &Words<'_>) -> Option<Vec<(usize, KeyFlags)>> {
    let mut found = Vec::new();
    for keys in spec.keys.iter().filter(|keys| !keys.flags.has(KeyFlags::NOT_KEY)) {
        if keys.search == Search::Unknown {
            // Destinations that may stand anywhere follow a keyword; the last one counts. Keys that depend on data
            // cannot be told.
            if keys.flags.has(KeyFlags::OW) {
                let is_store = |at: &usize| words[*at].eq_ignore_ascii_case(b"store");
                let last = (2..words.len().saturating_sub(1)).rev().find(is_store);
                found.extend(last.map(|at| (at + 1, keys.flags)));
            }
            continue;
        }
        let flags = if keys.flags.has(KeyFlags::VARIABLE_FLAGS) {
            decided_by_options(spec, words)
        } else {
            keys.flags
        };
        found.extend(keys.positions(words)?.into_iter().map(|at| (at, flags)));
    }
    Some(found)
}

/// What a command does with its key where that depends on the other words.
fn decided_by_options(spec: &Spec, words: &Words<'_>) -> KeyFlags {
    let has = |keyword: &str| {
        words.iter().skip(2).any(|word| word.eq_ignore_ascii_case(keyword.as_bytes()))
    };
    let changes = KeyFlags::RW.and(KeyFlags::ACCESS).and(KeyFlags::UPDATE);
    // Two kinds are known. A string is overwritten unless its old value is asked for; fields of a bitmap are only
    // read unless one of them is written.
    if spec.flags.has(Flags::DENY_OOM) && !spec.syntax.contains("INCRBY") {
        return if has("get") { changes } else { KeyFlags::OW.and(KeyFlags::UPDATE) };
    }
    if has("set") || has("incrby") { changes } else { KeyFlags::RO.and(KeyFlags::ACCESS) }
}
