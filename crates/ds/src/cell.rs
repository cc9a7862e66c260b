//! One compact allocation for what a table holds per element: a key, perhaps a value, perhaps 64 bits beside them.
//!
//! ```text
//! flags u8 | key length u8 or u32 | [value length u8 or u32] | [extra u64] | key | [value]
//! ```
//!
//! A set's member costs two bytes beyond itself, a hash's field three, a sorted set's member ten with its score.

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::marker::PhantomData;
use std::ptr::NonNull;

use crate::table::Item;

/// The most bytes that a key has, and a value: their lengths are counted in 32 bits. What reads lengths from strangers
/// refuses longer ones before anything is stored.
pub const PART_BYTES_MAX: usize = u32::MAX as usize;

/// The key's length takes four bytes.
const LONG_KEY: u8 = 1;
/// There is a value; its length follows the key's.
const VALUE: u8 = 2;
/// The value's length takes four bytes.
const LONG_VALUE: u8 = 4;
/// There are 64 bits beside.
const EXTRA: u8 = 8;

/// A key, perhaps with a value and 64 bits.
pub struct Cell {
    /// Invariant: allocated by `Cell::new`, laid out as its flags say, owned.
    at: NonNull<u8>,
}

// SAFETY: a cell owns its bytes and shares them with nobody.
unsafe impl Send for Cell {}

/// A look at a [`Cell`].
#[derive(Clone, Copy)]
pub struct CellRef<'a> {
    at: NonNull<u8>,
    lives: PhantomData<&'a [u8]>,
}

/// Where the parts of a cell lie.
struct Parts {
    extra: usize,
    key: usize,
    value: usize,
    end: usize,
}

impl Parts {
    fn of(flags: u8, key_len: usize, value_len: usize) -> Parts {
        let width = |is_long: u8| if flags & is_long != 0 { 4 } else { 1 };
        let value_width = if flags & VALUE != 0 { width(LONG_VALUE) } else { 0 };
        let extra = 1 + width(LONG_KEY) + value_width;
        let key = extra + if flags & EXTRA != 0 { 8 } else { 0 };
        Parts { extra, key, value: key + key_len, end: key + key_len + value_len }
    }
}

impl Cell {
    /// A cell with copies of these, each of at most [`PART_BYTES_MAX`].
    pub fn new(key: &[u8], value: Option<&[u8]>, extra: Option<u64>) -> Cell {
        let value_len = value.map_or(0, <[u8]>::len);
        assert!(key.len() <= PART_BYTES_MAX && value_len <= PART_BYTES_MAX, "4 GiB in a cell");
        let flag = |condition, flag| if condition { flag } else { 0 };
        let flags = flag(key.len() > 0xff, LONG_KEY)
            | flag(value.is_some(), VALUE)
            | flag(value_len > 0xff, LONG_VALUE)
            | flag(extra.is_some(), EXTRA);
        let parts = Parts::of(flags, key.len(), value_len);
        let layout = Layout::array::<u8>(parts.end).expect("less than half the address space");
        // SAFETY: the layout has at least the two bytes of flags and length.
        let Some(at) = NonNull::new(unsafe { alloc(layout) }) else { handle_alloc_error(layout) };
        let mut cursor = 0;
        let mut put = |bytes: &[u8]| {
            debug_assert!(cursor + bytes.len() <= parts.end);
            // SAFETY: the parts written one after another end where `parts` says, within the allocation, which
            // nobody else knows yet.
            unsafe {
                at.add(cursor).copy_from_nonoverlapping(NonNull::from(bytes).cast(), bytes.len())
            };
            cursor += bytes.len();
        };
        put(&[flags]);
        let long = flags & LONG_KEY != 0;
        put(&(key.len() as u32).to_le_bytes()[..if long { 4 } else { 1 }]);
        if value.is_some() {
            let long = flags & LONG_VALUE != 0;
            put(&(value_len as u32).to_le_bytes()[..if long { 4 } else { 1 }]);
        }
        if let Some(extra) = extra {
            put(&extra.to_le_bytes());
        }
        put(key);
        put(value.unwrap_or_default());
        Cell { at }
    }

    /// A look at it.
    pub fn as_ref(&self) -> CellRef<'_> {
        CellRef { at: self.at, lives: PhantomData }
    }

    /// Gives ownership away as an address.
    pub fn into_raw(self) -> NonNull<u8> {
        let at = self.at;
        std::mem::forget(self);
        at
    }

    /// Takes ownership back.
    ///
    /// # Safety
    /// The address came from [`Cell::into_raw`], and ownership is taken once.
    pub unsafe fn from_raw(at: NonNull<u8>) -> Cell {
        Cell { at }
    }

    /// Changes the 64 bits of a cell that has them; false where it has none.
    pub fn set_extra(&mut self, extra: u64) -> bool {
        // SAFETY: the cell is borrowed exclusively.
        unsafe { self.as_ref().write_extra(extra) }
    }

    /// Overwrites the value where the new one is as long; false where it is not, or there is none.
    pub fn set_value(&mut self, value: &[u8]) -> bool {
        let own = self.as_ref();
        if own.flags() & VALUE == 0 || own.value().len() != value.len() {
            return false;
        }
        let start = own.parts().value;
        // SAFETY: the value lies there and is as long; the cell is borrowed exclusively, and `value` is not part
        // of it.
        unsafe {
            self.at.add(start).copy_from_nonoverlapping(NonNull::from(value).cast(), value.len());
        }
        true
    }
}

impl Drop for Cell {
    fn drop(&mut self) {
        let size = self.as_ref().size();
        let layout = Layout::array::<u8>(size).expect("it was allocated with this layout");
        // SAFETY: allocated in `new` with this size, and owned.
        unsafe { dealloc(self.at.as_ptr(), layout) };
    }
}

impl<'a> CellRef<'a> {
    /// A look at the cell at an address.
    ///
    /// # Safety
    /// A live cell is there, and neither freed nor changed (but for its extra bits) for `'a`.
    pub unsafe fn from_raw(at: NonNull<u8>) -> CellRef<'a> {
        CellRef { at, lives: PhantomData }
    }

    /// The address of the cell.
    pub fn as_raw(self) -> NonNull<u8> {
        self.at
    }

    /// A copy that stands by itself.
    pub fn to_cell(self) -> Cell {
        let value = (self.flags() & VALUE != 0).then(|| self.value());
        Cell::new(self.key(), value, self.extra())
    }

    /// How many bytes the cell takes.
    pub fn size(self) -> usize {
        self.parts().end
    }

    /// The key.
    #[inline]
    pub fn key(self) -> &'a [u8] {
        let parts = self.parts();
        // SAFETY: the key lies there, and lives as long as the look.
        unsafe {
            std::slice::from_raw_parts(self.at.as_ptr().add(parts.key), parts.value - parts.key)
        }
    }

    /// The value; empty where there is none.
    #[inline]
    pub fn value(self) -> &'a [u8] {
        let parts = self.parts();
        // SAFETY: the value lies there, and lives as long as the look.
        unsafe {
            std::slice::from_raw_parts(self.at.as_ptr().add(parts.value), parts.end - parts.value)
        }
    }

    /// The 64 bits beside.
    #[inline]
    pub fn extra(self) -> Option<u64> {
        if self.flags() & EXTRA == 0 {
            return None;
        }
        let at = self.parts().extra;
        // SAFETY: they lie there, unaligned.
        Some(u64::from_le(unsafe { self.at.add(at).cast::<u64>().read_unaligned() }))
    }

    /// Changes the 64 bits of a cell that has them; false where it has none.
    ///
    /// # Safety
    /// Nobody reads or writes them at the same time, and whoever owns the cell lets it be changed.
    pub unsafe fn write_extra(self, extra: u64) -> bool {
        if self.flags() & EXTRA == 0 {
            return false;
        }
        let at = self.parts().extra;
        // SAFETY: they lie there, unaligned; the caller holds everybody else off.
        unsafe { self.at.add(at).cast::<u64>().write_unaligned(extra.to_le()) };
        true
    }

    #[inline]
    fn flags(self) -> u8 {
        // SAFETY: a cell begins with its flags.
        unsafe { self.at.read() }
    }

    #[inline]
    fn parts(self) -> Parts {
        let flags = self.flags();
        let length = |at: usize, is_long: u8| {
            if flags & is_long != 0 {
                // SAFETY: the flags say that four bytes of length lie there.
                u32::from_le(unsafe { self.at.add(at).cast::<u32>().read_unaligned() }) as usize
            } else {
                // SAFETY: the flags say that one byte of length lies there.
                usize::from(unsafe { self.at.add(at).read() })
            }
        };
        let key = length(1, LONG_KEY);
        let value_at = 1 + if flags & LONG_KEY != 0 { 4 } else { 1 };
        let value = if flags & VALUE != 0 { length(value_at, LONG_VALUE) } else { 0 };
        Parts::of(flags, key, value)
    }
}

// SAFETY: addresses of user space fit 48 bits, and a word is nothing but the address.
unsafe impl Item for Cell {
    type Ref<'a> = CellRef<'a>;

    fn into_word(self) -> u64 {
        self.into_raw().as_ptr().expose_provenance() as u64
    }

    unsafe fn from_word(word: u64) -> Cell {
        // SAFETY: the caller has a word that owns a cell.
        unsafe { Cell::from_raw(address(word)) }
    }

    unsafe fn borrow<'a>(word: u64) -> CellRef<'a> {
        // SAFETY: the caller keeps the cell as it is for `'a`.
        unsafe { CellRef::from_raw(address(word)) }
    }

    fn key<'a>(item: Self::Ref<'a>) -> &'a [u8] {
        item.key()
    }
}

fn address(word: u64) -> NonNull<u8> {
    let pointer = std::ptr::with_exposed_provenance_mut(word as usize);
    NonNull::new(pointer).expect("a cell's word is its address")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_gives_back_what_was_put_in() {
        for key_len in [0, 1, 255, 256, 70_000] {
            for value in [None, Some(0), Some(255), Some(256)] {
                for extra in [None, Some(0), Some(u64::MAX - 5)] {
                    let key = vec![b'k'; key_len];
                    let value = value.map(|len| vec![b'v'; len]);
                    let mut cell = Cell::new(&key, value.as_deref(), extra);
                    assert_eq!(cell.as_ref().key(), key);
                    assert_eq!(cell.as_ref().value(), value.as_deref().unwrap_or_default());
                    assert_eq!(cell.as_ref().extra(), extra);
                    assert_eq!(cell.set_extra(7), extra.is_some());
                    assert_eq!(cell.as_ref().extra(), extra.map(|_| 7));
                    if let Some(value) = &value {
                        let other = vec![b'w'; value.len()];
                        assert!(cell.set_value(&other));
                        assert_eq!(cell.as_ref().value(), other);
                    }
                    assert_eq!(cell.as_ref().key(), key);
                }
            }
        }
        assert_eq!(Cell::new(b"member", None, None).as_ref().size(), 8);
        assert_eq!(Cell::new(b"field", Some(b"value"), None).as_ref().size(), 13);
        assert_eq!(Cell::new(b"member", None, Some(0)).as_ref().size(), 16);
    }
}
