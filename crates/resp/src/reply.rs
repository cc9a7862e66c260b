//! Reads replies, incrementally: for links to other servers, for clients and for tests.

use crate::Value;
use std::fmt;

/// Bytes that are no reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplyError {
    /// The byte that cannot begin a reply, or the line that cannot be read.
    pub line: Vec<u8>,
    /// What is wrong with it.
    pub fault: Fault,
}

/// Why a line does not belong to a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// No reply begins with this byte.
    Type,
    /// More replies within each other than [`DEPTH_MAX`].
    Depth,
    Integer,
    Double,
    Null,
    Bool,
    BigNumber,
    /// The length of a string is no number.
    Length,
    /// The length of a string is a number that no length is.
    LengthRange,
    /// The number of items is none.
    Count,
    /// The number of items is one that no reply has.
    CountRange,
    /// A verbatim string does not begin with its format.
    Format,
}

impl fmt::Display for ReplyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not a reply: {:?}", String::from_utf8_lossy(&self.line))
    }
}

impl std::error::Error for ReplyError {}

/// How deep a reply may nest, so that hostile bytes cannot exhaust the stack.
const DEPTH_MAX: usize = 64;

/// Of no more items than this a reply says that it has them.
const ITEMS_MAX: i64 = u32::MAX as i64;

/// The longest text of a double.
const DOUBLE_BYTES_MAX: usize = 325;

/// What replies begin with.
const TYPES: &[u8] = b"+-:,(#_$!=*~>%";

/// Collects bytes and gives replies.
#[derive(Debug, Default)]
pub struct ReplyParser {
    buffer: Vec<u8>,
    at: usize,
    progress: Progress,
}

/// How far the next reply has been looked at. A long array arrives in many reads; looking at it from its beginning
/// after each of them would take as long as the square of its length.
#[derive(Debug, Default)]
struct Progress {
    /// Up to where, from the beginning of the reply.
    len: usize,
    /// How many items are missing, of each array that has begun, the outermost first.
    missing: Vec<u64>,
    /// Before the buffer is so long, from the beginning of the reply, another look is not worth it.
    enough: usize,
}

impl ReplyParser {
    /// Adds what arrived.
    pub fn feed(&mut self, bytes: &[u8]) {
        // What was read is forgotten once it is the larger part: moving the rest costs less than it cost to read.
        if self.at > self.buffer.len() / 2 {
            self.buffer.drain(..self.at);
            self.at = 0;
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole reply, if there is one.
    #[allow(clippy::should_implement_trait, reason = "it can fail, and goes on after more was fed")]
    pub fn next(&mut self) -> Result<Option<Value>, ReplyError> {
        if !self.progress.advance(&self.buffer[self.at..]) {
            return Ok(None);
        }
        let mut cursor = Cursor { bytes: &self.buffer, at: self.at };
        let value = cursor.value(0)?;
        if value.is_some() {
            self.at = cursor.at;
            self.progress = Progress::default();
        }
        Ok(value)
    }

    /// What has arrived and was not read as a reply.
    pub fn rest(&self) -> &[u8] {
        &self.buffer[self.at..]
    }

    /// Takes what has arrived and was not read as a reply.
    pub fn take_rest(&mut self) -> Vec<u8> {
        let rest = self.buffer.split_off(self.at);
        *self = ReplyParser::default();
        rest
    }
}

impl Progress {
    /// Goes on through `reply`, which has grown. True if all of it is there, or it is none.
    fn advance(&mut self, reply: &[u8]) -> bool {
        if reply.len() < self.enough {
            return false;
        }
        loop {
            // Nothing that is missing could make a reply of it.
            if self.missing.len() > DEPTH_MAX {
                return true;
            }
            let mut cursor = Cursor { bytes: reply, at: self.len };
            let Some(line) = cursor.line() else { return cursor.is_no_reply() };
            let Some((kind, rest)) = line.split_first() else { return true };
            let count = || std::str::from_utf8(rest).ok().and_then(|text| text.parse::<i64>().ok());
            let mut items = 0;
            match (kind, count()) {
                (b'*' | b'~' | b'>' | b'%', Some(len)) if len > ITEMS_MAX => return true,
                (b'$' | b'!' | b'=', Some(len @ 0..)) => {
                    if cursor.body(len as usize).is_none() {
                        self.enough = cursor.at.saturating_add(len as usize).saturating_add(2);
                        return false;
                    }
                }
                (b'*' | b'~' | b'>', Some(len @ 0..)) => items = len as u64,
                (b'%', Some(len @ 0..)) => items = (len as u64).saturating_mul(2),
                (b'$' | b'!' | b'=' | b'*' | b'~' | b'>' | b'%' | b':', None) => return true,
                (b'+' | b'-' | b':' | b',' | b'(' | b'#' | b'_', _) => {}
                (b'$' | b'!' | b'=' | b'*' | b'~' | b'>' | b'%', Some(_)) => {}
                _ => return true,
            }
            self.len = cursor.at;
            if items > 0 {
                self.missing.push(items);
                continue;
            }
            while let Some(missing) = self.missing.last_mut() {
                *missing -= 1;
                if *missing > 0 {
                    break;
                }
                self.missing.pop();
            }
            if self.missing.is_empty() {
                return true;
            }
        }
    }
}

struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    fn value(&mut self, depth: usize) -> Result<Option<Value>, ReplyError> {
        if self.is_no_reply() {
            let first = &self.bytes[self.at..=self.at];
            let line = self.line().filter(|line| !line.is_empty()).unwrap_or(first);
            return Err(bad(line, Fault::Type));
        }
        let Some(line) = self.line() else { return Ok(None) };
        let (&kind, rest) = line.split_first().ok_or_else(|| bad(line, Fault::Type))?;
        if depth > DEPTH_MAX {
            return Err(bad(line, Fault::Depth));
        }
        let check = |is_good, fault| if is_good { Ok(()) } else { Err(bad(line, fault)) };
        let int = |fault| {
            let number = std::str::from_utf8(rest).ok().and_then(|text| text.parse::<i64>().ok());
            number.ok_or_else(|| bad(line, fault))
        };
        Ok(Some(match kind {
            b'+' => Value::Simple(rest.to_vec()),
            b'-' => Value::Error(rest.to_vec()),
            b':' => Value::Int(int(Fault::Integer)?),
            b',' => {
                check(is_double(rest), Fault::Double)?;
                Value::Double(rest.to_vec())
            }
            b'(' => {
                let digits = rest.strip_prefix(b"-").unwrap_or(rest);
                check(digits.iter().all(u8::is_ascii_digit), Fault::BigNumber)?;
                Value::BigNumber(rest.to_vec())
            }
            b'#' => {
                check(matches!(rest, b"t" | b"T" | b"f" | b"F"), Fault::Bool)?;
                Value::Bool(rest.eq_ignore_ascii_case(b"t"))
            }
            b'_' => {
                check(rest.is_empty(), Fault::Null)?;
                Value::Null
            }
            b'$' | b'!' | b'=' => {
                let len = int(Fault::Length)?;
                check(len >= -1, Fault::LengthRange)?;
                let Ok(len) = usize::try_from(len) else { return Ok(Some(Value::Null)) };
                let Some(body) = self.body(len) else { return Ok(None) };
                match (kind, body) {
                    (b'!', _) => Value::Error(body.to_vec()),
                    (b'=', [a, b, c, b':', text @ ..]) => {
                        Value::Verbatim([*a, *b, *c], text.to_vec())
                    }
                    (b'=', _) => return Err(bad(line, Fault::Format)),
                    _ => Value::Bulk(body.to_vec()),
                }
            }
            _ => {
                let len = int(Fault::Count)?;
                check((-1..=ITEMS_MAX).contains(&len), Fault::CountRange)?;
                match kind {
                    _ if len < 0 => Value::Null,
                    b'%' => {
                        let mut pairs = Vec::new();
                        for _ in 0..len {
                            let Some(key) = self.value(depth + 1)? else { return Ok(None) };
                            let Some(value) = self.value(depth + 1)? else { return Ok(None) };
                            pairs.push((key, value));
                        }
                        Value::Map(pairs)
                    }
                    kind => {
                        let mut items = Vec::new();
                        for _ in 0..len {
                            let Some(item) = self.value(depth + 1)? else { return Ok(None) };
                            items.push(item);
                        }
                        match kind {
                            b'*' => Value::Array(items),
                            b'~' => Value::Set(items),
                            _ => Value::Push(items),
                        }
                    }
                }
            }
        }))
    }

    /// True if what comes next is there and begins no reply. It may be a line that will never end: whoever speaks
    /// another protocol may wait for us to go on.
    fn is_no_reply(&self) -> bool {
        self.bytes.get(self.at).is_some_and(|first| !TYPES.contains(first))
    }

    fn line(&mut self) -> Option<&'a [u8]> {
        let rest = &self.bytes[self.at..];
        let len = memchr::memchr(b'\n', rest)?;
        self.at += len + 1;
        Some(rest[..len].strip_suffix(b"\r").unwrap_or(&rest[..len]))
    }

    fn body(&mut self, len: usize) -> Option<&'a [u8]> {
        let end = self.at.checked_add(len)?.checked_add(2)?;
        let body = self.bytes.get(self.at..end)?;
        let body = &body[..len];
        self.at = end;
        Some(body)
    }
}

fn bad(line: &[u8], fault: Fault) -> ReplyError {
    ReplyError { line: line[..line.len().min(128)].to_vec(), fault }
}

/// Infinities and numbers that are none have these names only.
fn is_double(text: &[u8]) -> bool {
    let names = [&b"inf"[..], b"-inf", b"nan", b"-nan"];
    if names.iter().any(|name| name.eq_ignore_ascii_case(text)) {
        return true;
    }
    let number = std::str::from_utf8(text).ok().and_then(|text| text.parse::<f64>().ok());
    text.len() <= DOUBLE_BYTES_MAX && number.is_some_and(f64::is_finite)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_are_the_same_byte_by_byte() {
        let input = b"+OK\r\n:12\r\n$-1\r\n*2\r\n$1\r\na\r\n*0\r\n%1\r\n+k\r\n,1.5\r\n=7\r\ntxt:abc\r\n_\r\n#t\r\n-ERR no\r\n";
        let mut parser = ReplyParser::default();
        let mut got = Vec::new();
        for byte in input {
            parser.feed(&[*byte]);
            while let Some(value) = parser.next().unwrap() {
                got.push(value);
            }
        }
        assert_eq!(got.len(), 9);
        assert_eq!(got[3], Value::Array(vec![Value::Bulk(b"a".to_vec()), Value::Array(vec![])]));
        assert_eq!(got[5], Value::Verbatim(*b"txt", b"abc".to_vec()));
        assert_eq!(got[8], Value::Error(b"ERR no".to_vec()));
    }

    #[test]
    fn a_long_reply_in_many_pieces_is_looked_at_once() {
        let items = 200_000;
        let mut bytes = format!("*{items}\r\n").into_bytes();
        for at in 0..items {
            bytes.extend_from_slice(
                format!("*1\r\n${}\r\n{at}\r\n", at.to_string().len()).as_bytes(),
            );
        }
        let mut parser = ReplyParser::default();
        let mut got = None;
        for piece in bytes.chunks(100) {
            parser.feed(piece);
            got = got.or(parser.next().unwrap());
        }
        let Some(Value::Array(values)) = got else { panic!("it is an array") };
        assert_eq!(values.len(), items);
        assert_eq!(values[items - 1], Value::Array(vec![Value::Bulk(b"199999".to_vec())]));
        assert!(parser.rest().is_empty());
    }

    #[test]
    fn what_cannot_become_a_reply_is_refused_at_once() {
        for (bytes, want) in [
            ("*2\r\n$x\r\n", Fault::Length),
            ("?\r\n", Fault::Type),
            // No line end: who waits for it waits for ever.
            ("SSH-2.0", Fault::Type),
            ("*2\r\n:1\r\nx", Fault::Type),
            (":1x\r\n", Fault::Integer),
            ("%a\r\n", Fault::Count),
            ("%-2\r\n", Fault::CountRange),
            ("*99999999999\r\n", Fault::CountRange),
            ("$-2\r\n", Fault::LengthRange),
            ("=3\r\ntxt\r\n", Fault::Format),
            (",\r\n", Fault::Double),
            (",infinity\r\n", Fault::Double),
            (",1e999\r\n", Fault::Double),
            ("#x\r\n", Fault::Bool),
            ("_x\r\n", Fault::Null),
            ("(1x\r\n", Fault::BigNumber),
            ("\r\n", Fault::Type),
            (&"*1\r\n".repeat(100), Fault::Depth),
        ] {
            let mut parser = ReplyParser::default();
            parser.feed(bytes.as_bytes());
            let got = parser.next().map_err(|error| error.fault);
            assert_eq!(got, Err(want), "{bytes}");
        }
    }

    #[test]
    fn what_nests_too_deep_is_refused_however_it_arrives() {
        let mut parser = ReplyParser::default();
        for _ in 0..=DEPTH_MAX {
            parser.feed(b"*2\r\n");
            assert_eq!(parser.next(), Ok(None));
        }
        parser.feed(b":1\r\n");
        assert_eq!(parser.next().map_err(|error| error.fault), Err(Fault::Depth));
    }

    #[test]
    fn numbers_have_odd_forms_too() {
        for text in ["inf", "-inf", "nan", "-nan", "-0", "1e100", "3.0", "1.", "-1.5e-7"] {
            let mut parser = ReplyParser::default();
            parser.feed(format!(",{text}\r\n").as_bytes());
            assert_eq!(parser.next(), Ok(Some(Value::Double(text.into()))));
        }
    }

    #[test]
    fn bytes_that_are_no_reply_are_named() {
        let mut parser = ReplyParser::default();
        parser.feed(b"HTTP/1.1 200 OK\r\n");
        assert_eq!(parser.next().unwrap_err().to_string(), "not a reply: \"HTTP/1.1 200 OK\"");
    }
}
