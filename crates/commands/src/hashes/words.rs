//! How the commands about fields with an end are spelled: `FIELDS 2 a b`, and what goes wrong there.

use command::{Args, Error, Words};

use crate::until::Unit;

/// The latest end that a command may give a field, in Unix milliseconds. Redis 8 sets aside the two highest bits of
/// what it can write down, and so of [`store::FIELD_END_MAX`].
const END_MAX: i64 = (store::FIELD_END_MAX >> 2) as i64;

/// Takes `FIELDS`, the number, and as many words as that means, `each` of them for every field; nothing may follow.
pub(super) fn take_fields<'a>(args: &mut Args<'a>, each: usize) -> Result<Words<'a>, Error> {
    if !args.take_keyword("FIELDS") {
        return Err(Error::fixed(
            "ERR Mandatory argument FIELDS is missing or not at the right position",
        ));
    }
    let positive = || Error::fixed("ERR Parameter `numFields` should be greater than 0");
    let count = args.word().ok().and_then(stdx::integer::parse_i64).ok_or_else(positive)?;
    let count = usize::try_from(count).ok().filter(|count| *count > 0).ok_or_else(positive)?;
    if count.checked_mul(each) != Some(args.len()) {
        return Err(Error::fixed(
            "ERR The `numfields` parameter must match the number of arguments",
        ));
    }
    args.take(args.len())
}

/// The end that a number stands for, in Unix milliseconds. It may lie in the past, but not before 1970.
pub(super) fn end(text: &[u8], unit: Unit, now: stdx::Now, name: &str) -> Result<i64, Error> {
    let number = stdx::integer::parse_i64(text).ok_or(Error::NOT_AN_INTEGER)?;
    if number < 0 {
        return Err(Error::fixed("ERR invalid expire time, must be >= 0"));
    }
    let end = unit.unix_ms(number, now).filter(|end| *end <= END_MAX);
    end.ok_or_else(|| Error::invalid_expire(name))
}

/// A request about some fields: `head`, then `FIELDS`, how many, and them.
pub(super) fn about<'a>(head: &[&'a [u8]], count: &'a str, fields: &[&'a [u8]]) -> Vec<&'a [u8]> {
    let mut words = head.to_vec();
    words.extend([b"FIELDS" as &[u8], count.as_bytes()]);
    words.extend(fields);
    words
}
