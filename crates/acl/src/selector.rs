//! A selector: some commands, on some keys and channels.

use crate::catalog::Catalog;
use crate::keys::Way;
use crate::request::{Denied, Request};
use crate::rule::RuleError;
use crate::{Channels, Commands, Keys};
use command::Channels as Where;

/// What is allowed together. A request must find all of what it needs in one selector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selector {
    pub commands: Commands,
    pub keys: Keys,
    pub channels: Channels,
}

impl Selector {
    /// One that allows nothing, but perhaps every channel (`acl-pubsub-default`).
    pub(crate) fn new(channels: Channels) -> Selector {
        Selector { commands: Commands::NONE, keys: Keys::NONE, channels }
    }

    /// Makes one of the rules between the parentheses of `text`.
    pub(crate) fn read(
        text: &[u8],
        channels: Channels,
        catalog: &Catalog,
    ) -> Result<Selector, RuleError> {
        let inside = text.strip_prefix(b"(").and_then(|rest| rest.strip_suffix(b")"));
        let mut selector = Selector::new(channels);
        let is_blank = |byte: &u8| byte.is_ascii_whitespace();
        for rule in inside.ok_or(RuleError::Syntax)?.split(is_blank) {
            // A file that is written with it would end the selector there.
            if rule.ends_with(b")") {
                return Err(RuleError::Syntax);
            }
            if !rule.is_empty() {
                selector.apply(rule, catalog)?;
            }
        }
        Ok(selector)
    }

    /// Reads one rule.
    pub(crate) fn apply(&mut self, rule: &[u8], catalog: &Catalog) -> Result<(), RuleError> {
        match rule.to_ascii_lowercase().as_slice() {
            b"allkeys" | b"~*" => self.keys = Keys::All,
            b"resetkeys" => self.keys = Keys::NONE,
            b"allchannels" | b"&*" => self.channels = Channels::All,
            b"resetchannels" => self.channels = Channels::NONE,
            b"allcommands" | b"+@all" => self.commands.set_all(true, catalog),
            b"nocommands" | b"-@all" => self.commands.set_all(false, catalog),
            _ => match rule {
                [b'~' | b'%', ..] => self.keys.add(rule)?,
                [b'&', pattern @ ..] => self.channels.add(pattern)?,
                [b'+' | b'-', ..] => self.commands.apply(rule, catalog)?,
                _ => return Err(RuleError::Syntax),
            },
        }
        Ok(())
    }

    /// True where nothing is denied, whatever is asked.
    pub(crate) fn is_unrestricted(&self) -> bool {
        self.commands.is_all() && self.keys == Keys::All && self.channels == Channels::All
    }

    /// Whether the request is allowed.
    pub(crate) fn check(&self, request: &Request<'_>, catalog: &Catalog) -> Result<(), Denied> {
        let is_free = catalog.entry(request.number).is_free;
        if !is_free && !self.commands.allow(request.number, request.first_word()) {
            return Err(Denied::Command);
        }
        if self.keys != Keys::All {
            for (at, flags) in request.keys() {
                if !self.keys.allow(&request.words[*at], Way::of(*flags)) {
                    return Err(Denied::Key(*at));
                }
            }
        }
        self.check_channels(request)
    }

    fn check_channels(&self, request: &Request<'_>) -> Result<(), Denied> {
        let count = match request.spec.channels {
            _ if self.channels == Channels::All => return Ok(()),
            Where::Nowhere => return Ok(()),
            Where::First => 1,
            Where::All | Where::Patterns => usize::MAX,
        };
        for (at, channel) in request.words.iter().enumerate().skip(1).take(count) {
            let allowed = match request.spec.channels {
                Where::Patterns => self.channels.allow_pattern(channel),
                _ => self.channels.allow(channel),
            };
            if !allowed {
                return Err(Denied::Channel(at));
            }
        }
        Ok(())
    }

    /// Whether the request is allowed, and it may read whatever keys it comes across besides.
    pub(crate) fn may_read_any_key(&self, request: &Request<'_>, catalog: &Catalog) -> bool {
        self.keys.allow_all(Way::READ) && self.check(request, catalog).is_ok()
    }

    /// The rules that make this of nothing, with blanks between them.
    pub(crate) fn describe(&self) -> Vec<u8> {
        let mut parts = vec![self.keys.describe()];
        if self.channels == Channels::All {
            parts.push(self.channels.describe());
        } else {
            // A user that is made anew may have all channels to begin with.
            parts.push(b"resetchannels".to_vec());
            parts.push(self.channels.describe());
        }
        parts.push(self.commands.describe());
        parts.retain(|part| !part.is_empty());
        parts.join(&b' ')
    }
}
