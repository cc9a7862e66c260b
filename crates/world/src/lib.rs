//! What passes between a machine and the world it runs in, real or simulated: the only door.
//!
//! A machine decides and touches nothing. The world tells it what happened (`handle_*`), lets it write into the
//! outboxes of its connections, and carries out what it asks (`poll_effect`). Time is an argument. The same calls
//! in the same order give the same bytes, which is what lets the simulator find a bug twice.
//!
//! # The order of a turn
//! 1. `handle_input` for every connection that has bytes, `handle_event` for everything else that happened.
//! 2. `poll_effect` until `None`.
//! 3. `poll_ready` until `None`: for each, `pending` names the bytes to send and `sent` says how many went.
//! 4. `idle` with what is left of the turn, and again from 2 if it returns true.
//! 5. Wait for input, or until `poll_timeout`.

mod disk;
mod effect;
mod event;
mod facts;
mod secrets;

pub use disk::{DiskError, DiskErrorKind, DiskOp, DiskReply, FileId};
pub use effect::{Dial, Effect, Exit, Level, Work};
pub use event::{Event, Outcome, Peer, Signal};
pub use facts::{Facts, Senses};
pub use secrets::Secrets;

use std::io::IoSlice;
use stdx::{Instant, Now};

/// A connection, as the world numbers it. Numbers are used again after `Closed`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConnId(pub u32);

/// Ties an effect that takes time to the event that ends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ticket(pub u64);

/// A program that decides everything and touches nothing.
pub trait Machine {
    /// The data plane: `bytes` arrived on `conn`. The machine keeps what is not a whole request yet.
    fn handle_input(&mut self, now: Now, conn: ConnId, bytes: &[u8]);

    /// The control plane: connections, disks, signals, finished work.
    fn handle_event(&mut self, now: Now, event: Event);

    /// Deadlines that have passed are acted on.
    fn handle_timeout(&mut self, now: Now);

    /// What the world must do next; call until `None`.
    #[must_use]
    fn poll_effect(&mut self) -> Option<Effect>;

    /// When to call `handle_timeout` if nothing else happens.
    #[must_use]
    fn poll_timeout(&self) -> Option<Instant>;

    /// A connection that has new bytes to send, each named once until it has been drained or blocks.
    #[must_use]
    fn poll_ready(&mut self) -> Option<ConnId>;

    /// The bytes waiting for `conn`, in order, as many slices as fit; how many slices were filled. They stay where
    /// they are, unmoved, until `sent`.
    fn pending<'a>(&'a self, conn: ConnId, slices: &mut [IoSlice<'a>]) -> usize;

    /// The first `count` pending bytes of `conn` are gone. True while more wait.
    fn sent(&mut self, now: Now, conn: ConnId, count: usize) -> bool;

    /// Spends about `budget_us` microseconds on background work (snapshots, expiry, freeing). True if more waits.
    fn idle(&mut self, now: Now, budget_us: u64) -> bool;
}
