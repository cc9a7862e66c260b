//! An item where it lies in its table, to be replaced, changed or removed without a second search.

use super::bucket::{Link, WORD_LIMIT};
use super::{Item, Table};

/// A slot that holds an item.
pub struct Occupied<'t, I: Item> {
    table: &'t mut Table<I>,
    index: usize,
    /// Invariant: a bucket of the chain at `index`, whose slot `slot` is occupied.
    bucket: Link,
    slot: usize,
}

impl<'t, I: Item> Occupied<'t, I> {
    pub(super) fn new(
        table: &'t mut Table<I>,
        index: usize,
        bucket: Link,
        slot: usize,
    ) -> Occupied<'t, I> {
        Occupied { table, index, bucket, slot }
    }

    /// A look at the item.
    pub fn get(&self) -> I::Ref<'_> {
        // SAFETY: the slot is occupied, and the table is borrowed as long as the look lasts.
        unsafe { I::borrow(self.word()) }
    }

    /// A look at the item that outlives this handle.
    pub fn into_ref(self) -> I::Ref<'t> {
        // SAFETY: the slot is occupied, and `self` was the exclusive borrow of the table for `'t`.
        unsafe { I::borrow(self.word()) }
    }

    /// The word that owns the item. Whoever makes an item of it breaks the table's ownership, unless the item is
    /// only looked at or changed in place while this borrow of the table lasts, and its key stays the same.
    #[inline(always)]
    pub fn word(&self) -> u64 {
        self.bucket.word(self.slot)
    }

    /// Asserts (in debug builds) that the snapshots have seen the bucket: to be called before a change in place.
    #[inline(always)]
    pub fn assert_seen(&self) {
        self.table.assert_seen(self.index);
    }

    /// Puts another item with the same key in its place.
    pub fn replace(&mut self, item: I) -> I {
        self.assert_seen();
        let old = self.word();
        let new = item.into_word();
        assert!(new < WORD_LIMIT, "an item of more than 48 bits");
        self.bucket.set_word(self.slot, new);
        // SAFETY: the slot owned the old word, and owns another now.
        unsafe { I::from_word(old) }
    }

    /// Passes the item through a function that gives back one with the same key, which may lie elsewhere.
    pub fn change<R>(&mut self, change: impl FnOnce(I) -> (I, R)) -> R {
        self.assert_seen();
        // Without its word the slot must not be seen by anybody: a panic in between would drop the item twice.
        struct Abort;
        impl Drop for Abort {
            fn drop(&mut self) {
                std::process::abort();
            }
        }
        let abort = Abort;
        // SAFETY: ownership comes back with the word that replaces this one; if it does not, the process ends.
        let (item, result) = change(unsafe { I::from_word(self.word()) });
        std::mem::forget(abort);
        let word = item.into_word();
        assert!(word < WORD_LIMIT, "an item of more than 48 bits");
        self.bucket.set_word(self.slot, word);
        result
    }

    /// Notes when the item is due, in Unix milliseconds.
    pub fn note_deadline(&mut self, unix_ms: u64) {
        let bits = self.table.chunk_bits;
        self.table.minima.lower(self.index, bits, super::minima::bound(unix_ms));
    }

    /// Takes the item out.
    pub fn remove(mut self) -> I {
        self.assert_seen();
        let word = self.word();
        self.bucket.clear(self.slot);
        self.fill_gap();
        self.table.len -= 1;
        // One would keep up, more catch up.
        self.table.shrink(2);
        // SAFETY: the slot owned the word, and is empty now.
        unsafe { I::from_word(word) }
    }

    /// Moves the chain's last item into the slot just emptied, so that lookups stay short.
    fn fill_gap(&mut self) {
        // All are buckets of the exclusively borrowed table.
        let mut parent = Link::whole(self.table.head_ptr(self.index));
        let Some(mut tail) = parent.child() else { return };
        while let Some(next) = tail.child() {
            parent = tail;
            tail = next;
        }
        if tail != self.bucket {
            let slot = tail.occupied().next().expect("no child is empty");
            let (tag, word) = (tail.tag(slot), tail.word(slot));
            tail.clear(slot);
            self.bucket.set(self.slot, tag, word);
        }
        if tail.count() == 0 {
            parent.forget_child();
            self.table.uncount_child(tail);
            // SAFETY: its parent has just forgotten it.
            unsafe { tail.free() };
        }
    }
}
