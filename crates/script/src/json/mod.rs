//! `cjson`: values of Lua as JSON and back, with the switches that lua-cjson has.

mod decode;
mod encode;

pub(crate) use encode::general;

use crate::lifted::{Arguments, NESTING_MAX, Outcome, function};
use mlua::{Lua, Result, Table, Value};
use std::cell::Cell;
use std::rc::Rc;

/// What the present script has switched.
pub(crate) struct Switches {
    /// Arrays with more holes than this are refused, or become objects.
    sparse_convert: Cell<bool>,
    sparse_ratio: Cell<i64>,
    sparse_safe: Cell<i64>,
    encode_depth: Cell<i64>,
    decode_depth: Cell<i64>,
    encode_invalid: Cell<Invalid>,
    decode_invalid: Cell<bool>,
    precision: Cell<i64>,
    keep_buffer: Cell<bool>,
}

/// What becomes of numbers that JSON cannot write.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Invalid {
    Refused,
    Written,
    Null,
}

impl Default for Switches {
    fn default() -> Switches {
        Switches {
            sparse_convert: Cell::new(false),
            sparse_ratio: Cell::new(2),
            sparse_safe: Cell::new(10),
            encode_depth: Cell::new(1000),
            decode_depth: Cell::new(1000),
            encode_invalid: Cell::new(Invalid::Refused),
            decode_invalid: Cell::new(true),
            precision: Cell::new(14),
            keep_buffer: Cell::new(true),
        }
    }
}

impl Switches {
    /// The next script finds everything as it was.
    pub(crate) fn reset(&self) {
        let fresh = Switches::default();
        self.sparse_convert.swap(&fresh.sparse_convert);
        self.sparse_ratio.swap(&fresh.sparse_ratio);
        self.sparse_safe.swap(&fresh.sparse_safe);
        self.encode_depth.swap(&fresh.encode_depth);
        self.decode_depth.swap(&fresh.decode_depth);
        self.encode_invalid.swap(&fresh.encode_invalid);
        self.decode_invalid.swap(&fresh.decode_invalid);
        self.precision.swap(&fresh.precision);
        self.keep_buffer.swap(&fresh.keep_buffer);
    }
}

pub(crate) fn library(lua: &Lua, switches: &Rc<Switches>) -> Result<Table> {
    let table = lua.create_table()?;
    let add = |name: &'static str, run: fn(&Lua, &Switches, &Arguments) -> Outcome| {
        let switches = Rc::clone(switches);
        table.raw_set(name, function(lua, name, move |lua, it| run(lua, &switches, it))?)
    };
    add("encode", |lua, switches, it| {
        if it.len() != 1 {
            return Err(it.wrong(0, "expected 1 argument"));
        }
        Ok(vec![encode::encode(lua, it.get(0), switches)?])
    })?;
    add("decode", |lua, switches, it| {
        if it.len() != 1 {
            return Err(it.wrong(0, "expected 1 argument"));
        }
        Ok(vec![decode::decode(lua, &it.text(0)?, switches)?])
    })?;
    add("encode_sparse_array", |_, switches, it| {
        truth(it, 0, &switches.sparse_convert)?;
        number(it, 1, &switches.sparse_ratio, 0, i64::from(i32::MAX))?;
        number(it, 2, &switches.sparse_safe, 0, i64::from(i32::MAX))?;
        let convert = Value::Boolean(switches.sparse_convert.get());
        let numbers = [&switches.sparse_ratio, &switches.sparse_safe];
        let numbers = numbers.into_iter().map(|it| Value::Integer(it.get()));
        Ok([convert].into_iter().chain(numbers).collect())
    })?;
    add("encode_max_depth", |_, switches, it| {
        number(it, 0, &switches.encode_depth, 1, i64::from(i32::MAX))
    })?;
    add("decode_max_depth", |_, switches, it| {
        number(it, 0, &switches.decode_depth, 1, i64::from(i32::MAX))
    })?;
    add("encode_number_precision", |_, switches, it| number(it, 0, &switches.precision, 1, 14))?;
    add("encode_keep_buffer", |_, switches, it| truth(it, 0, &switches.keep_buffer))?;
    add("decode_invalid_numbers", |_, switches, it| truth(it, 0, &switches.decode_invalid))?;
    add("encode_invalid_numbers", |lua, switches, it| {
        let chosen = match it.get(0) {
            Value::Nil => switches.encode_invalid.get(),
            Value::Boolean(false) => Invalid::Refused,
            Value::Boolean(true) => Invalid::Written,
            other => match crate::interpreter::text_of(other).as_deref() {
                Some(b"off") => Invalid::Refused,
                Some(b"on") => Invalid::Written,
                Some(b"null") => Invalid::Null,
                other => {
                    let word = String::from_utf8_lossy(other.unwrap_or_default()).into_owned();
                    return Err(it.wrong(0, &format!("invalid option '{word}'")));
                }
            },
        };
        switches.encode_invalid.set(chosen);
        Ok(vec![match chosen {
            Invalid::Refused => Value::Boolean(false),
            Invalid::Written => Value::Boolean(true),
            Invalid::Null => Value::String(lua.create_string("null")?),
        }])
    })?;
    table.raw_set("null", Value::NULL)?;
    table.raw_set("_NAME", "cjson")?;
    table.raw_set("_VERSION", "2.1.0")?;
    Ok(table)
}

/// Sets a number, if there is one, and tells what it is now.
fn number(arguments: &Arguments, index: usize, switch: &Cell<i64>, min: i64, max: i64) -> Outcome {
    let value = arguments.integer_or(index, switch.get())?;
    if !(min..=max).contains(&value) {
        let text = format!("expected integer between {min} and {max}");
        return Err(arguments.wrong(index, &text));
    }
    switch.set(value);
    Ok(vec![Value::Integer(value)])
}

/// Sets a truth, if there is one, and tells what it is now.
fn truth(arguments: &Arguments, index: usize, switch: &Cell<bool>) -> Outcome {
    match arguments.get(index) {
        Value::Nil => {}
        Value::Boolean(truth) => switch.set(*truth),
        other => match crate::interpreter::text_of(other).as_deref() {
            Some(b"on") => switch.set(true),
            Some(b"off") => switch.set(false),
            _ => return Err(arguments.wrong(index, "boolean expected")),
        },
    }
    Ok(vec![Value::Boolean(switch.get())])
}

/// True while tables may nest so deep: as the switch says, and never deeper than we can.
fn may_nest(depth: usize, switch: &Cell<i64>) -> bool {
    depth as i64 <= switch.get() && depth <= NESTING_MAX
}
