//! Those who ask us: clients, operators, and other Sentinels.

mod session;

pub(crate) use session::{Closing, Session};

use crate::ledger::Ledger;
use crate::sentinel::Sentinel;
use config::Config;
use resp::{Proto, Words, Writer};
use std::collections::{BTreeMap, VecDeque};
use std::io::IoSlice;
use world::{ConnId, Effect, Exit, Level, Peer, Signal};

/// All sessions.
#[derive(Debug, Default)]
pub(crate) struct Clients {
    sessions: BTreeMap<ConnId, Session>,
    ready: VecDeque<ConnId>,
    made: u64,
    /// What AUTH has to say; empty where nothing is asked.
    pub(crate) password: String,
    log_level: Option<Level>,
}

impl Clients {
    pub(crate) fn new(config: &Config) -> Clients {
        let log_level = match config.values.choice("loglevel") {
            "debug" => Some(Level::Debug),
            "verbose" => Some(Level::Verbose),
            "notice" => Some(Level::Notice),
            "warning" => Some(Level::Warning),
            _ => None,
        };
        let password = config.values.text("requirepass");
        Clients { password, log_level, ..Clients::default() }
    }

    pub(crate) fn get(&self, conn: ConnId) -> Option<&Session> {
        self.sessions.get(&conn)
    }

    pub(crate) fn get_mut(&mut self, conn: ConnId) -> Option<&mut Session> {
        self.sessions.get_mut(&conn)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Session> {
        self.sessions.values()
    }

    pub(crate) fn poll_ready(&mut self) -> Option<ConnId> {
        self.ready.pop_front()
    }

    /// None: no session has this connection.
    pub(crate) fn pending<'a>(&'a self, conn: ConnId, slices: &mut [IoSlice<'a>]) -> Option<usize> {
        let bytes = self.sessions.get(&conn)?.out.pending();
        match slices.first_mut() {
            Some(first) if !bytes.is_empty() => {
                *first = IoSlice::new(bytes);
                Some(1)
            }
            _ => Some(0),
        }
    }

    /// The disk has caught up.
    pub(crate) fn release(&mut self, ledger: &Ledger) {
        for (conn, session) in &mut self.sessions {
            if session.out.release(ledger) {
                self.ready.push_back(*conn);
            }
        }
    }

    /// Appends to what a session gets.
    pub(crate) fn send(&mut self, conn: ConnId, ledger: &Ledger, bytes: Vec<u8>) {
        if let Some(session) = self.sessions.get_mut(&conn)
            && session.out.push(ledger, bytes)
        {
            self.ready.push_back(conn);
        }
    }

    /// The state could not be written: who waits for a vote does not get it.
    pub(crate) fn break_promises(&mut self) {
        for session in self.sessions.values_mut().filter(|it| it.awaits_vote && it.out.is_held()) {
            session.closing = Some(Closing::Now);
        }
    }
}

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
        }
    }

    pub(crate) fn signalled(&mut self, _signal: Signal) {
        self.effects.push_back(Effect::Exit(Exit::Status(0)));
    }

    pub(crate) fn is_logged(&self, level: Level) -> bool {
        self.clients.log_level.is_some_and(|least| level >= least)
    }

    pub(crate) fn client_accepted(&mut self, conn: ConnId, peer: Peer, local: Peer) {
        self.clients.made += 1;
        let mut session = Session::new(self.clients.made, conn, peer, local, self.clock.now());
        session.authenticated = self.clients.password.is_empty();
        self.clients.sessions.insert(conn, session);
    }

    pub(crate) fn client_closed(&mut self, conn: ConnId) {
        self.clients.sessions.remove(&conn);
    }

    /// Bytes of a client: whole requests run, the rest is kept.
    pub(crate) fn client_input(&mut self, conn: ConnId, bytes: &[u8]) {
        let Some(session) = self.clients.sessions.get_mut(&conn) else { return };
        session.active = self.clock.now();
        let mut parser = std::mem::take(&mut session.parser);
        let mut buffer = std::mem::take(&mut session.unread);
        buffer.extend_from_slice(bytes);
        let limits = resp::Limits::default();
        let mut failed = None;
        loop {
            match parser.next(&buffer, &limits) {
                Ok(Some(request)) => self.run(conn, parser.words(&request, &buffer)),
                Ok(None) => break,
                Err(error) => {
                    failed = Some(error);
                    break;
                }
            }
        }
        let consumed = parser.consumed();
        parser.forget(consumed);
        buffer.drain(..consumed);
        if let Some(error) = failed {
            self.reply(conn, |w| w.error(format!("ERR {error}").as_bytes()));
        }
        if let Some(session) = self.clients.sessions.get_mut(&conn) {
            session.parser = parser;
            session.unread = buffer;
        }
    }

    /// True while more may be sent.
    pub(crate) fn client_sent(&mut self, conn: ConnId, count: usize) -> bool {
        self.clients.sessions.get_mut(&conn).is_some_and(|session| session.out.advance(count))
    }

    /// Writes to a session, in its protocol.
    pub(crate) fn reply(&mut self, conn: ConnId, write: impl FnOnce(&mut Writer<'_>)) {
        let Some(session) = self.clients.sessions.get(&conn) else { return };
        let mut bytes = Vec::new();
        write(&mut Writer::new(&mut bytes, session.proto));
        self.clients.send(conn, &self.ledger, bytes);
    }

    fn run(&mut self, conn: ConnId, words: Words<'_>) {
        let proto = self.clients.sessions.get(&conn).map_or(Proto::Resp2, |it| it.proto);
        let mut bytes = Vec::new();
        crate::commands::execute(self, conn, words, &mut Writer::new(&mut bytes, proto));
        self.clients.send(conn, &self.ledger, bytes);
    }

    /// A message for those who listen to a channel.
    pub(crate) fn publish(&mut self, _channel: &[u8], _message: &[u8]) {}

    pub(crate) fn queue_script(&mut self, _path: String, _arguments: Vec<String>) {}

    pub(crate) fn script_started(&mut self, _ticket: world::Ticket, _pid: u32) {}

    pub(crate) fn script_ended(&mut self, _ticket: world::Ticket, _outcome: world::Outcome) {}

    pub(crate) fn trial_answered(&mut self, _trial: u64, _value: Option<&resp::Value>) {}
}
