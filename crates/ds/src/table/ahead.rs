//! Looking ahead: what lookups to come will touch is asked of memory for all of them, before the first one waits for it.
//!
//! The steps of one lookup depend on each other: the head of its chain tells where the item is, or the child to look
//! into. The same step of many lookups does not, so they are made side by side: all heads, then all items or children,
//! then the items found there.

use std::marker::PhantomData;
use std::ptr::NonNull;

use super::bucket::{Bucket, Link};
use super::{Item, Table, tag_of};

/// How many lookups are prepared at once: about as many cache lines as a core waits for.
pub const AHEAD_MAX: usize = 16;

/// Where a lookup will begin, of whatever the table is.
#[derive(Clone, Copy)]
pub struct Probe<'a> {
    /// Invariant: a bucket of a table that is borrowed for `'a`.
    head: NonNull<Bucket>,
    tag: u8,
    table: PhantomData<&'a ()>,
}

impl<I: Item> Table<I> {
    /// Where a lookup of this hash will begin.
    #[inline]
    pub fn probe(&self, hash: u64) -> Probe<'_> {
        Probe { head: self.head_ptr(self.index(hash)), tag: tag_of(hash), table: PhantomData }
    }

    /// Starts loading the items of a bucket, for a walk that will come to it; beyond the last, nothing happens.
    #[inline]
    pub fn prefetch_items(&self, index: usize) {
        if index < self.buckets {
            let head = self.link(index);
            head.occupied().for_each(|slot| prefetch(address_of(head.word(slot))));
        }
    }
}

/// Lookups to come, in tables of any kind.
#[derive(Default)]
pub struct Ahead<'a> {
    probes: [Option<Probe<'a>>; AHEAD_MAX],
    len: usize,
}

impl<'a> Ahead<'a> {
    /// Starts loading the bucket where a lookup will begin. Of more than [`AHEAD_MAX`] the rest is ignored.
    #[inline]
    pub fn add(&mut self, probe: Probe<'a>) {
        if self.len < AHEAD_MAX {
            prefetch(probe.head.as_ptr().cast());
            self.probes[self.len] = Some(probe);
            self.len += 1;
        }
    }

    /// Starts loading the items that the lookups most likely lead to. A hint that is wrong costs a cache line.
    #[inline]
    pub fn load(self) {
        // About a quarter of a table's items is not in the head of its chain.
        let mut children = [None; AHEAD_MAX];
        let mut further = 0;
        for Probe { head, tag, .. } in self.probes[..self.len].iter().flatten() {
            let head = Link::whole(*head);
            if let Some(slot) = head.tagged(*tag).next() {
                prefetch_item(head.word(slot));
            } else if let Some(child) = head.child() {
                prefetch(child.address());
                children[further] = Some((child, *tag));
                further += 1;
            }
        }
        for (child, tag) in children[..further].iter().flatten() {
            if let Some(slot) = child.tagged(*tag).next() {
                prefetch_item(child.word(slot));
            }
        }
    }
}

pub(super) fn address_of(word: u64) -> *const u8 {
    std::ptr::without_provenance(word as usize)
}

/// Starts loading the first two lines of an item: most end there, and begin in the middle of a line.
#[inline(always)]
fn prefetch_item(word: u64) {
    prefetch(address_of(word));
    prefetch(address_of(word + 64));
}

#[inline(always)]
pub(crate) fn prefetch(address: *const u8) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a prefetch reads nothing, it may be given any address.
    unsafe {
        use core::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(address.cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = address;
}
