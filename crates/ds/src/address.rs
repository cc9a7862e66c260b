//! Addresses in six bytes, and a box that is one: what small values are made of, so that they fit beside others.

use std::fmt;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;

/// The address of something, in six bytes that may lie anywhere. User space keeps below 2^48 on 64-bit machines with
/// the usual four-level page tables.
#[derive(Clone, Copy)]
pub struct Address([u8; 6]);

impl Address {
    /// Where this points to.
    #[inline(always)]
    pub fn of<T>(pointer: NonNull<T>) -> Address {
        let address = pointer.as_ptr().expose_provenance() as u64;
        assert!(address < 1 << 48, "an address of more than 48 bits");
        let [a, b, c, d, e, f, _, _] = address.to_le_bytes();
        Address([a, b, c, d, e, f])
    }

    /// A pointer to there.
    #[inline(always)]
    pub fn pointer<T>(self) -> *mut T {
        let [a, b, c, d, e, f] = self.0;
        let address = u64::from_le_bytes([a, b, c, d, e, f, 0, 0]);
        std::ptr::with_exposed_provenance_mut(address as usize)
    }
}

/// A box that takes six bytes, wherever they lie.
pub struct Slim<T> {
    /// Invariant: of a box that this owns.
    at: Address,
    owns: PhantomData<Box<T>>,
}

impl<T> Slim<T> {
    /// Puts something into a box.
    pub fn new(content: T) -> Slim<T> {
        Slim { at: Address::of(NonNull::from(Box::leak(Box::new(content)))), owns: PhantomData }
    }
}

impl<T> Drop for Slim<T> {
    fn drop(&mut self) {
        // SAFETY: `new` took it from a box, and it is given back once.
        drop(unsafe { Box::from_raw(self.at.pointer::<T>()) });
    }
}

impl<T> Deref for Slim<T> {
    type Target = T;

    #[inline(always)]
    fn deref(&self) -> &T {
        // SAFETY: the box lives as long as this, and is borrowed as this is.
        unsafe { &*self.at.pointer::<T>() }
    }
}

impl<T> DerefMut for Slim<T> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as above, exclusively.
        unsafe { &mut *self.at.pointer::<T>() }
    }
}

impl<T: Clone> Clone for Slim<T> {
    fn clone(&self) -> Slim<T> {
        Slim::new(T::clone(self))
    }
}

impl<T: fmt::Debug> fmt::Debug for Slim<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slim_box_is_a_box() {
        let mut one = Slim::new(vec![1, 2]);
        let two = one.clone();
        one.push(3);
        assert_eq!((&**one, &**two), (&[1, 2, 3][..], &[1, 2][..]));
        assert_eq!(align_of_val(&one), 1);
        assert_eq!(size_of_val(&one), 6);
    }
}
