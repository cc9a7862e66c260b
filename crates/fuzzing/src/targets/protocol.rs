//! Requests and replies, whole and in pieces.

use super::pieces;
use crate::{Bounds, Target};
use config::words;
use resp::{Limits, ProtocolError, ReplyError, ReplyParser, RequestParser, Value};

pub(super) const TARGETS: &[Target] = &[
    Target {
        name: "requests",
        run: requests,
        bounds: Bounds { bytes: 64 << 10, bytes_per_byte: 1000, ms: 5000 },
        words: REQUEST_WORDS,
        len_max: 8 << 10,
    },
    Target {
        name: "inline",
        run: inline,
        bounds: Bounds { bytes: 64 << 10, bytes_per_byte: 600, ms: 5000 },
        words: &[
            b"\"", b"'", b"\\x41", b"\\", b"\\n", b" ", b"\x0b", b"\x0c", b"\0", b"\r\n", b"\t",
            b"PING",
        ],
        len_max: 4 << 10,
    },
    Target {
        name: "replies",
        run: replies,
        bounds: Bounds { bytes: 64 << 10, bytes_per_byte: 1500, ms: 5000 },
        words: &[
            b"+OK\r\n",
            b"-ERR x\r\n",
            b":1\r\n",
            b"$3\r\nabc\r\n",
            b"$-1\r\n",
            b"*2\r\n",
            b"%1\r\n",
            b"~1\r\n",
            b">2\r\n",
            b",1.5\r\n",
            b"(12\r\n",
            b"#t\r\n",
            b"_\r\n",
            b"=7\r\ntxt:abc\r\n",
            b"!5\r\nERR x\r\n",
            b"*4294967295\r\n",
            b"$9223372036854775807\r\n",
        ],
        len_max: 8 << 10,
    },
];

const REQUEST_WORDS: &[&[u8]] = &[
    b"*1\r\n",
    b"*3\r\n",
    b"$4\r\n",
    b"\r\n",
    b"PING",
    b"$0\r\n\r\n",
    b"*0\r\n",
    b"*-1\r\n",
    b"*2147483647\r\n",
    b"$536870912\r\n",
    b"GET k\r\n",
    b"\"a b\"",
    b"\x0b\n",
];

type Read = (Vec<Vec<Vec<u8>>>, Option<ProtocolError>);

/// The requests that a parser finds, and why it stops. A buffer is kept as sessions keep theirs.
fn read<'a>(input: impl Iterator<Item = &'a [u8]>, limits: &Limits) -> Read {
    let (mut parser, mut buffer, mut found) = (RequestParser::default(), Vec::new(), Vec::new());
    for piece in input {
        buffer.extend_from_slice(piece);
        loop {
            let (consumed, position) = (parser.consumed(), parser.position());
            match parser.next(&buffer, limits) {
                Ok(Some(request)) => {
                    assert!(parser.consumed() > consumed, "a request takes bytes");
                    let words = parser.words(&request, &buffer);
                    assert!(!words.is_empty(), "a request has a name");
                    found.push(words.iter().map(<[u8]>::to_vec).collect());
                }
                Ok(None) => {
                    assert!(parser.position() >= position && parser.position() <= buffer.len());
                    break;
                }
                Err(error) => return (found, Some(error)),
            }
        }
        let consumed = parser.consumed();
        parser.forget(consumed);
        buffer.drain(..consumed);
    }
    (found, None)
}

fn requests(input: &[u8]) {
    for limits in [Limits::default(), Limits::UNAUTHENTICATED] {
        let whole = read(std::iter::once(input), &limits);
        assert_eq!(whole, read(pieces(input), &limits), "pieces are read as the whole");
        for words in &whole.0 {
            let mut bytes = Vec::new();
            resp::Owned::new(words).words().encode(&mut bytes);
            let again = read(std::iter::once(&bytes[..]), &Limits::default());
            assert_eq!(again, (vec![words.clone()], None), "what is written is read again");
        }
    }
}

fn inline(input: &[u8]) {
    // A line that begins with `*` is no inline request.
    let input = input.strip_prefix(b"*").unwrap_or(input);
    read(pieces(input), &Limits::default());
    for line in input.split(|byte| *byte == b'\n') {
        let Some(found) = words::split(line) else { continue };
        let quoted: Vec<Vec<u8>> = found.iter().map(|word| words::quote(word)).collect();
        assert_eq!(words::split(&quoted.join(&b' ')), Some(found), "what is quoted is read again");
    }
}

fn replies(input: &[u8]) {
    let parse = |input: &mut dyn Iterator<Item = &[u8]>| -> (Vec<Value>, Option<ReplyError>) {
        let (mut parser, mut found) = (ReplyParser::default(), Vec::new());
        for piece in input {
            parser.feed(piece);
            loop {
                match parser.next() {
                    Ok(Some(value)) => found.push(value),
                    Ok(None) => break,
                    Err(error) => return (found, Some(error)),
                }
            }
        }
        (found, None)
    };
    let (whole, error) = parse(&mut std::iter::once(input));
    let (in_pieces, other) = parse(&mut pieces(input));
    assert_eq!(whole, in_pieces, "pieces are read as the whole");
    assert_eq!(error.is_some(), other.is_some(), "{error:?}, in pieces {other:?}");
    whole.iter().for_each(|value| drop(value.to_string()));
}
