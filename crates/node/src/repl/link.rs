//! The connection to the master: what arrives is given to the machine, what the machine gives back is applied.

use crate::input::{AHEAD, Batch};
use crate::node::{Errand, Node};
use crate::session::{Closing, Role, Session};
use replication::{Fed, Loss};
use resp::{Limits, WORD_BYTES_MAX};
use world::{ConnId, Dial, Effect, Level, Peer, Ticket};

/// What the node itself knows of the link.
#[derive(Debug, Default)]
pub(crate) struct Link {
    /// The connection to the master, while there is one.
    pub(crate) conn: Option<ConnId>,
    /// The attempt under way, and its ticket.
    dialing: Option<(u64, Ticket)>,
    /// A request of the master runs.
    pub(crate) applies: bool,
    /// The database that the master's stream has selected.
    pub(crate) stream_db: usize,
    /// Requests of a transaction whose EXEC has not arrived: how many bytes they are.
    open: usize,
}

impl Node {
    /// The machine wants a connection to the master.
    pub(super) fn dial(&mut self, attempt: u64, host: String, port: u16) {
        let ticket = self.errand(Errand::Dial { attempt });
        self.link.dialing = Some((attempt, ticket));
        let source = self.config.values.text("bind-source-addr");
        self.effects.push_back(Effect::Dial(Dial { ticket, host, port, source }));
    }

    pub(super) fn cancel_dial(&mut self, attempt: u64) {
        if let Some((_, ticket)) = self.link.dialing.take_if(|(it, _)| *it == attempt) {
            self.errands.remove(&ticket);
            self.effects.push_back(Effect::CancelDial(ticket));
        }
    }

    /// The connection to the master is there.
    pub(crate) fn dialed(&mut self, attempt: u64, conn: ConnId, peer: Peer, local: Peer) {
        self.link.dialing = None;
        let id = self.sessions.next_id();
        let mut session = Session::new(id, conn, peer, local, self.now);
        session.role = Role::Master;
        session.authenticated = true;
        session.weigh_rights(false);
        session.db = self.link.stream_db;
        self.sessions.insert(session);
        self.link.conn = Some(conn);
        self.link.open = 0;
        if !self.repl.handle_dialed(self.now, attempt) {
            self.drop_link();
        }
        self.settle_replication();
    }

    pub(crate) fn dial_failed(&mut self, attempt: u64, reason: &str) {
        self.link.dialing = None;
        self.repl.handle_dial_failed(self.now, attempt, reason);
        self.settle_replication();
    }

    /// The machine has something to say to the master.
    pub(super) fn link_send(&mut self, bytes: &[u8]) {
        let Some(conn) = self.link.conn else { return };
        let Some(session) = self.sessions.get_mut(conn) else { return };
        session.out.buffer().extend_from_slice(bytes);
        self.stats.net_repl_out += bytes.len() as u64;
        self.announce(conn);
    }

    /// Reads from the master, or lets it wait while what has arrived is worked on.
    pub(crate) fn read_link(&mut self, on: bool) {
        if let Some(conn) = self.link.conn {
            self.effects.push_back(Effect::Reading { conn, on });
        }
    }

    /// The connection to the master ends, by our will.
    pub(super) fn drop_link(&mut self) {
        let Some(conn) = self.link.conn.take() else { return };
        if let Some(session) = self.sessions.get(conn) {
            self.link.stream_db = session.db;
        }
        self.link.open = 0;
        self.close(conn, Closing::Now);
    }

    /// The connection to the master has ended by itself.
    pub(crate) fn link_lost(&mut self, conn: ConnId) {
        if self.link.conn != Some(conn) {
            return;
        }
        if let Some(session) = self.sessions.get(conn) {
            self.link.stream_db = session.db;
        }
        self.link.conn = None;
        self.link.open = 0;
        // What follows from it is carried out when what runs now has ended.
        self.repl.handle_link_closed(self.now, Loss::Broken);
    }

    /// Bytes from the master.
    pub(crate) fn link_input(&mut self, conn: ConnId, bytes: &[u8]) {
        if self.link.conn != Some(conn) {
            return;
        }
        self.stats.net_repl_in += bytes.len() as u64;
        if let Some(session) = self.sessions.get_mut(conn) {
            session.active = self.now.instant;
        }
        let mut bytes = bytes;
        while !bytes.is_empty() && self.link.conn == Some(conn) {
            let empty = (0..self.keyspace.databases()).all(|db| self.keyspace.db(db).is_empty());
            match self.repl.handle_link_input(self.now, &mut bytes, empty) {
                Fed::Nothing => {}
                Fed::Snapshot(piece) => {
                    let piece = piece.into_owned();
                    self.receive(piece);
                }
                Fed::Stream(stream) => self.apply_stream(conn, stream),
            }
            self.settle_replication();
        }
    }

    /// Applies what a pause has held back.
    pub(crate) fn resume_stream(&mut self) {
        if let Some(conn) = self.link.conn {
            self.apply_stream(conn, &[]);
            self.settle_replication();
        }
    }

    /// Runs what the master did, and tells the machine how far we are: after every request, and after a transaction
    /// as a whole, so that a replica that comes back never stands in the middle of one.
    pub(super) fn apply_stream(&mut self, conn: ConnId, bytes: &[u8]) {
        let held = self.blocking.pause(self.now.instant).is_some()
            || self.is_reloading()
            || self.scripting.slow().is_some();
        let Some(session) = self.sessions.get_mut(conn) else { return };
        let Some(mut inbox) = session.inbox.take() else { return };
        inbox.bytes.extend_from_slice(bytes);
        if held {
            // A pause holds the stream back as well: it is read, and applied when the pause is over.
            session.inbox = Some(inbox);
            return;
        }
        let buffer = std::mem::take(&mut inbox.bytes);
        let limits = Limits { bulk_len_max: WORD_BYTES_MAX, ..Limits::default() };
        // Where the first request begins that was not counted as applied.
        let mut from = 0;
        let mut batch = Batch::default();
        let garbled = loop {
            self.parse_ahead(conn, &mut inbox, &buffer, (&limits, AHEAD), &mut batch);
            // The first command of a batch begins now, not when the last one of the batch before has ended.
            self.lap_ns = None;
            for (request, foreseen) in batch.iter() {
                self.link.applies = true;
                self.run_one(conn, &inbox, &buffer, &request, foreseen);
                self.link.applies = false;
                let Some(session) = self.sessions.get(conn) else { return };
                if self.link.conn != Some(conn) {
                    return;
                }
                if session.transaction.is_none() {
                    self.repl.applied(&buffer[from..request.end]);
                    from = request.end;
                    self.empty_file_if_wanted();
                }
            }
            inbox.parser.forget_requests();
            if batch.is_last {
                break batch.broken;
            }
        };
        let consumed = inbox.parser.consumed();
        // What belongs to an open transaction has run into the queue already, but must be counted with its EXEC.
        let keep = from.min(consumed);
        if garbled.is_none() {
            if keep == consumed {
                inbox.parser.forget(consumed);
                inbox.bytes = buffer;
                inbox.bytes.drain(..consumed);
            } else {
                inbox.parser.forget(keep);
                inbox.bytes = buffer;
                inbox.bytes.drain(..keep);
            }
        }
        if let Some(session) = self.sessions.get_mut(conn) {
            session.inbox = Some(inbox);
        }
        if let Some(error) = garbled {
            self.log(Level::Warning, format!("Protocol error from master: {error}"));
            self.drop_link();
            self.repl.handle_link_closed(self.now, Loss::Garbled);
        }
    }
}
