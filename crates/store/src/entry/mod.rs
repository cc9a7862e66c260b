//! One key with all that belongs to it, in one allocation.
//!
//! ```text
//!     form 1 | flags 1 | access 3 | key length 1 | deadline 8 ? | key length 4 ? | key | payload
//! ```
//!
//! The payload is an integer, a short string behind its length, the three words of a `Vec` for a long string, or a
//! collection: what it is, and the address of what it holds. A key is found, and a short value read, with one cache
//! miss; a packed collection is read with another.

mod raw;

use std::alloc::{Layout, alloc, handle_alloc_error};
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::ptr::NonNull;

use ds::table::Item;

use crate::value::kept::Kept;
use crate::value::text::Text;
use crate::{Hash, List, Set, Str, Value, ValueRef, ZSet};
use raw::*;

/// Strings lie inside the entry while the entry is not longer than this.
const INLINE_ENTRY_MAX: usize = 256;

/// What goes behind the key.
enum Payload<'a> {
    Int(i64),
    Inline(&'a [u8]),
    Long(Vec<u8>),
    Text(Kept<Text>),
    List(List),
    Set(Set),
    Hash(Hash),
    ZSet(ZSet),
}

impl Payload<'_> {
    fn form(&self) -> Form {
        match self {
            Payload::Int(_) => Form::Int,
            Payload::Inline(_) => Form::Inline,
            Payload::Long(_) => Form::Long,
            Payload::Text(_) => Form::Text,
            Payload::List(_) => Form::List,
            Payload::Set(_) => Form::Set,
            Payload::Hash(_) => Form::Hash,
            Payload::ZSet(_) => Form::ZSet,
        }
    }

    fn size(&self) -> usize {
        match self {
            Payload::Int(_) => 8,
            Payload::Inline(bytes) => 1 + bytes.len(),
            Payload::Long(_) | Payload::Text(_) => LONG,
            Payload::List(_) | Payload::Set(_) | Payload::Hash(_) | Payload::ZSet(_) => COLLECTION,
        }
    }
}

/// An entry, owned.
pub(crate) struct Entry(Raw);

/// An entry looked at while its table is borrowed.
#[derive(Clone, Copy)]
pub(crate) struct EntryRef<'a> {
    raw: Raw,
    borrows: PhantomData<&'a Entry>,
}

// SAFETY: an entry owns what it points to, and its collections own theirs.
unsafe impl Send for Entry {}

impl Entry {
    fn build(
        key: &[u8],
        payload: Payload<'_>,
        deadline: Option<u64>,
        access: u32,
        flags: u8,
    ) -> Entry {
        let has_deadline = deadline.is_some() || flags & FLAG_DEADLINE != 0;
        let key_at = HEADER
            + if has_deadline { DEADLINE } else { 0 }
            + if key.len() >= WIDE { WIDE_LEN } else { 0 };
        let payload_at = key_at + key.len();
        let size = payload_at + payload.size();
        let layout = Layout::array::<u8>(size).expect("no key is as long as memory");
        // SAFETY: the layout is longer than a header.
        let block = unsafe { alloc(layout) };
        let raw = Raw(NonNull::new(block).unwrap_or_else(|| handle_alloc_error(layout)));
        raw.write(FORM_AT, payload.form() as u8);
        raw.write(FLAGS_AT, flags | if has_deadline { FLAG_DEADLINE } else { 0 });
        raw.set_access(access);
        raw.write(KEY_LEN_AT, key.len().min(WIDE) as u8);
        if has_deadline {
            raw.write(HEADER, deadline.unwrap_or(NEVER));
        }
        if key.len() >= WIDE {
            let len = u32::try_from(key.len()).expect("keys are shorter than 4 GiB");
            raw.write(key_at - WIDE_LEN, len);
        }
        // SAFETY: the block has room for the key at its place.
        unsafe { std::ptr::copy_nonoverlapping(key.as_ptr(), raw.at(key_at), key.len()) };
        match payload {
            Payload::Int(n) => raw.write(payload_at, n),
            Payload::Inline(bytes) => {
                raw.write(payload_at, u8::try_from(bytes.len()).expect("short strings only"));
                // SAFETY: the block has room for the bytes behind their length.
                unsafe {
                    let to = raw.at(payload_at + 1);
                    std::ptr::copy_nonoverlapping(bytes.as_ptr(), to, bytes.len());
                }
            }
            Payload::Long(bytes) => raw.set_long(bytes),
            Payload::Text(text) => raw.put(payload_at, text),
            Payload::List(list) => raw.put(payload_at, list),
            Payload::Set(set) => raw.put(payload_at, set),
            Payload::Hash(hash) => raw.put(payload_at, hash),
            Payload::ZSet(zset) => raw.put(payload_at, zset),
        }
        Entry(raw)
    }

    /// A string that spells no integer, or shall stay text.
    pub(crate) fn text(key: &[u8], bytes: &[u8], deadline: Option<u64>, access: u32) -> Entry {
        let payload = if fits_inline(key, bytes) {
            Payload::Inline(bytes)
        } else {
            Payload::Long(bytes.to_vec())
        };
        Entry::build(key, payload, deadline, access, 0)
    }

    /// Any value.
    pub(crate) fn new(key: &[u8], value: Value, deadline: Option<u64>, access: u32) -> Entry {
        let payload = match value {
            Value::Int(n) => Payload::Int(n),
            Value::Str(bytes) if fits_inline(key, &bytes) => {
                return Entry::text(key, &bytes, deadline, access);
            }
            Value::Str(bytes) => Payload::Long(bytes),
            Value::List(list) => Payload::List(list),
            Value::Set(set) => {
                set.set_away(false);
                Payload::Set(set)
            }
            Value::Hash(hash) => {
                hash.set_away(false);
                Payload::Hash(hash)
            }
            Value::ZSet(zset) => {
                zset.set_away(false);
                Payload::ZSet(zset)
            }
        };
        Entry::build(key, payload, deadline, access, 0)
    }

    /// A look at it.
    pub(crate) fn as_ref(&self) -> EntryRef<'_> {
        EntryRef { raw: self.0, borrows: PhantomData }
    }

    /// Takes the value out; the key is gone with the entry.
    pub(crate) fn into_value(self) -> Value {
        let raw = ManuallyDrop::new(self).0;
        // SAFETY: the form says what the payload is; it is taken out once, since only the block is freed after.
        let value = unsafe {
            match raw.form() {
                Form::Int => Value::Int(raw.read(raw.payload_at())),
                Form::Inline => Value::Str(raw.inline().to_vec()),
                Form::Long => Value::Str(ManuallyDrop::into_inner(raw.long())),
                Form::Text => Value::Str(raw.payload::<Kept<Text>>().read().take()),
                Form::List => Value::List(raw.payload::<List>().read()),
                Form::Set => Value::Set(raw.payload::<Set>().read()),
                Form::Hash => Value::Hash(raw.payload::<Hash>().read()),
                Form::ZSet => Value::ZSet(raw.payload::<ZSet>().read()),
            }
        };
        raw.free();
        match &value {
            Value::Set(set) => set.set_away(true),
            Value::Hash(hash) => hash.set_away(true),
            Value::ZSet(zset) => zset.set_away(true),
            Value::Int(_) | Value::Str(_) | Value::List(_) => {}
        }
        value
    }

    /// Sets or takes away the deadline; where there is no room for one, the entry moves.
    pub(crate) fn with_deadline(self, deadline: Option<u64>) -> Entry {
        if self.0.flag(FLAG_DEADLINE) {
            self.0.write(HEADER, deadline.unwrap_or(NEVER));
            return self;
        }
        if deadline.is_none() {
            return self;
        }
        let raw = ManuallyDrop::new(self).0;
        // SAFETY: the form says what the payload is; it moves, since only the block is freed after.
        let payload = unsafe {
            match raw.form() {
                Form::Int => Payload::Int(raw.read(raw.payload_at())),
                Form::Inline => Payload::Inline(raw.inline()),
                Form::Long => Payload::Long(ManuallyDrop::into_inner(raw.long())),
                Form::Text => Payload::Text(raw.payload::<Kept<Text>>().read()),
                Form::List => Payload::List(raw.payload::<List>().read()),
                Form::Set => Payload::Set(raw.payload::<Set>().read()),
                Form::Hash => Payload::Hash(raw.payload::<Hash>().read()),
                Form::ZSet => Payload::ZSet(raw.payload::<ZSet>().read()),
            }
        };
        let moved = Entry::build(raw.key(), payload, deadline, raw.access(), raw.read(FLAGS_AT));
        raw.free();
        moved
    }

    /// Writes bytes over the string from `offset` on, with zeros in between where it was shorter, and gives the new
    /// length. A long string grows by doubling, so that many small appends stay cheap. The entry may move.
    pub(crate) fn splice(self, offset: usize, bytes: &[u8]) -> (Entry, usize) {
        let raw = self.0;
        let mark = || raw.write(FLAGS_AT, raw.read::<u8>(FLAGS_AT) | FLAG_EDITED);
        let end = offset + bytes.len();
        match raw.form() {
            Form::Long => {
                let mut text = ManuallyDrop::into_inner(raw.long());
                splice_vec(&mut text, offset, bytes);
                let len = text.len();
                raw.set_long(text);
                mark();
                (self, len)
            }
            Form::Text => {
                // SAFETY: the form says what the payload is, and `self` owns it.
                let text = unsafe { &mut *raw.payload::<Kept<Text>>() };
                let len = text.change(offset, end, |text| splice_vec(text, offset, bytes));
                mark();
                (self, len)
            }
            Form::Inline if end <= raw.inline().len() => {
                // SAFETY: within the string's bytes, which `self` owns.
                unsafe {
                    let to = raw.at(raw.payload_at() + 1 + offset);
                    std::ptr::copy_nonoverlapping(bytes.as_ptr(), to, bytes.len());
                }
                mark();
                (self, raw.inline().len())
            }
            Form::Int | Form::Inline => {
                let mut text = match raw.value() {
                    ValueRef::Str(text) => text.to_vec(),
                    _ => Vec::new(),
                };
                splice_vec(&mut text, offset, bytes);
                let len = text.len();
                let flags = raw.read::<u8>(FLAGS_AT) | FLAG_EDITED;
                let payload = if fits_inline(raw.key(), &text) {
                    Payload::Inline(&text)
                } else {
                    Payload::Long(text.clone())
                };
                (Entry::build(raw.key(), payload, raw.deadline(), raw.access(), flags), len)
            }
            _ => unreachable!("the caller has seen that this is a string"),
        }
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        let raw = self.0;
        match raw.form() {
            Form::Int | Form::Inline => {}
            Form::Long => drop(ManuallyDrop::into_inner(raw.long())),
            // SAFETY: the entry owned what the form says, and ends here.
            Form::Text => unsafe { raw.payload::<Kept<Text>>().drop_in_place() },
            // SAFETY: as above.
            Form::List => unsafe { raw.payload::<List>().drop_in_place() },
            // SAFETY: as above.
            Form::Set => unsafe { raw.payload::<Set>().drop_in_place() },
            // SAFETY: as above.
            Form::Hash => unsafe { raw.payload::<Hash>().drop_in_place() },
            // SAFETY: as above.
            Form::ZSet => unsafe { raw.payload::<ZSet>().drop_in_place() },
        }
        raw.free();
    }
}

fn fits_inline(key: &[u8], bytes: &[u8]) -> bool {
    HEADER + DEADLINE + key.len() + 1 + bytes.len() <= INLINE_ENTRY_MAX
}

fn splice_vec(text: &mut Vec<u8>, offset: usize, bytes: &[u8]) {
    let end = offset + bytes.len();
    if text.len() < end {
        text.resize(end, 0);
    }
    text[offset..end].copy_from_slice(bytes);
}

impl<'a> EntryRef<'a> {
    /// The entry at this address.
    ///
    /// # Safety
    /// The word is an entry's, and for `'a` the entry stays where it is and is changed through this look alone.
    pub(crate) unsafe fn from_word(word: u64) -> EntryRef<'a> {
        let address = std::ptr::with_exposed_provenance_mut(word as usize);
        EntryRef {
            raw: Raw(NonNull::new(address).expect("no entry is at zero")),
            borrows: PhantomData,
        }
    }

    /// The key.
    #[inline(always)]
    pub(crate) fn key(self) -> &'a [u8] {
        self.raw.key()
    }

    /// The value.
    #[inline]
    pub(crate) fn value(self) -> ValueRef<'a> {
        self.raw.value()
    }

    /// When the key expires, in Unix milliseconds.
    #[inline(always)]
    pub(crate) fn deadline(self) -> Option<u64> {
        self.raw.deadline()
    }

    /// The 24 bits that eviction goes by.
    pub(crate) fn access(self) -> u32 {
        self.raw.access()
    }

    /// Whether the string was edited in place.
    pub(crate) fn is_edited(self) -> bool {
        self.raw.flag(FLAG_EDITED)
    }

    /// Bytes of the entry's own block.
    pub(crate) fn size(self) -> usize {
        self.raw.size()
    }

    /// Bytes that a long string has room for; 0 for anything else.
    pub(crate) fn long_room(self) -> usize {
        match self.raw.form() {
            Form::Long => self.raw.long().capacity(),
            // SAFETY: the form says what the payload is, which lives as long as the entry.
            Form::Text => unsafe { &*self.raw.payload::<Kept<Text>>() }.room(),
            _ => 0,
        }
    }

    /// Whether freeing the value takes long enough to leave it to somebody else.
    pub(crate) fn is_costly(self) -> bool {
        match self.value() {
            ValueRef::Str(text) => text.len() > 1 << 20,
            collection => collection.len() > 64,
        }
    }

    /// Sets the 24 bits that eviction goes by.
    ///
    /// # Safety
    /// The look was made under an exclusive borrow of the table.
    pub(crate) unsafe fn set_access(self, access: u32) {
        if self.raw.access() != access {
            self.raw.set_access(access);
        }
    }

    /// Writes a string over a string of the same length, or an integer over an integer, in place, where the deadline
    /// needs no room that is not there. False where that is not possible, and nothing was done.
    ///
    /// # Safety
    /// The look was made under an exclusive borrow of the table, and nobody looks at the string.
    pub(crate) unsafe fn overwrite(self, value: Str<'_>, deadline: Option<u64>) -> bool {
        let raw = self.raw;
        if deadline.is_some() && !raw.flag(FLAG_DEADLINE) {
            return false;
        }
        match (raw.form(), value) {
            (Form::Int, Str::Int(n)) => raw.write(raw.payload_at(), n),
            (Form::Inline, Str::Bytes(bytes)) if raw.inline().len() == bytes.len() => {
                // SAFETY: exactly that many bytes are there, and the caller says that nobody looks at them.
                unsafe {
                    let to = raw.at(raw.payload_at() + 1);
                    std::ptr::copy_nonoverlapping(bytes.as_ptr(), to, bytes.len());
                }
            }
            _ => return false,
        }
        if raw.flag(FLAG_DEADLINE) {
            raw.write(HEADER, deadline.unwrap_or(NEVER));
        }
        raw.write(FLAGS_AT, raw.read::<u8>(FLAGS_AT) & !FLAG_EDITED);
        true
    }

    /// The string, where it is not inside of the entry, as something that can be watched.
    ///
    /// # Safety
    /// As for [`EntryRef::collection`].
    pub(crate) unsafe fn text(self) -> Option<&'a mut Kept<Text>> {
        let raw = self.raw;
        if raw.form() == Form::Long {
            let bytes = ManuallyDrop::into_inner(raw.long());
            raw.put(raw.payload_at(), Kept::new(Text::new(bytes)));
            raw.write(FORM_AT, Form::Text as u8);
        }
        // SAFETY: the form says what the payload is, and the caller says that nobody else looks.
        (raw.form() == Form::Text).then(|| unsafe { &mut *raw.payload() })
    }

    /// The collection, to be changed; nothing for strings.
    ///
    /// # Safety
    /// The look was made under an exclusive borrow of the table for `'a`, and is not used beside what is given back.
    pub(crate) unsafe fn collection(self) -> Option<CollectionMut<'a>> {
        // SAFETY: the form says what is there, and the caller says that nobody else looks.
        unsafe {
            match self.raw.form() {
                Form::Int | Form::Inline | Form::Long | Form::Text => None,
                Form::List => Some(CollectionMut::List(&mut *self.raw.payload())),
                Form::Set => Some(CollectionMut::Set(&mut *self.raw.payload())),
                Form::Hash => Some(CollectionMut::Hash(&mut *self.raw.payload())),
                Form::ZSet => Some(CollectionMut::ZSet(&mut *self.raw.payload())),
            }
        }
    }
}

/// A collection where it is kept, to be changed.
pub(crate) enum CollectionMut<'a> {
    /// A list.
    List(&'a mut List),
    /// A set.
    Set(&'a mut Set),
    /// A hash.
    Hash(&'a mut Hash),
    /// A sorted set.
    ZSet(&'a mut ZSet),
}

// SAFETY: the word is the address of the entry's block, which user space keeps below 2^48 (the table asserts it).
unsafe impl Item for Entry {
    type Ref<'a> = EntryRef<'a>;

    #[inline(always)]
    fn into_word(self) -> u64 {
        ManuallyDrop::new(self).0.0.as_ptr().expose_provenance() as u64
    }

    #[inline(always)]
    unsafe fn from_word(word: u64) -> Entry {
        // SAFETY: the caller's promise.
        Entry(unsafe { EntryRef::from_word(word) }.raw)
    }

    #[inline(always)]
    unsafe fn borrow<'a>(word: u64) -> EntryRef<'a> {
        // SAFETY: the caller's promise.
        unsafe { EntryRef::from_word(word) }
    }

    #[inline(always)]
    fn key<'a>(item: Self::Ref<'a>) -> &'a [u8] {
        item.key()
    }

    fn deadline(item: EntryRef<'_>) -> Option<u64> {
        let fields = match item.value() {
            ValueRef::Hash(hash) => hash.next_expiry(),
            _ => None,
        };
        [item.deadline(), fields].into_iter().flatten().min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{End, Thresholds};

    fn text(entry: &Entry) -> Vec<u8> {
        match entry.as_ref().value() {
            ValueRef::Str(text) => text.to_vec(),
            _ => panic!("a string"),
        }
    }

    #[test]
    fn keys_and_values_of_any_length_come_back() {
        for key_len in [0, 1, 20, 254, 255, 256, 70_000] {
            for value_len in [0, 1, 44, 45, 200, 255, 256, 10_000] {
                for deadline in [None, Some(0), Some(1 << 40), Some(u64::MAX - 1)] {
                    let (key, value) = (vec![b'k'; key_len], vec![b'v'; value_len]);
                    let entry = Entry::text(&key, &value, deadline, 0xab_cdef);
                    assert_eq!(entry.as_ref().key(), key);
                    assert_eq!(text(&entry), value);
                    assert_eq!(entry.as_ref().deadline(), deadline);
                    assert_eq!(entry.as_ref().access(), 0xab_cdef);
                    let entry = entry.with_deadline(Some(5));
                    assert_eq!(entry.as_ref().deadline(), Some(5));
                    let entry = entry.with_deadline(None);
                    assert_eq!(entry.as_ref().deadline(), None);
                    assert_eq!((text(&entry), entry.as_ref().key()), (value.clone(), &key[..]));
                    assert!(matches!(entry.into_value(), Value::Str(bytes) if bytes == value));
                }
            }
        }
    }

    #[test]
    fn strings_are_edited_in_place_and_grow() {
        let mut entry = Entry::new(b"k", Value::Int(7), None, 0);
        let mut model = b"7".to_vec();
        for n in 0..600usize {
            let (offset, bytes) = (model.len() + n % 3, vec![b'a' + (n % 26) as u8; n % 5]);
            let (grown, len) = entry.splice(offset, &bytes);
            entry = grown;
            splice_vec(&mut model, offset, &bytes);
            assert_eq!((len, text(&entry)), (model.len(), model.clone()));
            assert!(entry.as_ref().is_edited());
        }
        let (entry, _) = entry.splice(1, b"XY");
        assert_eq!(&text(&entry)[..3], b"7XY");
    }

    #[test]
    fn same_lengths_are_overwritten() {
        let entry = Entry::text(b"k", b"abc", None, 0);
        let overwrite = |value: Str<'_>, deadline| {
            // SAFETY: the entry is in no table, and only looked at again below.
            unsafe { entry.as_ref().overwrite(value, deadline) }
        };
        assert!(overwrite(Str::Bytes(b"xyz"), None));
        assert!(!overwrite(Str::Bytes(b"xyz"), Some(1)), "no room for the deadline");
        assert!(!overwrite(Str::Bytes(b"wxyz"), None));
        assert!(!overwrite(Str::Int(1), None));
        assert_eq!(text(&entry), b"xyz");
    }

    /// Collections lie in entries at any address, and their elements elsewhere: both must survive every move.
    #[test]
    fn collections_are_owned_and_move_with_their_entry() {
        let limits = Thresholds::default();
        for (key_len, count) in [(0, 1), (1, 5), (7, 3), (16, 200), (300, 700)] {
            let words: Vec<String> = (0..count).map(|n| format!("word:{n}")).collect();
            let (mut list, mut set) = (List::new(), Set::new());
            let (mut hash, mut zset) = (Hash::new(), ZSet::new());
            for (n, word) in words.iter().enumerate() {
                list.push(End::Back, word.as_bytes(), &limits);
                set.insert(word.as_bytes(), &limits);
                hash.set(word.as_bytes(), b"value", &limits);
                zset.insert(word.as_bytes(), n as f64, &limits);
            }
            for value in [Value::List(list), Value::Set(set), Value::Hash(hash), Value::ZSet(zset)]
            {
                let (kind, memory) = (value.kind(), format!("{:?}", value.as_ref()));
                let entry = Entry::new(&vec![b'k'; key_len], value, None, 7);
                assert_eq!(entry.as_ref().value().kind(), kind);
                let entry = entry.with_deadline(Some(2));
                // SAFETY: the entry is in no table, and only looked at again below.
                match unsafe { entry.as_ref().collection() } {
                    Some(CollectionMut::List(list)) => list.push(End::Back, b"more", &limits),
                    Some(CollectionMut::Set(set)) => assert!(set.insert(b"more", &limits)),
                    Some(CollectionMut::Hash(hash)) => assert!(hash.set(b"more", b"", &limits)),
                    Some(CollectionMut::ZSet(zset)) => {
                        zset.insert(b"more", 1e9, &limits);
                    }
                    None => panic!("a collection"),
                }
                assert_eq!(entry.as_ref().value().len(), count + 1);
                assert_eq!((entry.as_ref().key().len(), entry.as_ref().access()), (key_len, 7));
                let mut value = entry.into_value();
                match &mut value {
                    Value::List(list) => drop(list.pop(End::Back, &limits)),
                    Value::Set(set) => assert!(set.remove(b"more")),
                    Value::Hash(hash) => assert!(hash.remove(b"more")),
                    Value::ZSet(zset) => drop(zset.remove(b"more")),
                    _ => panic!("a collection"),
                }
                if !matches!(value, Value::Hash(_) | Value::Set(_)) || count < 100 {
                    assert_eq!(format!("{:?}", value.as_ref()), memory, "order and all");
                }
            }
        }
    }
}
