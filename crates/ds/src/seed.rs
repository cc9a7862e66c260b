//! A keyed hash for keys that strangers choose: without the seed, nobody can make many keys fall into one bucket.

/// The secret of a hash function: SipHash-1-3 by Aumasson and Bernstein, one round per word and three at the end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seed {
    low: u64,
    high: u64,
}

impl Seed {
    /// The seed with these 128 bits.
    pub fn new(low: u64, high: u64) -> Seed {
        Seed { low, high }
    }

    /// The hash of a key.
    #[inline]
    pub fn hash(&self, key: &[u8]) -> u64 {
        let mut state = State([
            self.low ^ 0x736f_6d65_7073_6575,
            self.high ^ 0x646f_7261_6e64_6f6d,
            self.low ^ 0x6c79_6765_6e65_7261,
            self.high ^ 0x7465_6462_7974_6573,
        ]);
        let mut words = key.chunks_exact(8);
        for word in &mut words {
            state.absorb(u64::from_le_bytes(word.try_into().expect("chunks of eight")));
        }
        let tail = words.remainder();
        let mut last = [0; 8];
        last[..tail.len()].copy_from_slice(tail);
        last[7] = key.len() as u8;
        state.absorb(u64::from_le_bytes(last));
        state.0[2] ^= 0xff;
        state.round();
        state.round();
        state.round();
        state.0.iter().fold(0, |sum, word| sum ^ word)
    }
}

struct State([u64; 4]);

impl State {
    #[inline(always)]
    fn absorb(&mut self, word: u64) {
        self.0[3] ^= word;
        self.round();
        self.0[0] ^= word;
    }

    #[inline(always)]
    fn round(&mut self) {
        let [mut a, mut b, mut c, mut d] = self.0;
        a = a.wrapping_add(b);
        c = c.wrapping_add(d);
        b = b.rotate_left(13) ^ a;
        d = d.rotate_left(16) ^ c;
        a = a.rotate_left(32).wrapping_add(d);
        c = c.wrapping_add(b);
        d = d.rotate_left(21) ^ a;
        b = b.rotate_left(17) ^ c;
        self.0 = [a, b, c.rotate_left(32), d];
    }
}

#[cfg(test)]
mod tests {
    #![allow(deprecated)]
    use super::*;
    use std::hash::Hasher;

    #[test]
    fn it_is_the_function_std_uses() {
        // The standard library's SipHasher13 is hidden; DefaultHasher is the same with a key of zeros.
        for len in 0..40u8 {
            let key: Vec<u8> = (0..len).collect();
            let mut std = std::hash::DefaultHasher::new();
            std.write(&key);
            assert_eq!(Seed::default().hash(&key), std.finish(), "{len}");
        }
    }
}
