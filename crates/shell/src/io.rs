//! One read and one write per ready connection: the hot path between the kernel and the machine.
//!
//! This is the seam at which I/O threads would enter: they would fill buffers and empty outboxes here, and the turn
//! would go on calling the machine from its own thread.

use std::io::{ErrorKind, IoSlice};

use stdx::Now;
use sys::ErrorText;
use world::{ConnId, Event, Machine};

use crate::conns::Conns;

/// What one read takes at the least; enough for a deep pipeline of small requests.
const READ_BYTES: usize = 64 << 10;
/// What one read takes at the most, while reads keep filling the buffer: large values then cost fewer calls.
const READ_BYTES_MAX: usize = 256 << 10;
/// How much one connection may be sent in a turn before the others have theirs.
const SEND_BYTES_MAX: usize = 1 << 20;
/// How many slices one write takes. Nearly always it is one, and all of them are made anew for every write.
const SLICES: usize = 8;

/// Buffers and lists that outlive a turn.
pub(crate) struct Io {
    pub(crate) conns: Conns,
    /// One buffer for all reads: the machine keeps what it needs of it. All of it is there from the beginning, so
    /// that a deep pipeline does not look like memory that the dataset has taken; pages never used cost nothing.
    buffer: Vec<u8>,
    /// How much of the buffer one read may fill at present.
    window: usize,
    /// Those that may have more to read although no event will say so.
    unread: Vec<ConnId>,
    /// Those that had their share of this turn and have more to send.
    unsent: Vec<ConnId>,
}

impl Io {
    pub(crate) fn new() -> Io {
        Io {
            conns: Conns::default(),
            buffer: vec![0; READ_BYTES_MAX],
            window: READ_BYTES,
            unread: Vec::new(),
            unsent: Vec::new(),
        }
    }

    /// True if there is something to do without waiting.
    pub(crate) fn has_leftovers(&self) -> bool {
        !self.unread.is_empty() || !self.unsent.is_empty()
    }

    /// Reads once, and lets the machine handle it.
    #[inline]
    pub(crate) fn receive<M: Machine>(&mut self, machine: &mut M, now: Now, id: ConnId) {
        let Some(conn) = self.conns.get(id) else { return };
        if !conn.reading || conn.closing {
            conn.readable = true;
            return;
        }
        match conn.stream.read(&mut self.buffer[..self.window]) {
            Ok(0) => self.closed(machine, now, id, String::new()),
            Ok(len) => {
                let full = len == self.window;
                conn.readable = full || conn.ended;
                if conn.readable {
                    self.read_again(id);
                }
                machine.handle_input(now, id, &self.buffer[..len]);
                if full {
                    self.window = (self.window * 2).min(READ_BYTES_MAX);
                }
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                conn.readable = false;
                conn.ended = false;
            }
            Err(error) => self.closed(machine, now, id, error.text()),
        }
    }

    /// Reads those again that had more than one read takes in the last turn.
    pub(crate) fn receive_leftovers<M: Machine>(&mut self, machine: &mut M, now: Now) {
        if self.unread.is_empty() {
            self.window = READ_BYTES;
            return;
        }
        for id in std::mem::take(&mut self.unread) {
            if let Some(conn) = self.conns.get(id).filter(|conn| conn.queued) {
                conn.queued = false;
                self.receive(machine, now, id);
            }
        }
    }

    fn read_again(&mut self, id: ConnId) {
        if let Some(conn) = self.conns.get(id).filter(|conn| !conn.queued) {
            conn.queued = true;
            self.unread.push(id);
        }
    }

    /// The machine wants to hear this peer, or not. What came meanwhile is read in the next turn.
    pub(crate) fn set_reading(&mut self, id: ConnId, on: bool) {
        let Some(conn) = self.conns.get(id) else { return };
        conn.reading = on;
        if on && conn.readable {
            self.read_again(id);
        }
    }

    /// Sends what the machine has for `id`, as far as there is room, up to a fair share.
    #[inline]
    pub(crate) fn send<M: Machine>(&mut self, machine: &mut M, now: Now, id: ConnId) {
        let mut total = 0;
        loop {
            let Some(conn) = self.conns.get(id) else { return };
            if conn.blocked {
                return;
            }
            let mut slices = [IoSlice::new(&[]); SLICES];
            let count = machine.pending(id, &mut slices);
            if count == 0 {
                return self.drained(id);
            }
            let slices = &slices[..count];
            let offered: usize = slices.iter().map(|slice| slice.len()).sum();
            match conn.stream.write(slices) {
                Ok(sent) => {
                    conn.blocked = sent < offered;
                    let blocked = conn.blocked;
                    let more = machine.sent(now, id, sent);
                    total += sent;
                    if !more {
                        return self.drained(id);
                    }
                    if blocked {
                        return;
                    }
                    if total >= SEND_BYTES_MAX {
                        return self.unsent.push(id);
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    conn.blocked = true;
                    return;
                }
                Err(error) => return self.closed(machine, now, id, error.text()),
            }
        }
    }

    /// There is room again.
    pub(crate) fn writable<M: Machine>(&mut self, machine: &mut M, now: Now, id: ConnId) {
        if let Some(conn) = self.conns.get(id).filter(|conn| conn.blocked) {
            conn.blocked = false;
            self.send(machine, now, id);
        }
    }

    /// Goes on with those that had had their share in the last turn.
    pub(crate) fn send_leftovers<M: Machine>(&mut self, machine: &mut M, now: Now) {
        if !self.unsent.is_empty() {
            for id in std::mem::take(&mut self.unsent) {
                self.send(machine, now, id);
            }
        }
    }

    /// Everything for `id` is sent.
    fn drained(&mut self, id: ConnId) {
        if self.conns.get(id).is_some_and(|conn| conn.closing) {
            self.conns.remove(id);
        }
    }

    /// Closes at the machine's wish: at once, or after what is pending.
    pub(crate) fn hangup<M: Machine>(&mut self, machine: &M, id: ConnId, after_sending: bool) {
        let mut slices = [IoSlice::new(&[]); 1];
        if after_sending && machine.pending(id, &mut slices) > 0 {
            if let Some(conn) = self.conns.get(id) {
                conn.closing = true;
            }
        } else {
            self.conns.remove(id);
        }
    }

    /// The connection is broken: nobody will read what we send, but what the peer sent before may still wait.
    pub(crate) fn broken<M: Machine>(&mut self, machine: &mut M, now: Now, id: ConnId) {
        let Some(conn) = self.conns.get(id) else { return };
        if conn.closing {
            self.closed(machine, now, id, String::new());
        }
    }

    fn closed<M: Machine>(&mut self, machine: &mut M, now: Now, id: ConnId, reason: String) {
        if self.conns.remove(id).is_some() {
            machine.handle_event(now, Event::Closed { conn: id, reason });
        }
    }
}
