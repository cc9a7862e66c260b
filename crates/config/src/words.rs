//! Lines into words and back: blanks separate, quotes hold together, escapes carry any byte.

/// Splits a line at blanks. Double quotes know the escapes `\n \r \t \b \a \xHH` and `\` before anything else;
/// single quotes know `\'` only. A closing quote must be followed by a blank or the end. None where quotes are not
/// balanced.
pub fn split(line: &[u8]) -> Option<Vec<Vec<u8>>> {
    // As in the original, a zero byte ends the line.
    let line = line.split(|&byte| byte == 0).next().unwrap_or_default();
    let mut words = Vec::new();
    let mut rest = line;
    loop {
        let blanks = rest.iter().take_while(|byte| is_blank(**byte)).count();
        rest = &rest[blanks..];
        if rest.is_empty() {
            return Some(words);
        }
        let (word, after) = take_word(rest)?;
        words.push(word);
        rest = after;
    }
}

fn take_word(mut rest: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut word = Vec::new();
    loop {
        match rest {
            [] | [b' ' | b'\n' | b'\r' | b'\t', ..] => return Some((word, rest)),
            [b'"', inside @ ..] => return close(take_double_quoted(inside, &mut word)?, word),
            [b'\'', inside @ ..] => return close(take_single_quoted(inside, &mut word)?, word),
            [byte, after @ ..] => {
                word.push(*byte);
                rest = after;
            }
        }
    }
}

/// What follows a closing quote must not touch it.
fn close(rest: &[u8], word: Vec<u8>) -> Option<(Vec<u8>, &[u8])> {
    match rest {
        [byte, ..] if !is_blank(*byte) => None,
        _ => Some((word, rest)),
    }
}

fn take_double_quoted<'a>(mut rest: &'a [u8], word: &mut Vec<u8>) -> Option<&'a [u8]> {
    loop {
        match rest {
            [] => return None,
            [b'"', after @ ..] => return Some(after),
            [b'\\', b'x', high, low, after @ ..]
                if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() =>
            {
                word.push(hex_value(*high) << 4 | hex_value(*low));
                rest = after;
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
                rest = after;
            }
            [byte, after @ ..] => {
                word.push(*byte);
                rest = after;
            }
        }
    }
}

fn take_single_quoted<'a>(mut rest: &'a [u8], word: &mut Vec<u8>) -> Option<&'a [u8]> {
    loop {
        match rest {
            [] => return None,
            [b'\'', after @ ..] => return Some(after),
            [b'\\', b'\'', after @ ..] => {
                word.push(b'\'');
                rest = after;
            }
            [byte, after @ ..] => {
                word.push(*byte);
                rest = after;
            }
        }
    }
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

fn hex_value(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        _ => digit - b'A' + 10,
    }
}

/// The word in double quotes, such that [`split`] gives it back whatever bytes it has.
pub fn quote(word: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(word.len() + 2);
    text.push(b'"');
    for &byte in word {
        match byte {
            b'\\' | b'"' => text.extend([b'\\', byte]),
            b'\n' => text.extend(b"\\n"),
            b'\r' => text.extend(b"\\r"),
            b'\t' => text.extend(b"\\t"),
            0x07 => text.extend(b"\\a"),
            0x08 => text.extend(b"\\b"),
            b' '..=b'~' => text.push(byte),
            _ => text.extend(format!("\\x{byte:02x}").into_bytes()),
        }
    }
    text.push(b'"');
    text
}

/// The bytes without blanks and line ends around them.
pub(crate) fn trim(line: &[u8]) -> &[u8] {
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
    let start = line.iter().position(|byte| !is_blank(byte)).unwrap_or(line.len());
    let end = line.iter().rposition(|byte| !is_blank(byte)).map_or(start, |last| last + 1);
    &line[start..end]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn quotes_hold_words_together() {
        for (line, want) in [
            ("", Some(vec![])),
            ("  a\tb  ", Some(vec!["a", "b"])),
            (r#"save """#, Some(vec!["save", ""])),
            (r#"a "b c" 'd e'"#, Some(vec!["a", "b c", "d e"])),
            (r#""\x41\n\q""#, Some(vec!["A\nq"])),
            (r"'it\'s'", Some(vec!["it's"])),
            (r#"pre"fix""#, Some(vec!["prefix"])),
            (r#""a"b"#, None),
            (r#""a"#, None),
            ("'a", None),
            (r#""a\"#, None),
        ] {
            let want = want.map(|words| {
                words.into_iter().map(|word| word.as_bytes().to_vec()).collect::<Vec<_>>()
            });
            assert_eq!(split(line.as_bytes()), want, "{line}");
        }
    }

    proptest! {
        #[test]
        fn any_word_survives_quoting(word: Vec<u8>) {
            prop_assert_eq!(split(&quote(&word)), Some(vec![word]));
        }

        #[test]
        fn no_line_panics(line: Vec<u8>) {
            let _ = split(&line);
        }
    }
}
