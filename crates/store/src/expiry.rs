//! What becomes of keys whose time is up: what a lookup makes of them, and the sweep that finds the forgotten.
//!
//! There is no index of deadlines. Tables keep lower bounds per bucket and per chunk (`ds::table`), so a sweep costs
//! next to nothing where nothing is due, and visits few buckets in vain.

use crate::{Change, Keyspace, Progress, ValueRef};

/// What a lookup does with a key whose time is up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Expiry {
    /// It is deleted on the spot, and told: a primary.
    #[default]
    Delete,
    /// It is as if it were not there, but stays: a replica that serves clients; the primary decides about deleting.
    Hide,
    /// It is there: the stream of the primary, and loading.
    Ignore,
}

/// What becomes of a key's TTL when its value is replaced. Times are Unix milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ttl {
    /// It stays as it is.
    Keep,
    /// The key stays for ever.
    Clear,
    /// The key expires then.
    At(u64),
}

/// Where the sweep goes on.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sweep {
    db: usize,
    bucket: usize,
    /// How many keys it has found whose time was up.
    found: usize,
}

/// What share a round has in the average of those before it, as in Redis.
const ROUND_WEIGHT: f64 = 0.05;

impl Keyspace {
    /// Deletes keys whose time is up, wherever lookups would delete them. The work is about `budget` visits of a
    /// bucket or a key, and goes on where it stopped; `Done` says that every database was seen since the start.
    pub fn expire_slice(&mut self, budget: usize) -> Progress {
        if self.expiry != Expiry::Delete {
            return Progress::Done;
        }
        let now = self.now.wall.ms();
        let mut work = 0;
        while self.sweep.db < self.spaces.len() {
            if work >= budget {
                self.stats.expired_time_cap_reached += 1;
                return Progress::More;
            }
            let Sweep { db, bucket, found } = self.sweep;
            let Some(due) = self.spaces[db].table.next_due(bucket, now) else {
                self.sweep = Sweep { db: db + 1, bucket: 0, found };
                continue;
            };
            work += 1 + self.expire_bucket(db, due);
            self.sweep.bucket = due + 1;
        }
        let found = std::mem::take(&mut self.sweep).found;
        let all = (found + self.len_volatile()).max(1);
        let percent = found as f64 * 100.0 / all as f64;
        let average = &mut self.stats.expired_stale_percent;
        *average += (percent - *average) * ROUND_WEIGHT;
        Progress::Done
    }

    /// Deletes what is due in one bucket, and says how much that was.
    fn expire_bucket(&mut self, db: usize, bucket: usize) -> usize {
        let mut keys: Vec<Box<[u8]>> = Vec::new();
        let mut hashes: Vec<Box<[u8]>> = Vec::new();
        let now = self.now.wall.ms();
        for entry in self.spaces[db].table.bucket(bucket) {
            if self.is_due(entry.deadline()) {
                keys.push(entry.key().into());
            } else if let ValueRef::Hash(hash) = entry.value()
                && hash.next_expiry().is_some_and(|at| now > at)
            {
                hashes.push(entry.key().into());
            }
        }
        self.sweep.found += keys.len();
        for key in &keys {
            self.db(db).expire(key);
        }
        let mut fields = 0;
        for key in &hashes {
            fields += self.db(db).expire_fields(key, 100);
        }
        self.spaces[db].table.refresh_deadline(bucket);
        keys.len() + fields
    }

    /// How many keys have a TTL, in all databases.
    pub fn len_volatile(&self) -> usize {
        self.spaces.iter().map(|space| space.volatile).sum()
    }

    /// Queues the news of an expired key.
    pub(crate) fn tell_expired(&mut self, db: usize, key: &[u8]) {
        self.stats.expired_keys += 1;
        self.changes.push(Change::Expired { db, key: key.into() });
    }
}
