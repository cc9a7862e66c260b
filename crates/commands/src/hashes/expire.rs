//! When fields end: HEXPIRE, HPEXPIRE, HEXPIREAT, HPEXPIREAT.

use command::{Args, Arity, Command, Flags, Flow, Keys, Outcome, Spec};
use store::{EventClass, Expiry};

use super::words::{about, end, take_fields};
use super::{FAMILY, delete_due};
use crate::keys::TtlCondition;
use crate::until::Unit;
use crate::{DataCommand, DataCx};

/// What the rows of this file have in common.
const EXPIRES: Spec = Spec {
    complexity: "O(N), N being the number of fields",
    since: "7.4.0",
    arity: Arity::AtLeast(6),
    flags: Flags::WRITE.and(Flags::FAST),
    keys: &[Keys::at(1).updates()],
    ..FAMILY
};

pub(crate) const HEXPIRE: DataCommand = Command::new(
    hexpire,
    Spec {
        name: "hexpire",
        syntax: "key seconds [NX | XX | GT | LT] FIELDS numfields field [field ...]",
        summary: "Sets the seconds that fields have to live.",
        ..EXPIRES
    },
);

pub(crate) const HPEXPIRE: DataCommand = Command::new(
    hpexpire,
    Spec {
        name: "hpexpire",
        syntax: "key milliseconds [NX | XX | GT | LT] FIELDS numfields field [field ...]",
        summary: "Sets the milliseconds that fields have to live.",
        ..EXPIRES
    },
);

pub(crate) const HEXPIREAT: DataCommand = Command::new(
    hexpireat,
    Spec {
        name: "hexpireat",
        syntax: "key unix-time-seconds [NX | XX | GT | LT] FIELDS numfields field [field ...]",
        summary: "Sets the second, counted from 1970, when fields end.",
        ..EXPIRES
    },
);

pub(crate) const HPEXPIREAT: DataCommand = Command::new(
    hpexpireat,
    Spec {
        name: "hpexpireat",
        syntax: "key unix-time-milliseconds [NX | XX | GT | LT] FIELDS numfields field [field ...]",
        summary: "Sets the millisecond, counted from 1970, when fields end.",
        ..EXPIRES
    },
);

fn hexpire(cx: &mut DataCx<'_>, args: Args<'_>) -> Outcome {
    end_at(cx, args, Unit::Secs, "hexpire")
}

fn hpexpire(cx: &mut DataCx<'_>, args: Args<'_>) -> Outcome {
    end_at(cx, args, Unit::Ms, "hpexpire")
}

fn hexpireat(cx: &mut DataCx<'_>, args: Args<'_>) -> Outcome {
    end_at(cx, args, Unit::UnixSecs, "hexpireat")
}

fn hpexpireat(cx: &mut DataCx<'_>, args: Args<'_>) -> Outcome {
    end_at(cx, args, Unit::UnixMs, "hpexpireat")
}

fn end_at(cx: &mut DataCx<'_>, mut args: Args<'_>, unit: Unit, name: &str) -> Outcome {
    let (key, number) = (args.word()?, args.word()?);
    let new = end(number, unit, cx.now, name)?;
    let mut condition = TtlCondition::default();
    condition.take(&mut args);
    let names = take_fields(&mut args, 1)?;
    delete_due(&mut cx.db, key);
    let past = new <= cx.now.wall.ms() as i64 && cx.db.keyspace().expiry() == Expiry::Delete;
    let mut hash = cx.db.hash_mut(key)?;
    let (mut updated, mut deleted) = (Vec::new(), Vec::new());
    cx.reply.array(names.len());
    for name in names.iter() {
        let old = hash.as_ref().and_then(|hash| hash.ttl(name));
        let result = match (hash.as_mut(), old) {
            (Some(hash), Some(old)) => {
                if !condition.holds(old.map(|old| old as i64), new) {
                    0
                } else if past {
                    hash.remove(name);
                    deleted.push(name);
                    2
                } else {
                    hash.set_ttl(name, new as u64);
                    updated.push(name);
                    1
                }
            }
            _ => -2,
        };
        cx.reply.int(result);
    }
    fields_ended(cx, key, new as u64, &updated, &deleted);
    Ok(Flow::Done)
}

/// Tells of fields that got an end, and of those that a time in the past has deleted.
pub(super) fn fields_ended(
    cx: &mut DataCx<'_>,
    key: &[u8],
    end: u64,
    updated: &[&[u8]],
    deleted: &[&[u8]],
) {
    if !updated.is_empty() {
        cx.db.field_deadlines_set(key);
        cx.db.changed(key, EventClass::HASH, "hexpire", updated.len() as u64);
        let (end, count) = (end.to_string(), updated.len().to_string());
        cx.propagation.instead(about(&[b"HPEXPIREAT", key, end.as_bytes()], &count, updated));
    }
    if !deleted.is_empty() {
        fields_deleted(cx, key, deleted);
    }
}

/// Tells of fields that were taken out, and deletes a hash that has run empty.
pub(super) fn fields_deleted(cx: &mut DataCx<'_>, key: &[u8], deleted: &[&[u8]]) {
    cx.db.changed(key, EventClass::HASH, "hdel", deleted.len() as u64);
    let head: [&[u8]; 2] = [b"HDEL", key];
    cx.propagation.instead(head.iter().chain(deleted));
    cx.db.remove_if_empty(key);
}

#[cfg(test)]
mod tests {
    use crate::check::check;
    use expect_test::expect;

    #[test]
    fn fields_end() {
        check(expect![[r#"
            @ propagated
            @ events
            @ dirty
            > HEXPIRE x 10 FIELDS 2 a b
            1) (integer) -2
            2) (integer) -2
            > HSET h a 1 b 2 c 3
            (integer) 3
            ! n new h
            ! h hset h
            => HSET h a 1 b 2 c 3
            +3
            > HEXPIRE h 10 FIELDS 2 a x
            1) (integer) 1
            2) (integer) -2
            ! h hexpire h
            => HPEXPIREAT h 1700000010000 FIELDS 1 a
            +1
            > HPEXPIRE h 1500 FIELDS 1 b
            1) (integer) 1
            ! h hexpire h
            => HPEXPIREAT h 1700000001500 FIELDS 1 b
            +1
            > HEXPIREAT h 1700000007 XX FIELDS 2 b c
            1) (integer) 1
            2) (integer) 0
            ! h hexpire h
            => HPEXPIREAT h 1700000007000 FIELDS 1 b
            +1
            > HPEXPIREAT h 1700000006000 GT FIELDS 2 b c
            1) (integer) 0
            2) (integer) 0
            > HPEXPIREAT h 1700000006000 LT FIELDS 2 b c
            1) (integer) 1
            2) (integer) 1
            ! h hexpire h
            => HPEXPIREAT h 1700000006000 FIELDS 2 b c
            +2
            > HPEXPIRE h 20 NX FIELDS 2 b c
            1) (integer) 0
            2) (integer) 0
            > HPTTL h FIELDS 3 a b c
            1) (integer) 10000
            2) (integer) 6000
            3) (integer) 6000
            > HEXPIRE h -1 FIELDS 1 a
            (error) ERR invalid expire time, must be >= 0
            > HEXPIRE h 9223372036854775807 FIELDS 1 a
            (error) ERR invalid expire time in 'hexpire' command
            > HEXPIRE h 70368744177664 FIELDS 1 a
            (error) ERR invalid expire time in 'hexpire' command
            > HEXPIRE h x FIELDS 1 a
            (error) ERR value is not an integer or out of range
            > HEXPIRE h 1 FOO 1 a
            (error) ERR Mandatory argument FIELDS is missing or not at the right position
            > HEXPIRE h 1 FIELDS 2 a
            (error) ERR The `numfields` parameter must match the number of arguments
            > HEXPIRE h 0 FIELDS 1 a
            1) (integer) 2
            ! h hdel h
            => HDEL h a
            +1
            ~ 6001 ms
            > HGETALL h
            (empty array)
            ! h hexpired h
            ! g del h
            ! m keymiss h
            => HDEL h b c
            > EXISTS h
            (integer) 0
            ! m keymiss h
            > HSET h a 1
            (integer) 1
            ! n new h
            ! h hset h
            => HSET h a 1
            +1
            > HPEXPIREAT h 1 FIELDS 1 a
            1) (integer) 2
            ! h hdel h
            ! g del h
            => HDEL h a
            +1
            > EXISTS h
            (integer) 0
            ! m keymiss h
            > SET s v
            OK
            ! n new s
            ! $ set s
            => SET s v
            +1
            > HEXPIRE s 1 FIELDS 1 a
            (error) WRONGTYPE Operation against a key holding the wrong kind of value
        "#]]);
    }

    #[test]
    fn a_field_is_gone_when_its_time_is_up() {
        check(expect![[r#"
            > HSET h a 1 b 2
            (integer) 2
            > HPEXPIRE h 10 FIELDS 1 a
            1) (integer) 1
            @ propagated
            @ events
            ~ 11 ms
            > HLEN h
            (integer) 1
            ! h hexpired h
            => HDEL h a
            > HSETNX h a 3
            (integer) 1
            ! h hset h
            => HSETNX h a 3
            > HPEXPIRE h 10 FIELDS 1 a
            1) (integer) 1
            ! h hexpire h
            => HPEXPIREAT h 1700000000021 FIELDS 1 a
            > HSET h a 4
            (integer) 0
            ! h hset h
            => HSET h a 4
            > HTTL h FIELDS 1 a
            1) (integer) -1
        "#]]);
    }
}
