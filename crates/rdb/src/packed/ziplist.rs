//! Ziplists: the packing of Redis 2.2 to 6.2, each entry opening with the size of the one before.
//!
//! ```text
//! size (u32)  offset of the last entry (u32)  count (u16, 65535 = count them)  entries  0xff
//! entry = size of the entry before (one byte, or 0xfe and four), encoding, data
//! ```
//! Sizes in encodings stand highest byte first, everything else lowest first.

use ds::Element;

use super::{Broken, Entry, array, int24, slice};

const HEAD: usize = 10;
const END: u8 = 0xff;
const FAR: u8 = 0xfe;
const COUNT_UNKNOWN: u16 = u16::MAX;

/// Reads a ziplist.
pub(crate) struct Ziplist<'a> {
    bytes: &'a [u8],
    rest: &'a [u8],
    announced: u16,
    tail: usize,
    /// Where the entry before began; the head's end when there was none.
    last: usize,
    seen: u64,
    done: bool,
}

impl<'a> Ziplist<'a> {
    /// A reader of `bytes`, if their head agrees with their size.
    pub(crate) fn new(bytes: &'a [u8]) -> Result<Ziplist<'a>, Broken> {
        let mut rest = bytes;
        let size = array(&mut rest).map(u32::from_le_bytes).ok_or(Broken)?;
        let tail = array(&mut rest).map(u32::from_le_bytes).ok_or(Broken)?;
        let announced = array(&mut rest).map(u16::from_le_bytes).ok_or(Broken)?;
        if size as usize != bytes.len() || bytes.len() <= HEAD || bytes.last() != Some(&END) {
            return Err(Broken);
        }
        let tail = tail as usize;
        Ok(Ziplist { bytes, rest, announced, tail, last: HEAD, seen: 0, done: false })
    }

    fn entry(&mut self) -> Option<Element<'a>> {
        let here = self.bytes.len() - self.rest.len();
        let rest = &mut self.rest;
        let [near] = array(rest)?;
        let before = match near {
            END => return None,
            FAR => u32::from_le_bytes(array(rest)?) as usize,
            _ => usize::from(near),
        };
        if before != here - self.last {
            return None;
        }
        self.last = here;
        let [first] = array(rest)?;
        Some(match first {
            0x00..=0x3f => Element::Bytes(slice(rest, usize::from(first))?),
            0x40..=0x7f => {
                let [second] = array(rest)?;
                let length = u16::from_be_bytes([first & 0x3f, second]);
                Element::Bytes(slice(rest, usize::from(length))?)
            }
            0x80 => {
                let length = u32::from_be_bytes(array(rest)?);
                Element::Bytes(slice(rest, length as usize)?)
            }
            0xc0 => Element::Int(i64::from(i16::from_le_bytes(array(rest)?))),
            0xd0 => Element::Int(i64::from(i32::from_le_bytes(array(rest)?))),
            0xe0 => Element::Int(i64::from_le_bytes(array(rest)?)),
            0xf0 => Element::Int(int24(array(rest)?)),
            0xf1..=0xfd => Element::Int(i64::from(first) - 0xf1),
            0xfe => Element::Int(i64::from(i8::from_le_bytes(array(rest)?))),
            _ => return None,
        })
    }
}

impl<'a> Iterator for Ziplist<'a> {
    type Item = Entry<'a>;

    fn next(&mut self) -> Option<Entry<'a>> {
        if self.done {
            return None;
        }
        if self.rest == [END] {
            self.done = true;
            let counted = self.announced == COUNT_UNKNOWN || u64::from(self.announced) == self.seen;
            return (!counted || self.tail != self.last).then_some(Err(Broken));
        }
        self.seen += 1;
        match self.entry() {
            Some(element) => Some(Ok(element)),
            None => {
                self.done = true;
                Some(Err(Broken))
            }
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::packed::collect;

    /// A ziplist of `entries`, each given from its encoding on.
    pub(crate) fn pack(entries: &[&[u8]]) -> Vec<u8> {
        let (mut body, mut before, mut tail) = (Vec::new(), 0, HEAD);
        for entry in entries {
            tail = HEAD + body.len();
            if before < usize::from(FAR) {
                body.push(before as u8);
            } else {
                body.push(FAR);
                body.extend_from_slice(&(before as u32).to_le_bytes());
            }
            body.extend_from_slice(entry);
            before = HEAD + body.len() - tail;
        }
        let size = (HEAD + body.len() + 1) as u32;
        let count = entries.len() as u16;
        let tail = tail as u32;
        [&size.to_le_bytes()[..], &tail.to_le_bytes(), &count.to_le_bytes(), &body, &[END]].concat()
    }

    fn read(bytes: &[u8]) -> Result<Vec<Vec<u8>>, Broken> {
        Ziplist::new(bytes).and_then(collect)
    }

    #[test]
    fn every_encoding_is_read() {
        let long = [&[0x41, 0x2c][..], &[b'x'; 300]].concat();
        let entries: [(&[u8], &[u8]); 11] = [
            (&[2, b'h', b'i'], b"hi"),
            (&[0], b""),
            (&long, &[b'x'; 300]),
            (&[0x80, 0, 0, 0, 2, b'o', b'k'], b"ok"),
            (&[0xc0, 0, 0x80], b"-32768"),
            (&[0xd0, 0xff, 0xff, 0xff, 0x7f], b"2147483647"),
            (&[0xe0, 0, 0, 0, 0, 0, 0, 0, 0x80], b"-9223372036854775808"),
            (&[0xf0, 0, 0, 0x80], b"-8388608"),
            (&[0xfe, 0x80], b"-128"),
            (&[0xf1], b"0"),
            (&[0xfd], b"12"),
        ];
        let bytes: Vec<&[u8]> = entries.iter().map(|(bytes, _)| *bytes).collect();
        let want: Vec<Vec<u8>> = entries.iter().map(|(_, text)| text.to_vec()).collect();
        assert_eq!(read(&pack(&bytes)), Ok(want));
        assert_eq!(read(&pack(&[])), Ok(vec![]));
    }

    #[test]
    fn contradictions_are_found() {
        let good = pack(&[&[2, b'h', b'i'], &[0xf2]]);
        assert!(read(&good).is_ok());
        // Every field of the head, each link back, the end: none can change unnoticed.
        for place in [0, 1, 4, 5, 8, 9, 10, 14, good.len() - 1] {
            let mut bad = good.clone();
            bad[place] ^= 0x40;
            assert_eq!(read(&bad), Err(Broken), "byte {place}");
        }
        for cut in 0..good.len() {
            assert_eq!(read(&good[..cut]), Err(Broken), "cut at {cut}");
        }
        assert_eq!(read(&pack(&[&[0x85, 0, 0, 0, 0]])), Err(Broken));
        assert_eq!(read(&pack(&[&[0x3f, 1]])), Err(Broken));
    }
}
