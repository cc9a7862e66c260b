//! Whole hashes: HGETALL, HKEYS, HVALS, HSCAN.

use command::{Args, Arity, Command, Flags, Flow, Inside, Keys, Outcome, Spec, Writer};

use super::{FAMILY, Fields};
use crate::scan::{self, Filter};
use crate::{DataCommand, DataCx, reply};

/// What the rows have in common that tell everything.
const TELLS_ALL: Spec = Spec {
    complexity: "O(N), N being the fields of the hash",
    arity: Arity::Exactly(2),
    flags: Flags::READONLY,
    keys: &[Keys::at(1).reads()],
    tips: &["nondeterministic_output_order"],
    ..FAMILY
};

pub(crate) const HGETALL: DataCommand = Command::new(
    hgetall,
    Spec {
        name: "hgetall",
        syntax: "key",
        summary: "Returns all fields of a hash with their values.",
        inside: Inside::Value,
        ..TELLS_ALL
    },
);

pub(crate) const HKEYS: DataCommand = Command::new(
    hkeys,
    Spec { name: "hkeys", syntax: "key", summary: "Returns all fields of a hash.", ..TELLS_ALL },
);

pub(crate) const HVALS: DataCommand = Command::new(
    hvals,
    Spec {
        name: "hvals",
        syntax: "key",
        summary: "Returns the values of all fields of a hash.",
        inside: Inside::Value,
        ..TELLS_ALL
    },
);

pub(crate) const HSCAN: DataCommand = Command::new(
    hscan,
    Spec {
        name: "hscan",
        syntax: "key cursor [MATCH pattern] [COUNT count] [NOVALUES]",
        summary: "Returns some fields of a hash with their values, and a cursor to go on with.",
        complexity: "O(1) for every call, O(N) for all of them, N being the fields of the hash",
        since: "2.8.0",
        arity: Arity::AtLeast(3),
        flags: Flags::READONLY,
        keys: &[Keys::at(1).reads()],
        tips: &["nondeterministic_output"],
        ..FAMILY
    },
);

fn hgetall(cx: &mut DataCx<'_>, mut args: Args<'_>) -> Outcome {
    let Some(fields) = Fields::of(&mut cx.db, args.word()?)? else {
        cx.reply.map(0);
        return Ok(Flow::Done);
    };
    cx.reply.map(fields.len());
    for (field, value) in fields.iter() {
        reply::element(&mut cx.reply, field);
        reply::element(&mut cx.reply, value);
    }
    Ok(Flow::Done)
}

fn hkeys(cx: &mut DataCx<'_>, mut args: Args<'_>) -> Outcome {
    let fields = Fields::of(&mut cx.db, args.word()?)?;
    cx.reply.array(fields.as_ref().map_or(0, |fields| fields.len()));
    for (field, _) in fields.iter().flat_map(|fields| fields.iter()) {
        reply::element(&mut cx.reply, field);
    }
    Ok(Flow::Done)
}

fn hvals(cx: &mut DataCx<'_>, mut args: Args<'_>) -> Outcome {
    let fields = Fields::of(&mut cx.db, args.word()?)?;
    cx.reply.array(fields.as_ref().map_or(0, |fields| fields.len()));
    for (_, value) in fields.iter().flat_map(|fields| fields.iter()) {
        reply::element(&mut cx.reply, value);
    }
    Ok(Flow::Done)
}

fn hscan(cx: &mut DataCx<'_>, mut args: Args<'_>) -> Outcome {
    let key = args.word()?;
    let cursor = scan::cursor(args.word()?)?;
    let Some(fields) = Fields::of(&mut cx.db, key)? else {
        scan::reply(&mut cx.reply, 0, 0, b"");
        return Ok(Flow::Done);
    };
    let mut bare = false;
    let filter = Filter::read(args, |args| {
        let found = args.take_keyword("NOVALUES");
        bare |= found;
        Ok(found)
    })?;
    let mut elements = Vec::new();
    let mut writer = Writer::new(&mut elements, cx.reply.proto());
    let mut len = 0;
    let next = fields.hash.scan(cursor, filter.count, |field, value| {
        let shown = fields.hidden_at.is_none() || {
            let mut buf = ds::ElementBuf::new();
            fields.ttl(field.bytes(&mut buf)).is_some()
        };
        if shown && filter.wants(field) {
            reply::element(&mut writer, field);
            len += 1;
            if !bare {
                reply::element(&mut writer, value);
                len += 1;
            }
        }
    });
    scan::reply(&mut cx.reply, next, len, &elements);
    Ok(Flow::Done)
}

#[cfg(test)]
mod tests {
    use crate::check::check;
    use expect_test::expect;

    #[test]
    fn whole_hashes() {
        check(expect![[r#"
            > HGETALL h
            (empty array)
            > HKEYS h
            (empty array)
            > HVALS h
            (empty array)
            > HSCAN h 0
            1) "0"
            2) (empty array)
            > HSET h a 1 b 2
            (integer) 2
            > HGETALL h
            1) "a"
            2) "1"
            3) "b"
            4) "2"
            > HKEYS h
            1) "a"
            2) "b"
            > HVALS h
            1) "1"
            2) "2"
            > HSCAN h 0
            1) "0"
            2) 1) "a"
               2) "1"
               3) "b"
               4) "2"
            > HSCAN h 0 MATCH b* COUNT 10
            1) "0"
            2) 1) "b"
               2) "2"
            > HSCAN h 0 NOVALUES
            1) "0"
            2) 1) "a"
               2) "b"
            > HSCAN h x
            (error) ERR invalid cursor
            > HSCAN h 0 TYPE string
            (error) ERR syntax error
            > SET s v
            OK
            > HGETALL s
            (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > HSCAN s 0
            (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > HELLO 3
            OK
            > HGETALL h
            1# "a" => "1"
            2# "b" => "2"
            > HGETALL x
            (empty hash)
        "#]]);
    }
}
