//! Values of Lua as replies: the way back of `from_redis`.

use crate::engine::Done;
use crate::interpreter::to_nul;
use crate::lifted::NESTING_MAX;
use command::{Proto, Writer};
use mlua::{Table, Value};

/// A reply that is being written.
pub(crate) struct Reply {
    out: Vec<u8>,
    proto: Proto,
    /// What the script speaks: it decides how truth is written.
    spoken: Proto,
    errors: Vec<Vec<u8>>,
}

impl Reply {
    /// A reply for a client that speaks `proto`, of a script that speaks `spoken`.
    pub(crate) fn new(proto: Proto, spoken: Proto) -> Reply {
        Reply { out: Vec::new(), proto, spoken, errors: Vec::new() }
    }

    /// Writes a value.
    pub(crate) fn write(&mut self, value: &Value) {
        self.value(value, 0);
    }

    /// It is written.
    pub(crate) fn done(self) -> Done {
        let failed = self.out.first() == Some(&b'-');
        Done { reply: self.out, failed, errors: self.errors }
    }

    fn writer(&mut self) -> Writer<'_> {
        Writer::new(&mut self.out, self.proto)
    }

    fn value(&mut self, value: &Value, depth: usize) {
        if depth > NESTING_MAX {
            self.error(b"ERR reached lua stack limit");
            return;
        }
        match value {
            Value::String(text) => self.writer().bulk(&text.as_bytes()),
            Value::Integer(integer) => self.writer().int(*integer),
            // Fractions are lost, as they always were.
            Value::Number(number) => self.writer().int(truncated(*number)),
            Value::Boolean(truth) if self.spoken == Proto::Resp3 => self.writer().boolean(*truth),
            Value::Boolean(true) => self.writer().int(1),
            Value::Boolean(false) => self.writer().null(),
            Value::Table(table) => self.table(table, depth),
            _ => self.writer().null(),
        }
    }

    /// A table is what its only field says; without one of these it is an array.
    fn table(&mut self, table: &Table, depth: usize) {
        let field = |name: &str| table.raw_get::<Value>(name).unwrap_or_default();
        if let Value::String(text) = field("err") {
            let counted = matches!(field("ignore_error_stats_update"), Value::Boolean(true));
            let text = text.as_bytes();
            if counted {
                self.writer().error(to_nul(&text));
            } else {
                self.error(to_nul(&text));
            }
        } else if let Value::String(text) = field("ok") {
            let text = one_line(to_nul(&text.as_bytes()));
            self.out.push(b'+');
            self.out.extend_from_slice(&text);
            self.out.extend_from_slice(b"\r\n");
        } else if let Some(double) = numeric(&field("double")) {
            let text = stdx::float::shortest(double);
            self.writer().double_text(&String::from_utf8_lossy(&text));
        } else if let Value::String(digits) = field("big_number") {
            let digits = one_line(&digits.as_bytes());
            self.writer().big_number(&String::from_utf8_lossy(&digits));
        } else if let Some((format, text)) = verbatim(&field("verbatim_string")) {
            self.writer().verbatim(&format, &text);
        } else if let Value::Table(map) = field("map") {
            let place = self.writer().defer();
            let mut len = 0;
            for (key, value) in pairs(&map) {
                self.value(&key, depth + 1);
                self.value(&value, depth + 1);
                len += 1;
            }
            self.writer().finish_map(place, len);
        } else if let Value::Table(set) = field("set") {
            let place = self.writer().defer();
            let mut len = 0;
            for (member, _) in pairs(&set) {
                self.value(&member, depth + 1);
                len += 1;
            }
            self.writer().finish_set(place, len);
        } else {
            self.array(table, depth);
        }
    }

    fn array(&mut self, table: &Table, depth: usize) {
        let place = self.writer().defer();
        let mut len = 0;
        while let Ok(item) = table.raw_get::<Value>(len + 1) {
            if item.is_nil() {
                break;
            }
            self.value(&item, depth + 1);
            len += 1;
        }
        self.writer().finish_array(place, len);
    }

    fn error(&mut self, text: &[u8]) {
        self.errors.push(text.to_vec());
        self.writer().error(text);
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

fn verbatim(value: &Value) -> Option<(String, Vec<u8>)> {
    let Value::Table(table) = value else { return None };
    let field = |name: &str| match table.raw_get::<Value>(name) {
        Ok(Value::String(text)) => Some(text.as_bytes().to_vec()),
        _ => None,
    };
    let (mut format, text) = (field("format")?, field("string")?);
    format.resize(3, b' ');
    Some((String::from_utf8_lossy(&format).chars().take(3).collect(), text))
}

fn one_line(text: &[u8]) -> Vec<u8> {
    text.iter().map(|&byte| if matches!(byte, b'\r' | b'\n') { b' ' } else { byte }).collect()
}
