//! Zipmaps: how Redis before 2.6 packed small hashes.
//!
//! ```text
//! count (u8, 254 and 255 = count them)  { length field  length slack value slack-bytes }  0xff
//! length = one byte up to 253, or 0xfe and four, lowest first
//! ```

use ds::Element;

use super::{Broken, Entry, array, slice};

const END: u8 = 0xff;
const FAR: u8 = 0xfe;
const COUNT_UNKNOWN: u8 = 254;

/// Reads a zipmap: fields and values by turns.
pub(crate) struct Zipmap<'a> {
    rest: &'a [u8],
    announced: u8,
    seen: u64,
    done: bool,
}

impl<'a> Zipmap<'a> {
    /// A reader of `bytes`.
    pub(crate) fn new(bytes: &'a [u8]) -> Result<Zipmap<'a>, Broken> {
        let mut rest = bytes;
        let [announced] = array(&mut rest).ok_or(Broken)?;
        Ok(Zipmap { rest, announced, seen: 0, done: false })
    }

    fn entry(&mut self) -> Option<Element<'a>> {
        let is_value = self.seen & 1 == 1;
        let rest = &mut self.rest;
        let [near] = array(rest)?;
        let length = match near {
            END => return None,
            FAR => u32::from_le_bytes(array(rest)?) as usize,
            _ => usize::from(near),
        };
        let slack = if is_value { array::<1>(rest)?[0] } else { 0 };
        let text = slice(rest, length)?;
        slice(rest, usize::from(slack))?;
        Some(Element::Bytes(text))
    }
}

impl<'a> Iterator for Zipmap<'a> {
    type Item = Entry<'a>;

    fn next(&mut self) -> Option<Entry<'a>> {
        if self.done {
            return None;
        }
        if self.rest == [END] && self.seen & 1 == 0 {
            self.done = true;
            let pairs = self.seen / 2;
            let agrees = self.announced >= COUNT_UNKNOWN || u64::from(self.announced) == pairs;
            return (!agrees).then_some(Err(Broken));
        }
        match self.entry() {
            Some(element) => {
                self.seen += 1;
                Some(Ok(element))
            }
            None => {
                self.done = true;
                Some(Err(Broken))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packed::collect;

    fn read(bytes: &[u8]) -> Result<Vec<Vec<u8>>, Broken> {
        Zipmap::new(bytes).and_then(collect)
    }

    #[test]
    fn pairs_are_read_past_their_slack() {
        let want = Ok(vec![b"foo".to_vec(), b"hi".to_vec(), b"".to_vec(), b"world".to_vec()]);
        let good = b"\x02\x03foo\x02\x01hi_\x00\x05\x00world\xff";
        assert_eq!(read(good), want);
        let far = b"\xfe\x03foo\x02\x01hi_\x00\xfe\x05\x00\x00\x00\x00world\xff";
        assert_eq!(read(far), want);
        for cut in 0..good.len() {
            assert_eq!(read(&good[..cut]), Err(Broken), "cut at {cut}");
        }
        for broken in [
            &b"\x01\x03foo\x02\x01hi_\x00\x05\x00world\xff"[..],
            b"\x02\x03foo\x02\x01hi_\x00\x05\x00world\xff\xff",
            b"\x01\x03foo\xff",
            b"\x01\x03foo\xfe\xff\xff\xff\xff\x00\xff",
        ] {
            assert_eq!(read(broken), Err(Broken), "{broken:?}");
        }
    }
}
