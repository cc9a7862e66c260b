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
    /// All deadlines added up, in Unix milliseconds: gives the average time to live without looking at any key.
    deadlines_sum_ms: u128,
}

impl Space {
    /// An empty one. Snapshots up to `epoch` do not want to see what comes in here.
    pub(crate) fn new(id: u64, seed: Seed, epoch: u32) -> Space {
        Space {
            id,
            table: Table::with_chunks(seed, CHUNK_BITS, epoch),
            volatile: 0,
            deadlines_sum_ms: 0,
        }
    }

    /// A key has this deadline now, in Unix milliseconds.
    pub(crate) fn add_deadline(&mut self, deadline: Option<u64>) {
        if let Some(at) = deadline {
            self.volatile += 1;
            self.deadlines_sum_ms += u128::from(at);
        }
    }

    /// A key has this deadline no longer.
    pub(crate) fn remove_deadline(&mut self, deadline: Option<u64>) {
        if let Some(at) = deadline {
            self.volatile -= 1;
            self.deadlines_sum_ms -= u128::from(at);
        }
    }

    /// How long the keys that have a deadline live on the average from `now` on, both in Unix milliseconds.
    pub(crate) fn average_ttl_ms(&self, now: u64) -> u64 {
        let average = self.deadlines_sum_ms.checked_div(self.volatile as u128).unwrap_or(0);
        u64::try_from(average).unwrap_or(u64::MAX).saturating_sub(now)
    }

    /// Whether freeing the keys takes long enough to leave it to somebody else.
    pub(crate) fn is_costly(&self) -> bool {
        /// It takes a few microseconds to free so many keys.
        const FEW: usize = 64;
        self.table.len() > FEW || self.table.iter().any(|entry| entry.is_costly())
    }
}
