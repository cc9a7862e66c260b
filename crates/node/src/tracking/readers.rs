//! Who may hold which key: the invalidation table of client-side caching.
//!
//! # Design
//! A key is one cell of one hash table: its name, and 64 bits beside it. Nearly always these are the id of the one
//! client that has read it, so a key costs some twenty bytes beyond its name; where several have, they say which list
//! has their ids, in order.
//!
//! A client that leaves is not looked for in the table: that would take as long as it has read keys. Its id stays
//! until the key changes, or until its place is needed.

use ds::{Cell, Seed, Table};
use std::any::Any;
use stdx::Prng;

/// Set where the 64 bits beside a key are the number of a list. No client's id is as large.
const LISTED: u64 = 1 << 63;

/// Freeing more keys than this is left to another thread.
const FEW: usize = 64;

/// The keys that clients have read, each with those who have.
pub(super) struct Readers {
    keys: Table<Cell>,
    lists: Lists,
    /// How many ids there are, over all keys.
    items: usize,
    /// What the cells take.
    cell_bytes: usize,
}

/// The ids of those who have read the same key.
#[derive(Default)]
struct Lists {
    /// Invariant: each is sorted, and those that `free` names are empty.
    lists: Vec<Vec<u64>>,
    free: Vec<usize>,
}

/// Those who had read a key.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Ids {
    /// Most keys have one reader.
    One(u64),
    /// In order.
    Many(Vec<u64>),
}

impl Ids {
    pub(super) fn as_slice(&self) -> &[u64] {
        match self {
            Ids::One(id) => std::slice::from_ref(id),
            Ids::Many(ids) => ids,
        }
    }
}

impl Readers {
    /// An empty table. Its keys are chosen by strangers, so it hashes them with a secret.
    pub(super) fn new(seed: Seed) -> Readers {
        Readers { keys: Table::new(seed), lists: Lists::default(), items: 0, cell_bytes: 0 }
    }

    /// A client has read a key. Where room is needed, the ids make it that are not `here` any more.
    pub(super) fn add(&mut self, key: &[u8], id: u64, here: impl Fn(u64) -> bool) {
        assert!(id & LISTED == 0, "an id that was counted up from 1");
        let hash = self.keys.hash(key);
        let Some(mut found) = self.keys.occupied_hashed(hash, key) else {
            let cell = Cell::new(key, None, Some(id));
            self.cell_bytes += cell.as_ref().size();
            self.items += 1;
            self.keys.insert_new_hashed(hash, cell);
            return;
        };
        let beside = found.get().extra().expect("every cell is made with its reader");
        if beside & LISTED != 0 {
            let list = &mut self.lists.lists[(beside & !LISTED) as usize];
            self.items -= list.len();
            insert(list, id, here);
            self.items += list.len();
        } else if beside != id {
            let now = if here(beside) {
                self.items += 1;
                LISTED | self.lists.begin(beside, id) as u64
            } else {
                id
            };
            found.change(|mut cell| {
                cell.set_extra(now);
                (cell, ())
            });
        }
    }

    /// Forgets a key, and says who had read it.
    pub(super) fn take(&mut self, key: &[u8]) -> Option<Ids> {
        let cell = self.keys.remove(key)?;
        self.cell_bytes -= cell.as_ref().size();
        let beside = cell.as_ref().extra().expect("every cell is made with its reader");
        let ids = if beside & LISTED == 0 {
            Ids::One(beside)
        } else {
            Ids::Many(self.lists.end((beside & !LISTED) as usize))
        };
        self.items -= ids.as_slice().len();
        Some(ids)
    }

    /// Any key, every one as likely.
    pub(super) fn random(&self, prng: &mut Prng) -> Option<Box<[u8]>> {
        self.keys.random(prng).map(|cell| cell.key().into())
    }

    /// Forgets everything; what is left to be dropped, where that takes long.
    pub(super) fn clear(&mut self) -> Option<Box<dyn Any + Send>> {
        let old = std::mem::replace(self, Readers::new(self.keys.seed()));
        (old.keys.len() > FEW).then(|| Box::new(old) as Box<dyn Any + Send>)
    }

    /// How many keys there are.
    pub(super) fn keys(&self) -> usize {
        self.keys.len()
    }

    /// How many ids there are, over all keys.
    pub(super) fn items(&self) -> usize {
        self.items
    }

    /// Bytes of memory, about.
    pub(super) fn memory(&self) -> usize {
        let listed = self.items.saturating_sub(self.keys.len()) * size_of::<u64>();
        let lists = self.lists.lists.capacity() * size_of::<Vec<u64>>();
        self.keys.heap_bytes() + self.cell_bytes + listed + lists
    }
}

impl Lists {
    /// A list of two, and where it is.
    fn begin(&mut self, one: u64, other: u64) -> usize {
        let list = vec![one.min(other), one.max(other)];
        match self.free.pop() {
            Some(at) => {
                self.lists[at] = list;
                at
            }
            None => {
                self.lists.push(list);
                self.lists.len() - 1
            }
        }
    }

    fn end(&mut self, at: usize) -> Vec<u64> {
        self.free.push(at);
        std::mem::take(&mut self.lists[at])
    }
}

/// Adds an id to a list. Before the list grows, those who are gone leave it: else a key that never changes would
/// collect the ids of all who ever came.
fn insert(list: &mut Vec<u64>, id: u64, here: impl Fn(u64) -> bool) {
    let Err(mut place) = list.binary_search(&id) else { return };
    if list.len() == list.capacity() {
        list.retain(|&it| here(it));
        place = list.partition_point(|&it| it < id);
    }
    list.insert(place, id);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, BTreeSet};

    #[test]
    fn it_remembers_who_has_read_what() {
        let mut readers = Readers::new(Seed::new(1, 2));
        let mut model: BTreeMap<Vec<u8>, BTreeSet<u64>> = BTreeMap::new();
        let mut prng = Prng::new(7);
        for _ in 0..20_000 {
            let key = format!("key:{}", prng.below(300)).into_bytes();
            if prng.below(4) == 0 {
                let ids = readers.take(&key).map(|ids| ids.as_slice().to_vec());
                assert_eq!(ids, model.remove(&key).map(Vec::from_iter));
            } else {
                let id = 1 + prng.below(20);
                readers.add(&key, id, |_| true);
                model.entry(key).or_default().insert(id);
            }
            assert_eq!(readers.keys(), model.len());
            assert_eq!(readers.items(), model.values().map(BTreeSet::len).sum());
        }
        let any = readers.random(&mut prng).expect("there are keys");
        assert!(model.contains_key(&*any));
        assert!(readers.memory() > 0 && readers.clear().is_some());
        assert_eq!((readers.keys(), readers.items(), readers.take(&any)), (0, 0, None));
    }

    #[test]
    fn those_who_are_gone_make_room() {
        let mut readers = Readers::new(Seed::new(1, 2));
        for id in 1..1000 {
            // Only the last three are still there.
            readers.add(b"hot", id, |it| it + 3 > id);
        }
        assert!(readers.items() < 10, "{}", readers.items());
        let ids = readers.take(b"hot").expect("it was read");
        assert!(ids.as_slice().ends_with(&[997, 998, 999]));
        readers.add(b"cold", 1, |_| true);
        readers.add(b"cold", 2, |_| false);
        assert_eq!(readers.take(b"cold"), Some(Ids::One(2)));
    }

    #[test]
    fn a_key_costs_little_beyond_its_name() {
        let mut readers = Readers::new(Seed::new(1, 2));
        for n in 0..100_000u64 {
            readers.add(format!("key:{n:012}").as_bytes(), n % 50 + 1, |_| true);
        }
        let beyond = readers.memory() / 100_000 - 16;
        assert!(beyond < 25, "{beyond} bytes");
    }
}
