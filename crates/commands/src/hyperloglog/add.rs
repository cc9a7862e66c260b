//! PFADD: elements are seen.

use command::{Args, Arity, Command, Error, Flags, Flow, Keys, Outcome, Spec, Words};
use ds::hyperloglog::{self, Encoding, empty, encoding, make_stale, place, raise, raise_dense};
use store::{EventClass, Ttl};

use super::{FAMILY, corrupt, peek};
use crate::{DataCommand, DataCx};

pub(crate) const PFADD: DataCommand = Command::new(
    pfadd,
    Spec {
        name: "pfadd",
        syntax: "key [element [element ...]]",
        summary: "Lets a HyperLogLog see elements, creating it when absent.",
        complexity: "O(1) for each element",
        arity: Arity::AtLeast(2),
        flags: Flags::WRITE.and(Flags::DENY_OOM).and(Flags::FAST),
        keys: &[Keys::at(1).inserts()],
        ..FAMILY
    },
);

fn pfadd(cx: &mut DataCx<'_>, mut args: Args<'_>) -> Outcome {
    let (key, elements) = (args.word()?, args.rest());
    let found = peek(&cx.db, key)?;
    let raised = match found.and_then(encoding) {
        Some(Encoding::Dense) => add_to_dense(cx, key, elements)?,
        _ => {
            let (bytes, is_new) = match found {
                Some(bytes) => (bytes.to_vec(), 0),
                None => (empty(), 1),
            };
            is_new + add_to_sparse(cx, key, bytes, elements, is_new)?
        }
    };
    if raised > 0 {
        cx.db.changed(key, EventClass::STRING, "pfadd", raised);
    }
    cx.reply.int(i64::from(raised > 0));
    Ok(Flow::Done)
}

/// Writes only the registers that rise: there are few of them once many elements were seen.
fn add_to_dense(cx: &mut DataCx<'_>, key: &[u8], elements: Words<'_>) -> Result<u64, Error> {
    let mut raised = 0;
    for element in elements.iter() {
        let Some(bytes) = peek(&cx.db, key)? else { break };
        if let Some(change) = raise_dense(bytes, place(element)) {
            cx.db.write_range(key, change.offset, &change.bytes)?;
            raised += 1;
        }
    }
    if raised > 0
        && let Some(bytes) = peek(&cx.db, key)?
    {
        let change = hyperloglog::stale(bytes);
        cx.db.write_range(key, change.offset, &change.bytes)?;
    }
    Ok(raised)
}

/// Stores a small one anew where anything has changed, or `is_new` says that it is not there yet.
fn add_to_sparse(
    cx: &mut DataCx<'_>,
    key: &[u8],
    mut bytes: Vec<u8>,
    elements: Words<'_>,
    is_new: u64,
) -> Result<u64, Error> {
    let sparse_max = cx.db.settings().thresholds.hll_sparse_max_bytes;
    let mut raised = 0;
    for element in elements.iter() {
        raised += u64::from(raise(&mut bytes, place(element), sparse_max).map_err(corrupt)?);
    }
    if raised + is_new > 0 {
        make_stale(&mut bytes);
        cx.db.put_edited(key, bytes, Ttl::Keep);
    }
    Ok(raised)
}

#[cfg(test)]
mod tests {
    use crate::check::check;
    use expect_test::expect;

    #[test]
    fn elements_are_seen() {
        check(expect![[r#"
            @ propagated
            @ events
            @ dirty
            > PFADD k
            (integer) 1
            ! n new k
            ! $ pfadd k
            => PFADD k
            +1
            > GET k
            "HYLL\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x80\x7f\xff"
            > PFADD k
            (integer) 0
            > EXPIRE k 100
            (integer) 1
            ! g expire k
            => PEXPIREAT k 1700000100000
            +1
            > PFADD k a b c a
            (integer) 1
            ! $ pfadd k
            => PFADD k a b c a
            +3
            > PFADD k c b
            (integer) 0
            > TTL k
            (integer) 100
            > GET k
            "HYLL\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x80`\xf3\x80P\xb1\x84K\xfb\x80BZ"
            > OBJECT ENCODING k
            "raw"
            > PFDEBUG TODENSE k
            (integer) 1
            => PFDEBUG TODENSE k
            +1
            > PFADD k a b c
            (integer) 0
            > PFADD k d e
            (integer) 1
            ! $ pfadd k
            => PFADD k d e
            +2
            > PFCOUNT k
            (integer) 5
            => PFCOUNT k
            +1
            > TTL k
            (integer) 100
            > SET s 12
            OK
            ! n new s
            ! $ set s
            => SET s 12
            +1
            > PFADD s a
            (error) WRONGTYPE Key is not a valid HyperLogLog string value.
            > SET s "not a HyperLogLog, but long enough"
            OK
            ! $ set s
            => SET s "not a HyperLogLog, but long enough"
            +1
            > PFADD s a
            (error) WRONGTYPE Key is not a valid HyperLogLog string value.
            > LPUSH l a
            (integer) 1
            ! ready l
            ! n new l
            ! l lpush l
            => LPUSH l a
            +1
            > PFADD l a
            (error) WRONGTYPE Operation against a key holding the wrong kind of value
        "#]]);
    }
}
