//! Values of Lua as replies: the way back of `from_redis`.

use crate::allowance::{Checked, Text};
use crate::engine::Done;
use crate::failure;
use crate::interpreter::to_nul;
use crate::lifted::NESTING_MAX;
use command::{Proto, Writer};
use mlua::{Lua, LuaString, Table, Value};
use resp::Deferred;
use std::collections::BTreeMap;

/// The most that a value takes beside its text, in bytes.
const HEAD_BYTES: usize = 64;

/// A reply that is being written.
pub(crate) struct Reply<'a> {
    out: Text<'a>,
    proto: Proto,
    /// What the script speaks: it decides how truth is written.
    spoken: Proto,
    errors: BTreeMap<Vec<u8>, u64>,
}

impl<'a> Reply<'a> {
    /// The reply that a value is, for a client that speaks `proto`, of a script that speaks `spoken`.
    pub(crate) fn written(
        lua: &'a Lua,
        value: &Value,
        proto: Proto,
        spoken: Proto,
    ) -> Checked<Done> {
        let mut reply = Reply { out: Text::new(lua), proto, spoken, errors: BTreeMap::new() };
        reply.value(value, 0)?;
        let failed = reply.out.bytes().first() == Some(&b'-');
        Ok(Done { reply: reply.out.take(), failed, errors: reply.errors })
    }

    /// A writer of one value with a text so long.
    fn writer(&mut self, bytes: usize) -> Checked<Writer<'_>> {
        self.out.work(1)?;
        self.out.work_on(bytes)?;
        self.out.reserve(bytes + HEAD_BYTES)?;
        Ok(Writer::new(self.out.buffer(), self.proto))
    }

    fn value(&mut self, value: &Value, depth: usize) -> Checked<()> {
        if depth > NESTING_MAX {
            return self.error(b"ERR reached lua stack limit");
        }
        match value {
            Value::String(text) => {
                let text = text.as_bytes();
                self.writer(text.len())?.bulk(&text);
            }
            Value::Integer(integer) => self.writer(0)?.int(*integer),
            // Fractions are lost, as they always were.
            Value::Number(number) => self.writer(0)?.int(truncated(*number)),
            Value::Boolean(truth) if self.spoken == Proto::Resp3 => {
                self.writer(0)?.boolean(*truth);
            }
            Value::Boolean(true) => self.writer(0)?.int(1),
            Value::Boolean(false) => self.writer(0)?.null(),
            Value::Table(table) => self.table(table, depth)?,
            _ => self.writer(0)?.null(),
        }
        Ok(())
    }

    /// A table is what its only field says; without one of these it is an array.
    fn table(&mut self, table: &Table, depth: usize) -> Checked<()> {
        let field = |name: &str| table.raw_get::<Value>(name).unwrap_or_default();
        if let Value::String(text) = field("err") {
            let counted = matches!(field("ignore_error_stats_update"), Value::Boolean(true));
            let text = text.as_bytes();
            let text = to_nul(&text);
            if counted {
                self.writer(text.len())?.error(text);
            } else {
                self.error(text)?;
            }
        } else if let Value::String(text) = field("ok") {
            let text = text.as_bytes();
            let text = to_nul(&text);
            self.writer(text.len())?;
            let out = self.out.buffer();
            out.push(b'+');
            out.extend(one_line(text));
            out.extend_from_slice(b"\r\n");
        } else if let Some(double) = numeric(&field("double")) {
            let text = stdx::float::shortest(double);
            self.writer(text.len())?.double_text(&String::from_utf8_lossy(&text));
        } else if let Value::String(digits) = field("big_number") {
            let digits = digits.as_bytes();
            // On the way it is there three times, and bytes that are no text grow to three.
            self.writer(7 * digits.len())?;
            let digits: Vec<u8> = one_line(&digits).collect();
            self.writer(0)?.big_number(&String::from_utf8_lossy(&digits));
        } else if let Some((format, text)) = verbatim(&field("verbatim_string")) {
            let text = text.as_bytes();
            self.writer(text.len())?.verbatim(&format, &text);
        } else if let Value::Table(map) = field("map") {
            let place = self.writer(0)?.defer();
            let mut len = 0;
            for (key, value) in pairs(&map) {
                self.value(&key, depth + 1)?;
                self.value(&value, depth + 1)?;
                len += 1;
            }
            self.finish(place, |writer, place| writer.finish_map(place, len))?;
        } else if let Value::Table(set) = field("set") {
            let place = self.writer(0)?.defer();
            let mut len = 0;
            for (member, _) in pairs(&set) {
                self.value(&member, depth + 1)?;
                len += 1;
            }
            self.finish(place, |writer, place| writer.finish_set(place, len))?;
        } else {
            self.array(table, depth)?;
        }
        Ok(())
    }

    fn array(&mut self, table: &Table, depth: usize) -> Checked<()> {
        let place = self.writer(0)?.defer();
        let mut len = 0;
        while let Ok(item) = table.raw_get::<Value>(len + 1) {
            if item.is_nil() {
                break;
            }
            self.value(&item, depth + 1)?;
            len += 1;
        }
        self.finish(place, |writer, place| writer.finish_array(place, len))
    }

    /// The head goes before its body, which makes way for it.
    fn finish(
        &mut self,
        place: Deferred,
        finish: impl FnOnce(&mut Writer<'_>, Deferred),
    ) -> Checked<()> {
        let moved = self.out.len() - place.at();
        finish(&mut self.writer(0)?, place);
        self.out.work_on(moved)
    }

    fn error(&mut self, text: &[u8]) -> Checked<()> {
        failure::count(&mut self.errors, text);
        self.writer(text.len())?.error(text);
        Ok(())
    }
}

/// A number, and no text that spells one.
fn numeric(value: &Value) -> Option<f64> {
    if value.is_string() { None } else { crate::lifted::number(value) }
}

/// The whole part of a number; beyond 64 bits the least there is, as processors have it.
fn truncated(number: f64) -> i64 {
    if number >= i64::MAX as f64 || number.is_nan() { i64::MIN } else { number as i64 }
}

/// What a table holds. Reading stops at what cannot be read.
fn pairs(table: &Table) -> impl Iterator<Item = (Value, Value)> {
    table.pairs::<Value, Value>().map_while(|pair| pair.ok())
}

fn verbatim(value: &Value) -> Option<(String, LuaString)> {
    let Value::Table(table) = value else { return None };
    let field = |name: &str| match table.raw_get::<Value>(name) {
        Ok(Value::String(text)) => Some(text),
        _ => None,
    };
    let (format, text) = (field("format")?, field("string")?);
    let mut format: Vec<u8> = format.as_bytes().iter().copied().take(3).collect();
    format.resize(3, b' ');
    Some((String::from_utf8_lossy(&format).chars().take(3).collect(), text))
}

fn one_line(text: &[u8]) -> impl Iterator<Item = u8> {
    text.iter().map(|&byte| if matches!(byte, b'\r' | b'\n') { b' ' } else { byte })
}
