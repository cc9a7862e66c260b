//! A bucket: one cache line with eight slots, each a tag of eight hash bits and a word of 48 bits.
//!
//! A full bucket gives its last slot to the address of a child bucket, so a bucket and its children are a chain.
//! Only the head of a chain uses its stamp.

use std::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error};
use std::ptr::NonNull;

/// How many slots a bucket has when it has no child.
pub(super) const SLOTS: usize = 8;

/// Words must lie below this: addresses of user space on 64-bit machines, with the usual four-level page tables.
pub(super) const WORD_LIMIT: u64 = 1 << 48;

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// One cache line. All zero bytes are a valid, empty bucket.
#[repr(C, align(64))]
pub(super) struct Bucket {
    /// 0 marks an empty slot. Invariant: 255 in the last slot of a bucket with a child.
    tags: [u8; SLOTS],
    /// Snapshots up to this one have seen the chain's content.
    pub(super) stamp: u32,
    /// Whether the last slot holds a child's address.
    chained: bool,
    spare: [u8; 3],
    words: [[u8; 6]; SLOTS],
}

/// The slots of one bucket that some question was answered with yes for, as high bits of bytes.
#[derive(Clone, Copy)]
pub(super) struct Hits(u64);

impl Iterator for Hits {
    type Item = usize;

    #[inline(always)]
    fn next(&mut self) -> Option<usize> {
        if self.0 == 0 {
            return None;
        }
        let slot = self.0.trailing_zeros() as usize / 8;
        self.0 &= self.0 - 1;
        Some(slot)
    }
}

impl Bucket {
    /// Which slots carry this tag; with 0, which are empty.
    #[inline(always)]
    pub(super) fn tagged(&self, tag: u8) -> Hits {
        // A byte of `diff` is zero where the tag matches. Adding 0x7f to the low seven bits of a byte carries into
        // its high bit unless they are all zero, so this is exact: no byte disturbs its neighbour.
        let diff = u64::from_le_bytes(self.tags) ^ (ONES * u64::from(tag));
        let nonzero = ((diff & !HIGHS) + !HIGHS) | diff;
        Hits(!nonzero & self.usable())
    }

    /// Which slots hold an item.
    #[inline(always)]
    pub(super) fn occupied(&self) -> Hits {
        Hits(!self.tagged(0).0 & self.usable())
    }

    /// How many slots hold an item.
    pub(super) fn count(&self) -> usize {
        self.occupied().0.count_ones() as usize
    }

    #[inline(always)]
    fn usable(&self) -> u64 {
        if self.chained { HIGHS >> 8 } else { HIGHS }
    }

    /// The word in a slot.
    #[inline(always)]
    pub(super) fn word(&self, slot: usize) -> u64 {
        let [a, b, c, d, e, f] = self.words[slot];
        u64::from_le_bytes([a, b, c, d, e, f, 0, 0])
    }

    /// The tag of a slot.
    pub(super) fn tag(&self, slot: usize) -> u8 {
        self.tags[slot]
    }

    /// Replaces the word in a slot and leaves its tag.
    #[inline(always)]
    pub(super) fn set_word(&mut self, slot: usize, word: u64) {
        debug_assert!(word < WORD_LIMIT);
        let [a, b, c, d, e, f, _, _] = word.to_le_bytes();
        self.words[slot] = [a, b, c, d, e, f];
    }

    /// Fills a slot.
    #[inline(always)]
    pub(super) fn set(&mut self, slot: usize, tag: u8, word: u64) {
        debug_assert!(tag != 0);
        self.set_word(slot, word);
        self.tags[slot] = tag;
    }

    /// Empties a slot.
    pub(super) fn clear(&mut self, slot: usize) {
        self.tags[slot] = 0;
    }

    /// The next bucket of the chain.
    #[inline(always)]
    pub(super) fn child(&self) -> Option<NonNull<Bucket>> {
        if self.chained {
            NonNull::new(std::ptr::with_exposed_provenance_mut(self.word(SLOTS - 1) as usize))
        } else {
            None
        }
    }

    /// Makes room behind a full bucket without a child: its last item moves into a new child.
    pub(super) fn add_child(&mut self) -> NonNull<Bucket> {
        assert!(!self.chained && self.tagged(0).0 == 0, "only a full tail gets a child");
        let mut child = alloc_buckets(1);
        // SAFETY: just allocated, zeroed (a valid empty bucket), and nobody else knows of it.
        unsafe { child.as_mut() }.set(0, self.tags[SLOTS - 1], self.word(SLOTS - 1));
        let address = child.as_ptr().expose_provenance() as u64;
        assert!(address < WORD_LIMIT, "an address of more than 48 bits");
        self.set(SLOTS - 1, 0xff, address);
        self.chained = true;
        child
    }

    /// Lets go of the child, which the caller frees.
    pub(super) fn forget_child(&mut self) {
        self.chained = false;
        self.tags[SLOTS - 1] = 0;
    }

    /// Empties the bucket and forgets its child, but keeps the stamp.
    pub(super) fn reset(&mut self) {
        self.tags = [0; SLOTS];
        self.chained = false;
    }
}

fn layout(n: usize) -> Layout {
    Layout::array::<Bucket>(n).expect("as many buckets as fit the address space")
}

/// `n` empty buckets in a row.
pub(super) fn alloc_buckets(n: usize) -> NonNull<Bucket> {
    // SAFETY: n is not zero at any call, so the layout has a size.
    let start = unsafe { alloc_zeroed(layout(n)) };
    NonNull::new(start.cast()).unwrap_or_else(|| handle_alloc_error(layout(n)))
}

/// Gives back what `alloc_buckets` gave.
///
/// # Safety
/// `start` came from `alloc_buckets(n)` with the same `n`, and nobody uses the buckets any more.
pub(super) unsafe fn free_buckets(start: NonNull<Bucket>, n: usize) {
    // SAFETY: the caller's promise, and the same layout as at the allocation.
    unsafe { dealloc(start.as_ptr().cast(), layout(n)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_is_a_cache_line() {
        assert_eq!(std::mem::size_of::<Bucket>(), 64);
    }

    #[test]
    fn tags_are_matched_exactly() {
        // SAFETY: all zero bytes are a valid bucket.
        let mut bucket: Bucket = unsafe { std::mem::zeroed() };
        for (slot, tag) in [(0, 1), (1, 0x80), (2, 0x81), (3, 1), (5, 0xff), (7, 0x7f)] {
            bucket.set(slot, tag, 1 << (40 + slot));
        }
        for tag in 0..=255u8 {
            let want: Vec<usize> = (0..SLOTS).filter(|&slot| bucket.tags[slot] == tag).collect();
            assert_eq!(bucket.tagged(tag).collect::<Vec<_>>(), want, "{tag}");
        }
        assert_eq!(bucket.occupied().collect::<Vec<_>>(), [0, 1, 2, 3, 5, 7]);
        assert_eq!(bucket.word(7), 1 << 47);
    }
}
