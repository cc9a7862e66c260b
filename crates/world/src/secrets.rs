//! What nobody may guess: run ids, names of histories, marks, the keys of hash functions. Passed in, like time and
//! chance.
//!
//! `stdx::Prng` is for chance alone: whoever sees some of its numbers knows all that follow. A client sees a run id and a
//! replication id, and must not learn from them which keys fall into one bucket.

use chacha20::ChaCha20Rng;
use chacha20::rand_core::{Rng, SeedableRng};
use stdx::Prng;

/// A source of secrets.
#[derive(Debug)]
pub struct Secrets(Source);

enum Source {
    /// From bytes of the system.
    Sealed(Box<ChaCha20Rng>),
    /// The same ones in every run.
    MadeUp(Prng),
}

/// Without the state, which would not be secret in a log.
impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Source::Sealed(_) => "Sealed",
            Source::MadeUp(_) => "MadeUp",
        })
    }
}

impl Secrets {
    /// Secrets that cannot be told from chance without these bytes, which come from the system.
    pub fn new(seed: [u8; 32]) -> Secrets {
        Secrets(Source::Sealed(Box::new(ChaCha20Rng::from_seed(seed))))
    }

    /// Secrets of a world that is made up: the same ones for the same seed.
    pub fn made_up(seed: u64) -> Secrets {
        Secrets(Source::MadeUp(Prng::new(seed)))
    }

    /// A source of its own for a part of the machine.
    pub fn part(&mut self) -> Secrets {
        match &mut self.0 {
            Source::Sealed(source) => {
                let mut seed = [0; 32];
                source.fill_bytes(&mut seed);
                Secrets::new(seed)
            }
            Source::MadeUp(prng) => Secrets::made_up(prng.next_u64()),
        }
    }

    /// 64 bits.
    pub fn next_u64(&mut self) -> u64 {
        match &mut self.0 {
            Source::Sealed(source) => source.next_u64(),
            Source::MadeUp(prng) => prng.next_u64(),
        }
    }

    /// `2 * bytes` lowercase hexadecimal digits, as run ids and replication ids are written.
    pub fn hex(&mut self, bytes: usize) -> String {
        let mut text = String::with_capacity(2 * bytes + 16);
        while text.len() < 2 * bytes {
            text.push_str(&format!("{:016x}", self.next_u64()));
        }
        text.truncate(2 * bytes);
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_decides_and_parts_differ() {
        let mut a = Secrets::new([1; 32]);
        let mut b = Secrets::new([1; 32]);
        let mut other = Secrets::new([2; 32]);
        let id = a.hex(20);
        assert_eq!((id.len(), &id), (40, &b.hex(20)));
        assert_ne!(id, other.hex(20));
        assert_ne!(id, a.hex(20));
        let mut part = a.part();
        assert_ne!(part.next_u64(), a.next_u64());
        assert!(id.bytes().all(|byte| byte.is_ascii_hexdigit()));
    }

    #[test]
    fn a_made_up_world_has_the_ones_it_always_had() {
        let mut secrets = Secrets::made_up(7);
        let mut prng = Prng::new(7);
        assert_eq!(secrets.hex(20), prng.hex(20));
        assert_eq!(secrets.part().next_u64(), Prng::new(prng.next_u64()).next_u64());
    }

    #[test]
    fn a_log_does_not_show_them() {
        assert_eq!(format!("{:?}", Secrets::new([7; 32])), "Secrets(Sealed)");
    }
}
