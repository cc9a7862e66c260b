//! The packed sequence Redis calls a listpack, byte for byte: what small collections live in, and what RDB
//! files and DUMP payloads carry unchanged.
//!
//! `<total bytes: u32> <elements: u16, 65535 = too many to say> entry... 0xff`, little-endian. An entry is its
//! encoding and payload followed by their length written so that it can be read from its end backwards; that is
//! what makes walking in both directions possible.
//!
//! Positions are byte offsets of entries. [`Listpack::end`] is the position after the last one. A position stays
//! good until something at or before it changes.

mod entry;
mod iter;
mod validate;

pub use entry::encoded_len;
pub use iter::{Iter, Pairs};
pub use validate::Corrupt;

use crate::element::Element;
use entry::Encoded;

/// Bytes before the first entry.
const HEADER: usize = 6;
/// The byte that ends every listpack.
const END: u8 = 0xff;
/// In the header's count: count them yourself.
const UNKNOWN: u16 = u16::MAX;
/// A listpack is never grown beyond this many bytes.
pub const MAX_BYTES: usize = 1 << 30;

/// A packed sequence of elements. Its bytes are always a well-formed listpack.
#[derive(PartialEq, Eq)]
pub struct Listpack {
    bytes: Vec<u8>,
}

impl Default for Listpack {
    fn default() -> Listpack {
        Listpack::new()
    }
}

impl Clone for Listpack {
    fn clone(&self) -> Listpack {
        // Exactly as large as needed: a copy carries no room to grow.
        Listpack { bytes: self.bytes.as_slice().to_vec() }
    }
}

impl std::fmt::Debug for Listpack {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl Listpack {
    /// An empty sequence: seven bytes.
    pub fn new() -> Listpack {
        Listpack { bytes: vec![7, 0, 0, 0, 0, 0, END] }
    }

    /// Takes bytes from a stranger, after checking every entry.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Listpack, Corrupt> {
        validate::validate(&bytes)?;
        Ok(Listpack { bytes })
    }

    /// Takes bytes that [`Listpack::validate`] has accepted. Others make later calls panic or answer nonsense,
    /// but nothing worse.
    pub fn from_valid(bytes: Vec<u8>) -> Listpack {
        debug_assert!(validate::validate(&bytes).is_ok(), "these bytes are no listpack");
        Listpack { bytes }
    }

    /// Whether these bytes are a listpack in every entry. Never panics.
    pub fn validate(bytes: &[u8]) -> Result<(), Corrupt> {
        validate::validate(bytes)
    }

    /// The sequence as it goes into an RDB file.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The bytes themselves.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// How many bytes the sequence takes, header and end included.
    pub fn byte_len(&self) -> usize {
        self.bytes.len()
    }

    /// How many bytes are allocated for it.
    pub fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    /// How many elements there are. Constant time up to 65534 elements, linear beyond.
    pub fn len(&self) -> usize {
        match self.stored_count() {
            UNKNOWN => self.iter().count(),
            count => usize::from(count),
        }
    }

    /// Whether there is no element.
    pub fn is_empty(&self) -> bool {
        self.first() == self.end()
    }

    /// The position of the first element; [`Listpack::end`] where there is none.
    pub fn first(&self) -> usize {
        HEADER
    }

    /// The position after the last element.
    pub fn end(&self) -> usize {
        self.bytes.len() - 1
    }

    /// The position after the entry at `at`.
    pub fn next(&self, at: usize) -> usize {
        at + entry::whole_len(&self.bytes[at..])
    }

    /// The position of the entry before `at`; `None` at the first.
    pub fn prev(&self, at: usize) -> Option<usize> {
        (at > HEADER).then(|| entry::start_before(&self.bytes, at))
    }

    /// The element at a position that is not the end.
    pub fn at(&self, at: usize) -> Element<'_> {
        entry::decode(&self.bytes[at..]).0
    }

    /// The position of the `index`th element, walking from the nearer end; `None` beyond the last.
    pub fn seek(&self, index: usize) -> Option<usize> {
        let len = self.len();
        if index >= len {
            return None;
        }
        if index <= len / 2 {
            let mut at = self.first();
            (0..index).for_each(|_| at = self.next(at));
            Some(at)
        } else {
            let mut at = self.end();
            (index..len).for_each(|_| at = entry::start_before(&self.bytes, at));
            Some(at)
        }
    }

    /// The `index`th element.
    pub fn get(&self, index: usize) -> Option<Element<'_>> {
        self.seek(index).map(|at| self.at(at))
    }

    /// The elements in order, from either end.
    pub fn iter(&self) -> Iter<'_> {
        Iter::new(&self.bytes, HEADER, self.end())
    }

    /// The elements of these indexes, cut to what there is.
    pub fn slice(&self, range: std::ops::Range<usize>) -> Iter<'_> {
        let to = self.seek(range.end).unwrap_or(self.end());
        let from = if range.start < range.end { self.seek(range.start).unwrap_or(to) } else { to };
        Iter::new(&self.bytes, from, to)
    }

    /// The elements from the position `from` on.
    pub fn iter_from(&self, from: usize) -> Iter<'_> {
        Iter::new(&self.bytes, from, self.end())
    }

    /// The elements before the position `to`; meant to be walked backwards.
    pub fn iter_until(&self, to: usize) -> Iter<'_> {
        Iter::new(&self.bytes, HEADER, to)
    }

    /// The elements two by two, as hashes and sorted sets keep them. A lone last element is left out.
    pub fn pairs(&self) -> Pairs<'_> {
        Pairs::new(self.iter())
    }

    /// The first position at or after `from` that holds `needle`, looking at every `step`th entry only.
    pub fn find(&self, from: usize, needle: &[u8], step: usize) -> Option<usize> {
        let integer = stdx::integer::parse_i64(needle);
        let end = self.end();
        let mut at = from;
        while at < end {
            let (element, whole) = entry::decode(&self.bytes[at..]);
            let same = match element {
                Element::Bytes(bytes) => bytes == needle,
                Element::Int(value) => integer == Some(value),
            };
            if same {
                return Some(at);
            }
            at += whole;
            for _ in 1..step {
                if at < end {
                    at = self.next(at);
                }
            }
        }
        None
    }

    /// Whether `more` bytes of payload can be added without passing [`MAX_BYTES`].
    pub fn has_room(&self, more: usize) -> bool {
        self.bytes.len() + more <= MAX_BYTES
    }

    /// Adds an element at the end.
    pub fn push_back(&mut self, element: Element<'_>) {
        self.insert(self.end(), element);
    }

    /// Adds an element at the beginning.
    pub fn push_front(&mut self, element: Element<'_>) {
        self.insert(HEADER, element);
    }

    /// Adds an element before the entry at `at` (or at the end). `at` is its position then.
    pub fn insert(&mut self, at: usize, element: Element<'_>) {
        let encoded = Encoded::new(element);
        self.splice(at, 0, encoded.parts());
        self.count_added(1);
    }

    /// Puts an element in the place of the one at `at`.
    pub fn replace(&mut self, at: usize, element: Element<'_>) {
        let old = entry::whole_len(&self.bytes[at..]);
        let encoded = Encoded::new(element);
        self.splice(at, old, encoded.parts());
    }

    /// Takes the element at `at` away; what followed it is at `at` then.
    pub fn remove(&mut self, at: usize) {
        self.remove_many(at, 1);
    }

    /// Takes up to `count` elements away from `at` on; what followed them is at `at` then. Tells how many.
    pub fn remove_many(&mut self, at: usize, count: usize) -> usize {
        let mut to = at;
        let mut removed = 0;
        while removed < count && to < self.end() {
            to = self.next(to);
            removed += 1;
        }
        self.splice(at, to - at, [&[], &[], &[]]);
        self.count_removed(removed);
        removed
    }

    /// Takes everything from `at` on into a sequence of its own.
    pub fn split_off(&mut self, at: usize) -> Listpack {
        let mut tail = Listpack::new();
        tail.append_entries(&self.bytes[at..self.end()], self.iter_from(at).count());
        let end = self.end();
        self.splice(at, end - at, [&[], &[], &[]]);
        self.count_removed(tail.len());
        tail
    }

    /// Adds all elements of `other` at the end.
    pub fn append(&mut self, other: &Listpack) {
        self.append_entries(&other.bytes[HEADER..other.end()], other.len());
    }

    /// Gives unused room back.
    pub fn shrink_to_fit(&mut self) {
        self.bytes.shrink_to_fit();
    }

    fn append_entries(&mut self, entries: &[u8], count: usize) {
        let end = self.end();
        self.splice(end, 0, [entries, &[], &[]]);
        self.count_added(count);
    }

    /// Replaces `old` bytes at `at` by `parts`, and writes the total down.
    fn splice(&mut self, at: usize, old: usize, parts: [&[u8]; 3]) {
        let new: usize = parts.iter().map(|part| part.len()).sum();
        let before = self.bytes.len();
        let after = before - old + new;
        assert!(after <= u32::MAX as usize, "a listpack counts its bytes in 32 bits");
        if new > old {
            self.reserve(after);
            self.bytes.resize(after, 0);
        }
        self.bytes.copy_within(at + old..before, at + new);
        if new < old {
            self.bytes.truncate(after);
            if self.bytes.capacity() > 2 * after + 64 {
                self.bytes.shrink_to(after + after / 8);
            }
        }
        let mut to = at;
        for part in parts {
            self.bytes[to..to + part.len()].copy_from_slice(part);
            to += part.len();
        }
        self.bytes[..4].copy_from_slice(&(after as u32).to_le_bytes());
    }

    /// Makes room for `total` bytes. Grows to the next size an allocator would hand out anyway (four per
    /// doubling), so that a sequence growing element by element moves rarely and wastes little.
    fn reserve(&mut self, total: usize) {
        if total > self.bytes.capacity() {
            let step = (total.next_power_of_two() / 8).max(8);
            let target = total.div_ceil(step) * step;
            self.bytes.reserve_exact(target - self.bytes.len());
        }
    }

    fn stored_count(&self) -> u16 {
        u16::from_le_bytes([self.bytes[4], self.bytes[5]])
    }

    fn store_count(&mut self, count: usize) {
        let count = u16::try_from(count).unwrap_or(UNKNOWN);
        self.bytes[4..6].copy_from_slice(&count.to_le_bytes());
    }

    fn count_added(&mut self, more: usize) {
        if self.stored_count() != UNKNOWN {
            self.store_count(usize::from(self.stored_count()) + more);
        }
    }

    fn count_removed(&mut self, fewer: usize) {
        match self.stored_count() {
            // The true count is unknown until somebody walks; do it only where the answer may be small again.
            UNKNOWN if self.bytes.len() < 3 * usize::from(UNKNOWN) => {
                self.store_count(self.iter().count())
            }
            UNKNOWN => {}
            count => self.store_count(usize::from(count) - fewer),
        }
    }
}

#[cfg(test)]
mod tests;
