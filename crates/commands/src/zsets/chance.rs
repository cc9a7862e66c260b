//! Members in no order of their own: ZRANDMEMBER by chance, ZSCAN some at a time.

use std::collections::BTreeSet;

use command::Arity::AtLeast;
use command::{Args, Command, Error, Flags, Flow, Keys, Outcome, Spec, Writer};
use stdx::float;
use store::Encoding;

use super::{ANY_OUTPUT, FAMILY};
use crate::{DataCommand, DataCx, reply, scan};

pub(crate) const ZRANDMEMBER: DataCommand = Command::new(
    zrandmember,
    Spec {
        name: "zrandmember",
        syntax: "key [count [WITHSCORES]]",
        summary: "Returns members by chance: distinct ones, or with repetition where the count is negative.",
        complexity: "O(N) where N is the number of members returned",
        since: "6.2.0",
        arity: AtLeast(2),
        flags: Flags::READONLY,
        keys: &[Keys::at(1).reads()],
        tips: ANY_OUTPUT,
        ..FAMILY
    },
);

fn zrandmember(cx: &mut DataCx<'_>, mut args: Args<'_>) -> Outcome {
    let key = args.word()?;
    if args.is_empty() {
        match cx.db.zset(key)?.and_then(|zset| zset.random(cx.prng)) {
            Some((member, _)) => reply::element(&mut cx.reply, member),
            None => cx.reply.null(),
        }
        return Ok(Flow::Done);
    }
    let count = args.int()?;
    if count == i64::MIN {
        return Err(Error::NOT_NEGATABLE);
    }
    let with_scores = args.take_keyword("WITHSCORES");
    args.end()?;
    // Twice as many replies as members must still be a number.
    if with_scores && count.unsigned_abs() > i64::MAX as u64 / 2 {
        return Err(Error::fixed("ERR value is out of range"));
    }
    let Some(zset) = cx.db.zset(key)? else {
        cx.reply.array(0);
        return Ok(Flow::Done);
    };
    let (len, distinct) = (zset.len(), count >= 0);
    let count = match distinct {
        true => (count as usize).min(len),
        false => count.unsigned_abs() as usize,
    };
    match with_scores {
        true => reply::pairs(&mut cx.reply, count),
        false => cx.reply.array(count),
    }
    // False once the reply is too long.
    let mut tell = |(member, score)| {
        match with_scores {
            true => reply::pair(&mut cx.reply, member, score),
            false => reply::element(&mut cx.reply, member),
        }
        cx.reply.waiting() <= cx.reply_len_max
    };
    if !distinct {
        for _ in 0..count {
            if !tell(zset.random(cx.prng).expect("a stored sorted set has members")) {
                return Ok(Flow::Cut);
            }
        }
    } else if count == len {
        zset.iter().for_each(|pair| _ = tell(pair));
    } else {
        // Floyd's way to distinct ranks: a rank that was drawn before gives way to the largest of this round.
        let mut ranks = BTreeSet::new();
        for largest in len - count..len {
            let mut rank = cx.prng.below(largest as u64 + 1) as usize;
            if !ranks.insert(rank) {
                rank = largest;
                ranks.insert(rank);
            }
            _ = tell(zset.at(rank).expect("a rank below the length"));
        }
    }
    Ok(Flow::Done)
}

pub(crate) const ZSCAN: DataCommand = Command::new(
    zscan,
    Spec {
        name: "zscan",
        syntax: "key cursor [MATCH pattern] [COUNT count]",
        summary: "Goes through the members of a sorted set in steps.",
        complexity: "O(1) for every step, O(N) for all of them, where N is the number of members",
        since: "2.8.0",
        arity: AtLeast(3),
        flags: Flags::READONLY,
        keys: &[Keys::at(1).reads()],
        tips: ANY_OUTPUT,
        ..FAMILY
    },
);

fn zscan(cx: &mut DataCx<'_>, mut args: Args<'_>) -> Outcome {
    let (key, cursor) = (args.word()?, scan::cursor(args.word()?)?);
    let Some(zset) = cx.db.zset(key)? else {
        scan::reply(&mut cx.reply, 0, 0, &[]);
        return Ok(Flow::Done);
    };
    let filter = scan::Filter::read(args, |_| Ok(false))?;
    // compat(7.2): a score is spelled as it is packed, or with seventeen digits where it is not.
    let spell = match zset.encoding() {
        Encoding::Listpack => float::shortest,
        _ => float::general_17,
    };
    let (mut found, mut len) = (Vec::new(), 0);
    let mut writer = Writer::new(&mut found, cx.reply.proto());
    let next = zset.scan(cursor, filter.count, |member, score| {
        if filter.wants(member) {
            reply::element(&mut writer, member);
            writer.bulk(&spell(score));
            len += 2;
        }
    });
    scan::reply(&mut cx.reply, next, len, &found);
    Ok(Flow::Done)
}
