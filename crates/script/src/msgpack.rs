//! `cmsgpack`: values of Lua as MessagePack and back. <https://github.com/msgpack/msgpack/blob/master/spec.md>

use crate::allowance::{Allowance, Checked, Text};
use crate::lifted::{Arguments, NESTING_MAX, Outcome, Problem, RESULTS_MAX, function};
use mlua::{Lua, Result, Table, Value};

/// Tables that nest deeper than this are written as nil, so that those that hold themselves have an end.
const DEPTH_MAX: usize = 16;

pub(crate) fn library(lua: &Lua) -> Result<Table> {
    let table = lua.create_table()?;
    table.raw_set("pack", function(lua, "pack", pack)?)?;
    table.raw_set("unpack", function(lua, "unpack", |lua, it| unpack(lua, it, 0, None))?)?;
    let one =
        function(lua, "unpack_one", |lua, it| unpack(lua, it, it.integer_or(1, 0)?, Some(1)))?;
    table.raw_set("unpack_one", one)?;
    let some = function(lua, "unpack_limit", |lua, it| {
        unpack(lua, it, it.integer_or(2, 0)?, Some(it.integer(1)?))
    })?;
    table.raw_set("unpack_limit", some)?;
    table.raw_set("_NAME", "cmsgpack")?;
    table.raw_set("_VERSION", "lua-cmsgpack 0.4.0")?;
    Ok(table)
}

fn pack(lua: &Lua, arguments: &Arguments) -> Outcome {
    if arguments.len() == 0 {
        return Err("bad argument #0 to 'pack' (MessagePack pack needs input.)".into());
    }
    let mut out = Text::new(lua);
    arguments.iter().try_for_each(|value| write(&mut out, value, 0))?;
    Ok(vec![out.into_value()?])
}

fn write(out: &mut Text<'_>, value: &Value, depth: usize) -> Checked<()> {
    out.work(1)?;
    match value {
        Value::String(text) => {
            let text = text.as_bytes();
            write_len(out, text.len(), [0xa0, 31, 0xd9, 0xda, 0xdb])?;
            out.add(&text)
        }
        Value::Boolean(truth) => out.push(if *truth { 0xc3 } else { 0xc2 }),
        Value::Integer(integer) => write_integer(out, *integer),
        Value::Number(number) => write_number(out, *number),
        Value::Table(table) if depth < DEPTH_MAX => write_table(out, table, depth),
        _ => out.push(0xc0),
    }
}

fn write_integer(out: &mut Text<'_>, integer: i64) -> Checked<()> {
    match integer {
        0..=0x7f => out.push(integer as u8),
        -32..=-1 => out.push(integer as i8 as u8),
        0x80..=0xff => out.add(&[0xcc, integer as u8]),
        0x100..=0xffff => head(out, 0xcd, &(integer as u16).to_be_bytes()),
        0x1_0000..=0xffff_ffff => head(out, 0xce, &(integer as u32).to_be_bytes()),
        0x1_0000_0000.. => head(out, 0xcf, &integer.to_be_bytes()),
        -0x80..=-33 => out.add(&[0xd0, integer as i8 as u8]),
        -0x8000..=-0x81 => head(out, 0xd1, &(integer as i16).to_be_bytes()),
        -0x8000_0000..=-0x8001 => head(out, 0xd2, &(integer as i32).to_be_bytes()),
        _ => head(out, 0xd3, &integer.to_be_bytes()),
    }
}

fn write_number(out: &mut Text<'_>, number: f64) -> Checked<()> {
    if number == (number as i64) as f64 && number.abs() < 9.2e18 {
        write_integer(out, number as i64)
    } else if f64::from(number as f32) == number {
        head(out, 0xca, &(number as f32).to_be_bytes())
    } else {
        head(out, 0xcb, &number.to_be_bytes())
    }
}

fn write_table(out: &mut Text<'_>, table: &Table, depth: usize) -> Checked<()> {
    let items = || table.pairs::<Value, Value>().map_while(|pair| pair.ok());
    let (mut count, mut largest) = (0, Some(0));
    for (key, _) in items() {
        out.work(1)?;
        count += 1;
        largest = largest.zip(index_of(&key)).map(|(a, b): (usize, usize)| a.max(b));
    }
    if largest == Some(count) {
        write_len(out, count, [0x90, 15, 0, 0xdc, 0xdd])?;
        for index in 1..=count {
            write(out, &table.raw_get::<Value>(index).unwrap_or_default(), depth + 1)?;
        }
    } else {
        write_len(out, count, [0x80, 15, 0, 0xde, 0xdf])?;
        for (key, value) in items() {
            write(out, &key, depth + 1)?;
            write(out, &value, depth + 1)?;
        }
    }
    Ok(())
}

/// A place in an array.
fn index_of(key: &Value) -> Option<usize> {
    match key {
        Value::Integer(index) if *index > 0 => usize::try_from(*index).ok(),
        _ => None,
    }
}

fn head(out: &mut Text<'_>, kind: u8, bytes: &[u8]) -> Checked<()> {
    out.push(kind)?;
    out.add(bytes)
}

/// A length in the smallest of its forms: in the first byte, up to so much, then in one, two and four bytes. Zero: there
/// is no such form.
fn write_len(out: &mut Text<'_>, len: usize, [fixed, max, one, two, four]: [u8; 5]) -> Checked<()> {
    match len {
        _ if len <= usize::from(max) => out.push(fixed | len as u8),
        ..=0xff if one != 0 => out.add(&[one, len as u8]),
        ..=0xffff => head(out, two, &(len as u16).to_be_bytes()),
        _ => head(out, four, &(len as u32).to_be_bytes()),
    }
}

/// Up to `limit` values from `offset` on, in front of them where to go on (-1: that was all); without a limit all of
/// them, and nothing in front.
fn unpack(lua: &Lua, arguments: &Arguments, offset: i64, limit: Option<i64>) -> Outcome {
    let data = arguments.text(0)?;
    if offset < 0 || limit.is_some_and(|max| max < 0) {
        // compat(7.2): what is called the limit is the length.
        let len = data.len();
        let text = format!("Invalid request to unpack with offset of {offset} and limit of {len}.");
        return Err(text.into());
    }
    // compat(7.2): no limit from the beginning is as good as none.
    let limit = limit.filter(|max| *max > 0 || offset > 0);
    if offset as usize > data.len() {
        let text = format!("Start offset {offset} greater than input length {}.", data.len());
        return Err(text.into());
    }
    let mut reader =
        Reader { lua, allowance: Allowance::of(lua), data: &data, at: offset as usize };
    let mut values = Vec::new();
    while reader.at < data.len() && limit.is_none_or(|max| (values.len() as i64) < max) {
        values.push(reader.value(0)?);
        if values.len() > RESULTS_MAX {
            return Err("too many results".into());
        }
    }
    if limit.is_some() {
        let next = if reader.at == data.len() { -1 } else { reader.at as i64 };
        values.insert(0, Value::Integer(next));
    }
    Ok(values)
}

struct Reader<'a> {
    lua: &'a Lua,
    allowance: Allowance,
    data: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn value(&mut self, depth: usize) -> Checked<Value> {
        if depth > NESTING_MAX {
            return Err("Bad data format in input.".into());
        }
        self.allowance.work(self.lua, 1)?;
        let kind = self.take(1)?[0];
        let value = match kind {
            0..=0x7f => Value::Integer(i64::from(kind)),
            0x80..=0x8f => self.map(usize::from(kind & 15), depth)?,
            0x90..=0x9f => self.array(usize::from(kind & 15), depth)?,
            0xa0..=0xbf => self.text(usize::from(kind & 31))?,
            0xc0 => Value::Nil,
            0xc2 => Value::Boolean(false),
            0xc3 => Value::Boolean(true),
            0xc4 | 0xd9 => self.number(1).and_then(|len| self.text(len as usize))?,
            0xc5 | 0xda => self.number(2).and_then(|len| self.text(len as usize))?,
            0xc6 | 0xdb => self.number(4).and_then(|len| self.text(len as usize))?,
            0xca => Value::Number(f64::from(f32::from_bits(self.number(4)? as u32))),
            0xcb => Value::Number(f64::from_bits(self.number(8)?)),
            0xcc => Value::Integer(self.number(1)? as i64),
            0xcd => Value::Integer(self.number(2)? as i64),
            0xce => Value::Integer(self.number(4)? as i64),
            // compat(7.2): beyond 63 bits numbers turn negative.
            0xcf => Value::Integer(self.number(8)? as i64),
            0xd0 => Value::Integer(i64::from(self.number(1)? as i8)),
            0xd1 => Value::Integer(i64::from(self.number(2)? as i16)),
            0xd2 => Value::Integer(i64::from(self.number(4)? as i32)),
            0xd3 => Value::Integer(self.number(8)? as i64),
            0xdc => self.number(2).and_then(|len| self.array(len as usize, depth))?,
            0xdd => self.number(4).and_then(|len| self.array(len as usize, depth))?,
            0xde => self.number(2).and_then(|len| self.map(len as usize, depth))?,
            0xdf => self.number(4).and_then(|len| self.map(len as usize, depth))?,
            0xe0.. => Value::Integer(i64::from(kind as i8)),
            _ => return Err("Bad data format in input.".into()),
        };
        Ok(value)
    }

    fn array(&mut self, len: usize, depth: usize) -> Checked<Value> {
        let table = self.lua.create_table()?;
        for index in 1..=len {
            let value = self.value(depth + 1)?;
            table.raw_set(index, value)?;
        }
        Ok(Value::Table(table))
    }

    fn map(&mut self, len: usize, depth: usize) -> Checked<Value> {
        let table = self.lua.create_table()?;
        for _ in 0..len {
            let (key, value) = (self.value(depth + 1)?, self.value(depth + 1)?);
            // Nothing can be found under nil, or under what is no number.
            if !key.is_nil() && !key.as_number().is_some_and(f64::is_nan) {
                table.raw_set(key, value)?;
            }
        }
        Ok(Value::Table(table))
    }

    fn text(&mut self, len: usize) -> Checked<Value> {
        let text = self.take(len)?;
        self.allowance.work_on(self.lua, len)?;
        Ok(Value::String(self.lua.create_string(text)?))
    }

    /// A number of so many bytes, the highest first.
    fn number(&mut self, bytes: usize) -> Checked<u64> {
        let number = self.take(bytes)?.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
        Ok(number)
    }

    fn take(&mut self, len: usize) -> Checked<&'a [u8]> {
        let end = self.at.checked_add(len).filter(|end| *end <= self.data.len());
        let end = end.ok_or(Problem::from("Missing bytes in input."))?;
        let taken = &self.data[self.at..end];
        self.at = end;
        Ok(taken)
    }
}
