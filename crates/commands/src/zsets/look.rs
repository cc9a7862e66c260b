//! Questions about a sorted set: the scores and ranks of members, and how many members there are.

use command::Arity::{AtLeast, Exactly};
use command::{Args, Command, Error, Flags, Flow, Inside, Keys, Outcome, Spec};
use store::End;

use super::FAMILY;
use super::bounds::{Bounds, By};
use crate::{DataCommand, DataCx, reply};

const FLAGS: Flags = Flags::READONLY.and(Flags::FAST);

pub(crate) const ZSCORE: DataCommand = Command::new(
    zscore,
    Spec {
        name: "zscore",
        syntax: "key member",
        summary: "Returns the score of a member.",
        arity: Exactly(3),
        flags: FLAGS,
        keys: &[Keys::at(1).reads()],
        inside: Inside::Word(2),
        ..FAMILY
    },
);

fn zscore(cx: &mut DataCx<'_>, mut args: Args<'_>) -> Outcome {
    let (key, member) = (args.word()?, args.word()?);
    match cx.db.zset(key)?.and_then(|zset| zset.score(member)) {
        Some(score) => reply::double(&mut cx.reply, score),
        None => cx.reply.null(),
    }
    Ok(Flow::Done)
}

pub(crate) const ZMSCORE: DataCommand = Command::new(
    zmscore,
    Spec {
        name: "zmscore",
        syntax: "key member [member ...]",
        summary: "Returns the scores of several members.",
        complexity: "O(N) where N is the number of members asked for",
        since: "6.2.0",
        arity: AtLeast(3),
        flags: FLAGS,
        keys: &[Keys::at(1).reads()],
        inside: Inside::Word(2),
        ..FAMILY
    },
);

fn zmscore(cx: &mut DataCx<'_>, mut args: Args<'_>) -> Outcome {
    let zset = cx.db.zset(args.word()?)?;
    cx.reply.array(args.len());
    for member in args.rest().iter() {
        match zset.and_then(|zset| zset.score(member)) {
            Some(score) => reply::double(&mut cx.reply, score),
            None => cx.reply.null(),
        }
    }
    Ok(Flow::Done)
}

pub(crate) const ZRANK: DataCommand = Command::new(
    |cx, args| rank(cx, args, End::Front, "zrank"),
    Spec {
        name: "zrank",
        history: &[("7.2.0", "WITHSCORE")],
        syntax: "key member [WITHSCORE]",
        summary: "Tells how many members have a lower score than a member.",
        complexity: "O(log(N)) where N is the number of members",
        since: "2.0.0",
        arity: AtLeast(3),
        flags: FLAGS,
        keys: &[Keys::at(1).reads()],
        inside: Inside::Word(2),
        ..FAMILY
    },
);

pub(crate) const ZREVRANK: DataCommand = Command::new(
    |cx, args| rank(cx, args, End::Back, "zrevrank"),
    Spec {
        name: "zrevrank",
        history: &[("7.2.0", "WITHSCORE")],
        syntax: "key member [WITHSCORE]",
        summary: "Tells how many members have a higher score than a member.",
        complexity: "O(log(N)) where N is the number of members",
        since: "2.0.0",
        arity: AtLeast(3),
        flags: FLAGS,
        keys: &[Keys::at(1).reads()],
        inside: Inside::Word(2),
        ..FAMILY
    },
);

fn rank(cx: &mut DataCx<'_>, mut args: Args<'_>, from: End, name: &str) -> Outcome {
    let (key, member) = (args.word()?, args.word()?);
    if args.len() > 1 {
        return Err(Error::arity(name));
    }
    let with_score = args.take_keyword("WITHSCORE");
    args.end()?;
    let found = cx.db.zset(key)?.and_then(|zset| {
        let rank = zset.rank(member)?;
        let rank = if from == End::Back { zset.len() - 1 - rank } else { rank };
        Some((rank, if with_score { zset.score(member) } else { None }))
    });
    match found {
        Some((rank, None)) => cx.reply.count(rank),
        Some((rank, Some(score))) => {
            cx.reply.array(2);
            cx.reply.count(rank);
            reply::double(&mut cx.reply, score);
        }
        None if with_score => cx.reply.null_array(),
        None => cx.reply.null(),
    }
    Ok(Flow::Done)
}

pub(crate) const ZCARD: DataCommand = Command::new(
    zcard,
    Spec {
        name: "zcard",
        syntax: "key",
        summary: "Tells how many members a sorted set has.",
        arity: Exactly(2),
        flags: FLAGS,
        keys: &[Keys::at(1).inspects()],
        inside: Inside::Value,
        ..FAMILY
    },
);

fn zcard(cx: &mut DataCx<'_>, mut args: Args<'_>) -> Outcome {
    let len = cx.db.zset(args.word()?)?.map_or(0, |zset| zset.len());
    cx.reply.count(len);
    Ok(Flow::Done)
}

pub(crate) const ZCOUNT: DataCommand = Command::new(
    |cx, args| count(cx, args, By::Score),
    Spec {
        name: "zcount",
        syntax: "key min max",
        summary: "Counts the members whose scores lie within bounds.",
        complexity: "O(log(N)) where N is the number of members",
        since: "2.0.0",
        arity: Exactly(4),
        flags: FLAGS,
        keys: &[Keys::at(1).reads()],
        inside: Inside::Value,
        ..FAMILY
    },
);

pub(crate) const ZLEXCOUNT: DataCommand = Command::new(
    |cx, args| count(cx, args, By::Lex),
    Spec {
        name: "zlexcount",
        syntax: "key min max",
        summary: "Counts the members whose names lie within bounds, where all scores are equal.",
        complexity: "O(log(N)) where N is the number of members",
        since: "2.8.9",
        arity: Exactly(4),
        flags: FLAGS,
        keys: &[Keys::at(1).reads()],
        ..FAMILY
    },
);

fn count(cx: &mut DataCx<'_>, mut args: Args<'_>, by: By) -> Outcome {
    let key = args.word()?;
    let bounds = Bounds::read(by, args.word()?, args.word()?)?;
    let count = cx.db.zset(key)?.map_or(0, |zset| bounds.ranks(zset).len());
    cx.reply.count(count);
    Ok(Flow::Done)
}
