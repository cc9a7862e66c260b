//! Reads replies, incrementally: for links to other servers, for clients and for tests.

use crate::Value;
use std::fmt;

/// Bytes that are no reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplyError {
    /// The byte that cannot begin a reply, or the line that cannot be read.
    pub line: Vec<u8>,
}

impl fmt::Display for ReplyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not a reply: {:?}", String::from_utf8_lossy(&self.line))
    }
}

impl std::error::Error for ReplyError {}

/// How deep a reply may nest, so that hostile bytes cannot exhaust the stack.
const DEPTH_MAX: usize = 64;

/// Collects bytes and gives replies.
#[derive(Debug, Default)]
pub struct ReplyParser {
    buffer: Vec<u8>,
    at: usize,
    /// After a read that found too little: how long the buffer must be before another try is worth it.
    enough: usize,
}

impl ReplyParser {
    /// Adds what arrived.
    pub fn feed(&mut self, bytes: &[u8]) {
        if self.at > 0 && self.at == self.buffer.len() {
            self.buffer.clear();
            self.at = 0;
            self.enough = 0;
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole reply, if there is one.
    #[allow(clippy::should_implement_trait, reason = "it can fail, and goes on after more was fed")]
    pub fn next(&mut self) -> Result<Option<Value>, ReplyError> {
        if self.buffer.len() < self.enough.max(self.at + 1) {
            return Ok(None);
        }
        let mut cursor = Cursor { bytes: &self.buffer, at: self.at, short_by: 1 };
        match cursor.value(0)? {
            Some(value) => {
                self.at = cursor.at;
                self.enough = 0;
                Ok(Some(value))
            }
            None => {
                self.enough = self.buffer.len() + cursor.short_by;
                Ok(None)
            }
        }
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

struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
    /// How many bytes are missing at the least, where a read came up short.
    short_by: usize,
}

impl<'a> Cursor<'a> {
    fn value(&mut self, depth: usize) -> Result<Option<Value>, ReplyError> {
        let Some(line) = self.line() else { return Ok(None) };
        let bad = || ReplyError { line: line[..line.len().min(128)].to_vec() };
        let (&kind, rest) = line.split_first().ok_or_else(bad)?;
        if depth > DEPTH_MAX {
            return Err(bad());
        }
        let int = || {
            std::str::from_utf8(rest).ok().and_then(|text| text.parse::<i64>().ok()).ok_or_else(bad)
        };
        Ok(Some(match kind {
            b'+' => Value::Simple(rest.to_vec()),
            b'-' => Value::Error(rest.to_vec()),
            b':' => Value::Int(int()?),
            b',' => Value::Double(rest.to_vec()),
            b'(' => Value::BigNumber(rest.to_vec()),
            b'#' => Value::Bool(rest == b"t"),
            b'_' => Value::Null,
            b'$' | b'!' | b'=' => {
                let len = int()?;
                if len < 0 {
                    return Ok(Some(Value::Null));
                }
                let Some(body) = self.body(len as usize) else { return Ok(None) };
                match (kind, body) {
                    (b'!', _) => Value::Error(body.to_vec()),
                    (b'=', [a, b, c, b':', text @ ..]) => {
                        Value::Verbatim([*a, *b, *c], text.to_vec())
                    }
                    (b'=', _) => return Err(bad()),
                    _ => Value::Bulk(body.to_vec()),
                }
            }
            b'*' | b'~' | b'>' => {
                let len = int()?;
                if len < 0 {
                    return Ok(Some(Value::Null));
                }
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
            b'%' => {
                let mut pairs = Vec::new();
                for _ in 0..int()? {
                    let Some(key) = self.value(depth + 1)? else { return Ok(None) };
                    let Some(value) = self.value(depth + 1)? else { return Ok(None) };
                    pairs.push((key, value));
                }
                Value::Map(pairs)
            }
            _ => return Err(bad()),
        }))
    }

    fn line(&mut self) -> Option<&'a [u8]> {
        let rest = &self.bytes[self.at..];
        let len = memchr::memchr(b'\n', rest)?;
        self.at += len + 1;
        Some(rest[..len].strip_suffix(b"\r").unwrap_or(&rest[..len]))
    }

    fn body(&mut self, len: usize) -> Option<&'a [u8]> {
        let end = self.at.checked_add(len)?.checked_add(2)?;
        if end > self.bytes.len() {
            self.short_by = end - self.bytes.len();
            return None;
        }
        let body = &self.bytes[self.at..self.at + len];
        self.at = end;
        Some(body)
    }
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
    fn bytes_that_are_no_reply_are_named() {
        let mut parser = ReplyParser::default();
        parser.feed(b"HTTP/1.1 200 OK\r\n");
        assert_eq!(parser.next().unwrap_err().to_string(), "not a reply: \"HTTP/1.1 200 OK\"");
    }
}
