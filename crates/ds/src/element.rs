//! What collections hand out: a word of bytes, or an integer standing for its decimal spelling.
//!
//! Packed encodings store canonical integers in binary, so an element read from them may never have existed as
//! text. Whoever needs bytes brings an [`ElementBuf`] to spell the integer in.

use std::cmp::Ordering;
use std::fmt;

/// One element of a collection. Two elements are equal when their bytes are, however they are stored.
#[derive(Clone, Copy)]
pub enum Element<'a> {
    /// Stands for the canonical decimal spelling of the number.
    Int(i64),
    /// The bytes themselves; they may happen to spell an integer.
    Bytes(&'a [u8]),
}

/// Room to spell an integer in: enough for `-9223372036854775808`.
#[derive(Clone, Copy, Default)]
pub struct ElementBuf([u8; 20]);

impl ElementBuf {
    /// An empty buffer.
    pub fn new() -> ElementBuf {
        ElementBuf::default()
    }

    /// Spells `value` in decimal.
    pub fn spell(&mut self, value: i64) -> &[u8] {
        let mut rest = value.unsigned_abs();
        let mut at = self.0.len();
        loop {
            at -= 1;
            self.0[at] = b'0' + (rest % 10) as u8;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        if value < 0 {
            at -= 1;
            self.0[at] = b'-';
        }
        &self.0[at..]
    }
}

impl<'a> Element<'a> {
    /// The element whose bytes these are; a canonical integer becomes [`Element::Int`].
    pub fn of(bytes: &'a [u8]) -> Element<'a> {
        match stdx::integer::parse_i64(bytes) {
            Some(value) => Element::Int(value),
            None => Element::Bytes(bytes),
        }
    }

    /// The bytes of the element, spelled into `buf` where it is an integer.
    pub fn bytes<'s>(&self, buf: &'s mut ElementBuf) -> &'s [u8]
    where
        'a: 's,
    {
        match *self {
            Element::Int(value) => buf.spell(value),
            Element::Bytes(bytes) => bytes,
        }
    }

    /// A copy of the bytes.
    pub fn to_vec(&self) -> Vec<u8> {
        self.bytes(&mut ElementBuf::new()).to_vec()
    }

    /// How many bytes [`Element::bytes`] gives.
    pub fn len(&self) -> usize {
        match *self {
            Element::Int(value) => {
                let digits =
                    value.unsigned_abs().checked_ilog10().map_or(1, |log| log as usize + 1);
                digits + usize::from(value < 0)
            }
            Element::Bytes(bytes) => bytes.len(),
        }
    }

    /// Whether there are no bytes.
    pub fn is_empty(&self) -> bool {
        matches!(self, Element::Bytes(b""))
    }

    /// The integer whose canonical spelling the element is, however it is stored.
    pub fn to_i64(&self) -> Option<i64> {
        match *self {
            Element::Int(value) => Some(value),
            Element::Bytes(bytes) => stdx::integer::parse_i64(bytes),
        }
    }

    /// Whether the element's bytes are these.
    pub fn eq_bytes(&self, bytes: &[u8]) -> bool {
        match *self {
            Element::Int(value) => stdx::integer::parse_i64(bytes) == Some(value),
            Element::Bytes(own) => own == bytes,
        }
    }

    /// Orders the element's bytes against these, as `memcmp` does, a prefix before what it begins.
    pub fn cmp_bytes(&self, bytes: &[u8]) -> Ordering {
        self.bytes(&mut ElementBuf::new()).cmp(bytes)
    }
}

impl PartialEq for Element<'_> {
    fn eq(&self, other: &Element<'_>) -> bool {
        match (*self, *other) {
            (Element::Int(a), Element::Int(b)) => a == b,
            (Element::Bytes(bytes), element) | (element, Element::Bytes(bytes)) => {
                element.eq_bytes(bytes)
            }
        }
    }
}

impl Eq for Element<'_> {}

impl fmt::Debug for Element<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Element::Int(value) => write!(f, "{value}"),
            Element::Bytes(bytes) => write!(f, "\"{}\"", bytes.escape_ascii()),
        }
    }
}

impl<'a> From<&'a [u8]> for Element<'a> {
    fn from(bytes: &'a [u8]) -> Element<'a> {
        Element::Bytes(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_integer_equals_its_spelling_and_no_other() {
        for value in [0, 7, -1, 10, 99, 100, -100, i64::MAX, i64::MIN] {
            let text = value.to_string();
            let element = Element::Int(value);
            assert_eq!(element.bytes(&mut ElementBuf::new()), text.as_bytes());
            assert_eq!(element.len(), text.len(), "{value}");
            assert_eq!(element, Element::Bytes(text.as_bytes()));
            assert!(matches!(Element::of(text.as_bytes()), Element::Int(v) if v == value));
            assert!(!element.eq_bytes(format!("0{text}").as_bytes()));
        }
    }

    #[test]
    fn order_is_that_of_bytes_not_numbers() {
        assert_eq!(Element::Int(10).cmp_bytes(b"9"), Ordering::Less);
        assert_eq!(Element::Int(1).cmp_bytes(b"10"), Ordering::Less);
    }
}
