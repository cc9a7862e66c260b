//! Reads requests: multibulk and inline, incremental, without copying a word.
//!
//! The parser is fed the same growing buffer again and again and remembers how far it got, so a bulk string that
//! arrives in a thousand pieces is looked at once.

use crate::{Span, Words};
use std::fmt;
use stdx::words::{Unbalanced, take_word};

/// What a request may cost before the peer is turned away.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes in one bulk string: `proto-max-bulk-len`.
    pub bulk_len_max: usize,
    /// Words in one request.
    pub words_max: usize,
    /// Bytes in an inline request or in a header line.
    pub inline_max: usize,
}

impl Limits {
    /// What a peer is held to before it has authenticated, as Redis does: 10 words of 16 KiB.
    pub const UNAUTHENTICATED: Limits =
        Limits { bulk_len_max: 16 * 1024, words_max: 10, inline_max: 64 * 1024 };
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { bulk_len_max: 512 << 20, words_max: i32::MAX as usize, inline_max: 64 * 1024 }
    }
}

/// How a peer broke the protocol. `Display` gives Redis's words, without the leading `-ERR `.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProtocolError {
    /// An inline request without an end.
    InlineTooLong,
    /// A quote that is never closed, or closed in the middle of a word.
    UnbalancedQuotes,
    /// The number after `*` is no number or too large.
    MultibulkLength,
    /// The line after `*` is too long to be a number.
    MultibulkTooLong,
    /// Before authentication: too many words.
    UnauthenticatedMultibulk,
    /// The line after `$` is too long to be a number.
    BulkCountTooLong,
    /// A word that does not begin with `$`.
    ExpectedDollar(u8),
    /// The number after `$` is no number or too large.
    BulkLength,
    /// Before authentication: too long a word.
    UnauthenticatedBulk,
}

impl fmt::Display for ProtocolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ProtocolError::InlineTooLong => f.write_str("Protocol error: too big inline request"),
            ProtocolError::UnbalancedQuotes => {
                f.write_str("Protocol error: unbalanced quotes in request")
            }
            ProtocolError::MultibulkLength => {
                f.write_str("Protocol error: invalid multibulk length")
            }
            ProtocolError::MultibulkTooLong => {
                f.write_str("Protocol error: too big mbulk count string")
            }
            ProtocolError::UnauthenticatedMultibulk => {
                f.write_str("Protocol error: unauthenticated multibulk length")
            }
            ProtocolError::BulkCountTooLong => {
                f.write_str("Protocol error: too big bulk count string")
            }
            ProtocolError::ExpectedDollar(got) => {
                write!(f, "Protocol error: expected '$', got '{}'", char::from(*got))
            }
            ProtocolError::BulkLength => f.write_str("Protocol error: invalid bulk length"),
            ProtocolError::UnauthenticatedBulk => {
                f.write_str("Protocol error: unauthenticated bulk length")
            }
        }
    }
}

/// A request that was found in the buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    first: u32,
    words: u32,
    /// Where it begins in the buffer.
    pub start: usize,
    /// Where the next one begins.
    pub end: usize,
    /// True where the bytes from `start` to `end` are the canonical multibulk form, fit to be propagated as they are.
    pub canonical: bool,
}

/// Finds requests in a buffer.
#[derive(Debug, Default)]
pub struct RequestParser {
    spans: Vec<Span>,
    /// Where the next byte to look at is.
    at: usize,
    /// Words still to come of the multibulk request that has begun.
    missing: usize,
    /// The length of the bulk string whose header was read.
    bulk: Option<usize>,
    /// First span, and start, of the request that has begun.
    begun: Option<(usize, usize)>,
    /// Words of inline requests that hold quotes or escapes, decoded; spans of such requests point here.
    decoded: Vec<u8>,
}

impl RequestParser {
    /// The next whole request in `buffer`, which must begin with the same bytes as at the last call unless
    /// `forget` was called in between. `Ok(None)`: more bytes are needed.
    pub fn next(
        &mut self,
        buffer: &[u8],
        limits: &Limits,
    ) -> Result<Option<Request>, ProtocolError> {
        loop {
            if self.begun.is_none() {
                if let Some(request) = self.usual(buffer, limits) {
                    return Ok(Some(request));
                }
                let Some(&first) = buffer.get(self.at) else { return Ok(None) };
                if first != b'*' {
                    match self.inline(buffer, limits)? {
                        Inline::Blank => continue,
                        Inline::Partial => return Ok(None),
                        Inline::Whole(request) => return Ok(Some(request)),
                    }
                }
                let start = self.at;
                let Some((count, next)) =
                    number(buffer, start + 1, limits.inline_max, ProtocolError::MultibulkTooLong)?
                else {
                    return Ok(None);
                };
                let count = count
                    .filter(|&n| n <= i64::from(i32::MAX))
                    .ok_or(ProtocolError::MultibulkLength)?;
                if count > 10 && limits.words_max == Limits::UNAUTHENTICATED.words_max {
                    return Err(ProtocolError::UnauthenticatedMultibulk);
                }
                self.at = next;
                if count <= 0 {
                    continue;
                }
                self.missing = count as usize;
                self.begun = Some((self.spans.len(), start));
            }
            return self.multibulk(buffer, limits);
        }
    }

    /// The words of a request that `next` has found, as long as `buffer` holds them.
    pub fn words<'a>(&'a self, request: &Request, buffer: &'a [u8]) -> Words<'a> {
        let spans = &self.spans[request.first as usize..(request.first + request.words) as usize];
        if request.canonical { Words::new(buffer, spans) } else { Words::new(&self.decoded, spans) }
    }

    /// How many bytes of the buffer belong to requests that are complete: what a caller may drop.
    pub fn consumed(&self) -> usize {
        self.begun.map_or(self.at, |(_, start)| start)
    }

    /// Where the first byte is that was not looked at yet: behind it, the buffer is new to the parser.
    pub fn position(&self) -> usize {
        self.at
    }

    /// The first `count` bytes of the buffer, at most `consumed()`, are gone; all requests found are forgotten.
    pub fn forget(&mut self, count: usize) {
        assert!(count <= self.consumed(), "a request in progress cannot be dropped");
        self.forget_requests();
        self.at -= count;
        if let Some((_, start)) = &mut self.begun {
            *start -= count;
            self.spans.iter_mut().for_each(|span| *span = span.earlier(count));
        }
    }

    /// The requests found so far are done with; the buffer stays as it is.
    pub fn forget_requests(&mut self) {
        match &mut self.begun {
            Some((first, _)) => {
                self.spans.drain(..*first);
                *first = 0;
            }
            None => self.spans.clear(),
        }
        self.decoded.clear();
    }

    /// How many more bytes the request in progress needs at the least, where that is known: room to reserve.
    pub fn wanted(&self, buffer: &[u8]) -> usize {
        self.bulk.map_or(0, |len| (self.at + len + 2).saturating_sub(buffer.len()))
    }

    /// The usual request at once: few and short words, and all of it is there. Anything else is left alone, to be read
    /// by the rules.
    #[inline]
    fn usual(&mut self, buffer: &[u8], limits: &Limits) -> Option<Request> {
        let start = self.at;
        let [b'*', count @ b'1'..=b'9', b'\r', b'\n', ..] = *buffer.get(start..)? else {
            return None;
        };
        let count = usize::from(count - b'0');
        let mut spans = [Span::default(); 9];
        let mut at = start + 4;
        for span in &mut spans[..count] {
            let (len, header) = short_header(&buffer[at..])?;
            let end = at + header + len;
            if end + 2 > buffer.len() || len > limits.bulk_len_max {
                return None;
            }
            *span = Span::new(at + header, end);
            at = end + 2;
        }
        let first = self.spans.len() as u32;
        self.spans.extend_from_slice(&spans[..count]);
        self.at = at;
        Some(Request { first, words: count as u32, start, end: at, canonical: true })
    }

    fn multibulk(
        &mut self,
        buffer: &[u8],
        limits: &Limits,
    ) -> Result<Option<Request>, ProtocolError> {
        while self.missing > 0 {
            let len = match self.bulk {
                Some(len) => len,
                None => {
                    let Some(&first) = buffer.get(self.at) else { return Ok(None) };
                    // A header is checked once its line is there, as Redis does.
                    let Some((len, next)) = number(
                        buffer,
                        self.at + 1,
                        limits.inline_max,
                        ProtocolError::BulkCountTooLong,
                    )?
                    else {
                        return Ok(None);
                    };
                    if first != b'$' {
                        return Err(ProtocolError::ExpectedDollar(first));
                    }
                    let len = len
                        .and_then(|len| usize::try_from(len).ok())
                        .ok_or(ProtocolError::BulkLength)?;
                    if len > limits.bulk_len_max {
                        return Err(if limits.words_max == Limits::UNAUTHENTICATED.words_max {
                            ProtocolError::UnauthenticatedBulk
                        } else {
                            ProtocolError::BulkLength
                        });
                    }
                    self.at = next;
                    self.bulk = Some(len);
                    len
                }
            };
            if buffer.len() < self.at + len + 2 {
                return Ok(None);
            }
            self.spans.push(Span::new(self.at, self.at + len));
            self.at += len + 2;
            self.bulk = None;
            self.missing -= 1;
        }
        let (first, start) = self.begun.take().expect("a multibulk request has begun");
        let words = (self.spans.len() - first) as u32;
        Ok(Some(Request { first: first as u32, words, start, end: self.at, canonical: true }))
    }

    fn inline(&mut self, buffer: &[u8], limits: &Limits) -> Result<Inline, ProtocolError> {
        let start = self.at;
        let Some(len) = memchr::memchr(b'\n', &buffer[start..]) else {
            if buffer.len() - start > limits.inline_max {
                return Err(ProtocolError::InlineTooLong);
            }
            return Ok(Inline::Partial);
        };
        let line = &buffer[start..start + len];
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let first = self.spans.len();
        split(line, &mut self.decoded, &mut self.spans)
            .map_err(|Unbalanced| ProtocolError::UnbalancedQuotes)?;
        self.at = start + len + 1;
        let words = (self.spans.len() - first) as u32;
        if words == 0 {
            return Ok(Inline::Blank);
        }
        Ok(Inline::Whole(Request {
            first: first as u32,
            words,
            start,
            end: self.at,
            canonical: false,
        }))
    }
}

enum Inline {
    Blank,
    Partial,
    Whole(Request),
}

/// The number on the line at `at`, and where the next line begins. The inner `None`: the line is no number.
type Line = Option<(Option<i64>, usize)>;

fn number(
    buffer: &[u8],
    at: usize,
    longest: usize,
    too_long: ProtocolError,
) -> Result<Line, ProtocolError> {
    // Nearly every header is one to three digits: read them without searching for the line's end.
    let mut value = 0i64;
    for (n, &byte) in buffer[at.min(buffer.len())..].iter().take(9).enumerate() {
        match byte {
            b'1'..=b'9' => value = value * 10 + i64::from(byte - b'0'),
            b'0' if n > 0 => value *= 10,
            b'\r' if n > 0 && buffer.get(at + n + 1).is_some() => {
                return Ok(Some((Some(value), at + n + 2)));
            }
            _ => break,
        }
    }
    let rest = &buffer[at.min(buffer.len())..];
    let Some(len) = memchr::memchr(b'\r', rest) else {
        return if rest.len() > longest { Err(too_long) } else { Ok(None) };
    };
    if rest.len() < len + 2 {
        return Ok(None);
    }
    Ok(Some((stdx::integer::parse_i64(&rest[..len]), at + len + 2)))
}

/// The length that a bulk string's header tells, where it has up to three digits, and how long the header is.
#[inline]
fn short_header(bytes: &[u8]) -> Option<(usize, usize)> {
    let digit = |byte: u8| usize::from(byte - b'0');
    match *bytes {
        [b'$', a @ b'0'..=b'9', b'\r', b'\n', ..] => Some((digit(a), 4)),
        [b'$', a @ b'1'..=b'9', b @ b'0'..=b'9', b'\r', b'\n', ..] => {
            Some((10 * digit(a) + digit(b), 5))
        }
        [b'$', a @ b'1'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9', b'\r', b'\n', ..] => {
            Some((100 * digit(a) + 10 * digit(b) + digit(c), 6))
        }
        _ => None,
    }
}

/// The words of an inline request, appended to `decoded`.
fn split(line: &[u8], decoded: &mut Vec<u8>, spans: &mut Vec<Span>) -> Result<(), Unbalanced> {
    let (mut rest, mut start) = (line, decoded.len());
    while let Some(behind) = take_word(rest, decoded)? {
        spans.push(Span::new(start, decoded.len()));
        (rest, start) = (behind, decoded.len());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All requests in `input`, fed in pieces of `step` bytes with complete requests dropped as they are found.
    fn parse(input: &[u8], step: usize) -> Result<Vec<Vec<String>>, ProtocolError> {
        let mut parser = RequestParser::default();
        let (mut buffer, mut all) = (Vec::new(), Vec::new());
        for piece in input.chunks(step) {
            buffer.extend_from_slice(piece);
            while let Some(request) = parser.next(&buffer, &Limits::default())? {
                let words = parser.words(&request, &buffer);
                all.push(
                    words.iter().map(|word| String::from_utf8_lossy(word).into_owned()).collect(),
                );
            }
            let done = parser.consumed();
            parser.forget(done);
            buffer.drain(..done);
        }
        Ok(all)
    }

    #[test]
    fn requests_are_the_same_in_pieces_of_any_size() {
        let input = b"*1\r\n$4\r\nPING\r\nSET a \"b \\x41\\n\"\r\n\r\n*3\r\n$3\r\nSET\r\n$0\r\n\r\n$11\r\nhello\r\nworl\r\n*0\r\n*-1\r\nget 'it\\'s'\n";
        let whole = parse(input, input.len()).unwrap();
        assert_eq!(
            whole,
            vec![
                vec!["PING"],
                vec!["SET", "a", "b A\n"],
                vec!["SET", "", "hello\r\nworl"],
                vec!["get", "it's"]
            ]
        );
        for step in 1..input.len() {
            assert_eq!(parse(input, step).unwrap(), whole, "in steps of {step}");
        }
    }

    #[test]
    fn what_is_read_at_once_is_what_is_read_by_the_rules() {
        let counts = ["1", "2", "3", "9", "10", "0", "-1", "02", "x"];
        let lengths = ["0", "1", "3", "12", "123", "1000", "-1", "03", "1x", ""];
        let ends = ["\r\n", "\r\n", "\r\n", "\r\n", "\r\n", "\n", "\rx"];
        let mut chance = stdx::Prng::new(9);
        let mut pick = |from: &[&'static str]| from[chance.below(from.len() as u64) as usize];
        for _ in 0..20_000 {
            let mut input = format!("*{}{}", pick(&counts), pick(&ends));
            for _ in 0..3 {
                let (kind, length) = (pick(&["$", "$", "$", "$", "x"]), pick(&lengths));
                let word = "w".repeat(length.parse().unwrap_or(2));
                input += &format!("{kind}{length}{}{word}{}", pick(&ends), pick(&ends));
            }
            // Byte by byte, no request is there as a whole when its beginning is read.
            let (whole, by_bytes) =
                (parse(input.as_bytes(), input.len()), parse(input.as_bytes(), 1));
            assert_eq!(whole, by_bytes, "{input:?}");
        }
    }

    #[test]
    fn inline_requests_of_any_blanks_come_to_an_end() {
        for (input, want) in [
            (&b"\x0b\nPING\r\n"[..], vec![vec!["PING"]]),
            (b"\0\nPING \x0b\r\n", vec![vec!["PING"]]),
            (b"PING \0 a\r\n\x0c\x0b\r\n", vec![vec!["PING"]]),
            (b"\"a\"\x0bb\n", vec![vec!["a", "b"]]),
        ] {
            for step in 1..=input.len() {
                assert_eq!(parse(input, step).unwrap(), want, "{input:?} in steps of {step}");
            }
        }
    }

    #[test]
    fn broken_requests_get_the_words_of_redis() {
        for (input, words) in [
            ("*abc\r\n", "Protocol error: invalid multibulk length"),
            ("*20000000000\r\n", "Protocol error: invalid multibulk length"),
            ("*1\r\nfoo\r\n", "Protocol error: expected '$', got 'f'"),
            ("*1\r\n$-10\r\n", "Protocol error: invalid bulk length"),
            ("*1\r\n$2000000000\r\n", "Protocol error: invalid bulk length"),
            ("*1\r\n$blabla\r\n", "Protocol error: invalid bulk length"),
            ("SET \"a\r\n", "Protocol error: unbalanced quotes in request"),
            ("SET \"a\"b\r\n", "Protocol error: unbalanced quotes in request"),
        ] {
            assert_eq!(
                parse(input.as_bytes(), input.len()).unwrap_err().to_string(),
                words,
                "{input:?}"
            );
        }
    }
}
