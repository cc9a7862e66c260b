//! PFMERGE: a HyperLogLog that has seen what several others have seen.

use command::{Args, Arity, Command, Flags, Flow, KeyFlags, Keys, Outcome, Spec};
use ds::hyperloglog::{
    Cursor, Encoding, Place, Registers, empty, encoding, make_stale, raise_from, to_dense,
};
use store::{EventClass, Ttl};

use super::{FAMILY, corrupt, peek, sketch};
use crate::{DataCommand, DataCx};

pub(crate) const PFMERGE: DataCommand = Command::new(
    pfmerge,
    Spec {
        name: "pfmerge",
        syntax: "destkey [sourcekey [sourcekey ...]]",
        summary: "Lets a HyperLogLog have seen all that others have seen, creating it when absent.",
        complexity: "O(N) for N sources",
        arity: Arity::AtLeast(2),
        flags: Flags::WRITE.and(Flags::DENY_OOM),
        keys: &[
            Keys::at(1).flags(KeyFlags::RW.and(KeyFlags::ACCESS).and(KeyFlags::INSERT)),
            Keys::range(2, -1, 1).reads(),
        ],
        ..FAMILY
    },
);

fn pfmerge(cx: &mut DataCx<'_>, args: Args<'_>) -> Outcome {
    // The destination is the first of the sources.
    let keys = args.rest();
    let mut registers = Registers::new();
    let mut any_dense = false;
    for key in keys.iter() {
        if let Some(text) = cx.db.string(key)? {
            let bytes = sketch(text)?;
            any_dense |= encoding(bytes) == Some(Encoding::Dense);
            registers.merge(bytes).map_err(corrupt)?;
        }
    }
    let destination = &keys[0];
    let mut bytes = peek(&cx.db, destination)?.map_or_else(empty, <[u8]>::to_vec);
    if any_dense {
        bytes = to_dense(&bytes).map_err(corrupt)?;
    }
    let sparse_max = cx.db.settings().thresholds.hll_sparse_max_bytes;
    let mut cursor = Cursor::default();
    for (index, rank) in registers.raised() {
        let place = Place { index, rank };
        raise_from(&mut bytes, place, sparse_max, &mut cursor).map_err(corrupt)?;
    }
    make_stale(&mut bytes);
    cx.db.put_edited(destination, bytes, Ttl::Keep);
    cx.db.changed(destination, EventClass::STRING, "pfadd", 1);
    cx.reply.ok();
    Ok(Flow::Done)
}

#[cfg(test)]
mod tests {
    use crate::check::check;
    use expect_test::expect;

    #[test]
    fn what_others_have_seen() {
        check(expect![[r#"
            @ propagated
            @ events
            @ dirty
            > PFADD a 1 2 3
            (integer) 1
            ! n new a
            ! $ pfadd a
            => PFADD a 1 2 3
            +4
            > PFADD b 3 4
            (integer) 1
            ! n new b
            ! $ pfadd b
            => PFADD b 3 4
            +3
            > PFMERGE c a b absent
            OK
            ! m keymiss c
            ! m keymiss absent
            ! n new c
            ! $ pfadd c
            => PFMERGE c a b absent
            +1
            > PFCOUNT c
            (integer) 4
            => PFCOUNT c
            +1
            > PFDEBUG ENCODING c
            sparse
            > PFMERGE absent
            OK
            ! m keymiss absent
            ! n new absent
            ! $ pfadd absent
            => PFMERGE absent
            +1
            > PFCOUNT absent
            (integer) 0
            => PFCOUNT absent
            +1
            > PFDEBUG TODENSE b
            (integer) 1
            => PFDEBUG TODENSE b
            +1
            > EXPIRE a 100
            (integer) 1
            ! g expire a
            => PEXPIREAT a 1700000100000
            +1
            > PFMERGE a b
            OK
            ! $ pfadd a
            => PFMERGE a b
            +1
            > PFDEBUG ENCODING a
            dense
            > PFCOUNT a
            (integer) 4
            => PFCOUNT a
            +1
            > TTL a
            (integer) 100
            > SET s x
            OK
            ! n new s
            ! $ set s
            => SET s x
            +1
            > PFMERGE new a s
            (error) WRONGTYPE Key is not a valid HyperLogLog string value.
            ! m keymiss new
            > EXISTS new
            (integer) 0
            ! m keymiss new
            > LPUSH l a
            (integer) 1
            ! ready l
            ! n new l
            ! l lpush l
            => LPUSH l a
            +1
            > PFMERGE l a
            (error) WRONGTYPE Operation against a key holding the wrong kind of value
        "#]]);
    }
}
