//! Looking ahead: what requests to come will look at is on its way from memory while earlier ones run.

use ds::table::{AHEAD_MAX, Ahead};

use crate::{Keyspace, ValueRef};

/// How many requests [`Keyspace::prefetch`] looks at.
pub const PREFETCH_MAX: usize = AHEAD_MAX;

/// The hash of one key that lies at one place in memory: lookups of those bytes need not compute it again.
#[derive(Default)]
pub(crate) struct Foreseen {
    at: usize,
    len: usize,
    hash: u64,
}

impl Foreseen {
    /// The hash, where these are the bytes.
    #[inline(always)]
    pub(crate) fn hash_of(&self, key: &[u8]) -> Option<u64> {
        (key.as_ptr().addr() == self.at && key.len() == self.len).then_some(self.hash)
    }
}

/// What a request will look at.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted<'k> {
    /// The key.
    pub key: &'k [u8],
    /// What will be looked at within the value.
    pub inside: Inside<'k>,
}

/// What will be looked at within a collection.
#[derive(Clone, Copy, Debug, Default)]
pub enum Inside<'k> {
    /// Nothing.
    #[default]
    Nothing,
    /// All of it, or what is at an end.
    Value,
    /// A member, a field.
    Member(&'k [u8]),
}

impl<'k> Inside<'k> {
    /// The member, where it is one.
    pub(crate) fn member(self) -> Option<&'k [u8]> {
        match self {
            Inside::Member(member) => Some(member),
            Inside::Nothing | Inside::Value => None,
        }
    }
}

impl Keyspace {
    /// Asks memory for what these requests lead to, so that lookups that follow wait for it together and not one after
    /// the other: first for all keys, then for what is wanted within their values. Only the first [`PREFETCH_MAX`] are
    /// looked at. A hint that is wrong costs a cache line.
    ///
    /// Gives back the hashes of the keys, for [`Keyspace::foresee`].
    pub fn prefetch(&self, db: usize, wanted: &[Wanted<'_>]) -> [u64; PREFETCH_MAX] {
        let wanted = &wanted[..wanted.len().min(PREFETCH_MAX)];
        let table = &self.spaces[db].table;
        let mut keys = Ahead::default();
        let mut hashes = [0u64; PREFETCH_MAX];
        let (mut last, mut hash): (Option<&[u8]>, u64) = (None, 0);
        let mut is_inside = false;
        for (&Wanted { key, inside }, kept) in wanted.iter().zip(&mut hashes) {
            // Many requests in a row for one key, a queue's perhaps, need no hint.
            if last != Some(key) {
                hash = self.seed.hash(key);
                keys.add(table.probe(hash));
                last = Some(key);
            }
            *kept = hash;
            is_inside |= !matches!(inside, Inside::Nothing);
        }
        keys.load();
        if is_inside {
            self.prefetch_inside(db, wanted, &hashes);
        }
        hashes
    }

    /// Says that the hash of this key is known. The bytes must stay where they are until [`Keyspace::forget`], unchanged.
    #[inline(always)]
    pub fn foresee(&mut self, key: &[u8], hash: u64) {
        self.foreseen = Foreseen { at: key.as_ptr().addr(), len: key.len(), hash };
    }

    /// Ends what [`Keyspace::foresee`] began.
    #[inline(always)]
    pub fn forget(&mut self) {
        self.foreseen = Foreseen::default();
    }

    /// The second half of [`Keyspace::prefetch`], with the hashes of the keys.
    fn prefetch_inside(&self, db: usize, wanted: &[Wanted<'_>], hashes: &[u64; PREFETCH_MAX]) {
        let table = &self.spaces[db].table;
        let mut members = Ahead::default();
        let (mut last, mut value): (Option<&[u8]>, Option<ValueRef<'_>>) = (None, None);
        for (&Wanted { key, inside }, hash) in wanted.iter().zip(hashes) {
            if matches!(inside, Inside::Nothing) {
                continue;
            }
            if last != Some(key) {
                value = table.get_hashed(*hash, key).map(|entry| entry.value());
                last = Some(key);
            }
            if let Some(probe) = value.and_then(|value| value.look_ahead(inside)) {
                members.add(probe);
            }
        }
        members.load();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Settings, Ttl, Value};
    use stdx::Now;

    #[test]
    fn every_key_has_its_hash_and_the_empty_one_too() {
        let keyspace = Keyspace::new(Settings::default(), 7);
        let wanted = [&b""[..], b"", b"a", b""].map(|key| Wanted { key, ..Wanted::default() });
        let hashes = keyspace.prefetch(0, &wanted);
        for (wanted, hash) in wanted.iter().zip(hashes) {
            assert_eq!(hash, keyspace.seed.hash(wanted.key), "{:?}", wanted.key);
        }
    }

    #[test]
    fn whatever_is_there_stays_as_it_is() {
        let mut keyspace = Keyspace::new(Settings::default(), 7);
        keyspace.begin(Now::default(), Default::default());
        let limits = keyspace.settings().thresholds;
        let mut db = keyspace.db(0);
        db.put(b"string", Value::Str(vec![b'v'; 1000]), Ttl::Clear);
        for (name, count) in [("few", 3), ("many", 5000)] {
            let key = |kind: &str| format!("{kind} {name}").into_bytes();
            for n in 0..count {
                let word = format!("member {n}").into_bytes();
                db.set_or_create(&key("set")).expect("a set").insert(&word);
                db.set_or_create(&key("ints")).expect("a set").insert(n.to_string().as_bytes());
                db.hash_or_create(&key("hash")).expect("a hash").hash.set(&word, b"v", &limits);
                db.zset_or_create(&key("zset")).expect("a zset").zset.insert(&word, 1.0, &limits);
                db.list_or_create(&key("list")).expect("a list");
            }
        }
        let mut keys: Vec<Vec<u8>> = vec![b"string".to_vec(), b"nothing".to_vec(), Vec::new()];
        keyspace.db(0).for_each(|key, _| keys.push(key.to_vec()));
        let (digest, stats) = (keyspace.digest(), keyspace.stats);
        // More than are looked at, in runs and in turns, with members that are there and others.
        let twice = || keys.iter().flat_map(|key| [key, key]).chain(&keys);
        for inside in [
            Inside::Nothing,
            Inside::Value,
            Inside::Member(b"member 2"),
            Inside::Member(b"4"),
            Inside::Member(b"absent"),
            Inside::Member(b""),
        ] {
            for skipped in 0..2 * keys.len() {
                let wanted = twice().skip(skipped).map(|key| Wanted { key, inside });
                keyspace.prefetch(0, &wanted.collect::<Vec<_>>());
            }
        }
        keyspace.prefetch(0, &[]);
        assert_eq!((keyspace.digest(), keyspace.stats), (digest, stats));
    }

    #[test]
    fn a_foreseen_key_is_found_by_these_bytes_and_by_others() {
        let mut keyspace = Keyspace::new(Settings::default(), 7);
        keyspace.begin(Now::default(), Default::default());
        let request = b"key key2".to_vec();
        for key in [b"key".as_slice(), b"key2"] {
            keyspace.db(0).put(key, Value::Int(key.len() as i64), Ttl::Clear);
        }
        let hashes =
            keyspace.prefetch(0, &[Wanted { key: &request[..3], inside: Inside::Nothing }]);
        keyspace.foresee(&request[..3], hashes[0]);
        assert!(keyspace.db(0).exists(&request[..3]));
        assert!(keyspace.db(0).exists(b"key"));
        assert!(keyspace.db(0).exists(&request[4..]));
        assert!(!keyspace.db(0).exists(&request[..2]) && !keyspace.db(0).exists(&request));
        keyspace.forget();
        assert!(keyspace.db(0).exists(&request[..3]));
    }

    #[test]
    #[cfg(debug_assertions)]
    #[should_panic(expected = "foreseen keys stay as they are")]
    fn a_foreseen_key_that_has_changed_is_noticed() {
        let mut keyspace = Keyspace::new(Settings::default(), 7);
        let mut request = b"key".to_vec();
        let hash = keyspace.seed.hash(&request);
        keyspace.foresee(&request, hash);
        request[0] = b'K';
        keyspace.db(0).exists(&request);
    }
}
