//! The connections by number: a slab, so that finding one is an index and a number is small.
//!
//! # When a number is free again
//! A machine may have asked for something to be done to a connection (`Hangup`, say) that the world closes before it
//! hears of it. If the number were given to a new connection at once, the old wish would hit the new one. So a number
//! that fell free waits until all effects of its time have been taken.

use sys::net::Stream;
use world::ConnId;

/// An open connection and what the loop must remember about it.
pub(crate) struct Conn {
    pub(crate) stream: Stream,
    /// The machine wants to hear what the peer sends.
    pub(crate) reading: bool,
    /// The last read did not come up short, or was not tried: there may be more, and no new event will tell.
    pub(crate) readable: bool,
    /// The peer has announced its end: reading goes on until it is reached.
    pub(crate) ended: bool,
    /// It stands in the list of those to be read again.
    pub(crate) queued: bool,
    /// The last write came up short: there is no room until an event says so.
    pub(crate) blocked: bool,
    /// It is closed once everything is sent.
    pub(crate) closing: bool,
}

impl Conn {
    pub(crate) fn new(stream: Stream) -> Conn {
        Conn {
            stream,
            reading: true,
            readable: false,
            ended: false,
            queued: false,
            blocked: false,
            closing: false,
        }
    }
}

/// All connections.
#[derive(Default)]
pub(crate) struct Conns {
    slots: Vec<Option<Conn>>,
    free: Vec<u32>,
    /// Numbers that are not to be given out before the next `release`.
    resting: Vec<u32>,
}

impl Conns {
    /// A number for a connection that is yet to come.
    pub(crate) fn reserve(&mut self) -> ConnId {
        match self.free.pop() {
            Some(id) => ConnId(id),
            None => {
                self.slots.push(None);
                ConnId(self.slots.len() as u32 - 1)
            }
        }
    }

    /// Gives a reserved number its connection.
    pub(crate) fn insert(&mut self, id: ConnId, conn: Conn) {
        let slot = &mut self.slots[id.0 as usize];
        assert!(slot.is_none(), "a number belongs to one connection at a time");
        *slot = Some(conn);
    }

    /// The connection of that number, if it is open.
    #[inline]
    pub(crate) fn get(&mut self, id: ConnId) -> Option<&mut Conn> {
        self.slots.get_mut(id.0 as usize)?.as_mut()
    }

    /// Closes it; dropping the stream takes it out of the poller too.
    pub(crate) fn remove(&mut self, id: ConnId) -> Option<Conn> {
        let conn = self.slots.get_mut(id.0 as usize)?.take()?;
        self.resting.push(id.0);
        Some(conn)
    }

    /// Gives back a number that was reserved and never used.
    pub(crate) fn cancel(&mut self, id: ConnId) {
        debug_assert!(self.slots[id.0 as usize].is_none(), "only an unused number is given back");
        self.resting.push(id.0);
    }

    /// All effects that could mean a removed connection have been taken: its number may be used again.
    #[inline]
    pub(crate) fn release(&mut self) {
        if !self.resting.is_empty() {
            self.free.append(&mut self.resting);
        }
    }
}
