//! SET and the older commands that it replaces: SETNX, SETEX, PSETEX.

use command::{Args, Arity, Command, Error, Flags, Flow, KeyFlags, Keys, Outcome, Spec, Words};
use store::{EventClass, Ttl};

use super::FAMILY;
use crate::until::{Unit, Until};
use crate::{DataCommand, DataCx, reply};

pub(crate) const SET: DataCommand = Command::new(
    set,
    Spec {
        name: "set",
        history: &[
            ("2.6.12", "EX, PX, NX and XX"),
            ("6.0.0", "KEEPTTL"),
            ("6.2.0", "GET, EXAT and PXAT"),
            ("7.0.0", "GET together with NX"),
        ],
        // compat(7.2): IFEQ is ours, and left out: tools compare the hint for SET word by word.
        syntax: "key value [NX | XX] [GET] [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds | KEEPTTL]",
        summary: "Stores a string under a key, whatever was there, if the conditions hold.",
        arity: Arity::AtLeast(3),
        flags: Flags::WRITE.and(Flags::DENY_OOM),
        keys: &[Keys::at(1)
            .flags(
                KeyFlags::RW
                    .and(KeyFlags::ACCESS)
                    .and(KeyFlags::UPDATE)
                    .and(KeyFlags::VARIABLE_FLAGS),
            )
            .notes("RW and ACCESS due to the optional `GET` argument")],
        own_keys: Some(own_keys),
        ..FAMILY
    },
);

/// The key is overwritten, and read as well where an option asks what was there.
fn own_keys(words: &Words<'_>) -> Vec<(usize, KeyFlags)> {
    let asks =
        |word: &[u8]| word.eq_ignore_ascii_case(b"get") || word.eq_ignore_ascii_case(b"ifeq");
    let flags = if words.iter().skip(3).any(asks) {
        KeyFlags::RW.and(KeyFlags::ACCESS).and(KeyFlags::UPDATE)
    } else {
        KeyFlags::OW.and(KeyFlags::UPDATE)
    };
    vec![(1, flags)]
}

pub(crate) const SETNX: DataCommand = Command::new(
    setnx,
    Spec {
        name: "setnx",
        syntax: "key value",
        summary: "Stores a string under a key that is not there yet.",
        arity: Arity::Exactly(3),
        flags: Flags::WRITE.and(Flags::DENY_OOM).and(Flags::FAST),
        keys: &[Keys::at(1).flags(KeyFlags::OW.and(KeyFlags::INSERT))],
        ..FAMILY
    },
);

pub(crate) const SETEX: DataCommand = Command::new(
    setex,
    Spec {
        name: "setex",
        syntax: "key seconds value",
        summary: "Stores a string with the seconds it has to live.",
        since: "2.0.0",
        arity: Arity::Exactly(4),
        flags: Flags::WRITE.and(Flags::DENY_OOM),
        keys: &[Keys::at(1).flags(KeyFlags::OW.and(KeyFlags::UPDATE))],
        ..FAMILY
    },
);

pub(crate) const PSETEX: DataCommand = Command::new(
    psetex,
    Spec {
        name: "psetex",
        syntax: "key milliseconds value",
        summary: "Stores a string with the milliseconds it has to live.",
        since: "2.6.0",
        arity: Arity::Exactly(4),
        flags: Flags::WRITE.and(Flags::DENY_OOM),
        keys: &[Keys::at(1).flags(KeyFlags::OW.and(KeyFlags::UPDATE))],
        ..FAMILY
    },
);

/// What must hold for a value to be stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Condition<'a> {
    /// Nothing.
    Always,
    /// The key is not there: NX.
    Absent,
    /// The key is there: XX.
    Present,
    /// The key holds just this string: IFEQ.
    Equal(&'a [u8]),
}

impl<'a> Condition<'a> {
    /// Takes NX or XX where it is the next word; a syntax error where it contradicts an earlier one.
    pub(crate) fn take(&mut self, args: &mut Args<'a>) -> Result<bool, Error> {
        let new = if args.take_keyword("NX") {
            Condition::Absent
        } else if args.take_keyword("XX") {
            Condition::Present
        } else {
            return Ok(false);
        };
        if *self != Condition::Always && *self != new {
            return Err(Error::SYNTAX);
        }
        *self = new;
        Ok(true)
    }

    /// Whether it holds for a key.
    pub(crate) fn holds(self, cx: &mut DataCx<'_>, key: &[u8]) -> Result<bool, Error> {
        Ok(match self {
            Condition::Always => true,
            Condition::Absent => !cx.db.exists(key),
            Condition::Present => cx.db.exists(key),
            Condition::Equal(bytes) => {
                cx.db.string(key)?.is_some_and(|found| found.eq_bytes(bytes))
            }
        })
    }
}

fn set<'a>(cx: &mut DataCx<'_>, mut args: Args<'a>) -> Outcome {
    let (key, value) = (args.word()?, args.word()?);
    let mut condition = Condition::Always;
    let mut until: Option<Until<'a>> = None;
    let (mut keep, mut get) = (false, false);
    while !args.is_empty() {
        if condition.take(&mut args)? {
        } else if args.take_keyword("IFEQ") {
            if !matches!(condition, Condition::Always | Condition::Equal(_)) {
                return Err(Error::SYNTAX);
            }
            condition = Condition::Equal(args.word()?);
        } else if args.take_keyword("GET") {
            get = true;
        } else if args.take_keyword("KEEPTTL") {
            keep = true;
        } else {
            until = Some(Until::take(&mut args, until)?.ok_or(Error::SYNTAX)?);
        }
        if keep && until.is_some() {
            return Err(Error::SYNTAX);
        }
    }
    let ttl = match until {
        Some(until) => Ttl::At(until.unix_ms(cx.now, "set")?),
        None if keep => Ttl::Keep,
        None => Ttl::Clear,
    };
    if get {
        match cx.db.string(key)? {
            Some(old) => reply::element(&mut cx.reply, old),
            None => cx.reply.null(),
        }
    }
    if !condition.holds(cx, key)? {
        if !get {
            cx.reply.null();
        }
        return Ok(Flow::Done);
    }
    store(cx, key, value, ttl);
    let compared = matches!(condition, Condition::Equal(_));
    match ttl {
        // A replica is told when the key expires, not how long it has; what is as it should be goes out as it came.
        Ttl::At(_) if until.is_some_and(|it| it.unit == Unit::UnixMs) && !compared => {}
        Ttl::At(at) => propagate_until(cx, key, value, at),
        // The reply and the comparison are nothing to replicas, and the comparison may fail there.
        _ if get || compared => {
            propagate_bare(cx, args, compared);
        }
        _ => {}
    }
    if !get {
        cx.reply.ok();
    }
    Ok(Flow::Done)
}

fn setnx(cx: &mut DataCx<'_>, mut args: Args<'_>) -> Outcome {
    let (key, value) = (args.word()?, args.word()?);
    let absent = !cx.db.exists(key);
    if absent {
        store(cx, key, value, Ttl::Clear);
    }
    cx.reply.int(absent.into());
    Ok(Flow::Done)
}

fn setex(cx: &mut DataCx<'_>, args: Args<'_>) -> Outcome {
    set_for(cx, args, Unit::Secs, "setex")
}

fn psetex(cx: &mut DataCx<'_>, args: Args<'_>) -> Outcome {
    set_for(cx, args, Unit::Ms, "psetex")
}

fn set_for(cx: &mut DataCx<'_>, mut args: Args<'_>, unit: Unit, name: &str) -> Outcome {
    let (key, text, value) = (args.word()?, args.word()?, args.word()?);
    let at = Until { unit, text }.unix_ms(cx.now, name)?;
    store(cx, key, value, Ttl::At(at));
    propagate_until(cx, key, value, at);
    cx.reply.ok();
    Ok(Flow::Done)
}

/// Stores a string and tells of it.
pub(super) fn store(cx: &mut DataCx<'_>, key: &[u8], value: &[u8], ttl: Ttl) {
    cx.db.put_bytes(key, value, ttl);
    cx.db.changed(key, EventClass::STRING, "set", 1);
    if matches!(ttl, Ttl::At(_)) {
        cx.db.notify(EventClass::GENERIC, "expire", key);
    }
}

fn propagate_until(cx: &mut DataCx<'_>, key: &[u8], value: &[u8], at: u64) {
    let at = at.to_string();
    cx.propagation.instead([b"SET", key, value, b"PXAT", at.as_bytes()]);
}

/// The request without GET, and without IFEQ and its word. Only what follows key and value is an option.
fn propagate_bare(cx: &mut DataCx<'_>, args: Args<'_>, compared: bool) {
    let is = |word: &[u8], keyword: &str| word.eq_ignore_ascii_case(keyword.as_bytes());
    let mut words: Vec<&[u8]> = args.all().first(3).iter().collect();
    let mut options = args.all().from(3).iter();
    while let Some(word) = options.next() {
        if compared && is(word, "IFEQ") {
            options.next();
        } else if !is(word, "GET") {
            words.push(word);
        }
    }
    cx.propagation.instead(words);
}

#[cfg(test)]
mod tests {
    use crate::check::check;
    use expect_test::expect;

    #[test]
    fn set_stores_under_conditions() {
        check(expect![[r#"
            > SET k v
            OK
            > SET k w NX
            (nil)
            > SET k w XX
            OK
            > GET k
            "w"
            > SET n 1 XX
            (nil)
            > SET n 1 NX XX
            (error) ERR syntax error
            > SET n 1 XX NX
            (error) ERR syntax error
            > SET k x NX GET
            "w"
            > SET n x NX GET
            (nil)
            > SET n y XX GET
            "x"
            > GET n
            "y"
            > SET k new IFEQ other
            (nil)
            > SET k new IFEQ w
            OK
            > SET k newer GET IFEQ new
            "new"
            > SET absent v IFEQ ""
            (nil)
            > SET k v IFEQ a NX
            (error) ERR syntax error
            > SET k v FOO
            (error) ERR syntax error
            > SET k v EX
            (error) ERR syntax error
        "#]]);
    }

    #[test]
    fn set_takes_an_expire_time_in_four_units() {
        check(expect![[r#"
            @ propagated
            @ events
            @ dirty
            > SET k v EX 10
            OK
            ! n new k
            ! $ set k
            ! g expire k
            => SET k v PXAT 1700000010000
            +1
            > PTTL k
            (integer) 10000
            > SET k v KEEPTTL
            OK
            ! $ set k
            => SET k v KEEPTTL
            +1
            > PTTL k
            (integer) 10000
            > SET k v PX 1500 GET
            "v"
            ! $ set k
            ! g expire k
            => SET k v PXAT 1700000001500
            +1
            > SET k v PXAT 1700000005000
            OK
            ! $ set k
            ! g expire k
            => SET k v PXAT 1700000005000
            +1
            > SET k v exat 1700000006
            OK
            ! $ set k
            ! g expire k
            => SET k v PXAT 1700000006000
            +1
            > PTTL k
            (integer) 6000
            > SET k v
            OK
            ! $ set k
            => SET k v
            +1
            > PTTL k
            (integer) -1
            > SET k v KEEPTTL GET
            "v"
            ! $ set k
            => SET k v KEEPTTL
            +1
            > SET k w IFEQ v
            OK
            ! $ set k
            => SET k w
            +1
            > SET k GET GET
            "w"
            ! $ set k
            => SET k GET
            +1
            > SET k v EX 10 PX 10
            (error) ERR syntax error
            > SET k v EX 10 KEEPTTL
            (error) ERR syntax error
            > SET k v EX 0
            (error) ERR invalid expire time in 'set' command
            > SET k v PX -1
            (error) ERR invalid expire time in 'set' command
            > SET k v EX 9223372036854775807
            (error) ERR invalid expire time in 'set' command
            > SET k v EX 9223370399119966
            (error) ERR invalid expire time in 'set' command
            > SET k v PX 9223372036854775807
            (error) ERR invalid expire time in 'set' command
            > SET k v EX ten
            (error) ERR value is not an integer or out of range
            > SETEX k 10 v
            OK
            ! $ set k
            ! g expire k
            => SET k v PXAT 1700000010000
            +1
            > PSETEX k 10 v
            OK
            ! $ set k
            ! g expire k
            => SET k v PXAT 1700000000010
            +1
            > SETEX k 0 v
            (error) ERR invalid expire time in 'setex' command
            > PSETEX k -1 v
            (error) ERR invalid expire time in 'psetex' command
            > SETNX k v
            (integer) 0
            > SETNX n v
            (integer) 1
            ! n new n
            ! $ set n
            => SETNX n v
            +1
            ~ 11 ms
            > GET k
            (nil)
            ! x expired k
            ! m keymiss k
            => DEL k
        "#]]);
    }
}
