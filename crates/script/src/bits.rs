//! `bit`: operations on 32 bits, as LuaJIT's library of that name has them.

use crate::lifted::{Arguments, Problem, function};
use mlua::{Lua, Result, Table, Value};

type Bits = std::result::Result<u32, Problem>;

/// A function that takes numbers and gives one.
type Operation = fn(&Arguments) -> Bits;

/// All of these.
const OPERATIONS: &[(&str, Operation)] = &[
    ("tobit", |it| bits(it, 0)),
    ("bnot", |it| Ok(!bits(it, 0)?)),
    ("bswap", |it| Ok(bits(it, 0)?.swap_bytes())),
    ("band", |it| fold(it, |a, b| a & b)),
    ("bor", |it| fold(it, |a, b| a | b)),
    ("bxor", |it| fold(it, |a, b| a ^ b)),
    ("lshift", |it| Ok(bits(it, 0)? << distance(it)?)),
    ("rshift", |it| Ok(bits(it, 0)? >> distance(it)?)),
    ("arshift", |it| Ok((bits(it, 0)? as i32 >> distance(it)?) as u32)),
    ("rol", |it| Ok(bits(it, 0)?.rotate_left(distance(it)?))),
    ("ror", |it| Ok(bits(it, 0)?.rotate_right(distance(it)?))),
];

pub(crate) fn library(lua: &Lua) -> Result<Table> {
    let table = lua.create_table()?;
    for &(name, run) in OPERATIONS {
        let run = move |_: &Lua, it: &Arguments| Ok(vec![signed(run(it)?)]);
        table.raw_set(name, function(lua, name, run)?)?;
    }
    let to_hex = function(lua, "tohex", |lua, it| {
        let digits = hex(bits(it, 0)?, if it.len() > 1 { bits(it, 1)? as i32 } else { 8 });
        Ok(vec![Value::String(lua.create_string(digits)?)])
    })?;
    table.raw_set("tohex", to_hex)?;
    Ok(table)
}

/// The low 32 bits of a number, rounded to a whole one.
fn bits(arguments: &Arguments, index: usize) -> Bits {
    Ok(to_bits(arguments.number(index)?))
}

fn to_bits(number: f64) -> u32 {
    // Far numbers count modulo 2^32.
    (number.round_ties_even() % 4_294_967_296.0) as i64 as u32
}

fn distance(arguments: &Arguments) -> Bits {
    Ok(bits(arguments, 1)? & 31)
}

fn fold(arguments: &Arguments, join: fn(u32, u32) -> u32) -> Bits {
    (1..arguments.len())
        .try_fold(bits(arguments, 0)?, |sum, index| Ok(join(sum, bits(arguments, index)?)))
}

fn signed(bits: u32) -> Value {
    Value::Number(f64::from(bits as i32))
}

/// So many digits from the right; uppercase where the number is negative.
fn hex(bits: u32, digits: i32) -> String {
    let count = digits.unsigned_abs().min(8) as usize;
    let text = if digits < 0 { format!("{bits:08X}") } else { format!("{bits:08x}") };
    text[8 - count..].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_taken_as_their_low_bits() {
        for (number, want) in [
            (1.0, 1),
            (-1.0, u32::MAX),
            (4_294_967_295.0, u32::MAX),
            (4_294_967_297.0, 1),
            (1.5, 2),
            (-2_147_483_648.0, 1 << 31),
        ] {
            assert_eq!(to_bits(number), want, "{number}");
        }
        assert_eq!(hex(65_535, i32::MIN), "0000FFFF");
        assert_eq!((hex(0xabcd, 4), hex(0xabcd, 2)), ("abcd".into(), "cd".into()));
    }
}
