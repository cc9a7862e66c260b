//! Ways to walk a table: all of it, in steps while it changes, and at random.
//!
//! # The cursor of a scan
//! Bits of a bucket's number count from the low end: growth splits bucket `x` into `0x` and `1x` (one more bit in
//! front). Written backwards, a bucket is therefore an interval, and a split halves it:
//!
//! ```text
//!     bucket (binary)   backwards, as a fraction of all hashes
//!     0                 [0, 1/2)          00 -> [0, 1/4), 10 -> [1/4, 1/2)
//!     1                 [1/2, 1)          01 -> [1/2, 3/4), 11 -> [3/4, 1)
//! ```
//!
//! The cursor is the start of what is left, backwards, and every step walks the interval of the bucket it lies in
//! and goes on at that interval's end. Whether intervals were halved or joined meanwhile, what has been passed stays
//! passed, and what has not is still to come: an item that stays in the table for the whole scan is handed out.
//! Joined intervals may hand out some items twice.

use stdx::Prng;

use super::bucket::{Hits, Link, SLOTS};
use super::{Item, Table};

/// The items of one bucket and its children.
pub struct Chain<'t, I: Item> {
    /// Invariant: of the table borrowed for `'t`.
    bucket: Option<Link>,
    hits: Hits,
    owns: std::marker::PhantomData<&'t I>,
}

impl<'t, I: Item + 't> Iterator for Chain<'t, I> {
    type Item = I::Ref<'t>;

    #[inline]
    fn next(&mut self) -> Option<I::Ref<'t>> {
        loop {
            let bucket = self.bucket?;
            if let Some(slot) = self.hits.next() {
                // SAFETY: the slot is occupied, and the table is borrowed for `'t`.
                return Some(unsafe { I::borrow(bucket.word(slot)) });
            }
            self.bucket = bucket.child();
            if let Some(bucket) = self.bucket {
                self.hits = bucket.occupied();
            }
        }
    }
}

impl<I: Item> Table<I> {
    /// The items of a bucket.
    pub fn bucket(&self, index: usize) -> Chain<'_, I> {
        let head = self.link(index);
        Chain { bucket: Some(head), hits: head.occupied(), owns: std::marker::PhantomData }
    }

    /// All items, in no order.
    pub fn iter(&self) -> impl Iterator<Item = I::Ref<'_>> {
        (0..self.buckets()).flat_map(|index| self.bucket(index))
    }

    /// One step of a scan: hands out whole buckets until there were at least `count` items (or `10 * count` buckets
    /// came), and gives the cursor to go on with; 0 at the end, as at the start.
    pub fn scan(&self, mut cursor: u64, count: usize, mut each: impl FnMut(I::Ref<'_>)) -> u64 {
        let mut items = 0;
        let mut steps = 0;
        loop {
            let low = (cursor & (self.hmask >> 1)) as usize;
            // Whether this bucket is one of those already split, so that one bit more decides.
            let is_split = (low + ((self.hmask + 1) >> 1) as usize) < self.buckets;
            let mask = if is_split { self.hmask } else { self.hmask >> 1 };
            for item in self.bucket((cursor & mask) as usize) {
                items += 1;
                each(item);
            }
            cursor = (cursor | !mask).reverse_bits().wrapping_add(1).reverse_bits();
            steps += 1;
            if cursor == 0 || items >= count || steps >= count.saturating_mul(10) {
                return cursor;
            }
        }
    }

    /// Any item, every one as likely.
    pub fn random(&self, prng: &mut Prng) -> Option<I::Ref<'_>> {
        if self.is_empty() {
            return None;
        }
        // Buckets hold different numbers of items. Drawing a place among as many as the longest chain has, and
        // starting over where the place is empty, gives every item the same chance.
        let places = SLOTS as u64 * u64::from(self.depth);
        loop {
            let index = prng.below(self.buckets as u64) as usize;
            let place = prng.below(places) as usize;
            if let Some(item) = self.bucket(index).nth(place) {
                return Some(item);
            }
        }
    }

    /// Hands out whole buckets from a random place on, until there were at least `count` items or the table ends.
    /// Neighbours are as likely to be seen together as not: good for sampling, not for choosing evenly.
    pub fn sample(&self, prng: &mut Prng, count: usize, mut each: impl FnMut(I::Ref<'_>)) {
        let mut index = prng.below(self.buckets as u64) as usize;
        let mut items = 0;
        for _ in 0..self.buckets {
            for item in self.bucket(index) {
                items += 1;
                each(item);
            }
            if items >= count {
                return;
            }
            index = (index + 1) % self.buckets;
        }
    }
}
