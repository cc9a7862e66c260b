//! COMMAND GETKEYS and GETKEYSANDFLAGS: which words of a request are keys, and what would become of them.

use super::facts::write_key_flags;
use crate::{Error, Flags, KeyFlags, Search, Spec, Words, Writer};

/// What is told of the keys of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// Only they themselves.
    Keys,
    /// What would become of them as well.
    KeysAndFlags,
}

/// The keys of a request for the command of this row; an error where there are none.
pub fn write_keys_of(
    w: &mut Writer<'_>,
    spec: &Spec,
    words: &Words<'_>,
    shown: Shown,
) -> Result<(), Error> {
    if !spec.keys.iter().any(|keys| !keys.flags.has(KeyFlags::NOT_KEY)) {
        return Err(Error::fixed("ERR The command has no key arguments"));
    }
    if !spec.arity.accepts(words.len()) {
        return Err(Error::fixed("ERR Invalid number of arguments specified for command"));
    }
    let found = keys_of(spec, words).unwrap_or_default();
    if found.is_empty() && !spec.flags.has(Flags::NO_MANDATORY_KEYS) {
        return Err(Error::fixed("ERR Invalid arguments specified for command"));
    }
    w.array(found.len());
    for (at, flags) in found {
        match shown {
            Shown::Keys => w.bulk(&words[at]),
            Shown::KeysAndFlags => {
                w.array(2);
                w.bulk(&words[at]);
                write_key_flags(w, flags);
            }
        }
    }
    Ok(())
}

/// The positions of the keys of a request, and what becomes of them. None: the words do not fit the command's rules.
pub fn keys_of(spec: &Spec, words: &Words<'_>) -> Option<Vec<(usize, KeyFlags)>> {
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
