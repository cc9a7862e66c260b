//! GET, and the commands that read a string and do something with it at once: GETSET, GETDEL, GETEX, DELIFEQ.

use command::{Args, Arity, Command, Error, Flags, Flow, KeyFlags, Keys, Outcome, Spec};
use store::{EventClass, Expiry, Ttl};

use super::FAMILY;
use crate::until::{Until, is_past};
use crate::{DataCommand, DataCx, reply};

pub(crate) const GET: DataCommand = Command::new(
    get,
    Spec {
        name: "get",
        syntax: "key",
        summary: "Returns the string under a key.",
        arity: Arity::Exactly(2),
        flags: Flags::READONLY.and(Flags::FAST),
        keys: &[Keys::at(1).reads()],
        ..FAMILY
    },
);

pub(crate) const GETSET: DataCommand = Command::new(
    getset,
    Spec {
        name: "getset",
        syntax: "key value",
        summary: "Stores a string and returns the one that was there.",
        arity: Arity::Exactly(3),
        flags: Flags::WRITE.and(Flags::DENY_OOM).and(Flags::FAST),
        keys: &[Keys::at(1).flags(KeyFlags::RW.and(KeyFlags::ACCESS).and(KeyFlags::UPDATE))],
        ..FAMILY
    },
);

pub(crate) const GETDEL: DataCommand = Command::new(
    getdel,
    Spec {
        name: "getdel",
        syntax: "key",
        summary: "Returns the string under a key, and deletes the key.",
        since: "6.2.0",
        arity: Arity::Exactly(2),
        flags: Flags::WRITE.and(Flags::FAST),
        keys: &[Keys::at(1).pops()],
        ..FAMILY
    },
);

pub(crate) const GETEX: DataCommand = Command::new(
    getex,
    Spec {
        name: "getex",
        syntax: "key [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds | PERSIST]",
        summary: "Returns the string under a key, and changes when the key expires.",
        since: "6.2.0",
        arity: Arity::AtLeast(2),
        flags: Flags::WRITE.and(Flags::FAST),
        keys: &[Keys::at(1)
            .flags(KeyFlags::RW.and(KeyFlags::ACCESS).and(KeyFlags::UPDATE))
            .notes("RW and UPDATE because it changes the TTL")],
        ..FAMILY
    },
);

pub(crate) const DELIFEQ: DataCommand = Command::new(
    delifeq,
    Spec {
        name: "delifeq",
        syntax: "key value",
        summary: "Deletes a key that holds just this string.",
        since: "9.0.0",
        arity: Arity::Exactly(3),
        flags: Flags::WRITE.and(Flags::FAST),
        keys: &[Keys::at(1).flags(KeyFlags::RM.and(KeyFlags::DELETE))],
        ..FAMILY
    },
);

fn get(cx: &mut DataCx<'_>, mut args: Args<'_>) -> Outcome {
    let key = args.word()?;
    answer(cx, key)?;
    Ok(Flow::Done)
}

fn getset(cx: &mut DataCx<'_>, mut args: Args<'_>) -> Outcome {
    let (key, value) = (args.word()?, args.word()?);
    answer(cx, key)?;
    super::set::store(cx, key, value, Ttl::Clear);
    cx.propagation.instead([b"SET", key, value]);
    Ok(Flow::Done)
}

fn getdel(cx: &mut DataCx<'_>, mut args: Args<'_>) -> Outcome {
    let key = args.word()?;
    if answer(cx, key)? && cx.db.remove(key) {
        cx.db.changed(key, EventClass::GENERIC, "del", 1);
        cx.propagation.instead([b"DEL", key]);
    }
    Ok(Flow::Done)
}

fn getex<'a>(cx: &mut DataCx<'_>, mut args: Args<'a>) -> Outcome {
    let key = args.word()?;
    let mut until: Option<Until<'a>> = None;
    let mut persist = false;
    while !args.is_empty() {
        if args.take_keyword("PERSIST") {
            persist = true;
        } else {
            until = Some(Until::take(&mut args, until)?.ok_or(Error::SYNTAX)?);
        }
        if persist && until.is_some() {
            return Err(Error::SYNTAX);
        }
    }
    if !answer(cx, key)? {
        return Ok(Flow::Done);
    }
    if let Some(until) = until {
        let at = until.unix_ms(cx.now, "getex")?;
        let primary = cx.db.keyspace().expiry() == Expiry::Delete;
        if until.unit.is_absolute() && is_past(at, cx.now.wall) && primary {
            crate::keys::delete_expired(cx, key);
        } else {
            cx.db.set_ttl(key, at);
            cx.db.changed(key, EventClass::GENERIC, "expire", 1);
            cx.propagation.instead([b"PEXPIREAT", key, at.to_string().as_bytes()]);
        }
    } else if persist && cx.db.persist(key) {
        cx.db.changed(key, EventClass::GENERIC, "persist", 1);
        cx.propagation.instead([b"PERSIST", key]);
    }
    Ok(Flow::Done)
}

fn delifeq(cx: &mut DataCx<'_>, mut args: Args<'_>) -> Outcome {
    let (key, value) = (args.word()?, args.word()?);
    let equal = cx.db.string(key)?.is_some_and(|found| found.eq_bytes(value));
    if equal {
        cx.db.remove(key);
        cx.db.changed(key, EventClass::GENERIC, "del", 1);
        cx.propagation.instead([b"DEL", key]);
    }
    cx.reply.int(equal.into());
    Ok(Flow::Done)
}

/// Replies with the string under the key or null, and says whether there was one.
fn answer(cx: &mut DataCx<'_>, key: &[u8]) -> Result<bool, Error> {
    let found = cx.db.string(key)?;
    let there = found.is_some();
    match found {
        Some(text) => reply::element(&mut cx.reply, text),
        None => cx.reply.null(),
    }
    Ok(there)
}

#[cfg(test)]
mod tests {
    use crate::check::check;
    use expect_test::expect;

    #[test]
    fn reading_and_doing_at_once() {
        check(expect![[r#"
            @ propagated
            @ events
            @ dirty
            > GET k
            (nil)
            ! m keymiss k
            > SET k v EX 100
            OK
            ! n new k
            ! $ set k
            ! g expire k
            => SET k v PXAT 1700000100000
            +1
            > GET k
            "v"
            > GETSET k w
            "v"
            ! $ set k
            => SET k w
            +1
            > TTL k
            (integer) -1
            > GETSET n 1
            (nil)
            ! m keymiss n
            ! n new n
            ! $ set n
            => SET n 1
            +1
            > GETDEL n
            "1"
            ! g del n
            => DEL n
            +1
            > GETDEL n
            (nil)
            ! m keymiss n
            > DELIFEQ k v
            (integer) 0
            > DELIFEQ k w
            (integer) 1
            ! g del k
            => DEL k
            +1
            > DELIFEQ k w
            (integer) 0
            ! m keymiss k
        "#]]);
    }

    #[test]
    fn getex_moves_the_end() {
        check(expect![[r#"
            @ propagated
            @ events
            @ dirty
            > GETEX k EX 10
            (nil)
            ! m keymiss k
            > SET k v
            OK
            ! n new k
            ! $ set k
            => SET k v
            +1
            > GETEX k
            "v"
            > GETEX k EX 10
            "v"
            ! g expire k
            => PEXPIREAT k 1700000010000
            +1
            > GETEX k PERSIST
            "v"
            ! g persist k
            => PERSIST k
            +1
            > GETEX k PERSIST
            "v"
            > GETEX k PXAT 1700000001234
            "v"
            ! g expire k
            => PEXPIREAT k 1700000001234
            +1
            > PTTL k
            (integer) 1234
            > GETEX k EX 10 PERSIST
            (error) ERR syntax error
            > GETEX k PX 0
            (error) ERR invalid expire time in 'getex' command
            > GETEX k NX
            (error) ERR syntax error
            > GETEX k EXAT 1600000000
            "v"
            ! g del k
            => DEL k
            +1
            > GET k
            (nil)
            ! m keymiss k
        "#]]);
    }
}
