//! Replies as people read them: what `redis-cli` prints on a terminal, except that nothing which differs on the wire
//! looks the same. Transcripts are written in it.

use crate::Value;
use std::fmt::{self, Write};

/// Without a line end after it.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write(f, self, 0)
    }
}

impl Value {
    /// As `Display` writes it, where the first line has begun already: lines after it begin with `margin` blanks.
    pub fn show(&self, margin: usize) -> String {
        let mut text = String::new();
        write(&mut text, self, margin).expect("a string takes any text");
        text
    }
}

fn write(out: &mut dyn Write, value: &Value, margin: usize) -> fmt::Result {
    match value {
        Value::Simple(_) => out.write_str(&value.text()),
        Value::Error(_) => write!(out, "(error) {}", value.text()),
        Value::Int(number) => write!(out, "(integer) {number}"),
        Value::Bulk(bytes) | Value::Verbatim(_, bytes) => quoted(out, bytes),
        Value::Null => out.write_str("(nil)"),
        Value::Double(_) => write!(out, "(double) {}", value.text()),
        Value::BigNumber(_) => write!(out, "(bignumber) {}", value.text()),
        Value::Bool(is_true) => write!(out, "({is_true})"),
        Value::Array(items) => list(out, items, ')', "array", margin),
        Value::Set(items) => list(out, items, '~', "set", margin),
        Value::Push(items) => list(out, items, '>', "push", margin),
        Value::Map(pairs) if pairs.is_empty() => out.write_str("(empty hash)"),
        Value::Map(pairs) => numbered(out, pairs.len(), '#', margin, |out, at, margin| {
            let (key, value) = &pairs[at];
            write(out, key, margin)?;
            out.write_str(" => ")?;
            write(out, value, margin)
        }),
    }
}

fn list(
    out: &mut dyn Write,
    items: &[Value],
    sign: char,
    name: &str,
    margin: usize,
) -> fmt::Result {
    if items.is_empty() {
        return write!(out, "(empty {name})");
    }
    numbered(out, items.len(), sign, margin, |out, at, margin| write(out, &items[at], margin))
}

fn numbered(
    out: &mut dyn Write,
    len: usize,
    sign: char,
    margin: usize,
    item: impl Fn(&mut dyn Write, usize, usize) -> fmt::Result,
) -> fmt::Result {
    let width = len.to_string().len();
    for at in 0..len {
        if at > 0 {
            write!(out, "\n{:margin$}", "")?;
        }
        write!(out, "{:>width$}{sign} ", at + 1)?;
        item(out, at, margin + width + 2)?;
    }
    Ok(())
}

fn quoted(out: &mut dyn Write, bytes: &[u8]) -> fmt::Result {
    write!(out, "\"{}\"", bytes.escape_ascii().to_string().replace("\\'", "'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_look_as_on_a_terminal() {
        let bulk = |text: &str| Value::Bulk(text.into());
        let pair = || vec![bulk("b"), bulk("c")];
        for (value, want) in [
            (Value::Simple(b"OK".to_vec()), "OK"),
            (Value::Error(b"ERR x".to_vec()), "(error) ERR x"),
            (Value::Int(-1), "(integer) -1"),
            (bulk("it's \"\n\u{1}"), r#""it's \"\n\x01""#),
            (Value::Null, "(nil)"),
            (Value::Bool(true), "(true)"),
            (Value::Array(vec![]), "(empty array)"),
            (Value::Map(vec![]), "(empty hash)"),
            (Value::Push(pair()), "1> \"b\"\n2> \"c\""),
            (
                Value::Array(vec![bulk("a"), Value::Array(pair())]),
                "1) \"a\"\n2) 1) \"b\"\n   2) \"c\"",
            ),
            (
                Value::Map(vec![(bulk("k"), Value::Set(pair()))]),
                "1# \"k\" => 1~ \"b\"\n   2~ \"c\"",
            ),
        ] {
            assert_eq!(value.to_string(), want);
        }
        let ten: Vec<Value> = (0..10).map(Value::Int).collect();
        assert!(Value::Array(ten).show(4).contains("\n     2) (integer) 1\n"));
    }
}
