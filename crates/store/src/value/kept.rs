//! What large values lie in: a box that one owner has, and that snapshots which have yet to see it keep alive.
//!
//! Whatever happens to the owner (it is deleted, overwritten, flushed, renamed), the content stays where it is until
//! the last snapshot has let go of it. Nothing is copied, and nobody has to tell the snapshots.

use std::cell::UnsafeCell;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use ds::Address;

/// The owner lies in a keyspace, or is about to be freed.
const HOME: u8 = 0;
/// The owner was taken out of a keyspace, and whoever has it may look at it at any time.
const AWAY: u8 = 1;
/// There is no owner any more.
const ORPHAN: u8 = 2;

/// Owns a `T` like a box does, but lets it be watched. It takes six bytes, wherever they lie.
pub(crate) struct Kept<T> {
    /// Invariant: from [`Arc::into_raw`] of an `Arc<Block<T>>`, of which this is one owner.
    at: Address,
    owns: PhantomData<(Arc<Block<T>>, Box<T>)>,
}

/// Keeps the content of a [`Kept`] alive, and looks at it when its owner does not.
pub(crate) struct Watch<T>(Arc<Block<T>>);

struct Block<T> {
    state: AtomicU8,
    content: UnsafeCell<T>,
}

// SAFETY: the content is reached by the owner as through a box, and by watches under the conditions of
// `Watch::content`, which leave one of them at a time.
unsafe impl<T: Send> Sync for Block<T> {}

impl<T> Kept<T> {
    /// Puts something into a box of its own.
    pub(crate) fn new(content: T) -> Kept<T> {
        let block = Block { state: AtomicU8::new(HOME), content: UnsafeCell::new(content) };
        let block = Arc::into_raw(Arc::new(block)).cast_mut();
        Kept {
            at: Address::of(NonNull::new(block).expect("no block is at zero")),
            owns: PhantomData,
        }
    }

    #[inline(always)]
    fn block(&self) -> &Block<T> {
        // SAFETY: the block lives as long as this, which is one of its owners.
        unsafe { &*self.at.pointer::<Block<T>>() }
    }

    /// The block as its owners have it; it is to be forgotten unless this one ends.
    fn shared(&self) -> ManuallyDrop<Arc<Block<T>>> {
        // SAFETY: as the invariant says; it is dropped once, by `drop`.
        ManuallyDrop::new(unsafe { Arc::from_raw(self.at.pointer::<Block<T>>()) })
    }

    /// Keeps the content alive, whatever becomes of the owner.
    pub(crate) fn watch(&self) -> Watch<T> {
        Watch(Arc::clone(&self.shared()))
    }

    /// Says that the owner leaves the keyspace, or comes (back) into one. While it is away, watches see nothing.
    pub(crate) fn set_away(&self, away: bool) {
        self.block().state.store(if away { AWAY } else { HOME }, Ordering::Release);
    }
}

impl<T> Deref for Kept<T> {
    type Target = T;

    #[inline(always)]
    fn deref(&self) -> &T {
        // SAFETY: this is the only owner, and watches stay away while it is borrowed.
        unsafe { &*self.block().content.get() }
    }
}

impl<T> DerefMut for Kept<T> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as above, and the owner is borrowed exclusively.
        unsafe { &mut *self.block().content.get() }
    }
}

impl<T> Drop for Kept<T> {
    fn drop(&mut self) {
        self.block().state.store(ORPHAN, Ordering::Release);
        drop(ManuallyDrop::into_inner(self.shared()));
    }
}

impl<T: Clone> Clone for Kept<T> {
    fn clone(&self) -> Kept<T> {
        Kept::new(T::clone(self))
    }
}

impl<T: std::fmt::Debug> std::fmt::Debug for Kept<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        (**self).fmt(f)
    }
}

impl<T> Watch<T> {
    /// Whether the content dies with this.
    pub(crate) fn is_last(&self) -> bool {
        Arc::strong_count(&self.0) == 1
    }

    /// The content, unless its owner is away.
    ///
    /// # Safety
    /// For the life of what is given, nothing in a keyspace is borrowed or changed, and no other watch is asked.
    pub(crate) unsafe fn content(&mut self) -> Option<&mut T> {
        if self.0.state.load(Ordering::Acquire) == AWAY {
            return None;
        }
        // SAFETY: the owner is in a keyspace, of which the caller knows that nothing is borrowed; or it waits to be
        // dropped, which touches nothing but the state and the count; or it is gone.
        Some(unsafe { &mut *self.0.content.get() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_content_lives_as_long_as_somebody_wants_it() {
        let mut owner = Kept::new(vec![1, 2]);
        let mut watch = owner.watch();
        owner.push(3);
        // SAFETY: the owner is not borrowed.
        assert_eq!(unsafe { watch.content() }.map(|own| own.len()), Some(3));
        owner.set_away(true);
        // SAFETY: as above.
        assert!(unsafe { watch.content() }.is_none());
        drop(owner);
        // SAFETY: as above.
        assert_eq!(unsafe { watch.content() }.map(|own| own.len()), Some(3));
    }
}
