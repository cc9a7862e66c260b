//! The allocator of every program that has a world, and what it counts.
//!
//! jemalloc with size classes in steps of eight bytes (`.cargo/config.toml`). Such a class aligns to eight bytes only,
//! and the usual binding does not know that: it asks for sixteen by leaving it to the class. Sizes are therefore
//! rounded up to their alignment first; a class for a multiple of sixteen is a multiple of sixteen.
//!
//! How much is in use is read where jemalloc counts it anyway, per thread: two loads, cheap enough to ask before every
//! write. What other threads allocate and free is seen when [`refresh`] sums up all of them. (jemalloc's own sum would
//! not do: it takes what threads keep for their next allocation to be in use.)

use std::alloc::{GlobalAlloc, Layout};
use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tikv_jemallocator::Jemalloc;

use crate::mallctl;

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
    /// What the other threads had taken and not given back at the last `refresh`. Wraps: who frees what others have
    /// allocated is below zero.
    others: u64,
    own: Counters,
}

impl View {
    fn new() -> Option<View> {
        let mut view = View { others: 0, own: Counters::of_this_thread()? };
        view.refresh();
        Some(view)
    }

    fn refresh(&mut self) {
        let threads = threads();
        let others = threads.living.iter().filter(|it| !std::ptr::eq(it.taken, self.own.taken));
        self.others = others.fold(threads.gone, |sum, it| sum.wrapping_add(it.in_use()));
    }
}

/// Where jemalloc counts what one thread takes and gives back, in bytes.
#[derive(Clone, Copy)]
struct Counters {
    taken: *const AtomicU64,
    given_back: *const AtomicU64,
}

// SAFETY: the counters lie in the storage of a living thread: they are kept by that thread itself, or in the list of
// those that are counted, from which a thread takes them before it ends. They are aligned, and loaded atomically.
unsafe impl Send for Counters {}

impl Counters {
    fn of_this_thread() -> Option<Counters> {
        let taken = mallctl::counter(c"thread.allocatedp")?;
        let given_back = mallctl::counter(c"thread.deallocatedp")?;
        Some(Counters { taken, given_back })
    }

    fn in_use(&self) -> u64 {
        // SAFETY: see `Send`. What is freed here but counted there makes the difference wrap, as the sum does.
        let (taken, given_back) = unsafe { (&*self.taken, &*self.given_back) };
        taken.load(Ordering::Relaxed).wrapping_sub(given_back.load(Ordering::Relaxed))
    }
}

/// The threads that are counted besides the one that asks.
struct Threads {
    living: Vec<Counters>,
    /// What those that have ended have taken and not given back.
    gone: u64,
}

static THREADS: Mutex<Threads> = Mutex::new(Threads { living: Vec::new(), gone: 0 });

fn threads() -> MutexGuard<'static, Threads> {
    THREADS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A thread is counted for as long as this lives. It stays on its thread.
pub(crate) struct Counted(Counters);

/// What this thread takes counts from now on when another one asks.
pub(crate) fn count_this_thread() -> Option<Counted> {
    let counters = Counters::of_this_thread()?;
    threads().living.push(counters);
    Some(Counted(counters))
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut threads = threads();
        threads.living.retain(|it| !std::ptr::eq(it.taken, self.0.taken));
        threads.gone = threads.gone.wrapping_add(self.0.in_use());
    }
}

/// Bytes in use, as the calling thread knows: exact in what it did itself, as of its last [`refresh`] in what others
/// did.
pub fn used_bytes() -> u64 {
    let view = VIEW.get().or_else(|| {
        VIEW.set(View::new());
        VIEW.get()
    });
    view.map_or(0, |view| view.others.wrapping_add(view.own.in_use()))
}

/// Bytes that the calling thread has allocated since it began, given back or not.
pub fn taken_by_thread() -> u64 {
    let view = VIEW.get().or_else(|| {
        VIEW.set(View::new());
        VIEW.get()
    });
    // SAFETY: see `Send` of the counters.
    view.map_or(0, |view| unsafe { &*view.own.taken }.load(Ordering::Relaxed))
}

/// Takes into account what all threads did. Takes a lock: for a timer, not for every command.
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
    // The counters are cached; a new epoch makes them anew.
    mallctl::refresh();
    let number = |name| mallctl::number(name).unwrap_or(0);
    Held {
        allocated: number(c"stats.allocated"),
        active: number(c"stats.active"),
        resident: number(c"stats.resident"),
        retained: number(c"stats.retained"),
        metadata: number(c"stats.metadata"),
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
        let (send, receive) = std::sync::mpsc::channel();
        let thread = crate::thread::spawn("taker", move || {
            send.send(vec![1u8; 8 << 20]).expect("somebody waits");
        });
        let block = receive.recv().expect("something is sent");
        refresh();
        assert!(used_bytes() >= before + (7 << 20));
        // It counts while its thread lives and afterwards, until it is freed.
        drop(thread.expect("a thread"));
        refresh();
        assert!(used_bytes() >= before + (7 << 20));
        drop(block);
        assert!(used_bytes() < before + (1 << 20));
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
