//! Replies of commands as values of Lua.
//!
//! ```text
//! integer, bulk string   number, string          status, error    {ok=...}, {err=...}
//! array                  table from 1 on         null             false (RESP2), nil (RESP3)
//! map, set               {map={}}, {set={}}      double, boolean  {double=...}, boolean
//! big number, verbatim   {big_number=...}, {verbatim_string={string=, format=}}
//! ```

use crate::allowance::Allowance;
use mlua::{Lua, Result, Table, Value};

/// How deep a reply may nest. None of ours nests as deep.
const DEPTH_MAX: usize = 128;

/// Strings as a table.
pub(crate) fn array(lua: &Lua, strings: &[Vec<u8>]) -> Result<Table> {
    let table = lua.create_table_with_capacity(strings.len(), 0)?;
    for (index, string) in strings.iter().enumerate() {
        table.raw_set(index + 1, lua.create_string(string)?)?;
    }
    Ok(table)
}

/// The value of a whole reply.
pub(crate) fn value(lua: &Lua, reply: &[u8]) -> Result<Value> {
    Reader { lua, allowance: Allowance::of(lua), rest: reply }.value(0)
}

struct Reader<'a> {
    lua: &'a Lua,
    allowance: Allowance,
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn value(&mut self, depth: usize) -> Result<Value> {
        self.work(1)?;
        let line = self.line()?;
        let Some((kind, text)) = line.split_first() else { return Err(no_reply()) };
        if depth > DEPTH_MAX {
            return Err(no_reply());
        }
        match kind {
            b'+' => self.field("ok", text),
            b'-' => self.error(text),
            b':' => Ok(Value::Number(number(text)? as f64)),
            b'$' if text == b"-1" => Ok(Value::Boolean(false)),
            b'*' if text == b"-1" => Ok(Value::Boolean(false)),
            b'_' => Ok(Value::Nil),
            b'#' => Ok(Value::Boolean(text == b"t")),
            b'$' => {
                let body = self.body(text)?;
                Ok(Value::String(self.lua.create_string(body)?))
            }
            b',' => {
                let double = stdx::float::parse_f64(text).ok_or_else(no_reply)?;
                self.wrapped("double", Value::Number(double))
            }
            b'(' => self.field("big_number", text),
            b'=' => self.verbatim(text),
            b'*' | b'>' => self.array(text, depth),
            b'%' => self.map(text, depth),
            b'~' => self.set(text, depth),
            b'|' => {
                for _ in 0..2 * number(text)? {
                    self.value(depth + 1)?;
                }
                self.value(depth)
            }
            _ => Err(no_reply()),
        }
    }

    fn array(&mut self, len: &[u8], depth: usize) -> Result<Value> {
        let len = number(len)? as usize;
        let table = self.lua.create_table_with_capacity(len.min(self.rest.len()), 0)?;
        for index in 1..=len {
            let value = self.value(depth + 1)?;
            table.raw_set(index, value)?;
        }
        Ok(Value::Table(table))
    }

    fn map(&mut self, len: &[u8], depth: usize) -> Result<Value> {
        let table = self.lua.create_table()?;
        for _ in 0..number(len)? {
            let (key, value) = (self.value(depth + 1)?, self.value(depth + 1)?);
            // Nothing can be found under nil.
            if !key.is_nil() {
                table.raw_set(key, value)?;
            }
        }
        self.wrapped("map", Value::Table(table))
    }

    fn set(&mut self, len: &[u8], depth: usize) -> Result<Value> {
        let table = self.lua.create_table()?;
        for _ in 0..number(len)? {
            let member = self.value(depth + 1)?;
            if !member.is_nil() {
                table.raw_set(member, true)?;
            }
        }
        self.wrapped("set", Value::Table(table))
    }

    fn verbatim(&mut self, len: &[u8]) -> Result<Value> {
        let body = self.body(len)?;
        let (format, text) = (body.get(..3), body.get(4..));
        let (format, text) = format.zip(text).ok_or_else(no_reply)?;
        let table = self.lua.create_table()?;
        table.raw_set("string", self.lua.create_string(text)?)?;
        table.raw_set("format", self.lua.create_string(format)?)?;
        self.wrapped("verbatim_string", Value::Table(table))
    }

    /// The error was counted when its command failed.
    fn error(&mut self, text: &[u8]) -> Result<Value> {
        let table = self.lua.create_table()?;
        let coded = if text.contains(&b' ') { text.to_vec() } else { [b"ERR ", text].concat() };
        table.raw_set("err", self.lua.create_string(coded)?)?;
        table.raw_set("ignore_error_stats_update", true)?;
        Ok(Value::Table(table))
    }

    fn field(&self, name: &str, text: &[u8]) -> Result<Value> {
        self.wrapped(name, Value::String(self.lua.create_string(text)?))
    }

    fn wrapped(&self, name: &str, value: Value) -> Result<Value> {
        let table = self.lua.create_table()?;
        table.raw_set(name, value)?;
        Ok(Value::Table(table))
    }

    fn work(&self, items: usize) -> Result<()> {
        self.allowance.work(self.lua, items).map_err(|problem| problem.raised(self.lua))
    }

    fn line(&mut self) -> Result<&'a [u8]> {
        let end = self.rest.windows(2).position(|it| it == b"\r\n").ok_or_else(no_reply)?;
        let line = &self.rest[..end];
        self.rest = &self.rest[end + 2..];
        Ok(line)
    }

    fn body(&mut self, len: &[u8]) -> Result<&'a [u8]> {
        let len = number(len)? as usize;
        if self.rest.len() < len + 2 {
            return Err(no_reply());
        }
        self.work(len / 64)?;
        let body = &self.rest[..len];
        self.rest = &self.rest[len + 2..];
        Ok(body)
    }
}

fn number(text: &[u8]) -> Result<i64> {
    stdx::integer::parse_i64(text).ok_or_else(no_reply)
}

fn no_reply() -> mlua::Error {
    mlua::Error::runtime("a command has written what is no reply")
}
