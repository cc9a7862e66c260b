//! Bytes that grow, known by seven: where they are, and which of the allocator's sizes they have.
//!
//! What lies in such a block tells its own length: packed sequences begin with it. So nothing is kept twice, and a
//! collection of a few elements costs its key's entry eight bytes.

use std::alloc::{Layout, alloc, alloc_zeroed, dealloc, handle_alloc_error, realloc};
use std::mem::ManuallyDrop;
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;

use crate::address::Address;
use crate::table::prefetch;

/// A block of bytes, all of them initialised. Those in use are the first ones; how many, its owner knows.
pub(crate) struct Block {
    /// Invariant: of an allocation of `room_of(class)` bytes that this owns.
    at: Address,
    class: u8,
}

impl Block {
    /// A block with room for `len` bytes, all zero.
    pub(crate) fn zeroed(len: usize) -> Block {
        let class = class_of(len);
        let layout = layout(room_of(class));
        // SAFETY: no class is of no bytes.
        let block = unsafe { alloc_zeroed(layout) };
        Block { at: address(block, layout), class }
    }

    /// A block with these bytes, and little room behind.
    pub(crate) fn of(bytes: &[u8]) -> Block {
        let class = class_of(bytes.len());
        let layout = layout(room_of(class));
        // SAFETY: no class is of no bytes.
        let block = unsafe { alloc(layout) };
        let at = address(block, layout);
        // SAFETY: the block has room for the bytes, and nobody else knows it; what is behind them is set to zero.
        unsafe {
            block.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
            block.add(bytes.len()).write_bytes(0, layout.size() - bytes.len());
        }
        Block { at, class }
    }

    /// The block that a vector had, or another where that is of no fitting size.
    pub(crate) fn from_vec(bytes: Vec<u8>) -> Block {
        let class = class_of(bytes.len());
        let (len, room) = (bytes.len(), room_of(class));
        if bytes.capacity() == 0 {
            return Block::zeroed(0);
        }
        let mut bytes = ManuallyDrop::new(bytes);
        // SAFETY: a vector's allocation has the layout of an array of its capacity, and is ours now. What is behind
        // the vector's bytes is set to zero.
        unsafe {
            let block = realloc(bytes.as_mut_ptr(), layout(bytes.capacity()), room);
            let at = address(block, layout(room));
            block.add(len).write_bytes(0, room - len);
            Block { at, class }
        }
    }

    /// The first `len` bytes as a vector.
    pub(crate) fn into_vec(self, len: usize) -> Vec<u8> {
        let block = ManuallyDrop::new(self);
        let room = block.room();
        assert!(len <= room, "as many bytes as there are");
        // SAFETY: the allocation has the layout of an array of `room` bytes, all of them are initialised, and it has
        // no other owner any more.
        unsafe { Vec::from_raw_parts(block.at.pointer(), len, room) }
    }

    /// How many bytes there are.
    #[inline(always)]
    pub(crate) fn room(&self) -> usize {
        room_of(self.class)
    }

    /// Starts loading the first lines into the cache, as far as that is worth it.
    #[inline]
    pub(crate) fn prefetch(&self) {
        let start: *const u8 = self.at.pointer();
        // More would cost more than a walk from the front, which the core foresees by itself.
        for offset in [0, 64, 128] {
            prefetch(start.wrapping_add(offset));
        }
    }

    /// Gives the block the least size that has room for `len` bytes. It may move; what is new is zero.
    pub(crate) fn resize(&mut self, len: usize) {
        let (class, old) = (class_of(len), self.room());
        if class == self.class {
            return;
        }
        let room = room_of(class);
        // SAFETY: the allocation has this layout; sizes of classes are not zero. New bytes are set to zero.
        unsafe {
            let block = realloc(self.at.pointer(), layout(old), room);
            self.at = address(block, layout(room));
            self.class = class;
            if room > old {
                block.add(old).write_bytes(0, room - old);
            }
        }
    }

    /// Makes room for `len` bytes where there is not enough.
    #[inline]
    pub(crate) fn reserve(&mut self, len: usize) {
        if len > self.room() {
            self.resize(len);
        }
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        // SAFETY: the allocation has this layout, and nobody uses it any more.
        unsafe { dealloc(self.at.pointer(), layout(self.room())) };
    }
}

impl Deref for Block {
    type Target = [u8];

    #[inline(always)]
    fn deref(&self) -> &[u8] {
        // SAFETY: so many bytes are there, initialised, and borrowed as this is.
        unsafe { std::slice::from_raw_parts(self.at.pointer(), self.room()) }
    }
}

impl DerefMut for Block {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut [u8] {
        // SAFETY: as above, exclusively.
        unsafe { std::slice::from_raw_parts_mut(self.at.pointer(), self.room()) }
    }
}

fn layout(room: usize) -> Layout {
    Layout::array::<u8>(room).expect("less than half the address space")
}

fn address(block: *mut u8, layout: Layout) -> Address {
    Address::of(NonNull::new(block).unwrap_or_else(|| handle_alloc_error(layout)))
}

/// The least class with room for `len` bytes. Sizes are those that jemalloc has in any case: steps of eight bytes up to
/// 64, then four to a doubling. What grows byte by byte moves rarely and wastes little.
fn class_of(len: usize) -> u8 {
    let last = len.max(1) - 1;
    if last < 32 {
        return (last / 8) as u8;
    }
    let doublings = last.ilog2() - 5;
    let step = (last - (32 << doublings)) >> (3 + doublings);
    (4 * (doublings + 1)) as u8 + step as u8
}

/// The size of a class.
#[inline(always)]
fn room_of(class: u8) -> usize {
    let class = usize::from(class);
    if class < 4 { (class + 1) * 8 } else { (5 + class % 4) << (class / 4 + 2) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_the_least_that_fit() {
        let sizes: Vec<usize> = (0..14).map(room_of).collect();
        assert_eq!(sizes, [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192]);
        for len in (0..100_000).chain([u32::MAX as usize, 1 << 32, (1 << 32) + 1]) {
            let class = class_of(len);
            assert!(room_of(class) >= len, "{len}");
            assert!(class == 0 || room_of(class - 1) < len, "{len}");
        }
    }

    #[test]
    fn bytes_survive_every_way_of_moving() {
        assert_eq!((size_of::<Block>(), align_of::<Block>()), (7, 1));
        for len in [0, 1, 8, 9, 63, 64, 65, 1000] {
            let bytes: Vec<u8> = (0..len).map(|n| n as u8 | 1).collect();
            for spare in [0, 1, 7, 500] {
                let mut vec = Vec::with_capacity(len + spare);
                vec.extend_from_slice(&bytes);
                for mut block in [Block::of(&bytes), Block::from_vec(vec.clone())] {
                    assert_eq!(block.room(), room_of(class_of(len)));
                    block.resize(3 * len);
                    assert_eq!(&block[..len], bytes);
                    assert!(block[len..].iter().all(|&byte| byte == 0));
                    block.reserve(2 * len);
                    assert_eq!(block.room(), room_of(class_of(3 * len)));
                    block.resize(len);
                    assert_eq!(block.into_vec(len), bytes);
                }
            }
        }
    }
}
