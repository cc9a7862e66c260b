//! Replies where none belong: on the link to the master, which wants none, and to a replica, whose connection carries
//! the stream.

use crate::admin::client_line;
use crate::node::Node;
use crate::registry::CommandId;
use crate::session::{Closing, Role};
use command::Error;
use resp::Words;
use world::{ConnId, Effect, Exit, Level};

/// How much of an error is logged.
const SHOWN_MAX: usize = 4096;

impl Node {
    /// A command has failed. If it came from the master, the two datasets may differ from now on, and if it came from
    /// a replica, something is wrong with that one: the log must tell, and `propagation-error-behavior` may want more.
    #[cold]
    pub(crate) fn tell_link_error(&mut self, conn: ConnId, id: Option<CommandId>, error: &Error) {
        let Some(session) = self.sessions.get(conn) else { return };
        let from_master = session.role == Role::Master;
        let (us, them) = match session.role {
            Role::Master => ("replica", "master"),
            Role::Replica => ("master", "replica"),
            Role::Client | Role::Monitor => return,
        };
        let name = id.map_or("<unknown>", |id| &self.registry.row(id).full_name).to_owned();
        let text = String::from_utf8_lossy(&error.text()[..error.text().len().min(SHOWN_MAX)]);
        let line = format!(
            "== CRITICAL == This {us} is sending an error to its {them}: '{text}' after processing the command '{name}'"
        );
        self.stats.errors_on_links += 1;
        self.log(Level::Warning, line);
        // Who may be written to has data of its own, which the stream does not know.
        let panics = from_master
            && self.settings.replica_read_only
            && self.config.values.choice("propagation-error-behavior") != "ignore";
        if panics {
            let line = format!(
                "This {us} panicked sending an error to its {them} after processing the command '{name}'"
            );
            self.log(Level::Warning, line);
            self.effects.push_back(Effect::Exit(Exit::Crash));
        }
    }

    /// A replica has said something that wants a reply: it takes itself for a client, and would take the reply for a
    /// part of the stream.
    #[cold]
    pub(crate) fn hang_up_on_reply(&mut self, conn: ConnId, words: &Words<'_>) {
        let Some(session) = self.sessions.get(conn) else { return };
        let who = String::from_utf8_lossy(&client_line(self, session)).into_owned();
        let name = match self.registry.resolve(words) {
            Ok(row) => row.full_name.clone(),
            Err(_) => "<unknown>".to_owned(),
        };
        self.log(
            Level::Warning,
            format!("Replica generated a reply to command '{name}', disconnecting it: {who}"),
        );
        self.close(conn, Closing::Now);
    }
}
