//! MIGRATE: keys on their way to another server.
//!
//! Redis holds the whole server while keys travel. Here only writes are held, as for a failover, so that what is
//! deleted at the end is what arrived; reads go on. The keys are sent as RESTOREs in one pipeline; each is deleted
//! when its own answer says that it is there.

use crate::admin::Waiter;
use crate::node::{Errand, Node};
use resp::{Owned, ReplyParser, Value};
use session::Outbox;
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
    /// It was the answer to AUTH or SELECT: whatever became of the keys, they are not where they belong.
    astray: bool,
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
            astray: false,
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
                        (answered, Value::Error(text)) => {
                            migration.astray |= matches!(answered, Some(Expected::Greeting));
                            migration.error.get_or_insert(text);
                        }
                        (Some(Expected::Key(key)), _) if !migration.astray => {
                            migration.arrived.push(key);
                        }
                        _ => {}
                    }
                    if migration.expected.is_empty() {
                        self.end_migration(None);
                        return true;
                    }
                }
                Ok(None) => return true,
                Err(_) => {
                    self.end_migration(Some("IOERR error or timeout reading to target instance"));
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
        self.end_migration(Some("IOERR error or timeout reading to target instance"));
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
                "IOERR error or timeout reading to target instance"
            }));
        }
    }

    /// What waits to be sent to the other server.
    pub(crate) fn migration_pending<'a>(
        &'a self,
        conn: ConnId,
        slices: &mut [IoSlice<'a>],
    ) -> usize {
        let migration = self.migration.as_ref().filter(|it| it.is(conn));
        migration.map_or(0, |it| it.out.pending(slices))
    }

    /// So much was sent. True while more waits.
    pub(crate) fn migration_sent(&mut self, conn: ConnId, count: usize) -> bool {
        let Some(migration) = self.migration.as_mut().filter(|it| it.is(conn)) else {
            return false;
        };
        migration.out.advance(count);
        !migration.out.is_empty()
    }

    /// Keys are not ours to delete any more: those under way are there and here.
    pub(crate) fn stop_migration(&mut self) {
        if let Some(migration) = &mut self.migration {
            migration.order.copy = true;
            self.end_migration(Some(
                "UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)",
            ));
        }
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
            // This is a unit by itself: what was held back until now is told apart from it.
            self.flush_unit_unwrapped();
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

#[cfg(test)]
mod tests {
    use crate::check::Player;
    use world::{ConnId, Event, Peer};

    const CONN: ConnId = ConnId(900);

    /// The other server picks up.
    fn pick_up(player: &mut Player) {
        let dial = player.dials.pop().expect("a call");
        assert_eq!((dial.host.as_str(), dial.port), ("elsewhere", 7000));
        let peer = || Peer::Ip("10.0.0.1:7000".parse().expect("an address"));
        let (ticket, peer, local) = (dial.ticket, peer(), peer());
        assert_eq!(player.event(Event::Dialed { ticket, conn: CONN, peer, local }), "");
    }

    #[test]
    fn keys_end_here_when_they_are_there() {
        let mut player = Player::new(&[]);
        player.request("", "MSET a 1 b 2 c 3");
        player.request("", "PEXPIRE b 5000");
        assert_eq!(player.request("", "MIGRATE elsewhere 7000 '' 3 100 KEYS x"), "NOKEY\n");
        assert_eq!(player.request("", "MIGRATE elsewhere 7000 '' 3 100 AUTH pw KEYS a x b"), "");
        pick_up(&mut player);
        // What would change a key under way waits.
        assert_eq!(player.request("r", "GET a"), "\"1\"\n");
        assert_eq!(player.request("w", "APPEND a x"), "");
        let (sent, heard) = player.answer(CONN, b"+OK\r\n+OK\r\n+OK\r\n");
        assert_eq!(heard, "");
        let sent = String::from_utf8_lossy(&sent).into_owned();
        let sent: Vec<&str> = sent.split("\r\n").collect();
        assert_eq!(sent[..10], ["*2", "$4", "AUTH", "$2", "pw", "*2", "$6", "SELECT", "$1", "3"]);
        assert_eq!(sent.iter().filter(|word| **word == "RESTORE").count(), 2);
        assert!(sent.contains(&"5000"), "{sent:?}");
        let (_, heard) = player.answer(CONN, b"-BUSYKEY it is there\r\n");
        let error = "(error) ERR Target instance replied with error: BUSYKEY it is there";
        assert_eq!(heard, format!(": {error}\nw: (integer) 1\n"));
        assert_eq!(player.request("", "EXISTS b"), "(integer) 1\n");
    }

    #[test]
    fn replicas_hear_at_once_of_what_has_gone() {
        let mut player = Player::new(&[("repl-diskless-sync-delay", "60")]);
        player.request("", "MSET a 1 b 2");
        player.request("replica", "REPLCONF capa eof");
        player.request("replica", "PSYNC ? -1");
        player.request("", "MIGRATE elsewhere 7000 a 3 100");
        pick_up(&mut player);
        let before = player.node.probe();
        assert_eq!(player.answer(CONN, b"+OK\r\n+OK\r\n").1, ": OK\n");
        let after = player.node.probe();
        assert_eq!((before.keys, after.keys), (2, 1));
        assert!(after.offset > before.offset);
    }

    #[test]
    fn who_becomes_a_replica_deletes_nothing() {
        let mut player = Player::new(&[]);
        player.request("", "SET a 1");
        player.request("", "MIGRATE elsewhere 7000 a 3 100");
        pick_up(&mut player);
        let heard = player.request("r", "REPLICAOF elsewhere 7000");
        assert!(heard.contains(": (error) UNBLOCKED"), "{heard}");
        player.answer(CONN, b"+OK\r\n+OK\r\n");
        assert_eq!(player.request("r", "EXISTS a"), "(integer) 1\n");
    }

    #[test]
    fn a_transaction_is_not_told_what_is_not_known_yet() {
        let mut player = Player::new(&[]);
        player.request("", "SET a 1");
        player.request("", "MULTI");
        player.request("", "MIGRATE elsewhere 7000 a 3 100");
        let heard = player.request("", "EXEC");
        assert_eq!(heard, "1) (error) ERR MIGRATE cannot run inside a transaction\n");
        assert!(player.dials.is_empty());
    }

    #[test]
    fn what_has_gone_to_another_database_stays_here() {
        let mut player = Player::new(&[]);
        player.request("", "SET a 1");
        player.request("", "MIGRATE elsewhere 7000 a 99 100");
        pick_up(&mut player);
        let (_, heard) = player.answer(CONN, b"-ERR DB index is out of range\r\n+OK\r\n");
        let error = "(error) ERR Target instance replied with error: ERR DB index is out of range";
        assert_eq!(heard, format!(": {error}\n"));
        assert_eq!(player.request("", "EXISTS a"), "(integer) 1\n");
    }

    #[test]
    fn the_connection_is_kept_for_a_while() {
        let mut player = Player::new(&[]);
        player.request("", "MSET a 1 b 2 c 3");
        player.request("", "MIGRATE elsewhere 7000 a 3 100 COPY REPLACE");
        pick_up(&mut player);
        assert_eq!(player.answer(CONN, b"+OK\r\n+OK\r\n").1, ": OK\n");
        assert_eq!(player.request("", "EXISTS a"), "(integer) 1\n");
        player.request("", "MIGRATE elsewhere 7000 b 3 100");
        assert_eq!(player.answer(CONN, b"+OK\r\n+OK\r\n").1, ": OK\n");
        assert_eq!(player.request("", "EXISTS b"), "(integer) 0\n");
        // It has died since: nothing was lost, so another one is tried.
        player.request("", "MIGRATE elsewhere 7000 c 3 100");
        player.event(Event::Closed { conn: CONN, reason: String::new() });
        pick_up(&mut player);
        assert_eq!(player.answer(CONN, b"+OK\r\n+OK\r\n").1, ": OK\n");
        assert_eq!(player.node.kept_connections(), 1);
        player.pass(15_000);
        assert_eq!(player.node.kept_connections(), 0);
    }

    #[test]
    fn silence_and_broken_lines_end_it() {
        let mut player = Player::new(&[]);
        player.request("", "SET a 1");
        player.request("", "MIGRATE elsewhere 7000 a 3 500");
        player.pass(600);
        let connecting = "(error) IOERR error or timeout connecting to the client\n";
        assert_eq!(player.request("", "PING"), format!("{connecting}PONG\n"));
        assert!(player.dials.is_empty());
        player.request("", "MIGRATE elsewhere 7000 a 3 500");
        let ticket = player.dials.pop().expect("a call").ticket;
        let heard = player.event(Event::DialFailed { ticket, reason: "refused".to_owned() });
        assert_eq!(heard, format!(": {connecting}"));
        player.request("", "MIGRATE elsewhere 7000 a 3 500");
        pick_up(&mut player);
        assert_eq!(player.answer(CONN, b"+OK\r\n").1, "");
        let heard = player.event(Event::Closed { conn: CONN, reason: String::new() });
        assert_eq!(heard, ": (error) IOERR error or timeout reading to target instance\n");
        assert_eq!(player.request("", "EXISTS a"), "(integer) 1\n");
    }
}
