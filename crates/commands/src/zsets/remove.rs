//! Members leave a sorted set: ZREM by name, ZREMRANGEBYRANK, ZREMRANGEBYSCORE and ZREMRANGEBYLEX by range.

use command::Arity::{AtLeast, Exactly};
use command::{Args, Command, Flags, Flow, Inside, Keys, Outcome, Spec};
use store::EventClass;

use super::FAMILY;
use super::bounds::{Bounds, By};
use crate::{DataCommand, DataCx};

const COMPLEXITY: &str =
    "O(log(N)+M) where N is the number of members and M the number of those removed";

pub(crate) const ZREM: DataCommand = Command::new(
    zrem,
    Spec {
        name: "zrem",
        history: &[("2.4.0", "several members")],
        syntax: "key member [member ...]",
        summary: "Removes members from a sorted set; one without members is deleted.",
        complexity: "O(M*log(N)) where N is the number of members and M the number of those to be removed",
        arity: AtLeast(3),
        flags: Flags::WRITE.and(Flags::FAST),
        keys: &[Keys::at(1).deletes()],
        inside: Inside::Word(2),
        ..FAMILY
    },
);

fn zrem(cx: &mut DataCx<'_>, mut args: Args<'_>) -> Outcome {
    let key = args.word()?;
    let Some(mut zset) = cx.db.zset_mut(key)? else {
        cx.reply.int(0);
        return Ok(Flow::Done);
    };
    let removed = args.rest().iter().filter(|member| zset.remove(member).is_some()).count();
    let emptied = zset.is_empty();
    removed_some(cx, key, removed, emptied, "zrem");
    Ok(Flow::Done)
}

pub(crate) const ZREMRANGEBYRANK: DataCommand = Command::new(
    |cx, args| remove_range(cx, args, By::Rank, "zremrangebyrank"),
    Spec {
        name: "zremrangebyrank",
        syntax: "key start stop",
        summary: "Removes the members within a range of ranks.",
        complexity: COMPLEXITY,
        since: "2.0.0",
        arity: Exactly(4),
        flags: Flags::WRITE,
        keys: &[Keys::at(1).deletes()],
        ..FAMILY
    },
);

pub(crate) const ZREMRANGEBYSCORE: DataCommand = Command::new(
    |cx, args| remove_range(cx, args, By::Score, "zremrangebyscore"),
    Spec {
        name: "zremrangebyscore",
        syntax: "key min max",
        summary: "Removes the members whose scores lie within bounds.",
        complexity: COMPLEXITY,
        arity: Exactly(4),
        flags: Flags::WRITE,
        keys: &[Keys::at(1).deletes()],
        ..FAMILY
    },
);

pub(crate) const ZREMRANGEBYLEX: DataCommand = Command::new(
    |cx, args| remove_range(cx, args, By::Lex, "zremrangebylex"),
    Spec {
        name: "zremrangebylex",
        syntax: "key min max",
        summary: "Removes the members whose names lie within bounds, where all scores are equal.",
        complexity: COMPLEXITY,
        since: "2.8.9",
        arity: Exactly(4),
        flags: Flags::WRITE,
        keys: &[Keys::at(1).deletes()],
        ..FAMILY
    },
);

fn remove_range(cx: &mut DataCx<'_>, mut args: Args<'_>, by: By, event: &'static str) -> Outcome {
    let key = args.word()?;
    let bounds = Bounds::read(by, args.word()?, args.word()?)?;
    let Some(mut zset) = cx.db.zset_mut(key)? else {
        cx.reply.int(0);
        return Ok(Flow::Done);
    };
    let ranks = bounds.ranks(&zset);
    let removed = zset.remove_range(ranks);
    let emptied = zset.is_empty();
    removed_some(cx, key, removed, emptied, event);
    Ok(Flow::Done)
}

fn removed_some(
    cx: &mut DataCx<'_>,
    key: &[u8],
    removed: usize,
    emptied: bool,
    event: &'static str,
) {
    cx.reply.count(removed);
    if removed > 0 {
        cx.db.changed(key, EventClass::ZSET, event, removed as u64);
    }
    if emptied {
        cx.db.remove_if_empty(key);
    }
}
