//! Fields and their ends at once: HGETEX, HSETEX, HGETDEL.

use command::{Args, Arity, Command, Error, Flags, Flow, KeyFlags, Keys, Outcome, Spec};
use stdx::Now;
use store::{EventClass, Expiry};

use super::expire::{fields_deleted, fields_ended};
use super::words::{about, end, take_fields};
use super::{FAMILY, delete_due};
use crate::until::{Until, is_past};
use crate::{DataCommand, DataCx, reply};

pub(crate) const HGETEX: DataCommand = Command::new(
    hgetex,
    Spec {
        name: "hgetex",
        syntax: "key [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds | PERSIST] FIELDS numfields field [field ...]",
        summary: "Returns the values of fields, and changes when the fields end.",
        complexity: "O(N), N being the number of fields",
        since: "8.0.0",
        arity: Arity::AtLeast(5),
        flags: Flags::WRITE.and(Flags::FAST),
        keys: &[Keys::at(1).flags(KeyFlags::RW.and(KeyFlags::ACCESS).and(KeyFlags::UPDATE))],
        ..FAMILY
    },
);

pub(crate) const HSETEX: DataCommand = Command::new(
    hsetex,
    Spec {
        name: "hsetex",
        syntax: "key [NX | XX] [FNX | FXX] [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds | KEEPTTL] FIELDS numfields field value [field value ...]",
        summary: "Gives fields values and an end, if the conditions hold.",
        complexity: "O(N), N being the number of fields",
        since: "8.0.0",
        arity: Arity::AtLeast(6),
        flags: Flags::WRITE.and(Flags::DENY_OOM).and(Flags::FAST),
        keys: &[Keys::at(1).inserts()],
        ..FAMILY
    },
);

pub(crate) const HGETDEL: DataCommand = Command::new(
    hgetdel,
    Spec {
        name: "hgetdel",
        syntax: "key FIELDS numfields field [field ...]",
        summary: "Returns the values of fields, and takes the fields out.",
        complexity: "O(N), N being the number of fields",
        since: "8.0.0",
        arity: Arity::AtLeast(5),
        flags: Flags::WRITE.and(Flags::FAST),
        keys: &[Keys::at(1).pops()],
        ..FAMILY
    },
);

fn hgetdel(cx: &mut DataCx<'_>, mut args: Args<'_>) -> Outcome {
    let key = args.word()?;
    let names = take_fields(&mut args, 1)?;
    delete_due(&mut cx.db, key);
    let mut hash = cx.db.hash_mut(key)?;
    let mut deleted = Vec::new();
    cx.reply.array(names.len());
    for name in names.iter() {
        match hash.as_ref().and_then(|hash| hash.get(name)) {
            Some(value) => reply::element(&mut cx.reply, value),
            None => cx.reply.null(),
        }
        // At once, since a field that is named twice is there only once.
        if hash.as_mut().is_some_and(|hash| hash.remove(name)) {
            deleted.push(name);
        }
    }
    if !deleted.is_empty() {
        fields_deleted(cx, key, &deleted);
    }
    Ok(Flow::Done)
}

fn hgetex<'a>(cx: &mut DataCx<'_>, mut args: Args<'a>) -> Outcome {
    let key = args.word()?;
    let mut until: Option<Until<'a>> = None;
    let mut persist = false;
    while !next_is_fields(&args) {
        if args.take_keyword("PERSIST") {
            persist = true;
        } else {
            until = Some(take_until(&mut args, until)?);
        }
        if persist && until.is_some() {
            return Err(Error::fixed(
                "ERR Only one of EX, PX, EXAT, PXAT or PERSIST arguments can be specified",
            ));
        }
    }
    let end = end_of(until, cx.now, "hgetex")?;
    let names = take_fields(&mut args, 1)?;
    let past = end.is_some_and(|end| passed(cx, end));
    delete_due(&mut cx.db, key);
    let mut hash = cx.db.hash_mut(key)?;
    let (mut updated, mut deleted, mut kept) = (Vec::new(), Vec::new(), Vec::new());
    cx.reply.array(names.len());
    for name in names.iter() {
        let Some((hash, value)) = hash.as_mut().and_then(|hash| {
            let value = hash.get(name)?.to_vec();
            Some((hash, value))
        }) else {
            cx.reply.null();
            continue;
        };
        cx.reply.bulk(&value);
        match end {
            Some(_) if past => {
                hash.remove(name);
                deleted.push(name);
            }
            Some(end) => {
                hash.set_ttl(name, end);
                updated.push(name);
            }
            None if persist && hash.clear_ttl(name) => kept.push(name),
            None => {}
        }
    }
    fields_ended(cx, key, end.unwrap_or_default(), &updated, &deleted);
    if !kept.is_empty() {
        cx.db.changed(key, EventClass::HASH, "hpersist", kept.len() as u64);
        let count = kept.len().to_string();
        cx.propagation.instead(about(&[b"HPERSIST", key], &count, &kept));
    }
    Ok(Flow::Done)
}

/// What HSETEX asks of the key, or of all the fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Presence {
    Any,
    Absent,
    Present,
}

impl Presence {
    fn take(&mut self, args: &mut Args<'_>, absent: &str, present: &str) -> Result<bool, Error> {
        let new = if args.take_keyword(absent) {
            Presence::Absent
        } else if args.take_keyword(present) {
            Presence::Present
        } else {
            return Ok(false);
        };
        if *self != Presence::Any && *self != new {
            let text = format!("ERR Only one of {present} or {absent} arguments can be specified");
            return Err(Error::new(text));
        }
        *self = new;
        Ok(true)
    }

    fn holds(self, there: bool) -> bool {
        match self {
            Presence::Any => true,
            Presence::Absent => !there,
            Presence::Present => there,
        }
    }
}

fn hsetex<'a>(cx: &mut DataCx<'_>, mut args: Args<'a>) -> Outcome {
    let key = args.word()?;
    let (mut of_key, mut of_fields) = (Presence::Any, Presence::Any);
    let mut until: Option<Until<'a>> = None;
    let mut keep = false;
    while !next_is_fields(&args) {
        if args.take_keyword("KEEPTTL") {
            keep = true;
        } else if !of_key.take(&mut args, "NX", "XX")?
            && !of_fields.take(&mut args, "FNX", "FXX")?
        {
            until = Some(take_until(&mut args, until)?);
        }
        if keep && until.is_some() {
            return Err(Error::fixed(
                "ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified",
            ));
        }
    }
    let end = end_of(until, cx.now, "hsetex")?;
    let pairs = take_fields(&mut args, 2)?;
    let past = end.is_some_and(|end| passed(cx, end));
    delete_due(&mut cx.db, key);
    let hash = cx.db.hash_mut(key)?;
    let names = || pairs.iter().step_by(2);
    let has = |name: &[u8]| hash.as_ref().is_some_and(|hash| hash.contains(name));
    if !of_key.holds(hash.is_some()) || !names().all(|name| of_fields.holds(has(name))) {
        cx.reply.int(0);
        return Ok(Flow::Done);
    }
    let count = pairs.len() / 2;
    if past {
        // compat(8.0): they are set and deleted at once, and both is told.
        let mut hash = cx.db.hash_or_create(key)?;
        for name in names() {
            hash.remove(name);
        }
        cx.db.changed(key, EventClass::HASH, "hset", count as u64);
        cx.db.notify(EventClass::HASH, "hdel", key);
        let head: [&[u8]; 2] = [b"HDEL", key];
        cx.propagation.instead(head.into_iter().chain(names()));
        cx.db.remove_if_empty(key);
        cx.reply.int(1);
        return Ok(Flow::Done);
    }
    let mut hash = cx.db.hash_or_create(key)?;
    hash.expect(pairs.iter());
    let mut words = pairs.iter();
    while let (Some(name), Some(value)) = (words.next(), words.next()) {
        if keep {
            hash.set_keeping_ttl(name, value);
        } else {
            hash.set(name, value);
        }
        if let Some(end) = end {
            hash.set_ttl(name, end);
        }
    }
    cx.db.changed(key, EventClass::HASH, "hset", count as u64);
    if let Some(end) = end {
        cx.db.field_deadlines_set(key);
        cx.db.notify(EventClass::HASH, "hexpire", key);
        let (end, count) = (end.to_string(), count.to_string());
        let head: [&[u8]; 4] = [b"HSETEX", key, b"PXAT", end.as_bytes()];
        let pairs: Vec<&[u8]> = pairs.iter().collect();
        cx.propagation.instead(about(&head, &count, &pairs));
    }
    cx.reply.int(1);
    Ok(Flow::Done)
}

fn next_is_fields(args: &Args<'_>) -> bool {
    // At the end it is missing, which `take_fields` complains about.
    args.peek().is_none_or(|word| word.eq_ignore_ascii_case(b"FIELDS"))
}

fn take_until<'a>(args: &mut Args<'a>, earlier: Option<Until<'a>>) -> Result<Until<'a>, Error> {
    let word = args.peek().unwrap_or_default();
    match Until::take(args, earlier)? {
        Some(until) => Ok(until),
        None => Err(Error::bytes([b"ERR unknown argument: ", word].concat())),
    }
}

/// The end that fields are to have, in Unix milliseconds: within the same bounds as for HEXPIRE and its kin.
fn end_of(until: Option<Until<'_>>, now: Now, name: &str) -> Result<Option<u64>, Error> {
    let end = until.map(|until| end(until.text, until.unit, now, name)).transpose()?;
    Ok(end.map(|end| end as u64))
}

/// Whether a time is past, and fields that end then are ours to delete.
fn passed(cx: &mut DataCx<'_>, end: u64) -> bool {
    is_past(end, cx.now.wall) && cx.db.keyspace().expiry() == Expiry::Delete
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
            > HSET h a 1 b 2 c 3
            (integer) 3
            ! n new h
            ! h hset h
            => HSET h a 1 b 2 c 3
            +3
            > HGETEX h FIELDS 2 a x
            1) "1"
            2) (nil)
            > HGETEX h EX 10 FIELDS 2 a x
            1) "1"
            2) (nil)
            ! h hexpire h
            => HPEXPIREAT h 1700000010000 FIELDS 1 a
            +1
            > HGETEX h PERSIST FIELDS 2 a b
            1) "1"
            2) "2"
            ! h hpersist h
            => HPERSIST h FIELDS 1 a
            +1
            > HGETEX h PXAT 1700000001234 FIELDS 1 b
            1) "2"
            ! h hexpire h
            => HPEXPIREAT h 1700000001234 FIELDS 1 b
            +1
            > HPTTL h FIELDS 3 a b c
            1) (integer) -1
            2) (integer) 1234
            3) (integer) -1
            > HGETEX h EXAT 1 FIELDS 1 b
            1) "2"
            ! h hdel h
            => HDEL h b
            +1
            > HGETEX h EX 10 PERSIST FIELDS 1 a
            (error) ERR Only one of EX, PX, EXAT, PXAT or PERSIST arguments can be specified
            > HGETEX h FOO FIELDS 1 a
            (error) ERR unknown argument: FOO
            > HGETEX h FIELDS 2 a
            (error) ERR The `numfields` parameter must match the number of arguments
            > HGETEX x FIELDS 1 a
            1) (nil)
        "#]]);
    }

    #[test]
    fn ends_are_bounded_and_those_of_the_past_delete() {
        check(expect![[r#"
            @ propagated
            @ events
            @ dirty
            > HSET h a 1 c 3
            (integer) 2
            ! n new h
            ! h hset h
            => HSET h a 1 c 3
            +2
            > HGETEX h EX 0 FIELDS 1 a
            1) "1"
            ! h hdel h
            => HDEL h a
            +1
            > HGETEX h PX -1 FIELDS 1 c
            (error) ERR invalid expire time, must be >= 0
            > HGETEX h PXAT 70368744177664 FIELDS 1 c
            (error) ERR invalid expire time in 'hgetex' command
            > HGETEX h PXAT 70368744177663 FIELDS 1 c
            1) "3"
            ! h hexpire h
            => HPEXPIREAT h 70368744177663 FIELDS 1 c
            +1
            > HGETEX h PXAT 0 FIELDS 2 c c
            1) "3"
            2) (nil)
            ! h hdel h
            ! g del h
            => HDEL h c
            +1
            > HSETEX h PXAT 9223372036854775807 FIELDS 1 a 1
            (error) ERR invalid expire time in 'hsetex' command
            > HSETEX x EX 0 FIELDS 1 a 1
            (integer) 1
            ! n new x
            ! h hset x
            ! h hdel x
            ! g del x
            => HDEL x a
            +1
            > EXISTS x
            (integer) 0
            ! m keymiss x
        "#]]);
    }

    #[test]
    fn reading_and_removing_at_once() {
        check(expect![[r#"
            @ propagated
            @ events
            @ dirty
            > HSET h a 1 c 3
            (integer) 2
            ! n new h
            ! h hset h
            => HSET h a 1 c 3
            +2
            > HGETDEL h FIELDS 3 a a x
            1) "1"
            2) (nil)
            3) (nil)
            ! h hdel h
            => HDEL h a
            +1
            > HGETDEL h FIELDS 1 c
            1) "3"
            ! h hdel h
            ! g del h
            => HDEL h c
            +1
            > EXISTS h
            (integer) 0
            ! m keymiss h
            > HGETDEL h FIELDS 1 c
            1) (nil)
            > HGETDEL h FOO 1 c
            (error) ERR Mandatory argument FIELDS is missing or not at the right position
        "#]]);
    }

    #[test]
    fn setting_with_an_end() {
        check(expect![[r#"
            @ propagated
            @ events
            @ dirty
            > HSETEX h EX 10 FIELDS 2 a 1 b 2
            (integer) 1
            ! n new h
            ! h hset h
            ! h hexpire h
            => HSETEX h PXAT 1700000010000 FIELDS 2 a 1 b 2
            +2
            > HPTTL h FIELDS 2 a b
            1) (integer) 10000
            2) (integer) 10000
            > HSETEX h KEEPTTL FIELDS 1 a 3
            (integer) 1
            ! h hset h
            => HSETEX h KEEPTTL FIELDS 1 a 3
            +1
            > HSETEX h FIELDS 1 b 3
            (integer) 1
            ! h hset h
            => HSETEX h FIELDS 1 b 3
            +1
            > HPTTL h FIELDS 2 a b
            1) (integer) 10000
            2) (integer) -1
            > HSETEX h FNX FIELDS 2 a 1 c 1
            (integer) 0
            > HSETEX h FXX FIELDS 2 a 1 c 1
            (integer) 0
            > HSETEX h NX FIELDS 1 c 1
            (integer) 0
            > HSETEX h XX FNX PX 100 FIELDS 1 c 1
            (integer) 1
            ! h hset h
            ! h hexpire h
            => HSETEX h PXAT 1700000000100 FIELDS 1 c 1
            +1
            > HSETEX h FNX FXX FIELDS 1 c 1
            (error) ERR Only one of FXX or FNX arguments can be specified
            > HSETEX h EX 1 KEEPTTL FIELDS 1 c 1
            (error) ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified
            > HSETEX h FIELDS 2 c 1
            (error) ERR The `numfields` parameter must match the number of arguments
            > HSETEX h EXAT 1 FIELDS 2 a 1 new 1
            (integer) 1
            ! h hset h
            ! h hdel h
            => HDEL h a new
            +2
            > HGETALL h
            1) "b"
            2) "3"
            3) "c"
            4) "1"
        "#]]);
    }
}
