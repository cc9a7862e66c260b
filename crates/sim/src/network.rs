//! Connections between processes: bytes take time, stop at partitions, vanish, or end in a reset.
//!
//! A connection is a pair of one-way streams. Like TCP, each delivers its bytes in order or not at all: a partition
//! holds them up until it heals, a black hole swallows everything from some moment on without anybody being told,
//! a reset ends both streams at once.

use std::collections::VecDeque;
use stdx::Instant;
use world::ConnId;

/// How many bytes may be under way in one direction: what the kernels' buffers hold.
pub(crate) const IN_FLIGHT_MAX: usize = 128 << 10;

/// One side of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// A process, in one of its lives, and what it calls the connection.
    Process { process: usize, boot: u64, conn: ConnId },
    /// A client of the story.
    Client(usize),
}

/// One end, and what is under way to it.
#[derive(Debug)]
pub(crate) struct End {
    pub(crate) side: Side,
    /// It has closed, or its process has died.
    pub(crate) gone: bool,
    /// It wants to be told what arrives.
    pub(crate) reading: bool,
    /// It closes when all it had to say is said.
    pub(crate) closing: bool,
    /// Under way to this end, each with the moment of its arrival.
    pub(crate) arriving: VecDeque<(Instant, Vec<u8>)>,
    pub(crate) arriving_bytes: usize,
    pub(crate) last_arrival: Instant,
    /// When it is looked at next. One look is planned at a time: it plans the one after it.
    pub(crate) look: Option<Instant>,
    /// After all that is under way, the other side has closed.
    pub(crate) fin: bool,
}

impl End {
    fn new(side: Side) -> End {
        End {
            side,
            gone: false,
            reading: true,
            closing: false,
            arriving: VecDeque::new(),
            arriving_bytes: 0,
            last_arrival: Instant::ZERO,
            look: None,
            fin: false,
        }
    }
}

/// A connection.
#[derive(Debug)]
pub(crate) struct Pipe {
    pub(crate) ends: [End; 2],
    /// Nothing arrives any more, on either side, and nobody is told.
    pub(crate) black_hole: bool,
}

impl Pipe {
    pub(crate) fn new(a: Side, b: Side) -> Pipe {
        Pipe { ends: [End::new(a), End::new(b)], black_hole: false }
    }

    /// How many bytes more may be sent to `end`.
    pub(crate) fn room(&self, end: usize) -> usize {
        IN_FLIGHT_MAX.saturating_sub(self.ends[end].arriving_bytes)
    }

    /// Sends bytes to `end`, to arrive at `at` or after what was sent before.
    pub(crate) fn send(&mut self, end: usize, at: Instant, bytes: Vec<u8>) -> Instant {
        let end = &mut self.ends[end];
        let at = at.max(end.last_arrival);
        end.last_arrival = at;
        end.arriving_bytes += bytes.len();
        end.arriving.push_back((at, bytes));
        at
    }
}
