//! Finding keys: KEYS, SCAN, RANDOMKEY.

use command::{Args, Arity, Categories, Command, Flags, Flow, Outcome, Spec, Writer};
use stdx::glob;
use store::Kind;

use super::FAMILY;
use crate::scan::{self, Filter};
use crate::{DataCommand, DataCx};

pub(crate) const KEYS: DataCommand = Command::new(
    keys,
    Spec {
        name: "keys",
        syntax: "pattern",
        summary: "Returns all keys that match a pattern.",
        complexity: "O(N), N being the keys of the database",
        arity: Arity::Exactly(2),
        flags: Flags::READONLY,
        categories: Categories::KEYSPACE.and(Categories::DANGEROUS),
        tips: &["request_policy:all_shards", "nondeterministic_output_order"],
        ..FAMILY
    },
);

pub(crate) const SCAN: DataCommand = Command::new(
    scan,
    Spec {
        name: "scan",
        history: &[("6.0.0", "TYPE")],
        syntax: "cursor [MATCH pattern] [COUNT count] [TYPE type]",
        summary: "Returns some keys, and a cursor to go on with.",
        complexity: "O(1) for every call, O(N) for all of them, N being the keys of the database",
        since: "2.8.0",
        arity: Arity::AtLeast(2),
        flags: Flags::READONLY.and(Flags::ARBITRARY_KEYS),
        tips: &["nondeterministic_output", "request_policy:special", "response_policy:special"],
        ..FAMILY
    },
);

pub(crate) const RANDOMKEY: DataCommand = Command::new(
    randomkey,
    Spec {
        name: "randomkey",
        summary: "Returns any key.",
        arity: Arity::Exactly(1),
        flags: Flags::READONLY.and(Flags::ARBITRARY_KEYS),
        tips: &["request_policy:all_shards", "response_policy:special", "nondeterministic_output"],
        ..FAMILY
    },
);

/// How often RANDOMKEY tries again when it meets keys whose time is up.
const TRIES: usize = 100;

fn keys(cx: &mut DataCx<'_>, mut args: Args<'_>) -> Outcome {
    let pattern = args.word()?;
    let place = cx.reply.defer();
    let mut count = 0;
    cx.db.for_each(|key, _| {
        if pattern == b"*" || glob::matches(pattern, key) {
            cx.reply.bulk(key);
            count += 1;
        }
    });
    cx.reply.finish_array(place, count);
    Ok(Flow::Done)
}

fn scan(cx: &mut DataCx<'_>, mut args: Args<'_>) -> Outcome {
    let cursor = scan::cursor(args.word()?)?;
    // compat(7.2): a type that does not exist is one that no key has.
    let mut kind: Option<Option<Kind>> = None;
    let filter = Filter::read(args, |args| {
        let found = args.take_keyword("TYPE");
        if found {
            kind = Some(Kind::by_name(args.word()?));
        }
        Ok(found)
    })?;
    let mut elements = Vec::new();
    let mut writer = Writer::new(&mut elements, cx.reply.proto());
    let mut len = 0;
    let next = cx.db.scan(cursor, filter.count, |key, value| {
        if kind.is_none_or(|kind| kind == Some(value.kind())) && filter.wants(key.into()) {
            writer.bulk(key);
            len += 1;
        }
    });
    scan::reply(&mut cx.reply, next, len, &elements);
    Ok(Flow::Done)
}

fn randomkey(cx: &mut DataCx<'_>, _: Args<'_>) -> Outcome {
    for _ in 0..TRIES {
        match cx.db.random_key(cx.prng) {
            Some(key) if cx.db.exists(&key) => {
                cx.reply.bulk(&key);
                return Ok(Flow::Done);
            }
            Some(_) => {}
            None => break,
        }
    }
    cx.reply.null();
    Ok(Flow::Done)
}

#[cfg(test)]
mod tests {
    use crate::check::check;
    use expect_test::expect;

    #[test]
    fn keys_are_found_by_pattern_type_and_chance() {
        check(expect![[r#"
            > RANDOMKEY
            (nil)
            > KEYS *
            (empty array)
            > SCAN 0
            1) "0"
            2) (empty array)
            > SET a1 x
            OK
            > RANDOMKEY
            "a1"
            > KEYS a?
            1) "a1"
            > KEYS b*
            (empty array)
            > SCAN 0 MATCH a* COUNT 100 TYPE string
            1) "0"
            2) 1) "a1"
            > SCAN 0 TYPE hash COUNT 100
            1) "0"
            2) (empty array)
            > SCAN 0 TYPE nonsense COUNT 100
            1) "0"
            2) (empty array)
            > SCAN x
            (error) ERR invalid cursor
            > SCAN 0 COUNT 0
            (error) ERR syntax error
            > SCAN 0 COUNT x
            (error) ERR value is not an integer or out of range
            > SCAN 0 MATCH
            (error) ERR syntax error
            > PEXPIRE a1 1
            (integer) 1
            ~ 2 ms
            > SCAN 0 COUNT 100
            1) "0"
            2) (empty array)
            > KEYS *
            (empty array)
            > RANDOMKEY
            (nil)
        "#]]);
    }
}
