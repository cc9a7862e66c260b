//! An element goes from one list to another: LMOVE and RPOPLPUSH, and BLMOVE and BRPOPLPUSH, which wait for it.

use command::Arity::Exactly;
use command::{Args, Command, Error, Flags, Flow, Keys, Outcome, Spec};
use stdx::Instant;
use store::{End, EventClass, Kind};

use super::{FAMILY, end, popped};
use crate::{DataCommand, DataCx, TimeoutReply, Wait};

const FLAGS: Flags = Flags::WRITE.and(Flags::DENY_OOM);
const KEYS: &[Keys] = &[Keys::at(1).pops(), Keys::at(2).inserts()];

pub(crate) const LMOVE: DataCommand = Command::new(
    lmove,
    Spec {
        name: "lmove",
        syntax: "source destination <LEFT | RIGHT> <LEFT | RIGHT>",
        summary: "Takes an element from an end of one list, puts it at an end of another, and returns it.",
        since: "6.2.0",
        arity: Exactly(5),
        flags: FLAGS,
        keys: KEYS,
        ..FAMILY
    },
);

fn lmove(cx: &mut DataCx<'_>, mut args: Args<'_>) -> Outcome {
    let (source, destination) = (args.word()?, args.word()?);
    let (from, to) = (end(args.word()?)?, end(args.word()?)?);
    if !shift(cx, source, destination, from, to)? {
        cx.reply.null();
    }
    Ok(Flow::Done)
}

pub(crate) const RPOPLPUSH: DataCommand = Command::new(
    rpoplpush,
    Spec {
        name: "rpoplpush",
        syntax: "source destination",
        summary: "Takes an element from the tail of one list, puts it at the head of another, and returns it.",
        since: "1.2.0",
        arity: Exactly(3),
        flags: FLAGS,
        keys: KEYS,
        ..FAMILY
    },
);

fn rpoplpush(cx: &mut DataCx<'_>, mut args: Args<'_>) -> Outcome {
    let (source, destination) = (args.word()?, args.word()?);
    if !shift(cx, source, destination, End::Back, End::Front)? {
        cx.reply.null();
    }
    Ok(Flow::Done)
}

pub(crate) const BLMOVE: DataCommand = Command::new(
    blmove,
    Spec {
        name: "blmove",
        syntax: "source destination <LEFT | RIGHT> <LEFT | RIGHT> timeout",
        summary: "Does what LMOVE does, and waits where there is no element to move.",
        since: "6.2.0",
        arity: Exactly(6),
        flags: FLAGS.and(Flags::BLOCKING),
        keys: KEYS,
        ..FAMILY
    },
);

fn blmove(cx: &mut DataCx<'_>, mut args: Args<'_>) -> Outcome {
    let (source, destination) = (args.word()?, args.word()?);
    let ends = [args.word()?, args.word()?];
    let (from, to) = (end(ends[0])?, end(ends[1])?);
    let deadline = cx.deadline(args.word()?)?;
    if !shift(cx, source, destination, from, to)? {
        return park(cx, source, deadline);
    }
    cx.propagation.instead([b"LMOVE", source, destination, ends[0], ends[1]]);
    Ok(Flow::Done)
}

pub(crate) const BRPOPLPUSH: DataCommand = Command::new(
    brpoplpush,
    Spec {
        name: "brpoplpush",
        history: &[("6.0.0", "blocks for fractions of a second, too")],
        syntax: "source destination timeout",
        summary: "Does what RPOPLPUSH does, and waits where there is no element to move.",
        since: "2.2.0",
        arity: Exactly(4),
        flags: FLAGS.and(Flags::BLOCKING),
        keys: KEYS,
        ..FAMILY
    },
);

fn brpoplpush(cx: &mut DataCx<'_>, mut args: Args<'_>) -> Outcome {
    let (source, destination) = (args.word()?, args.word()?);
    let deadline = cx.deadline(args.word()?)?;
    if !shift(cx, source, destination, End::Back, End::Front)? {
        return park(cx, source, deadline);
    }
    cx.propagation.instead([b"RPOPLPUSH", source, destination]);
    Ok(Flow::Done)
}

fn park(cx: &mut DataCx<'_>, source: &[u8], deadline: Option<Instant>) -> Outcome {
    // compat(7.2): whoever may not wait gets a null, whoever waited in vain a null array.
    if !cx.parking.allowed {
        cx.reply.null();
        return Ok(Flow::Done);
    }
    let keys = vec![source.into()];
    cx.park(Wait { keys, kind: Kind::List, deadline, timeout: TimeoutReply::NullArray })
}

/// Moves an element and returns it. False, and nothing is written, where there is none.
fn shift(
    cx: &mut DataCx<'_>,
    source: &[u8],
    destination: &[u8],
    from: End,
    to: End,
) -> Result<bool, Error> {
    if cx.db.list_mut(source)?.is_none() {
        return Ok(false);
    }
    // Nothing may be taken before it is certain that there is a place for it.
    cx.db.list_mut(destination)?;
    let Some(element) = cx.db.list_mut(source)?.and_then(|mut list| list.pop(from)) else {
        return Ok(false);
    };
    cx.db.list_or_create(destination)?.push(to, &element);
    cx.reply.bulk(&element);
    let event = match to {
        End::Front => "lpush",
        End::Back => "rpush",
    };
    // compat(7.2): both lists have changed, but it counts once.
    cx.db.changed(destination, EventClass::LIST, event, 0);
    let emptied = cx.db.list_mut(source)?.is_some_and(|list| list.is_empty());
    popped(&mut cx.db, source, from, 1, emptied);
    Ok(true)
}
