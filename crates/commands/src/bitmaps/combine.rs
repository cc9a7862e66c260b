//! BITOP: strings combined bit by bit into a new one.

use command::{Args, Arity, Command, Error, Flags, Flow, Keys, Outcome, Spec};
use ds::ElementBuf;
use store::{EventClass, Ttl, ValueRef};

use super::FAMILY;
use crate::{DataCommand, DataCx};

pub(crate) const BITOP: DataCommand = Command::new(
    bitop,
    Spec {
        name: "bitop",
        syntax: "<AND | OR | XOR | NOT> destkey key [key ...]",
        summary: "Combines strings bit by bit and stores the result.",
        complexity: "O(N), N being the bytes of all strings",
        since: "2.6.0",
        arity: Arity::AtLeast(4),
        flags: Flags::WRITE.and(Flags::DENY_OOM),
        keys: &[Keys::at(2).overwrites(), Keys::range(3, -1, 1).reads()],
        ..FAMILY
    },
);

/// So much of the result is finished at a time: it stays in the nearest cache while all strings pass by.
const BLOCK: usize = 16 << 10;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operation {
    And,
    Or,
    Xor,
    Not,
}

fn bitop(cx: &mut DataCx<'_>, mut args: Args<'_>) -> Outcome {
    let operation = match () {
        _ if args.take_keyword("AND") => Operation::And,
        _ if args.take_keyword("OR") => Operation::Or,
        _ if args.take_keyword("XOR") => Operation::Xor,
        _ if args.take_keyword("NOT") => Operation::Not,
        _ => return Err(Error::SYNTAX),
    };
    let destination = args.word()?;
    let keys = args.rest();
    if operation == Operation::Not && keys.len() != 1 {
        return Err(Error::fixed("ERR BITOP NOT must be called with a single source key."));
    }
    // This is the look that counts, expires and may fail; the next one has all strings at once.
    for key in keys.iter() {
        cx.db.string(key)?;
    }
    let mut bufs = vec![ElementBuf::new(); keys.len()];
    let bytes = |(key, buf)| match cx.db.peek(key) {
        Some(ValueRef::Str(text)) => text.bytes(buf),
        _ => b"",
    };
    let sources: Vec<&[u8]> = keys.iter().zip(&mut bufs).map(bytes).collect();
    let result = operation.run(&sources);
    cx.reply.count(result.len());
    if !result.is_empty() {
        cx.db.put_edited(destination, result, Ttl::Clear);
        cx.db.changed(destination, EventClass::STRING, "set", 1);
    } else if cx.db.remove_lazily(destination) {
        cx.db.changed(destination, EventClass::GENERIC, "del", 1);
    }
    Ok(Flow::Done)
}

impl Operation {
    /// As long as the longest; the others go on with zeros.
    fn run(self, sources: &[&[u8]]) -> Vec<u8> {
        let Some((first, others)) = sources.split_first() else { return Vec::new() };
        let len = sources.iter().map(|source| source.len()).max().unwrap_or(0);
        let mut result = Vec::with_capacity(len);
        while result.len() < len {
            let at = result.len();
            let end = len.min(at + BLOCK);
            let part = |source: &'_ [u8]| at.min(source.len())..end.min(source.len());
            result.extend_from_slice(&first[part(first)]);
            result.resize(end, 0);
            let block = &mut result[at..];
            if self == Operation::Not {
                block.iter_mut().for_each(|byte| *byte = !*byte);
            }
            others.iter().for_each(|source| self.fold(block, &source[part(source)]));
        }
        result
    }

    /// Changes a block by what another string has at its place, or at least at its beginning.
    fn fold(self, block: &mut [u8], source: &[u8]) {
        let (covered, bare) = block.split_at_mut(source.len());
        // Loops as plain as these are made of the widest instructions that there are.
        let pairs = covered.iter_mut().zip(source);
        match self {
            Operation::And => {
                pairs.for_each(|(byte, other)| *byte &= other);
                bare.fill(0);
            }
            Operation::Or => pairs.for_each(|(byte, other)| *byte |= other),
            Operation::Xor => pairs.for_each(|(byte, other)| *byte ^= other),
            Operation::Not => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::check;
    use expect_test::expect;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn results_are_those_of_a_loop(
            lens in proptest::collection::vec(prop_oneof![0usize..40, BLOCK - 2..2 * BLOCK + 2], 1..5),
            seed: u8,
        ) {
            let byte = |n: usize, at: usize| (n * 7 + at * 31 + at / 251 + usize::from(seed)) as u8;
            let make = |(n, len): (usize, &usize)| (0..*len).map(|at| byte(n, at)).collect();
            let strings: Vec<Vec<u8>> = lens.iter().enumerate().map(make).collect();
            let sources: Vec<&[u8]> = strings.iter().map(Vec::as_slice).collect();
            let longest = lens.iter().max().copied().unwrap_or(0);
            for (operation, fold) in [
                (Operation::And, (|a, b| a & b) as fn(u8, u8) -> u8),
                (Operation::Or, |a, b| a | b),
                (Operation::Xor, |a, b| a ^ b),
            ] {
                let at = |at: usize| {
                    let bytes = sources.iter().map(|source| source.get(at).copied().unwrap_or(0));
                    bytes.reduce(fold).unwrap_or(0)
                };
                let want: Vec<u8> = (0..longest).map(at).collect();
                prop_assert!(operation.run(&sources) == want, "{:?}", operation);
            }
            let not: Vec<u8> = sources[0].iter().map(|byte| !byte).collect();
            prop_assert!(Operation::Not.run(&sources[..1]) == not);
        }
    }

    #[test]
    fn strings_are_combined() {
        check(expect![[r#"
            @ propagated
            @ events
            > MSET a "\xff\x0f" b "\x0f\xff\x11" n 12
            OK
            ! n new a
            ! $ set a
            ! n new b
            ! $ set b
            ! n new n
            ! $ set n
            => MSET a "\xff\x0f" b "\x0f\xff\x11" n 12
            > BITOP AND r a b
            (integer) 3
            ! n new r
            ! $ set r
            => BITOP AND r a b
            > GET r
            "\x0f\x0f\x00"
            > BITOP or r a b absent
            (integer) 3
            ! m keymiss absent
            ! $ set r
            => BITOP or r a b absent
            > GET r
            "\xff\xff\x11"
            > BITOP XOR r a b
            (integer) 3
            ! $ set r
            => BITOP XOR r a b
            > GET r
            "\xf0\xf0\x11"
            > BITOP NOT r a
            (integer) 2
            ! $ set r
            => BITOP NOT r a
            > GET r
            "\x00\xf0"
            > BITOP AND n n n
            (integer) 2
            ! $ set n
            => BITOP AND n n n
            > GET n
            "12"
            > OBJECT ENCODING n
            "raw"
            > EXPIRE r 100
            (integer) 1
            ! g expire r
            => PEXPIREAT r 1700000100000
            > BITOP AND r absent absent
            (integer) 0
            ! m keymiss absent
            ! m keymiss absent
            ! g del r
            => BITOP AND r absent absent
            > BITOP AND r absent absent
            (integer) 0
            ! m keymiss absent
            ! m keymiss absent
            > SET empty ""
            OK
            ! n new empty
            ! $ set empty
            => SET empty ""
            > BITOP NOT b empty
            (integer) 0
            ! g del b
            => BITOP NOT b empty
            > EXISTS b
            (integer) 0
            ! m keymiss b
            > BITOP NOT r a b
            (error) ERR BITOP NOT must be called with a single source key.
            > BITOP NAND r a b
            (error) ERR syntax error
            > LPUSH l x
            (integer) 1
            ! ready l
            ! n new l
            ! l lpush l
            => LPUSH l x
            > BITOP AND l a
            (integer) 2
            ! $ set l
            => BITOP AND l a
            > BITOP OR r a l
            (integer) 2
            ! n new r
            ! $ set r
            => BITOP OR r a l
            > TYPE l
            string
        "#]]);
    }
}
