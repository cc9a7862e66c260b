//! LZF, the compression of long strings in RDB files: quick, modest, and simple enough to be checked.
//!
//! # Format
//! A stream of two kinds of pieces, told apart by the first byte:
//! ```text
//! 000nnnnn  n+1 bytes                  a literal run of 1 to 32 bytes
//! nnnooooo  [length]  offset           a copy of n+2 bytes (n = 7: of length + 9) from o * 256 + offset + 1 back
//! ```
//! A copy may reach into the bytes it is itself writing, which is how runs are expressed. So a piece of three bytes
//! stands for at most 264, and that bounds what a hostile text can make us allocate.

/// The longest literal run one control byte can announce.
const LITERAL_MAX: usize = 32;
/// The farthest distance a copy can reach back.
const DISTANCE_MAX: usize = 1 << 13;
/// The longest copy.
const COPY_MAX: usize = 255 + 9;
/// Bits of the table that remembers where three bytes were last seen.
const HASH_BITS: u32 = 14;

/// Why a compressed text cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// It ends within a piece.
    Cut,
    /// A copy begins before the first byte.
    Before,
    /// It is not of the length it was announced with.
    Length,
}

/// The most bytes that `compressed` bytes can stand for.
pub fn expanded_max(compressed: u64) -> u64 {
    compressed.saturating_mul(COPY_MAX as u64 / 3)
}

/// The text of exactly `length` bytes that `input` stands for. Allocates nothing before `length` is plausible.
pub fn decompress(input: &[u8], length: usize) -> Result<Vec<u8>, Malformed> {
    if length as u64 > expanded_max(input.len() as u64) {
        return Err(Malformed::Length);
    }
    let mut output: Vec<u8> = Vec::with_capacity(length);
    let mut at = 0;
    while at < input.len() {
        let control = usize::from(input[at]);
        at += 1;
        if control < LITERAL_MAX {
            let run = input.get(at..at + control + 1).ok_or(Malformed::Cut)?;
            if run.len() > length - output.len() {
                return Err(Malformed::Length);
            }
            output.extend_from_slice(run);
            at += run.len();
            continue;
        }
        let mut copied = control >> 5;
        if copied == 7 {
            copied += usize::from(*input.get(at).ok_or(Malformed::Cut)?);
            at += 1;
        }
        copied += 2;
        let low = usize::from(*input.get(at).ok_or(Malformed::Cut)?);
        at += 1;
        let distance = ((control & 0x1f) << 8) + low + 1;
        let from = output.len().checked_sub(distance).ok_or(Malformed::Before)?;
        if copied > length - output.len() {
            return Err(Malformed::Length);
        }
        // A copy that overlaps itself repeats its first `distance` bytes; each turn may take all there is so far.
        while copied > 0 {
            let piece = copied.min(output.len() - from);
            output.extend_from_within(from..from + piece);
            copied -= piece;
        }
    }
    if output.len() == length { Ok(output) } else { Err(Malformed::Length) }
}

/// Compresses; keeps its table between calls, because clearing it would cost more than a short string.
pub struct Compressor {
    /// Where each hash of three bytes was last seen, counted from `base`. What is smaller than the base belongs to
    /// an earlier text.
    seen: Box<[u32]>,
    base: u32,
}

impl Default for Compressor {
    fn default() -> Compressor {
        Compressor::new()
    }
}

impl Compressor {
    /// A compressor with an empty memory (64 KiB).
    pub fn new() -> Compressor {
        Compressor { seen: vec![0; 1 << HASH_BITS].into_boxed_slice(), base: 1 }
    }

    /// Appends the compressed `input` to `output` if that takes at most `room` bytes; otherwise leaves `output` as
    /// it was and says no.
    pub fn compress(&mut self, input: &[u8], output: &mut Vec<u8>, room: usize) -> bool {
        let begin = output.len();
        if self.pieces(input, output, begin.saturating_add(room)).is_none() {
            output.truncate(begin);
            return false;
        }
        true
    }

    fn pieces(&mut self, input: &[u8], output: &mut Vec<u8>, end: usize) -> Option<()> {
        // Positions are 32 bits; what is longer stays as it is.
        let size = u32::try_from(input.len()).ok().filter(|&size| size < u32::MAX / 2)?;
        if self.base > u32::MAX - size {
            self.seen.fill(0);
            self.base = 1;
        }
        let base = self.base;
        self.base += size;
        let (mut at, mut literal) = (0usize, 0usize);
        while at + 3 <= input.len() {
            let slot = &mut self.seen[hash(&input[at..at + 3])];
            let before = std::mem::replace(slot, base + at as u32);
            let found = before.checked_sub(base).map(|before| before as usize).filter(|&before| {
                at - before <= DISTANCE_MAX && input[before..before + 3] == input[at..at + 3]
            });
            let Some(before) = found else {
                at += 1;
                continue;
            };
            let longest = (input.len() - at).min(COPY_MAX);
            let mut length = 3;
            while length < longest && input[before + length] == input[at + length] {
                length += 1;
            }
            literals(&input[literal..at], output, end)?;
            let distance = at - before - 1;
            let high = (distance >> 8) as u8;
            let n = length - 2;
            if n < 7 {
                output.push((n as u8) << 5 | high);
            } else {
                output.extend_from_slice(&[7 << 5 | high, (n - 7) as u8]);
            }
            output.push(distance as u8);
            if output.len() > end {
                return None;
            }
            // Remember the last places of the copy too: runs that follow each other are found again.
            let next = at + length;
            for place in (at + 1).max(next - 2)..next {
                if let Some(three) = input.get(place..place + 3) {
                    self.seen[hash(three)] = base + place as u32;
                }
            }
            (at, literal) = (next, next);
        }
        literals(&input[literal..], output, end)
    }
}

/// A place in the table for three bytes.
#[inline]
fn hash(three: &[u8]) -> usize {
    let word = u32::from(three[0]) << 16 | u32::from(three[1]) << 8 | u32::from(three[2]);
    (word.wrapping_mul(0x9e37_79b1) >> (32 - HASH_BITS)) as usize
}

/// Appends literal runs unless they would cross `end`.
fn literals(bytes: &[u8], output: &mut Vec<u8>, end: usize) -> Option<()> {
    for run in bytes.chunks(LITERAL_MAX) {
        if output.len() + run.len() + 1 > end {
            return None;
        }
        output.push(run.len() as u8 - 1);
        output.extend_from_slice(run);
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn pieces_are_read_as_the_format_says() {
        for (input, length, want) in [
            (&[2, b'a', b'b', b'c'][..], 3, Ok(b"abc".to_vec())),
            // One literal, then a copy of itself: a run.
            (&[0, b'a', 0xe0, 0, 0], 10, Ok(b"aaaaaaaaaa".to_vec())),
            (&[1, b'a', b'b', 0x20, 1], 5, Ok(b"ababa".to_vec())),
            (&[], 0, Ok(Vec::new())),
            (&[2, b'a'], 3, Err(Malformed::Cut)),
            (&[0, b'a', 0xe0], 10, Err(Malformed::Cut)),
            (&[0, b'a', 0xe0, 1], 10, Err(Malformed::Cut)),
            (&[0, b'a', 0x20, 1], 4, Err(Malformed::Before)),
            (&[0, b'a', 0x20, 0], 3, Err(Malformed::Length)),
            (&[0, b'a', 0x20, 0], 5, Err(Malformed::Length)),
            (&[0, b'a'], usize::MAX, Err(Malformed::Length)),
        ] {
            assert_eq!(decompress(input, length), want, "{input:?}");
        }
    }

    #[test]
    fn repetition_is_found_and_noise_is_refused() {
        let mut compressor = Compressor::new();
        let mut output = b"kept".to_vec();
        assert!(compressor.compress(&[b'x'; 1000], &mut output, 100));
        assert!(output.len() < 30, "{}", output.len());
        assert_eq!(decompress(&output[4..], 1000), Ok(vec![b'x'; 1000]));
        let mut prng = stdx::Prng::new(1);
        let noise: Vec<u8> = (0..1000).map(|_| prng.next_u64() as u8).collect();
        let before = output.clone();
        assert!(!compressor.compress(&noise, &mut output, 990));
        assert_eq!(output, before);
    }

    proptest! {
        #[test]
        fn what_is_compressed_comes_back(
            texts in prop::collection::vec(prop::collection::vec(0u8..4, 0..600), 1..4),
        ) {
            let mut compressor = Compressor::new();
            for text in texts {
                let mut output = Vec::new();
                if compressor.compress(&text, &mut output, text.len() + 100) {
                    prop_assert_eq!(decompress(&output, text.len()), Ok(text));
                } else {
                    prop_assert!(false, "with that much room everything fits");
                }
            }
        }

        #[test]
        fn arbitrary_bytes_never_panic(input: Vec<u8>, length in 0usize..100_000) {
            if let Ok(text) = decompress(&input, length) {
                prop_assert_eq!(text.len(), length);
            }
        }
    }
}
