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
    print_at(value, 0)
}

fn print_at(value: &Value, indent: usize) -> String {
    match value {
        Value::Simple(_) => value.text(),
        Value::Verbatim(..) => value.text(),
        Value::Error(_) => format!("(error) {}", value.text()),
        Value::Int(number) => format!("(integer) {number}"),
        Value::Bulk(bytes) => quoted(bytes),
        Value::Null => "(nil)".to_owned(),
        Value::Double(_) => format!("(double) {}", value.text()),
        Value::BigNumber(_) => format!("(big number) {}", value.text()),
        Value::Bool(flag) => format!("({flag})"),
        Value::Array(values) => list(values, ")", "(empty array)", indent),
        Value::Set(values) => list(values, "~", "(empty set)", indent),
        Value::Push(values) => list(values, ">", "(empty push)", indent),
        Value::Map(pairs) if pairs.is_empty() => "(empty hash)".to_owned(),
        Value::Map(pairs) => {
            let line = |(at, (key, value)): (usize, &(Value, Value))| {
                format!("{}# {} => {}", at + 1, print_at(key, indent), print_at(value, indent + 3))
            };
            pairs.iter().enumerate().map(line).collect::<Vec<_>>().join("\n")
        }
    }
}

fn list(values: &[Value], sign: &str, empty: &str, indent: usize) -> String {
    if values.is_empty() {
        return empty.to_owned();
    }
    let width = values.len().to_string().len();
    let lines = values.iter().enumerate().map(|(at, value)| {
        let margin = if at == 0 { 0 } else { indent };
        let value = print_at(value, indent + width + 2);
        format!("{:margin$}{:>width$}{sign} {value}", "", at + 1)
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn quoted(bytes: &[u8]) -> String {
    let mut text = String::from("\"");
    for byte in bytes {
        match byte {
            b'"' | b'\\' => text.extend(['\\', char::from(*byte)]),
            b'\n' => text.push_str("\\n"),
            b'\r' => text.push_str("\\r"),
            b'\t' => text.push_str("\\t"),
            b' '..=b'~' => text.push(char::from(*byte)),
            other => text.push_str(&format!("\\x{other:02x}")),
        }
    }
    text.push('"');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_words_and_replies_are_print() {
        assert_eq!(words("set  k \"a b\\\"\" \"\""), ["set", "k", "a b\"", ""].map(Vec::from));
        let bulk = |text: &str| Value::Bulk(text.into());
        for (value, want) in [
            (Value::Simple(b"OK".to_vec()), "OK"),
            (Value::Error(b"ERR x".to_vec()), "(error) ERR x"),
            (Value::Int(-1), "(integer) -1"),
            (bulk("a\"\n\u{1}"), "\"a\\\"\\n\\x01\""),
            (Value::Null, "(nil)"),
            (Value::Array(vec![]), "(empty array)"),
            (
                Value::Array(vec![bulk("a"), Value::Array(vec![bulk("b"), bulk("c")])]),
                "1) \"a\"\n2) 1) \"b\"\n   2) \"c\"",
            ),
        ] {
            assert_eq!(print(&value), want);
        }
    }
}
