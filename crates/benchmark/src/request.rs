//! Requests as bytes, made once: what changes from one to the next is written over its placeholder.

use crate::chance::Chance;

/// What a random number is written over: as many letters as it has digits.
const PLACEHOLDER: &[u8] = b"__rand_int__";

/// What stands for a value of the size that was asked for.
const DATA: &[u8] = b"__data__";

/// The requests that are sent at once.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) bytes: Vec<u8>,
    /// Where numbers go.
    holes: Vec<usize>,
    /// They lie below this.
    range: u32,
    /// How many replies there will be.
    pub(crate) count: u32,
}

impl Request {
    /// `count` times `encoded`. Without a range, placeholders are words like any other.
    pub(crate) fn new(encoded: &[u8], count: u32, range: Option<u32>) -> Request {
        let bytes = encoded.repeat(count as usize);
        let mut holes = Vec::new();
        if range.is_some() {
            let mut at = 0;
            while let Some(found) = memchr::memmem::find(&bytes[at..], PLACEHOLDER) {
                holes.push(at + found);
                at += found + PLACEHOLDER.len();
            }
        }
        Request { bytes, holes, range: range.unwrap_or(0), count }
    }

    /// True if no two are the same.
    pub(crate) fn varies(&self) -> bool {
        !self.holes.is_empty()
    }

    /// Draws new numbers.
    pub(crate) fn vary(&mut self, chance: &mut Chance) {
        for &hole in &self.holes {
            // compat(7.2): a number is drawn only where there is a choice.
            let mut number = if self.range == 0 { 0 } else { chance.next() % self.range };
            for digit in self.bytes[hole..hole + PLACEHOLDER.len()].iter_mut().rev() {
                *digit = b'0' + (number % 10) as u8;
                number /= 10;
            }
        }
    }
}

/// One request of these words.
pub(crate) fn encode<W: AsRef<[u8]>>(words: &[W]) -> Vec<u8> {
    let mut bytes = format!("*{}\r\n", words.len()).into_bytes();
    for word in words {
        let word = word.as_ref();
        bytes.extend_from_slice(format!("${}\r\n", word.len()).as_bytes());
        bytes.extend_from_slice(word);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes
}

/// `word` with `data` wherever it asks for it.
pub(crate) fn with_data(word: &[u8], data: &[u8]) -> Vec<u8> {
    let mut filled = Vec::with_capacity(word.len());
    let mut rest = word;
    while let Some(at) = memchr::memmem::find(rest, DATA) {
        filled.extend_from_slice(&rest[..at]);
        filled.extend_from_slice(data);
        rest = &rest[at + DATA.len()..];
    }
    filled.extend_from_slice(rest);
    filled
}

/// Values that are no two alike in a row and the same in every run: the letters of `redis-benchmark`.
#[derive(Clone, Debug)]
pub(crate) struct Letters(u32);

impl Default for Letters {
    fn default() -> Letters {
        Letters(1234)
    }
}

impl Letters {
    /// The next `len` of them.
    pub(crate) fn take(&mut self, len: usize) -> Vec<u8> {
        let mut next = || {
            // The generator that the C standard shows as an example, and 64 letters from `0` on.
            self.0 = self.0.wrapping_mul(1_103_515_245).wrapping_add(12_345);
            b'0' + (self.0 >> 16 & 63) as u8
        };
        (0..len).map(|_| next()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_over_their_placeholders() {
        let encoded = encode(&["SET", "k:__rand_int__", "__rand_int__"]);
        let mut request = Request::new(&encoded, 2, Some(10));
        assert!(request.varies());
        request.vary(&mut Chance::new(1));
        let mut chance = Chance::new(1);
        let mut number = || format!("{:012}", chance.next() % 10);
        let mut one =
            || format!("*3\r\n$3\r\nSET\r\n$14\r\nk:{}\r\n$12\r\n{}\r\n", number(), number());
        let want = one() + &one();
        assert_eq!(String::from_utf8_lossy(&request.bytes), want);
    }

    #[test]
    fn without_a_range_placeholders_stay() {
        let request = Request::new(b"PING __rand_int__\r\n", 1, None);
        assert!(!request.varies());
        let mut zero = Request::new(b"PING __rand_int__\r\n", 1, Some(0));
        zero.vary(&mut Chance::new(1));
        assert_eq!(zero.bytes, b"PING 000000000000\r\n");
    }

    #[test]
    fn data_replaces_its_placeholder() {
        assert_eq!(with_data(b"a__data__b__data__", b"xy"), b"axybxy");
        assert_eq!(with_data(b"plain", b"xy"), b"plain");
        let mut letters = Letters::default();
        let first = letters.take(3);
        assert_eq!(first, b"VXK");
        assert_ne!(letters.take(3), first);
    }
}
