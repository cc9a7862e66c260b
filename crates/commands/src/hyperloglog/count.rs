//! PFCOUNT: how many distinct elements one HyperLogLog has seen, or several together.

use command::{Args, Arity, Command, Error, Flags, Flow, KeyFlags, Keys, Outcome, Spec, Words};
use ds::hyperloglog::{Registers, cache, cached, count};

use super::{FAMILY, corrupt, sketch};
use crate::{DataCommand, DataCx};

pub(crate) const PFCOUNT: DataCommand = Command::new(
    pfcount,
    Spec {
        name: "pfcount",
        syntax: "key [key ...]",
        summary: "Tells how many distinct elements HyperLogLogs have seen together, nearly.",
        complexity: "O(1) for one key whose count is known, O(N) for N keys",
        arity: Arity::AtLeast(2),
        flags: Flags::READONLY.and(Flags::MAY_REPLICATE),
        keys: &[Keys::range(1, -1, 1).flags(KeyFlags::RW.and(KeyFlags::ACCESS)).notes(
            "RW because it may change the internal representation of the key, and propagate to replicas",
        )],
        ..FAMILY
    },
);

fn pfcount(cx: &mut DataCx<'_>, args: Args<'_>) -> Outcome {
    let keys = args.rest();
    let count = match keys.len() {
        1 => of_one(cx, &keys[0])?,
        _ => of_many(cx, keys)?,
    };
    cx.reply.int(count as i64);
    Ok(Flow::Done)
}

fn of_one(cx: &mut DataCx<'_>, key: &[u8]) -> Result<u64, Error> {
    let Some(text) = cx.db.string(key)? else { return Ok(0) };
    let bytes = sketch(text)?;
    if let Some(count) = cached(bytes) {
        return Ok(count);
    }
    let count = count(bytes).map_err(corrupt)?;
    // The count is kept inside of the value, so whoever asks changes it, and replicas and watchers are told. Even a
    // replica that takes no writes keeps it; its value differs from its master's until that one is asked.
    let change = cache(count);
    cx.db.write_range(key, change.offset, &change.bytes)?;
    cx.db.touched(key);
    cx.db.keyspace().dirty += 1;
    Ok(count)
}

fn of_many(cx: &mut DataCx<'_>, keys: Words<'_>) -> Result<u64, Error> {
    let mut registers = Registers::new();
    for key in keys.iter() {
        if let Some(text) = cx.db.string(key)? {
            registers.merge(sketch(text)?).map_err(corrupt)?;
        }
    }
    Ok(registers.count())
}

#[cfg(test)]
mod tests {
    use crate::check::check;
    use expect_test::expect;

    #[test]
    fn counts_are_told_and_kept() {
        check(expect![[r#"
            @ propagated
            @ events
            @ dirty
            > PFADD a 1 2 3 4 5
            (integer) 1
            ! n new a
            ! $ pfadd a
            => PFADD a 1 2 3 4 5
            +6
            > PFCOUNT a
            (integer) 5
            => PFCOUNT a
            +1
            > PFCOUNT a
            (integer) 5
            > PFADD b 4 5 6
            (integer) 1
            ! n new b
            ! $ pfadd b
            => PFADD b 4 5 6
            +4
            > PFCOUNT a b
            (integer) 6
            > PFCOUNT a absent
            (integer) 5
            ! m keymiss absent
            > PFCOUNT absent
            (integer) 0
            ! m keymiss absent
            > PFCOUNT b
            (integer) 3
            => PFCOUNT b
            +1
            > SET s x
            OK
            ! n new s
            ! $ set s
            => SET s x
            +1
            > PFCOUNT s
            (error) WRONGTYPE Key is not a valid HyperLogLog string value.
            > PFCOUNT a s
            (error) WRONGTYPE Key is not a valid HyperLogLog string value.
            > LPUSH l a
            (integer) 1
            ! ready l
            ! n new l
            ! l lpush l
            => LPUSH l a
            +1
            > PFCOUNT a l
            (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > APPEND a hello
            (integer) 38
            ! $ append a
            => APPEND a hello
            +1
            > PFCOUNT a
            (integer) 5
            > SETRANGE a 15 "\xff"
            (integer) 38
            ! $ setrange a
            => SETRANGE a 15 "\xff"
            +1
            > PFCOUNT a
            (error) INVALIDOBJ Corrupted HLL object detected
            > PFCOUNT b a
            (error) INVALIDOBJ Corrupted HLL object detected
            > PFMERGE b a
            (error) INVALIDOBJ Corrupted HLL object detected
            > SETRANGE b 4 "\x02"
            (integer) 27
            ! $ setrange b
            => SETRANGE b 4 "\x02"
            +1
            > PFCOUNT b
            (error) WRONGTYPE Key is not a valid HyperLogLog string value.
            > SETRANGE b 4 "\x00"
            (integer) 27
            ! $ setrange b
            => SETRANGE b 4 "\x00"
            +1
            > PFCOUNT b
            (error) WRONGTYPE Key is not a valid HyperLogLog string value.
        "#]]);
    }
}
