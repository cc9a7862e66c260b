//! Replies as text: for people, for pipes, as CSV and as JSON.

mod csv;
mod json;
mod raw;
mod terminal;

use client::Value;

/// The kinds of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Output {
    /// With types and numbers, for a terminal.
    Standard,
    /// The bytes alone, for a pipe.
    Raw,
    Csv,
    Json,
    /// JSON in ASCII: other bytes are escaped as on a terminal.
    QuotedJson,
}

/// The kind of text, and what raw text puts between things.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    pub(crate) output: Output,
    /// Between the items of a reply.
    pub(crate) item_end: Vec<u8>,
    /// After each reply.
    pub(crate) reply_end: Vec<u8>,
}

impl Layout {
    pub(crate) fn new(output: Output) -> Layout {
        Layout { output, item_end: b"\n".to_vec(), reply_end: b"\n".to_vec() }
    }
}

/// A reply of a type that no layout has a text for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct UnknownType(pub(crate) u8);

type Formatted = Result<(), UnknownType>;

/// The number by which scripts know big numbers from the message below.
const BIG_NUMBER: UnknownType = UnknownType(13);

/// The text of `value`, with its end.
pub(crate) fn reply(value: &Value, layout: &Layout) -> Result<Vec<u8>, UnknownType> {
    let mut out = Vec::new();
    match layout.output {
        Output::Standard => terminal::write(&mut out, value, 0)?,
        Output::Raw => {
            raw::write(&mut out, value, &layout.item_end)?;
            out.extend_from_slice(&layout.reply_end);
        }
        Output::Csv => {
            csv::write(&mut out, value)?;
            out.push(b'\n');
        }
        Output::Json | Output::QuotedJson => {
            json::write(&mut out, value, layout.output)?;
            out.push(b'\n');
        }
    }
    Ok(out)
}

/// The text of `value` as the server meant it, whatever the layout: INFO and its kin.
pub(crate) fn as_meant(value: &Value, layout: &Layout) -> Result<Vec<u8>, UnknownType> {
    let mut out = Vec::new();
    raw::write(&mut out, value, &layout.item_end)?;
    Ok(out)
}

/// A push that says which keys changed, as a terminal shows it; none for any other push.
pub(crate) fn invalidation(value: &Value) -> Option<Vec<u8>> {
    let Value::Push(items) = value else { return None };
    let [Value::Bulk(kind), Value::Array(keys)] = &items[..] else { return None };
    if !kind.starts_with(b"invalidate") {
        return None;
    }
    let mut out = b"-> invalidate: ".to_vec();
    for (at, key) in keys.iter().enumerate() {
        out.extend_from_slice(if at == 0 { b"'" } else { b", '" });
        out.extend_from_slice(key.as_bytes().unwrap_or_default());
        out.push(b'\'');
    }
    out.push(b'\n');
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bulk(text: &str) -> Value {
        Value::Bulk(text.into())
    }

    fn show(value: &Value, output: Output) -> String {
        let text = reply(value, &Layout::new(output)).expect("it has a text");
        String::from_utf8_lossy(&text).into_owned()
    }

    #[test]
    fn every_type_has_its_text() {
        use Output::{Csv, Json, QuotedJson, Raw, Standard};
        let pair = |key, value| Value::Map(vec![(key, value)]);
        for (value, standard, raw, csv, json) in [
            (Value::Simple(b"OK".to_vec()), "OK", "OK", "\"OK\"", "\"OK\""),
            (
                Value::Error(b"E \"x\"".to_vec()),
                "(error) E \"x\"",
                "E \"x\"\n",
                "ERROR,\"E \\\"x\\\"\"",
                "error:\"E \\\"x\\\"\"",
            ),
            (Value::Int(-7), "(integer) -7", "-7", "-7", "-7"),
            (bulk("a\n"), "\"a\\n\"", "a\n", "\"a\\n\"", "\"a\\n\""),
            (Value::Null, "(nil)", "", "NULL", "null"),
            (Value::Double(b"1.5".to_vec()), "(double) 1.5", "1.5", "1.5", "1.5"),
            (Value::Bool(true), "(true)", "(true)", "true", "true"),
            (Value::Verbatim(*b"txt", b"a\tb".to_vec()), "a\tb", "a\tb", "\"a\\tb\"", "\"a\\tb\""),
            (Value::Array(vec![]), "(empty array)", "", "", "[]"),
            (Value::Map(vec![]), "(empty hash)", "", "", "{}"),
            (Value::Set(vec![]), "(empty set)", "", "", "[]"),
            (
                pair(bulk("k"), Value::Int(1)),
                "1# \"k\" => (integer) 1",
                "k 1",
                "\"k\",1",
                "{\"k\":1}",
            ),
            (
                pair(Value::Int(1), Value::Null),
                "1# (integer) 1 => (nil)",
                "1 ",
                "1,NULL",
                "{\"1\":null}",
            ),
        ] {
            for (output, want) in [(Standard, standard), (Raw, raw), (Csv, csv), (Json, json)] {
                assert_eq!(show(&value, output), format!("{want}\n"), "{value:?} {output:?}");
            }
        }
        assert_eq!(show(&Value::Bulk(b"\xf0e\\".to_vec()), QuotedJson), "\"\\\\xf0e\\\\\\\\\"\n");
        let layout = Layout::new(Standard);
        assert_eq!(reply(&Value::BigNumber(b"1".to_vec()), &layout), Err(BIG_NUMBER));
    }

    #[test]
    fn nested_replies_are_indented_by_the_width_of_their_numbers() {
        let inner = Value::Array(vec![bulk("a"), bulk("b")]);
        let mut ten: Vec<Value> = (0..9).map(Value::Int).collect();
        ten.push(inner.clone());
        let text = show(&Value::Array(ten), Output::Standard);
        assert!(text.starts_with(" 1) (integer) 0\n 2) "), "{text}");
        assert!(text.ends_with("10) 1) \"a\"\n    2) \"b\"\n"), "{text}");
        let map =
            Value::Map(vec![(bulk("k"), inner), (bulk("l"), Value::Set(vec![Value::Int(1)]))]);
        let want = "1# \"k\" => \n   1) \"a\"\n   2) \"b\"\n2# \"l\" => 1~ (integer) 1\n";
        assert_eq!(show(&map, Output::Standard), want);
    }

    #[test]
    fn changed_keys_are_named() {
        let keys = Value::Array(vec![bulk("a"), bulk("b")]);
        let push = Value::Push(vec![bulk("invalidate"), keys]);
        assert_eq!(invalidation(&push).as_deref(), Some(&b"-> invalidate: 'a', 'b'\n"[..]));
        assert_eq!(invalidation(&Value::Push(vec![bulk("message")])), None);
    }
}
