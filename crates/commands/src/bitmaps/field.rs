//! BITFIELD: integers of any width inside of a string, read, set and added to; BITFIELD_RO, which only reads them.

use command::{Args, Arity, Command, Error, Flags, Flow, KeyFlags, Keys, Outcome, Spec, Words};
use ds::ElementBuf;
use store::{Db, EventClass, ValueRef};

use super::FAMILY;
use super::bit::offset;
use super::integer::{Overflow, WINDOW, Width};
use crate::{DataCommand, DataCx};

pub(crate) const BITFIELD: DataCommand = Command::new(
    |cx, args| bitfield(cx, args, true),
    Spec {
        name: "bitfield",
        syntax: "key [GET encoding offset | [OVERFLOW <WRAP | SAT | FAIL>] <SET encoding offset value | INCRBY encoding offset increment>] ...",
        summary: "Reads and changes integers of any width inside of a string.",
        complexity: "O(1) for each integer",
        since: "3.2.0",
        arity: Arity::AtLeast(2),
        flags: Flags::WRITE.and(Flags::DENY_OOM),
        keys: &[Keys::at(1)
            .flags(
                KeyFlags::RW
                    .and(KeyFlags::ACCESS)
                    .and(KeyFlags::UPDATE)
                    .and(KeyFlags::VARIABLE_FLAGS),
            )
            .notes("This command allows both access and modification of the key")],
        own_keys: Some(own_keys),
        ..FAMILY
    },
);

/// The key is only read as long as nothing else is asked for; where the words make no sense, it may be anything.
fn own_keys(words: &Words<'_>) -> Vec<(usize, KeyFlags)> {
    let writes = KeyFlags::RW.and(KeyFlags::ACCESS).and(KeyFlags::UPDATE);
    let mut at = 2;
    while let Some(word) = words.get(at) {
        let is = |name: &str| word.eq_ignore_ascii_case(name.as_bytes());
        let more = words.len() - at - 1;
        at += match () {
            _ if is("get") && more >= 2 => 3,
            _ if is("overflow") && more >= 1 => 2,
            _ => return vec![(1, writes)],
        };
    }
    vec![(1, KeyFlags::RO.and(KeyFlags::ACCESS))]
}

pub(crate) const BITFIELD_RO: DataCommand = Command::new(
    |cx, args| bitfield(cx, args, false),
    Spec {
        name: "bitfield_ro",
        syntax: "key [GET encoding offset [GET encoding offset ...]]",
        summary: "Reads integers of any width inside of a string.",
        complexity: "O(1) for each integer",
        since: "6.0.0",
        arity: Arity::AtLeast(2),
        flags: Flags::READONLY.and(Flags::FAST),
        keys: &[Keys::at(1).reads()],
        ..FAMILY
    },
);

/// What is done to one integer.
#[derive(Clone, Copy, Debug)]
struct Step {
    width: Width,
    /// The bit at which it begins.
    offset: u64,
    action: Action,
    overflow: Overflow,
}

#[derive(Clone, Copy, Debug)]
enum Action {
    Get,
    Set(i64),
    Add(i64),
}

impl Step {
    /// The byte in which the integer begins, and at which of its bits.
    fn place(&self) -> (usize, u32) {
        ((self.offset >> 3) as usize, (self.offset % 8) as u32)
    }

    /// The bytes that there must be to write it.
    fn needs(&self) -> usize {
        match self.action {
            Action::Get => 0,
            _ => ((self.offset + u64::from(self.width.bits()) - 1) >> 3) as usize + 1,
        }
    }
}

fn steps(cx: &DataCx<'_>, mut args: Args<'_>) -> Result<Vec<Step>, Error> {
    const NOT_A_WIDTH: Error = Error::fixed(
        "ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.",
    );
    let mut steps = Vec::new();
    let mut overflow = Overflow::default();
    while !args.is_empty() {
        if args.len() > 1 && args.take_keyword("OVERFLOW") {
            overflow = match () {
                _ if args.take_keyword("WRAP") => Overflow::Wrap,
                _ if args.take_keyword("SAT") => Overflow::Saturate,
                _ if args.take_keyword("FAIL") => Overflow::Fail,
                _ => return Err(Error::fixed("ERR Invalid OVERFLOW type specified")),
            };
            continue;
        }
        let action: fn(i64) -> Action = match () {
            _ if args.len() > 2 && args.take_keyword("GET") => |_| Action::Get,
            _ if args.len() > 3 && args.take_keyword("SET") => Action::Set,
            _ if args.len() > 3 && args.take_keyword("INCRBY") => Action::Add,
            _ => return Err(Error::SYNTAX),
        };
        let width = Width::parse(args.word()?).ok_or(NOT_A_WIDTH)?;
        let offset = offset(cx, args.word()?, Some(width.bits()))?;
        let action = match action(0) {
            Action::Get => Action::Get,
            _ => action(args.int()?),
        };
        steps.push(Step { width, offset, action, overflow });
    }
    Ok(steps)
}

fn bitfield(cx: &mut DataCx<'_>, mut args: Args<'_>, may_write: bool) -> Outcome {
    let key = args.word()?;
    let steps = steps(cx, args)?;
    let needs = steps.iter().map(Step::needs).max().unwrap_or(0);
    if needs > 0 && !may_write {
        return Err(Error::fixed("ERR BITFIELD_RO only supports the GET subcommand"));
    }
    let mut grown = false;
    if needs == 0 {
        cx.db.string(key)?;
    } else {
        grown = make_room(&mut cx.db, key, needs)?;
    }
    let mut changes = 0;
    cx.reply.array(steps.len());
    for step in &steps {
        let (at, shift) = step.place();
        let window = window(&cx.db, key, at);
        let old = step.width.read(window, shift);
        let new = match step.action {
            Action::Get => Some(old),
            Action::Set(value) => step.width.fit(step.width.meaning(value), step.overflow),
            Action::Add(by) => step.width.fit(i128::from(old) + i128::from(by), step.overflow),
        };
        let Some(new) = new else {
            cx.reply.null();
            continue;
        };
        cx.reply.int(if matches!(step.action, Action::Set(_)) { old } else { new });
        if step.needs() > 0 {
            let window = step.width.write(window, shift, new);
            cx.db.write_range(key, at, &window[..step.needs() - at])?;
            changes += u64::from(grown || old != new);
        }
    }
    if changes > 0 {
        cx.db.changed(key, EventClass::STRING, "setbit", changes);
    } else if grown {
        // The string has grown though no integer was written, and no event tells of it. Redis does not tell its
        // replicas either, which then have another string.
        cx.db.touched(key);
        cx.db.keyspace().dirty += 1;
    }
    Ok(Flow::Done)
}

/// Lets the string have at least `len` bytes. True where it was absent or shorter.
fn make_room(db: &mut Db<'_>, key: &[u8], len: usize) -> Result<bool, Error> {
    let is_shorter = db.string_len(key)? < len;
    if is_shorter {
        db.write_range(key, len - 1, &[0])?;
    } else {
        // Nothing is written, but from here on the string is bytes, whatever number it may have been.
        db.write_range(key, 0, b"")?;
    }
    Ok(is_shorter)
}

/// The bytes from `at` on, zeros where there are none.
fn window(db: &Db<'_>, key: &[u8], at: usize) -> [u8; WINDOW] {
    let mut window = [0; WINDOW];
    if let Some(ValueRef::Str(text)) = db.peek(key) {
        let mut buf = ElementBuf::new();
        let bytes = text.bytes(&mut buf).get(at..).unwrap_or_default();
        let len = bytes.len().min(WINDOW);
        window[..len].copy_from_slice(&bytes[..len]);
    }
    window
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::check;
    use command::Owned;
    use expect_test::expect;

    #[test]
    fn who_only_reads_says_so() {
        for (request, writes) in [
            ("BITFIELD k", false),
            ("BITFIELD k get u8 0 OVERFLOW SAT GET u8 set", false),
            ("BITFIELD k GET u8 0 SET u8 0 1", true),
            ("BITFIELD k GET u8", true),
            ("BITFIELD k nonsense", true),
        ] {
            let request = Owned::new(request.split(' '));
            let (at, flags) = own_keys(&request.words())[0];
            assert_eq!((at, flags.has(KeyFlags::UPDATE)), (1, writes));
        }
    }

    #[test]
    fn integers_inside_of_strings() {
        check(expect![[r#"
            @ propagated
            @ events
            @ dirty
            > BITFIELD k SET u8 0 255 GET u8 0 GET i8 0 INCRBY u8 0 1
            1) (integer) 0
            2) (integer) 255
            3) (integer) -1
            4) (integer) 0
            ! n new k
            ! $ setbit k
            => BITFIELD k SET u8 0 255 GET u8 0 GET i8 0 INCRBY u8 0 1
            +2
            > BITFIELD k SET i5 #2 -3 GET i5 #2 GET u5 #2
            1) (integer) 0
            2) (integer) -3
            3) (integer) 29
            ! $ setbit k
            => BITFIELD k SET i5 #2 -3 GET i5 #2 GET u5 #2
            +1
            > GET k
            "\x00:"
            > BITFIELD k GET i64 100
            1) (integer) 0
            > BITFIELD k
            (empty array)
            > BITFIELD k OVERFLOW SAT INCRBY u4 0 20 OVERFLOW FAIL INCRBY u4 0 1 SET u4 0 16 OVERFLOW WRAP INCRBY u4 0 1
            1) (integer) 15
            2) (nil)
            3) (nil)
            4) (integer) 0
            ! $ setbit k
            => BITFIELD k OVERFLOW SAT INCRBY u4 0 20 OVERFLOW FAIL INCRBY u4 0 1 SET u4 0 16 OVERFLOW WRAP INCRBY u4 0 1
            +2
            > BITFIELD k SET u8 0 -1
            1) (integer) 0
            ! $ setbit k
            => BITFIELD k SET u8 0 -1
            +1
            > BITFIELD new OVERFLOW FAIL INCRBY u8 0 300
            1) (nil)
            ! n new new
            => BITFIELD new OVERFLOW FAIL INCRBY u8 0 300
            +1
            > STRLEN new
            (integer) 1
            > BITFIELD_RO absent GET u8 0
            1) (integer) 0
            ! m keymiss absent
            > EXISTS absent
            (integer) 0
            ! m keymiss absent
            > BITFIELD_RO k GET u8 0 GET i16 #1
            1) (integer) 255
            2) (integer) 0
            > BITFIELD_RO k SET u8 0 1
            (error) ERR BITFIELD_RO only supports the GET subcommand
            > SET n 12
            OK
            ! n new n
            ! $ set n
            => SET n 12
            +1
            > BITFIELD n SET u8 0 49
            1) (integer) 49
            > OBJECT ENCODING n
            "raw"
        "#]]);
    }

    #[test]
    fn words_that_make_no_sense() {
        check(expect![[r#"
            > BITFIELD k GET u64 0
            (error) ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.
            > BITFIELD k GET x 0
            (error) ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.
            > BITFIELD k GET u8 -1
            (error) ERR bit offset is not an integer or out of range
            > BITFIELD k GET u8 #x
            (error) ERR bit offset is not an integer or out of range
            > BITFIELD k GET u8 4294967296
            (error) ERR bit offset is not an integer or out of range
            > BITFIELD k SET u8 0 x
            (error) ERR value is not an integer or out of range
            > BITFIELD k SET u8 0
            (error) ERR syntax error
            > BITFIELD k GET u8
            (error) ERR syntax error
            > BITFIELD k OVERFLOW
            (error) ERR syntax error
            > BITFIELD k OVERFLOW x
            (error) ERR Invalid OVERFLOW type specified
            > BITFIELD k nonsense
            (error) ERR syntax error
            > EXISTS k
            (integer) 0
            > LPUSH l a
            (integer) 1
            > BITFIELD l GET u8 0
            (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > BITFIELD l SET u8 0 1
            (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > BITFIELD_RO l GET u8 0
            (error) WRONGTYPE Operation against a key holding the wrong kind of value
        "#]]);
    }
}
