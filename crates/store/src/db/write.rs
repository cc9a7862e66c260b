//! Writing keys: storing, editing strings in place, deleting, times to live.

use stdx::WrongType;
use stdx::integer::parse_i64;

use super::{Db, Held, IncrementError};
use crate::entry::Entry;
use crate::{Change, EventClass, Str, Ttl, Value, ValueRef, eviction};

impl Db<'_> {
    /// Stores a value, whatever was there. True where the key is new.
    pub fn put(&mut self, key: &[u8], value: Value, ttl: Ttl) -> bool {
        let hash = self.hash_of(key);
        let held = self.held(hash, key);
        let deadline = self.deadline_for(held, ttl);
        let access = self.access_for(held);
        self.prepare(hash);
        if let ValueRef::Hash(fields) = value.as_ref()
            && let Some(at) = fields.next_expiry()
        {
            self.space_mut().table.note_deadline(hash, at);
            self.keyspace.field_ttls = true;
        }
        let waits = matches!(value, Value::List(_) | Value::ZSet(_));
        let old = self.set_entry(hash, key, held, Entry::new(key, value, deadline, access));
        if let Some(old) = old {
            self.discard(old, true);
        }
        if waits && self.keyspace.observers.waiting {
            self.keyspace.changes.push(Change::Ready { db: self.index, key: key.into() });
        }
        self.came(key, held)
    }

    /// Stores a string, as an integer where it spells one. True where the key is new.
    #[inline]
    pub fn put_bytes(&mut self, key: &[u8], bytes: &[u8], ttl: Ttl) -> bool {
        // The longest integer has 20 characters; spare longer strings the look.
        let number = if bytes.len() <= 20 { parse_i64(bytes) } else { None };
        self.put_str(key, number.map_or(Str::Bytes(bytes), Str::Int), ttl)
    }

    /// Stores an integer. True where the key is new.
    pub fn put_int(&mut self, key: &[u8], value: i64, ttl: Ttl) -> bool {
        self.put_str(key, Str::Int(value), ttl)
    }

    fn put_str(&mut self, key: &[u8], value: Str<'_>, ttl: Ttl) -> bool {
        let hash = self.hash_of(key);
        let held = self.held(hash, key);
        self.store_str(hash, key, held, value, ttl)
    }

    #[inline]
    fn store_str(
        &mut self,
        hash: u64,
        key: &[u8],
        held: Option<Held>,
        value: Str<'_>,
        ttl: Ttl,
    ) -> bool {
        let deadline = self.deadline_for(held, ttl);
        let access = self.access_for(held);
        self.prepare(hash);
        if self.overwrite(hash, held, value, deadline) {
            return self.came(key, held);
        }
        let entry = match value {
            Str::Int(n) => Entry::new(key, Value::Int(n), deadline, access),
            Str::Bytes(bytes) => Entry::text(key, bytes, deadline, access),
        };
        if let Some(old) = self.set_entry(hash, key, held, entry) {
            self.discard(old, true);
        }
        self.came(key, held)
    }

    /// Adds to the integer under the key, which counts as 0 where it is absent, and keeps the TTL.
    pub fn increment(&mut self, key: &[u8], by: i64) -> Result<i64, IncrementError> {
        let hash = self.hash_of(key);
        let held = self.held(hash, key);
        let live = held.filter(|held| held.live);
        let old = match live.map(|held| self.look(held.word).value()) {
            None => 0,
            Some(ValueRef::Str(Str::Int(n))) => n,
            Some(ValueRef::Str(Str::Bytes(bytes))) => {
                parse_i64(bytes).ok_or(IncrementError::NotAnInteger)?
            }
            Some(_) => return Err(IncrementError::WrongType),
        };
        let new = old.checked_add(by).ok_or(IncrementError::Overflow)?;
        self.store_str(hash, key, held, Str::Int(new), Ttl::Keep);
        Ok(new)
    }

    /// Puts bytes behind the string under the key, which counts as empty where it is absent, and gives the new
    /// length. A new string that spells an integer becomes one, as in Redis.
    pub fn append(&mut self, key: &[u8], bytes: &[u8]) -> Result<usize, WrongType> {
        let hash = self.hash_of(key);
        match self.live(hash, key).map(|word| self.look(word).value()) {
            None => {
                self.put_bytes(key, bytes, Ttl::Clear);
                Ok(bytes.len())
            }
            Some(ValueRef::Str(text)) => {
                let offset = text.len();
                Ok(self.splice(hash, key, offset, bytes))
            }
            Some(_) => Err(WrongType),
        }
    }

    /// Writes over the string under the key from `offset` on, with zero bytes in between where it was shorter, and
    /// gives the new length.
    pub fn write_range(
        &mut self,
        key: &[u8],
        offset: usize,
        bytes: &[u8],
    ) -> Result<usize, WrongType> {
        let hash = self.hash_of(key);
        match self.live(hash, key).map(|word| self.look(word).value()) {
            None => {
                // Made as text, which no integer's spelling turns into a number, and filled in place.
                self.put_str(key, Str::Bytes(b""), Ttl::Clear);
                Ok(self.splice(hash, key, offset, bytes))
            }
            Some(ValueRef::Str(_)) => Ok(self.splice(hash, key, offset, bytes)),
            Some(_) => Err(WrongType),
        }
    }

    /// Stores bytes that were made by editing: they stay text, whatever they spell, and OBJECT ENCODING calls them raw.
    /// True where the key is new.
    pub fn put_edited(&mut self, key: &[u8], bytes: Vec<u8>, ttl: Ttl) -> bool {
        let len = bytes.len();
        let is_new = self.put(key, Value::Str(bytes), ttl);
        self.splice(self.hash_of(key), key, len, b"");
        is_new
    }

    /// Edits the string of a key that is there.
    fn splice(&mut self, hash: u64, key: &[u8], offset: usize, bytes: &[u8]) -> usize {
        self.prepare(hash);
        let found = self.space_mut().table.occupied_hashed(hash, key);
        let mut found = found.expect("the caller has just seen the key");
        let len = found.change(|entry| entry.splice(offset, bytes));
        let word = found.word();
        self.used(word);
        len
    }

    /// Deletes a key. False where there was none.
    pub fn remove(&mut self, key: &[u8]) -> bool {
        self.take_entry(key).is_some()
    }

    /// Deletes a key; a large value is queued as garbage instead of being freed on the spot.
    pub fn remove_lazily(&mut self, key: &[u8]) -> bool {
        match self.take_entry(key) {
            Some(entry) => {
                self.discard(entry, true);
                true
            }
            None => false,
        }
    }

    /// Takes a value out, with the time at which it would have expired.
    pub fn take(&mut self, key: &[u8]) -> Option<(Value, Option<u64>)> {
        let entry = self.take_entry(key)?;
        let deadline = entry.as_ref().deadline();
        Some((entry.into_value(), deadline))
    }

    fn take_entry(&mut self, key: &[u8]) -> Option<Entry> {
        let hash = self.hash_of(key);
        self.live(hash, key)?;
        self.detach(hash, key)
    }

    /// Deletes the key where its collection has run empty, and sends the event "del".
    pub fn remove_if_empty(&mut self, key: &[u8]) -> bool {
        let empty = match self.peek(key) {
            None | Some(ValueRef::Str(_)) => false,
            Some(value) => value.is_empty(),
        };
        if empty {
            self.remove(key);
            self.notify(EventClass::GENERIC, "del", key);
        }
        empty
    }

    /// Sets when the key expires, in Unix milliseconds. False where there is no key. A time in the past is taken as
    /// it is; whether the key is to be deleted instead is the command's decision.
    pub fn set_ttl(&mut self, key: &[u8], unix_ms: u64) -> bool {
        self.set_deadline(key, Some(unix_ms)).is_some()
    }

    /// Lets the key stay for ever. False where it is not there or would have stayed anyway.
    pub fn persist(&mut self, key: &[u8]) -> bool {
        self.set_deadline(key, None).flatten().is_some()
    }

    /// Sets the deadline, and gives the one before; nothing where there is no key.
    fn set_deadline(&mut self, key: &[u8], deadline: Option<u64>) -> Option<Option<u64>> {
        let hash = self.hash_of(key);
        let word = self.live(hash, key)?;
        let old = self.look(word).deadline();
        self.prepare(hash);
        let space = self.space_mut();
        let mut found = space.table.occupied_hashed(hash, key)?;
        found.change(|entry| (entry.with_deadline(deadline), ()));
        if let Some(at) = deadline {
            found.note_deadline(at);
        }
        space.remove_deadline(old);
        space.add_deadline(deadline);
        Some(old)
    }

    /// Refreshes the key's access bits (TOUCH). False where there is no key.
    pub fn touch(&mut self, key: &[u8]) -> bool {
        let hash = self.hash_of(key);
        let Some(word) = self.live(hash, key) else { return false };
        let no_touch = std::mem::replace(&mut self.keyspace.no_touch, false);
        self.used(word);
        self.keyspace.no_touch = no_touch;
        true
    }

    /// Sets how long ago the key was used last, as RESTORE's IDLETIME does.
    pub fn set_idle_secs(&mut self, key: &[u8], secs: u64) {
        let access = eviction::access_for_idle(secs, self.keyspace.access_clock);
        self.set_access(key, access);
    }

    /// Sets how often the key was used, as RESTORE's FREQ does.
    pub fn set_frequency(&mut self, key: &[u8], frequency: u8) {
        let now_secs = self.keyspace.now.wall.secs();
        self.set_access(key, eviction::access_for_frequency(frequency, now_secs));
    }

    fn set_access(&mut self, key: &[u8], access: u32) {
        let hash = self.hash_of(key);
        if let Some(word) = self.live(hash, key) {
            // SAFETY: the word was just given, and `&mut self` makes it exclusive.
            unsafe { self.look(word).set_access(access) };
        }
    }

    /// Empties the database, and says how many keys are gone. What they held is
    /// queued as garbage, unless it is little and `lazy` is not asked for.
    pub fn flush(&mut self, lazy: bool) -> usize {
        let gone = self.keyspace.empty(self.index, lazy);
        self.keyspace.changes.push(Change::Flushed { db: Some(self.index) });
        gone
    }

    // What the stores above have in common.

    /// The deadline that a key gets when its value is replaced.
    fn deadline_for(&self, held: Option<Held>, ttl: Ttl) -> Option<u64> {
        match (ttl, held) {
            (Ttl::At(at), _) => Some(at),
            (Ttl::Keep, Some(Held { word, live: true })) => self.look(word).deadline(),
            _ => None,
        }
    }

    /// The access bits that a key gets when its value is replaced: they go on, as it is used once more.
    fn access_for(&mut self, held: Option<Held>) -> u32 {
        match held {
            Some(Held { word, live: true }) => {
                self.used(word);
                self.look(word).access()
            }
            _ => self.fresh_access(),
        }
    }

    /// Writes a string over the old one in place, where that is possible. Snapshots must have seen it.
    #[inline]
    fn overwrite(
        &mut self,
        hash: u64,
        held: Option<Held>,
        value: Str<'_>,
        deadline: Option<u64>,
    ) -> bool {
        let Some(Held { word, .. }) = held else { return false };
        let before = self.look(word).deadline();
        // SAFETY: the word was given by `held`, nothing was moved since, and `&mut self` makes it exclusive.
        if !unsafe { self.look(word).overwrite(value, deadline) } {
            return false;
        }
        if before.is_some() || deadline.is_some() {
            let space = self.space_mut();
            space.remove_deadline(before);
            space.add_deadline(deadline);
            if let Some(at) = deadline {
                space.table.note_deadline(hash, at);
            }
        }
        true
    }

    /// Puts an entry into the table, and gives the one it replaces.
    fn set_entry(
        &mut self,
        hash: u64,
        key: &[u8],
        held: Option<Held>,
        entry: Entry,
    ) -> Option<Entry> {
        let deadline = entry.as_ref().deadline();
        let space = self.space_mut();
        space.add_deadline(deadline);
        let old = match held.and_then(|_| space.table.occupied_hashed(hash, key)) {
            Some(mut found) => Some(found.replace(entry)),
            None => {
                space.table.insert_new_hashed(hash, entry);
                None
            }
        };
        if let Some(at) = deadline {
            space.table.note_deadline(hash, at);
        }
        if let Some(old) = &old {
            space.remove_deadline(old.as_ref().deadline());
        }
        old
    }

    /// Tells of a new key, and whether it is one.
    fn came(&mut self, key: &[u8], held: Option<Held>) -> bool {
        let new = !held.is_some_and(|held| held.live);
        if new {
            self.notify(EventClass::NEW, "new", key);
        }
        new
    }
}
