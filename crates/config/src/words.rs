//! Lines of configuration files into words and back.

use stdx::words::take_word;

/// The words of a line. None where quotes are not balanced.
pub fn split(line: &[u8]) -> Option<Vec<Vec<u8>>> {
    let (mut words, mut rest) = (Vec::new(), line);
    loop {
        let mut word = Vec::new();
        match take_word(rest, &mut word).ok()? {
            Some(behind) => rest = behind,
            None => return Some(words),
        }
        words.push(word);
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
