//! A hash table that grows and shrinks one bucket at a time, after Litwin's linear hashing.
//!
//! # Design
//! Buckets are cache lines (`bucket.rs`) numbered from 0. With `n` of them and `2^L <= n < 2^(L+1)`, a hash belongs
//! into the bucket that its low `L+1` bits name, or, where that one does not exist yet, its low `L` bits. One more
//! bucket, `n`, takes only items of bucket `n - 2^L`: growth is a single split, shrinking a single merge, and no step
//! depends on the size of the table. Uneven buckets (a bucket waiting for its split holds twice as many items) are
//! evened out by chains of children, which are half as large until they must hold more.
//!
//! ```text
//!     n = 5, L = 2:   000*  01  10  11  100*      * already split: three bits decide, two elsewhere
//! ```
//!
//! Buckets lie in chunks of `2^chunk_bits`, so that nothing is ever copied; only the first chunk of a small table
//! grows by doubling, so that a table of seven items is one cache line.
//!
//! # Snapshots
//! Every chain carries the number of the last snapshot that has seen its content (`stamp`). The table only keeps the
//! stamps: whoever changes a chain calls [`Table::unseen`] first and shows the content to the snapshots that miss
//! it. A split gives both halves the same stamp, and merging rests while snapshots are about.
//!
//! # Invariants
//! `hmask == 2^(L+1) - 1`; chains are compact (only the last bucket of a chain has empty slots beside the one just
//! emptied); a word is owned by exactly one slot.

mod ahead;
mod bucket;
mod minima;
mod occupied;
mod scan;

#[cfg(test)]
mod tests;

use std::marker::PhantomData;
use std::ptr::NonNull;

use crate::Seed;
pub(crate) use ahead::prefetch;
pub use ahead::{AHEAD_MAX, Ahead, Probe};
use bucket::{Bucket, Link, SLOTS, WORD_LIMIT, alloc_buckets, free_buckets};
use minima::Minima;
pub use occupied::Occupied;
pub use scan::Chain;

/// Something that fits a slot: 48 bits, usually the address of one allocation.
///
/// # Safety
/// `into_word` gives less than 2^48, and `from_word` and `borrow` of that word give the same thing again.
pub unsafe trait Item: Sized + 'static {
    /// What lookups hand out.
    type Ref<'a>: Copy;

    /// Gives ownership away into a word.
    fn into_word(self) -> u64;

    /// Takes ownership back.
    ///
    /// # Safety
    /// The word came from `into_word`, and ownership is taken once.
    unsafe fn from_word(word: u64) -> Self;

    /// A look at the item while the word owns it.
    ///
    /// # Safety
    /// The word came from `into_word`, and for `'a` the item is neither taken back nor changed.
    unsafe fn borrow<'a>(word: u64) -> Self::Ref<'a>;

    /// What the item is found by. (An implementation repeats the signature with `Self::Ref<'a>` as it stands.)
    fn key<'a>(item: Self::Ref<'a>) -> &'a [u8];

    /// When the item is due, in Unix milliseconds; noted by [`Table::note_deadline`].
    fn deadline(_item: Self::Ref<'_>) -> Option<u64> {
        None
    }
}

/// Split when there are more than so many items for every hundred slots outside child buckets. At 85 a key takes 11.4
/// bytes of the table and a hit 0.17 lines of children; at 95 it is 10.8 and 0.22 (at the worst, and on average).
const FILL_MAX: usize = 95;
/// Merge when there are fewer.
const FILL_MIN: usize = 60;

/// A hash table of [`Item`]s.
pub struct Table<I: Item> {
    chunks: Vec<NonNull<Bucket>>,
    minima: Minima,
    /// Invariant: at least 1.
    buckets: usize,
    hmask: u64,
    len: usize,
    seed: Seed,
    /// Chains with a lower stamp have content that some snapshot has yet to see; 0 without snapshots.
    protected: u32,
    /// How many buckets the first chunk has room for, while it is the only one.
    first_room: u32,
    chunk_bits: u8,
    /// No chain is longer, counted in buckets; it may be more than there is now.
    depth: u8,
    /// How many children are whole buckets, and how many are halves.
    wholes: u32,
    halves: u32,
    owns: PhantomData<I>,
}

// SAFETY: the table owns its buckets and items exclusively; the pointers are never shared.
unsafe impl<I: Item + Send> Send for Table<I> {}

impl<I: Item> Table<I> {
    /// A table for the inside of a value: it starts with one bucket and grows in chunks of 4 KiB.
    pub fn new(seed: Seed) -> Table<I> {
        Table::with_chunks(seed, 6, 0)
    }

    /// An empty table with chunks of `2^chunk_bits` buckets, whose content no snapshot up to `stamp` wants to see.
    pub fn with_chunks(seed: Seed, chunk_bits: u8, stamp: u32) -> Table<I> {
        assert!(chunk_bits < 32, "chunks of a sensible size");
        let mut table = Table {
            chunks: vec![alloc_buckets(1)],
            minima: Minima::default(),
            buckets: 1,
            hmask: 1,
            len: 0,
            seed,
            protected: 0,
            first_room: 1,
            chunk_bits,
            depth: 1,
            wholes: 0,
            halves: 0,
            owns: PhantomData,
        };
        table.head_mut(0).stamp = stamp;
        table
    }

    /// How many items there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How many buckets there are: the range of the indexes that other methods take. It changes with the content.
    pub fn buckets(&self) -> usize {
        self.buckets
    }

    /// What keys are hashed with.
    pub fn seed(&self) -> Seed {
        self.seed
    }

    /// The hash of a key in this table, for the methods that take one.
    #[inline]
    pub fn hash(&self, key: &[u8]) -> u64 {
        self.seed.hash(key)
    }

    /// Bytes that the table itself takes on the heap, without the items.
    pub fn heap_bytes(&self) -> usize {
        let room = match self.chunks.len() {
            1 => self.first_room as usize,
            n => n << self.chunk_bits,
        };
        64 * (room + self.wholes as usize)
            + 32 * self.halves as usize
            + self.chunks.capacity() * size_of::<NonNull<Bucket>>()
            + self.minima.heap_bytes()
    }

    // Where things are.

    #[inline(always)]
    fn index(&self, hash: u64) -> usize {
        let index = (hash & self.hmask) as usize;
        if index < self.buckets { index } else { index & (self.hmask >> 1) as usize }
    }

    #[inline(always)]
    fn head_ptr(&self, index: usize) -> NonNull<Bucket> {
        debug_assert!(index < self.buckets);
        let chunk = self.chunks[index >> self.chunk_bits];
        // SAFETY: the chunk at `index >> chunk_bits` has room for the bucket, since `index < buckets`.
        unsafe { chunk.add(index & ((1 << self.chunk_bits) - 1)) }
    }

    /// The head of a chain, to be looked at or (by `&mut self`) changed.
    #[inline(always)]
    fn link(&self, index: usize) -> Link {
        Link::whole(self.head_ptr(index))
    }

    #[inline(always)]
    fn head(&self, index: usize) -> &Bucket {
        // SAFETY: buckets below `buckets` are initialised, and are written through `&mut self` only.
        unsafe { self.head_ptr(index).as_ref() }
    }

    #[inline(always)]
    fn head_mut(&mut self, index: usize) -> &mut Bucket {
        // SAFETY: as above, and `&mut self` makes the access exclusive.
        unsafe { self.head_ptr(index).as_mut() }
    }

    #[inline(always)]
    fn locate(&self, index: usize, hash: u64, key: &[u8]) -> Option<(Link, usize)> {
        let head = self.link(index);
        if let Some(slot) = Self::find(head, hash, key) {
            return Some((head, slot));
        }
        let mut next = head.child();
        while let Some(child) = next {
            if let Some(slot) = Self::find(child, hash, key) {
                return Some((child, slot));
            }
            next = child.child();
        }
        None
    }

    #[inline(always)]
    fn find(bucket: Link, hash: u64, key: &[u8]) -> Option<usize> {
        bucket.tagged(tag_of(hash)).find(|&slot| {
            // SAFETY: an occupied slot owns its item; the borrow ends before anything changes.
            I::key(unsafe { I::borrow(bucket.word(slot)) }) == key
        })
    }

    // Reading.

    /// The item with this key.
    pub fn get(&self, key: &[u8]) -> Option<I::Ref<'_>> {
        self.get_hashed(self.hash(key), key)
    }

    /// As [`Table::get`], with the key's hash in hand.
    #[inline]
    pub fn get_hashed(&self, hash: u64, key: &[u8]) -> Option<I::Ref<'_>> {
        let (bucket, slot) = self.locate(self.index(hash), hash, key)?;
        // SAFETY: `locate` gave an occupied slot; the borrow of `self` keeps the item as it is.
        Some(unsafe { I::borrow(bucket.word(slot)) })
    }

    /// Whether there is an item with this key.
    pub fn contains(&self, key: &[u8]) -> bool {
        self.get(key).is_some()
    }

    // Changing.

    /// The item with this key, to be replaced, changed or removed.
    pub fn occupied(&mut self, key: &[u8]) -> Option<Occupied<'_, I>> {
        self.occupied_hashed(self.hash(key), key)
    }

    /// As [`Table::occupied`], with the key's hash in hand.
    #[inline]
    pub fn occupied_hashed(&mut self, hash: u64, key: &[u8]) -> Option<Occupied<'_, I>> {
        let index = self.index(hash);
        let (bucket, slot) = self.locate(index, hash, key)?;
        Some(Occupied::new(self, index, bucket, slot))
    }

    /// Adds an item whose key must not be there yet.
    pub fn insert_new(&mut self, item: I) {
        let word = item.into_word();
        // SAFETY: the word was just made; the borrow ends with the statement.
        let hash = self.hash(I::key(unsafe { I::borrow(word) }));
        self.insert_word(hash, word);
    }

    /// As [`Table::insert_new`], with the key's hash in hand.
    #[inline]
    pub fn insert_new_hashed(&mut self, hash: u64, item: I) {
        self.insert_word(hash, item.into_word());
    }

    fn insert_word(&mut self, hash: u64, word: u64) {
        assert!(word < WORD_LIMIT, "an item of more than 48 bits");
        let index = self.index(hash);
        self.assert_seen(index);
        self.place(index, tag_of(hash), word);
        self.len += 1;
        if self.len * 100 > self.buckets * SLOTS * FILL_MAX {
            self.split();
        }
    }

    /// Adds an item, and gives back the one with the same key that it replaces.
    pub fn insert(&mut self, item: I) -> Option<I> {
        let word = item.into_word();
        // SAFETY: the word was just made, and its item is borrowed until it is stored.
        let key = I::key(unsafe { I::borrow(word) });
        let hash = self.hash(key);
        if let Some(mut found) = self.occupied_hashed(hash, key) {
            // SAFETY: ownership of the word is ours; it passes to the table.
            return Some(found.replace(unsafe { I::from_word(word) }));
        }
        self.insert_word(hash, word);
        None
    }

    /// Takes out the item with this key.
    pub fn remove(&mut self, key: &[u8]) -> Option<I> {
        self.occupied(key).map(Occupied::remove)
    }

    /// Takes out everything.
    pub fn clear(&mut self) {
        *self = Table::with_chunks(self.seed, self.chunk_bits, 0);
    }

    #[inline]
    fn place(&mut self, index: usize, tag: u8, word: u64) {
        // All are buckets of this table, reached by `&mut self`.
        let mut bucket = self.link(index);
        let mut parent = bucket;
        let mut depth = 1;
        loop {
            if let Some(slot) = bucket.tagged(0).next() {
                bucket.set(slot, tag, word);
                break;
            }
            if bucket.is_half() {
                bucket = parent.widen_child();
                self.halves -= 1;
                self.wholes += 1;
                continue;
            }
            parent = bucket;
            bucket = match bucket.child() {
                Some(child) => child,
                None => {
                    self.halves += 1;
                    bucket.add_child()
                }
            };
            depth += 1;
        }
        self.depth = self.depth.max(depth);
    }

    fn uncount_child(&mut self, child: Link) {
        if child.is_half() {
            self.halves -= 1;
        } else {
            self.wholes -= 1;
        }
    }

    /// Empties a chain into a list of words, and frees its children.
    fn drain(&mut self, index: usize) -> Vec<u64> {
        let mut words = Vec::with_capacity(2 * SLOTS);
        let head = self.link(index);
        words.extend(head.occupied().map(|slot| head.word(slot)));
        let mut next = head.child();
        head.reset();
        while let Some(child) = next {
            words.extend(child.occupied().map(|slot| child.word(slot)));
            next = child.child();
            self.uncount_child(child);
            // SAFETY: the head has just forgotten what led here.
            unsafe { child.free() };
        }
        words
    }

    fn hash_of(&self, word: u64) -> u64 {
        // SAFETY: called with words that this table owns; the borrow ends with the call.
        self.hash(I::key(unsafe { I::borrow(word) }))
    }

    fn split(&mut self) {
        let high_bit = (self.hmask + 1) >> 1;
        let old = self.buckets - high_bit as usize;
        let words = self.drain(old);
        let stamp = self.head(old).stamp;
        self.add_bucket();
        let new = self.buckets - 1;
        self.head_mut(new).stamp = stamp;
        let bound = self.minima.of(old, self.chunk_bits);
        self.minima.lower(new, self.chunk_bits, bound);
        for word in words {
            let hash = self.hash_of(word);
            self.place(if hash & high_bit != 0 { new } else { old }, tag_of(hash), word);
        }
        self.prefetch_victims(old + 1, high_bit as usize);
    }

    /// The next buckets to be split are known, and all their items will be rehashed: let them come closer in the
    /// meantime, those in a child as well, for which the child itself must come one split earlier.
    fn prefetch_victims(&self, next: usize, end: usize) {
        if next + 1 < end
            && let Some(child) = self.link(next + 1).child()
        {
            ahead::prefetch(child.address());
        }
        let mut bucket = (next < end).then(|| self.link(next));
        while let Some(link) = bucket {
            let words = link.occupied().map(|slot| link.word(slot));
            words.for_each(|word| ahead::prefetch(ahead::address_of(word)));
            bucket = link.child();
        }
    }

    fn add_bucket(&mut self) {
        let chunk_room = 1 << self.chunk_bits;
        if self.chunks.len() == 1 && self.buckets < chunk_room {
            if self.buckets == self.first_room as usize {
                let room = 2 * self.buckets;
                let wider = alloc_buckets(room);
                // SAFETY: both are as long as said, and apart. Children are reached by address, so moving the
                // heads is enough.
                unsafe {
                    std::ptr::copy_nonoverlapping(
                        self.chunks[0].as_ptr(),
                        wider.as_ptr(),
                        self.buckets,
                    );
                    free_buckets(self.chunks[0], self.buckets);
                }
                self.chunks[0] = wider;
                self.first_room = room as u32;
            }
        } else if self.buckets == self.chunks.len() * chunk_room {
            self.chunks.push(alloc_buckets(chunk_room));
        }
        self.buckets += 1;
        self.hmask = mask_for(self.buckets);
        // A bucket that was merged away earlier left its memory behind, reset but with an old stamp; the caller
        // stamps it.
        debug_assert_eq!(self.link(self.buckets - 1).count(), 0);
    }

    /// Merges the last bucket into the one it was split from.
    fn merge(&mut self) {
        let last = self.buckets - 1;
        let into = last - ((mask_for(last) + 1) >> 1) as usize;
        let words = self.drain(last);
        let bound = self.minima.of(last, self.chunk_bits);
        self.minima.set(last, self.chunk_bits, minima::NEVER);
        self.minima.lower(into, self.chunk_bits, bound);
        let stamp = self.head(into).stamp.max(self.head(last).stamp);
        self.head_mut(into).stamp = stamp;
        self.buckets = last;
        self.hmask = mask_for(last);
        for word in words {
            let tag = tag_of(self.hash_of(word));
            self.place(into, tag, word);
        }
        let chunk_room = 1 << self.chunk_bits;
        if self.chunks.len() > 1 && last == (self.chunks.len() - 1) * chunk_room {
            let chunk = self.chunks.pop().expect("more than one");
            // SAFETY: chunks beyond the first have this size, and no bucket in it is left.
            unsafe { free_buckets(chunk, chunk_room) };
            self.minima.truncate(self.chunks.len());
            // Back at one chunk, it is as wide as it can get.
            self.first_room = chunk_room as u32;
        }
    }

    /// Merges up to `max` buckets, as far as there are too many for the items. While snapshots are about, buckets stay:
    /// whoever took items out meanwhile left a table that is as large as before, and costs as much to walk.
    pub fn shrink(&mut self, max: usize) {
        for _ in 0..max {
            // A merge would join chains that snapshots have seen with others that they have not.
            let sparse = self.len * 100 < self.buckets * SLOTS * FILL_MIN;
            if !sparse || self.buckets == 1 || self.protected != 0 {
                return;
            }
            self.merge();
        }
    }

    // Deadlines.

    /// Notes that an item of this key's bucket is due at that time, in Unix milliseconds.
    pub fn note_deadline(&mut self, hash: u64, unix_ms: u64) {
        let index = self.index(hash);
        self.minima.lower(index, self.chunk_bits, minima::bound(unix_ms));
    }

    /// The first bucket at or after `from` that may hold an item due at `now`, in Unix milliseconds.
    pub fn next_due(&mut self, from: usize, now: u64) -> Option<usize> {
        let due = self.minima.next_due(from, self.chunk_bits, minima::bound(now))?;
        (due < self.buckets).then_some(due)
    }

    /// Looks through a bucket for its next deadline, after the due items have been removed.
    pub fn refresh_deadline(&mut self, index: usize) {
        if index < self.buckets {
            let deadlines = self.bucket(index).filter_map(I::deadline);
            let bound = deadlines.map(minima::bound).min().unwrap_or(minima::NEVER);
            self.minima.set(index, self.chunk_bits, bound);
        }
    }

    /// No item is due before this time, in Unix milliseconds; nothing where none ever is.
    pub fn next_deadline(&self) -> Option<u64> {
        let least = self.minima.least();
        (least != minima::NEVER).then(|| u64::from(least) * 1000)
    }

    // Snapshots.

    /// From now on, chains with a stamp below `stamp` must be shown to snapshots before they change; 0 ends this.
    pub fn protect(&mut self, stamp: u32) {
        self.protected = stamp;
    }

    /// The bucket of this hash, where it has content that a snapshot has yet to see before it may change.
    #[inline(always)]
    pub fn unseen(&self, hash: u64) -> Option<usize> {
        if self.protected == 0 {
            return None;
        }
        let index = self.index(hash);
        (self.head(index).stamp < self.protected).then_some(index)
    }

    /// Snapshots up to this one have seen the bucket.
    pub fn stamp(&self, index: usize) -> u32 {
        self.head(index).stamp
    }

    /// Notes that snapshots up to this one have seen the bucket.
    pub fn set_stamp(&mut self, index: usize, stamp: u32) {
        self.head_mut(index).stamp = stamp;
    }

    #[inline(always)]
    fn assert_seen(&self, index: usize) {
        debug_assert!(
            self.head(index).stamp >= self.protected,
            "a bucket was to be changed before the snapshots had seen it"
        );
    }

    /// What a test may rely on after every step.
    #[cfg(test)]
    fn check_invariants(&self) {
        assert_eq!(self.hmask, mask_for(self.buckets));
        let (mut len, mut wholes, mut halves) = (0, 0, 0);
        for index in 0..self.buckets {
            let mut depth = 0;
            let mut next = Some(self.link(index));
            while let Some(bucket) = next {
                depth += 1;
                next = bucket.child();
                assert!(next.is_none() || bucket.count() == bucket.room(), "chains are compact");
                assert!(depth == 1 || bucket.count() > 0, "no child is empty");
                wholes += usize::from(depth > 1 && !bucket.is_half());
                halves += usize::from(bucket.is_half());
                for slot in bucket.occupied() {
                    let hash = self.hash_of(bucket.word(slot));
                    assert_eq!(self.index(hash), index);
                    assert_eq!(tag_of(hash), bucket.tag(slot));
                    len += 1;
                }
            }
            assert!(depth <= self.depth);
        }
        assert_eq!(len, self.len);
        assert_eq!((wholes, halves), (self.wholes as usize, self.halves as usize));
    }
}

impl<I: Item> Drop for Table<I> {
    fn drop(&mut self) {
        for index in 0..self.buckets {
            for word in self.drain(index) {
                // SAFETY: the slot owned it, and is reset.
                drop(unsafe { I::from_word(word) });
            }
        }
        let room = match self.chunks.len() {
            1 => self.first_room as usize,
            _ => 1 << self.chunk_bits,
        };
        for chunk in &self.chunks {
            // SAFETY: allocated with this size; the buckets are empty now.
            unsafe { free_buckets(*chunk, room) };
        }
    }
}

fn mask_for(buckets: usize) -> u64 {
    (2u64 << buckets.ilog2()) - 1
}

#[inline(always)]
fn tag_of(hash: u64) -> u8 {
    // 0 is the mark of an empty slot.
    ((hash >> 56) as u8).max(1)
}
