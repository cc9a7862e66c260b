//! Reading keys: values, what is known about them, and walks.

use stdx::{Prng, WrongType};

use super::{Db, KeyInfo};
use crate::snapshot::SHRINK_STEP;
use crate::{EventClass, Expiry, Kind, PREFETCH_MAX, Str, ValueRef, Wanted, digest, eviction};

/// Strings up to this length lie in one allocation with their header in Redis, and are called "embstr".
const EMBSTR_MAX: usize = 44;

impl Db<'_> {
    /// The value of a key.
    #[inline]
    pub fn get(&mut self, key: &[u8]) -> Option<ValueRef<'_>> {
        let hash = self.hash_of(key);
        let Some(word) = self.live(hash, key) else {
            self.keyspace.stats.misses += 1;
            self.notify(EventClass::MISS, "keymiss", key);
            return None;
        };
        self.keyspace.stats.hits += 1;
        self.used(word);
        Some(self.look(word).value())
    }

    /// See [`crate::Keyspace::prefetch`]. One key alone is not worth it.
    pub fn prefetch<'k>(&self, keys: impl Iterator<Item = &'k [u8]>) {
        let mut wanted = [Wanted::default(); PREFETCH_MAX];
        let mut count = 0;
        for (wanted, key) in wanted.iter_mut().zip(keys) {
            wanted.key = key;
            count += 1;
        }
        if count > 1 {
            self.keyspace.prefetch(self.index, &wanted[..count]);
        }
    }

    /// The value of a key, without a trace: nothing is counted or refreshed. An expired key is absent, but stays.
    pub fn peek(&self, key: &[u8]) -> Option<ValueRef<'_>> {
        self.peek_entry(key).map(|entry| entry.value())
    }

    /// The string under the key.
    #[inline]
    pub fn string(&mut self, key: &[u8]) -> Result<Option<Str<'_>>, WrongType> {
        match self.get(key) {
            None => Ok(None),
            Some(ValueRef::Str(text)) => Ok(Some(text)),
            Some(_) => Err(WrongType),
        }
    }

    /// The length of the string under the key; nothing is counted.
    pub fn string_len(&mut self, key: &[u8]) -> Result<usize, WrongType> {
        let hash = self.hash_of(key);
        match self.live(hash, key).map(|word| self.look(word).value()) {
            None => Ok(0),
            Some(ValueRef::Str(text)) => Ok(text.len()),
            Some(_) => Err(WrongType),
        }
    }

    /// Whether the key is there; nothing is counted.
    pub fn exists(&mut self, key: &[u8]) -> bool {
        let hash = self.hash_of(key);
        self.live(hash, key).is_some()
    }

    /// True if the key is held, whether or not its time is up. Nothing is counted or touched.
    pub fn holds(&self, key: &[u8]) -> bool {
        self.space().table.get_hashed(self.hash_of(key), key).is_some()
    }

    /// True if the key is held though its time is up, whatever lookups do with such keys at the moment.
    pub fn is_expired(&self, key: &[u8]) -> bool {
        let entry = self.space().table.get_hashed(self.hash_of(key), key);
        let deadline = entry.and_then(|entry| entry.deadline());
        deadline.is_some_and(|at| self.keyspace.now.wall.ms() > at)
    }

    /// The type of the value; nothing is counted.
    pub fn kind(&mut self, key: &[u8]) -> Option<Kind> {
        let hash = self.hash_of(key);
        self.live(hash, key).map(|word| self.look(word).value().kind())
    }

    /// When the key expires, in Unix milliseconds: nothing where there is no key, `Some(None)` where never.
    pub fn ttl(&mut self, key: &[u8]) -> Option<Option<u64>> {
        let hash = self.hash_of(key);
        self.live(hash, key).map(|word| self.look(word).deadline())
    }

    /// What OBJECT tells about a key; nothing is counted or refreshed.
    pub fn info(&mut self, key: &[u8]) -> Option<KeyInfo> {
        let hash = self.hash_of(key);
        let word = self.live(hash, key)?;
        let entry = self.look(word);
        let keyspace = &*self.keyspace;
        let encoding = match entry.value() {
            ValueRef::Str(Str::Int(_)) => "int",
            ValueRef::Str(Str::Bytes(bytes)) if bytes.len() > EMBSTR_MAX || entry.is_edited() => {
                "raw"
            }
            ValueRef::Str(Str::Bytes(_)) => "embstr",
            ValueRef::List(list) => list.encoding().name(),
            ValueRef::Set(set) => set.encoding().name(),
            ValueRef::Hash(hash) => hash.encoding().name(),
            ValueRef::ZSet(zset) => zset.encoding().name(),
        };
        let now_secs = keyspace.now.wall.secs();
        Some(KeyInfo {
            kind: entry.value().kind(),
            encoding,
            idle_secs: eviction::idle_secs(entry.access(), keyspace.access_clock),
            frequency: eviction::frequency(entry.access(), &keyspace.settings, now_secs),
            expires: entry.deadline(),
        })
    }

    /// How many bytes the key takes: its entry, what the value owns, and its share of the table. `samples` is how
    /// many elements of a collection may be looked at (0: all of them); the collections know without.
    pub fn memory_usage(&mut self, key: &[u8], samples: usize) -> Option<usize> {
        let _ = samples;
        // A table takes 10.3 to 10.8 bytes for every key (docs/keyspace.md).
        const SHARE: usize = 11;
        let entry = self.peek_entry(key)?;
        let value = match entry.value() {
            ValueRef::Str(_) => entry.long_room(),
            ValueRef::List(list) => list.memory(),
            ValueRef::Set(set) => set.memory(),
            ValueRef::Hash(hash) => hash.memory(),
            ValueRef::ZSet(zset) => zset.memory(),
        };
        Some(entry.size().next_multiple_of(8) + SHARE + value)
    }

    /// The fingerprint of one value (DEBUG DIGEST-VALUE).
    pub fn digest_value(&mut self, key: &[u8]) -> Option<[u8; 20]> {
        let entry = self.peek_entry(key)?;
        Some(digest::of_value(entry.value(), entry.deadline().is_some()))
    }

    /// How many keys there are, those not yet noticed to be expired included.
    pub fn len(&self) -> usize {
        self.space().table.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many keys have a TTL.
    pub fn len_volatile(&self) -> usize {
        self.space().volatile
    }

    /// How long the keys that have a TTL live on the average, in milliseconds; 0 where there is none.
    pub fn average_ttl_ms(&self) -> u64 {
        self.space().average_ttl_ms(self.now().wall.ms())
    }

    /// One step of SCAN: about `count` keys are handed out, and the next cursor is given; 0 at the end. Keys found
    /// to be expired are left out, and deleted where that is the rule.
    pub fn scan(
        &mut self,
        cursor: u64,
        count: usize,
        mut f: impl FnMut(&[u8], ValueRef<'_>),
    ) -> u64 {
        self.space_mut().table.shrink(SHRINK_STEP);
        let keyspace = &*self.keyspace;
        let mut expired: Vec<Box<[u8]>> = Vec::new();
        let next = self.space().table.scan(cursor, count, |entry| {
            if !keyspace.is_due(entry.deadline()) {
                f(entry.key(), entry.value());
            } else if keyspace.expiry == Expiry::Delete {
                expired.push(entry.key().into());
            }
        });
        expired.iter().for_each(|key| self.expire(key));
        next
    }

    /// Every key that is not expired, in no order.
    pub fn for_each(&mut self, mut f: impl FnMut(&[u8], ValueRef<'_>)) {
        for entry in self.space().table.iter() {
            if !self.keyspace.is_due(entry.deadline()) {
                f(entry.key(), entry.value());
            }
        }
    }

    /// Any key, each as likely. Expired ones are passed over, and deleted where that is the rule.
    pub fn random_key(&mut self, prng: &mut Prng) -> Option<Vec<u8>> {
        self.space_mut().table.shrink(SHRINK_STEP);
        for _ in 0..100 {
            let entry = self.space().table.random(prng)?;
            let key = entry.key().to_vec();
            if !self.keyspace.is_due(entry.deadline()) {
                return Some(key);
            }
            if self.keyspace.expiry == Expiry::Delete {
                self.expire(&key);
            }
        }
        // So many expired keys that chance does not lead past them: the first that lives, if any.
        let mut live = self.space().table.iter().filter(|e| !self.keyspace.is_due(e.deadline()));
        live.next().map(|entry| entry.key().to_vec())
    }
}
