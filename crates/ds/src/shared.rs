//! Something in a box of its own that several may hold, each as if it were alone: who changes it while others hold it
//! changes a copy.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::sync::atomic::{Ordering, fence};

/// A `T` in a box. A clone costs nothing but a count; the content is copied by who changes it while it is shared.
pub struct Shared<T> {
    /// Invariant: nobody ever makes a weak reference of it.
    block: Arc<T>,
}

impl<T> Shared<T> {
    /// Puts something into a box.
    pub fn new(content: T) -> Shared<T> {
        Shared { block: Arc::new(content) }
    }
}

impl<T: Clone> Shared<T> {
    /// Takes the content out, or a copy where others hold it.
    pub fn into_inner(self) -> T {
        Arc::unwrap_or_clone(self.block)
    }
}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Shared<T> {
        Shared { block: Arc::clone(&self.block) }
    }
}

impl<T> Deref for Shared<T> {
    type Target = T;

    #[inline(always)]
    fn deref(&self) -> &T {
        &self.block
    }
}

impl<T: Clone> DerefMut for Shared<T> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut T {
        // `Arc::make_mut` must reckon with weak references, and locks the count for it. There are none here.
        if Arc::strong_count(&self.block) > 1 {
            unshare(&mut self.block);
        }
        // What others did with it before they let go of it has happened.
        fence(Ordering::Acquire);
        // SAFETY: this is the only reference, weak ones included, and it is borrowed exclusively.
        unsafe { &mut *Arc::as_ptr(&self.block).cast_mut() }
    }
}

#[cold]
#[inline(never)]
fn unshare<T: Clone>(block: &mut Arc<T>) {
    *block = Arc::new(T::clone(block));
}

impl<T: fmt::Debug> fmt::Debug for Shared<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_changes_it_changes_a_copy() {
        let mut one = Shared::new(vec![1]);
        one.push(2);
        let two = one.clone();
        one.push(3);
        assert_eq!((&*one, &*two), (&vec![1, 2, 3], &vec![1, 2]));
        drop(one);
        assert_eq!(two.into_inner(), [1, 2]);
    }
}
