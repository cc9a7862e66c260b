//! Who comes in and who goes: listening, accepting, sending away, and the end of the process.

use super::{Closing, Session};
use crate::commands::client_line;
use crate::sentinel::Sentinel;
use ::session::{PROTECTED, TOO_MANY};
use world::{ConnId, Effect, Exit, Level, Peer, Signal};

impl Sentinel {
    /// Listens where the parameters say.
    pub(crate) fn listen(&mut self) {
        let values = &self.config.values;
        let path = values.text("unixsocket");
        let mode = values.count("unixsocketperm") as u32;
        let (addresses, port) = (values.addresses().to_vec(), values.count("port") as u16);
        let backlog = values.count("tcp-backlog") as u32;
        let ticket = self.ticket();
        let unix = (!path.is_empty()).then_some((path, mode));
        self.effects.push_back(Effect::Listen { ticket, addresses, port, unix, backlog });
    }

    pub(crate) fn listened(&mut self, result: Result<(), String>) {
        if let Err(text) = result {
            self.effects.push_back(Effect::Log { level: Level::Warning, text });
            self.effects.push_back(Effect::Exit(Exit::Status(1)));
            return;
        }
        for text in ["STATUS=Ready to accept connections\n", "READY=1\n"] {
            self.effects.push_back(Effect::Supervisor(text.to_owned()));
        }
    }

    /// SIGTERM and SIGINT.
    pub(crate) fn signalled(&mut self, signal: Signal) {
        let name = match signal {
            Signal::Terminate => "SIGTERM",
            Signal::Interrupt => "SIGINT",
        };
        self.log(Level::Warning, format!("Received {name} scheduling shutdown..."));
        self.shut_down();
    }

    /// The process ends when the disk has the state. Who asks again does not want to wait for that.
    pub(crate) fn shut_down(&mut self) {
        if std::mem::replace(&mut self.clients.shutting_down, true) {
            self.effects.push_back(Effect::Exit(Exit::Status(0)));
            return;
        }
        self.log(Level::Notice, "User requested shutdown...".to_owned());
        self.effects.push_back(Effect::Supervisor("STOPPING=1\n".to_owned()));
        self.ledger.change();
        let values = &self.config.values;
        // A daemon has one even where none is named.
        if values.flag("daemonize") || !values.text("pidfile").is_empty() {
            self.log(Level::Notice, "Removing the pid file.".to_owned());
        }
        let bye = "Sentinel is now ready to exit, bye bye...".to_owned();
        self.log(Level::Warning, bye);
        self.news.push_back(crate::news::News::Exit(Exit::Status(0)));
    }

    /// A client knocks: let in, or told why not and shown out.
    pub(crate) fn client_accepted(&mut self, conn: ConnId, peer: Peer, local: Peer) {
        if self.clients.is_logged(Level::Verbose) {
            self.log(Level::Verbose, ::session::arrival(&peer));
        }
        let now = self.clock.now();
        let clients = &mut self.clients;
        clients.made += 1;
        clients.counters.connections += 1;
        let from_here = peer.is_local();
        let user = clients.users.default_user().clone();
        let needs_password = !user.needs_no_password();
        clients.sessions.insert(conn, Session::new(clients.made, conn, peer, local, user, now));
        self.log_out(conn);
        let clients = &mut self.clients;
        let refusal = if clients.len() > clients.limits.clients_max {
            Some(TOO_MANY)
        } else if clients.limits.protected_mode && !needs_password && !from_here {
            Some(PROTECTED)
        } else {
            None
        };
        if let Some(text) = refusal {
            clients.counters.rejected += 1;
            self.tell(conn, |w| w.error(text));
            self.clients.close(conn, Closing::AfterSending);
            return;
        }
        let secs = clients.limits.keepalive_secs;
        if secs > 0 {
            self.effects.push_back(Effect::KeepAlive { conn, secs });
        }
        self.expect_idleness(now);
    }

    /// The peer has gone.
    pub(crate) fn client_closed(&mut self, conn: ConnId, reason: &str) {
        if self.clients.is_logged(Level::Verbose)
            && let Some(session) = self.clients.get(conn)
        {
            let text = ::session::departure(reason, || client_line(self, session));
            self.log(Level::Verbose, text);
        }
        self.clients.remove(conn);
    }

    /// Ends the sessions that were closed in this turn, as far as they have nothing to send.
    pub(crate) fn bury(&mut self) {
        for conn in std::mem::take(&mut self.clients.doomed) {
            let Some(session) = self.clients.get(conn) else { continue };
            if session.closing == Some(Closing::AfterSending) && !session.out.is_empty() {
                continue;
            }
            self.clients.remove(conn);
            self.effects.push_back(Effect::Hangup { conn, after_sending: false });
        }
    }
}
