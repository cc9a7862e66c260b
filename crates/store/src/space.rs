//! The keys of one database, wherever it is listed: SWAPDB renames it, FLUSHALL puts another in its place.

use ds::{Seed, Table};

use crate::entry::Entry;

/// Chunks of 1024 buckets, 64 KiB each.
const CHUNK_BITS: u8 = 10;

/// One table of keys, with an identity of its own.
pub(crate) struct Space {
    /// Names this table among all that ever were; snapshots hold on to it.
    pub(crate) id: u64,
    /// The keys.
    pub(crate) table: Table<Entry>,
    /// How many of them have a deadline.
    pub(crate) volatile: usize,
}

impl Space {
    /// An empty one. Snapshots up to `epoch` do not want to see what comes in here.
    pub(crate) fn new(id: u64, seed: Seed, epoch: u32) -> Space {
        Space { id, table: Table::with_chunks(seed, CHUNK_BITS, epoch), volatile: 0 }
    }

    /// Whether freeing the keys takes long enough to leave it to somebody else.
    pub(crate) fn is_costly(&self) -> bool {
        /// It takes a few microseconds to free so many keys.
        const FEW: usize = 64;
        self.table.len() > FEW || self.table.iter().any(|entry| entry.is_costly())
    }
}
