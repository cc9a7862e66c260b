//! All users: made, changed, removed, and asked for their passwords.

use crate::catalog::Catalog;
use crate::rule::{RuleError, is_one_word};
use crate::{Channels, User};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Who everybody is who has not said otherwise.
const DEFAULT: &[u8] = b"default";

/// Every user by name. There is always one called `default`.
#[derive(Clone, Debug)]
pub struct Users {
    pub(crate) catalog: Arc<Catalog>,
    pub(crate) by_name: BTreeMap<Box<[u8]>, Arc<User>>,
    /// Those that a new user or selector begins with (`acl-pubsub-default`).
    pub(crate) new_channels: Channels,
}

/// Why a user cannot be what the rules say. Nothing has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SetError {
    /// A user cannot be called so.
    Name,
    /// A parenthesis that opens with this word is never closed.
    Unclosed(Vec<u8>),
    /// This rule is wrong.
    Rule(Vec<u8>, RuleError),
}

impl SetError {
    /// The error reply of ACL SETUSER, without its dash.
    pub fn text(&self) -> Vec<u8> {
        match self {
            SetError::Name => b"ERR Usernames can't contain spaces or null characters".to_vec(),
            SetError::Unclosed(word) => {
                [b"ERR Unmatched parenthesis in acl selector starting at '", word.as_slice(), b"'."]
                    .concat()
            }
            SetError::Rule(rule, error) => {
                let end = format!("': {error}");
                [b"ERR Error in ACL SETUSER modifier '", rule.as_slice(), end.as_bytes()].concat()
            }
        }
    }
}

/// True for what a user may be called.
pub fn is_user_name(name: &[u8]) -> bool {
    is_one_word(name)
}

impl Users {
    /// The user `default` alone, who may do everything.
    pub fn new(catalog: Arc<Catalog>) -> Users {
        let mut users = Users { catalog, by_name: BTreeMap::new(), new_channels: Channels::NONE };
        users.insert(User::open(DEFAULT, users.catalog.clone()));
        users
    }

    /// Whether new users may use all channels from the beginning, or none.
    pub fn set_new_channels(&mut self, channels: Channels) {
        self.new_channels = channels;
    }

    /// What commands there are.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// The user called `name`.
    pub fn get(&self, name: &[u8]) -> Option<&Arc<User>> {
        self.by_name.get(name)
    }

    /// Who everybody is who has not said otherwise.
    pub fn default_user(&self) -> &Arc<User> {
        self.get(DEFAULT).expect("the default user is never removed")
    }

    /// True where whoever comes is let in as the default user.
    pub fn is_open(&self) -> bool {
        let user = self.default_user();
        user.is_on() && user.needs_no_password()
    }

    /// All users, by name.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Arc<User>> {
        self.by_name.values()
    }

    /// The user of this name, if it may log in with this password.
    pub fn authenticate(&self, name: &[u8], password: &[u8]) -> Option<&Arc<User>> {
        self.get(name).filter(|user| user.accepts(password))
    }

    /// Applies rules to the user called `name`, who is made where there is none yet. All of them, or none.
    pub fn set<'a>(
        &mut self,
        name: &[u8],
        rules: impl IntoIterator<Item = &'a [u8]>,
    ) -> Result<&Arc<User>, SetError> {
        if !is_user_name(name) {
            return Err(SetError::Name);
        }
        let mut user = match self.get(name) {
            Some(user) => User::clone(user),
            None => self.new_user(name),
        };
        for rule in join_selectors(rules).map_err(SetError::Unclosed)? {
            user.apply(&rule, &self.new_channels).map_err(|it| SetError::Rule(rule, it))?;
        }
        Ok(self.insert(user))
    }

    /// A `user` line of a configuration file: who is there already begins anew.
    pub fn declare<'a>(
        &mut self,
        name: &[u8],
        rules: impl IntoIterator<Item = &'a [u8]>,
    ) -> Result<&Arc<User>, SetError> {
        self.set(name, std::iter::once(&b"reset"[..]).chain(rules))
    }

    /// Gives the default user this one password, or none (`requirepass`).
    pub fn set_default_password(&mut self, password: &[u8]) {
        let mut user = User::clone(self.default_user());
        let rule = match password {
            b"" => b"nopass".to_vec(),
            password => [b">", password].concat(),
        };
        for rule in [b"resetpass", rule.as_slice()] {
            user.apply(rule, &self.new_channels).expect("a rule that is always right");
        }
        self.insert(user);
    }

    /// Removes a user. False: there is none, or it is the default user, who stays.
    pub fn remove(&mut self, name: &[u8]) -> bool {
        name != DEFAULT && self.by_name.remove(name).is_some()
    }

    /// The lines that make all these users, without their ends.
    pub fn lines(&self) -> Vec<Vec<u8>> {
        self.iter().map(|user| user.line()).collect()
    }

    pub(crate) fn new_user(&self, name: &[u8]) -> User {
        User::new(name, self.new_channels.clone(), self.catalog.clone())
    }

    pub(crate) fn insert(&mut self, user: User) -> &Arc<User> {
        let name: Box<[u8]> = user.name().into();
        let user = Arc::new(user);
        match self.by_name.entry(name) {
            std::collections::btree_map::Entry::Occupied(entry) => {
                let place = entry.into_mut();
                *place = user;
                place
            }
            std::collections::btree_map::Entry::Vacant(entry) => entry.insert(user),
        }
    }
}

/// Rules, where a selector that was written as several words is one again. Otherwise the word whose parenthesis is
/// never closed.
pub(crate) fn join_selectors<'a>(
    words: impl IntoIterator<Item = &'a [u8]>,
) -> Result<Vec<Vec<u8>>, Vec<u8>> {
    let mut rules: Vec<Vec<u8>> = Vec::new();
    let mut open: Option<(&[u8], Vec<u8>)> = None;
    for word in words {
        let closes = word.ends_with(b")");
        match &mut open {
            Some((_, rule)) => {
                rule.push(b' ');
                rule.extend_from_slice(word);
            }
            None if word.starts_with(b"(") && !closes => open = Some((word, word.to_vec())),
            None => rules.push(word.to_vec()),
        }
        if closes {
            rules.extend(open.take().map(|(_, rule)| rule));
        }
    }
    match open {
        Some((word, _)) => Err(word.to_vec()),
        None => Ok(rules),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::tests::{SPECS, catalog};
    use crate::{Denied, Request};
    use command::Owned;
    use proptest::prelude::*;

    fn users() -> Users {
        Users::new(catalog())
    }

    fn set(users: &mut Users, name: &str, rules: &str) -> Result<(), String> {
        let rules = rules.split_whitespace().map(str::as_bytes);
        let result = users.set(name.as_bytes(), rules).map(|_| ());
        result.map_err(|it| String::from_utf8(it.text()).expect("text"))
    }

    fn text(users: &Users, name: &str) -> String {
        let user = users.get(name.as_bytes()).expect("a user");
        String::from_utf8(user.describe()).expect("text")
    }

    fn check(users: &Users, name: &str, number: u16, request: &str) -> Result<(), Denied> {
        let owned = Owned::new(request.split(' '));
        let depth = if number > 10 { 2 } else { 1 };
        let spec = &SPECS[usize::from(number)];
        let request = Request::new(number, spec, owned.words(), depth);
        users.get(name.as_bytes()).expect("a user").check(&request)
    }

    #[test]
    fn users_are_shown_as_rules_that_make_them() {
        let hash = "#ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        for (rules, want) in [
            ("", "off sanitize-payload resetchannels -@all"),
            ("on nopass allkeys +@all", "on nopass sanitize-payload ~* resetchannels +@all"),
            ("on >abc", &format!("on sanitize-payload {hash} resetchannels -@all")),
            (
                &format!("{hash} >abc skip-sanitize-payload"),
                &format!("off skip-sanitize-payload {hash} resetchannels -@all"),
            ),
            (">abc <abc ~a &b +get", "off sanitize-payload ~a resetchannels &b -@all +get"),
            (">abc nopass resetpass", "off sanitize-payload resetchannels -@all"),
            (
                "+get ( ~a +set ) (&* %R~b) (+copy)",
                "off sanitize-payload resetchannels -@all +get (~a resetchannels -@all +set) (%R~b &* -@all) \
                 (resetchannels -@all +copy)",
            ),
            ("(+get) clearselectors", "off sanitize-payload resetchannels -@all"),
            ("on >abc (+get) ~a reset", "off sanitize-payload resetchannels -@all"),
        ] {
            let mut users = users();
            assert_eq!(set(&mut users, "bob", rules), Ok(()), "{rules}");
            assert_eq!(text(&users, "bob"), want, "{rules}");
            let again = want.to_owned();
            assert_eq!(set(&mut users, "eve", &again), Ok(()), "{again}");
            assert_eq!(text(&users, "eve"), want);
        }
        assert_eq!(text(&users(), "default"), "on nopass sanitize-payload ~* &* +@all");
    }

    #[test]
    fn a_wrong_rule_changes_nothing() {
        for (rules, error) in [
            (
                "on +nothing",
                "ERR Error in ACL SETUSER modifier '+nothing': Unknown command or category",
            ),
            ("on )", "ERR Error in ACL SETUSER modifier ')': Syntax error"),
            ("on (+get", "ERR Unmatched parenthesis in acl selector starting at '(+get'."),
            (
                "on (&* &a)",
                "ERR Error in ACL SETUSER modifier '(&* &a)': Adding a pattern after the",
            ),
            ("on allkeys ~a", "ERR Error in ACL SETUSER modifier '~a': Adding a pattern after the"),
            ("on <abc", "ERR Error in ACL SETUSER modifier '<abc': The password you are trying"),
            (
                "on #abc",
                "ERR Error in ACL SETUSER modifier '#abc': The password hash must be exactly",
            ),
        ] {
            let mut users = users();
            let said = set(&mut users, "bob", rules).expect_err(rules);
            assert!(said.starts_with(error), "{said}");
            assert!(users.get(b"bob").is_none());
        }
        assert_eq!(users().set(b"a b", []).map(|_| ()), Err(SetError::Name));
    }

    #[test]
    fn one_selector_must_allow_all_of_a_request() {
        let mut users = users();
        let rules = "+mget ~key +publish &a (+mget ~key ~other) (+copy %R~r* %W~w*) (+config|get)";
        set(&mut users, "bob", rules).expect("rules");
        for (number, request, want) in [
            (3, "mget key other", Ok(())),
            (3, "mget other third", Err(Denied::Key(2))),
            (3, "mget key other third", Err(Denied::Key(3))),
            (0, "get key", Err(Denied::Command)),
            (2, "copy r1 w1", Ok(())),
            (2, "copy w1 r1", Err(Denied::Key(1))),
            (2, "copy r1 r2", Err(Denied::Key(2))),
            (7, "publish a x", Ok(())),
            (7, "publish b x", Err(Denied::Channel(1))),
            (5, "auth x", Ok(())),
            (11, "config get", Ok(())),
            (12, "config set", Err(Denied::Command)),
            (2, "copy", Ok(())),
            (3, "mget", Ok(())),
            (7, "publish", Ok(())),
        ] {
            assert_eq!(check(&users, "bob", number, request), want, "{request}");
            assert_eq!(check(&users, "default", number, request), Ok(()));
        }
    }

    #[test]
    fn passwords_open_doors_that_are_not_shut() {
        let mut users = users();
        set(&mut users, "bob", ">one >two").expect("rules");
        assert!(users.authenticate(b"bob", b"one").is_none(), "new users are off");
        set(&mut users, "bob", "on").expect("a rule");
        for (password, right) in [("one", true), ("two", true), ("three", false), ("", false)] {
            assert_eq!(users.authenticate(b"bob", password.as_bytes()).is_some(), right);
        }
        set(&mut users, "bob", "nopass").expect("a rule");
        assert!(users.authenticate(b"bob", b"anything").is_some());
        assert!(users.is_open());
        users.set_default_password(b"secret");
        assert!(!users.is_open() && users.authenticate(b"default", b"secret").is_some());
        users.set_default_password(b"");
        assert!(users.is_open());
        assert!(users.remove(b"bob") && !users.remove(b"bob") && !users.remove(b"default"));
    }

    #[test]
    fn lost_channels_are_noticed() {
        for (before, after, lost) in [
            ("&a &b", "&a", true),
            ("&a", "&a &b", false),
            ("&*", "&a", true),
            ("&a", "&*", false),
            ("&a", "(&a)", false),
            ("", "", false),
        ] {
            let mut users = users();
            set(&mut users, "before", before).expect("rules");
            set(&mut users, "after", after).expect("rules");
            let user = |name: &[u8]| users.get(name).expect("a user").clone();
            assert_eq!(
                user(b"after").has_lost_channels(&user(b"before")),
                lost,
                "{before} {after}"
            );
        }
    }

    proptest! {
        #[test]
        fn no_rule_is_too_strange(words in proptest::collection::vec(
            proptest::string::string_regex("[-+@~%&()<>#!|RWa*. ]{0,6}|on|off|reset|nopass|\\(\\+get\\)").expect("a pattern"),
            0..6,
        )) {
            let mut users = users();
            let done = users.set(b"bob", words.iter().map(|word| word.as_bytes())).is_ok();
            prop_assert_eq!(users.get(b"bob").is_some(), done);
        }
    }
}
