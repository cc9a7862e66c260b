//! How long fields have to live: HTTL, HPTTL, HEXPIRETIME, HPEXPIRETIME; and that they may stay: HPERSIST.

use command::{Args, Arity, Command, Flags, Flow, Keys, Outcome, Spec};
use store::EventClass;

use super::words::{about, take_fields};
use super::{FAMILY, Fields, delete_due};
use crate::{DataCommand, DataCx};

/// What the reading rows of this file have in common.
const TELLS: Spec = Spec {
    syntax: "key FIELDS numfields field [field ...]",
    complexity: "O(N), N being the number of fields",
    since: "7.4.0",
    arity: Arity::AtLeast(5),
    flags: Flags::READONLY.and(Flags::FAST),
    keys: &[Keys::at(1).reads()],
    ..FAMILY
};

pub(crate) const HTTL: DataCommand = Command::new(
    httl,
    Spec { name: "httl", summary: "Tells how many seconds fields have to live.", ..TELLS },
);

pub(crate) const HPTTL: DataCommand = Command::new(
    hpttl,
    Spec { name: "hpttl", summary: "Tells how many milliseconds fields have to live.", ..TELLS },
);

pub(crate) const HEXPIRETIME: DataCommand = Command::new(
    hexpiretime,
    Spec {
        name: "hexpiretime",
        summary: "Tells the second, counted from 1970, when fields end.",
        ..TELLS
    },
);

pub(crate) const HPEXPIRETIME: DataCommand = Command::new(
    hpexpiretime,
    Spec {
        name: "hpexpiretime",
        summary: "Tells the millisecond, counted from 1970, when fields end.",
        ..TELLS
    },
);

pub(crate) const HPERSIST: DataCommand = Command::new(
    hpersist,
    Spec {
        name: "hpersist",
        summary: "Lets fields live as long as their key.",
        flags: Flags::WRITE.and(Flags::FAST),
        keys: &[Keys::at(1).updates()],
        ..TELLS
    },
);

fn httl(cx: &mut DataCx<'_>, args: Args<'_>) -> Outcome {
    let now = cx.now.wall.ms();
    // A field that still lives has a second to live at least.
    tell(cx, args, |end| end.saturating_sub(now).div_ceil(1000))
}

fn hpttl(cx: &mut DataCx<'_>, args: Args<'_>) -> Outcome {
    let now = cx.now.wall.ms();
    tell(cx, args, |end| end.saturating_sub(now))
}

fn hexpiretime(cx: &mut DataCx<'_>, args: Args<'_>) -> Outcome {
    tell(cx, args, |end| end.div_ceil(1000))
}

fn hpexpiretime(cx: &mut DataCx<'_>, args: Args<'_>) -> Outcome {
    tell(cx, args, |end| end)
}

fn tell(cx: &mut DataCx<'_>, mut args: Args<'_>, number: impl Fn(u64) -> u64) -> Outcome {
    let key = args.word()?;
    let names = take_fields(&mut args, 1)?;
    let fields = Fields::of(&mut cx.db, key)?;
    cx.reply.array(names.len());
    for name in names.iter() {
        cx.reply.int(match fields.as_ref().and_then(|fields| fields.ttl(name)) {
            None => -2,
            Some(None) => -1,
            Some(Some(end)) => number(end) as i64,
        });
    }
    Ok(Flow::Done)
}

fn hpersist(cx: &mut DataCx<'_>, mut args: Args<'_>) -> Outcome {
    let key = args.word()?;
    let names = take_fields(&mut args, 1)?;
    delete_due(&mut cx.db, key);
    let mut hash = cx.db.hash_mut(key)?;
    let mut kept = Vec::new();
    cx.reply.array(names.len());
    for name in names.iter() {
        let result = match hash.as_mut() {
            Some(hash) if hash.contains(name) => {
                if hash.clear_ttl(name) {
                    kept.push(name);
                    1
                } else {
                    -1
                }
            }
            _ => -2,
        };
        cx.reply.int(result);
    }
    if !kept.is_empty() {
        cx.db.changed(key, EventClass::HASH, "hpersist", kept.len() as u64);
        let count = kept.len().to_string();
        cx.propagation.instead(about(&[b"HPERSIST", key], &count, &kept));
    }
    Ok(Flow::Done)
}

#[cfg(test)]
mod tests {
    use crate::check::check;
    use expect_test::expect;

    #[test]
    fn what_is_left_of_fields() {
        check(expect![[r#"
            > HTTL x FIELDS 2 a b
            1) (integer) -2
            2) (integer) -2
            > HSET h a 1 b 2
            (integer) 2
            > HPEXPIRE h 1500 FIELDS 1 a
            1) (integer) 1
            > HTTL h FIELDS 3 a b c
            1) (integer) 2
            2) (integer) -1
            3) (integer) -2
            > HPTTL h FIELDS 1 a
            1) (integer) 1500
            > HEXPIRETIME h FIELDS 1 a
            1) (integer) 1700000002
            > HPEXPIRETIME h FIELDS 1 a
            1) (integer) 1700000001500
            > HTTL h FIELDS 2 a
            (error) ERR The `numfields` parameter must match the number of arguments
            > HTTL h FIELDS 0 a
            (error) ERR Parameter `numFields` should be greater than 0
            > HTTL h FIELDS x a
            (error) ERR Parameter `numFields` should be greater than 0
            > HTTL h FOO 1 a
            (error) ERR Mandatory argument FIELDS is missing or not at the right position
            @ propagated
            @ events
            @ dirty
            > HPERSIST h FIELDS 3 a b c
            1) (integer) 1
            2) (integer) -1
            3) (integer) -2
            ! h hpersist h
            => HPERSIST h FIELDS 1 a
            +1
            > HPERSIST x FIELDS 1 a
            1) (integer) -2
            > HTTL h FIELDS 1 a
            1) (integer) -1
            > SET s v
            OK
            ! n new s
            ! $ set s
            => SET s v
            +1
            > HTTL s FIELDS 1 a
            (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > HPERSIST s FIELDS 1 a
            (error) WRONGTYPE Operation against a key holding the wrong kind of value
        "#]]);
    }
}
