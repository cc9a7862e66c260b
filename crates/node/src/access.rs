//! Who speaks, and what they may do: sessions log in as users, users change, and what is denied is remembered.
//!
//! # Design
//! A session holds its user, and one bit that says that nothing has to be asked: somebody has logged in or nobody has
//! to, and the user may do everything. Most sessions are such, and pay one branch for each request. Whatever changes a
//! user works the bit out anew for every session, which is rare.

use crate::admin::client_line;
use crate::node::Node;
use crate::registry::CommandId;
use crate::scripting::SCRIPT_CONN;
use crate::session::{Closing, Session};
use acl::{Denied, Place, Reason, Refusal, Request, User};
use command::{Error, Search};
use resp::Words;
use std::sync::Arc;
use world::{ConnId, Level};

impl Node {
    /// Makes a session that has just come the default user's.
    pub(crate) fn let_in(&self, session: &mut Session) {
        let open = self.users.is_open();
        session.speak_for(self.users.default_user().clone(), open, open);
    }

    /// RESET: whoever has logged in has not.
    pub(crate) fn log_out(&mut self, conn: ConnId) {
        let open = self.users.is_open();
        let user = self.users.default_user().clone();
        if let Some(session) = self.sessions.get_mut(conn) {
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
        let Some(user) = self.users.authenticate(name, password).cloned() else {
            let shown = String::from_utf8_lossy(name).into_owned();
            self.log(Level::Debug, format!("Failed login of user {shown:?}"));
            let place = self.place(conn);
            self.remember(conn, Reason::Login, place, command, name);
            return Err(Error::WRONG_PASS);
        };
        let open = self.users.is_open();
        if let Some(session) = self.sessions.get_mut(conn) {
            session.speak_for(user, true, open);
        }
        Ok(())
    }

    /// Whether the user of a session may run a request; to be asked where the session is not free. What is denied is
    /// in ACL LOG.
    pub(crate) fn check_rights(
        &mut self,
        conn: ConnId,
        id: CommandId,
        words: &Words<'_>,
    ) -> Result<(), Error> {
        if let Some(session) = self.sessions.get_mut(conn) {
            // What is denied was the last command all the same.
            session.last_command = Some(id);
        }
        self.denied(conn, id, words, self.place(conn)).map_err(|denied| {
            let user = self.sessions.get(conn).and_then(|it| it.user.as_ref());
            let name = user.map_or(&b""[..], |user| user.name());
            denied.error(name, &self.registry.row(id).full_name)
        })
    }

    /// The same for a command that was queued: its user may have changed since.
    pub(crate) fn check_queued(
        &mut self,
        conn: ConnId,
        id: CommandId,
        words: &Words<'_>,
    ) -> Result<(), Error> {
        if self.sessions.get(conn).is_some_and(|session| session.is_free) {
            return Ok(());
        }
        self.denied(conn, id, words, Place::Transaction).map_err(|denied| {
            Error::new(format!(
                "NOPERM ACLs rules changed between the moment the transaction was accumulated and the EXEC call. This \
                 command is no longer allowed for the following reason: {}",
                denied.change()
            ))
        })
    }

    /// What a session's user has against a request; it is remembered, under the place that it came from. A session that
    /// is gone, or that nobody speaks for and that is not free either, may do nothing.
    pub(crate) fn denied(
        &mut self,
        conn: ConnId,
        id: CommandId,
        words: &Words<'_>,
        place: Place,
    ) -> Result<(), Denied> {
        let Some(session) = self.sessions.get_mut(conn) else { return Err(Denied::Command) };
        let Some(user) = &session.user else {
            return if session.is_free { Ok(()) } else { Err(Denied::Command) };
        };
        let row = self.registry.row(id);
        let request = Request::new(id.0, row.spec, *words, row.depth());
        let result = user.check(&request);
        // Some commands come across keys that no rule finds.
        if row.spec.keys.iter().any(|keys| keys.search == Search::Unknown) {
            session.reads_any_key = user.may_read_any_key(&request);
        }
        if let Err(denied) = result {
            let object = denied.object(&row.full_name, words).to_vec();
            let name = user.name().to_vec();
            self.remember(conn, denied.into(), place, &object, &name);
        }
        result
    }

    /// Remembers that something was refused.
    fn remember(&mut self, conn: ConnId, reason: Reason, place: Place, object: &[u8], user: &[u8]) {
        let Some(session) = self.sessions.get(self.caller_of(conn)) else { return };
        let client = client_line(self, session);
        let refusal =
            Refusal { reason, place, object: object.to_vec(), user: user.to_vec(), client };
        self.refusals.add(refusal, self.now.wall, self.settings.acllog_len_max);
    }

    /// Where the request of a session comes from.
    fn place(&self, conn: ConnId) -> Place {
        let queues = self.sessions.get(conn).is_some_and(|it| it.transaction.is_some());
        if queues || self.unit.in_exec { Place::Transaction } else { Place::TopLevel }
    }

    /// The user that was `before` is `user` now: sessions follow, and those that listen to channels which it has lost
    /// are closed.
    pub(crate) fn user_changed(&mut self, before: Option<&User>, user: &Arc<User>, asker: ConnId) {
        if before.is_some_and(|before| user.has_lost_channels(before)) {
            let overhears = |session: &Session| {
                session.subscriptions.as_ref().is_some_and(|heard| {
                    heard.goes_beyond(|it| user.may_hear(it), |it| user.may_hear_pattern(it))
                })
            };
            let lost = self.sessions.iter().filter(|it| it.speaks_for(user.name()));
            let lost = lost.filter(|it| overhears(it)).map(|it| it.conn).collect();
            self.show_out(lost, asker);
        }
        self.follow(user);
    }

    /// The sessions of a user follow what it is now.
    fn follow(&mut self, user: &Arc<User>) {
        let speaking = self.sessions.iter_mut_with_script().filter(|it| it.speaks_for(user.name()));
        speaking.for_each(|session| session.user = Some(user.clone()));
        self.weigh_all_rights();
    }

    /// Closes the sessions of users who are no more. `gone` tells them by their names.
    pub(crate) fn users_gone(&mut self, gone: impl Fn(&[u8]) -> bool, asker: ConnId) {
        let default = self.users.default_user().clone();
        let mut orphans = Vec::new();
        for session in self.sessions.iter_mut_with_script() {
            if session.user.as_ref().is_some_and(|user| gone(user.name())) {
                // Until it is closed it may do what anybody may who has just come.
                session.user = Some(default.clone());
                session.authenticated = false;
                // That of scripts is no connection.
                if session.conn != SCRIPT_CONN {
                    orphans.push(session.conn);
                }
            }
        }
        self.show_out(orphans, asker);
        self.weigh_all_rights();
    }

    /// Closes sessions; the one that has asked for it still gets its reply.
    fn show_out(&mut self, conns: Vec<ConnId>, asker: ConnId) {
        for conn in conns {
            self.close(conn, if conn == asker { Closing::AfterSending } else { Closing::Now });
        }
    }

    /// Works out anew for every session what has to be asked.
    pub(crate) fn weigh_all_rights(&mut self) {
        let open = self.users.is_open();
        self.sessions.iter_mut_with_script().for_each(|session| session.weigh_rights(open));
    }

    /// `requirepass` has changed: it is the password of the default user.
    pub(crate) fn set_default_password(&mut self) {
        self.users.set_default_password(self.config.values.bytes("requirepass"));
        self.default_user_changed();
    }

    /// The sessions of the default user follow what it is now.
    pub(crate) fn default_user_changed(&mut self) {
        self.follow(&self.users.default_user().clone());
    }
}

#[cfg(test)]
mod tests {
    use crate::check::Player;
    use acl::Place;
    use resp::Owned;
    use world::ConnId;

    #[test]
    fn a_session_that_is_gone_may_do_nothing() {
        let mut player = Player::new(&[]);
        let request = Owned::new(["get", "a"]);
        let words = request.words();
        let node = &mut player.node;
        let Ok(row) = node.registry.resolve(&words) else { panic!("GET is known") };
        let (id, nobody) = (row.id, ConnId(77));
        assert!(node.denied(nobody, id, &words, Place::TopLevel).is_err());
        assert!(node.check_rights(nobody, id, &words).is_err());
        assert!(node.check_queued(nobody, id, &words).is_err());
        assert!(node.check_queued(crate::scripting::SCRIPT_CONN, id, &words).is_err());
        assert_eq!(node.script_may_run(&words), Some(false));
    }
}
