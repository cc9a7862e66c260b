//! Which channels a selector lets a request speak to and listen to.

use crate::rule::{RuleError, is_one_word};
use stdx::glob;

/// Patterns of channels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Channels {
    /// Any channel.
    All,
    /// Those that match one of these.
    Matching(Vec<Vec<u8>>),
}

impl Channels {
    /// None at all.
    pub const NONE: Channels = Channels::Matching(Vec::new());

    /// Those of new users, as `acl-pubsub-default` says.
    pub fn of_new_users(choice: &str) -> Channels {
        if choice == "allchannels" { Channels::All } else { Channels::NONE }
    }

    /// One more pattern.
    pub(crate) fn add(&mut self, pattern: &[u8]) -> Result<(), RuleError> {
        let Channels::Matching(patterns) = self else { return Err(RuleError::AllChannelsAlready) };
        if !is_one_word(pattern) {
            return Err(RuleError::Syntax);
        }
        if !patterns.iter().any(|it| it == pattern) {
            patterns.push(pattern.to_vec());
        }
        Ok(())
    }

    /// Whether this channel is among them.
    pub(crate) fn allow(&self, channel: &[u8]) -> bool {
        match self {
            Channels::All => true,
            Channels::Matching(patterns) => patterns.iter().any(|it| glob::matches(it, channel)),
        }
    }

    /// Whether all channels that match `pattern` are among them. Only a pattern that was allowed as it stands is
    /// known to be.
    pub(crate) fn allow_pattern(&self, pattern: &[u8]) -> bool {
        match self {
            Channels::All => true,
            Channels::Matching(patterns) => patterns.iter().any(|it| it == pattern),
        }
    }

    /// The patterns; none where every channel is allowed.
    pub(crate) fn patterns(&self) -> &[Vec<u8>] {
        match self {
            Channels::All => &[],
            Channels::Matching(patterns) => patterns,
        }
    }

    /// The rules that make this of none, with blanks between them.
    pub(crate) fn describe(&self) -> Vec<u8> {
        match self {
            Channels::All => b"&*".to_vec(),
            Channels::Matching(patterns) => {
                let words: Vec<Vec<u8>> =
                    patterns.iter().map(|it| [b"&", it.as_slice()].concat()).collect();
                words.join(&b' ')
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_allowed_only_as_it_stands() {
        let mut channels = Channels::NONE;
        for pattern in ["foo:1", "bar:*", "bar:*"] {
            assert_eq!(channels.add(pattern.as_bytes()), Ok(()));
        }
        assert_eq!(channels.add(b"a b"), Err(RuleError::Syntax));
        assert_eq!(channels.describe(), b"&foo:1 &bar:*");
        assert!(channels.allow(b"bar:2") && !channels.allow(b"zap:3"));
        assert!(channels.allow_pattern(b"bar:*") && !channels.allow_pattern(b"bar:baz"));
        assert!(Channels::All.allow_pattern(b"*") && Channels::All.allow(b"x"));
        assert_eq!(Channels::All.clone().add(b"x"), Err(RuleError::AllChannelsAlready));
    }
}
