//! Ranges of a sorted set: ZRANGE with all its options, the older commands that each have a few of them, and
//! ZRANGESTORE.

use std::ops::Range;

use command::Arity::AtLeast;
use command::{Args, Command, Error, Flags, Flow, Inside, Keys, Outcome, Spec};
use ds::{Element, ElementBuf};
use store::{EventClass, Ttl, Value, ZSet};

use super::FAMILY;
use super::bounds::{Bounds, By};
use crate::{DataCommand, DataCx, reply};

const COMPLEXITY: &str =
    "O(log(N)+M) where N is the number of members and M the number of those returned";
const SOURCE: &[Keys] = &[Keys::at(1).reads()];

pub(crate) const ZRANGE: DataCommand = Command::new(
    |cx, args| range(cx, args, None, None),
    Spec {
        name: "zrange",
        history: &[("6.2.0", "REV, BYSCORE, BYLEX and LIMIT")],
        syntax: "key start stop [BYSCORE | BYLEX] [REV] [LIMIT offset count] [WITHSCORES]",
        summary: "Returns the members within a range of ranks, scores or names.",
        complexity: COMPLEXITY,
        arity: AtLeast(4),
        flags: Flags::READONLY,
        keys: SOURCE,
        inside: Inside::Value,
        ..FAMILY
    },
);

pub(crate) const ZREVRANGE: DataCommand = Command::new(
    |cx, args| range(cx, args, Some(By::Rank), Some(true)),
    Spec {
        name: "zrevrange",
        syntax: "key start stop [WITHSCORES]",
        summary: "Returns the members within a range of ranks, counted from the highest score.",
        complexity: COMPLEXITY,
        arity: AtLeast(4),
        flags: Flags::READONLY,
        keys: SOURCE,
        inside: Inside::Value,
        ..FAMILY
    },
);

pub(crate) const ZRANGEBYSCORE: DataCommand = Command::new(
    |cx, args| range(cx, args, Some(By::Score), Some(false)),
    Spec {
        name: "zrangebyscore",
        history: &[("2.0.0", "WITHSCORES")],
        syntax: "key min max [WITHSCORES] [LIMIT offset count]",
        summary: "Returns the members whose scores lie within bounds.",
        complexity: COMPLEXITY,
        since: "1.0.5",
        arity: AtLeast(4),
        flags: Flags::READONLY,
        keys: SOURCE,
        inside: Inside::Value,
        ..FAMILY
    },
);

pub(crate) const ZREVRANGEBYSCORE: DataCommand = Command::new(
    |cx, args| range(cx, args, Some(By::Score), Some(true)),
    Spec {
        name: "zrevrangebyscore",
        history: &[("2.1.6", "bounds that do not belong")],
        syntax: "key max min [WITHSCORES] [LIMIT offset count]",
        summary: "Returns the members whose scores lie within bounds, from the highest score on.",
        complexity: COMPLEXITY,
        since: "2.2.0",
        arity: AtLeast(4),
        flags: Flags::READONLY,
        keys: SOURCE,
        inside: Inside::Value,
        ..FAMILY
    },
);

pub(crate) const ZRANGEBYLEX: DataCommand = Command::new(
    |cx, args| range(cx, args, Some(By::Lex), Some(false)),
    Spec {
        name: "zrangebylex",
        syntax: "key min max [LIMIT offset count]",
        summary: "Returns the members whose names lie within bounds, where all scores are equal.",
        complexity: COMPLEXITY,
        since: "2.8.9",
        arity: AtLeast(4),
        flags: Flags::READONLY,
        keys: SOURCE,
        inside: Inside::Value,
        ..FAMILY
    },
);

pub(crate) const ZREVRANGEBYLEX: DataCommand = Command::new(
    |cx, args| range(cx, args, Some(By::Lex), Some(true)),
    Spec {
        name: "zrevrangebylex",
        syntax: "key max min [LIMIT offset count]",
        summary: "Returns the members whose names lie within bounds, from the last on.",
        complexity: COMPLEXITY,
        since: "2.8.9",
        arity: AtLeast(4),
        flags: Flags::READONLY,
        keys: SOURCE,
        inside: Inside::Value,
        ..FAMILY
    },
);

pub(crate) const ZRANGESTORE: DataCommand = Command::new(
    zrangestore,
    Spec {
        name: "zrangestore",
        syntax: "dst src min max [BYSCORE | BYLEX] [REV] [LIMIT offset count]",
        summary: "Stores the members within a range of ranks, scores or names.",
        complexity: "O(log(N)+M) where N is the number of members and M the number of those stored",
        since: "6.2.0",
        arity: AtLeast(5),
        flags: Flags::WRITE.and(Flags::DENY_OOM),
        keys: &[Keys::at(1).overwrites(), Keys::at(2).reads()],
        ..FAMILY
    },
);

const LIMIT_NEEDS_BOUNDS: Error = Error::fixed(
    "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX",
);
const NO_SCORES_BY_LEX: Error =
    Error::fixed("ERR syntax error, WITHSCORES not supported in combination with BYLEX");

/// Which members are asked for, and how.
struct Wanted<'a> {
    bounds: Bounds<'a>,
    reversed: bool,
    with_scores: bool,
    offset: i64,
    /// All where negative.
    limit: i64,
}

impl<'a> Wanted<'a> {
    /// Reads what follows the key. What the command's name has decided, options cannot.
    fn read(
        mut args: Args<'a>,
        by: Option<By>,
        reversed: Option<bool>,
        store: bool,
    ) -> Result<Wanted<'a>, Error> {
        let (first, second) = (args.word()?, args.word()?);
        let (mut chosen, mut turned) = (by, reversed);
        let (mut with_scores, mut offset, mut limit) = (false, 0, -1);
        while !args.is_empty() {
            if !store && args.take_keyword("WITHSCORES") {
                with_scores = true;
            } else if args.len() >= 3 && args.take_keyword("LIMIT") {
                (offset, limit) = (args.int()?, args.int()?);
            } else if turned.is_none() && args.take_keyword("REV") {
                turned = Some(true);
            } else if chosen.is_none() && args.take_keyword("BYLEX") {
                chosen = Some(By::Lex);
            } else if chosen.is_none() && args.take_keyword("BYSCORE") {
                chosen = Some(By::Score);
            } else {
                return Err(Error::SYNTAX);
            }
        }
        let (by, reversed) = (chosen.unwrap_or(By::Rank), turned.unwrap_or(false));
        if limit != -1 && by == By::Rank {
            return Err(LIMIT_NEEDS_BOUNDS);
        }
        if with_scores && by == By::Lex {
            return Err(NO_SCORES_BY_LEX);
        }
        // Whoever goes down names the upper bound first.
        let (min, max) = match reversed && by != By::Rank {
            true => (second, first),
            false => (first, second),
        };
        let bounds = Bounds::read(by, min, max)?;
        Ok(Wanted { bounds, reversed, with_scores, offset, limit })
    }

    /// The ranks of the members that are asked for, in ascending order.
    fn ranks(&self, zset: &ZSet) -> Range<usize> {
        let all = match self.reversed {
            true => self.bounds.ranks_reversed(zset),
            false => self.bounds.ranks(zset),
        };
        let Ok(offset) = usize::try_from(self.offset) else {
            // compat(7.2): a negative offset skips all there is.
            return 0..0;
        };
        let skipped = offset.min(all.len());
        let len = usize::try_from(self.limit).unwrap_or(usize::MAX).min(all.len() - skipped);
        if self.reversed {
            let end = all.end - skipped;
            end - len..end
        } else {
            let start = all.start + skipped;
            start..start + len
        }
    }

    /// Shows `found` the members that are asked for, in the order that is asked for.
    fn each<'z>(&self, zset: &'z ZSet, ranks: Range<usize>, found: impl FnMut((Element<'z>, f64))) {
        let members = zset.range(ranks);
        if self.reversed { members.rev().for_each(found) } else { members.for_each(found) }
    }
}

fn range(
    cx: &mut DataCx<'_>,
    mut args: Args<'_>,
    by: Option<By>,
    reversed: Option<bool>,
) -> Outcome {
    let key = args.word()?;
    let wanted = Wanted::read(args, by, reversed, false)?;
    let Some(zset) = cx.db.zset(key)? else {
        cx.reply.array(0);
        return Ok(Flow::Done);
    };
    let ranks = wanted.ranks(zset);
    if !wanted.with_scores {
        cx.reply.array(ranks.len());
        wanted.each(zset, ranks, |(member, _)| reply::element(&mut cx.reply, member));
        return Ok(Flow::Done);
    }
    reply::pairs(&mut cx.reply, ranks.len());
    wanted.each(zset, ranks, |(member, score)| reply::pair(&mut cx.reply, member, score));
    Ok(Flow::Done)
}

fn zrangestore(cx: &mut DataCx<'_>, mut args: Args<'_>) -> Outcome {
    let (destination, source) = (args.word()?, args.word()?);
    let wanted = Wanted::read(args, None, None, true)?;
    let limits = cx.db.settings().thresholds;
    let mut result = ZSet::new();
    if let Some(zset) = cx.db.zset(source)? {
        let ranks = wanted.ranks(zset);
        result.expect(ranks.len(), 0, &limits);
        wanted.each(zset, ranks, |(member, score)| {
            result.insert(member.bytes(&mut ElementBuf::new()), score, &limits);
        });
    }
    store(cx, destination, result, "zrangestore");
    Ok(Flow::Done)
}

/// Puts a result under its key, or deletes the key where there is none, and replies how many members it has.
pub(super) fn store(cx: &mut DataCx<'_>, destination: &[u8], result: ZSet, event: &'static str) {
    cx.reply.count(result.len());
    if !result.is_empty() {
        cx.db.put(destination, Value::ZSet(result), Ttl::Clear);
        cx.db.changed(destination, EventClass::ZSET, event, 1);
    } else if cx.db.remove(destination) {
        cx.db.changed(destination, EventClass::GENERIC, "del", 1);
    }
}
