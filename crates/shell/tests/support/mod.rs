//! A machine small enough to see through: it answers a few lines of text, and does to the world what it is told.

#![allow(dead_code, reason = "each test uses what it needs")]

use std::collections::{BTreeMap, VecDeque};
use std::io::IoSlice;
use std::sync::mpsc::Sender;

use stdx::{Instant, Now};
use world::{ConnId, Effect, Event, Exit, Machine, Ticket};

/// Echoes. A connection whose first byte is `!` is hung up after what came before it was sent; `?` ends the process.
pub(crate) struct Echo {
    pub(crate) effects: VecDeque<Effect>,
    pub(crate) outboxes: BTreeMap<ConnId, Vec<u8>>,
    ready: Vec<ConnId>,
    pub(crate) closed: usize,
    /// Everything but `Accepted` and `Closed` is told here.
    pub(crate) events: Sender<Event>,
    pub(crate) timeout: Option<Instant>,
    pub(crate) timeouts: usize,
    pub(crate) idle_left: u64,
}

impl Echo {
    pub(crate) fn new(events: Sender<Event>) -> Echo {
        Echo {
            effects: VecDeque::new(),
            outboxes: BTreeMap::new(),
            ready: Vec::new(),
            closed: 0,
            events,
            timeout: None,
            timeouts: 0,
            idle_left: 0,
        }
    }

    pub(crate) fn listen(mut self, addresses: &[&str], port: u16, unix: Option<&str>) -> Echo {
        self.effects.push_back(Effect::Listen {
            ticket: Ticket(1),
            addresses: addresses.iter().map(|address| (*address).to_owned()).collect(),
            port,
            unix: unix.map(|path| (path.to_owned(), 0o700)),
            backlog: 511,
        });
        self
    }
}

impl Machine for Echo {
    fn handle_input(&mut self, _: Now, conn: ConnId, bytes: &[u8]) {
        let outbox = self.outboxes.get_mut(&conn).expect("input comes on open connections only");
        if outbox.is_empty() {
            self.ready.push(conn);
        }
        match bytes {
            [b'?', ..] => self.effects.push_back(Effect::Exit(Exit::Status(7))),
            [b'!', rest @ ..] => {
                outbox.extend_from_slice(rest);
                self.effects.push_back(Effect::Hangup { conn, after_sending: true });
            }
            _ => outbox.extend_from_slice(bytes),
        }
    }

    fn handle_event(&mut self, _: Now, event: Event) {
        match event {
            Event::Accepted { conn, .. } => {
                let before = self.outboxes.insert(conn, Vec::new());
                assert!(before.is_none_or(|outbox| outbox.is_empty()), "{conn:?} is still taken");
            }
            Event::Closed { conn, .. } => {
                self.closed += 1;
                self.outboxes.remove(&conn);
                self.ready.retain(|ready| *ready != conn);
            }
            Event::Signal(_) => {
                self.effects.push_back(Effect::Exit(Exit::Status(15)));
            }
            other => {
                if let Event::Dialed { conn, .. } = other {
                    self.outboxes.insert(conn, b"dialed".to_vec());
                    self.ready.push(conn);
                }
                // A test that has seen enough no longer listens.
                let _ = self.events.send(other);
            }
        }
    }

    fn handle_timeout(&mut self, _: Now) {
        self.timeouts += 1;
        self.timeout = None;
        self.effects.push_back(Effect::Exit(Exit::Status(3)));
    }

    fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.timeout
    }

    fn poll_ready(&mut self) -> Option<ConnId> {
        self.ready.pop()
    }

    fn pending<'a>(&'a self, conn: ConnId, slices: &mut [IoSlice<'a>]) -> usize {
        let Some(outbox) = self.outboxes.get(&conn) else { return 0 };
        // In pieces, so that writes of many slices are tested too.
        let chunks = outbox.chunks(outbox.len() / 50 + 1000);
        slices.iter_mut().zip(chunks).map(|(slice, chunk)| *slice = IoSlice::new(chunk)).count()
    }

    fn sent(&mut self, _: Now, conn: ConnId, count: usize) -> bool {
        let outbox = self.outboxes.get_mut(&conn).expect("only open connections send");
        outbox.drain(..count);
        !outbox.is_empty()
    }

    fn idle(&mut self, _: Now, _: u64) -> bool {
        self.idle_left = self.idle_left.saturating_sub(1);
        self.idle_left > 0
    }
}
