//! Strings that are numbers: INCR, DECR, INCRBY, DECRBY, INCRBYFLOAT.

use command::{Args, Arity, Command, Error, Flags, Flow, KeyFlags, Keys, Outcome, Spec};
use ds::ElementBuf;
use stdx::float::Extended;
use store::{EventClass, IncrementError, Ttl, Value, ValueRef};

use super::FAMILY;
use crate::{DataCommand, DataCx};

/// What the rows of this file have in common.
const COUNTER: Spec = Spec {
    flags: Flags::WRITE.and(Flags::DENY_OOM).and(Flags::FAST),
    keys: &[Keys::at(1).flags(KeyFlags::RW.and(KeyFlags::ACCESS).and(KeyFlags::UPDATE))],
    ..FAMILY
};

pub(crate) const INCR: DataCommand = Command::new(
    incr,
    Spec {
        name: "incr",
        syntax: "key",
        summary: "Adds one to an integer, which counts as 0 when absent.",
        arity: Arity::Exactly(2),
        ..COUNTER
    },
);

pub(crate) const DECR: DataCommand = Command::new(
    decr,
    Spec {
        name: "decr",
        syntax: "key",
        summary: "Takes one from an integer, which counts as 0 when absent.",
        arity: Arity::Exactly(2),
        ..COUNTER
    },
);

pub(crate) const INCRBY: DataCommand = Command::new(
    incrby,
    Spec {
        name: "incrby",
        syntax: "key increment",
        summary: "Adds to an integer, which counts as 0 when absent.",
        arity: Arity::Exactly(3),
        ..COUNTER
    },
);

pub(crate) const DECRBY: DataCommand = Command::new(
    decrby,
    Spec {
        name: "decrby",
        syntax: "key decrement",
        summary: "Takes from an integer, which counts as 0 when absent.",
        arity: Arity::Exactly(3),
        ..COUNTER
    },
);

pub(crate) const INCRBYFLOAT: DataCommand = Command::new(
    incrbyfloat,
    Spec {
        name: "incrbyfloat",
        syntax: "key increment",
        summary: "Adds to a floating-point number, which counts as 0 when absent.",
        since: "2.6.0",
        arity: Arity::Exactly(3),
        ..COUNTER
    },
);

fn incr(cx: &mut DataCx<'_>, mut args: Args<'_>) -> Outcome {
    add(cx, args.word()?, 1)
}

fn decr(cx: &mut DataCx<'_>, mut args: Args<'_>) -> Outcome {
    add(cx, args.word()?, -1)
}

fn incrby(cx: &mut DataCx<'_>, mut args: Args<'_>) -> Outcome {
    let key = args.word()?;
    let by = args.int()?;
    add(cx, key, by)
}

fn decrby(cx: &mut DataCx<'_>, mut args: Args<'_>) -> Outcome {
    let key = args.word()?;
    let by = args.int()?;
    let by = by.checked_neg().ok_or(Error::fixed("ERR decrement would overflow"))?;
    add(cx, key, by)
}

fn add(cx: &mut DataCx<'_>, key: &[u8], by: i64) -> Outcome {
    let sum = cx.db.increment(key, by).map_err(|error| match error {
        IncrementError::WrongType => Error::WRONG_TYPE,
        IncrementError::NotAnInteger => Error::NOT_AN_INTEGER,
        IncrementError::Overflow => Error::OVERFLOW,
    })?;
    cx.db.changed(key, EventClass::STRING, "incrby", 1);
    cx.reply.int(sum);
    Ok(Flow::Done)
}

fn incrbyfloat(cx: &mut DataCx<'_>, mut args: Args<'_>) -> Outcome {
    let (key, by) = (args.word()?, args.word()?);
    // A write looks up without counting.
    let old = if cx.db.exists(key) { cx.db.peek(key) } else { None };
    let old = match old {
        None => Extended::ZERO,
        Some(ValueRef::Str(text)) => {
            Extended::parse(text.bytes(&mut ElementBuf::new())).ok_or(Error::NOT_A_FLOAT)?
        }
        Some(_) => return Err(Error::WRONG_TYPE),
    };
    let by = Extended::parse(by).ok_or(Error::NOT_A_FLOAT)?;
    let sum =
        old.checked_add(by).ok_or(Error::fixed("ERR increment would produce NaN or Infinity"))?;
    let sum = sum.to_text();
    cx.db.put(key, Value::Str(sum.clone()), Ttl::Keep);
    cx.db.changed(key, EventClass::STRING, "incrbyfloat", 1);
    // Replicas get the sum: theirs might be rounded in another way.
    cx.propagation.instead([b"SET", key, &sum, b"KEEPTTL"]);
    cx.reply.bulk(&sum);
    Ok(Flow::Done)
}

#[cfg(test)]
mod tests {
    use crate::check::check;
    use expect_test::expect;

    #[test]
    fn integers_are_counted_with() {
        check(expect![[r#"
            @ propagated
            @ events
            @ dirty
            > INCR n
            (integer) 1
            ! n new n
            ! $ incrby n
            => INCR n
            +1
            > INCRBY n 41
            (integer) 42
            ! $ incrby n
            => INCRBY n 41
            +1
            > DECR n
            (integer) 41
            ! $ incrby n
            => DECR n
            +1
            > DECRBY n 1
            (integer) 40
            ! $ incrby n
            => DECRBY n 1
            +1
            > SET s abc
            OK
            ! n new s
            ! $ set s
            => SET s abc
            +1
            > INCR s
            (error) ERR value is not an integer or out of range
            > SET s " 11"
            OK
            ! $ set s
            => SET s " 11"
            +1
            > INCR s
            (error) ERR value is not an integer or out of range
            > INCRBY n 1.5
            (error) ERR value is not an integer or out of range
            > DECRBY n -9223372036854775808
            (error) ERR decrement would overflow
            > SET n 9223372036854775807
            OK
            ! $ set n
            => SET n 9223372036854775807
            +1
            > INCR n
            (error) ERR increment or decrement would overflow
            > SET n -9223372036854775808
            OK
            ! $ set n
            => SET n -9223372036854775808
            +1
            > DECR n
            (error) ERR increment or decrement would overflow
        "#]]);
    }

    #[test]
    fn floats_are_counted_with() {
        check(expect![[r#"
            @ propagated
            @ events
            @ dirty
            > INCRBYFLOAT n 10.5
            "10.5"
            ! n new n
            ! $ incrbyfloat n
            => SET n 10.5 KEEPTTL
            +1
            > INCRBYFLOAT n 0.1
            "10.6"
            ! $ incrbyfloat n
            => SET n 10.6 KEEPTTL
            +1
            > INCRBYFLOAT n -5
            "5.6"
            ! $ incrbyfloat n
            => SET n 5.6 KEEPTTL
            +1
            > SET n 5.0e3 EX 100
            OK
            ! $ set n
            ! g expire n
            => SET n 5.0e3 PXAT 1700000100000
            +1
            > INCRBYFLOAT n 2.0e2
            "5200"
            ! $ incrbyfloat n
            => SET n 5200 KEEPTTL
            +1
            > TTL n
            (integer) 100
            > SET n 3
            OK
            ! $ set n
            => SET n 3
            +1
            > INCRBYFLOAT n 1.1
            "4.1"
            ! $ incrbyfloat n
            => SET n 4.1 KEEPTTL
            +1
            > INCRBYFLOAT n abc
            (error) ERR value is not a valid float
            > INCRBYFLOAT n inf
            (error) ERR increment would produce NaN or Infinity
            > SET n " 1"
            OK
            ! $ set n
            => SET n " 1"
            +1
            > INCRBYFLOAT n 1
            (error) ERR value is not a valid float
        "#]]);
    }
}
