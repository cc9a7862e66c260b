//! The checksum of RDB files and DUMP payloads: CRC-64 with the Jones polynomial, sixteen bytes at a time.
//!
//! # Design
//! Sums are linear: the sum of sixteen bytes is the exclusive or of what each byte contributes from its place. One
//! table per place turns sixteen dependent steps into sixteen independent look-ups. The tables are computed by the
//! compiler.

/// The Jones polynomial 0xad93d23594c935a9 with its bits in reverse, because bytes are taken lowest bit first.
const POLYNOMIAL: u64 = 0x95ac_9329_ac4b_c9b5;

/// How many bytes one round takes.
const LANES: usize = 16;

/// `TABLES[n][b]`: what byte `b` contributes when `n` more bytes of the round follow it.
static TABLES: [[u64; 256]; LANES] = tables();

const fn tables() -> [[u64; 256]; LANES] {
    let mut tables = [[0u64; 256]; LANES];
    let mut byte = 0;
    while byte < 256 {
        let mut sum = byte as u64;
        let mut bit = 0;
        while bit < 8 {
            sum = if sum & 1 == 1 { (sum >> 1) ^ POLYNOMIAL } else { sum >> 1 };
            bit += 1;
        }
        tables[0][byte] = sum;
        byte += 1;
    }
    let mut lane = 1;
    while lane < LANES {
        let mut byte = 0;
        while byte < 256 {
            let before = tables[lane - 1][byte];
            tables[lane][byte] = tables[0][(before & 0xff) as usize] ^ (before >> 8);
            byte += 1;
        }
        lane += 1;
    }
    tables
}

/// The sum of `bytes` appended to whatever gave `sum`; begin with 0. The sum of the empty text is 0.
pub fn crc64(sum: u64, bytes: &[u8]) -> u64 {
    let mut sum = sum;
    let mut rounds = bytes.chunks_exact(LANES);
    for round in &mut rounds {
        let (head, tail) = round.split_at(8);
        let head = u64::from_le_bytes(head.try_into().expect("a round is sixteen bytes")) ^ sum;
        let tail = u64::from_le_bytes(tail.try_into().expect("a round is sixteen bytes"));
        sum = eight(head, 8) ^ eight(tail, 0);
    }
    for &byte in rounds.remainder() {
        sum = TABLES[0][((sum as u8) ^ byte) as usize] ^ (sum >> 8);
    }
    sum
}

/// What eight bytes contribute when `after` more bytes of the round follow them.
#[inline]
fn eight(word: u64, after: usize) -> u64 {
    let bytes = word.to_le_bytes();
    let mut sum = 0;
    for (place, byte) in bytes.into_iter().enumerate() {
        sum ^= TABLES[after + 7 - place][byte as usize];
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition, a bit at a time.
    fn slowly(mut sum: u64, bytes: &[u8]) -> u64 {
        for &byte in bytes {
            sum ^= u64::from(byte);
            for _ in 0..8 {
                sum = if sum & 1 == 1 { (sum >> 1) ^ POLYNOMIAL } else { sum >> 1 };
            }
        }
        sum
    }

    #[test]
    fn the_check_value_is_the_published_one() {
        assert_eq!(crc64(0, b"123456789"), 0xe9c6_d914_c4b8_d9ca);
        assert_eq!(crc64(0, b""), 0);
    }

    #[test]
    fn rounds_and_remainders_agree_with_the_definition() {
        let mut prng = crate::Prng::new(64);
        let bytes: Vec<u8> = (0..200).map(|_| prng.next_u64() as u8).collect();
        for end in 0..bytes.len() {
            let want = slowly(0, &bytes[..end]);
            assert_eq!(crc64(0, &bytes[..end]), want, "{end} bytes");
            let cut = end / 3;
            assert_eq!(crc64(crc64(0, &bytes[..cut]), &bytes[cut..end]), want, "cut at {cut}");
        }
    }
}
