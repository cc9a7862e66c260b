//! One database: the only way to its keys. Lookups, lazy expiry, and who is told of changes live here; reading,
//! writing and the loan of collections each have a file.

mod collections;
mod read;
mod write;

#[cfg(test)]
mod tests;

use stdx::Now;

use crate::entry::{Entry, EntryRef};
use crate::space::Space;
use crate::{Change, EventClass, Expiry, Keyspace, Kind, Settings, eviction};

/// Why a number was not incremented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IncrementError {
    /// The key holds no string.
    WrongType,
    /// The string is no 64-bit integer.
    NotAnInteger,
    /// The sum would not fit 64 bits.
    Overflow,
}

/// What OBJECT tells about a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyInfo {
    /// The type.
    pub kind: Kind,
    /// The name of the encoding, as Redis calls it.
    pub encoding: &'static str,
    /// Seconds since the last use; meaningless under an LFU policy.
    pub idle_secs: u64,
    /// The logarithmic counter of uses; meaningless but under an LFU policy.
    pub frequency: u8,
    /// When it expires, in Unix milliseconds.
    pub expires: Option<u64>,
}

/// One database of a [`Keyspace`].
///
/// Methods come in two kinds. Those that read count hits and misses and refresh the key's access bits, save where
/// they say otherwise. Those that write do not tell anyone: the command does by [`Db::changed`], which knows the
/// event's name. In both, a key whose time is up is absent (see [`Expiry`]).
pub struct Db<'a> {
    keyspace: &'a mut Keyspace,
    index: usize,
}

/// A key that is physically there.
#[derive(Clone, Copy)]
struct Held {
    /// The entry's word in the table.
    word: u64,
    /// False for a key whose time is up and that is hidden.
    live: bool,
}

impl Db<'_> {
    pub(crate) fn new(keyspace: &mut Keyspace, index: usize) -> Db<'_> {
        assert!(index < keyspace.databases(), "a database that exists");
        Db { keyspace, index }
    }

    /// Another database of the same keyspace.
    pub fn at(&mut self, index: usize) -> Db<'_> {
        Db::new(self.keyspace, index)
    }

    /// Which database this is.
    pub fn index(&self) -> usize {
        self.index
    }

    /// The keyspace it belongs to.
    pub fn keyspace(&mut self) -> &mut Keyspace {
        self.keyspace
    }

    /// What is configured.
    pub fn settings(&self) -> &Settings {
        &self.keyspace.settings
    }

    /// The time told to the keyspace.
    pub fn now(&self) -> Now {
        self.keyspace.now
    }

    #[inline(always)]
    fn space(&self) -> &Space {
        &self.keyspace.spaces[self.index]
    }

    #[inline(always)]
    fn space_mut(&mut self) -> &mut Space {
        &mut self.keyspace.spaces[self.index]
    }

    #[inline(always)]
    fn hash_of(&self, key: &[u8]) -> u64 {
        let compute = || self.keyspace.seed.hash(key);
        let Some(hash) = self.keyspace.foreseen.hash_of(key) else { return compute() };
        debug_assert_eq!(hash, compute(), "foreseen keys stay as they are");
        hash
    }

    // Lookups.

    /// The key where it is held. A key whose time is up is deleted first where that is the rule.
    #[inline(always)]
    fn held(&mut self, hash: u64, key: &[u8]) -> Option<Held> {
        let word = self.space_mut().table.occupied_hashed(hash, key)?.word();
        let deadline = self.look(word).deadline();
        if !self.keyspace.is_due(deadline) {
            return Some(Held { word, live: true });
        }
        if self.keyspace.expiry == Expiry::Delete {
            self.expire(key);
            return None;
        }
        Some(Held { word, live: false })
    }

    /// The word of the key, unless its time is up.
    #[inline(always)]
    fn live(&mut self, hash: u64, key: &[u8]) -> Option<u64> {
        self.held(hash, key).filter(|held| held.live).map(|held| held.word)
    }

    /// The entry of a word that `held` has just given.
    #[inline(always)]
    fn look(&self, word: u64) -> EntryRef<'_> {
        // SAFETY: the word is that of an entry in this database's table, and nothing has happened to the table since;
        // the borrow of `self` sees to it that nothing will.
        unsafe { EntryRef::from_word(word) }
    }

    /// The entry of a key that is not expired, without a trace.
    fn peek_entry(&self, key: &[u8]) -> Option<EntryRef<'_>> {
        let entry = self.space().table.get_hashed(self.hash_of(key), key)?;
        (!self.keyspace.is_due(entry.deadline())).then_some(entry)
    }

    /// Notes a use of the entry.
    #[inline(always)]
    fn used(&mut self, word: u64) {
        let keyspace = &mut *self.keyspace;
        if keyspace.no_touch {
            return;
        }
        // SAFETY: as in `look`, and `&mut self` makes it exclusive.
        unsafe {
            let entry = EntryRef::from_word(word);
            entry.set_access(if keyspace.settings.policy.counts_uses() {
                let now_secs = keyspace.now.wall.secs();
                let settings = &keyspace.settings;
                eviction::counted_access(entry.access(), settings, now_secs, &mut keyspace.prng)
            } else {
                keyspace.access_clock
            });
        }
    }

    fn fresh_access(&self) -> u32 {
        let keyspace = &*self.keyspace;
        let now_secs = keyspace.now.wall.secs();
        eviction::fresh_access(&keyspace.settings, keyspace.access_clock, now_secs)
    }

    /// Must come before any change of what lies in this hash's bucket: snapshots see it as it still is.
    #[inline(always)]
    fn prepare(&mut self, hash: u64) {
        if let Some(bucket) = self.space().table.unseen(hash) {
            self.keyspace.show(self.index, bucket);
        }
    }

    // Telling.

    /// Tells that a key was changed by a command: `n` changes are counted, watchers are told, and the event is sent.
    pub fn changed(&mut self, key: &[u8], class: EventClass, event: &'static str, n: u64) {
        self.keyspace.dirty += n;
        self.touched(key);
        self.notify(class, event, key);
    }

    /// Tells watchers alone that a key is another one now.
    pub fn touched(&mut self, key: &[u8]) {
        if self.keyspace.observers.watching {
            self.keyspace.changes.push(Change::Touched { db: self.index, key: key.into() });
        }
    }

    /// Sends an event alone.
    #[inline]
    pub fn notify(&mut self, class: EventClass, event: &'static str, key: &[u8]) {
        if self.keyspace.observers.events.has(class) {
            self.keyspace.changes.push(Change::Event {
                db: self.index,
                class,
                name: event,
                key: key.into(),
            });
        }
    }

    // The end of keys that no command deletes.

    /// Takes the entry out.
    fn detach(&mut self, hash: u64, key: &[u8]) -> Option<Entry> {
        self.prepare(hash);
        let space = self.space_mut();
        let entry = space.table.occupied_hashed(hash, key)?.remove();
        space.remove_deadline(entry.as_ref().deadline());
        Some(entry)
    }

    /// Frees an entry now, or queues it where that would take long and `lazy` is asked for: what a command replaces
    /// is, so that its time does not depend on what was there.
    fn discard(&mut self, entry: Entry, lazy: bool) {
        if lazy && entry.as_ref().is_costly() {
            self.keyspace.garbage.push(Box::new(entry));
        }
    }

    /// Deletes a key because its time is up.
    #[cold]
    #[inline(never)]
    pub(crate) fn expire(&mut self, key: &[u8]) {
        let Some(entry) = self.detach(self.hash_of(key), key) else { return };
        self.discard(entry, self.keyspace.settings.lazy_expire);
        self.keyspace.tell_expired(self.index, key);
        self.touched(key);
        self.notify(EventClass::EXPIRED, "expired", key);
    }

    /// Deletes a key to make room.
    pub(crate) fn evict(&mut self, key: &[u8]) {
        let Some(entry) = self.detach(self.hash_of(key), key) else { return };
        self.discard(entry, self.keyspace.settings.lazy_eviction);
        self.keyspace.stats.evicted_keys += 1;
        self.keyspace.changes.push(Change::Evicted { db: self.index, key: key.into() });
        self.touched(key);
        self.notify(EventClass::EVICTED, "evicted", key);
    }

    /// Deletes fields of a hash whose time is up, at most `max`, and says how many.
    pub fn expire_fields(&mut self, key: &[u8], max: usize) -> usize {
        let now_ms = self.keyspace.now.wall.ms();
        let mut fields: Vec<Box<[u8]>> = Vec::new();
        let Ok(Some(mut hash)) = self.hash_mut(key) else { return 0 };
        let n = hash.take_due(now_ms, max, |field| fields.push(field.to_vec().into()));
        if n == 0 {
            return 0;
        }
        self.keyspace.changes.push(Change::FieldsExpired {
            db: self.index,
            key: key.into(),
            fields,
        });
        self.touched(key);
        self.notify(EventClass::HASH, "hexpired", key);
        self.remove_if_empty(key);
        n
    }
}
