//! Who speaks, and what they may do: sessions log in as users, users change, and what is denied is remembered.

use super::{Closing, Session};
use crate::commands::client_line;
use crate::sentinel::Sentinel;
use ::acl::{Catalog, Declarations, Denied, Place, Reason, Refusal, Request, User, Users};
use command::{Error, Spec};
use config::Config;
use resp::Words;
use std::sync::Arc;
use world::{ConnId, Level};

/// How many refusals are remembered.
const REFUSALS_MAX: &str = "acllog-max-len";

/// What rules of users may name: the commands of a Sentinel.
fn catalog() -> Catalog {
    let mut catalog = Catalog::new(&[]);
    for row in crate::commands::all() {
        let number = catalog.add(row.spec.name, &row.spec, None);
        for sub in row.subcommands {
            let name = format!("{}|{}", row.spec.name, sub.spec.name);
            catalog.add(&name, &sub.spec, Some(number));
        }
    }
    catalog
}

/// The `user` lines of a file, tried one by one while it is read.
pub struct UserLines(Declarations);

impl Default for UserLines {
    fn default() -> UserLines {
        UserLines(Declarations::new(catalog()))
    }
}

impl UserLines {
    /// One more line: a name, and rules. The error is a sentence of Redis's.
    pub fn declare(&mut self, words: &[Vec<u8>]) -> Result<(), String> {
        self.0.declare(words)
    }
}

/// The users of the beginning, as the file declares them.
pub(super) fn users(config: &Config) -> Users {
    let mut users = new_users(config);
    users.set_default_password(config.values.bytes("requirepass"));
    // Whoever read the file has tried them; a user who is wrong all the same is shut out with everybody else.
    if users.declare_all(&config.users).is_err() {
        users.declare(b"default", []).expect("no rule is wrong");
    }
    users
}

/// No users but the default one, with the rules that new ones begin with.
pub(crate) fn new_users(config: &Config) -> Users {
    let mut users = Users::new(Arc::new(catalog()));
    users.set_new_channels(::acl::Channels::of_new_users(
        config.values.choice("acl-pubsub-default"),
    ));
    users
}

impl Session {
    /// Speaks for this user from now on; `authenticated` says whether it has shown that it may.
    fn speak_for(&mut self, user: Arc<User>, authenticated: bool, open: bool) {
        self.user = user;
        self.authenticated = authenticated;
        self.weigh_rights(open);
    }

    /// Works out anew what has to be asked before requests. `open`: nobody has to log in.
    pub(super) fn weigh_rights(&mut self, open: bool) {
        self.is_let_in = self.authenticated || open;
        self.is_free = self.is_let_in && self.user.is_unrestricted();
    }
}

impl Sentinel {
    /// Makes a session, which has just come or said RESET, the default user's.
    pub(crate) fn log_out(&mut self, conn: ConnId) {
        let open = self.clients.users.is_open();
        let user = self.clients.users.default_user().clone();
        if let Some(session) = self.clients.get_mut(conn) {
            session.speak_for(user, open, open);
        }
    }

    /// AUTH and HELLO: the session speaks for this user, or hears why not. `command` is what was typed.
    pub(crate) fn log_in(
        &mut self,
        conn: ConnId,
        name: &[u8],
        password: &[u8],
        command: &[u8],
    ) -> Result<(), Error> {
        let Some(user) = self.clients.users.authenticate(name, password).cloned() else {
            let shown = String::from_utf8_lossy(name).into_owned();
            self.log(Level::Debug, format!("Failed login of user {shown:?}"));
            self.remember(conn, Reason::Login, command, name);
            return Err(Error::WRONG_PASS);
        };
        let open = self.clients.users.is_open();
        if let Some(session) = self.clients.get_mut(conn) {
            session.speak_for(user, true, open);
        }
        Ok(())
    }

    /// Whether the user of a session may run a request of this name and row; to be asked where the session is not
    /// free. What is denied is in ACL LOG.
    pub(crate) fn check_rights(
        &mut self,
        conn: ConnId,
        (name, spec, depth): (&str, &Spec, usize),
        words: &Words<'_>,
    ) -> Result<(), Error> {
        let Some(session) = self.clients.get_mut(conn) else {
            // Nobody is there who could be allowed anything.
            return Err(Denied::Command.error(b"", name));
        };
        let user = session.user.clone();
        let number =
            self.clients.users.catalog().number(name).expect("all rows are in the catalog");
        let request = Request::new(number, spec, *words, depth);
        let Err(denied) = user.check(&request) else { return Ok(()) };
        if let Some(session) = self.clients.get_mut(conn) {
            session.last_command = name.to_owned();
        }
        self.remember(conn, denied.into(), denied.object(name, words), user.name());
        Err(denied.error(user.name(), name))
    }

    /// Remembers that something was refused.
    fn remember(&mut self, conn: ConnId, reason: Reason, object: &[u8], user: &[u8]) {
        let Some(session) = self.clients.get(conn) else { return };
        let client = client_line(self, session);
        let (object, user) = (object.to_vec(), user.to_vec());
        let refusal = Refusal { reason, place: Place::TopLevel, object, user, client };
        let len_max = self.config.values.count(REFUSALS_MAX) as usize;
        let now = self.clock.wall();
        self.clients.refusals.add(refusal, now, len_max);
    }

    /// The user that was `before` is `user` now: sessions follow, and those that listen to channels which it has lost
    /// are closed.
    pub(crate) fn user_changed(&mut self, before: Option<&User>, user: &Arc<User>, asker: ConnId) {
        let has_lost = before.is_some_and(|before| user.has_lost_channels(before));
        let mut lost = Vec::new();
        for session in self.clients.sessions.values_mut() {
            if session.user.name() != user.name() {
                continue;
            }
            session.user = user.clone();
            let overhears = session.subscriptions.as_ref().is_some_and(|heard| {
                heard.goes_beyond(|it| user.may_hear(it), |it| user.may_hear_pattern(it))
            });
            if has_lost && overhears {
                lost.push(session.conn);
            }
        }
        self.show_out(lost, asker);
        self.users_changed();
    }

    /// Closes the sessions of these users, who are no more.
    pub(crate) fn users_gone(&mut self, gone: &[&[u8]], asker: ConnId) {
        let default = self.clients.users.default_user().clone();
        let mut orphans = Vec::new();
        for session in self.clients.sessions.values_mut() {
            if gone.contains(&session.user.name()) {
                session.user = default.clone();
                session.authenticated = false;
                orphans.push(session.conn);
            }
        }
        self.show_out(orphans, asker);
        self.users_changed();
    }

    /// Closes sessions; the one that has asked for it still gets its reply.
    fn show_out(&mut self, conns: Vec<ConnId>, asker: ConnId) {
        for conn in conns {
            let how = if conn == asker { Closing::AfterSending } else { Closing::Now };
            self.clients.close(conn, how);
        }
    }

    /// What has to be asked is another thing for every session, and the file says other things too.
    fn users_changed(&mut self) {
        let open = self.clients.users.is_open();
        self.clients.sessions.values_mut().for_each(|session| session.weigh_rights(open));
        self.ledger.change();
    }
}
