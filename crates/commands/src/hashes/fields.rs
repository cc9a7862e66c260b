//! Single fields: HSET, HMSET, HSETNX, HGET, HMGET, HDEL, HEXISTS, HLEN, HSTRLEN.

use command::{Args, Arity, Command, Error, Flags, Flow, Inside, Keys, Outcome, Spec};
use store::EventClass;

use super::{FAMILY, Fields, delete_due};
use crate::{DataCommand, DataCx, reply};

pub(crate) const HSET: DataCommand = Command::new(
    hset,
    Spec {
        name: "hset",
        history: &[("4.0.0", "several fields")],
        syntax: "key field value [field value ...]",
        summary: "Gives fields of a hash values, and counts the new ones.",
        complexity: "O(N), N being the number of fields",
        arity: Arity::AtLeast(4),
        flags: Flags::WRITE.and(Flags::DENY_OOM).and(Flags::FAST),
        keys: &[Keys::at(1).updates()],
        inside: Inside::Word(2),
        ..FAMILY
    },
);

pub(crate) const HMSET: DataCommand = Command::new(
    hmset,
    Spec {
        name: "hmset",
        syntax: "key field value [field value ...]",
        summary: "Gives fields of a hash values.",
        complexity: "O(N), N being the number of fields",
        arity: Arity::AtLeast(4),
        flags: Flags::WRITE.and(Flags::DENY_OOM).and(Flags::FAST),
        keys: &[Keys::at(1).updates()],
        inside: Inside::Word(2),
        ..FAMILY
    },
);

pub(crate) const HSETNX: DataCommand = Command::new(
    hsetnx,
    Spec {
        name: "hsetnx",
        syntax: "key field value",
        summary: "Gives a field of a hash a value, unless it has one.",
        arity: Arity::Exactly(4),
        flags: Flags::WRITE.and(Flags::DENY_OOM).and(Flags::FAST),
        keys: &[Keys::at(1).inserts()],
        inside: Inside::Word(2),
        ..FAMILY
    },
);

pub(crate) const HGET: DataCommand = Command::new(
    hget,
    Spec {
        name: "hget",
        syntax: "key field",
        summary: "Returns the value of a field.",
        arity: Arity::Exactly(3),
        flags: Flags::READONLY.and(Flags::FAST),
        keys: &[Keys::at(1).reads()],
        inside: Inside::Word(2),
        ..FAMILY
    },
);

pub(crate) const HMGET: DataCommand = Command::new(
    hmget,
    Spec {
        name: "hmget",
        syntax: "key field [field ...]",
        summary: "Returns the values of several fields.",
        complexity: "O(N), N being the number of fields",
        arity: Arity::AtLeast(3),
        flags: Flags::READONLY.and(Flags::FAST),
        keys: &[Keys::at(1).reads()],
        inside: Inside::Word(2),
        ..FAMILY
    },
);

pub(crate) const HDEL: DataCommand = Command::new(
    hdel,
    Spec {
        name: "hdel",
        history: &[("2.4.0", "several fields")],
        syntax: "key field [field ...]",
        summary: "Takes fields out of a hash, and counts those that were there.",
        complexity: "O(N), N being the number of fields",
        arity: Arity::AtLeast(3),
        flags: Flags::WRITE.and(Flags::FAST),
        keys: &[Keys::at(1).deletes()],
        inside: Inside::Word(2),
        ..FAMILY
    },
);

pub(crate) const HEXISTS: DataCommand = Command::new(
    hexists,
    Spec {
        name: "hexists",
        syntax: "key field",
        summary: "Tells whether a hash has a field.",
        arity: Arity::Exactly(3),
        flags: Flags::READONLY.and(Flags::FAST),
        keys: &[Keys::at(1).inspects()],
        inside: Inside::Word(2),
        ..FAMILY
    },
);

pub(crate) const HLEN: DataCommand = Command::new(
    hlen,
    Spec {
        name: "hlen",
        syntax: "key",
        summary: "Counts the fields of a hash.",
        arity: Arity::Exactly(2),
        flags: Flags::READONLY.and(Flags::FAST),
        keys: &[Keys::at(1).inspects()],
        inside: Inside::Value,
        ..FAMILY
    },
);

pub(crate) const HSTRLEN: DataCommand = Command::new(
    hstrlen,
    Spec {
        name: "hstrlen",
        syntax: "key field",
        summary: "Counts the bytes of a field's value.",
        since: "3.2.0",
        arity: Arity::Exactly(3),
        flags: Flags::READONLY.and(Flags::FAST),
        keys: &[Keys::at(1).inspects()],
        inside: Inside::Word(2),
        ..FAMILY
    },
);

fn hset(cx: &mut DataCx<'_>, args: Args<'_>) -> Outcome {
    let new = set_fields(cx, args, "hset")?;
    cx.reply.count(new);
    Ok(Flow::Done)
}

fn hmset(cx: &mut DataCx<'_>, args: Args<'_>) -> Outcome {
    set_fields(cx, args, "hmset")?;
    cx.reply.ok();
    Ok(Flow::Done)
}

/// Gives fields values, and says how many of them are new.
fn set_fields(cx: &mut DataCx<'_>, mut args: Args<'_>, name: &str) -> Result<usize, Error> {
    let key = args.word()?;
    if args.len() % 2 == 1 {
        return Err(Error::arity(name));
    }
    delete_due(&mut cx.db, key);
    let mut hash = cx.db.hash_or_create(key)?;
    hash.expect(args.rest().iter());
    let pairs = args.len() / 2;
    let mut new = 0;
    while let (Some(field), Some(value)) = (args.next(), args.next()) {
        new += usize::from(hash.set(field, value));
    }
    cx.db.changed(key, EventClass::HASH, "hset", pairs as u64);
    Ok(new)
}

fn hsetnx(cx: &mut DataCx<'_>, mut args: Args<'_>) -> Outcome {
    let (key, field, value) = (args.word()?, args.word()?, args.word()?);
    delete_due(&mut cx.db, key);
    let mut hash = cx.db.hash_or_create(key)?;
    let new = !hash.contains(field);
    if new {
        hash.expect([field, value].into_iter());
        hash.set(field, value);
        cx.db.changed(key, EventClass::HASH, "hset", 1);
    }
    cx.reply.int(new.into());
    Ok(Flow::Done)
}

fn hget(cx: &mut DataCx<'_>, mut args: Args<'_>) -> Outcome {
    let (key, field) = (args.word()?, args.word()?);
    match Fields::of(&mut cx.db, key)?.and_then(|fields| fields.get(field)) {
        Some(value) => reply::element(&mut cx.reply, value),
        None => cx.reply.null(),
    }
    Ok(Flow::Done)
}

fn hmget(cx: &mut DataCx<'_>, mut args: Args<'_>) -> Outcome {
    let fields = Fields::of(&mut cx.db, args.word()?)?;
    cx.reply.array(args.len());
    for field in args.rest().iter() {
        match fields.as_ref().and_then(|fields| fields.get(field)) {
            Some(value) => reply::element(&mut cx.reply, value),
            None => cx.reply.null(),
        }
    }
    Ok(Flow::Done)
}

fn hdel(cx: &mut DataCx<'_>, mut args: Args<'_>) -> Outcome {
    let key = args.word()?;
    delete_due(&mut cx.db, key);
    let Some(mut hash) = cx.db.hash_mut(key)? else {
        cx.reply.int(0);
        return Ok(Flow::Done);
    };
    let gone = args.rest().iter().filter(|field| hash.remove(field)).count();
    if gone > 0 {
        cx.db.changed(key, EventClass::HASH, "hdel", gone as u64);
        cx.db.remove_if_empty(key);
    }
    cx.reply.count(gone);
    Ok(Flow::Done)
}

fn hexists(cx: &mut DataCx<'_>, mut args: Args<'_>) -> Outcome {
    let (key, field) = (args.word()?, args.word()?);
    let there = Fields::of(&mut cx.db, key)?.is_some_and(|fields| fields.get(field).is_some());
    cx.reply.int(there.into());
    Ok(Flow::Done)
}

fn hlen(cx: &mut DataCx<'_>, mut args: Args<'_>) -> Outcome {
    let len = Fields::of(&mut cx.db, args.word()?)?.map_or(0, |fields| fields.len());
    cx.reply.count(len);
    Ok(Flow::Done)
}

fn hstrlen(cx: &mut DataCx<'_>, mut args: Args<'_>) -> Outcome {
    let (key, field) = (args.word()?, args.word()?);
    let value = Fields::of(&mut cx.db, key)?.and_then(|fields| fields.get(field));
    cx.reply.count(value.map_or(0, |value| value.len()));
    Ok(Flow::Done)
}

#[cfg(test)]
mod tests {
    use crate::check::check;
    use expect_test::expect;

    #[test]
    fn fields_come_and_go() {
        check(expect![[r#"
            @ propagated
            @ events
            @ dirty
            > HSET h a 1 b 2
            (integer) 2
            ! n new h
            ! h hset h
            => HSET h a 1 b 2
            +2
            > HSET h a 3 c 4
            (integer) 1
            ! h hset h
            => HSET h a 3 c 4
            +2
            > HMSET h d 5
            OK
            ! h hset h
            => HMSET h d 5
            +1
            > HSET h a
            (error) ERR wrong number of arguments for 'hset' command
            > HSET h a 1 b
            (error) ERR wrong number of arguments for 'hset' command
            > HMSET h a 1 b
            (error) ERR wrong number of arguments for 'hmset' command
            > HSETNX h a 9
            (integer) 0
            > HSETNX h e 9
            (integer) 1
            ! h hset h
            => HSETNX h e 9
            +1
            > HSETNX other e 9
            (integer) 1
            ! n new other
            ! h hset other
            => HSETNX other e 9
            +1
            > HGET h a
            "3"
            > HGET h x
            (nil)
            > HGET x a
            (nil)
            ! m keymiss x
            > HMGET h a x b
            1) "3"
            2) (nil)
            3) "2"
            > HMGET x a b
            1) (nil)
            2) (nil)
            ! m keymiss x
            > HEXISTS h a
            (integer) 1
            > HEXISTS h x
            (integer) 0
            > HLEN h
            (integer) 5
            > HLEN x
            (integer) 0
            ! m keymiss x
            > HSTRLEN h e
            (integer) 1
            > HSTRLEN h x
            (integer) 0
            > HDEL h a x b
            (integer) 2
            ! h hdel h
            => HDEL h a x b
            +2
            > HDEL x a
            (integer) 0
            > HDEL other e
            (integer) 1
            ! h hdel other
            ! g del other
            => HDEL other e
            +1
            > EXISTS other
            (integer) 0
            ! m keymiss other
            > SET s v
            OK
            ! n new s
            ! $ set s
            => SET s v
            +1
            > HSET s a 1
            (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > HSETNX s a 1
            (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > HGET s a
            (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > HMGET s a
            (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > HDEL s a
            (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > HLEN s
            (error) WRONGTYPE Operation against a key holding the wrong kind of value
        "#]]);
    }
}
