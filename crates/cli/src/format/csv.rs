//! Replies as one line of values with commas between, flat whatever their depth.

use client::Value;
use config::words::quote;

use super::{BIG_NUMBER, Formatted};

/// Writes `value` without a line end.
pub(super) fn write(out: &mut Vec<u8>, value: &Value) -> Formatted {
    match value {
        Value::Error(text) => {
            out.extend_from_slice(b"ERROR,");
            out.extend_from_slice(&quote(text));
        }
        Value::Simple(bytes) | Value::Bulk(bytes) | Value::Verbatim(_, bytes) => {
            out.extend_from_slice(&quote(bytes));
        }
        Value::Int(number) => out.extend_from_slice(number.to_string().as_bytes()),
        Value::Double(text) => out.extend_from_slice(text),
        Value::Null => out.extend_from_slice(b"NULL"),
        Value::Bool(is_true) => out.extend_from_slice(if *is_true { b"true" } else { b"false" }),
        Value::BigNumber(_) => return Err(BIG_NUMBER),
        Value::Array(items) | Value::Set(items) | Value::Push(items) => {
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                write(out, item)?;
            }
        }
        Value::Map(pairs) => {
            for (at, (key, value)) in pairs.iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                write(out, key)?;
                out.push(b',');
                write(out, value)?;
            }
        }
    }
    Ok(())
}
