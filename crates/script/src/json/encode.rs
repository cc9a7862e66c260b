//! From values to text.

use super::{Invalid, Switches, may_nest};
use crate::allowance::{Checked, Text};
use crate::lifted::Problem;
use mlua::{Lua, Table, Value};

/// Strings are written in pieces, between which a script looks around.
const PIECE_BYTES: usize = 64 << 10;

/// A value as JSON.
pub(super) fn encode(lua: &Lua, value: &Value, switches: &Switches) -> Checked<Value> {
    let mut writer = Writer { out: Text::new(lua), switches };
    writer.value(value, 0)?;
    writer.out.into_value()
}

struct Writer<'a> {
    out: Text<'a>,
    switches: &'a Switches,
}

impl Writer<'_> {
    fn value(&mut self, value: &Value, depth: usize) -> Checked<()> {
        self.out.work(1)?;
        match value {
            Value::String(text) => self.string(&text.as_bytes())?,
            Value::Integer(integer) => self.number(*integer as f64)?,
            Value::Number(number) => self.number(*number)?,
            Value::Boolean(true) => self.out.add(b"true")?,
            Value::Boolean(false) => self.out.add(b"false")?,
            Value::Nil => self.out.add(b"null")?,
            value if *value == Value::NULL => self.out.add(b"null")?,
            Value::Table(table) => self.table(table, depth + 1)?,
            other => return Err(refused(other, "type not supported")),
        }
        Ok(())
    }

    fn table(&mut self, table: &Table, depth: usize) -> Checked<()> {
        if !may_nest(depth, &self.switches.encode_depth) {
            return Err(format!("Cannot serialise, excessive nesting ({depth})").into());
        }
        // What has no items is an object.
        match self.array_len(table)? {
            Some(len @ 1..) => self.array(table, len, depth),
            _ => self.object(table, depth),
        }
    }

    /// How long the array is that a table is. None: it is none.
    fn array_len(&self, table: &Table) -> Checked<Option<i64>> {
        let (mut largest, mut count) = (0i64, 0i64);
        for pair in table.pairs::<Value, Value>() {
            self.out.work(1)?;
            match pair?.0 {
                Value::Integer(index) if index >= 1 => {
                    largest = largest.max(index);
                    count += 1;
                }
                _ => return Ok(None),
            }
        }
        let (ratio, safe) = (self.switches.sparse_ratio.get(), self.switches.sparse_safe.get());
        if ratio > 0 && largest > count.saturating_mul(ratio) && largest > safe {
            return match self.switches.sparse_convert.get() {
                true => Ok(None),
                false => Err("Cannot serialise table: excessively sparse array".into()),
            };
        }
        Ok(Some(largest))
    }

    fn array(&mut self, table: &Table, len: i64, depth: usize) -> Checked<()> {
        self.out.push(b'[')?;
        for index in 1..=len {
            if index > 1 {
                self.out.push(b',')?;
            }
            self.value(&table.raw_get::<Value>(index)?, depth)?;
        }
        self.out.push(b']')?;
        Ok(())
    }

    fn object(&mut self, table: &Table, depth: usize) -> Checked<()> {
        self.out.push(b'{')?;
        let mut first = true;
        for pair in table.pairs::<Value, Value>() {
            let (key, value) = pair?;
            if !std::mem::take(&mut first) {
                self.out.push(b',')?;
            }
            match &key {
                Value::String(text) => self.string(&text.as_bytes())?,
                Value::Integer(_) | Value::Number(_) => {
                    self.out.push(b'"')?;
                    self.number(crate::lifted::number(&key).unwrap_or(0.0))?;
                    self.out.push(b'"')?;
                }
                other => return Err(refused(other, "table key must be a number or string")),
            }
            self.out.push(b':')?;
            self.value(&value, depth)?;
        }
        self.out.push(b'}')?;
        Ok(())
    }

    fn number(&mut self, number: f64) -> Checked<()> {
        if !number.is_finite() {
            match self.switches.encode_invalid.get() {
                Invalid::Refused => {
                    return Err("Cannot serialise number: must not be NaN or Inf".into());
                }
                Invalid::Null => {
                    self.out.add(b"null")?;
                    return Ok(());
                }
                Invalid::Written => {}
            }
        }
        let precision = self.switches.precision.get().max(1) as usize;
        self.out.add(general(number, precision).as_bytes())
    }

    fn string(&mut self, text: &[u8]) -> Checked<()> {
        self.out.push(b'"')?;
        for piece in text.chunks(PIECE_BYTES) {
            self.escaped(piece)?;
        }
        self.out.push(b'"')
    }

    fn escaped(&mut self, piece: &[u8]) -> Checked<()> {
        self.out.reserve(piece.len())?;
        self.out.work_on(8 * piece.len())?;
        for &byte in piece {
            let letter = match byte {
                b'"' | b'\\' | b'/' => byte,
                8 => b'b',
                9 => b't',
                10 => b'n',
                12 => b'f',
                13 => b'r',
                0..32 | 127 => {
                    self.out.add(format!("\\u{byte:04x}").as_bytes())?;
                    continue;
                }
                _ => {
                    self.out.push(byte)?;
                    continue;
                }
            };
            self.out.add(&[b'\\', letter])?;
        }
        Ok(())
    }
}

fn refused(value: &Value, why: &str) -> Problem {
    let kind = match value {
        Value::Integer(_) => "number",
        Value::LightUserData(_) => "userdata",
        other => other.type_name(),
    };
    format!("Cannot serialise {kind}: {why}").into()
}

/// So many significant digits and no zeros behind them, as C's `%g`.
pub(crate) fn general(number: f64, precision: usize) -> String {
    if number.is_nan() {
        return if number.is_sign_negative() { "-nan".to_owned() } else { "nan".to_owned() };
    }
    if number.is_infinite() {
        return if number < 0.0 { "-inf".to_owned() } else { "inf".to_owned() };
    }
    let scientific = format!("{number:.*e}", precision - 1);
    let (digits, exponent) = scientific.split_once('e').expect("an exponent is always written");
    let exponent: i32 = exponent.parse().expect("an exponent is a number");
    if exponent < -4 || exponent >= precision as i32 {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{}e{sign}{:02}", trimmed(digits), exponent.abs());
    }
    let decimals = (precision as i32 - 1 - exponent).max(0) as usize;
    trimmed(&format!("{number:.decimals$}")).to_owned()
}

fn trimmed(digits: &str) -> &str {
    if digits.contains('.') { digits.trim_end_matches('0').trim_end_matches('.') } else { digits }
}

#[cfg(test)]
mod tests {
    use super::general;

    #[test]
    fn numbers_are_written_as_c_writes_them() {
        for (number, want) in [
            (0.0, "0"),
            (100.0, "100"),
            (0.1, "0.1"),
            (1023.2, "1023.2"),
            (1e20, "1e+20"),
            (-3e-4, "-0.0003"),
            (1e-5, "1e-05"),
            (9_007_199_254_740_991.0, "9.007199254741e+15"),
            (1.0 / 3.0, "0.33333333333333"),
        ] {
            assert_eq!(general(number, 14), want);
        }
        assert_eq!(general(12.345, 3), "12.3");
    }
}
