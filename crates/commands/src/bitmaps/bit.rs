//! One bit: SETBIT and GETBIT, and how offsets of bits are read.

use command::{Args, Arity, Command, Error, Flags, Flow, KeyFlags, Keys, Outcome, Spec};
use ds::ElementBuf;
use stdx::integer::parse_i64;
use store::{EventClass, ValueRef};

use super::FAMILY;
use crate::{DataCommand, DataCx};

pub(crate) const GETBIT: DataCommand = Command::new(
    getbit,
    Spec {
        name: "getbit",
        syntax: "key offset",
        summary: "Returns one bit of a string.",
        since: "2.2.0",
        arity: Arity::Exactly(3),
        flags: Flags::READONLY.and(Flags::FAST),
        keys: &[Keys::at(1).reads()],
        ..FAMILY
    },
);

pub(crate) const SETBIT: DataCommand = Command::new(
    setbit,
    Spec {
        name: "setbit",
        syntax: "key offset value",
        summary: "Sets or clears one bit of a string, and returns what it was.",
        since: "2.2.0",
        arity: Arity::Exactly(4),
        flags: Flags::WRITE.and(Flags::DENY_OOM),
        keys: &[Keys::at(1).flags(KeyFlags::RW.and(KeyFlags::ACCESS).and(KeyFlags::UPDATE))],
        ..FAMILY
    },
);

const NOT_A_BIT: Error = Error::fixed("ERR bit is not an integer or out of range");
const NOT_AN_OFFSET: Error = Error::fixed("ERR bit offset is not an integer or out of range");

/// Reads the offset of a bit, which must lie within the longest string there may be. With a `width`, `#3` means
/// three times that width.
pub(super) fn offset(cx: &DataCx<'_>, word: &[u8], width: Option<u32>) -> Result<u64, Error> {
    let (text, width) = match (word, width) {
        ([b'#', rest @ ..], Some(width)) => (rest, width),
        _ => (word, 1),
    };
    let count = parse_i64(text).ok_or(NOT_AN_OFFSET)?;
    // compat(7.2): a product beyond 64 bits wraps, and is judged by what is left of it.
    let offset = u64::try_from(count.wrapping_mul(i64::from(width))).map_err(|_| NOT_AN_OFFSET)?;
    if offset >> 3 < cx.bulk_len_max as u64 { Ok(offset) } else { Err(NOT_AN_OFFSET) }
}

fn getbit(cx: &mut DataCx<'_>, mut args: Args<'_>) -> Outcome {
    let key = args.word()?;
    let offset = offset(cx, args.word()?, None)?;
    let mut buf = ElementBuf::new();
    let bytes = match &cx.db.string(key)? {
        Some(text) => text.bytes(&mut buf),
        None => b"",
    };
    let byte = bytes.get((offset >> 3) as usize).copied().unwrap_or(0);
    cx.reply.int(i64::from(byte >> (7 - offset % 8) & 1));
    Ok(Flow::Done)
}

fn setbit(cx: &mut DataCx<'_>, mut args: Args<'_>) -> Outcome {
    let key = args.word()?;
    let offset = offset(cx, args.word()?, None)?;
    let bit = match parse_i64(args.word()?) {
        Some(bit @ 0..=1) => bit as u8,
        _ => return Err(NOT_A_BIT),
    };
    let at = (offset >> 3) as usize;
    let mut buf = ElementBuf::new();
    let old = match cx.db.peek(key) {
        Some(ValueRef::Str(text)) => text.bytes(&mut buf).get(at).copied(),
        Some(_) => return Err(Error::WRONG_TYPE),
        None => None,
    };
    let shift = 7 - offset % 8;
    let byte = old.unwrap_or(0);
    let new = byte & !(1 << shift) | bit << shift;
    // Written even where nothing changes: from here on the string is bytes, whatever number it may have been.
    cx.db.write_range(key, at, &[new])?;
    if old != Some(new) {
        cx.db.changed(key, EventClass::STRING, "setbit", 1);
    }
    cx.reply.int(i64::from(byte >> shift & 1));
    Ok(Flow::Done)
}

#[cfg(test)]
mod tests {
    use crate::check::check;
    use expect_test::expect;

    #[test]
    fn bits_of_strings() {
        check(expect![[r#"
            @ propagated
            @ events
            > SETBIT k 7 1
            (integer) 0
            ! n new k
            ! $ setbit k
            => SETBIT k 7 1
            > SETBIT k 7 1
            (integer) 1
            > GETBIT k 7
            (integer) 1
            > GETBIT k 6
            (integer) 0
            > GETBIT k 100000
            (integer) 0
            > GETBIT absent 0
            (integer) 0
            ! m keymiss absent
            > SETBIT k 23 0
            (integer) 0
            ! $ setbit k
            => SETBIT k 23 0
            > GET k
            "\x01\x00\x00"
            > SETBIT k 7 0
            (integer) 1
            ! $ setbit k
            => SETBIT k 7 0
            > GET k
            "\x00\x00\x00"
            > SET n 1
            OK
            ! n new n
            ! $ set n
            => SET n 1
            > OBJECT ENCODING n
            "int"
            > GETBIT n 2
            (integer) 1
            > SETBIT n 2 1
            (integer) 1
            > OBJECT ENCODING n
            "raw"
            > SETBIT n 6 1
            (integer) 0
            ! $ setbit n
            => SETBIT n 6 1
            > GET n
            "3"
            > SETBIT n 0 2
            (error) ERR bit is not an integer or out of range
            > SETBIT n 0 x
            (error) ERR bit is not an integer or out of range
            > SETBIT n -1 1
            (error) ERR bit offset is not an integer or out of range
            > SETBIT n x 1
            (error) ERR bit offset is not an integer or out of range
            > SETBIT n #1 1
            (error) ERR bit offset is not an integer or out of range
            > SETBIT n 4294967296 1
            (error) ERR bit offset is not an integer or out of range
            > GETBIT n 4294967296
            (error) ERR bit offset is not an integer or out of range
            > LPUSH l a
            (integer) 1
            ! ready l
            ! n new l
            ! l lpush l
            => LPUSH l a
            > SETBIT l 0 1
            (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > GETBIT l 0
            (error) WRONGTYPE Operation against a key holding the wrong kind of value
        "#]]);
    }
}
