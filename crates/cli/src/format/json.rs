//! Replies as JSON. Bytes above ASCII stay as they are, so a UTF-8 text is JSON; quoted JSON escapes them instead.

use client::Value;
use config::words::quote;

use super::{BIG_NUMBER, Formatted, Output};

/// Writes `value` without a line end.
pub(super) fn write(out: &mut Vec<u8>, value: &Value, output: Output) -> Formatted {
    match value {
        // compat(7.2): this is no JSON, but it is what scripts look for.
        Value::Error(text) => {
            out.extend_from_slice(b"error:");
            string(out, text, output);
        }
        Value::Simple(bytes) | Value::Bulk(bytes) | Value::Verbatim(_, bytes) => {
            string(out, bytes, output);
        }
        Value::Int(number) => out.extend_from_slice(number.to_string().as_bytes()),
        Value::Double(text) => out.extend_from_slice(text),
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(is_true) => out.extend_from_slice(if *is_true { b"true" } else { b"false" }),
        Value::BigNumber(_) => return Err(BIG_NUMBER),
        Value::Array(items) | Value::Set(items) | Value::Push(items) => {
            out.push(b'[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                write(out, item, output)?;
            }
            out.push(b']');
        }
        Value::Map(pairs) => {
            out.push(b'{');
            for (at, (key, value)) in pairs.iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                write_key(out, key, output)?;
                out.push(b':');
                write(out, value, output)?;
            }
            out.push(b'}');
        }
    }
    Ok(())
}

/// A key must be a string: what is none is put between quotes.
fn write_key(out: &mut Vec<u8>, key: &Value, output: Output) -> Formatted {
    if matches!(key, Value::Error(_)) || key.as_bytes().is_some() {
        return write(out, key, output);
    }
    out.push(b'"');
    write(out, key, output)?;
    out.push(b'"');
    Ok(())
}

fn string(out: &mut Vec<u8>, text: &[u8], output: Output) {
    if output == Output::QuotedJson {
        for byte in quote(text) {
            match byte {
                b'\\' => out.extend_from_slice(b"\\\\"),
                byte => out.push(byte),
            }
        }
        return;
    }
    out.push(b'"');
    for &byte in text {
        match byte {
            b'\\' | b'"' => out.extend_from_slice(&[b'\\', byte]),
            b'\n' => out.extend_from_slice(b"\\n"),
            0x0c => out.extend_from_slice(b"\\f"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            0x08 => out.extend_from_slice(b"\\b"),
            0..=0x1f => out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
            byte => out.push(byte),
        }
    }
    out.push(b'"');
}
