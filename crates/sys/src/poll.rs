//! Readiness: one wait for many sockets, and a way to end the wait from another thread.
//!
//! Readiness is told once per change (edge-triggered): who is told that a socket can be read must read until it
//! comes up short, or remember that there is more. That is what spares the loop every call to the system but one
//! read and one write per request.

use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::sync::Arc;
use std::time::Duration;

use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};

/// What became possible on one registered socket.
#[derive(Clone, Copy, Debug)]
pub struct Ready {
    /// The number given at registration.
    pub token: usize,
    /// There are bytes, a connection, or an end to read.
    pub readable: bool,
    /// There is room to write.
    pub writable: bool,
    /// The peer will send nothing more; what it sent before may still wait.
    pub read_closed: bool,
    /// The connection is broken, or closed in both directions.
    pub broken: bool,
}

/// Waits for sockets.
pub struct Poller {
    poll: Poll,
    events: Events,
}

impl Poller {
    /// A poller that hears of at most `events_max` sockets per wait.
    pub fn new(events_max: usize) -> io::Result<Poller> {
        Ok(Poller { poll: Poll::new()?, events: Events::with_capacity(events_max) })
    }

    /// Hears of `socket` from now on, in both directions, until it is closed or removed.
    pub fn add(&self, socket: &impl AsRawFd, token: usize) -> io::Result<()> {
        let interest = Interest::READABLE | Interest::WRITABLE;
        self.poll.registry().register(&mut SourceFd(&socket.as_raw_fd()), Token(token), interest)
    }

    /// Hears of what `source` brings, not of room to write.
    pub fn add_source(&self, source: RawFd, token: usize) -> io::Result<()> {
        self.poll.registry().register(&mut SourceFd(&source), Token(token), Interest::READABLE)
    }

    /// Hears no more of `socket`.
    pub fn remove(&self, socket: &impl AsRawFd) -> io::Result<()> {
        self.poll.registry().deregister(&mut SourceFd(&socket.as_raw_fd()))
    }

    /// Waits until something is ready or `timeout` has passed (none: for ever), and appends what is ready to `ready`.
    /// A signal ends the wait early, with nothing ready.
    pub fn wait(&mut self, timeout: Option<Duration>, ready: &mut Vec<Ready>) -> io::Result<()> {
        match self.poll.poll(&mut self.events, timeout) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(()),
            result => result?,
        }
        ready.extend(self.events.iter().map(|event| Ready {
            token: event.token().0,
            readable: event.is_readable(),
            writable: event.is_writable(),
            read_closed: event.is_read_closed(),
            broken: event.is_error() || (event.is_write_closed() && event.is_read_closed()),
        }));
        Ok(())
    }

    /// Something that ends the wait from any thread; its wake-ups carry `token`. One per poller.
    pub fn waker(&self, token: usize) -> io::Result<Waker> {
        Ok(Waker(Arc::new(mio::Waker::new(self.poll.registry(), Token(token))?)))
    }
}

/// Ends the wait of a [`Poller`].
#[derive(Clone)]
pub struct Waker(Arc<mio::Waker>);

impl Waker {
    /// Ends the present wait, or the next. Cheap to repeat.
    pub fn wake(&self) {
        // The only failure is a counter that is full, and then a wake-up is pending already.
        let _ = self.0.wake();
    }
}
