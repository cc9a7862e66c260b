//! `struct`: numbers and strings at fixed places, as C lays them out.
//!
//! ```text
//! b B h H l L T i<n> I<n>   signed and unsigned integers of 1, 2, 8, 8 and n bytes (4 without a number)
//! f d                       floating-point numbers
//! s c<n>                    a string that ends in a zero byte; n bytes (c0: as many as the number before says)
//! x                         a byte of padding
//! > < !<n>                  big and little endian, alignment
//! ```

use crate::allowance::{Allowance, Checked, Text};
use crate::lifted::{Arguments, Outcome, Problem, RESULTS_MAX, function};
use mlua::{Lua, Result, Table, Value};

/// The longest integer, in bytes.
const INTEGER_MAX: usize = 32;
/// The alignment of `!` without a number.
const NATURAL: usize = 8;

pub(crate) fn library(lua: &Lua) -> Result<Table> {
    let table = lua.create_table()?;
    table.raw_set("pack", function(lua, "pack", pack)?)?;
    table.raw_set("unpack", function(lua, "unpack", unpack)?)?;
    table.raw_set("size", function(lua, "size", size)?)?;
    Ok(table)
}

/// The items of a format, one after the other, with what they have set for those behind them.
struct Format<'a> {
    text: &'a [u8],
    at: usize,
    big: bool,
    align: usize,
}

/// An item: its letter and how many bytes it takes.
struct Item {
    letter: u8,
    size: usize,
}

impl Format<'_> {
    fn new(text: &[u8]) -> Format<'_> {
        // What follows a zero byte is not looked at: it has always been a string of C.
        let end = text.iter().position(|&byte| byte == 0).unwrap_or(text.len());
        Format { text: &text[..end], at: 0, big: false, align: 1 }
    }

    /// The next item that takes room; `wrong` complains of the format.
    fn next(&mut self, wrong: impl Fn(&str) -> Problem) -> Checked<Option<Item>> {
        while let Some(&letter) = self.text.get(self.at) {
            self.at += 1;
            let size = match letter {
                b'b' | b'B' | b'x' => 1,
                b'h' | b'H' => 2,
                b'l' | b'L' | b'T' | b'd' => 8,
                b'f' => 4,
                b's' => 0,
                b'c' => self.number(1)?,
                b'i' | b'I' => {
                    let size = self.number(4)?;
                    if size > INTEGER_MAX {
                        let text =
                            format!("integral size {size} is larger than limit of {INTEGER_MAX}");
                        return Err(text.into());
                    }
                    size
                }
                b' ' => continue,
                b'>' | b'<' => {
                    self.big = letter == b'>';
                    continue;
                }
                b'!' => {
                    let align = self.number(NATURAL)?;
                    if !align.is_power_of_two() {
                        return Err(format!("alignment {align} is not a power of 2").into());
                    }
                    self.align = align;
                    continue;
                }
                _ => {
                    let letter = char::from(letter);
                    return Err(wrong(&format!("invalid format option '{letter}'")));
                }
            };
            return Ok(Some(Item { letter, size }));
        }
        Ok(None)
    }

    fn number(&mut self, default: usize) -> Checked<usize> {
        let rest = &self.text[self.at..];
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits == 0 {
            return Ok(default);
        }
        self.at += digits;
        let number = stdx::integer::parse_i64(trim_zeros(&rest[..digits]));
        let number = number.and_then(|it| i32::try_from(it).ok());
        number.map(|it| it as usize).ok_or("integral size overflow".into())
    }

    /// How many bytes come before an item at `at`.
    fn padding(&self, at: usize, item: &Item) -> usize {
        if item.size == 0 || item.letter == b'c' {
            return 0;
        }
        let size = item.size.min(self.align);
        size.wrapping_sub(at & size.wrapping_sub(1)) & size.wrapping_sub(1)
    }

    fn ordered(&self, mut bytes: Vec<u8>) -> Vec<u8> {
        if self.big {
            bytes.reverse();
        }
        bytes
    }
}

fn trim_zeros(digits: &[u8]) -> &[u8] {
    let zeros = digits.iter().take_while(|&&digit| digit == b'0').count();
    &digits[zeros.min(digits.len() - 1)..]
}

fn pack(lua: &Lua, arguments: &Arguments) -> Outcome {
    let text = arguments.text(0)?;
    let mut format = Format::new(&text);
    let (mut out, mut argument) = (Text::new(lua), 1);
    while let Some(item) = format.next(|what| arguments.wrong(0, what))? {
        out.work(1)?;
        out.pad(format.padding(out.len(), &item))?;
        match item.letter {
            b'x' => {
                out.push(0)?;
                continue;
            }
            b'f' => {
                let bytes = (arguments.number(argument)? as f32).to_le_bytes();
                out.add(&format.ordered(bytes.to_vec()))?;
            }
            b'd' => {
                let bytes = arguments.number(argument)?.to_le_bytes();
                out.add(&format.ordered(bytes.to_vec()))?;
            }
            b'c' | b's' => {
                let string = arguments.text(argument)?;
                let size = if item.size == 0 { string.len() } else { item.size };
                let part = string.get(..size);
                let part = part.ok_or_else(|| arguments.wrong(argument + 1, "string too short"))?;
                out.add(part)?;
                if item.letter == b's' {
                    out.push(0)?;
                }
            }
            _ => {
                let number = arguments.number(argument)?;
                let value = if number < 0.0 { number as i64 as u64 } else { number as u64 };
                let mut bytes = value.to_le_bytes().to_vec();
                bytes.resize(item.size, 0);
                out.add(&format.ordered(bytes))?;
            }
        }
        argument += 1;
    }
    Ok(vec![out.into_value()?])
}

fn unpack(lua: &Lua, arguments: &Arguments) -> Outcome {
    let (text, data) = (arguments.text(0)?, arguments.text(1)?);
    let offset = arguments.integer_or(2, 1)?;
    if offset <= 0 {
        return Err(arguments.wrong(2, "offset must be 1 or greater"));
    }
    let short = || arguments.wrong(1, "data string too short");
    let mut format = Format::new(&text);
    let (mut at, mut values) = (offset as usize - 1, Vec::new());
    let allowance = Allowance::of(lua);
    while let Some(item) = format.next(|what| arguments.wrong(0, what))? {
        allowance.work(lua, 1)?;
        at = at.saturating_add(format.padding(at, &item));
        let end = at.checked_add(item.size).filter(|end| *end <= data.len());
        let mut end = end.ok_or_else(short)?;
        let bytes = || format.ordered(data[at..end].to_vec());
        let value = match item.letter {
            b'x' => None,
            b'f' => {
                let bytes = bytes().try_into().map_err(|_| short())?;
                Some(Value::Number(f64::from(f32::from_le_bytes(bytes))))
            }
            b'd' => {
                let bytes = bytes().try_into().map_err(|_| short())?;
                Some(Value::Number(f64::from_le_bytes(bytes)))
            }
            b'c' => {
                if item.size == 0 {
                    let size = values.pop().and_then(|it| crate::lifted::number(&it));
                    let size = size.ok_or("format 'c0' needs a previous size")? as usize;
                    let found = at.checked_add(size).filter(|end| *end <= data.len());
                    end = found.ok_or_else(short)?;
                }
                Some(Value::String(lua.create_string(&data[at..end])?))
            }
            b's' => {
                let len = data[at..].iter().position(|&byte| byte == 0);
                let len = len.ok_or("unfinished string in data")?;
                end = at + len + 1;
                Some(Value::String(lua.create_string(&data[at..at + len])?))
            }
            letter => Some(Value::Number(integer(&bytes(), letter.is_ascii_lowercase()))),
        };
        values.extend(value);
        if values.len() >= RESULTS_MAX {
            return Err("too many results".into());
        }
        allowance.work_on(lua, end - at)?;
        at = end;
    }
    values.push(Value::Integer(at as i64 + 1));
    Ok(values)
}

/// An integer from its bytes, the lowest first; of more than eight the rest is not looked at.
fn integer(bytes: &[u8], signed: bool) -> f64 {
    let mut low = [0; 8];
    let count = bytes.len().min(8);
    low[..count].copy_from_slice(&bytes[..count]);
    let value = u64::from_le_bytes(low);
    if !signed {
        return value as f64;
    }
    let spare = 64 - 8 * count.max(1) as u32;
    ((value << spare) as i64 >> spare) as f64
}

fn size(lua: &Lua, arguments: &Arguments) -> Outcome {
    let text = arguments.text(0)?;
    let mut format = Format::new(&text);
    let mut at = 0usize;
    let allowance = Allowance::of(lua);
    while let Some(item) = format.next(|what| arguments.wrong(0, what))? {
        allowance.work(lua, 1)?;
        if item.letter == b's' || item.letter == b'c' && item.size == 0 {
            let name = if item.letter == b's' { "s" } else { "c0" };
            return Err(arguments.wrong(0, &format!("option '{name}' has no fixed size")));
        }
        at = at.saturating_add(format.padding(at, &item)).saturating_add(item.size);
    }
    Ok(vec![Value::Integer(at as i64)])
}
