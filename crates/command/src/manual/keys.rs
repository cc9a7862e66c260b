//! COMMAND GETKEYS and GETKEYSANDFLAGS: which words of a request are keys, and what would become of them.

use super::facts::write_key_flags;
use crate::{Error, Flags, KeyFlags, Spec, Words, Writer};

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
    let found = spec.keys_in(words).unwrap_or_default();
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
