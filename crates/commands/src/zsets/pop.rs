//! The smallest or the largest members are taken out: ZPOPMIN and ZPOPMAX, and BZPOPMIN and BZPOPMAX, which wait.

use command::Arity::AtLeast;
use command::{Args, Command, Error, Flags, Flow, Inside, Keys, Outcome, Spec, Words, Writer};
use stdx::Instant;
use store::{Db, End, EventClass, Kind, ZSetMut};

use super::FAMILY;
use crate::{DataCommand, DataCx, TimeoutReply, Wait, reply};

pub(crate) const ZPOPMIN: DataCommand = Command::new(
    |cx, args| pop(cx, args, End::Front),
    Spec {
        name: "zpopmin",
        syntax: "key [count]",
        summary: "Takes the members with the lowest scores out of a sorted set and returns them.",
        complexity: "O(log(N)*M) where N is the number of members and M the number of those taken",
        since: "5.0.0",
        arity: AtLeast(2),
        flags: Flags::WRITE.and(Flags::FAST),
        keys: &[Keys::at(1).pops()],
        inside: Inside::Value,
        ..FAMILY
    },
);

pub(crate) const ZPOPMAX: DataCommand = Command::new(
    |cx, args| pop(cx, args, End::Back),
    Spec {
        name: "zpopmax",
        syntax: "key [count]",
        summary: "Takes the members with the highest scores out of a sorted set and returns them.",
        complexity: "O(log(N)*M) where N is the number of members and M the number of those taken",
        since: "5.0.0",
        arity: AtLeast(2),
        flags: Flags::WRITE.and(Flags::FAST),
        keys: &[Keys::at(1).pops()],
        inside: Inside::Value,
        ..FAMILY
    },
);

fn pop(cx: &mut DataCx<'_>, mut args: Args<'_>, end: End) -> Outcome {
    let key = args.word()?;
    if args.len() > 1 {
        return Err(Error::SYNTAX);
    }
    let count = match args.is_empty() {
        true => None,
        false => Some(args.int_from(0, Error::NOT_POSITIVE)? as usize),
    };
    let zset = cx.db.zset_mut(key)?;
    let (Some(mut zset), 1..) = (zset, count.unwrap_or(1)) else {
        cx.reply.array(0);
        return Ok(Flow::Done);
    };
    let taken = count.unwrap_or(1).min(zset.len());
    // compat(7.2): only where a count is given are the pairs of RESP3 arrays of their own.
    let nested = count.is_some() && cx.reply.is_resp3();
    cx.reply.array(if nested { taken } else { 2 * taken });
    let emptied = take(&mut zset, end, taken, nested, &mut cx.reply);
    popped(&mut cx.db, key, end, taken, emptied);
    Ok(Flow::Done)
}

pub(crate) const BZPOPMIN: DataCommand = Command::new(
    |cx, args| blocking_pop(cx, args, End::Front),
    Spec {
        name: "bzpopmin",
        history: &[("6.0.0", "blocks for fractions of a second, too")],
        syntax: "key [key ...] timeout",
        summary: "Takes the member with the lowest score out of the first sorted set that has one, and waits where none has.",
        complexity: "O(log(N)) where N is the number of members",
        since: "5.0.0",
        arity: AtLeast(3),
        flags: Flags::WRITE.and(Flags::BLOCKING).and(Flags::FAST),
        keys: &[Keys::range(1, -2, 1).pops()],
        ..FAMILY
    },
);

pub(crate) const BZPOPMAX: DataCommand = Command::new(
    |cx, args| blocking_pop(cx, args, End::Back),
    Spec {
        name: "bzpopmax",
        history: &[("6.0.0", "blocks for fractions of a second, too")],
        syntax: "key [key ...] timeout",
        summary: "Takes the member with the highest score out of the first sorted set that has one, and waits where none has.",
        complexity: "O(log(N)) where N is the number of members",
        since: "5.0.0",
        arity: AtLeast(3),
        flags: Flags::WRITE.and(Flags::BLOCKING).and(Flags::FAST),
        keys: &[Keys::range(1, -2, 1).pops()],
        ..FAMILY
    },
);

fn blocking_pop(cx: &mut DataCx<'_>, args: Args<'_>, end: End) -> Outcome {
    let words = args.rest();
    let last = words.len().checked_sub(1).ok_or(Error::SYNTAX)?;
    let (keys, deadline) = (words.first(last), cx.deadline(&words[last])?);
    for key in keys.iter() {
        let Some(mut zset) = cx.db.zset_mut(key)? else { continue };
        cx.reply.array(3);
        cx.reply.bulk(key);
        let emptied = take(&mut zset, end, 1, false, &mut cx.reply);
        popped(&mut cx.db, key, end, 1, emptied);
        cx.propagation.instead([pop_name(end), key]);
        return Ok(Flow::Done);
    }
    park(cx, keys, deadline)
}

/// Takes `count` members, which there must be, into the reply. True where the sorted set has run empty.
pub(super) fn take(
    zset: &mut ZSetMut<'_>,
    end: End,
    count: usize,
    nested: bool,
    reply: &mut Writer<'_>,
) -> bool {
    for _ in 0..count {
        zset.take(end, |member, score| {
            if nested {
                reply.array(2);
            }
            reply::element(reply, member);
            reply::double(reply, score);
        });
    }
    zset.is_empty()
}

/// Tells that `n` members were taken from an end, and deletes a sorted set that ran empty.
pub(super) fn popped(db: &mut Db<'_>, key: &[u8], end: End, n: usize, emptied: bool) {
    let event = match end {
        End::Front => "zpopmin",
        End::Back => "zpopmax",
    };
    db.changed(key, EventClass::ZSET, event, n as u64);
    if emptied {
        db.remove_if_empty(key);
    }
}

/// The command that pops at this end, as it is propagated.
pub(super) fn pop_name(end: End) -> &'static [u8] {
    match end {
        End::Front => b"ZPOPMIN",
        End::Back => b"ZPOPMAX",
    }
}

/// Lets the session wait for a member in any of these sorted sets.
pub(super) fn park(cx: &mut DataCx<'_>, keys: Words<'_>, deadline: Option<Instant>) -> Outcome {
    cx.park(Wait {
        keys: keys.iter().map(Into::into).collect(),
        kind: Kind::ZSet,
        deadline,
        timeout: TimeoutReply::NullArray,
    })
}
