//! Keys that clients gave a TTL on a replica that lets them write.
//!
//! The master decides when its keys end, but of these it knows nothing: nobody would ever delete them. So they are
//! remembered, and deleted here when their time is up. Nothing is told to replicas of ours: what clients write here
//! never was.

use crate::node::Node;
use command::Spec;
use resp::Words;
use std::collections::BTreeSet;
use std::ops::Bound;
use store::Expiry;

/// How many keys are looked at ten times a second.
const SWEEP: usize = 1000;

/// The keys, by database.
#[derive(Debug, Default)]
pub(crate) struct OwnKeys {
    keys: BTreeSet<(usize, Box<[u8]>)>,
    /// The one that was looked at last.
    at: Option<(usize, Box<[u8]>)>,
}

impl OwnKeys {
    /// How many there are: `slave_expires_tracked_keys`.
    pub(crate) fn len(&self) -> usize {
        self.keys.len()
    }

    /// None is ours any more: the dataset is the master's again, or all of it is ours.
    pub(crate) fn clear(&mut self) {
        *self = OwnKeys::default();
    }

    fn next(&mut self, count: usize) -> Vec<(usize, Box<[u8]>)> {
        let from = self.at.take().map_or(Bound::Unbounded, Bound::Excluded);
        let some: Vec<_> = self.keys.range((from, Bound::Unbounded)).take(count).cloned().collect();
        if some.len() == count {
            self.at = some.last().cloned();
        }
        some
    }
}

impl Node {
    /// A client has changed something here although this is a replica.
    #[cold]
    pub(crate) fn note_own_keys(&mut self, db: usize, spec: &Spec, words: &Words<'_>) {
        for index in spec.keys.iter().filter_map(|keys| keys.positions(words)).flatten() {
            let key = &words[index];
            if self.keyspace.db(db).ttl(key).flatten().is_some() {
                self.own_keys.keys.insert((db, key.into()));
            }
        }
    }

    /// Deletes those whose time is up.
    pub(crate) fn expire_own_keys(&mut self) {
        if self.own_keys.keys.is_empty() {
            return;
        }
        self.keyspace.begin(self.now, Expiry::Delete);
        for (db, key) in self.own_keys.next(SWEEP) {
            if self.keyspace.db(db).ttl(&key).flatten().is_none() {
                self.own_keys.keys.remove(&(db, key));
            }
        }
        self.tell_changes();
    }
}
