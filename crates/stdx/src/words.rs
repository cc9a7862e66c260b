//! Splits a line into words as Redis does, for inline requests and configuration files: blanks separate words, quotes
//! hold them together, escapes carry any byte.

use std::fmt;

/// A quote is not closed, or something touches its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unbalanced;

impl fmt::Display for Unbalanced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("unbalanced quotes")
    }
}

impl std::error::Error for Unbalanced {}

/// Appends the next word of `line` to `word`, and returns what follows it; `None` when no word is left. What is
/// returned is always shorter than `line`, so a loop over it ends.
///
/// Double quotes know the escapes `\n \r \t \b \a \xHH` and `\` before anything else; single quotes know `\'` only. A
/// closing quote must be followed by a blank or by the end. A zero byte ends the line, as it ends a C string.
pub fn take_word<'a>(line: &'a [u8], word: &mut Vec<u8>) -> Result<Option<&'a [u8]>, Unbalanced> {
    let start = skip_blanks(line);
    if matches!(start, [] | [0, ..]) {
        return Ok(None);
    }
    let rest = take_started(start, word)?;
    assert!(rest.len() < start.len(), "a word takes at least one byte of its line");
    Ok(Some(rest))
}

/// compat(7.2): vertical tab and form feed lie between words, but do not end one: `PING\v` is one word of five bytes.
fn take_started<'a>(mut rest: &'a [u8], word: &mut Vec<u8>) -> Result<&'a [u8], Unbalanced> {
    while let [byte, tail @ ..] = rest {
        match byte {
            0 | b' ' | b'\n' | b'\r' | b'\t' => break,
            b'"' => return take_double_quoted(tail, word).and_then(close),
            b'\'' => return take_single_quoted(tail, word).and_then(close),
            _ => word.push(*byte),
        }
        rest = tail;
    }
    Ok(rest)
}

/// What follows a closing quote must not touch it.
fn close(rest: &[u8]) -> Result<&[u8], Unbalanced> {
    match rest {
        [byte, ..] if *byte != 0 && !is_blank(*byte) => Err(Unbalanced),
        _ => Ok(rest),
    }
}

fn take_double_quoted<'a>(mut rest: &'a [u8], word: &mut Vec<u8>) -> Result<&'a [u8], Unbalanced> {
    loop {
        rest = match rest {
            [] | [0, ..] | [b'\\', 0, ..] => return Err(Unbalanced),
            [b'"', after @ ..] => return Ok(after),
            [b'\\', b'x', high, low, after @ ..]
                if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() =>
            {
                word.push(hex_value(*high) << 4 | hex_value(*low));
                after
            }
            [b'\\', escaped, after @ ..] => {
                word.push(match escaped {
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    b'b' => 0x08,
                    b'a' => 0x07,
                    other => *other,
                });
                after
            }
            [byte, after @ ..] => {
                word.push(*byte);
                after
            }
        };
    }
}

fn take_single_quoted<'a>(mut rest: &'a [u8], word: &mut Vec<u8>) -> Result<&'a [u8], Unbalanced> {
    loop {
        rest = match rest {
            [] | [0, ..] => return Err(Unbalanced),
            [b'\'', after @ ..] => return Ok(after),
            [b'\\', b'\'', after @ ..] => {
                word.push(b'\'');
                after
            }
            [byte, after @ ..] => {
                word.push(*byte);
                after
            }
        };
    }
}

/// What is left of `text` behind the blanks that it begins with.
pub fn skip_blanks(text: &[u8]) -> &[u8] {
    let blanks = text.iter().take_while(|&&byte| is_blank(byte)).count();
    &text[blanks..]
}

/// The blanks of C's `isspace`: one more than Rust's ASCII whitespace, the vertical tab.
fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

fn hex_value(digit: u8) -> u8 {
    char::from(digit).to_digit(16).expect("the caller looked for a hex digit") as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(line: &[u8]) -> Result<Vec<Vec<u8>>, Unbalanced> {
        let (mut words, mut rest) = (Vec::new(), line);
        loop {
            let mut word = Vec::new();
            match take_word(rest, &mut word)? {
                Some(after) => rest = after,
                None => return Ok(words),
            }
            words.push(word);
        }
    }

    #[test]
    fn lines_split_as_redis_splits_them() {
        type Case = (&'static [u8], Option<&'static [&'static [u8]]>);
        let cases: &[Case] = &[
            (b"", Some(&[])),
            (b"  a\tb  ", Some(&[b"a", b"b"])),
            (br#"a "b c" 'd e'"#, Some(&[b"a", b"b c", b"d e"])),
            (br#""\x41\n\q""#, Some(&[b"A\nq"])),
            (br"'it\'s'", Some(&[b"it's"])),
            (br#"pre"fix""#, Some(&[b"prefix"])),
            (br#"save """#, Some(&[b"save", b""])),
            (br#""a"b"#, None),
            (br#""a"#, None),
            (b"'a", None),
            (br#""a\"#, None),
            // Vertical tab and form feed separate words and do not end them.
            (b"\x0b", Some(&[])),
            (b"\x0c\x0b a", Some(&[b"a"])),
            (b"PING \x0b", Some(&[b"PING"])),
            (b"PING\x0b", Some(&[b"PING\x0b"])),
            (b"a\x0b b", Some(&[b"a\x0b", b"b"])),
            (b"\"a\"\x0bb", Some(&[b"a", b"b"])),
            // A zero byte ends the line, and a quote that was open there stays open.
            (b"\0", Some(&[])),
            (b"a \0b", Some(&[b"a"])),
            (b"a\0b", Some(&[b"a"])),
            (b"\"a\"\0b", Some(&[b"a"])),
            (b"\"a\0\"", None),
            (b"'a\0'", None),
            (b"\"a\\\0\"", None),
        ];
        for (line, want) in cases {
            let got = split(line).ok();
            let want = want.map(|it| it.iter().map(|word| word.to_vec()).collect::<Vec<_>>());
            assert_eq!(got, want, "{:?}", String::from_utf8_lossy(line));
        }
    }

    #[test]
    fn every_line_of_three_bytes_comes_to_an_end() {
        const BYTES: &[u8] = b"\0\x08\t\n\x0b\x0c\r \x1f\"'\\xa\x7f\x85\xff";
        for &a in BYTES {
            for &b in BYTES {
                for &c in BYTES {
                    // The assertion in `take_word` ends a walk that stands still.
                    let words = split(&[a, b, c]).unwrap_or_default();
                    assert!(words.len() <= 3);
                }
            }
        }
    }
}
