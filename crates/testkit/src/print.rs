//! Replies as `redis-cli` prints them on a terminal, so that tests read like the documents of operators; and the words
//! of a line typed there.

use client::Value;

/// The words of a line: split at blanks, except within double quotes, which know `\n`, `\r` and `\"`.
pub fn words(line: &str) -> Vec<Vec<u8>> {
    let mut words = Vec::new();
    let mut letters = line.chars().peekable();
    loop {
        while letters.next_if(|letter| letter.is_whitespace()).is_some() {}
        if letters.peek().is_none() {
            return words;
        }
        let mut word = String::new();
        let is_quoted = letters.next_if_eq(&'"').is_some();
        while let Some(letter) = letters.next() {
            match letter {
                '"' if is_quoted => break,
                ' ' if !is_quoted => break,
                '\\' if is_quoted => match letters.next() {
                    Some('n') => word.push('\n'),
                    Some('r') => word.push('\r'),
                    Some(other) => word.push(other),
                    None => {}
                },
                letter => word.push(letter),
            }
        }
        words.push(word.into_bytes());
    }
}

/// A reply as it is printed, without the line end after it.
pub fn print(value: &Value) -> String {
    value.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_words() {
        assert_eq!(words("set  k \"a b\\\"\" \"\""), ["set", "k", "a b\"", ""].map(Vec::from));
    }
}
