//! Where the keys of a command are, and what becomes of them: Redis's key specifications as `const` rows.
//!
//! A specification has two steps: where to begin (`Search`) and which words from there are keys (`Find`).
//! <https://redis.io/docs/latest/develop/reference/key-specs/>

use crate::flags::bits;
use resp::Words;

bits! {
    /// What a command does with a key, in the words of COMMAND.
    KeyFlags: u16 {
        /// Read only.
        RO = "RO",
        /// Read and written.
        RW = "RW",
        /// Overwritten.
        OW = "OW",
        /// Removed.
        RM = "RM",
        /// The value is returned, copied or used.
        ACCESS = "access",
        /// Content may be changed, depending on the value.
        UPDATE = "update",
        /// Content is only added.
        INSERT = "insert",
        /// Content may be removed.
        DELETE = "delete",
        /// Not a key, though it is found like one.
        NOT_KEY = "not_key",
        /// There may be more keys than are named.
        INCOMPLETE = "incomplete",
        /// The flags depend on the other arguments.
        VARIABLE_FLAGS = "variable_flags",
    }
}

/// Where to begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Search {
    /// At this word; the name is word 0.
    Index(i32),
    /// After this keyword, looked for from this word on (from the end where negative).
    Keyword(&'static str, i32),
    /// Only the command's own function can tell.
    Unknown,
}

/// Which words are keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Find {
    /// From the beginning up to `last` words further (negative: counted from the end of the request), every
    /// `step`th; with `limit` n > 1 only the first n-th part of what follows.
    Range { last: i32, step: i32, limit: i32 },
    /// The word at `count` says how many keys there are, the first is at `first`, each `step` apart.
    Count { count: i32, first: i32, step: i32 },
    /// Only the command's own function can tell.
    Unknown,
}

/// A command's own way to find its keys: their places, and what becomes of each.
pub type OwnKeys = fn(&Words<'_>) -> Vec<(usize, KeyFlags)>;

/// One key specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keys {
    /// A remark for people, or nothing.
    pub notes: &'static str,
    /// What becomes of these keys.
    pub flags: KeyFlags,
    /// Where to begin.
    pub search: Search,
    /// Which words are keys.
    pub find: Find,
}

impl Keys {
    /// The one word at `index`.
    pub const fn at(index: i32) -> Keys {
        Keys::range(index, 0, 1)
    }

    /// The words from `first` up to `last` further on, every `step`th.
    pub const fn range(first: i32, last: i32, step: i32) -> Keys {
        Keys {
            notes: "",
            flags: KeyFlags::NONE,
            search: Search::Index(first),
            find: Find::Range { last, step, limit: 0 },
        }
    }

    /// As many words as the one at `index` says, right behind it.
    pub const fn counted_at(index: i32) -> Keys {
        Keys {
            notes: "",
            flags: KeyFlags::NONE,
            search: Search::Index(index),
            find: Find::Count { count: 0, first: 1, step: 1 },
        }
    }

    /// The word after a keyword.
    pub const fn after(keyword: &'static str, from: i32) -> Keys {
        Keys {
            notes: "",
            flags: KeyFlags::NONE,
            search: Search::Keyword(keyword, from),
            find: Find::Range { last: 0, step: 1, limit: 0 },
        }
    }

    /// Keys that cannot be found by rule.
    pub const fn unknown(notes: &'static str) -> Keys {
        Keys { notes, flags: KeyFlags::NONE, search: Search::Unknown, find: Find::Unknown }
    }

    /// With these flags.
    pub const fn flags(self, flags: KeyFlags) -> Keys {
        Keys { flags, ..self }
    }

    /// With this remark.
    pub const fn notes(self, notes: &'static str) -> Keys {
        Keys { notes, ..self }
    }

    /// Read, and its value is used: `RO access`.
    pub const fn reads(self) -> Keys {
        self.flags(KeyFlags::RO.and(KeyFlags::ACCESS))
    }

    /// Read, but nothing of the value itself is told: `RO`.
    pub const fn inspects(self) -> Keys {
        self.flags(KeyFlags::RO)
    }

    /// Content is added: `RW insert`.
    pub const fn inserts(self) -> Keys {
        self.flags(KeyFlags::RW.and(KeyFlags::INSERT))
    }

    /// Content is changed: `RW update`.
    pub const fn updates(self) -> Keys {
        self.flags(KeyFlags::RW.and(KeyFlags::UPDATE))
    }

    /// Content is removed: `RW delete`.
    pub const fn deletes(self) -> Keys {
        self.flags(KeyFlags::RW.and(KeyFlags::DELETE))
    }

    /// Content is removed and given back: `RW access delete`.
    pub const fn pops(self) -> Keys {
        self.flags(KeyFlags::RW.and(KeyFlags::ACCESS).and(KeyFlags::DELETE))
    }

    /// Replaced, whatever was there: `OW update`.
    pub const fn overwrites(self) -> Keys {
        self.flags(KeyFlags::OW.and(KeyFlags::UPDATE))
    }

    /// The indexes of the words of `words` (the whole request) that are keys. None: the rule does not fit them.
    pub fn positions(&self, words: &Words<'_>) -> Option<Vec<usize>> {
        let len = words.len() as i32;
        let first = match self.search {
            Search::Index(index) => index,
            Search::Keyword(keyword, from) => {
                let matches = |i: &i32| words[*i as usize].eq_ignore_ascii_case(keyword.as_bytes());
                let found = if from > 0 {
                    (from..len).find(matches)
                } else {
                    (1..=(len + from).max(0)).rev().find(matches)
                };
                match found {
                    Some(index) => index + 1,
                    None => return Some(Vec::new()),
                }
            }
            Search::Unknown => return None,
        };
        let (first, last, step) = match self.find {
            Find::Range { last, step, limit } => {
                let end = if last >= 0 {
                    first + last
                } else if limit <= 1 {
                    len + last
                } else {
                    first + (len - first) / limit + last
                };
                (first, end, step)
            }
            Find::Count { count, first: offset, step } => {
                let text = words.get((first + count) as usize)?;
                let n = stdx::integer::parse_i64(text).and_then(|n| i32::try_from(n).ok())?;
                (first + offset, first + offset + n.checked_sub(1)?.checked_mul(step)?, step)
            }
            Find::Unknown => return None,
        };
        if first >= len || last >= len || last < first && !matches!(self.find, Find::Count { .. }) {
            return None;
        }
        Some((first..=last).step_by(step.max(1) as usize).map(|i| i as usize).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use resp::Owned;

    fn positions(keys: Keys, request: &str) -> Option<Vec<usize>> {
        keys.positions(&Owned::new(request.split(' ')).words())
    }

    #[test]
    fn keys_are_found_where_the_rule_says() {
        assert_eq!(positions(Keys::at(1), "GET k"), Some(vec![1]));
        assert_eq!(positions(Keys::range(1, -1, 2), "MSET a 1 b 2"), Some(vec![1, 3]));
        assert_eq!(positions(Keys::range(1, -2, 1), "BLPOP a b 0"), Some(vec![1, 2]));
        assert_eq!(positions(Keys::counted_at(1), "LMPOP 2 a b LEFT"), Some(vec![2, 3]));
        assert_eq!(positions(Keys::counted_at(1), "LMPOP 9 a b LEFT"), None);
        assert_eq!(positions(Keys::after("STORE", 1), "X k STORE d"), Some(vec![3]));
        assert_eq!(positions(Keys::after("STORE", 1), "X k"), Some(vec![]));
    }
}
