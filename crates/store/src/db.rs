//! One database: the only way to its keys. Lazy expiry, what counts as a change, and who is told live here.

use stdx::integer::parse_i64;
use stdx::{Now, Prng};

use stdx::WrongType;

use crate::{
    Change, EventClass, Expiry, Hash, HashMut, Keyspace, Kind, List, ListMut, Set, SetMut,
    Settings, Str, Ttl, Value, ValueRef, ZSet, ZSetMut,
};

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

/// A key's value with what belongs to it.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) value: Value,
    pub(crate) expires: Option<u64>,
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

macro_rules! collection {
    ($kind:ident, $type:ident, $guard:ident, $field:ident, $read:ident, $write:ident, $create:ident) => {
        /// The collection under the key, to be read.
        pub fn $read(&mut self, key: &[u8]) -> Result<Option<&$type>, WrongType> {
            match self.get(key) {
                None => Ok(None),
                Some(ValueRef::$kind(found)) => Ok(Some(found)),
                Some(_) => Err(WrongType),
            }
        }

        /// The collection under the key, to be changed. Where it may have run empty, [`Db::remove_if_empty`] follows.
        pub fn $write(&mut self, key: &[u8]) -> Result<Option<$guard<'_>>, WrongType> {
            self.expire_if_due(key);
            let limits = &self.keyspace.settings.thresholds;
            match self.keyspace.dbs[self.index].get_mut(key).map(|item| &mut item.value) {
                None => Ok(None),
                Some(Value::$kind($field)) => Ok(Some($guard { $field, limits })),
                Some(_) => Err(WrongType),
            }
        }

        /// The collection under the key, made where there is none. The caller puts at least one element in.
        pub fn $create(&mut self, key: &[u8]) -> Result<$guard<'_>, WrongType> {
            self.expire_if_due(key);
            if !self.keyspace.dbs[self.index].contains_key(key) {
                self.put(key, Value::$kind(Box::new($type::new())), Ttl::Clear);
            }
            match self.$write(key)? {
                Some(guard) => Ok(guard),
                None => Err(WrongType),
            }
        }
    };
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

    // Reading.

    /// The value of a key.
    pub fn get(&mut self, key: &[u8]) -> Option<ValueRef<'_>> {
        self.expire_if_due(key);
        if self.visible(key) {
            self.keyspace.stats.hits += 1;
        } else {
            self.keyspace.stats.misses += 1;
            self.notify(EventClass::MISS, "keymiss", key);
            return None;
        }
        self.keyspace.dbs[self.index].get(key).map(|item| item.value.as_ref())
    }

    /// The value of a key, without a trace: nothing is counted or refreshed. An expired key is absent, but stays.
    pub fn peek(&self, key: &[u8]) -> Option<ValueRef<'_>> {
        if !self.visible(key) {
            return None;
        }
        self.keyspace.dbs[self.index].get(key).map(|item| item.value.as_ref())
    }

    /// The string under the key.
    pub fn string(&mut self, key: &[u8]) -> Result<Option<Str<'_>>, WrongType> {
        match self.get(key) {
            None => Ok(None),
            Some(ValueRef::Str(text)) => Ok(Some(text)),
            Some(_) => Err(WrongType),
        }
    }

    collection!(List, List, ListMut, list, list, list_mut, list_or_create);
    collection!(Set, Set, SetMut, set, set, set_mut, set_or_create);
    collection!(Hash, Hash, HashMut, hash, hash, hash_mut, hash_or_create);
    collection!(ZSet, ZSet, ZSetMut, zset, zset, zset_mut, zset_or_create);

    /// Whether the key is there; nothing is counted.
    pub fn exists(&mut self, key: &[u8]) -> bool {
        self.expire_if_due(key);
        self.visible(key)
    }

    /// The type of the value; nothing is counted.
    pub fn kind(&mut self, key: &[u8]) -> Option<Kind> {
        self.expire_if_due(key);
        self.peek(key).map(|value| value.kind())
    }

    /// When the key expires, in Unix milliseconds: nothing where there is no key, `Some(None)` where never.
    pub fn ttl(&mut self, key: &[u8]) -> Option<Option<u64>> {
        self.expire_if_due(key);
        if !self.visible(key) {
            return None;
        }
        self.keyspace.dbs[self.index].get(key).map(|item| item.expires)
    }

    /// What OBJECT tells about a key; nothing is counted or refreshed.
    pub fn info(&mut self, key: &[u8]) -> Option<KeyInfo> {
        self.expire_if_due(key);
        let kind = self.peek(key)?.kind();
        let expires = self.ttl(key)?;
        Some(KeyInfo { kind, encoding: "raw", idle_secs: 0, frequency: 0, expires })
    }

    /// How many bytes the key takes, values of collections estimated by `samples` elements (0: all of them).
    pub fn memory_usage(&mut self, key: &[u8], samples: usize) -> Option<usize> {
        let _ = samples;
        self.peek(key).map(|value| key.len() + value.len())
    }

    /// How many keys there are, those not yet noticed to be expired included.
    pub fn len(&self) -> usize {
        self.keyspace.dbs[self.index].len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many keys have a TTL.
    pub fn len_volatile(&self) -> usize {
        self.keyspace.dbs[self.index].values().filter(|item| item.expires.is_some()).count()
    }

    /// One step of SCAN: about `count` keys are handed out, and the next cursor is given; 0 at the end.
    pub fn scan(
        &mut self,
        cursor: u64,
        count: usize,
        mut f: impl FnMut(&[u8], ValueRef<'_>),
    ) -> u64 {
        let _ = (cursor, count);
        self.for_each(|key, value| f(key, value));
        0
    }

    /// Every key that is not expired, in no order.
    pub fn for_each(&mut self, mut f: impl FnMut(&[u8], ValueRef<'_>)) {
        for (key, item) in &self.keyspace.dbs[self.index] {
            if !self.keyspace.is_due(item.expires) {
                f(key, item.value.as_ref());
            }
        }
    }

    /// Any key, each as likely.
    pub fn random_key(&mut self, prng: &mut Prng) -> Option<Vec<u8>> {
        if self.is_empty() {
            return None;
        }
        let at = prng.below(self.len() as u64) as usize;
        self.keyspace.dbs[self.index].keys().nth(at).map(|key| key.to_vec())
    }

    /// The fingerprint of one value (DEBUG DIGEST-VALUE).
    pub fn digest_value(&mut self, key: &[u8]) -> Option<[u8; 20]> {
        self.peek(key).map(|_| [0; 20])
    }

    // Writing.

    /// Stores a value, whatever was there. True where the key is new.
    pub fn put(&mut self, key: &[u8], value: Value, ttl: Ttl) -> bool {
        self.expire_if_due(key);
        let waits = matches!(value, Value::List(_) | Value::ZSet(_));
        let old = self.keyspace.dbs[self.index].get(key);
        let expires = match ttl {
            Ttl::Keep => old.and_then(|item| item.expires),
            Ttl::Clear => None,
            Ttl::At(at) => Some(at),
        };
        let new = old.is_none();
        self.keyspace.dbs[self.index].insert(key.into(), Item { value, expires });
        if new {
            self.notify(EventClass::NEW, "new", key);
        }
        if waits && self.keyspace.observers.waiting {
            self.keyspace.changes.push(Change::Ready { db: self.index, key: key.into() });
        }
        new
    }

    /// Stores a string, as an integer where it spells one. True where the key is new.
    pub fn put_bytes(&mut self, key: &[u8], bytes: &[u8], ttl: Ttl) -> bool {
        self.put(key, Value::string(bytes), ttl)
    }

    /// Stores an integer. True where the key is new.
    pub fn put_int(&mut self, key: &[u8], value: i64, ttl: Ttl) -> bool {
        self.put(key, Value::Int(value), ttl)
    }

    /// Adds to the integer under the key, which counts as 0 where it is absent, and keeps the TTL.
    pub fn increment(&mut self, key: &[u8], by: i64) -> Result<i64, IncrementError> {
        self.expire_if_due(key);
        let old = match self.keyspace.dbs[self.index].get(key).map(|item| item.value.as_ref()) {
            None => 0,
            Some(ValueRef::Str(Str::Int(n))) => n,
            Some(ValueRef::Str(Str::Bytes(bytes))) => {
                parse_i64(bytes).ok_or(IncrementError::NotAnInteger)?
            }
            Some(_) => return Err(IncrementError::WrongType),
        };
        let new = old.checked_add(by).ok_or(IncrementError::Overflow)?;
        self.put_int(key, new, Ttl::Keep);
        Ok(new)
    }

    /// Puts bytes behind the string under the key, which counts as empty where it is absent, and gives the new
    /// length. A new string that spells an integer stays text, as in Redis.
    pub fn append(&mut self, key: &[u8], bytes: &[u8]) -> Result<usize, WrongType> {
        let offset = self.string_len(key)?;
        self.write_range(key, offset, bytes)
    }

    /// Writes over the string under the key from `offset` on, with zero bytes in between where it was shorter, and
    /// gives the new length.
    pub fn write_range(
        &mut self,
        key: &[u8],
        offset: usize,
        bytes: &[u8],
    ) -> Result<usize, WrongType> {
        self.expire_if_due(key);
        let mut text = match self.keyspace.dbs[self.index].get(key).map(|item| item.value.as_ref())
        {
            None => Vec::new(),
            Some(ValueRef::Str(text)) => text.to_vec(),
            Some(_) => return Err(WrongType),
        };
        let end = offset + bytes.len();
        if text.len() < end {
            text.resize(end, 0);
        }
        text[offset..end].copy_from_slice(bytes);
        let len = text.len();
        self.put(key, Value::Str(text), Ttl::Keep);
        Ok(len)
    }

    /// The length of the string under the key; nothing is counted.
    pub fn string_len(&mut self, key: &[u8]) -> Result<usize, WrongType> {
        self.expire_if_due(key);
        match self.peek(key) {
            None => Ok(0),
            Some(ValueRef::Str(text)) => Ok(text.len()),
            Some(_) => Err(WrongType),
        }
    }

    /// Deletes a key. False where there was none.
    pub fn remove(&mut self, key: &[u8]) -> bool {
        self.expire_if_due(key);
        self.keyspace.dbs[self.index].remove(key).is_some()
    }

    /// Deletes a key; a large value is queued as garbage instead of being freed on the spot.
    pub fn remove_lazily(&mut self, key: &[u8]) -> bool {
        self.remove(key)
    }

    /// Takes a value out, with the time at which it would have expired.
    pub fn take(&mut self, key: &[u8]) -> Option<(Value, Option<u64>)> {
        self.expire_if_due(key);
        self.keyspace.dbs[self.index].remove(key).map(|item| (item.value, item.expires))
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
        self.expire_if_due(key);
        let item = self.keyspace.dbs[self.index].get_mut(key);
        item.map(|item| item.expires = Some(unix_ms)).is_some()
    }

    /// Lets the key stay for ever. False where it is not there or would have stayed anyway.
    pub fn persist(&mut self, key: &[u8]) -> bool {
        self.expire_if_due(key);
        let item = self.keyspace.dbs[self.index].get_mut(key);
        item.is_some_and(|item| item.expires.take().is_some())
    }

    /// Refreshes the key's access bits (TOUCH). False where there is no key.
    pub fn touch(&mut self, key: &[u8]) -> bool {
        self.exists(key)
    }

    /// Sets how long ago the key was used last, as RESTORE's IDLETIME does.
    pub fn set_idle_secs(&mut self, key: &[u8], secs: u64) {
        let _ = (key, secs);
    }

    /// Sets how often the key was used, as RESTORE's FREQ does.
    pub fn set_frequency(&mut self, key: &[u8], frequency: u8) {
        let _ = (key, frequency);
    }

    /// Empties the database, and says how many keys are gone.
    pub fn flush(&mut self, lazy: bool) -> usize {
        let _ = lazy;
        let gone = self.len();
        self.keyspace.dbs[self.index].clear();
        self.keyspace.changes.push(Change::Flushed { db: Some(self.index) });
        gone
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

    // Expiry.

    fn visible(&self, key: &[u8]) -> bool {
        let item = self.keyspace.dbs[self.index].get(key);
        item.is_some_and(|item| !self.keyspace.is_due(item.expires))
    }

    fn expire_if_due(&mut self, key: &[u8]) {
        let item = self.keyspace.dbs[self.index].get(key);
        if self.keyspace.expiry == Expiry::Delete
            && item.is_some_and(|item| self.keyspace.is_due(item.expires))
        {
            self.expire(key);
        }
    }

    /// True if the key is held, whether or not its time is up. Nothing is counted or touched.
    pub fn holds(&self, key: &[u8]) -> bool {
        self.keyspace.dbs[self.index].contains_key(key)
    }

    /// True if the key is held though its time is up, whatever lookups do with such keys at the moment.
    pub fn is_expired(&self, key: &[u8]) -> bool {
        let item = self.keyspace.dbs[self.index].get(key);
        let expires = item.and_then(|item| item.expires);
        expires.is_some_and(|at| self.keyspace.now.wall.ms() > at)
    }

    pub(crate) fn expired_keys(&self) -> Vec<Box<[u8]>> {
        let items = self.keyspace.dbs[self.index].iter();
        let due = items.filter(|(_, item)| self.keyspace.is_due(item.expires));
        due.map(|(key, _)| key.clone()).collect()
    }

    pub(crate) fn evict(&mut self, key: &[u8]) -> bool {
        self.keyspace.dbs[self.index].remove(key);
        self.keyspace.stats.evicted_keys += 1;
        self.keyspace.changes.push(Change::Evicted { db: self.index, key: key.into() });
        self.touched(key);
        self.notify(EventClass::EVICTED, "evicted", key);
        true
    }

    pub(crate) fn expire(&mut self, key: &[u8]) {
        self.keyspace.dbs[self.index].remove(key);
        self.keyspace.stats.expired_keys += 1;
        self.keyspace.changes.push(Change::Expired { db: self.index, key: key.into() });
        self.touched(key);
        self.notify(EventClass::EXPIRED, "expired", key);
    }
}

impl Keyspace {
    fn is_due(&self, expires: Option<u64>) -> bool {
        self.expiry != Expiry::Ignore && expires.is_some_and(|at| self.now.wall.ms() > at)
    }
}
