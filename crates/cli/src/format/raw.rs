//! Replies for pipes: the bytes alone.

use client::Value;

use super::{BIG_NUMBER, Formatted};

/// Writes `value` with `item_end` between its items.
pub(super) fn write(out: &mut Vec<u8>, value: &Value, item_end: &[u8]) -> Formatted {
    match value {
        Value::Null => {}
        Value::Error(text) => {
            out.extend_from_slice(text);
            out.push(b'\n');
        }
        Value::Simple(bytes) | Value::Bulk(bytes) | Value::Verbatim(_, bytes) => {
            out.extend_from_slice(bytes);
        }
        Value::Double(text) => out.extend_from_slice(text),
        Value::Int(number) => out.extend_from_slice(number.to_string().as_bytes()),
        Value::Bool(is_true) => {
            out.extend_from_slice(if *is_true { b"(true)" } else { b"(false)" })
        }
        Value::BigNumber(_) => return Err(BIG_NUMBER),
        Value::Array(items) | Value::Set(items) | Value::Push(items) => {
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.extend_from_slice(item_end);
                }
                write(out, item, item_end)?;
            }
        }
        Value::Map(pairs) => {
            for (at, (key, value)) in pairs.iter().enumerate() {
                if at > 0 {
                    out.extend_from_slice(item_end);
                }
                write(out, key, item_end)?;
                out.push(b' ');
                write(out, value, item_end)?;
            }
        }
    }
    Ok(())
}
