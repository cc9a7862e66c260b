//! The bytes fed so far, and the small things they are made of: numbers, lengths, strings.
//!
//! # Design
//! Every reader either takes all it wants or takes nothing and asks for more. So a decoder can be stopped between
//! any two bytes, and what it has understood it never reads again. A string of a gigabyte that arrives in pieces
//! costs one look at its length for each piece. Announced lengths are only ever compared with what is there: memory
//! grows by what was fed, never by what was promised.

use ds::{Element, PART_BYTES_MAX};
use stdx::crc64;

use crate::corrupt::{Corrupt, Damage};
use crate::format::encoding;
use crate::lzf;

/// Why a reader gave nothing.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The bytes end within it.
    More,
    /// The bytes are damaged.
    Corrupt(Corrupt),
}

pub(crate) type Read<T> = Result<T, Stop>;

/// What was fed and not yet taken.
#[derive(Debug, Default)]
pub(crate) struct Input {
    buffer: Vec<u8>,
    /// Where the next byte to take lies in the buffer.
    next: usize,
    /// How many bytes went before the buffer.
    before: u64,
    /// The sum over everything before `summed`.
    sum: u64,
    /// How much of the buffer is in the sum. Invariant: `summed <= next`.
    summed: usize,
}

/// A string as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Text<'a> {
    Int(i64),
    Slice(&'a [u8]),
    Owned(Vec<u8>),
}

impl Text<'_> {
    /// The same, to look at.
    pub(crate) fn element(&self) -> Element<'_> {
        match self {
            Text::Int(number) => Element::Int(*number),
            Text::Slice(bytes) => Element::Bytes(bytes),
            Text::Owned(bytes) => Element::Bytes(bytes),
        }
    }

    /// The bytes, integers in decimal.
    pub(crate) fn into_vec(self) -> Vec<u8> {
        match self {
            Text::Int(number) => number.to_string().into_bytes(),
            Text::Slice(bytes) => bytes.to_vec(),
            Text::Owned(bytes) => bytes,
        }
    }
}

/// What a length can turn out to be.
enum Length {
    Plain(u64),
    /// Not a length: a string in this encoding follows.
    Encoded(u8),
}

impl Input {
    /// Appends bytes to what can be read.
    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        // What was taken is dropped once it is most of the buffer, so that each byte is moved about once.
        if self.next > 0 && self.next * 2 >= self.buffer.len() {
            self.sum();
            self.buffer.drain(..self.next);
            self.before += self.next as u64;
            (self.next, self.summed) = (0, 0);
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// How many bytes were taken.
    pub(crate) fn offset(&self) -> u64 {
        self.before + self.next as u64
    }

    /// The sum over everything taken.
    pub(crate) fn sum(&mut self) -> u64 {
        self.sum = crc64(self.sum, &self.buffer[self.summed..self.next]);
        self.summed = self.next;
        self.sum
    }

    /// What was fed and not taken.
    pub(crate) fn rest(&self) -> &[u8] {
        &self.buffer[self.next..]
    }

    /// Damage at the place of the next byte.
    pub(crate) fn corrupt(&self, what: Damage) -> Stop {
        Stop::Corrupt(Corrupt::new(self.offset(), what))
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Read<[u8; N]> {
        let bytes = *self.rest().first_chunk::<N>().ok_or(Stop::More)?;
        self.next += N;
        Ok(bytes)
    }

    pub(crate) fn byte(&mut self) -> Read<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    /// Milliseconds as written since version 3: 64 bits, lowest byte first.
    pub(crate) fn millis(&mut self) -> Read<i64> {
        self.array().map(i64::from_le_bytes)
    }

    /// A count or size.
    pub(crate) fn length(&mut self) -> Read<u64> {
        match self.any_length()? {
            (Length::Plain(length), size) => {
                self.next += size;
                Ok(length)
            }
            (Length::Encoded(_), _) => {
                Err(self.corrupt(Damage::Broken("A string stands where a length should be")))
            }
        }
    }

    /// Looks at a length or an encoding, and says how many bytes it takes.
    fn any_length(&self) -> Read<(Length, usize)> {
        let rest = self.rest();
        let first = *rest.first().ok_or(Stop::More)?;
        let low = first & 0x3f;
        match (first >> 6, low) {
            (0, _) => Ok((Length::Plain(u64::from(low)), 1)),
            (1, _) => {
                let second = *rest.get(1).ok_or(Stop::More)?;
                Ok((Length::Plain(u64::from(low) << 8 | u64::from(second)), 2))
            }
            (2, 0) => {
                let bytes = *rest[1..].first_chunk::<4>().ok_or(Stop::More)?;
                Ok((Length::Plain(u64::from(u32::from_be_bytes(bytes))), 5))
            }
            (2, 1) => {
                let bytes = *rest[1..].first_chunk::<8>().ok_or(Stop::More)?;
                Ok((Length::Plain(u64::from_be_bytes(bytes)), 9))
            }
            (2, _) => Err(self.corrupt(Damage::Broken("Unknown length encoding"))),
            _ => Ok((Length::Encoded(low), 1)),
        }
    }

    /// A string, borrowed from the buffer where it was written plainly.
    pub(crate) fn text(&mut self) -> Read<Text<'_>> {
        let (length, header) = self.any_length()?;
        let rest = &self.buffer[self.next..];
        match length {
            Length::Plain(length) => {
                self.check_text_len(length)?;
                let length = within(rest, header, length).ok_or(Stop::More)?;
                let from = self.next + header;
                self.next = from + length;
                Ok(Text::Slice(&self.buffer[from..self.next]))
            }
            Length::Encoded(encoding::INT8) => {
                let bytes = *rest[1..].first_chunk::<1>().ok_or(Stop::More)?;
                self.next += 2;
                Ok(Text::Int(i64::from(i8::from_le_bytes(bytes))))
            }
            Length::Encoded(encoding::INT16) => {
                let bytes = *rest[1..].first_chunk::<2>().ok_or(Stop::More)?;
                self.next += 3;
                Ok(Text::Int(i64::from(i16::from_le_bytes(bytes))))
            }
            Length::Encoded(encoding::INT32) => {
                let bytes = *rest[1..].first_chunk::<4>().ok_or(Stop::More)?;
                self.next += 5;
                Ok(Text::Int(i64::from(i32::from_le_bytes(bytes))))
            }
            Length::Encoded(encoding::LZF) => self.compressed(),
            Length::Encoded(other) => Err(self.corrupt(Damage::StringEncoding(other))),
        }
    }

    /// Refuses a string that no key, element or value could hold.
    fn check_text_len(&self, length: u64) -> Read<()> {
        if length > PART_BYTES_MAX as u64 {
            return Err(self.corrupt(Damage::Broken("String of 4 GiB or more")));
        }
        Ok(())
    }

    /// A string as it lies there: all its bytes, and what it says if it was written plainly.
    pub(crate) fn raw_text(&mut self) -> Read<(&[u8], Option<&[u8]>)> {
        let from = self.next;
        if let (Length::Plain(length), header) = self.any_length()? {
            let length = within(self.rest(), header, length).ok_or(Stop::More)?;
            self.next += header + length;
            let whole = &self.buffer[from..self.next];
            return Ok((whole, Some(&whole[header..])));
        }
        self.text()?;
        Ok((&self.buffer[from..self.next], None))
    }

    /// Takes all of what `read` takes, or, where more bytes are needed, nothing.
    pub(crate) fn whole<T>(&mut self, read: impl FnOnce(&mut Input) -> Read<T>) -> Read<T> {
        let begin = self.next;
        let result = read(self);
        if let Err(Stop::More) = result {
            self.next = begin;
        }
        result
    }

    /// A compressed string: its sizes compressed and plain, then the bytes.
    fn compressed(&mut self) -> Read<Text<'_>> {
        let begin = self.next;
        let text = self.whole(|input| {
            input.next += 1;
            let (packed, plain) = (input.length()?, input.length()?);
            let body = input.next;
            // Whatever is wrong, the string begins here.
            input.next = begin;
            let broken = || input.corrupt(Damage::Broken("Invalid LZF compressed string"));
            // What the lengths say is judged before anything waits for the bytes.
            input.check_text_len(packed.max(plain))?;
            if plain > lzf::expanded_max(packed) {
                return Err(broken());
            }
            let rest = &input.buffer[body..];
            let packed = within(rest, 0, packed).ok_or(Stop::More)?;
            let plain = usize::try_from(plain).map_err(|_| broken())?;
            let text = lzf::decompress(&rest[..packed], plain).map_err(|_| broken())?;
            input.next = body + packed;
            Ok(text)
        });
        text.map(Text::Owned)
    }

    /// A string of exactly `length` bytes without anything before it.
    pub(crate) fn bytes(&mut self, length: usize) -> Read<&[u8]> {
        let from = self.next;
        if self.rest().len() < length {
            return Err(Stop::More);
        }
        self.next += length;
        Ok(&self.buffer[from..self.next])
    }
}

/// `length` as a size in memory, if that many bytes follow the first `header` ones.
fn within(rest: &[u8], header: usize, length: u64) -> Option<usize> {
    let length = usize::try_from(length).ok()?;
    (rest.len() - header >= length).then_some(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(bytes: &[u8]) -> Input {
        let mut input = Input::default();
        input.feed(bytes);
        input
    }

    #[test]
    fn lengths_have_four_sizes() {
        for (bytes, want) in [
            (&[0x05][..], 5),
            (&[0x3f], 63),
            (&[0x41, 0x02], 258),
            (&[0x80, 0, 1, 0, 0], 65536),
            (&[0x81, 0, 0, 0, 1, 0, 0, 0, 0], 1 << 32),
        ] {
            assert_eq!(input(bytes).length().expect("complete"), want);
            for cut in 0..bytes.len() {
                let mut short = input(&bytes[..cut]);
                assert!(matches!(short.length(), Err(Stop::More)));
                assert_eq!(short.offset(), 0);
            }
        }
        assert!(matches!(input(&[0x82]).length(), Err(Stop::Corrupt(_))));
        assert!(matches!(input(&[0xc0, 1]).length(), Err(Stop::Corrupt(_))));
    }

    #[test]
    fn strings_wait_until_they_are_whole() {
        let abcabc: &[u8] = &[0xc3, 6, 9, 2, b'a', b'b', b'c', 0x80, 2];
        for (bytes, want) in [
            (&[3, b'a', b'b', b'c'][..], Text::Slice(b"abc")),
            (&[0], Text::Slice(b"")),
            (&[0xc0, 0xff], Text::Int(-1)),
            (&[0xc1, 0, 1], Text::Int(256)),
            (&[0xc2, 0, 0, 0, 0x80], Text::Int(i64::from(i32::MIN))),
            (abcabc, Text::Owned(b"abcabcabc".to_vec())),
        ] {
            for cut in 0..bytes.len() {
                let mut short = input(&bytes[..cut]);
                assert!(matches!(short.text(), Err(Stop::More)), "{bytes:?} cut at {cut}");
                assert_eq!(short.offset(), 0);
                short.feed(&bytes[cut..]);
                assert_eq!(short.text().expect("complete"), want);
                assert_eq!(short.offset(), bytes.len() as u64);
            }
        }
    }

    #[test]
    fn a_promise_of_everything_allocates_nothing() {
        let huge = [0x80, 0xff, 0xff, 0xff, 0xff];
        assert!(matches!(input(&huge).text(), Err(Stop::More)));
        let mut bomb = vec![0xc3, 2, 0x81];
        bomb.extend_from_slice(&u64::MAX.to_be_bytes());
        bomb.extend_from_slice(&[0, b'x']);
        assert!(matches!(input(&bomb).text(), Err(Stop::Corrupt(Corrupt { at: 0, .. }))));
    }

    #[test]
    fn a_string_that_nothing_could_hold_is_refused_by_its_length() {
        let long = |length: u64| [&[0x81][..], &length.to_be_bytes()].concat();
        let limit = PART_BYTES_MAX as u64;
        // Compressed, so many bytes stand for more; both lengths are plausible.
        let packed = [&[0x80][..], &(50u32 << 20).to_be_bytes()].concat();
        for (length, is_refused) in [(limit, false), (limit + 1, true), (u64::MAX, true)] {
            for bytes in [long(length), [&[0xc3][..], &packed, &long(length)].concat()] {
                let mut input = input(&bytes);
                match input.text() {
                    Err(Stop::More) => assert!(!is_refused, "{length}"),
                    Err(Stop::Corrupt(_)) => assert!(is_refused, "{length}"),
                    Ok(_) => panic!("the bytes are not there"),
                }
            }
        }
    }

    #[test]
    fn the_sum_covers_what_was_taken() {
        let mut input = Input::default();
        let mut taken = Vec::new();
        for round in 0..50u8 {
            input.feed(&[round, 1, 2, 3, 4]);
            let count = if round % 3 == 0 { 1 } else { 5 };
            taken.extend_from_slice(input.bytes(count).expect("fed"));
            assert_eq!(input.sum(), crc64(0, &taken));
        }
    }
}
