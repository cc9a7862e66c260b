//! The allocator of every program that has a world, and what it counts.
//!
//! jemalloc with size classes in steps of eight bytes (`.cargo/config.toml`). Such a class aligns to eight bytes only,
//! and the usual binding does not know that: it asks for sixteen by leaving it to the class. Sizes are therefore
//! rounded up to their alignment first; a class for a multiple of sixteen is a multiple of sixteen.
//!
//! How much is in use is read where jemalloc counts it anyway, per thread: two loads, cheap enough to ask before every
//! write. What other threads allocate and free is seen when [`refresh`] sums up all of them.

use std::alloc::{GlobalAlloc, Layout};
use std::cell::Cell;

use tikv_jemalloc_ctl::{epoch, stats, thread};
use tikv_jemallocator::Jemalloc;

#[global_allocator]
static ALLOCATOR: Allocator = Allocator;

struct Allocator;

// SAFETY: every call goes to jemalloc's own implementation with a layout that is at least as large and as strictly
// aligned as the one asked for, and the same one for the same block each time.
unsafe impl GlobalAlloc for Allocator {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        unsafe { Jemalloc.alloc(padded(layout)) }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        unsafe { Jemalloc.alloc_zeroed(padded(layout)) }
    }

    #[inline]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { Jemalloc.dealloc(block, padded(layout)) }
    }

    #[inline]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let size = if layout.align() > 8 { size.next_multiple_of(layout.align()) } else { size };
        // SAFETY: as above.
        unsafe { Jemalloc.realloc(block, padded(layout), size) }
    }
}

#[inline]
fn padded(layout: Layout) -> Layout {
    if layout.align() > 8 { layout.pad_to_align() } else { layout }
}

thread_local! {
    static VIEW: Cell<Option<View>> = const { Cell::new(None) };
}

/// What one thread knows of the whole.
#[derive(Clone, Copy)]
struct View {
    /// Bytes that all threads had in use at the last `refresh`, less what this thread alone had taken then.
    base: u64,
    taken: thread::ThreadLocal<u64>,
    given_back: thread::ThreadLocal<u64>,
}

impl View {
    fn new() -> Option<View> {
        let mut view = View {
            base: 0,
            taken: thread::allocatedp::read().ok()?,
            given_back: thread::deallocatedp::read().ok()?,
        };
        view.refresh();
        Some(view)
    }

    fn refresh(&mut self) {
        // The counters that are added up are cached; a new epoch makes them anew.
        let all = epoch::advance().and_then(|_| stats::allocated::read()).unwrap_or(0);
        self.base = (all as u64).wrapping_sub(self.own());
    }

    fn own(&self) -> u64 {
        self.taken.get().wrapping_sub(self.given_back.get())
    }
}

/// Bytes in use, as the calling thread knows: exact in what it did itself, as of its last [`refresh`] in what others
/// did.
pub fn used_bytes() -> u64 {
    let view = VIEW.get().or_else(|| {
        VIEW.set(View::new());
        VIEW.get()
    });
    view.map_or(0, |view| view.base.wrapping_add(view.own()))
}

/// Takes into account what all threads did. Takes some microseconds: for a timer, not for every command.
pub fn refresh() {
    if let Some(mut view) = VIEW.get().or_else(View::new) {
        view.refresh();
        VIEW.set(Some(view));
    }
}

/// What the allocator holds, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// In use by the program, rounded up to size classes.
    pub allocated: u64,
    /// In pages that hold something in use.
    pub active: u64,
    /// In memory, bookkeeping and pages not yet given back included.
    pub resident: u64,
    /// In addresses kept for later, without memory behind them.
    pub retained: u64,
    /// Bookkeeping.
    pub metadata: u64,
}

/// What the allocator holds, as of the last [`refresh`].
pub fn held() -> Held {
    let number = |result: tikv_jemalloc_ctl::Result<usize>| result.unwrap_or(0) as u64;
    Held {
        allocated: number(stats::allocated::read()),
        active: number(stats::active::read()),
        resident: number(stats::resident::read()),
        retained: number(stats::retained::read()),
        metadata: number(stats::metadata::read()),
    }
}

/// The allocator's name and version, as INFO tells them.
pub const NAME: &str = "jemalloc-5.3.0";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_is_counted_at_once() {
        let before = used_bytes();
        let block = vec![1u8; 1 << 20];
        let during = used_bytes();
        assert!(during >= before + (1 << 20), "{before} {during}");
        drop(block);
        assert!(used_bytes() < during);
    }

    #[test]
    fn what_others_took_is_counted_after_a_refresh() {
        refresh();
        let before = used_bytes();
        let block = std::thread::spawn(|| vec![1u8; 8 << 20]).join().expect("it does not panic");
        refresh();
        assert!(used_bytes() >= before + (7 << 20));
        drop(block);
        refresh();
        assert!(held().resident > 0);
    }

    #[test]
    fn alignment_holds_for_odd_sizes() {
        for align in [8, 16, 32, 64] {
            for size in (align..300).step_by(3) {
                let layout =
                    Layout::from_size_align(size, align).expect("the alignment is a power of two");
                // SAFETY: the layout is not empty, and the block is freed with the same one.
                unsafe {
                    let blocks: Vec<*mut u8> = (0..20).map(|_| std::alloc::alloc(layout)).collect();
                    for block in blocks {
                        assert_eq!(block as usize % align, 0, "{size} bytes at {align}");
                        std::alloc::dealloc(block, layout);
                    }
                }
            }
        }
    }
}
