//! A user: who it is, how it proves that, and what it may do.

use crate::catalog::Catalog;
use crate::password::Hash;
use crate::request::{Denied, Request};
use crate::rule::RuleError;
use crate::{Channels, Selector};
use std::sync::Arc;

/// Somebody for whom sessions speak.
#[derive(Clone, Debug)]
pub struct User {
    name: Box<[u8]>,
    is_on: bool,
    /// Any password will do.
    needs_no_password: bool,
    passwords: Vec<Hash>,
    /// What RESTORE brings need not be looked at closely. It is all the same; the flag is kept.
    skips_sanitizing: bool,
    /// The user's own first.
    selectors: Vec<Selector>,
    catalog: Arc<Catalog>,
    /// Some selector allows everything: nothing has to be asked.
    is_unrestricted: bool,
}

/// The flags that a user may have, in the order in which they are shown.
const FLAGS: [&str; 5] = ["on", "off", "nopass", "skip-sanitize-payload", "sanitize-payload"];

impl User {
    /// One that may not even log in. `channels` are those that new selectors begin with.
    pub(crate) fn new(name: &[u8], channels: Channels, catalog: Arc<Catalog>) -> User {
        User {
            name: name.into(),
            is_on: false,
            needs_no_password: false,
            passwords: Vec::new(),
            skips_sanitizing: false,
            selectors: vec![Selector::new(channels)],
            catalog,
            is_unrestricted: false,
        }
    }

    /// One that may do everything, without a password.
    pub(crate) fn open(name: &[u8], catalog: Arc<Catalog>) -> User {
        let mut user = User::new(name, Channels::All, catalog);
        for rule in ["+@all", "~*", "on", "nopass"] {
            user.apply(rule.as_bytes(), &Channels::NONE).expect("a rule that is always right");
        }
        user
    }

    /// What it is called.
    pub fn name(&self) -> &[u8] {
        &self.name
    }

    /// False where nobody can log in as this user any more.
    pub fn is_on(&self) -> bool {
        self.is_on
    }

    /// True where any password will do.
    pub fn needs_no_password(&self) -> bool {
        self.needs_no_password
    }

    /// True where nothing is denied, whatever is asked.
    pub fn is_unrestricted(&self) -> bool {
        self.is_unrestricted
    }

    /// The user's own selector first, then those in parentheses.
    pub fn selectors(&self) -> &[Selector] {
        &self.selectors
    }

    /// The sums of its passwords, 64 digits each.
    pub fn passwords(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        self.passwords.iter().map(Hash::digits)
    }

    /// Its flags, as rules spell them.
    pub fn flags(&self) -> impl Iterator<Item = &'static str> {
        let set = [
            self.is_on,
            !self.is_on,
            self.needs_no_password,
            self.skips_sanitizing,
            !self.skips_sanitizing,
        ];
        FLAGS.into_iter().zip(set).filter_map(|(name, set)| set.then_some(name))
    }

    /// Whether who says this password is this user.
    pub(crate) fn accepts(&self, password: &[u8]) -> bool {
        if !self.is_on {
            return false;
        }
        if self.needs_no_password {
            return true;
        }
        let hash = Hash::of(password);
        // All are looked at: how long it takes does not tell which one it was.
        self.passwords.iter().fold(false, |found, it| found | it.is(&hash))
    }

    /// Whether this user may run the request.
    pub fn check(&self, request: &Request<'_>) -> Result<(), Denied> {
        if self.is_unrestricted {
            return Ok(());
        }
        let mut worst = Denied::Command;
        for selector in &self.selectors {
            match selector.check(request, &self.catalog) {
                Ok(()) => return Ok(()),
                Err(denied) => worst = worst.max(denied),
            }
        }
        Err(worst)
    }

    /// Whether this user may run the request and read whatever keys it comes across: what SORT needs for BY and GET.
    pub fn may_read_any_key(&self, request: &Request<'_>) -> bool {
        let may = |it: &Selector| it.may_read_any_key(request, &self.catalog);
        self.is_unrestricted || self.selectors.iter().any(may)
    }

    /// Whether this user may listen to a channel.
    pub fn may_hear(&self, channel: &[u8]) -> bool {
        self.selectors.iter().any(|it| it.channels.allow(channel))
    }

    /// Whether this user may listen to all channels that match.
    pub fn may_hear_pattern(&self, pattern: &[u8]) -> bool {
        self.selectors.iter().any(|it| it.channels.allow_pattern(pattern))
    }

    /// True where `before` had channels that this user has no more, so that those who listen have to be looked at.
    pub fn has_lost_channels(&self, before: &User) -> bool {
        if self.selectors.iter().any(|it| it.channels == Channels::All) {
            return false;
        }
        before.selectors.iter().any(|it| {
            it.channels == Channels::All
                || it.channels.patterns().iter().any(|pattern| !self.may_hear_pattern(pattern))
        })
    }

    /// Reads one rule. `channels` are those that new selectors begin with.
    pub(crate) fn apply(&mut self, rule: &[u8], channels: &Channels) -> Result<(), RuleError> {
        match rule.to_ascii_lowercase().as_slice() {
            b"" => {}
            b"on" => self.is_on = true,
            b"off" => self.is_on = false,
            b"skip-sanitize-payload" => self.skips_sanitizing = true,
            b"sanitize-payload" => self.skips_sanitizing = false,
            b"nopass" => self.reset_passwords(true),
            b"resetpass" => self.reset_passwords(false),
            b"clearselectors" => self.selectors.truncate(1),
            b"reset" => {
                *self = User::new(&self.name, channels.clone(), self.catalog.clone());
            }
            _ => match rule {
                [b'>', password @ ..] => self.add_password(Hash::of(password)),
                [b'#', digits @ ..] => {
                    self.add_password(Hash::read(digits).ok_or(RuleError::NoHash)?);
                }
                [b'<', password @ ..] => self.remove_password(&Hash::of(password))?,
                [b'!', digits @ ..] => {
                    self.remove_password(&Hash::read(digits).ok_or(RuleError::NoHash)?)?;
                }
                [b'(', .., b')'] => {
                    let selector = Selector::read(rule, channels.clone(), &self.catalog)?;
                    self.selectors.push(selector);
                }
                _ => self.selectors[0].apply(rule, &self.catalog)?,
            },
        }
        self.is_unrestricted = self.selectors.iter().any(Selector::is_unrestricted);
        Ok(())
    }

    fn reset_passwords(&mut self, open: bool) {
        self.passwords.clear();
        self.needs_no_password = open;
    }

    fn add_password(&mut self, hash: Hash) {
        if !self.passwords.contains(&hash) {
            self.passwords.push(hash);
        }
        self.needs_no_password = false;
    }

    fn remove_password(&mut self, hash: &Hash) -> Result<(), RuleError> {
        let at = self.passwords.iter().position(|it| it == hash);
        self.passwords.remove(at.ok_or(RuleError::NoSuchPassword)?);
        Ok(())
    }

    /// The line of a configuration file that makes this user, without its end.
    pub fn line(&self) -> Vec<u8> {
        [b"user ", self.name(), b" ", &self.describe()].concat()
    }

    /// The rules that make this user of a new one, with blanks between them.
    pub fn describe(&self) -> Vec<u8> {
        let mut parts: Vec<Vec<u8>> = self.flags().map(|it| it.as_bytes().to_vec()).collect();
        parts.extend(self.passwords().map(|digits| [b"#", digits].concat()));
        for (at, selector) in self.selectors.iter().enumerate() {
            let text = selector.describe();
            parts.push(if at == 0 { text } else { [b"(", text.as_slice(), b")"].concat() });
        }
        parts.join(&b' ')
    }
}
