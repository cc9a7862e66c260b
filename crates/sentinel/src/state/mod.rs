//! What survives a restart, and the file that it is kept in: the user's configuration, with our lines among his.
//!
//! - [`Saved`] is the state as a value; [`directives::read`] makes it of the file's lines.
//! - [`StateFile`] is the file, and writes the state into it.
//! - [`Saver`] makes versions of the file durable; [`recover`] says what is in it after a crash, and comes before
//!   everything that reads the file.

pub mod directives;
mod in_place;
mod lines;
mod saved;
mod saver;

pub use in_place::recover;
pub use lines::StateFile;
pub use saved::{
    DOWN_AFTER_MS, FAILOVER_TIMEOUT_MS, PARALLEL_SYNCS, RebootPolicy, Saved, SavedGroup, SavedPeer,
};
pub use saver::{Saver, Verdict};
