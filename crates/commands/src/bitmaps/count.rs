//! BITCOUNT: how many bits are set.

use std::ops::Range;

use command::{Args, Arity, Command, Error, Flags, Flow, Keys, Outcome, Spec};
use ds::ElementBuf;

use super::FAMILY;
use super::range::{Unit, masked};
use crate::{DataCommand, DataCx};

pub(crate) const BITCOUNT: DataCommand = Command::new(
    bitcount,
    Spec {
        name: "bitcount",
        history: &[("7.0.0", "BYTE and BIT")],
        syntax: "key [start end [BYTE | BIT]]",
        summary: "Counts the bits that are set in a string or a part of it.",
        complexity: "O(N), N being the bytes looked at",
        since: "2.6.0",
        arity: Arity::AtLeast(2),
        flags: Flags::READONLY,
        keys: &[Keys::at(1).reads()],
        ..FAMILY
    },
);

fn bitcount(cx: &mut DataCx<'_>, mut args: Args<'_>) -> Outcome {
    let key = args.word()?;
    let Some(text) = cx.db.string(key)? else {
        // compat(7.2): where there is no key, nobody looks at the rest.
        cx.reply.int(0);
        return Ok(Flow::Done);
    };
    let mut buf = ElementBuf::new();
    let bytes = text.bytes(&mut buf);
    let bits = match args.len() {
        0 => 0..bytes.len() * 8,
        2 | 3 => {
            let (start, end) = (args.int()?, args.int()?);
            if start < 0 && end < 0 && start > end {
                cx.reply.int(0);
                return Ok(Flow::Done);
            }
            let unit = if args.is_empty() { Unit::Byte } else { Unit::read(&mut args)? };
            unit.bits(start, end, bytes.len())
        }
        _ => return Err(Error::SYNTAX),
    };
    let ones = count(bytes, bits);
    cx.reply.int(ones as i64);
    Ok(Flow::Done)
}

/// How many of these bits are set.
fn count(bytes: &[u8], bits: Range<usize>) -> u64 {
    let (bytes, first_mask, last_mask) = masked(bytes, bits);
    let [first, .., last] = bytes else {
        return bytes.first().map_or(0, |byte| (byte & first_mask & last_mask).count_ones().into());
    };
    let outside = (first & !first_mask).count_ones() + (last & !last_mask).count_ones();
    ones(bytes) - u64::from(outside)
}

/// How many bits are set, counted by eight bytes.
fn ones(bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<8>();
    let words: u64 =
        words.iter().map(|word| u64::from(u64::from_ne_bytes(*word).count_ones())).sum();
    words + rest.iter().map(|byte| u64::from(byte.count_ones())).sum::<u64>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::check;
    use expect_test::expect;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn counts_are_those_of_a_loop(bytes in proptest::collection::vec(any::<u8>(), 1..70), a: usize, b: usize) {
            let len = bytes.len() * 8;
            let bits = a % (len + 1)..b % (len + 1);
            let is_set = |bit: &usize| bytes[bit / 8] >> (7 - bit % 8) & 1 == 1;
            prop_assert_eq!(count(&bytes, bits.clone()), bits.filter(is_set).count() as u64);
        }
    }

    #[test]
    fn bits_are_counted() {
        check(expect![[r#"
            > SET k foobar
            OK
            > BITCOUNT k
            (integer) 26
            > BITCOUNT k 0 0
            (integer) 4
            > BITCOUNT k 1 1 BYTE
            (integer) 6
            > BITCOUNT k 5 30 bit
            (integer) 17
            > BITCOUNT k -2 -1
            (integer) 7
            > BITCOUNT k -1 -2 nonsense
            (integer) 0
            > BITCOUNT k 3 1
            (integer) 0
            > BITCOUNT k 0
            (error) ERR syntax error
            > BITCOUNT k 0 x
            (error) ERR value is not an integer or out of range
            > BITCOUNT k 0 1 nonsense
            (error) ERR syntax error
            > BITCOUNT k 0 1 BIT 2
            (error) ERR syntax error
            > BITCOUNT absent
            (integer) 0
            > BITCOUNT absent x
            (integer) 0
            > SET n 1234
            OK
            > BITCOUNT n
            (integer) 13
            > LPUSH l a
            (integer) 1
            > BITCOUNT l
            (error) WRONGTYPE Operation against a key holding the wrong kind of value
        "#]]);
    }
}
