//! Counts replies without reading them: where one ends, and whether it is an error, is all that a benchmark wants.
//!
//! *Design.* Replies nest, but to find the end it is enough to know how many values are still to come: an array takes
//! one place and opens as many as it has elements. So the state between two pieces of input is four numbers and the
//! beginning of a line, however deep and long the reply. Nothing is kept of bulk strings, which are stepped over.

use memchr::memchr;

/// A reply that is not one: its first byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotAReply(pub(crate) u8);

/// What values begin with.
const TYPES: &[u8] = b"+-:,(#_$=!*~>%|";

/// What stands between two replies or in the middle of one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scanner {
    /// Values that the present reply still lacks.
    missing: u64,
    /// Bytes of a bulk string, with its line end, that are still to come.
    skip: u64,
    /// The present reply is a push, which answers nothing.
    is_push: bool,
    /// The bulk string that is to come is the text of an error.
    is_error: bool,
    /// A line whose end has not come, or the text of an error.
    held: Vec<u8>,
    /// The first error among the replies.
    error: Option<String>,
}

impl Scanner {
    /// How many replies end within `input`, which follows what came before.
    pub(crate) fn feed(&mut self, input: &[u8]) -> Result<u64, NotAReply> {
        let mut rest = input;
        let mut ended = 0;
        while !rest.is_empty() {
            if self.skip > 0 {
                rest = self.step_over(rest);
            } else {
                let Some(len) = memchr(b'\n', rest) else {
                    // Who speaks another protocol may wait for us, and never end the line.
                    if self.held.is_empty() && !TYPES.contains(&rest[0]) {
                        return Err(NotAReply(rest[0]));
                    }
                    self.held.extend_from_slice(rest);
                    break;
                };
                let (line, behind) = rest.split_at(len + 1);
                rest = behind;
                if self.held.is_empty() {
                    self.line(line)?;
                } else {
                    let mut whole = std::mem::take(&mut self.held);
                    whole.extend_from_slice(line);
                    self.line(&whole)?;
                }
            }
            if self.missing == 0 && self.skip == 0 {
                ended += u64::from(!std::mem::take(&mut self.is_push));
            }
        }
        Ok(ended)
    }

    /// The text of the first error, once.
    pub(crate) fn take_error(&mut self) -> Option<String> {
        self.error.take()
    }

    /// True if an error has been seen.
    pub(crate) fn has_error(&self) -> bool {
        self.error.is_some()
    }

    fn step_over<'a>(&mut self, rest: &'a [u8]) -> &'a [u8] {
        let len = usize::try_from(self.skip).unwrap_or(usize::MAX).min(rest.len());
        let (body, behind) = rest.split_at(len);
        self.skip -= len as u64;
        if self.is_error {
            self.held.extend_from_slice(body);
            if self.skip == 0 {
                let text = std::mem::take(&mut self.held);
                self.is_error = false;
                self.note_error(&text);
            }
        }
        behind
    }

    /// A line with its end: a whole value, or the head of one.
    fn line(&mut self, line: &[u8]) -> Result<(), NotAReply> {
        let is_first = self.missing == 0;
        let kind = line[0];
        let number = || number(&line[1..]).ok_or(NotAReply(kind));
        // The value takes the place that was kept for it, or is a reply of its own.
        let missing = self.missing.saturating_sub(1);
        self.missing = match kind {
            b'+' | b':' | b',' | b'(' | b'#' | b'_' => missing,
            b'-' => {
                if is_first {
                    self.note_error(&line[1..]);
                }
                missing
            }
            b'$' | b'=' | b'!' => {
                if let Some(len) = number()? {
                    self.skip = len.saturating_add(2);
                    self.is_error = is_first && kind == b'!';
                }
                missing
            }
            b'*' | b'~' | b'>' => {
                self.is_push |= is_first && kind == b'>';
                missing.saturating_add(number()?.unwrap_or(0))
            }
            b'%' => missing.saturating_add(number()?.unwrap_or(0).saturating_mul(2)),
            // Attributes stand before the value that they are about, whose place stays.
            b'|' => missing.saturating_add(number()?.unwrap_or(0).saturating_mul(2) + 1),
            other => return Err(NotAReply(other)),
        };
        Ok(())
    }

    fn note_error(&mut self, text: &[u8]) {
        let text = String::from_utf8_lossy(text);
        self.error.get_or_insert_with(|| text.trim_end_matches(['\r', '\n']).to_owned());
    }
}

/// A length with its line end; none for minus one, which stands for nothing at all.
fn number(text: &[u8]) -> Option<Option<u64>> {
    let text = text.strip_suffix(b"\r\n")?;
    if text == b"-1" {
        return Some(None);
    }
    if text.is_empty() || text.len() > 18 {
        return None;
    }
    let digits = text.iter().try_fold(0u64, |value, digit| {
        let digit = digit.wrapping_sub(b'0');
        (digit <= 9).then(|| value * 10 + u64::from(digit))
    });
    digits.map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Replies with how many they are, errors aside.
    const REPLIES: &[(&str, u64)] = &[
        ("+OK\r\n", 1),
        ("+OK\r\n:12\r\n_\r\n#t\r\n,1.5\r\n(123\r\n", 6),
        ("$5\r\na\r\nbc\r\n$-1\r\n$0\r\n\r\n", 3),
        ("*0\r\n*-1\r\n*2\r\n*1\r\n$1\r\n*\r\n*0\r\n", 3),
        ("%2\r\n+a\r\n*1\r\n:1\r\n+b\r\n%0\r\n", 1),
        ("~1\r\n=7\r\ntxt:abc\r\n", 1),
        (">2\r\n+invalidate\r\n*1\r\n$1\r\nk\r\n+OK\r\n", 1),
        (">0\r\n", 0),
        ("|1\r\n+ttl\r\n:3\r\n*1\r\n|1\r\n+a\r\n+b\r\n:2\r\n", 1),
        ("*2\r\n-ERR inside\r\n!3\r\nERR\r\n", 1),
    ];

    #[test]
    fn replies_are_counted_however_they_are_cut() {
        for (text, want) in REPLIES {
            for cut in 0..=text.len() {
                let (first, second) = text.as_bytes().split_at(cut);
                let mut scanner = Scanner::default();
                let count =
                    scanner.feed(first).expect("a reply") + scanner.feed(second).expect("a reply");
                assert_eq!(count, *want, "{text:?} cut at {cut}");
                assert!(!scanner.has_error(), "{text:?}");
            }
            let mut scanner = Scanner::default();
            let bytes = text.as_bytes().chunks(1);
            let count: u64 = bytes.map(|byte| scanner.feed(byte).expect("a reply")).sum();
            assert_eq!(count, *want, "{text:?} byte by byte");
        }
    }

    #[test]
    fn errors_are_kept() {
        for text in ["-ERR no\r\n", "+OK\r\n!6\r\nERR no\r\n", "-ERR no\r\n-ERR other\r\n"] {
            for cut in 0..text.len() {
                let (first, second) = text.as_bytes().split_at(cut);
                let mut scanner = Scanner::default();
                scanner.feed(first).expect("a reply");
                scanner.feed(second).expect("a reply");
                assert_eq!(scanner.take_error().as_deref(), Some("ERR no"), "{text:?} at {cut}");
            }
        }
    }

    #[test]
    fn other_bytes_are_refused() {
        for (text, want) in [
            ("HTTP/1.1\r\n", b'H'),
            ("\r\n", b'\r'),
            ("$x\r\n", b'$'),
            ("*1\n", b'*'),
            // No line end will come.
            ("SSH-2.0", b'S'),
            ("*1\r\nx", b'x'),
        ] {
            let got = Scanner::default().feed(text.as_bytes());
            assert_eq!(got, Err(NotAReply(want)), "{text:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<Vec<u8>>) {
            let mut scanner = Scanner::default();
            for piece in bytes {
                if scanner.feed(&piece).is_err() {
                    break;
                }
            }
        }
    }
}
