//! Passwords: only their SHA-256 sums are kept, as the 64 digits that files hold.

use command::Error;
use sha2::{Digest, Sha256};

/// The sum of a password, in lowercase hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hash([u8; 64]);

impl Hash {
    /// The sum of `password`.
    pub(crate) fn of(password: &[u8]) -> Hash {
        let mut digits = [0; 64];
        write_hex(&Sha256::digest(password), &mut digits);
        Hash(digits)
    }

    /// Reads the digits; none where it is not 64 of them, lowercase.
    pub(crate) fn read(digits: &[u8]) -> Option<Hash> {
        let digits: [u8; 64] = digits.try_into().ok()?;
        let is_digit = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        digits.iter().all(is_digit).then_some(Hash(digits))
    }

    /// The digits.
    pub(crate) fn digits(&self) -> &[u8] {
        &self.0
    }

    /// Whether both are the same. How long that takes does not tell where they differ.
    pub(crate) fn is(&self, other: &Hash) -> bool {
        self.0.iter().zip(&other.0).fold(0, |sum, (a, b)| sum | (a ^ b)) == 0
    }
}

/// `digits` random hexadecimal digits, from 32 bytes that nobody can guess.
fn random_hex(seed: &[u8; 32], digits: usize) -> Vec<u8> {
    let mut text = Vec::with_capacity(digits + 64);
    let mut block = 0u64;
    while text.len() < digits {
        let sum = Sha256::new().chain_update(seed).chain_update(block.to_le_bytes()).finalize();
        let start = text.len();
        text.resize(start + 64, 0);
        write_hex(&sum, &mut text[start..]);
        block += 1;
    }
    text.truncate(digits);
    text
}

/// Bits of a password: as many as there are unless somebody says otherwise, and at the most.
const BITS: i64 = 256;
const BITS_MAX: i64 = 4096;

/// ACL GENPASS: a password of so many bits, in hexadecimal digits.
pub(crate) fn generate_password(seed: &[u8; 32], bits: Option<i64>) -> Result<Vec<u8>, Error> {
    let bits = bits.unwrap_or(BITS);
    if !(1..=BITS_MAX).contains(&bits) {
        return Err(Error::new(format!(
            "ERR ACL GENPASS argument must be the number of bits for the output password, a positive number up to \
             {BITS_MAX}"
        )));
    }
    Ok(random_hex(seed, (bits as usize).div_ceil(4)))
}

fn write_hex(bytes: &[u8], digits: &mut [u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for (byte, pair) in bytes.iter().zip(digits.chunks_exact_mut(2)) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 15)];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_sha_256() {
        let want = b"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(Hash::of(b"abc").digits(), want);
        assert!(Hash::of(b"abc").is(&Hash::read(want).expect("64 digits")));
        assert!(!Hash::of(b"abd").is(&Hash::of(b"abc")));
        assert_eq!(Hash::read(&want[1..]), None);
        assert_eq!(Hash::read(&want.to_ascii_uppercase()), None);
    }

    #[test]
    fn random_digits_depend_on_the_seed_and_go_on_beyond_a_block() {
        let long = random_hex(&[7; 32], 1024);
        assert_eq!((long.len(), &long[..9]), (1024, &random_hex(&[7; 32], 9)[..]));
        assert_ne!(long[..64], long[64..128]);
        assert_ne!(long, random_hex(&[8; 32], 1024));
        let len = |bits| generate_password(&[7; 32], bits).ok().map(|it| it.len());
        for (bits, digits) in
            [(None, Some(64)), (Some(1), Some(1)), (Some(5), Some(2)), (Some(4096), Some(1024))]
        {
            assert_eq!(len(bits), digits);
        }
        assert_eq!((len(Some(0)), len(Some(4097)), len(Some(-1))), (None, None, None));
    }
}
