//! MULTI, EXEC, WATCH: commands that are queued and then run as one, if what they depend on has not changed.

use crate::registry::CommandId;
use command::Flags;
use resp::Owned;
use std::collections::{BTreeMap, HashMap};
use world::ConnId;

/// The commands that a session has queued since MULTI.
#[derive(Debug, Default)]
pub(crate) struct Transaction {
    pub(crate) queue: Vec<(CommandId, Owned)>,
    /// A command was refused when it was queued: EXEC will refuse them all.
    pub(crate) refused: bool,
    /// What any of them promises, and what all of them do: decides what EXEC needs (memory, replicas, a disk that
    /// works, a master).
    any: Flags,
    all: Option<Flags>,
    /// Bytes of the queued commands, for `CLIENT LIST` and client eviction.
    pub(crate) bytes: usize,
}

impl Transaction {
    /// One more command.
    pub(crate) fn queue(&mut self, id: CommandId, flags: Flags, words: Owned) {
        self.bytes += words.memory();
        self.queue.push((id, words));
        self.any = self.any.and(flags);
        self.all = Some(self.all.map_or(flags, |all| all.common(flags)));
    }

    /// The flags of EXEC, which are its own but for what depends on the commands it runs.
    pub(crate) fn flags(&self, exec: Flags) -> Flags {
        let all = self.all.unwrap_or(exec);
        let of_all = Flags::LOADING.and(Flags::STALE);
        let of_any = Flags::WRITE
            .and(Flags::DENY_OOM)
            .and(Flags::MAY_REPLICATE)
            .and(Flags::NO_ASYNC_LOADING);
        exec.without(of_all).and(all.common(of_all)).and(self.any.common(of_any))
    }
}

/// Which sessions watch which keys.
#[derive(Debug, Default)]
pub(crate) struct Watches {
    /// Invariant: the sessions of each key are sorted.
    by_key: HashMap<(usize, Box<[u8]>), Vec<ConnId>, stdx::FixedState>,
}

/// The keys that one session watches.
#[derive(Debug, Default)]
pub(crate) struct Watched {
    keys: BTreeMap<(usize, Box<[u8]>), Watch>,
    bytes: usize,
}

/// What a watched key takes beyond its name, about.
const WATCH_BYTES: usize = 48;

/// A key that a session watches.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Watch {
    /// It is there. What changes this one by one breaks the watch; here one learns whether a whole database that
    /// was emptied or replaced had the key.
    pub(crate) existed: bool,
    /// It was there when it was watched, but its time was up already: its deletion is no change.
    pub(crate) expired: bool,
}

impl Watched {
    /// One more key.
    pub(crate) fn insert(&mut self, db: usize, key: &[u8], watch: Watch) {
        if self.keys.insert((db, key.into()), watch).is_none() {
            self.bytes += key.len() + WATCH_BYTES;
        }
    }

    pub(crate) fn get_mut(&mut self, db: usize, key: &[u8]) -> Option<&mut Watch> {
        self.keys.get_mut(&(db, Box::from(key)))
    }

    /// The databases, the keys and what is known of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (usize, &[u8], &Watch)> {
        self.keys.iter().map(|((db, key), watch)| (*db, &**key, watch))
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (usize, &[u8], &mut Watch)> {
        self.keys.iter_mut().map(|((db, key), watch)| (*db, &**key, watch))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Bytes of memory, about.
    pub(crate) fn memory(&self) -> usize {
        self.bytes
    }
}

impl Watches {
    /// True while nobody watches anything.
    pub(crate) fn is_empty(&self) -> bool {
        self.by_key.is_empty()
    }

    /// `conn` watches a key. False: it did already.
    pub(crate) fn add(&mut self, conn: ConnId, db: usize, key: &[u8]) -> bool {
        let watchers = self.by_key.entry((db, key.into())).or_default();
        match watchers.binary_search(&conn) {
            Ok(_) => false,
            Err(at) => {
                watchers.insert(at, conn);
                true
            }
        }
    }

    /// `conn` no longer watches a key.
    pub(crate) fn remove(&mut self, conn: ConnId, db: usize, key: &[u8]) {
        let at = (db, Box::from(key));
        if let Some(watchers) = self.by_key.get_mut(&at) {
            if let Ok(at) = watchers.binary_search(&conn) {
                watchers.remove(at);
            }
            if watchers.is_empty() {
                self.by_key.remove(&at);
            }
        }
    }

    /// Who watches this key.
    pub(crate) fn watchers(&self, db: usize, key: &[u8]) -> &[ConnId] {
        self.by_key.get(&(db, Box::from(key))).map_or(&[], |list| list)
    }
}
