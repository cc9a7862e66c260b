//! All databases, and what they share: time, settings, observers, statistics.

use std::any::Any;

use ds::Seed;
use stdx::{Now, Prng};

use crate::ahead::Foreseen;
use crate::eviction::Pool;
use crate::expiry::Sweep;
use crate::snapshot::Snapshots;
use crate::space::Space;
use crate::{Change, Db, Expiry, Observers, Settings};

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

/// What hashing and sampling begin with.
#[derive(Clone, Debug)]
pub struct Seeds {
    /// The secret of the tables of keys.
    pub keys: Seed,
    /// The secret of the tables inside of large collections.
    pub collections: Seed,
    /// Chance, for samples.
    pub prng: Prng,
}

/// All databases and what they share.
pub struct Keyspace {
    /// By the index of the database.
    pub(crate) spaces: Vec<Space>,
    /// Flushed, but snapshots have yet to see what was in there.
    pub(crate) detached: Vec<Space>,
    next_space: u64,
    pub(crate) seed: Seed,
    pub(crate) settings: Settings,
    pub(crate) foreseen: Foreseen,
    pub(crate) now: Now,
    pub(crate) expiry: Expiry,
    /// The wall clock in seconds, in the 24 bits that keys remember.
    pub(crate) access_clock: u32,
    pub(crate) prng: Prng,
    pub(crate) snapshots: Snapshots,
    pub(crate) sweep: Sweep,
    pub(crate) pool: Pool,
    pub(crate) garbage: Vec<Box<dyn Any + Send>>,
    /// Whether fields of a hash were given times to live since there were no keys.
    pub(crate) field_ttls: bool,
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
    pub fn new(settings: Settings, seed: u64) -> Keyspace {
        let mut prng = Prng::new(seed);
        let collections = Seed::new(prng.next_u64(), prng.next_u64());
        let keys = Seed::new(prng.next_u64(), prng.next_u64());
        Keyspace::with_seeds(settings, Seeds { keys, collections, prng })
    }

    /// Empty databases, whose hashing nobody can foresee who does not know the seeds.
    pub fn with_seeds(mut settings: Settings, seeds: Seeds) -> Keyspace {
        let Seeds { keys: seed, collections, prng } = seeds;
        settings.thresholds.seed = collections;
        let count = settings.databases;
        Keyspace {
            spaces: (0..count).map(|index| Space::new(index as u64, seed, 0)).collect(),
            detached: Vec::new(),
            next_space: count as u64,
            seed,
            settings,
            foreseen: Foreseen::default(),
            now: Now::default(),
            expiry: Expiry::default(),
            access_clock: 0,
            prng,
            snapshots: Snapshots::default(),
            sweep: Sweep::default(),
            pool: Pool::default(),
            garbage: Vec::new(),
            field_ttls: false,
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
        self.access_clock = now.wall.secs() as u32 & 0xff_ffff;
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

    /// How many databases there are.
    pub fn databases(&self) -> usize {
        self.spaces.len()
    }

    /// How many keys there are in all databases.
    pub fn len(&self) -> usize {
        self.spaces.iter().map(|space| space.table.len()).sum()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether fields of some hash may have times to live. They may be gone by now; until all keys are, nobody looks.
    pub fn has_field_ttls(&self) -> bool {
        self.field_ttls && !self.is_empty()
    }

    /// Bytes that the tables of keys take, without the keys (MEMORY STATS, `used_memory_overhead`).
    pub fn table_bytes(&self) -> usize {
        self.spaces.iter().map(|space| space.table.heap_bytes()).sum()
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
        self.spaces.swap(a, b);
        self.changes.push(Change::Swapped { a, b });
    }

    /// Empties all databases, and says how many keys are gone. What they held is queued as garbage, unless
    /// it is little and `lazy` is not asked for.
    pub fn flush_all(&mut self, lazy: bool) -> usize {
        let gone = (0..self.databases()).map(|index| self.empty(index, lazy)).sum();
        self.field_ttls = false;
        self.changes.push(Change::Flushed { db: None });
        gone
    }

    /// Puts an empty table in the place of a database's. Snapshots that have not seen the old one keep it.
    pub(crate) fn empty(&mut self, index: usize, lazy: bool) -> usize {
        let gone = self.spaces[index].table.len();
        if gone == 0 {
            return 0;
        }
        let fresh = Space::new(self.next_space, self.seed, self.snapshots.epoch());
        self.next_space += 1;
        let old = std::mem::replace(&mut self.spaces[index], fresh);
        if self.snapshots.miss(old.id) {
            self.detached.push(old);
        } else if lazy || old.is_costly() {
            self.garbage.push(Box::new(old));
        }
        gone
    }

    /// What was removed lazily and waits to be dropped, where it holds nobody up: on another thread.
    pub fn take_garbage(&mut self) -> Option<Box<dyn Any + Send>> {
        self.garbage.pop()
    }

    /// Whether a key with this deadline is expired as lookups see it at the moment.
    #[inline(always)]
    pub(crate) fn is_due(&self, deadline: Option<u64>) -> bool {
        match deadline {
            None => false,
            Some(at) => self.expiry != Expiry::Ignore && self.now.wall.ms() > at,
        }
    }
}
