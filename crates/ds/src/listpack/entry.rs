//! One entry of a listpack: how an element is spelled in bytes, and how its length is read from either side.

use crate::element::Element;

/// An encoded entry in three pieces, so that long payloads are copied once.
pub(super) struct Encoded<'a> {
    head: [u8; 9],
    head_len: usize,
    payload: &'a [u8],
    back: [u8; 5],
    back_len: usize,
}

impl<'a> Encoded<'a> {
    /// Chooses the shortest encoding; bytes that spell a canonical integer are stored as the integer.
    pub(super) fn new(element: Element<'a>) -> Encoded<'a> {
        let mut head = [0; 9];
        let (head_len, payload): (usize, &[u8]) = match normal(element) {
            Element::Int(value) => (encode_int(value, &mut head), &[]),
            Element::Bytes(bytes) => {
                let len = bytes.len();
                let head_len = if len < 64 {
                    head[0] = 0x80 | len as u8;
                    1
                } else if len < 4096 {
                    head[0] = 0xe0 | (len >> 8) as u8;
                    head[1] = len as u8;
                    2
                } else {
                    head[0] = 0xf0;
                    head[1..5].copy_from_slice(&(len as u32).to_le_bytes());
                    5
                };
                (head_len, bytes)
            }
        };
        let mut back = [0; 5];
        let back_len = write_back_len(head_len + payload.len(), &mut back);
        Encoded { head, head_len, payload, back, back_len }
    }

    pub(super) fn parts(&self) -> [&[u8]; 3] {
        [&self.head[..self.head_len], self.payload, &self.back[..self.back_len]]
    }
}

/// How many bytes an element takes in a listpack.
pub fn encoded_len(element: Element<'_>) -> usize {
    Encoded::new(element).parts().iter().map(|part| part.len()).sum()
}

/// The element as it is stored: canonical integers as integers.
fn normal(element: Element<'_>) -> Element<'_> {
    match element {
        Element::Bytes(bytes) => Element::of(bytes),
        int => int,
    }
}

fn encode_int(value: i64, head: &mut [u8; 9]) -> usize {
    let le = value.to_le_bytes();
    match value {
        0..=127 => {
            head[0] = le[0];
            1
        }
        -4096..=4095 => {
            head[0] = 0xc0 | (le[1] & 0x1f);
            head[1] = le[0];
            2
        }
        _ => {
            let (tag, width) = match value {
                -0x8000..=0x7fff => (0xf1, 2),
                -0x80_0000..=0x7f_ffff => (0xf2, 3),
                -0x8000_0000..=0x7fff_ffff => (0xf3, 4),
                _ => (0xf4, 8),
            };
            head[0] = tag;
            head[1..=width].copy_from_slice(&le[..width]);
            1 + width
        }
    }
}

/// Bytes of an entry without its backward length, told from its first bytes; `None` for a byte that begins no
/// entry, or where the length itself is cut off.
pub(super) fn forward_len(entry: &[u8]) -> Option<usize> {
    Some(match *entry.first()? {
        0x00..=0x7f => 1,
        tag @ 0x80..=0xbf => 1 + usize::from(tag & 0x3f),
        0xc0..=0xdf => 2,
        tag @ 0xe0..=0xef => 2 + (usize::from(tag & 0x0f) << 8 | usize::from(*entry.get(1)?)),
        0xf0 => {
            let len = entry.get(1..5)?.try_into().expect("four bytes were asked for");
            5 + u32::from_le_bytes(len) as usize
        }
        0xf1 => 3,
        0xf2 => 4,
        0xf3 => 5,
        0xf4 => 9,
        _ => return None,
    })
}

/// How many bytes the backward length of an entry of `len` bytes takes.
pub(super) fn back_len_size(len: usize) -> usize {
    match len {
        0..=127 => 1,
        128..16383 => 2,
        16383..2097151 => 3,
        2097151..268435455 => 4,
        _ => 5,
    }
}

fn write_back_len(len: usize, back: &mut [u8; 5]) -> usize {
    // Seven bits a byte, the most significant first; all but the first say that more lie before them.
    let size = back_len_size(len);
    for (i, byte) in back[..size].iter_mut().enumerate() {
        *byte = (len >> (7 * (size - 1 - i))) as u8 & 0x7f | if i > 0 { 0x80 } else { 0 };
    }
    size
}

/// Reads a backward length that ends before `end`: the length it tells, and how many bytes it takes. `None`
/// where it does not end within five bytes.
pub(super) fn read_back_len(bytes: &[u8], end: usize) -> Option<(usize, usize)> {
    let mut len = 0;
    for i in 0..5 {
        let byte = *bytes.get(end.checked_sub(1 + i)?)?;
        len |= usize::from(byte & 0x7f) << (7 * i);
        if byte & 0x80 == 0 {
            return Some((len, i + 1));
        }
    }
    None
}

/// All bytes of the entry that begins here.
#[inline]
pub(super) fn whole_len(entry: &[u8]) -> usize {
    let len = forward_len(entry).expect("a listpack holds well-formed entries");
    len + back_len_size(len)
}

/// Where the entry that ends before `at` begins.
#[inline]
pub(super) fn start_before(bytes: &[u8], at: usize) -> usize {
    let (len, size) = read_back_len(bytes, at).expect("a listpack holds well-formed entries");
    at - len - size
}

/// The element that begins here, and all bytes its entry takes.
#[inline]
pub(super) fn decode(entry: &[u8]) -> (Element<'_>, usize) {
    fn int(entry: &[u8], width: usize) -> Element<'_> {
        let mut le = [0; 8];
        le[8 - width..].copy_from_slice(&entry[1..1 + width]);
        Element::Int(i64::from_le_bytes(le) >> (64 - 8 * width))
    }
    let tag = entry[0];
    match tag {
        0x00..=0x7f => (Element::Int(i64::from(tag)), 2),
        0x80..=0xbf => {
            let len = usize::from(tag & 0x3f);
            (Element::Bytes(&entry[1..1 + len]), 2 + len)
        }
        0xc0..=0xdf => {
            let value = i16::from_be_bytes([tag << 3, entry[1]]);
            // The five high bits sit at the top of the word; shift them down again with their sign.
            let value = (value >> 3) & !0xff | i16::from(entry[1]);
            (Element::Int(i64::from(value)), 3)
        }
        0xf1 => (int(entry, 2), 4),
        0xf2 => (int(entry, 3), 5),
        0xf3 => (int(entry, 4), 6),
        0xf4 => (int(entry, 8), 10),
        _ => {
            let len = forward_len(entry).expect("a listpack holds well-formed entries");
            let head = if tag == 0xf0 { 5 } else { 2 };
            (Element::Bytes(&entry[head..len]), len + back_len_size(len))
        }
    }
}
