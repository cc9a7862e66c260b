//! Random numbers, the same for a seed as those of `redis-benchmark --seed`: those of the C library's `random`.
//!
//! With the same seed both programs then write the same keys, and what they leave behind can be compared.

/// An additive feedback generator over the trinomial x^31 + x^3 + 1, as `random(3)` describes its default.
#[derive(Clone, Debug)]
pub(crate) struct Chance {
    words: [u32; DEGREE],
    /// The word that the next number goes into; the other summand lies [`SEPARATION`] further on.
    at: usize,
}

const DEGREE: usize = 31;
const SEPARATION: usize = 3;

/// Numbers drawn and thrown away, so that the seed reaches every word.
const WARM_UP: usize = 10 * DEGREE;

impl Chance {
    /// The sequence of `seed`; zero counts as one.
    pub(crate) fn new(seed: u32) -> Chance {
        // The words begin as a multiplicative sequence modulo the Mersenne prime 2^31 - 1, signed as C has it.
        const PRIME: i64 = (1 << 31) - 1;
        let mut word = i64::from(seed.max(1) as i32);
        let words = std::array::from_fn(|at| {
            if at > 0 {
                word = 16_807 * word % PRIME;
                word += if word < 0 { PRIME } else { 0 };
            }
            word as u32
        });
        // The words are kept in the order in which they are replaced; the first sum is that of the words 3 and 0.
        let mut chance = Chance { words, at: SEPARATION };
        for _ in 0..WARM_UP {
            chance.next();
        }
        chance
    }

    /// A number below 2^31.
    #[inline]
    pub(crate) fn next(&mut self) -> u32 {
        let other = if self.at >= SEPARATION {
            self.at - SEPARATION
        } else {
            self.at + DEGREE - SEPARATION
        };
        let sum = self.words[self.at].wrapping_add(self.words[other]);
        self.words[self.at] = sum;
        self.at = if self.at + 1 == DEGREE { 0 } else { self.at + 1 };
        sum >> 1
    }

    /// A sequence of its own, for another thread.
    pub(crate) fn split(&mut self) -> Chance {
        Chance::new(self.next())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_sequence_of_the_c_library() {
        for (seed, want) in SEQUENCES {
            let mut chance = Chance::new(*seed);
            let got: Vec<u32> = (0..want.len()).map(|_| chance.next()).collect();
            assert_eq!(got, *want, "seed {seed}");
        }
    }

    /// As glibc 2.36 gives them.
    const SEQUENCES: &[(u32, &[u32])] = &[
        (0, &[1804289383, 846930886, 1681692777, 1714636915, 1957747793]),
        (1, &[1804289383, 846930886, 1681692777, 1714636915, 1957747793]),
        (42, &[71876166, 708592740, 1483128881, 907283241, 442951012]),
        (4294967295, &[254925627, 1205188300, 366127624, 1401405153, 76053476]),
    ];
}
