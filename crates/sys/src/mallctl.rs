//! Questions to jemalloc, by the names of its control tree.
//!
//! We ask for a handful of numbers only. The usual binding of the tree would bring a procedural macro crate that
//! nobody maintains any more.

use std::ffi::CStr;
use std::ptr;
use std::sync::atomic::AtomicU64;

use tikv_jemalloc_sys::mallctl;

/// Numbers of the tree. All of them are of the machine's word size.
const _: () = assert!(size_of::<usize>() == size_of::<u64>());

/// The 64-bit number called `name`; none where this jemalloc does not keep it.
pub(crate) fn number(name: &CStr) -> Option<u64> {
    read(name).map(|word| word as u64)
}

/// Where the 64-bit number is that `name` points to; none where there is no such pointer.
pub(crate) fn counter(name: &CStr) -> Option<*const AtomicU64> {
    read(name).map(ptr::with_exposed_provenance).filter(|it: &*const AtomicU64| !it.is_null())
}

/// Makes the numbers anew that jemalloc sums up and keeps.
pub(crate) fn refresh() {
    let mut now = 1u64;
    // SAFETY: `epoch` takes a number of 64 bits, whose size is told; nothing is read.
    unsafe {
        mallctl(
            c"epoch".as_ptr(),
            ptr::null_mut(),
            ptr::null_mut(),
            (&raw mut now).cast(),
            size_of_val(&now),
        );
    }
}

/// One machine word. Names of anything else are refused by the size.
fn read(name: &CStr) -> Option<usize> {
    let (mut word, mut size) = (0usize, size_of::<usize>());
    // SAFETY: jemalloc writes no more than `size` bytes to `word`, of which any are a number; nothing is set.
    let error =
        unsafe { mallctl(name.as_ptr(), (&raw mut word).cast(), &mut size, ptr::null_mut(), 0) };
    (error == 0 && size == size_of::<usize>()).then_some(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_a_number_for_each_name_that_is_known() {
        refresh();
        for name in [c"stats.allocated", c"stats.active", c"stats.resident", c"stats.metadata"] {
            assert!(number(name).is_some_and(|bytes| bytes > 0), "{name:?}");
        }
        assert_eq!(number(c"stats.nothing"), None);
        assert_eq!(number(c"version.nothing"), None);
        assert_eq!(number(c"opt.abort"), None, "a flag of one byte is no number");
        assert!(counter(c"thread.allocatedp").is_some());
        assert!(counter(c"thread.nothing").is_none());
    }
}
