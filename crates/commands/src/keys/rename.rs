//! A value under another key, or in another database: RENAME, RENAMENX, MOVE, COPY.

use command::{Args, Arity, Command, Error, Flags, Flow, KeyFlags, Keys, Outcome, Spec};
use store::{EventClass, Ttl, Value};

use super::FAMILY;
use crate::{DataCommand, DataCx};

/// The keys of RENAME and COPY.
const DESTINATION: Keys = Keys::at(2).overwrites();
const SOURCE: Keys = Keys::at(1).pops();

pub(crate) const RENAME: DataCommand = Command::new(
    rename,
    Spec {
        name: "rename",
        syntax: "key newkey",
        summary: "Gives a key another name, whatever has it now.",
        arity: Arity::Exactly(3),
        flags: Flags::WRITE,
        keys: &[SOURCE, DESTINATION],
        ..FAMILY
    },
);

pub(crate) const RENAMENX: DataCommand = Command::new(
    renamenx,
    Spec {
        name: "renamenx",
        history: &[("3.2.0", "no error where both names are one")],
        syntax: "key newkey",
        summary: "Gives a key another name that no key has.",
        arity: Arity::Exactly(3),
        flags: Flags::WRITE.and(Flags::FAST),
        keys: &[SOURCE, Keys::at(2).flags(KeyFlags::OW.and(KeyFlags::INSERT))],
        ..FAMILY
    },
);

pub(crate) const MOVE: DataCommand = Command::new(
    move_key,
    Spec {
        name: "move",
        syntax: "key db",
        summary: "Moves a key to another database that has no such key.",
        arity: Arity::Exactly(3),
        flags: Flags::WRITE.and(Flags::FAST),
        keys: &[Keys::at(1).flags(KeyFlags::RW.and(KeyFlags::ACCESS).and(KeyFlags::UPDATE))],
        ..FAMILY
    },
);

pub(crate) const COPY: DataCommand = Command::new(
    copy,
    Spec {
        name: "copy",
        syntax: "source destination [DB destination-db] [REPLACE]",
        summary: "Stores a copy of a value under another key.",
        complexity: "O(N), N being the elements of a collection; O(1) for strings",
        since: "6.2.0",
        arity: Arity::AtLeast(3),
        flags: Flags::WRITE.and(Flags::DENY_OOM),
        keys: &[Keys::at(1).reads(), DESTINATION],
        ..FAMILY
    },
);

const SAME_OBJECT: Error = Error::fixed("ERR source and destination objects are the same");

fn rename(cx: &mut DataCx<'_>, args: Args<'_>) -> Outcome {
    if rename_to(cx, args, true)?.is_some() {
        cx.reply.ok();
    }
    Ok(Flow::Done)
}

fn renamenx(cx: &mut DataCx<'_>, args: Args<'_>) -> Outcome {
    let renamed = rename_to(cx, args, false)?;
    cx.reply.int((renamed == Some(true)).into());
    Ok(Flow::Done)
}

/// Renames, and says whether that was to another name than before; nothing where the new name is taken.
fn rename_to(
    cx: &mut DataCx<'_>,
    mut args: Args<'_>,
    replace: bool,
) -> Result<Option<bool>, Error> {
    let (old, new) = (args.word()?, args.word()?);
    if !cx.db.exists(old) {
        return Err(Error::NO_SUCH_KEY);
    }
    if old == new {
        return Ok(Some(false));
    }
    if cx.db.exists(new) {
        if !replace {
            return Ok(None);
        }
        delete_quietly(cx, new);
    }
    let (value, expires) = cx.db.take(old).ok_or(Error::NO_SUCH_KEY)?;
    cx.db.put(new, value, ttl(expires));
    cx.db.touched(old);
    cx.db.touched(new);
    cx.db.notify(EventClass::GENERIC, "rename_from", old);
    cx.db.notify(EventClass::GENERIC, "rename_to", new);
    cx.db.keyspace().dirty += 1;
    Ok(Some(true))
}

fn move_key(cx: &mut DataCx<'_>, mut args: Args<'_>) -> Outcome {
    let key = args.word()?;
    let to = database(cx, &mut args)?;
    if to == cx.db.index() {
        return Err(SAME_OBJECT);
    }
    let moves = cx.db.exists(key) && !cx.db.at(to).exists(key);
    if moves && let Some((value, expires)) = cx.db.take(key) {
        let mut target = cx.db.at(to);
        target.put(key, value, ttl(expires));
        target.touched(key);
        cx.db.touched(key);
        cx.db.notify(EventClass::GENERIC, "move_from", key);
        cx.db.at(to).notify(EventClass::GENERIC, "move_to", key);
        cx.db.keyspace().dirty += 1;
    }
    cx.reply.int(moves.into());
    Ok(Flow::Done)
}

fn copy(cx: &mut DataCx<'_>, mut args: Args<'_>) -> Outcome {
    let (from, to) = (args.word()?, args.word()?);
    let mut index = cx.db.index();
    let mut replace = false;
    while !args.is_empty() {
        if args.take_keyword("REPLACE") {
            replace = true;
        } else if args.len() > 1 && args.take_keyword("DB") {
            index = database(cx, &mut args)?;
        } else {
            return Err(Error::SYNTAX);
        }
    }
    if index == cx.db.index() && from == to {
        return Err(SAME_OBJECT);
    }
    let value: Option<Value> = cx.db.get(from).map(|value| value.to_value());
    let expires = cx.db.ttl(from).flatten();
    let Some(value) = value else {
        cx.reply.int(0);
        return Ok(Flow::Done);
    };
    let mut target = cx.db.at(index);
    if target.exists(to) {
        if !replace {
            cx.reply.int(0);
            return Ok(Flow::Done);
        }
        target.remove(to);
    }
    target.put(to, value, ttl(expires));
    target.changed(to, EventClass::GENERIC, "copy_to", 1);
    cx.reply.int(1);
    Ok(Flow::Done)
}

fn ttl(expires: Option<u64>) -> Ttl {
    expires.map_or(Ttl::Clear, Ttl::At)
}

fn delete_quietly(cx: &mut DataCx<'_>, key: &[u8]) {
    if cx.lazy.server_del {
        cx.db.remove_lazily(key);
    } else {
        cx.db.remove(key);
    }
}

/// The number of a database.
fn database(cx: &mut DataCx<'_>, args: &mut Args<'_>) -> Result<usize, Error> {
    let number = args.int_32()?;
    let databases = cx.db.keyspace().databases();
    let index = usize::try_from(number).ok().filter(|index| *index < databases);
    index.ok_or(Error::DB_OUT_OF_RANGE)
}

#[cfg(test)]
mod tests {
    use crate::check::check;
    use expect_test::expect;

    #[test]
    fn keys_get_other_names() {
        check(expect![[r#"
            @ propagated
            @ events
            @ dirty
            > RENAME a b
            (error) ERR no such key
            > SET a 1 EX 100
            OK
            ! n new a
            ! $ set a
            ! g expire a
            => SET a 1 PXAT 1700000100000
            +1
            > SET b 2
            OK
            ! n new b
            ! $ set b
            => SET b 2
            +1
            > RENAMENX a b
            (integer) 0
            > RENAME a b
            OK
            ! n new b
            ! g rename_from a
            ! g rename_to b
            => RENAME a b
            +1
            > GET b
            "1"
            > TTL b
            (integer) 100
            > RENAME b b
            OK
            > RENAMENX b b
            (integer) 0
            > RENAMENX b c
            (integer) 1
            ! n new c
            ! g rename_from b
            ! g rename_to c
            => RENAMENX b c
            +1
            > RENAMENX x y
            (error) ERR no such key
        "#]]);
    }

    #[test]
    fn keys_get_to_other_databases() {
        check(expect![[r#"
            @ propagated
            @ events
            @ dirty
            > SET a 1 EX 100
            OK
            ! n new a
            ! $ set a
            ! g expire a
            => SET a 1 PXAT 1700000100000
            +1
            > MOVE a 0
            (error) ERR source and destination objects are the same
            > MOVE a 16
            (error) ERR DB index is out of range
            > MOVE a x
            (error) ERR value is not an integer or out of range
            > MOVE a 99999999999
            (error) ERR value is out of range, value must between -2147483648 and 2147483647
            > MOVE a 1
            (integer) 1
            ! n new a @1
            ! g move_from a
            ! g move_to a @1
            => MOVE a 1
            +1
            > MOVE a 1
            (integer) 0
            > SET a 2
            OK
            ! n new a
            ! $ set a
            => SET a 2
            +1
            > MOVE a 1
            (integer) 0
            > COPY a b
            (integer) 1
            ! n new b
            ! g copy_to b
            => COPY a b
            +1
            > COPY a b
            (integer) 0
            > COPY a b REPLACE
            (integer) 1
            ! n new b
            ! g copy_to b
            => COPY a b REPLACE
            +1
            > COPY a a
            (error) ERR source and destination objects are the same
            > COPY a a DB 1
            (integer) 0
            > COPY a a DB 2
            (integer) 1
            ! n new a @2
            ! g copy_to a @2
            => COPY a a DB 2
            +1
            > COPY x y
            (integer) 0
            ! m keymiss x
            > COPY a b DB
            (error) ERR syntax error
            > COPY a b FOO
            (error) ERR syntax error
            > SELECT 1
            OK
            > TTL a
            (integer) 100
        "#]]);
    }
}
