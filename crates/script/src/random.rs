//! The chance of scripts: `math.random` gives the same numbers after the same `math.randomseed` everywhere, whatever
//! the C library does.

use std::cell::Cell;

/// The linear congruential generator of POSIX's `lrand48`, with 48 bits of state.
#[derive(Debug)]
pub(crate) struct Random(Cell<u64>);

const MASK: u64 = (1 << 48) - 1;

impl Default for Random {
    /// Where POSIX begins.
    fn default() -> Random {
        Random(Cell::new(0x1234_abcd_330e))
    }
}

impl Random {
    /// Begins anew; 32 bits of the seed count.
    pub(crate) fn seed(&self, seed: i32) {
        self.0.set((u64::from(seed as u32) << 16 | 0x330e) & MASK);
    }

    /// The next number, from 0 up to 1, which it never is.
    pub(crate) fn next(&self) -> f64 {
        let state = self.0.get().wrapping_mul(0x5_deec_e66d).wrapping_add(0xb) & MASK;
        self.0.set(state);
        let largest = u64::from(i32::MAX as u32);
        ((state >> 17) % largest) as f64 / largest as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_numbers() {
        let (a, b) = (Random::default(), Random::default());
        a.seed(10);
        assert_ne!(a.next(), b.next());
        b.seed(10);
        a.seed(10);
        assert!((0..100).all(|_| {
            let number = a.next();
            number == b.next() && (0.0..1.0).contains(&number)
        }));
    }
}
