//! Replies for people: quoted strings, types in parentheses, numbered items, what is inside indented.

use client::Value;
use config::words::quote;

use super::{BIG_NUMBER, Formatted};

/// Writes `value` and a line end; lines after the first begin with `margin` blanks.
pub(super) fn write(out: &mut Vec<u8>, value: &Value, margin: usize) -> Formatted {
    match value {
        Value::Simple(text) | Value::Verbatim(_, text) => out.extend_from_slice(text),
        Value::Error(text) => {
            out.extend_from_slice(b"(error) ");
            out.extend_from_slice(text);
        }
        Value::Int(number) => out.extend_from_slice(format!("(integer) {number}").as_bytes()),
        Value::Double(text) => {
            out.extend_from_slice(b"(double) ");
            out.extend_from_slice(text);
        }
        Value::Bulk(bytes) => out.extend_from_slice(&quote(bytes)),
        Value::Null => out.extend_from_slice(b"(nil)"),
        Value::Bool(is_true) => {
            out.extend_from_slice(if *is_true { b"(true)" } else { b"(false)" })
        }
        Value::BigNumber(_) => return Err(BIG_NUMBER),
        Value::Array(items) if items.is_empty() => out.extend_from_slice(b"(empty array)"),
        Value::Set(items) if items.is_empty() => out.extend_from_slice(b"(empty set)"),
        Value::Push(items) if items.is_empty() => out.extend_from_slice(b"(empty push)"),
        Value::Map(pairs) if pairs.is_empty() => out.extend_from_slice(b"(empty hash)"),
        // compat(7.2): pushes are numbered like arrays.
        Value::Array(items) | Value::Push(items) => return write_items(out, items, ')', margin),
        Value::Set(items) => return write_items(out, items, '~', margin),
        Value::Map(pairs) => return write_pairs(out, pairs, margin),
    }
    out.push(b'\n');
    Ok(())
}

fn write_items(out: &mut Vec<u8>, items: &[Value], sign: char, margin: usize) -> Formatted {
    let width = items.len().to_string().len();
    for (at, item) in items.iter().enumerate() {
        number(out, at, width, sign, margin);
        write(out, item, margin + width + 2)?;
    }
    Ok(())
}

fn write_pairs(out: &mut Vec<u8>, pairs: &[(Value, Value)], margin: usize) -> Formatted {
    let width = pairs.len().to_string().len();
    let inside = margin + width + 2;
    for (at, (key, value)) in pairs.iter().enumerate() {
        number(out, at, width, '#', margin);
        write(out, key, inside)?;
        out.pop();
        out.extend_from_slice(b" => ");
        if has_lines(value) {
            out.push(b'\n');
            out.resize(out.len() + inside, b' ');
        }
        write(out, value, inside)?;
    }
    Ok(())
}

/// `12) `. The first item stands on the line that whoever holds it has begun.
fn number(out: &mut Vec<u8>, at: usize, width: usize, sign: char, margin: usize) {
    let margin = if at == 0 { 0 } else { margin };
    out.extend_from_slice(format!("{:margin$}{:width$}{sign} ", "", at + 1).as_bytes());
}

/// True if the text of `value` has more than one line.
fn has_lines(value: &Value) -> bool {
    match value {
        Value::Array(items) | Value::Set(items) | Value::Push(items) => match &items[..] {
            [] => false,
            [only] => has_lines(only),
            _ => true,
        },
        Value::Map(pairs) => match &pairs[..] {
            [] => false,
            [(_, only)] => has_lines(only),
            _ => true,
        },
        _ => false,
    }
}
