//! What one input may cost, and a measurement of what it did cost.
//!
//! Memory is counted as everything that the thread allocated meanwhile, whether or not it gave it back: more than there
//! ever was at once, and no work that grows faster than the input escapes it for long.

use crate::Target;

/// What an input may cost: so much for all inputs, and so much for each of their bytes.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Bytes allocated by an input of no bytes.
    pub bytes: u64,
    /// Bytes allocated for each byte of the input.
    pub bytes_per_byte: u64,
    /// Milliseconds of processor time that any input may take.
    pub ms: u64,
}

/// What an input did cost.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cost {
    /// Bytes allocated meanwhile.
    pub bytes: u64,
    /// Milliseconds of processor time.
    pub ms: u64,
}

impl Bounds {
    /// How many bytes an input of this length may allocate.
    pub fn bytes_for(&self, len: usize) -> u64 {
        self.bytes + self.bytes_per_byte * len as u64
    }
}

/// Lets the target read an input, and says what that did cost.
///
/// # Panics
/// Where the target does, and where it cost more than its bounds allow.
pub fn check(target: &Target, input: &[u8]) -> Cost {
    let (bytes, started) = (sys::memory::taken_by_thread(), sys::clock::thread_nanos());
    (target.run)(input);
    let cost = Cost {
        bytes: sys::memory::taken_by_thread().saturating_sub(bytes),
        ms: (sys::clock::thread_nanos() - started) / 1_000_000,
    };
    let bytes_max = target.bounds.bytes_for(input.len());
    assert!(
        cost.bytes <= bytes_max,
        "{}: {} bytes of input cost {} bytes of memory; the bound is {bytes_max}",
        target.name,
        input.len(),
        cost.bytes,
    );
    assert!(
        cost.ms <= target.bounds.ms,
        "{}: {} bytes of input took {} ms; the bound is {}",
        target.name,
        input.len(),
        cost.ms,
        target.bounds.ms,
    );
    cost
}
