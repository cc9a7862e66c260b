//! Many strings with one command: MGET, MSET, MSETNX, MSETEX.

use command::{Args, Arity, Command, Error, Find, Flags, Flow, KeyFlags, Keys, Outcome, Spec};
use store::{EventClass, Ttl, ValueRef};

use super::FAMILY;
use super::set::Condition;
use crate::until::{Unit, Until};
use crate::{DataCommand, DataCx, reply};

pub(crate) const MGET: DataCommand = Command::new(
    mget,
    Spec {
        name: "mget",
        syntax: "key [key ...]",
        summary: "Returns the strings under several keys.",
        complexity: "O(N), N being the number of keys",
        arity: Arity::AtLeast(2),
        flags: Flags::READONLY.and(Flags::FAST),
        keys: &[Keys::range(1, -1, 1).reads()],
        tips: &["request_policy:multi_shard"],
        ..FAMILY
    },
);

pub(crate) const MSET: DataCommand = Command::new(
    mset,
    Spec {
        name: "mset",
        syntax: "key value [key value ...]",
        summary: "Stores several strings at once.",
        complexity: "O(N), N being the number of keys",
        since: "1.0.1",
        arity: Arity::AtLeast(3),
        flags: Flags::WRITE.and(Flags::DENY_OOM),
        keys: &[Keys::range(1, -1, 2).flags(KeyFlags::OW.and(KeyFlags::UPDATE))],
        tips: &["request_policy:multi_shard", "response_policy:all_succeeded"],
        ..FAMILY
    },
);

pub(crate) const MSETNX: DataCommand = Command::new(
    msetnx,
    Spec {
        name: "msetnx",
        syntax: "key value [key value ...]",
        summary: "Stores several strings at once, if none of the keys is there.",
        complexity: "O(N), N being the number of keys",
        since: "1.0.1",
        arity: Arity::AtLeast(3),
        flags: Flags::WRITE.and(Flags::DENY_OOM),
        keys: &[Keys::range(1, -1, 2).flags(KeyFlags::OW.and(KeyFlags::INSERT))],
        ..FAMILY
    },
);

pub(crate) const MSETEX: DataCommand = Command::new(
    msetex,
    Spec {
        name: "msetex",
        syntax: "numkeys key value [key value ...] [NX | XX] [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds | KEEPTTL]",
        summary: "Stores several strings at once, with one expire time for all.",
        complexity: "O(N), N being the number of keys",
        since: "8.4.0",
        arity: Arity::AtLeast(4),
        flags: Flags::WRITE.and(Flags::DENY_OOM).and(Flags::MOVABLE_KEYS),
        keys: &[Keys {
            find: Find::Count { count: 0, first: 1, step: 2 },
            ..Keys::counted_at(1).flags(KeyFlags::OW.and(KeyFlags::UPDATE))
        }],
        tips: &["request_policy:multi_shard", "response_policy:all_succeeded"],
        ..FAMILY
    },
);

fn mget(cx: &mut DataCx<'_>, args: Args<'_>) -> Outcome {
    cx.reply.array(args.len());
    let words = args.rest();
    cx.each_ahead(
        words.iter(),
        |key| key,
        |cx, key| match cx.db.get(key) {
            Some(ValueRef::Str(text)) => reply::element(&mut cx.reply, text),
            // What is no string is as if it were not there: one key of many must not spoil the rest.
            _ => cx.reply.null(),
        },
    );
    Ok(Flow::Done)
}

fn mset(cx: &mut DataCx<'_>, args: Args<'_>) -> Outcome {
    if args.len() % 2 == 1 {
        return Err(Error::arity("mset"));
    }
    store_all(cx, args, Ttl::Clear);
    cx.reply.ok();
    Ok(Flow::Done)
}

fn msetnx(cx: &mut DataCx<'_>, args: Args<'_>) -> Outcome {
    if args.len() % 2 == 1 {
        return Err(Error::arity("msetnx"));
    }
    let free = args.rest().iter().step_by(2).all(|key| !cx.db.exists(key));
    if free {
        store_all(cx, args, Ttl::Clear);
    }
    cx.reply.int(free.into());
    Ok(Flow::Done)
}

fn msetex<'a>(cx: &mut DataCx<'_>, mut args: Args<'a>) -> Outcome {
    let invalid = || Error::fixed("ERR invalid numkeys value");
    let count = args.int().map_err(|_| invalid())?;
    let count = usize::try_from(count).ok().filter(|n| (1..=i32::MAX as usize / 2).contains(n));
    let pairs = args
        .take(2 * count.ok_or_else(invalid)?)
        .map_err(|_| Error::fixed("ERR wrong number of key-value pairs"))?;
    let mut condition = Condition::Always;
    let mut until: Option<Until<'a>> = None;
    let mut keep = false;
    while !args.is_empty() {
        if condition.take(&mut args)? {
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
        Some(until) => Ttl::At(until.unix_ms(cx.now, "msetex")?),
        None if keep => Ttl::Keep,
        None => Ttl::Clear,
    };
    for key in pairs.iter().step_by(2) {
        if !condition.holds(cx, key)? {
            cx.reply.int(0);
            return Ok(Flow::Done);
        }
    }
    let mut words = pairs.iter();
    while let (Some(key), Some(value)) = (words.next(), words.next()) {
        super::set::store(cx, key, value, ttl);
    }
    if let (Ttl::At(at), Some(Unit::Secs | Unit::Ms | Unit::UnixSecs)) =
        (ttl, until.map(|u| u.unit))
    {
        let at = at.to_string();
        let all = args.all();
        let head = all.first(2 + pairs.len());
        cx.propagation.instead(head.iter().chain([b"PXAT" as &[u8], at.as_bytes()]));
    }
    cx.reply.int(1);
    Ok(Flow::Done)
}

fn store_all(cx: &mut DataCx<'_>, args: Args<'_>, ttl: Ttl) {
    let words = args.rest();
    cx.each_ahead(
        0..words.len() / 2,
        |pair| &words[2 * pair],
        |cx, pair| {
            let key = &words[2 * pair];
            cx.db.put_bytes(key, &words[2 * pair + 1], ttl);
            cx.db.changed(key, EventClass::STRING, "set", 1);
        },
    );
}

#[cfg(test)]
mod tests {
    use crate::check::check;
    use expect_test::expect;

    #[test]
    fn many_at_once() {
        check(expect![[r#"
            @ propagated
            @ events
            @ dirty
            > MSET a 1 b 2
            OK
            ! n new a
            ! $ set a
            ! n new b
            ! $ set b
            => MSET a 1 b 2
            +2
            > MGET a b c
            1) "1"
            2) "2"
            3) (nil)
            ! m keymiss c
            > MSET a
            (error) ERR wrong number of arguments for 'mset' command
            > MSET a 1 b
            (error) ERR wrong number of arguments for 'mset' command
            > MSETNX c 3 a 4
            (integer) 0
            > MSETNX c 3 c 4
            (integer) 1
            ! n new c
            ! $ set c
            ! $ set c
            => MSETNX c 3 c 4
            +2
            > MSETNX c 3 d
            (error) ERR wrong number of arguments for 'msetnx' command
            > MGET a c
            1) "1"
            2) "4"
            > SET t x EX 100
            OK
            ! n new t
            ! $ set t
            ! g expire t
            => SET t x PXAT 1700000100000
            +1
            > MSET t y
            OK
            ! $ set t
            => MSET t y
            +1
            > TTL t
            (integer) -1
        "#]]);
    }

    #[test]
    fn msetex_has_one_end_for_all() {
        check(expect![[r#"
            @ propagated
            @ events
            @ dirty
            > MSETEX 2 a 1 b 2 EX 10
            (integer) 1
            ! n new a
            ! $ set a
            ! g expire a
            ! n new b
            ! $ set b
            ! g expire b
            => MSETEX 2 a 1 b 2 PXAT 1700000010000
            +2
            > TTL b
            (integer) 10
            > MSETEX 1 a 2 NX
            (integer) 0
            > MSETEX 2 a 2 c 1 XX
            (integer) 0
            > MSETEX 1 a 2 XX KEEPTTL
            (integer) 1
            ! $ set a
            => MSETEX 1 a 2 XX KEEPTTL
            +1
            > TTL a
            (integer) 10
            > MSETEX 1 a 2 PXAT 1700000009000
            (integer) 1
            ! $ set a
            ! g expire a
            => MSETEX 1 a 2 PXAT 1700000009000
            +1
            > MSETEX 0 a 2
            (error) ERR invalid numkeys value
            > MSETEX 2 a 2
            (error) ERR wrong number of key-value pairs
            > MSETEX 1 a 2 EX 0
            (error) ERR invalid expire time in 'msetex' command
            > MSETEX 1 a 2 EX 5 KEEPTTL
            (error) ERR syntax error
            > MSETEX 1 a 2 nonsense
            (error) ERR syntax error
        "#]]);
    }
}
