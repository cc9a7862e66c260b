//! MIGRATE: keys on their way to another server.
//!
//! Redis holds the whole server while keys travel. Here only writes are held, as for a failover, so that what is
//! deleted at the end is what arrived; reads go on. The keys are sent as RESTOREs in one pipeline; each is deleted
//! when its own answer says that it is there.

use crate::admin::Waiter;
use crate::node::{Errand, Node};
use crate::session::Outbox;
use resp::{Owned, ReplyParser, Value};
use std::collections::VecDeque;
use std::io::IoSlice;
use stdx::Instant;
use store::{EventClass, Expiry};
use world::{ConnId, Dial, Effect, Ticket};

/// What MIGRATE was asked for.
pub(crate) struct Order {
    pub(crate) host: String,
    pub(crate) port: u16,
    /// The database here, and the one there.
    pub(crate) from_db: usize,
    pub(crate) to_db: i64,
    pub(crate) timeout_ms: u64,
    /// The keys stay here as well.
    pub(crate) copy: bool,
    pub(crate) replace: bool,
    /// AUTH's words, if any.
    pub(crate) auth: Option<Vec<Vec<u8>>>,
    /// Key, milliseconds to live (0 for ever), payload.
    pub(crate) keys: Vec<(Vec<u8>, u64, Vec<u8>)>,
}

/// A MIGRATE under way. There is one at a time: it holds writes, and MIGRATE is one.
pub(crate) struct Migration {
    order: Order,
    waiter: Option<Waiter>,
    deadline: Instant,
    dialing: Option<Ticket>,
    conn: Option<ConnId>,
    out: Outbox,
    parser: ReplyParser,
    /// What the answers to come are for, in order.
    expected: VecDeque<Expected>,
    arrived: Vec<Vec<u8>>,
    /// The first answer that was an error.
    error: Option<Vec<u8>>,
    /// The connection is one that was kept: if it turns out to be gone, a fresh one is tried.
    reused: bool,
}

/// A connection that is kept for the next MIGRATE to the same server.
pub(crate) struct Kept {
    host: String,
    port: u16,
    conn: ConnId,
    until: Instant,
}

/// How long a connection is kept, in milliseconds.
const KEPT_MS: u64 = 10_000;

#[derive(Clone, Debug)]
enum Expected {
    /// AUTH or SELECT.
    Greeting,
    Key(Vec<u8>),
}

impl Migration {
    /// When it is given up.
    pub(crate) fn deadline(&self) -> Instant {
        self.deadline
    }

    fn is(&self, conn: ConnId) -> bool {
        self.conn == Some(conn)
    }
}

impl Node {
    /// Sets out. `waiter` is told how it ends.
    pub(crate) fn begin_migration(&mut self, order: Order, waiter: Option<Waiter>) {
        let deadline = self.now.instant.after_ms(order.timeout_ms);
        let kept = self.kept.iter().position(|it| it.host == order.host && it.port == order.port);
        let kept = kept.map(|at| self.kept.swap_remove(at).conn);
        self.blocking.set_migration_pause(Some(deadline));
        self.migration = Some(Box::new(Migration {
            order,
            waiter,
            deadline,
            dialing: None,
            conn: None,
            out: Outbox::default(),
            parser: ReplyParser::default(),
            expected: VecDeque::new(),
            arrived: Vec::new(),
            error: None,
            reused: kept.is_some(),
        }));
        match kept {
            Some(conn) => self.migration_dialed(conn),
            None => self.dial_for_migration(),
        }
    }

    fn dial_for_migration(&mut self) {
        let ticket = self.errand(Errand::Migrating);
        let Some(migration) = &mut self.migration else { return };
        migration.dialing = Some(ticket);
        let (host, port) = (migration.order.host.clone(), migration.order.port);
        self.effects.push_back(Effect::Dial(Dial { ticket, host, port, source: String::new() }));
    }

    /// How many connections are kept, for INFO.
    pub(crate) fn kept_connections(&self) -> usize {
        self.kept.len()
    }

    /// Connections that nobody has needed for a while are closed.
    pub(crate) fn close_kept_connections(&mut self) {
        let now = self.now.instant;
        for kept in self.kept.extract_if(.., |it| it.until <= now) {
            self.effects.push_back(Effect::Hangup { conn: kept.conn, after_sending: false });
        }
    }

    /// The other server is reached: everything is said at once.
    pub(crate) fn migration_dialed(&mut self, conn: ConnId) {
        let Some(migration) = &mut self.migration else {
            self.effects.push_back(Effect::Hangup { conn, after_sending: false });
            return;
        };
        migration.dialing = None;
        migration.conn = Some(conn);
        let out = migration.out.buffer();
        let order = &migration.order;
        if let Some(auth) = &order.auth {
            Owned::new(auth).words().encode(out);
            migration.expected.push_back(Expected::Greeting);
        }
        Owned::new(["SELECT".to_owned(), order.to_db.to_string()]).words().encode(out);
        migration.expected.push_back(Expected::Greeting);
        for (key, ttl_ms, payload) in &order.keys {
            let ttl = ttl_ms.to_string();
            let mut words = Owned::new([b"RESTORE", key.as_slice(), ttl.as_bytes(), payload]);
            if order.replace {
                words.push(b"REPLACE");
            }
            words.words().encode(out);
            migration.expected.push_back(Expected::Key(key.clone()));
        }
        self.ready.push_back(conn);
    }

    /// Answers from the other server. False: the connection is no migration's.
    pub(crate) fn migration_input(&mut self, conn: ConnId, bytes: &[u8]) -> bool {
        let Some(migration) = self.migration.as_mut().filter(|it| it.is(conn)) else {
            return false;
        };
        migration.parser.feed(bytes);
        loop {
            match migration.parser.next() {
                Ok(Some(value)) => {
                    let answered = migration.expected.pop_front();
                    migration.reused = false;
                    match (answered, value) {
                        (_, Value::Error(text)) => {
                            migration.error.get_or_insert(text);
                        }
                        (Some(Expected::Key(key)), _) => migration.arrived.push(key),
                        _ => {}
                    }
                    if migration.expected.is_empty() {
                        self.end_migration(None);
                        return true;
                    }
                }
                Ok(None) => return true,
                Err(_) => {
                    self.end_migration(Some("IOERR error or timeout reading from target instance"));
                    return true;
                }
            }
        }
    }

    /// The connection is gone. False: it was no migration's.
    pub(crate) fn migration_lost(&mut self, conn: ConnId) -> bool {
        if let Some(at) = self.kept.iter().position(|it| it.conn == conn) {
            self.kept.swap_remove(at);
            return true;
        }
        let Some(migration) = self.migration.as_mut().filter(|it| it.is(conn)) else {
            return false;
        };
        migration.conn = None;
        if migration.reused {
            migration.reused = false;
            migration.out = Outbox::default();
            migration.parser = ReplyParser::default();
            migration.expected.clear();
            self.dial_for_migration();
            return true;
        }
        self.end_migration(Some("IOERR error or timeout reading from target instance"));
        true
    }

    pub(crate) fn migration_dial_failed(&mut self) {
        if let Some(migration) = &mut self.migration {
            migration.dialing = None;
            self.end_migration(Some("IOERR error or timeout connecting to the client"));
        }
    }

    pub(crate) fn migration_timeout(&mut self) {
        let Some(migration) = &self.migration else { return };
        if migration.deadline <= self.now.instant {
            self.end_migration(Some(if migration.conn.is_none() {
                "IOERR error or timeout connecting to the client"
            } else {
                "IOERR error or timeout reading from target instance"
            }));
        }
    }

    /// What waits to be sent to the other server.
    pub(crate) fn migration_pending<'a>(
        &'a self,
        conn: ConnId,
        slices: &mut [IoSlice<'a>],
    ) -> usize {
        let migration = self.migration.as_ref().filter(|it| it.is(conn) && !it.out.is_empty());
        match (migration, slices.first_mut()) {
            (Some(migration), Some(first)) => {
                *first = IoSlice::new(migration.out.pending());
                1
            }
            _ => 0,
        }
    }

    /// So much was sent. True while more waits.
    pub(crate) fn migration_sent(&mut self, conn: ConnId, count: usize) -> bool {
        let Some(migration) = self.migration.as_mut().filter(|it| it.is(conn)) else {
            return false;
        };
        migration.out.advance(count);
        !migration.out.is_empty()
    }

    /// What has arrived there goes here; whoever waits is told.
    fn end_migration(&mut self, failure: Option<&str>) {
        let Some(migration) = self.migration.take() else { return };
        if let Some(ticket) = migration.dialing {
            self.errands.remove(&ticket);
            self.effects.push_back(Effect::CancelDial(ticket));
        }
        if let Some(conn) = migration.conn {
            if failure.is_none() {
                let (host, port) = (migration.order.host.clone(), migration.order.port);
                let until = self.now.instant.after_ms(KEPT_MS);
                self.kept.push(Kept { host, port, conn, until });
            } else {
                self.effects.push_back(Effect::Hangup { conn, after_sending: false });
            }
        }
        if !migration.order.copy && !migration.arrived.is_empty() {
            self.keyspace.begin(self.now, Expiry::Delete);
            let mut words = Owned::new(["DEL"]);
            let mut db = self.keyspace.db(migration.order.from_db);
            for key in &migration.arrived {
                if db.remove(key) {
                    db.changed(key, EventClass::GENERIC, "del", 1);
                    words.push(key);
                }
            }
            self.tell_changes();
            if words.words().len() > 1 {
                self.propagate(migration.order.from_db, words);
            }
        }
        let error = failure.map(|text| text.as_bytes().to_vec()).or_else(|| {
            let said = migration.error.as_ref()?;
            let mut text = b"ERR Target instance replied with error: ".to_vec();
            text.extend_from_slice(said);
            Some(text)
        });
        self.answer_waiter(migration.waiter, |w| match error {
            Some(text) => w.error(&text),
            None => w.ok(),
        });
        self.blocking.set_migration_pause(None);
        self.end_pause();
    }
}
