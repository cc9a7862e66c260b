//! Writes replies, RESP2 or RESP3, at the end of a connection's outgoing bytes.

/// Which protocol a session speaks, as `HELLO` set it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Proto {
    /// The default since Redis 1.2.
    #[default]
    Resp2,
    /// With maps, sets, doubles and pushes of its own.
    Resp3,
}

/// A writer of replies. Types that RESP2 lacks are written the way Redis writes them there: a map as a flat array,
/// a double as a bulk string.
pub struct Writer<'a> {
    out: &'a mut Vec<u8>,
    proto: Proto,
}

/// The place of an aggregate whose length is not known yet; see `Writer::defer`.
#[must_use]
pub struct Deferred(usize);

impl Deferred {
    /// How many bytes are before it.
    pub fn at(&self) -> usize {
        self.0
    }
}

impl<'a> Writer<'a> {
    /// A writer that appends to `out`.
    pub fn new(out: &'a mut Vec<u8>, proto: Proto) -> Writer<'a> {
        Writer { out, proto }
    }

    /// The protocol in use.
    pub fn proto(&self) -> Proto {
        self.proto
    }

    /// Changes the protocol for what follows.
    pub fn set_proto(&mut self, proto: Proto) {
        self.proto = proto;
    }

    /// True under RESP3.
    pub fn is_resp3(&self) -> bool {
        self.proto == Proto::Resp3
    }

    /// How many bytes the outgoing buffer holds; a mark for `truncate`.
    pub fn mark(&self) -> usize {
        self.out.len()
    }

    /// Takes back what was written since `mark`.
    pub fn truncate(&mut self, mark: usize) {
        self.out.truncate(mark);
    }

    /// The outgoing bytes themselves, to lend them to another writer.
    pub fn buffer(&mut self) -> &mut Vec<u8> {
        self.out
    }

    /// How many bytes wait in the buffer, those of earlier replies included.
    pub fn waiting(&self) -> usize {
        self.out.len()
    }

    /// Bytes that are a reply already.
    pub fn raw(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }

    /// `+OK`.
    pub fn ok(&mut self) {
        self.raw(b"+OK\r\n");
    }

    /// A simple string; it must not hold a line end.
    pub fn simple(&mut self, text: &str) {
        self.line(b'+', text.as_bytes());
    }

    /// An error: a code, a space, a sentence, without the leading dash. Line ends become spaces, as in Redis.
    pub fn error(&mut self, text: &[u8]) {
        self.out.push(b'-');
        let start = self.out.len();
        self.out.extend_from_slice(text);
        for byte in &mut self.out[start..] {
            if matches!(*byte, b'\r' | b'\n') {
                *byte = b' ';
            }
        }
        self.raw(b"\r\n");
    }

    /// An integer.
    pub fn int(&mut self, value: i64) {
        self.number(b':', value);
    }

    /// A size or count.
    pub fn count(&mut self, value: usize) {
        self.int(value as i64);
    }

    /// A bulk string.
    pub fn bulk(&mut self, bytes: &[u8]) {
        // One reservation: header, body, two line ends.
        self.out.reserve(bytes.len() + 24);
        self.number(b'$', bytes.len() as i64);
        self.out.extend_from_slice(bytes);
        self.out.extend_from_slice(b"\r\n");
    }

    /// An integer as a bulk string.
    pub fn bulk_int(&mut self, value: i64) {
        self.bulk(itoa::Buffer::new().format(value).as_bytes());
    }

    /// A text as a bulk string.
    pub fn text(&mut self, text: &str) {
        self.bulk(text.as_bytes());
    }

    /// A bulk string, or null where there is none.
    pub fn bulk_or_null(&mut self, bytes: Option<&[u8]>) {
        match bytes {
            Some(bytes) => self.bulk(bytes),
            None => self.null(),
        }
    }

    /// Null: `$-1` in RESP2, `_` in RESP3.
    pub fn null(&mut self) {
        match self.proto {
            Proto::Resp2 => self.raw(b"$-1\r\n"),
            Proto::Resp3 => self.raw(b"_\r\n"),
        }
    }

    /// A null array: `*-1` in RESP2, `_` in RESP3.
    pub fn null_array(&mut self) {
        match self.proto {
            Proto::Resp2 => self.raw(b"*-1\r\n"),
            Proto::Resp3 => self.raw(b"_\r\n"),
        }
    }

    /// A truth value: `:1` or `:0` in RESP2.
    pub fn boolean(&mut self, value: bool) {
        self.raw(match (self.proto, value) {
            (Proto::Resp2, true) => b":1\r\n",
            (Proto::Resp2, false) => b":0\r\n",
            (Proto::Resp3, true) => b"#t\r\n",
            (Proto::Resp3, false) => b"#f\r\n",
        });
    }

    /// A floating-point number, given as the text that Redis would print: a bulk string in RESP2.
    pub fn double_text(&mut self, text: &str) {
        match self.proto {
            Proto::Resp2 => self.text(text),
            Proto::Resp3 => self.line(b',', text.as_bytes()),
        }
    }

    /// An integer beyond 64 bits, given as its digits.
    pub fn big_number(&mut self, digits: &str) {
        match self.proto {
            Proto::Resp2 => self.text(digits),
            Proto::Resp3 => self.line(b'(', digits.as_bytes()),
        }
    }

    /// A text with a three-letter format (`txt`, `mkd`): a plain bulk string in RESP2.
    pub fn verbatim(&mut self, format: &str, text: &[u8]) {
        assert_eq!(format.len(), 3, "a verbatim format has three letters");
        match self.proto {
            Proto::Resp2 => self.bulk(text),
            Proto::Resp3 => {
                self.number(b'=', text.len() as i64 + 4);
                self.raw(format.as_bytes());
                self.out.push(b':');
                self.raw(text);
                self.raw(b"\r\n");
            }
        }
    }

    /// The head of an array of `len` replies.
    pub fn array(&mut self, len: usize) {
        self.number(b'*', len as i64);
    }

    /// The head of a map of `len` pairs: an array of twice as many in RESP2.
    pub fn map(&mut self, len: usize) {
        match self.proto {
            Proto::Resp2 => self.array(2 * len),
            Proto::Resp3 => self.number(b'%', len as i64),
        }
    }

    /// The head of a set of `len` members: an array in RESP2.
    pub fn set(&mut self, len: usize) {
        match self.proto {
            Proto::Resp2 => self.array(len),
            Proto::Resp3 => self.number(b'~', len as i64),
        }
    }

    /// The head of an out-of-band message of `len` parts: an array in RESP2.
    pub fn push(&mut self, len: usize) {
        match self.proto {
            Proto::Resp2 => self.array(len),
            Proto::Resp3 => self.number(b'>', len as i64),
        }
    }

    /// Marks the place of an aggregate whose length will be known later.
    pub fn defer(&self) -> Deferred {
        Deferred(self.out.len())
    }

    /// What was written since `place` becomes the body of an array of `len` replies.
    pub fn finish_array(&mut self, place: Deferred, len: usize) {
        self.insert_head(place, b'*', len);
    }

    /// What was written since `place` becomes the body of a map of `len` pairs.
    pub fn finish_map(&mut self, place: Deferred, len: usize) {
        match self.proto {
            Proto::Resp2 => self.insert_head(place, b'*', 2 * len),
            Proto::Resp3 => self.insert_head(place, b'%', len),
        }
    }

    /// What was written since `place` becomes the body of a set of `len` members.
    pub fn finish_set(&mut self, place: Deferred, len: usize) {
        match self.proto {
            Proto::Resp2 => self.insert_head(place, b'*', len),
            Proto::Resp3 => self.insert_head(place, b'~', len),
        }
    }

    fn insert_head(&mut self, Deferred(at): Deferred, kind: u8, len: usize) {
        let body = self.out.len();
        self.number(kind, len as i64);
        let head = self.out.len() - body;
        self.out[at..].rotate_right(head);
    }

    fn number(&mut self, kind: u8, value: i64) {
        // Small numbers are most numbers: no formatting, one append.
        if (0..10).contains(&value) {
            self.out.extend_from_slice(&[kind, b'0' + value as u8, b'\r', b'\n']);
            return;
        }
        if (10..100).contains(&value) {
            let (tens, ones) = (value as u8 / 10, value as u8 % 10);
            self.out.extend_from_slice(&[kind, b'0' + tens, b'0' + ones, b'\r', b'\n']);
            return;
        }
        self.line(kind, itoa::Buffer::new().format(value).as_bytes());
    }

    fn line(&mut self, kind: u8, text: &[u8]) {
        self.out.reserve(text.len() + 3);
        self.out.push(kind);
        self.out.extend_from_slice(text);
        self.out.extend_from_slice(b"\r\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(proto: Proto, write: impl FnOnce(&mut Writer<'_>)) -> String {
        let mut out = Vec::new();
        write(&mut Writer::new(&mut out, proto));
        String::from_utf8(out).expect("these tests write text")
    }

    #[test]
    fn each_type_has_its_two_spellings() {
        type Case = (fn(&mut Writer<'_>), &'static str, &'static str);
        let cases: &[Case] = &[
            (|w| w.ok(), "+OK\r\n", "+OK\r\n"),
            (|w| w.int(-7), ":-7\r\n", ":-7\r\n"),
            (|w| w.bulk(b""), "$0\r\n\r\n", "$0\r\n\r\n"),
            (|w| w.null(), "$-1\r\n", "_\r\n"),
            (|w| w.null_array(), "*-1\r\n", "_\r\n"),
            (|w| w.boolean(true), ":1\r\n", "#t\r\n"),
            (|w| w.double_text("1.5"), "$3\r\n1.5\r\n", ",1.5\r\n"),
            (|w| w.big_number("123"), "$3\r\n123\r\n", "(123\r\n"),
            (|w| w.verbatim("txt", b"hi"), "$2\r\nhi\r\n", "=6\r\ntxt:hi\r\n"),
            (|w| w.map(2), "*4\r\n", "%2\r\n"),
            (|w| w.set(12), "*12\r\n", "~12\r\n"),
            (|w| w.push(3), "*3\r\n", ">3\r\n"),
            (|w| w.error(b"ERR a\r\nb"), "-ERR a  b\r\n", "-ERR a  b\r\n"),
        ];
        for (write, resp2, resp3) in cases {
            assert_eq!(written(Proto::Resp2, write), *resp2);
            assert_eq!(written(Proto::Resp3, write), *resp3);
        }
    }

    #[test]
    fn a_deferred_length_lands_before_its_body() {
        let text = written(Proto::Resp2, |w| {
            w.int(0);
            let place = w.defer();
            w.bulk(b"a");
            w.bulk(b"b");
            w.finish_array(place, 2);
            w.int(9);
        });
        assert_eq!(text, ":0\r\n*2\r\n$1\r\na\r\n$1\r\nb\r\n:9\r\n");
    }
}
