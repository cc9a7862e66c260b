//! Which keys a selector lets a request touch, and how.

use crate::rule::{RuleError, is_one_word};
use command::KeyFlags;
use stdx::glob;

/// Patterns of keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Keys {
    /// Any key, in any way.
    All,
    /// Those that match one of these.
    Matching(Vec<Pattern>),
}

/// What is done with a key: its value is told, or changed. A key that is only asked after is neither.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Way {
    pub(crate) reads: bool,
    pub(crate) writes: bool,
}

/// Some keys, and what may be done with them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    glob: Vec<u8>,
    way: Way,
}

impl Way {
    pub(crate) const READ: Way = Way { reads: true, writes: false };

    pub(crate) fn of(flags: KeyFlags) -> Way {
        let writes = [KeyFlags::INSERT, KeyFlags::DELETE, KeyFlags::UPDATE];
        Way {
            reads: flags.has(KeyFlags::ACCESS),
            writes: writes.iter().any(|flag| flags.has(*flag)),
        }
    }

    fn covers(self, other: Way) -> bool {
        (self.reads || !other.reads) && (self.writes || !other.writes)
    }
}

impl Keys {
    /// None at all.
    pub const NONE: Keys = Keys::Matching(Vec::new());

    /// Reads `~pattern`, `%R~pattern`, `%W~pattern` or `%RW~pattern`.
    pub(crate) fn add(&mut self, rule: &[u8]) -> Result<(), RuleError> {
        let Keys::Matching(patterns) = self else { return Err(RuleError::AllKeysAlready) };
        let (way, glob) = split(rule).ok_or(RuleError::Syntax)?;
        if !is_one_word(glob) {
            return Err(RuleError::Syntax);
        }
        match patterns.iter_mut().find(|it| it.glob == glob) {
            Some(known) => {
                known.way.reads |= way.reads;
                known.way.writes |= way.writes;
            }
            None => patterns.push(Pattern { glob: glob.to_vec(), way }),
        }
        Ok(())
    }

    /// Whether this may be done with `key`.
    pub(crate) fn allow(&self, key: &[u8], way: Way) -> bool {
        match self {
            Keys::All => true,
            Keys::Matching(patterns) => {
                patterns.iter().any(|it| it.way.covers(way) && glob::matches(&it.glob, key))
            }
        }
    }

    /// Whether this may be done with every key there is.
    pub(crate) fn allow_all(&self, way: Way) -> bool {
        match self {
            Keys::All => true,
            Keys::Matching(patterns) => {
                patterns.iter().any(|it| it.way.covers(way) && it.glob == b"*")
            }
        }
    }

    /// The rules that make this of none, with blanks between them.
    pub(crate) fn describe(&self) -> Vec<u8> {
        match self {
            Keys::All => b"~*".to_vec(),
            Keys::Matching(patterns) => {
                let words: Vec<Vec<u8>> = patterns.iter().map(Pattern::describe).collect();
                words.join(&b' ')
            }
        }
    }
}

impl Pattern {
    fn describe(&self) -> Vec<u8> {
        let sign: &[u8] = match self.way {
            Way { reads: true, writes: true } => b"~",
            Way { reads: true, writes: false } => b"%R~",
            Way { reads: false, .. } => b"%W~",
        };
        [sign, &self.glob].concat()
    }
}

/// What a rule allows, and its pattern.
fn split(rule: &[u8]) -> Option<(Way, &[u8])> {
    if let [b'~', glob @ ..] = rule {
        return Some((Way { reads: true, writes: true }, glob));
    }
    let mut way = Way { reads: false, writes: false };
    let mut rest = rule.strip_prefix(b"%")?;
    loop {
        let (letter, after) = rest.split_first()?;
        match letter.to_ascii_uppercase() {
            b'R' if !way.reads => way.reads = true,
            b'W' if !way.writes => way.writes = true,
            b'~' if way.reads || way.writes => return Some((way, after)),
            _ => return None,
        }
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(rules: &[&str]) -> Result<Keys, RuleError> {
        let mut keys = Keys::NONE;
        rules.iter().try_for_each(|rule| keys.add(rule.as_bytes()))?;
        Ok(keys)
    }

    fn text(keys: &Keys) -> String {
        String::from_utf8(keys.describe()).expect("text")
    }

    #[test]
    fn patterns_are_written_as_they_are_read() {
        for (rules, want) in [
            (&["~a", "%R~b", "%w~c"][..], "~a %R~b %W~c"),
            (&["%R~a", "%W~a", "%rW~b"], "~a ~b"),
            (&["~a", "%R~a"], "~a"),
            (&["~"], "~"),
        ] {
            assert_eq!(keys(rules).map(|it| text(&it)).as_deref(), Ok(want), "{rules:?}");
        }
        for rule in ["%~a", "%", "%R", "%RR~a", "%X~a", "~a b", "~a\0"] {
            assert_eq!(keys(&[rule]), Err(RuleError::Syntax), "{rule}");
        }
        assert_eq!(Keys::All.add(b"~a"), Err(RuleError::AllKeysAlready));
    }

    #[test]
    fn reading_and_writing_are_asked_for_apart() {
        let some = keys(&["%R~r*", "%W~w*", "~rw*"]).expect("patterns");
        let write = Way { reads: false, writes: true };
        let both = Way { reads: true, writes: true };
        let neither = Way { reads: false, writes: false };
        for (key, way, want) in [
            ("r1", Way::READ, true),
            ("r1", write, false),
            ("w1", write, true),
            ("w1", Way::READ, false),
            ("rw1", both, true),
            ("r1", neither, true),
            ("w1", neither, true),
            ("x", neither, false),
        ] {
            assert_eq!(some.allow(key.as_bytes(), way), want, "{key} {way:?}");
        }
        assert!(!some.allow_all(Way::READ) && Keys::All.allow_all(both));
        assert!(keys(&["%R~*"]).expect("a pattern").allow_all(Way::READ));
    }
}
