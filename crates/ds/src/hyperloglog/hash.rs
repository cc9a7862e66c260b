//! Which register an element belongs to, and its rank there. Both are part of the format: every Redis must agree.

use super::REGISTERS;

/// Where an element belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Which register.
    pub index: usize,
    /// How long the run of zeros is, and one more: 1 to 51.
    pub rank: u8,
}

/// Where an element belongs: the low 14 bits of its hash name the register, the others make the rank.
pub fn place(element: &[u8]) -> Place {
    let hash = murmur(element);
    let index = hash as usize % REGISTERS;
    // A one behind the last bit ends the run where there is no other.
    let rest = hash >> REGISTERS.trailing_zeros() | 1 << (64 - REGISTERS.trailing_zeros());
    Place { index, rank: rest.trailing_zeros() as u8 + 1 }
}

/// MurmurHash64A by Austin Appleby, with the seed that Redis gives it.
fn murmur(bytes: &[u8]) -> u64 {
    const SEED: u64 = 0xadc8_3b19;
    const FACTOR: u64 = 0xc6a4_a793_5bd1_e995;
    const SHIFT: u32 = 47;
    let stir = |word: u64| {
        let word = word.wrapping_mul(FACTOR);
        (word ^ word >> SHIFT).wrapping_mul(FACTOR)
    };
    let (words, rest) = bytes.as_chunks::<8>();
    let mut hash = SEED ^ (bytes.len() as u64).wrapping_mul(FACTOR);
    for word in words {
        hash = (hash ^ stir(u64::from_le_bytes(*word))).wrapping_mul(FACTOR);
    }
    if !rest.is_empty() {
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        hash = (hash ^ u64::from_le_bytes(last)).wrapping_mul(FACTOR);
    }
    hash = (hash ^ hash >> SHIFT).wrapping_mul(FACTOR);
    hash ^ hash >> SHIFT
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_at_least_one_and_at_most_fifty_one() {
        for n in 0u32..100_000 {
            let place = place(&n.to_le_bytes());
            assert!(place.index < REGISTERS && (1..=51).contains(&place.rank), "{n}: {place:?}");
        }
    }
}
