//! Fields that are numbers: HINCRBY, HINCRBYFLOAT.

use command::{Args, Arity, Command, Error, Flags, Flow, Inside, KeyFlags, Keys, Outcome, Spec};
use ds::ElementBuf;
use stdx::float::Extended;
use store::EventClass;

use super::{FAMILY, delete_due};
use crate::{DataCommand, DataCx};

/// What the rows of this file have in common.
const COUNTER: Spec = Spec {
    syntax: "key field increment",
    arity: Arity::Exactly(4),
    flags: Flags::WRITE.and(Flags::DENY_OOM).and(Flags::FAST),
    keys: &[Keys::at(1).flags(KeyFlags::RW.and(KeyFlags::ACCESS).and(KeyFlags::UPDATE))],
    ..FAMILY
};

pub(crate) const HINCRBY: DataCommand = Command::new(
    hincrby,
    Spec {
        name: "hincrby",
        summary: "Adds to the integer of a field, which counts as 0 when absent.",
        inside: Inside::Word(2),
        ..COUNTER
    },
);

pub(crate) const HINCRBYFLOAT: DataCommand = Command::new(
    hincrbyfloat,
    Spec {
        name: "hincrbyfloat",
        summary: "Adds to the floating-point number of a field, which counts as 0 when absent.",
        since: "2.6.0",
        inside: Inside::Word(2),
        ..COUNTER
    },
);

fn hincrby(cx: &mut DataCx<'_>, mut args: Args<'_>) -> Outcome {
    let (key, field, by) = (args.word()?, args.word()?, args.int()?);
    delete_due(&mut cx.db, key);
    let old = match cx.db.hash_mut(key)?.as_ref().and_then(|hash| hash.get(field)) {
        None => 0,
        Some(value) => value.to_i64().ok_or(Error::fixed("ERR hash value is not an integer"))?,
    };
    let sum = old.checked_add(by).ok_or(Error::OVERFLOW)?;
    let mut hash = cx.db.hash_or_create(key)?;
    hash.set_keeping_ttl(field, ElementBuf::new().spell(sum));
    cx.db.changed(key, EventClass::HASH, "hincrby", 1);
    cx.reply.int(sum);
    Ok(Flow::Done)
}

fn hincrbyfloat(cx: &mut DataCx<'_>, mut args: Args<'_>) -> Outcome {
    let (key, field, by) = (args.word()?, args.word()?, args.word()?);
    let by = Extended::parse(by).ok_or(Error::NOT_A_FLOAT)?;
    if !by.is_finite() {
        return Err(Error::fixed("ERR value is NaN or Infinity"));
    }
    delete_due(&mut cx.db, key);
    let (old, ttl) = match cx.db.hash_mut(key)?.as_ref().and_then(|it| Some((it.get(field)?, it))) {
        None => (Extended::ZERO, None),
        Some((value, hash)) => {
            let number = Extended::parse(value.bytes(&mut ElementBuf::new()));
            (
                number.ok_or(Error::fixed("ERR hash value is not a float"))?,
                hash.ttl(field).flatten(),
            )
        }
    };
    let sum = old.checked_add(by);
    let sum = sum.ok_or(Error::fixed("ERR increment would produce NaN or Infinity"))?.to_text();
    let mut hash = cx.db.hash_or_create(key)?;
    hash.set_keeping_ttl(field, &sum);
    cx.db.changed(key, EventClass::HASH, "hincrbyfloat", 1);
    // Replicas get the sum: theirs might be rounded in another way. HSET takes the field's time away there, so
    // that where there is one, it is said again.
    cx.propagation.instead([b"HSET", key, field, &sum]);
    if let Some(at) = ttl {
        let at = at.to_string();
        cx.propagation.instead([b"HPEXPIREAT", key, at.as_bytes(), b"FIELDS", b"1", field]);
    }
    cx.reply.bulk(&sum);
    Ok(Flow::Done)
}

#[cfg(test)]
mod tests {
    use crate::check::check;
    use expect_test::expect;

    #[test]
    fn fields_are_counted_with() {
        check(expect![[r#"
            @ propagated
            @ events
            @ dirty
            > HINCRBY h n 5
            (integer) 5
            ! n new h
            ! h hincrby h
            => HINCRBY h n 5
            +1
            > HINCRBY h n -7
            (integer) -2
            ! h hincrby h
            => HINCRBY h n -7
            +1
            > HINCRBY h n 9223372036854775807
            (integer) 9223372036854775805
            ! h hincrby h
            => HINCRBY h n 9223372036854775807
            +1
            > HINCRBY h n 9223372036854775807
            (error) ERR increment or decrement would overflow
            > HINCRBY h n abc
            (error) ERR value is not an integer or out of range
            > HSET h s abc
            (integer) 1
            ! h hset h
            => HSET h s abc
            +1
            > HINCRBY h s 1
            (error) ERR hash value is not an integer
            > HINCRBYFLOAT h s 1
            (error) ERR hash value is not a float
            > HINCRBYFLOAT h f 10.5
            "10.5"
            ! h hincrbyfloat h
            => HSET h f 10.5
            +1
            > HINCRBYFLOAT h f 0.1
            "10.6"
            ! h hincrbyfloat h
            => HSET h f 10.6
            +1
            > HINCRBYFLOAT h f inf
            (error) ERR value is NaN or Infinity
            > HINCRBYFLOAT h f abc
            (error) ERR value is not a valid float
            > HINCRBYFLOAT x f abc
            (error) ERR value is not a valid float
            > EXISTS x
            (integer) 0
            ! m keymiss x
            > SET str v
            OK
            ! n new str
            ! $ set str
            => SET str v
            +1
            > HINCRBY str a 1
            (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > HINCRBYFLOAT str a 1
            (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > HPEXPIREAT h 1700000005000 FIELDS 2 n f
            1) (integer) 1
            2) (integer) 1
            ! h hexpire h
            => HPEXPIREAT h 1700000005000 FIELDS 2 n f
            +2
            > HINCRBY h n 1
            (integer) 9223372036854775806
            ! h hincrby h
            => HINCRBY h n 1
            +1
            > HINCRBYFLOAT h f 1
            "11.6"
            ! h hincrbyfloat h
            => HSET h f 11.6
            => HPEXPIREAT h 1700000005000 FIELDS 1 f
            +1
            > HPTTL h FIELDS 2 n f
            1) (integer) 5000
            2) (integer) 5000
        "#]]);
    }
}
