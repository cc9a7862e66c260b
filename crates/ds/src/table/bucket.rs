//! A bucket: one cache line with eight slots, each a tag of eight hash bits and a word of 48 bits.
//!
//! A full bucket gives its last slot to the address of a child, so a bucket and its children are a chain. A child
//! begins as half a bucket with four slots, which most children never fill, and becomes a whole one when it must.
//! Only the head of a chain uses its stamp.

use std::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error};
use std::ptr::NonNull;

/// How many slots a bucket has when it has no child.
pub(super) const SLOTS: usize = 8;

/// How many slots half a bucket has.
pub(super) const HALF_SLOTS: usize = 4;

/// Words must lie below this: addresses of user space on 64-bit machines, with the usual four-level page tables.
pub(super) const WORD_LIMIT: u64 = 1 << 48;

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// One cache line. All zero bytes are a valid, empty bucket.
#[repr(C, align(64))]
pub(super) struct Bucket {
    half: Half,
    words: [[u8; 6]; SLOTS - HALF_SLOTS],
    /// Snapshots up to this one have seen the chain's content.
    pub(super) stamp: u32,
    chained: Chained,
    spare: [u8; 3],
}

/// Half a line: all tags, and the first words. By itself it is the last child of a chain, of which only the tags of its
/// own slots are ever set. All zero bytes are a valid, empty half.
#[repr(C, align(32))]
struct Half {
    /// 0 marks an empty slot. Invariant: 255 in the last slot of a bucket with a child.
    tags: [u8; SLOTS],
    words: [[u8; 6]; HALF_SLOTS],
}

/// What the last slot of a bucket holds.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Chained {
    /// An item, or nothing.
    No = 0,
    /// The address of a bucket.
    ToWhole = 1,
    /// The address of half a bucket.
    ToHalf = 2,
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

/// A bucket or half of one, wherever it is in its chain. Whoever has a link knows that the bucket is alive, and when
/// writing, that nobody else looks: every method reads or writes what belongs to it, without a check.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Link {
    at: NonNull<Half>,
    is_half: bool,
}

impl Link {
    /// A whole bucket.
    #[inline(always)]
    pub(super) fn whole(at: NonNull<Bucket>) -> Link {
        Link { at: at.cast(), is_half: false }
    }

    /// Where it begins.
    #[inline(always)]
    pub(super) fn address(self) -> *const u8 {
        self.at.as_ptr().cast()
    }

    /// Whether it is half a bucket.
    pub(super) fn is_half(self) -> bool {
        self.is_half
    }

    #[inline(always)]
    fn tags(self) -> u64 {
        // SAFETY: alive, as whoever has the link knows.
        u64::from_le_bytes(unsafe { (*self.at.as_ptr()).tags })
    }

    #[inline(always)]
    fn chained(self) -> Chained {
        if self.is_half {
            return Chained::No;
        }
        // SAFETY: alive and whole.
        unsafe { (*self.at.cast::<Bucket>().as_ptr()).chained }
    }

    #[inline(always)]
    fn set_chained(self, chained: Chained) {
        debug_assert!(!self.is_half, "half a bucket has no child");
        // SAFETY: alive and whole, and nobody else looks.
        unsafe { (*self.at.cast::<Bucket>().as_ptr()).chained = chained }
    }

    /// Which slots carry this tag; with 0, which are empty.
    #[inline(always)]
    pub(super) fn tagged(self, tag: u8) -> Hits {
        // A byte of `diff` is zero where the tag matches. Adding 0x7f to the low seven bits of a byte carries into
        // its high bit unless they are all zero, so this is exact: no byte disturbs its neighbour.
        let diff = self.tags() ^ (ONES * u64::from(tag));
        let nonzero = ((diff & !HIGHS) + !HIGHS) | diff;
        Hits(!nonzero & self.usable())
    }

    /// Which slots hold an item.
    #[inline(always)]
    pub(super) fn occupied(self) -> Hits {
        Hits(!self.tagged(0).0 & self.usable())
    }

    /// How many slots hold an item.
    pub(super) fn count(self) -> usize {
        self.occupied().0.count_ones() as usize
    }

    /// How many slots can hold an item.
    #[cfg(test)]
    pub(super) fn room(self) -> usize {
        self.usable().count_ones() as usize
    }

    #[inline(always)]
    fn usable(self) -> u64 {
        match self.chained() {
            Chained::No if self.is_half => HIGHS >> (64 - 8 * HALF_SLOTS),
            Chained::No => HIGHS,
            Chained::ToWhole | Chained::ToHalf => HIGHS >> 8,
        }
    }

    #[inline(always)]
    fn word_at(self, slot: usize) -> *mut [u8; 6] {
        debug_assert!(slot < if self.is_half { HALF_SLOTS } else { SLOTS });
        // Words follow one another, from the first half of a bucket into the second.
        // SAFETY: within what is there of the bucket.
        unsafe { self.at.as_ptr().byte_add(size_of::<[u8; SLOTS]>()).cast::<[u8; 6]>().add(slot) }
    }

    /// The word in a slot.
    #[inline(always)]
    pub(super) fn word(self, slot: usize) -> u64 {
        // SAFETY: alive, as whoever has the link knows.
        let [a, b, c, d, e, f] = unsafe { *self.word_at(slot) };
        u64::from_le_bytes([a, b, c, d, e, f, 0, 0])
    }

    /// The tag of a slot.
    pub(super) fn tag(self, slot: usize) -> u8 {
        self.tags().to_le_bytes()[slot]
    }

    /// Replaces the word in a slot and leaves its tag.
    #[inline(always)]
    pub(super) fn set_word(self, slot: usize, word: u64) {
        debug_assert!(word < WORD_LIMIT);
        let [a, b, c, d, e, f, _, _] = word.to_le_bytes();
        // SAFETY: alive, and nobody else looks.
        unsafe { *self.word_at(slot) = [a, b, c, d, e, f] };
    }

    #[inline(always)]
    fn set_tag(self, slot: usize, tag: u8) {
        // SAFETY: alive, and nobody else looks.
        unsafe { (*self.at.as_ptr()).tags[slot] = tag };
    }

    /// Fills a slot.
    #[inline(always)]
    pub(super) fn set(self, slot: usize, tag: u8, word: u64) {
        debug_assert!(tag != 0);
        self.set_word(slot, word);
        self.set_tag(slot, tag);
    }

    /// Empties a slot.
    pub(super) fn clear(self, slot: usize) {
        self.set_tag(slot, 0);
    }

    /// The next bucket of the chain.
    #[inline(always)]
    pub(super) fn child(self) -> Option<Link> {
        let is_half = match self.chained() {
            Chained::No => return None,
            Chained::ToWhole => false,
            Chained::ToHalf => true,
        };
        let at = std::ptr::with_exposed_provenance_mut(self.word(SLOTS - 1) as usize);
        Some(Link { at: NonNull::new(at)?, is_half })
    }

    fn set_child(self, child: Link) {
        let address = child.at.as_ptr().expose_provenance() as u64;
        assert!(address < WORD_LIMIT, "an address of more than 48 bits");
        self.set(SLOTS - 1, 0xff, address);
        self.set_chained(if child.is_half { Chained::ToHalf } else { Chained::ToWhole });
    }

    /// Makes room behind a full bucket without a child: its last item moves into a new child, half a bucket.
    pub(super) fn add_child(self) -> Link {
        assert!(
            self.chained() == Chained::No && self.count() == SLOTS,
            "only a full tail gets a child"
        );
        // SAFETY: the layout has a size.
        let start = unsafe { alloc_zeroed(HALF) };
        let at = NonNull::new(start.cast()).unwrap_or_else(|| handle_alloc_error(HALF));
        let child = Link { at, is_half: true };
        child.set(0, self.tag(SLOTS - 1), self.word(SLOTS - 1));
        self.set_child(child);
        child
    }

    /// Puts a whole bucket in the place of this one's child, which is half of one.
    pub(super) fn widen_child(self) -> Link {
        let half = self.child().filter(|child| child.is_half).expect("the child is half a bucket");
        let whole = Link::whole(alloc_buckets(1));
        for slot in half.occupied() {
            whole.set(slot, half.tag(slot), half.word(slot));
        }
        self.set_child(whole);
        // SAFETY: its parent has just forgotten it.
        unsafe { half.free() };
        whole
    }

    /// Lets go of the child, which the caller frees.
    pub(super) fn forget_child(self) {
        self.set_chained(Chained::No);
        self.set_tag(SLOTS - 1, 0);
    }

    /// Empties a whole bucket and forgets its child, but keeps the stamp.
    pub(super) fn reset(self) {
        self.set_chained(Chained::No);
        // SAFETY: alive, and nobody else looks.
        unsafe { (*self.at.as_ptr()).tags = [0; SLOTS] };
    }

    /// Gives a child back.
    ///
    /// # Safety
    /// It is a child that nobody uses any more.
    pub(super) unsafe fn free(self) {
        if self.is_half {
            // SAFETY: allocated with this layout, by `add_child`.
            unsafe { dealloc(self.at.as_ptr().cast(), HALF) }
        } else {
            // SAFETY: allocated by `widen_child`.
            unsafe { free_buckets(self.at.cast(), 1) }
        }
    }
}

const HALF: Layout = Layout::new::<Half>();

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
        assert_eq!((size_of::<Bucket>(), size_of::<Half>()), (64, 32));
    }

    #[test]
    fn tags_are_matched_exactly() {
        let start = alloc_buckets(1);
        let bucket = Link::whole(start);
        for (slot, tag) in [(0, 1), (1, 0x80), (2, 0x81), (3, 1), (5, 0xff), (7, 0x7f)] {
            bucket.set(slot, tag, 1 << (40 + slot));
        }
        for tag in 0..=255u8 {
            let want: Vec<usize> = (0..SLOTS).filter(|&slot| bucket.tag(slot) == tag).collect();
            assert_eq!(bucket.tagged(tag).collect::<Vec<_>>(), want, "{tag}");
        }
        assert_eq!(bucket.occupied().collect::<Vec<_>>(), [0, 1, 2, 3, 5, 7]);
        assert_eq!(bucket.word(7), 1 << 47);
        // SAFETY: nobody uses it any more.
        unsafe { free_buckets(start, 1) };
    }

    #[test]
    fn a_child_grows_from_a_half() {
        let start = alloc_buckets(1);
        let bucket = Link::whole(start);
        (0..SLOTS).for_each(|slot| bucket.set(slot, 7, slot as u64));
        let half = bucket.add_child();
        assert_eq!((bucket.count(), bucket.room(), half.count(), half.room()), (7, 7, 1, 4));
        (1..HALF_SLOTS).for_each(|slot| half.set(slot, 9, 90 + slot as u64));
        assert_eq!(half.tagged(0).next(), None);
        let whole = bucket.widen_child();
        assert!(bucket.child() == Some(whole) && !whole.is_half());
        assert_eq!(
            whole.occupied().map(|slot| whole.word(slot)).collect::<Vec<_>>(),
            [7, 91, 92, 93]
        );
        assert_eq!((whole.tag(0), whole.tag(3), whole.room()), (7, 9, SLOTS));
        bucket.forget_child();
        assert_eq!((bucket.count(), bucket.child().is_none()), (7, true));
        // SAFETY: nobody uses them any more.
        unsafe {
            whole.free();
            free_buckets(start, 1);
        }
    }
}
