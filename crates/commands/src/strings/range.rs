//! Strings piecewise: APPEND, STRLEN, GETRANGE (SUBSTR by its first name), SETRANGE.

use command::{Args, Arity, Command, Error, Flags, Flow, KeyFlags, Keys, Outcome, Spec};
use ds::ElementBuf;
use store::{EventClass, Ttl};

use super::FAMILY;
use crate::{DataCommand, DataCx};

pub(crate) const APPEND: DataCommand = Command::new(
    append,
    Spec {
        name: "append",
        syntax: "key value",
        summary: "Puts bytes behind a string, creating it when absent.",
        since: "2.0.0",
        arity: Arity::Exactly(3),
        flags: Flags::WRITE.and(Flags::DENY_OOM).and(Flags::FAST),
        keys: &[Keys::at(1).inserts()],
        ..FAMILY
    },
);

pub(crate) const STRLEN: DataCommand = Command::new(
    strlen,
    Spec {
        name: "strlen",
        syntax: "key",
        summary: "Counts the bytes of a string.",
        since: "2.2.0",
        arity: Arity::Exactly(2),
        flags: Flags::READONLY.and(Flags::FAST),
        keys: &[Keys::at(1).inspects()],
        ..FAMILY
    },
);

pub(crate) const GETRANGE: DataCommand = Command::new(
    getrange,
    Spec {
        name: "getrange",
        syntax: "key start end",
        summary: "Returns the bytes of a string from one index to another, both included.",
        complexity: "O(N), N being the bytes returned",
        since: "2.4.0",
        arity: Arity::Exactly(4),
        flags: Flags::READONLY,
        keys: &[Keys::at(1).reads()],
        ..FAMILY
    },
);

pub(crate) const SUBSTR: DataCommand = Command::new(
    getrange,
    Spec {
        name: "substr",
        syntax: "key start end",
        summary: "GETRANGE by its first name.",
        complexity: "O(N), N being the bytes returned",
        arity: Arity::Exactly(4),
        flags: Flags::READONLY,
        keys: &[Keys::at(1).reads()],
        ..FAMILY
    },
);

pub(crate) const SETRANGE: DataCommand = Command::new(
    setrange,
    Spec {
        name: "setrange",
        syntax: "key offset value",
        summary: "Overwrites a part of a string, with zero bytes before it where it was shorter.",
        complexity: "O(N), N being the bytes written",
        since: "2.2.0",
        arity: Arity::Exactly(4),
        flags: Flags::WRITE.and(Flags::DENY_OOM),
        keys: &[Keys::at(1).flags(KeyFlags::RW.and(KeyFlags::UPDATE))],
        ..FAMILY
    },
);

fn append(cx: &mut DataCx<'_>, mut args: Args<'_>) -> Outcome {
    let (key, bytes) = (args.word()?, args.word()?);
    let len = if cx.db.exists(key) {
        let old = cx.db.string_len(key)?;
        check_len(cx, old, bytes.len())?;
        cx.db.append(key, bytes)?
    } else {
        // A new string is stored as SET stores it: an integer where it spells one.
        cx.db.put_bytes(key, bytes, Ttl::Clear);
        bytes.len()
    };
    cx.db.changed(key, EventClass::STRING, "append", 1);
    cx.reply.count(len);
    Ok(Flow::Done)
}

fn strlen(cx: &mut DataCx<'_>, mut args: Args<'_>) -> Outcome {
    let len = cx.db.string(args.word()?)?.map_or(0, |text| text.len());
    cx.reply.count(len);
    Ok(Flow::Done)
}

fn getrange(cx: &mut DataCx<'_>, mut args: Args<'_>) -> Outcome {
    let key = args.word()?;
    let (start, end) = (args.int()?, args.int()?);
    let Some(text) = cx.db.string(key)? else {
        cx.reply.bulk(b"");
        return Ok(Flow::Done);
    };
    let mut buf = ElementBuf::new();
    cx.reply.bulk(between(text.bytes(&mut buf), start, end));
    Ok(Flow::Done)
}

/// The bytes from `start` to `end`, both included; negative ones count from the end.
fn between(bytes: &[u8], start: i64, end: i64) -> &[u8] {
    if start < 0 && end < 0 && start > end {
        return b"";
    }
    let len = bytes.len() as i64;
    let from_end = |index: i64| if index < 0 { index.saturating_add(len).max(0) } else { index };
    let (start, end) = (from_end(start), from_end(end).min(len - 1));
    if start > end { b"" } else { &bytes[start as usize..=end as usize] }
}

fn setrange(cx: &mut DataCx<'_>, mut args: Args<'_>) -> Outcome {
    let (key, offset, bytes) = (args.word()?, args.int()?, args.word()?);
    let offset = usize::try_from(offset).map_err(|_| Error::fixed("ERR offset is out of range"))?;
    let old = cx.db.string_len(key)?;
    if bytes.is_empty() {
        cx.reply.count(old);
        return Ok(Flow::Done);
    }
    check_len(cx, offset, bytes.len())?;
    let len = cx.db.write_range(key, offset, bytes)?;
    cx.db.changed(key, EventClass::STRING, "setrange", 1);
    cx.reply.count(len);
    Ok(Flow::Done)
}

fn check_len(cx: &DataCx<'_>, have: usize, more: usize) -> Result<(), Error> {
    match have.checked_add(more) {
        Some(len) if len <= cx.bulk_len_max => Ok(()),
        _ => Err(Error::STRING_TOO_LONG),
    }
}

#[cfg(test)]
mod tests {
    use super::between;
    use crate::check::check;
    use expect_test::expect;

    #[test]
    fn pieces_of_strings() {
        check(expect![[r#"
            @ propagated
            @ events
            @ dirty
            > APPEND k ""
            (integer) 0
            ! n new k
            ! $ append k
            => APPEND k ""
            +1
            > APPEND k 12
            (integer) 2
            ! $ append k
            => APPEND k 12
            +1
            > APPEND k 34
            (integer) 4
            ! $ append k
            => APPEND k 34
            +1
            > STRLEN k
            (integer) 4
            > GETRANGE k 1 -2
            "23"
            > SUBSTR k 0 0
            "1"
            > GETRANGE absent 0 -1
            ""
            ! m keymiss absent
            > GETRANGE k a 1
            (error) ERR value is not an integer or out of range
            > SETRANGE k 6 x
            (integer) 7
            ! $ setrange k
            => SETRANGE k 6 x
            +1
            > GET k
            "1234\x00\x00x"
            > SETRANGE k -1 x
            (error) ERR offset is out of range
            > SETRANGE k 0 ""
            (integer) 7
            > SETRANGE n 0 ""
            (integer) 0
            > EXISTS n
            (integer) 0
            ! m keymiss n
            > SETRANGE n 536870911 xx
            (error) ERR string exceeds maximum allowed size (proto-max-bulk-len)
            > SETRANGE n 9223372036854775807 xx
            (error) ERR string exceeds maximum allowed size (proto-max-bulk-len)
            > SETRANGE n x xx
            (error) ERR value is not an integer or out of range
            > STRLEN absent
            (integer) 0
            ! m keymiss absent
        "#]]);
    }

    #[test]
    fn ranges_are_cut_to_what_is_there() {
        for (start, end, want) in [
            (0, -1, "hello"),
            (-3, -1, "llo"),
            (-100, 100, "hello"),
            (3, 1, ""),
            (-1, -3, ""),
            (5, 9, ""),
            (0, -100, "h"),
            (i64::MIN, i64::MAX, "hello"),
        ] {
            assert_eq!(between(b"hello", start, end), want.as_bytes(), "{start} {end}");
        }
        assert_eq!(between(b"", 0, -1), b"");
    }
}
