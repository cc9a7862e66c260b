//! How the world speaks to the server: events are routed to their owners, effects and bytes are handed out.

use crate::node::Node;
use crate::session::{Closing, Session};
use std::io::IoSlice;
use stdx::{Instant, Now};
use world::{ConnId, Effect, Event, Machine, Peer};

impl Machine for Node {
    fn handle_input(&mut self, now: Now, conn: ConnId, bytes: &[u8]) {
        self.now = now;
        self.input(conn, bytes);
        self.bury();
    }

    fn handle_event(&mut self, now: Now, event: Event) {
        self.now = now;
        match event {
            Event::Accepted { conn, peer, local } => self.accepted(conn, peer, local),
            Event::Closed { conn, .. } => {
                self.forget(conn);
                self.sessions.remove(conn);
            }
            Event::Dialed { .. } | Event::DialFailed { .. } => {}
            Event::DiskDone { .. } | Event::WorkDone { .. } | Event::Listened { .. } => {}
            Event::Signal(_) => self.effects.push_back(Effect::Exit(world::Exit::Status(0))),
        }
        self.bury();
    }

    fn handle_timeout(&mut self, now: Now) {
        self.now = now;
        self.wake_late();
        self.bury();
    }

    fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.blocking.next_deadline()
    }

    fn poll_ready(&mut self) -> Option<ConnId> {
        self.ready.pop_front()
    }

    fn pending<'a>(&'a self, conn: ConnId, slices: &mut [IoSlice<'a>]) -> usize {
        let Some(session) = self.sessions.get(conn) else { return 0 };
        let bytes = session.out.pending();
        match slices.first_mut() {
            Some(first) if !bytes.is_empty() => {
                *first = IoSlice::new(bytes);
                1
            }
            _ => 0,
        }
    }

    fn sent(&mut self, now: Now, conn: ConnId, count: usize) -> bool {
        self.now = now;
        self.stats.net_out += count as u64;
        let Some(session) = self.sessions.get_mut(conn) else { return false };
        session.net_out += count as u64;
        session.out.advance(count);
        let more = !session.out.is_empty();
        session.out.announced = more;
        if !more && session.closing == Some(Closing::AfterSending) {
            self.sessions.remove(conn);
            self.effects.push_back(Effect::Hangup { conn, after_sending: false });
        }
        more
    }

    fn idle(&mut self, now: Now, _budget_us: u64) -> bool {
        self.now = now;
        false
    }
}

impl Node {
    /// The server begins its work: limits, listening, the dataset. To be called once, before the first turn.
    pub fn start(&mut self, now: Now) {
        self.now = now;
        let wanted = self.settings.clients_max as u64 + 32;
        self.effects.push_back(Effect::OpenFiles { wanted });
        self.listen();
    }

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

    /// A client knocks: let in, or told why not and shown out.
    fn accepted(&mut self, conn: ConnId, peer: Peer, local: Peer) {
        let id = self.sessions.next_id();
        let local_peer = match &peer {
            Peer::Ip(address) => address.ip().is_loopback(),
            Peer::Unix(_) => true,
        };
        let mut session = Session::new(id, conn, peer, local, self.now);
        session.authenticated = self.settings.requirepass.is_empty();
        self.sessions.insert(session);
        self.stats.connections += 1;
        if self.sessions.len() > self.settings.clients_max {
            self.stats.rejected_connections += 1;
            self.send(conn, |w| w.error(b"ERR max number of clients reached"));
            self.close(conn, Closing::AfterSending);
            return;
        }
        if self.settings.protected_mode && self.settings.requirepass.is_empty() && !local_peer {
            self.stats.rejected_connections += 1;
            self.send(conn, |w| {
                w.error(
                    b"DENIED Redis is running in protected mode because protected mode is enabled and no password \
                      is set for the default user. In this mode connections are only accepted from the loopback \
                      interface. If you want to connect from external computers to Redis you may adopt one of the \
                      following solutions: 1) Just disable protected mode sending the command 'CONFIG SET \
                      protected-mode no' from the loopback interface by connecting to Redis from the same host \
                      the server is running, however MAKE SURE Redis is not publicly accessible from internet if \
                      you do so. Use CONFIG REWRITE to make this change permanent. 2) Alternatively you can just \
                      disable the protected mode by editing the Redis configuration file, and setting the \
                      protected mode option to 'no', and then restarting the server. 3) If you started the server \
                      manually just for testing, restart it with the '--protected-mode no' option. 4) Set up an \
                      authentication password for the default user. NOTE: You only need to do one of the above \
                      things in order for the server to start accepting connections from the outside.",
                )
            });
            self.close(conn, Closing::AfterSending);
            return;
        }
        if self.settings.keepalive_secs > 0 {
            self.effects.push_back(Effect::KeepAlive { conn, secs: self.settings.keepalive_secs });
        }
    }
}
