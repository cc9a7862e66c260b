//! Random commands against a naive keyspace, with overlapping snapshots that are compared with their moments.

use std::cell::RefCell;
use std::rc::Rc;

use proptest::prelude::*;
use stdx::{Instant, Now, WallTime};

use crate::*;
use plain::{Keys, Plain};
use seen::Seen;
use steps::{name, steps};

mod apply;
mod plain;
mod rules;
mod seen;
mod steps;

const DBS: usize = 3;

/// Ours and the plain one, side by side.
struct World {
    keyspace: Keyspace,
    model: [Keys; DBS],
    now_ms: u64,
    snapshots: Vec<Moment>,
}

/// A snapshot, and what it has to come to.
struct Moment {
    id: SnapshotId,
    at_ms: u64,
    want: [Keys; DBS],
    seen: Rc<RefCell<Seen>>,
    done: bool,
}

impl World {
    /// With so many elements collections stay packed; those that are not are large.
    fn new(packed: usize) -> World {
        let thresholds = Thresholds {
            set_max_intset_entries: packed,
            set_max_listpack_entries: packed,
            hash_max_listpack_entries: packed,
            zset_max_listpack_entries: packed,
            list_max_listpack_size: packed as i64,
            ..Thresholds::default()
        };
        let settings = Settings {
            databases: DBS,
            policy: Policy::AllKeysLru,
            thresholds,
            large_from: LargeFrom { elements: 4, bytes: 100, text: 32 },
            ..Settings::default()
        };
        let mut world = World {
            keyspace: Keyspace::new(settings, 7),
            model: Default::default(),
            now_ms: 1_700_000_000_000,
            snapshots: Vec::new(),
        };
        world.wait(0);
        world
    }

    fn wait(&mut self, ms: u64) {
        self.now_ms += ms;
        let now_ms = self.now_ms;
        let now = Now { instant: Instant::ZERO, wall: WallTime::from_ms(now_ms) };
        self.keyspace.begin(now, Expiry::Delete);
        for keys in &mut self.model {
            keys.retain(|_, (_, expires)| expires.is_none_or(|at| now_ms <= at));
        }
    }

    fn check(&mut self) {
        for db in 0..DBS {
            let mut held = Keys::new();
            let mut found = self.keyspace.db(db);
            let mut cursor = 0;
            let mut keys = Vec::new();
            loop {
                cursor = found.scan(cursor, 5, |key, _| keys.push(key.to_vec()));
                if cursor == 0 {
                    break;
                }
            }
            for key in keys {
                let expires = found.ttl(&key).expect("it was just there");
                held.insert(key.clone(), (Plain::of(found.peek(&key).expect("as above")), expires));
            }
            assert_eq!(held, self.model[db]);
            let volatile = held.values().filter(|(_, expires)| expires.is_some()).count();
            assert_eq!(found.len_volatile(), volatile, "expired keys were deleted by the scan");
            let deadlines = held.values().filter_map(|(_, expires)| *expires).map(u128::from);
            let average = deadlines.sum::<u128>().checked_div(volatile as u128).unwrap_or(0) as u64;
            assert_eq!(found.average_ttl_ms(), average.saturating_sub(self.now_ms));
            assert_eq!(found.len(), held.len());
        }
    }

    fn finish(&mut self) {
        for at in 0..self.snapshots.len() {
            while self.keyspace.snapshot_slice(self.snapshots[at].id, 50) == Progress::More {}
        }
        assert!(self.keyspace.detached.is_empty(), "flushed tables go with the last snapshot");
        for moment in &self.snapshots {
            let mut seen = moment.seen.borrow_mut();
            assert!(seen.finished);
            assert!(!seen.twice, "a key is shown once");
            for db in 0..DBS {
                let n = seen.keys[db].len();
                assert_eq!(seen.announced.get(&db).map_or(0, |(keys, _)| *keys), n);
                // Keys that had expired but were not deleted yet may be there.
                let live = |expires: &Option<u64>| expires.is_none_or(|at| moment.at_ms <= at);
                seen.keys[db].retain(|_, (_, expires)| live(expires));
                assert_eq!(seen.keys[db], moment.want[db]);
            }
        }
    }
}

proptest! {
    #[test]
    fn it_is_a_keyspace_with_true_snapshots(
        steps in steps(),
        packed in prop_oneof![2 => Just(3), 1 => Just(25)],
    ) {
        let mut world = World::new(packed);
        for step in &steps {
            world.apply(step);
        }
        world.check();
        world.finish();
        world.check();
    }
}
