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

use crate::block::Block;
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

/// A packed sequence of elements, in seven bytes that lead to others, which are always a well-formed listpack.
pub struct Listpack {
    /// Invariant: begins with a listpack, whose header tells its length.
    block: Block,
}

impl PartialEq for Listpack {
    fn eq(&self, other: &Listpack) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for Listpack {}

impl Default for Listpack {
    fn default() -> Listpack {
        Listpack::new()
    }
}

impl Clone for Listpack {
    fn clone(&self) -> Listpack {
        // No larger than needed: a copy carries no room to grow.
        Listpack { block: Block::of(self.as_bytes()) }
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
        Listpack { block: Block::of(&[7, 0, 0, 0, 0, 0, END]) }
    }

    /// Takes bytes from a stranger, after checking every entry.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Listpack, Corrupt> {
        validate::validate(&bytes)?;
        Ok(Listpack { block: Block::from_vec(bytes) })
    }

    /// Takes bytes that [`Listpack::validate`] has accepted. Others make later calls panic or answer nonsense,
    /// but nothing worse.
    pub fn from_valid(bytes: Vec<u8>) -> Listpack {
        debug_assert!(validate::validate(&bytes).is_ok(), "these bytes are no listpack");
        Listpack { block: Block::from_vec(bytes) }
    }

    /// Whether these bytes are a listpack in every entry. Never panics.
    pub fn validate(bytes: &[u8]) -> Result<(), Corrupt> {
        validate::validate(bytes)
    }

    /// The sequence as it goes into an RDB file.
    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        &self.block[..self.byte_len()]
    }

    /// Starts loading the first elements into the cache.
    #[inline]
    pub fn prefetch(&self) {
        self.block.prefetch();
    }

    /// The bytes themselves.
    pub fn into_bytes(self) -> Vec<u8> {
        let len = self.byte_len();
        self.block.into_vec(len)
    }

    /// How many bytes the sequence takes, header and end included.
    #[inline]
    pub fn byte_len(&self) -> usize {
        let [a, b, c, d, ..] = *self.block else { unreachable!("no block is so small") };
        u32::from_le_bytes([a, b, c, d]) as usize
    }

    /// How many bytes are allocated for it.
    pub fn capacity(&self) -> usize {
        self.block.room()
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
        self.byte_len() - 1
    }

    /// The position after the entry at `at`.
    pub fn next(&self, at: usize) -> usize {
        at + entry::whole_len(&self.as_bytes()[at..])
    }

    /// The position of the entry before `at`; `None` at the first.
    pub fn prev(&self, at: usize) -> Option<usize> {
        (at > HEADER).then(|| entry::start_before(self.as_bytes(), at))
    }

    /// The element at a position that is not the end.
    pub fn at(&self, at: usize) -> Element<'_> {
        entry::decode(&self.as_bytes()[at..]).0
    }

    /// The position of the `index`th element, walking from the nearer end; `None` beyond the last.
    pub fn seek(&self, index: usize) -> Option<usize> {
        let len = self.len();
        if index >= len {
            return None;
        }
        let bytes = self.as_bytes();
        if index <= len / 2 {
            let mut at = HEADER;
            (0..index).for_each(|_| at += entry::whole_len(&bytes[at..]));
            Some(at)
        } else {
            let mut at = bytes.len() - 1;
            (index..len).for_each(|_| at = entry::start_before(bytes, at));
            Some(at)
        }
    }

    /// The `index`th element.
    pub fn get(&self, index: usize) -> Option<Element<'_>> {
        self.seek(index).map(|at| self.at(at))
    }

    /// The elements in order, from either end.
    pub fn iter(&self) -> Iter<'_> {
        Iter::new(self.as_bytes(), HEADER, self.end())
    }

    /// The elements of these indexes, cut to what there is.
    pub fn slice(&self, range: std::ops::Range<usize>) -> Iter<'_> {
        let to = self.seek(range.end).unwrap_or(self.end());
        let from = if range.start < range.end { self.seek(range.start).unwrap_or(to) } else { to };
        Iter::new(self.as_bytes(), from, to)
    }

    /// The elements from the position `from` on.
    pub fn iter_from(&self, from: usize) -> Iter<'_> {
        Iter::new(self.as_bytes(), from, self.end())
    }

    /// The elements before the position `to`; meant to be walked backwards.
    pub fn iter_until(&self, to: usize) -> Iter<'_> {
        Iter::new(self.as_bytes(), HEADER, to)
    }

    /// The elements two by two, as hashes and sorted sets keep them. A lone last element is left out.
    pub fn pairs(&self) -> Pairs<'_> {
        Pairs::new(self.iter())
    }

    /// The first position at or after `from` that holds `needle`, looking at every `step`th entry only.
    pub fn find(&self, from: usize, needle: &[u8], step: usize) -> Option<usize> {
        let integer = stdx::integer::parse_i64(needle);
        let bytes = self.as_bytes();
        let end = bytes.len() - 1;
        let mut at = from;
        while at < end {
            let (element, whole) = entry::decode(&bytes[at..]);
            let same = match element {
                Element::Bytes(own) => own == needle,
                Element::Int(value) => integer == Some(value),
            };
            if same {
                return Some(at);
            }
            at += whole;
            for _ in 1..step {
                if at < end {
                    at += entry::whole_len(&bytes[at..]);
                }
            }
        }
        None
    }

    /// Whether `more` bytes of payload can be added without passing [`MAX_BYTES`].
    pub fn has_room(&self, more: usize) -> bool {
        self.byte_len() + more <= MAX_BYTES
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
        let old = entry::whole_len(&self.as_bytes()[at..]);
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
        tail.append_entries(&self.as_bytes()[at..self.end()], self.iter_from(at).count());
        let end = self.end();
        self.splice(at, end - at, [&[], &[], &[]]);
        self.count_removed(tail.len());
        tail
    }

    /// Adds all elements of `other` at the end.
    pub fn append(&mut self, other: &Listpack) {
        self.append_entries(&other.as_bytes()[HEADER..other.end()], other.len());
    }

    /// Gives unused room back.
    pub fn shrink_to_fit(&mut self) {
        self.block.resize(self.byte_len());
    }

    fn append_entries(&mut self, entries: &[u8], count: usize) {
        let end = self.end();
        self.splice(end, 0, [entries, &[], &[]]);
        self.count_added(count);
    }

    /// Replaces `old` bytes at `at` by `parts`, and writes the total down.
    fn splice(&mut self, at: usize, old: usize, parts: [&[u8]; 3]) {
        let new: usize = parts.iter().map(|part| part.len()).sum();
        let before = self.byte_len();
        let after = before - old + new;
        assert!(after <= u32::MAX as usize, "a listpack counts its bytes in 32 bits");
        self.block.reserve(after);
        let bytes = &mut *self.block;
        bytes.copy_within(at + old..before, at + new);
        let mut to = at;
        for part in parts {
            bytes[to..to + part.len()].copy_from_slice(part);
            to += part.len();
        }
        bytes[..4].copy_from_slice(&(after as u32).to_le_bytes());
        if bytes.len() > 2 * after + 64 {
            self.block.resize(after + after / 8);
        }
    }

    fn stored_count(&self) -> u16 {
        u16::from_le_bytes([self.block[4], self.block[5]])
    }

    fn store_count(&mut self, count: usize) {
        let count = u16::try_from(count).unwrap_or(UNKNOWN);
        self.block[4..6].copy_from_slice(&count.to_le_bytes());
    }

    fn count_added(&mut self, more: usize) {
        if self.stored_count() != UNKNOWN {
            self.store_count(usize::from(self.stored_count()) + more);
        }
    }

    fn count_removed(&mut self, fewer: usize) {
        match self.stored_count() {
            // The true count is unknown until somebody walks; do it only where the answer may be small again.
            UNKNOWN if self.byte_len() < 3 * usize::from(UNKNOWN) => {
                self.store_count(self.iter().count())
            }
            UNKNOWN => {}
            count => self.store_count(usize::from(count) - fewer),
        }
    }
}

#[cfg(test)]
mod tests;
