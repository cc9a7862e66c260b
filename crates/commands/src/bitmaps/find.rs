//! BITPOS: where the first bit of a kind is.

use std::ops::Range;

use command::{Args, Arity, Command, Error, Flags, Flow, Keys, Outcome, Spec};
use ds::ElementBuf;

use super::FAMILY;
use super::range::{Unit, masked};
use crate::{DataCommand, DataCx};

pub(crate) const BITPOS: DataCommand = Command::new(
    bitpos,
    Spec {
        name: "bitpos",
        history: &[("7.0.0", "BYTE and BIT")],
        syntax: "key bit [start [end [BYTE | BIT]]]",
        summary: "Finds the first bit that is set, or that is not, in a string or a part of it.",
        complexity: "O(N), N being the bytes looked at",
        since: "2.8.7",
        arity: Arity::AtLeast(3),
        flags: Flags::READONLY,
        keys: &[Keys::at(1).reads()],
        ..FAMILY
    },
);

fn bitpos(cx: &mut DataCx<'_>, mut args: Args<'_>) -> Outcome {
    let key = args.word()?;
    let is_set = match args.int()? {
        bit @ 0..=1 => bit == 1,
        _ => return Err(Error::fixed("ERR The bit argument must be 1 or 0.")),
    };
    let Some(text) = cx.db.string(key)? else {
        // Nothing but zeros, for ever.
        cx.reply.int(if is_set { -1 } else { 0 });
        return Ok(Flow::Done);
    };
    let mut buf = ElementBuf::new();
    let bytes = text.bytes(&mut buf);
    let (mut start, mut end, mut unit) = (0, None, Unit::Byte);
    if args.len() > 3 {
        return Err(Error::SYNTAX);
    }
    if !args.is_empty() {
        start = args.int()?;
        // The unit is judged before the end.
        let end_word = args.next();
        if !args.is_empty() {
            unit = Unit::read(&mut args)?;
        }
        let read = |word| stdx::integer::parse_i64(word).ok_or(Error::NOT_AN_INTEGER);
        end = end_word.map(read).transpose()?;
    }
    let bits = unit.bits(start, end.unwrap_or(-1), bytes.len());
    // Behind a string whose end was not named there are zeros.
    let behind = (!is_set && end.is_none() && !bits.is_empty()).then_some(bits.end);
    let found = find(bytes, bits, is_set).or(behind);
    cx.reply.int(found.map_or(-1, |bit| bit as i64));
    Ok(Flow::Done)
}

/// The first of these bits that is set, or that is not.
fn find(bytes: &[u8], bits: Range<usize>, is_set: bool) -> Option<usize> {
    let begin = bits.start / 8;
    let (bytes, first_mask, last_mask) = masked(bytes, bits);
    // What is looked for, as ones.
    let wanted = |byte: u8| if is_set { byte } else { !byte };
    let place =
        |at: usize, byte: u8| (byte != 0).then(|| (begin + at) * 8 + byte.leading_zeros() as usize);
    let (last, inner) = bytes.split_last()?;
    let Some((first, inner)) = inner.split_first() else {
        return place(0, wanted(*last) & first_mask & last_mask);
    };
    place(0, wanted(*first) & first_mask)
        .or_else(|| {
            let at = skip(inner, if is_set { 0 } else { u8::MAX });
            place(at + 1, wanted(*inner.get(at)?))
        })
        .or_else(|| place(inner.len() + 1, wanted(*last) & last_mask))
}

/// How many bytes equal to `byte` there are at the front, passed over by 64.
fn skip(bytes: &[u8], byte: u8) -> usize {
    let (blocks, _) = bytes.as_chunks::<64>();
    // Looked at whole, without a way out in the middle, so that the widest instructions can be used.
    let is_plain = |block: &[u8; 64]| block.iter().fold(0, |odd, other| odd | (other ^ byte)) == 0;
    let skipped = 64 * blocks.iter().take_while(|block| is_plain(block)).count();
    skipped + bytes[skipped..].iter().take_while(|other| **other == byte).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::check;
    use expect_test::expect;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_first_is_that_of_a_loop(
            fill: bool, holes in proptest::collection::vec((0usize..70, any::<u8>()), 0..4),
            len in 1usize..70, a: usize, b: usize, is_set: bool,
        ) {
            let mut bytes = vec![if fill { u8::MAX } else { 0 }; len];
            holes.iter().for_each(|(at, byte)| bytes[at % len] = *byte);
            let bits = a % (len * 8 + 1)..b % (len * 8 + 1);
            let mut all = bits.clone();
            let want = all.find(|bit| (bytes[bit / 8] >> (7 - bit % 8) & 1 == 1) == is_set);
            prop_assert_eq!(find(&bytes, bits, is_set), want);
        }
    }

    #[test]
    fn bits_are_found() {
        check(expect![[r#"
            > SET k "\xff\xf0\x00"
            OK
            > BITPOS k 0
            (integer) 12
            > BITPOS k 1
            (integer) 0
            > BITPOS k 1 2
            (integer) -1
            > BITPOS k 0 0 0
            (integer) -1
            > BITPOS k 0 0
            (integer) 12
            > BITPOS k 1 -2 -1
            (integer) 8
            > BITPOS k 0 3 9 BIT
            (integer) -1
            > BITPOS k 0 3 13 BIT
            (integer) 12
            > BITPOS k 1 12 23 BIT
            (integer) -1
            > SET ones "\xff\xff"
            OK
            > BITPOS ones 0
            (integer) 16
            > BITPOS ones 0 1
            (integer) 16
            > BITPOS ones 0 0 -1
            (integer) -1
            > BITPOS ones 0 2
            (integer) -1
            > BITPOS ones 1 3 1
            (integer) -1
            > SET empty ""
            OK
            > BITPOS empty 0
            (integer) -1
            > BITPOS absent 0
            (integer) 0
            > BITPOS absent 1
            (integer) -1
            > BITPOS absent 2
            (error) ERR The bit argument must be 1 or 0.
            > BITPOS k x
            (error) ERR value is not an integer or out of range
            > BITPOS k 1 x
            (error) ERR value is not an integer or out of range
            > BITPOS k 1 0 x
            (error) ERR value is not an integer or out of range
            > BITPOS k 1 0 x nonsense
            (error) ERR syntax error
            > BITPOS k 1 0 1 BIT 2
            (error) ERR syntax error
            > LPUSH l a
            (integer) 1
            > BITPOS l 0
            (error) WRONGTYPE Operation against a key holding the wrong kind of value
        "#]]);
    }
}
