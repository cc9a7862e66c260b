//! Where other threads put what they have finished; filling it ends the wait of the loop.

use std::mem;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use sys::poll::Waker;
use world::{Event, Ticket};

/// What another thread has to say.
pub(crate) enum Note {
    /// For the machine.
    Event(Event),
    /// A program that was started has ended, and waits to be buried.
    Ended { ticket: Ticket },
    /// A name was looked up, for a dial.
    Resolved { ticket: Ticket, result: Result<Vec<SocketAddr>, String> },
}

/// The sender's side; cheap to copy.
#[derive(Clone)]
pub(crate) struct Inbox {
    notes: Arc<Mutex<Vec<Note>>>,
    waker: Waker,
}

impl Inbox {
    pub(crate) fn new(waker: Waker) -> Inbox {
        Inbox { notes: Arc::default(), waker }
    }

    /// Puts `note` in and wakes the loop.
    pub(crate) fn put(&self, note: Note) {
        let was_empty = {
            let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
            notes.push(note);
            notes.len() == 1
        };
        // Whoever made it non-empty has woken the loop already.
        if was_empty {
            self.waker.wake();
        }
    }

    /// Takes everything out, in the order it came.
    pub(crate) fn take(&self) -> Vec<Note> {
        mem::take(&mut *self.notes.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
