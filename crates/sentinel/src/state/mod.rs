//! What survives a restart, and the file that it is kept in: the user's configuration, with our lines among his.
//!
//! - [`Saved`] is the state as a value; [`directives::read`] makes it of the file's lines.
//! - [`StateFile`] is the file, and writes the state into it.

pub mod directives;
mod lines;
mod saved;

pub use lines::StateFile;
pub use saved::{
    DOWN_AFTER_MS, FAILOVER_TIMEOUT_MS, PARALLEL_SYNCS, RebootPolicy, Saved, SavedGroup, SavedPeer,
};
