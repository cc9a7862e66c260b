//! PFDEBUG and PFSELFTEST: the inside of HyperLogLogs, for tests.

use std::fmt::Write;

use command::{Args, Arity, Command, Error, Flags, Flow, KeyFlags, Keys, Outcome, Spec};
use ds::hyperloglog::{
    Encoding, Place, REGISTERS, Registers, Run, count, empty, encoding, place, raise, runs,
    to_dense,
};
use stdx::Prng;
use store::Ttl;

use super::{FAMILY, corrupt, peek};
use crate::{DataCommand, DataCx};

pub(crate) const PFDEBUG: DataCommand = Command::new(
    pfdebug,
    Spec {
        name: "pfdebug",
        syntax: "subcommand key",
        summary: "Shows the inside of a HyperLogLog, or makes it dense.",
        complexity: "O(1), with 16384 registers",
        arity: Arity::Exactly(3),
        flags: Flags::WRITE.and(Flags::DENY_OOM).and(Flags::ADMIN),
        keys: &[Keys::at(2).flags(KeyFlags::RW.and(KeyFlags::ACCESS))],
        ..FAMILY
    },
);

pub(crate) const PFSELFTEST: DataCommand = Command::new(
    pfselftest,
    Spec {
        name: "pfselftest",
        summary: "Lets HyperLogLogs see many elements, and compares what they tell with the truth.",
        complexity: "O(1), some milliseconds",
        arity: Arity::Exactly(1),
        flags: Flags::ADMIN,
        ..FAMILY
    },
);

fn pfdebug(cx: &mut DataCx<'_>, mut args: Args<'_>) -> Outcome {
    let (what, key) = (args.word()?, args.word()?);
    let is = |name: &str| what.eq_ignore_ascii_case(name.as_bytes());
    // This look lets the key end where its time is up.
    cx.db.exists(key);
    let bytes = peek(&cx.db, key)?.ok_or(Error::fixed("ERR The specified key does not exist"))?;
    let is_sparse = encoding(bytes) == Some(Encoding::Sparse);
    match () {
        _ if is("getreg") => {
            let mut registers = Registers::new();
            registers.merge(bytes).map_err(corrupt)?;
            make_dense(cx, key)?;
            cx.reply.array(REGISTERS);
            registers.ranks().iter().for_each(|rank| cx.reply.int(i64::from(*rank)));
        }
        _ if is("decode") && is_sparse => {
            let text = spell(bytes);
            cx.reply.bulk(text.as_bytes());
        }
        _ if is("decode") => return Err(Error::fixed("ERR HLL encoding is not sparse")),
        _ if is("encoding") => cx.reply.simple(if is_sparse { "sparse" } else { "dense" }),
        _ if is("todense") => {
            make_dense(cx, key)?;
            cx.reply.int(i64::from(is_sparse));
        }
        _ => {
            let text = [b"ERR Unknown PFDEBUG subcommand '", what, b"'"].concat();
            return Err(Error::bytes(text));
        }
    }
    Ok(Flow::Done)
}

/// Replicas are told of another encoding, so that they hold the same bytes; nobody else is.
fn make_dense(cx: &mut DataCx<'_>, key: &[u8]) -> Result<(), Error> {
    let Some(bytes) = peek(&cx.db, key)? else { return Ok(()) };
    if encoding(bytes) == Some(Encoding::Sparse) {
        let dense = to_dense(bytes).map_err(corrupt)?;
        cx.db.put_edited(key, dense, Ttl::Keep);
        cx.db.keyspace().dirty += 1;
    }
    Ok(())
}

/// The runs as Redis spells them.
fn spell(bytes: &[u8]) -> String {
    let mut text = String::new();
    for run in runs(bytes) {
        let space = if text.is_empty() { "" } else { " " };
        match run {
            Run::Zeros(count) => write!(text, "{space}z:{count}"),
            Run::ManyZeros(count) => write!(text, "{space}Z:{count}"),
            Run::Values(rank, count) => write!(text, "{space}v:{rank},{count}"),
        }
        .expect("a string takes all");
    }
    text
}

fn pfselftest(cx: &mut DataCx<'_>, _args: Args<'_>) -> Outcome {
    let sparse_max = cx.db.settings().thresholds.hll_sparse_max_bytes;
    registers_are_kept(cx.prng)
        .and_then(|()| counts_are_near(cx.prng, sparse_max))
        .map_err(|why| Error::new(format!("ERR TESTFAILED {why}")))?;
    cx.reply.ok();
    Ok(Flow::Done)
}

/// Every register of a dense one keeps its own rank.
fn registers_are_kept(prng: &mut Prng) -> Result<(), String> {
    let mut bytes = to_dense(&empty()).map_err(|_| "an empty one is corrupt")?;
    let mut model = vec![0u8; REGISTERS];
    for _ in 0..4 * REGISTERS {
        let index = prng.below(REGISTERS as u64) as usize;
        let rank = 1 + prng.below(63) as u8;
        model[index] = model[index].max(rank);
        raise(&mut bytes, Place { index, rank }, 0).map_err(|_| "a dense one is corrupt")?;
    }
    let mut registers = Registers::new();
    registers.merge(&bytes).map_err(|_| "a dense one is corrupt")?;
    match registers.ranks().iter().zip(&model).position(|(rank, want)| rank != want) {
        None => Ok(()),
        Some(index) => Err(format!("Register {index} should be {}", model[index])),
    }
}

/// Counts are as near as they should be, and the same in both encodings.
fn counts_are_near(prng: &mut Prng, sparse_max: usize) -> Result<(), String> {
    /// As many elements are seen as can be within some milliseconds.
    const MOST: u64 = 100_000;
    let corrupt = |_| "a HyperLogLog is corrupt".to_owned();
    let mut small = empty();
    let mut dense = to_dense(&small).map_err(corrupt)?;
    let mask = prng.below(u64::MAX);
    let mut checked = 1;
    for n in 1..=MOST {
        let place = place(&(n ^ mask).to_le_bytes());
        raise(&mut small, place, sparse_max).map_err(corrupt)?;
        raise(&mut dense, place, sparse_max).map_err(corrupt)?;
        if n < checked {
            continue;
        }
        checked *= 10;
        if n < sparse_max as u64 / 2 && encoding(&small) != Some(Encoding::Sparse) {
            return Err("sparse encoding not used".to_owned());
        }
        let told = count(&dense).map_err(corrupt)?;
        if count(&small) != Ok(told) {
            return Err("dense/sparse disagree".to_owned());
        }
        // Six standard errors, and one that falls into the same register as another.
        let error_max = (6.0 * 1.04 / (REGISTERS as f64).sqrt() * n as f64).ceil().max(1.0);
        if told.abs_diff(n) as f64 > error_max {
            return Err(format!("Too big error. card:{n} abserr:{}", told.abs_diff(n)));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::check::{Player, check};
    use expect_test::expect;
    use store::Settings;

    #[test]
    fn the_inside_is_shown() {
        check(expect![[r#"
            @ propagated
            @ events
            > PFADD k a b c
            (integer) 1
            ! n new k
            ! $ pfadd k
            => PFADD k a b c
            > PFDEBUG DECODE k
            "Z:8436 v:1,1 Z:4274 v:2,1 Z:3068 v:1,1 Z:603"
            > PFDEBUG encoding k
            sparse
            > PFDEBUG TODENSE k
            (integer) 1
            => PFDEBUG TODENSE k
            > PFDEBUG TODENSE k
            (integer) 0
            > PFDEBUG encoding k
            dense
            > PFDEBUG DECODE k
            (error) ERR HLL encoding is not sparse
            > PFDEBUG Nonsense k
            (error) ERR Unknown PFDEBUG subcommand 'Nonsense'
            > PFDEBUG ENCODING absent
            (error) ERR The specified key does not exist
            > PFSELFTEST
            OK
            > LPUSH l a
            (integer) 1
            ! ready l
            ! n new l
            ! l lpush l
            => LPUSH l a
            > PFDEBUG ENCODING l
            (error) WRONGTYPE Operation against a key holding the wrong kind of value
        "#]]);
    }

    #[test]
    fn registers_are_shown() {
        let mut player = Player::new(Settings::default());
        player.play("> PFADD k a b c");
        let shown = player.request(["PFDEBUG", "GETREG", "k"]);
        let others = shown.lines().filter(|line| !line.ends_with("(integer) 0"));
        expect![[r#"
             8437) (integer) 1
            12712) (integer) 2
            15781) (integer) 1"#]]
        .assert_eq(&others.collect::<Vec<_>>().join("\n"));
        assert_eq!(shown.lines().count(), 16384);
        assert_eq!(player.request(["PFDEBUG", "ENCODING", "k"]), "dense\n");
    }
}
