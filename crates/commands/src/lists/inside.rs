//! What lies between the ends of a list: LINDEX, LRANGE and LPOS look, LSET, LINSERT, LREM and LTRIM change.

use command::Arity::{AtLeast, Exactly};
use command::{Args, Command, Error, Flags, Flow, Inside, Keys, Outcome, Spec};
use ds::Element;
use store::{End, EventClass, Side};

use super::FAMILY;
use crate::{DataCommand, DataCx, reply, span};

pub(crate) const LINDEX: DataCommand = Command::new(
    lindex,
    Spec {
        name: "lindex",
        syntax: "key index",
        summary: "Returns the element at an index, counted from the head, or from the tail where negative.",
        complexity: "O(N) where N is the distance to the nearer end in nodes",
        arity: Exactly(3),
        flags: Flags::READONLY,
        keys: &[Keys::at(1).reads()],
        inside: Inside::Value,
        ..FAMILY
    },
);

fn lindex(cx: &mut DataCx<'_>, mut args: Args<'_>) -> Outcome {
    // compat(7.2): the index of a list that is not there is not even looked at.
    let Some(list) = cx.db.list(args.word()?)? else {
        cx.reply.null();
        return Ok(Flow::Done);
    };
    match span::place(args.int()?, list.len()).and_then(|place| list.get(place)) {
        Some(element) => reply::element(&mut cx.reply, element),
        None => cx.reply.null(),
    }
    Ok(Flow::Done)
}

pub(crate) const LRANGE: DataCommand = Command::new(
    lrange,
    Spec {
        name: "lrange",
        syntax: "key start stop",
        summary: "Returns the elements from one index to another, both included.",
        complexity: "O(S+N) where S is the distance of the start to the nearer end and N the number of elements returned",
        arity: Exactly(4),
        flags: Flags::READONLY,
        keys: &[Keys::at(1).reads()],
        inside: Inside::Value,
        ..FAMILY
    },
);

fn lrange(cx: &mut DataCx<'_>, mut args: Args<'_>) -> Outcome {
    let key = args.word()?;
    let (start, stop) = (args.int()?, args.int()?);
    let Some(list) = cx.db.list(key)? else {
        cx.reply.array(0);
        return Ok(Flow::Done);
    };
    let range = span::within(start, stop, list.len());
    cx.reply.array(range.len());
    list.range(range).for_each(|element| reply::element(&mut cx.reply, element));
    Ok(Flow::Done)
}

pub(crate) const LPOS: DataCommand = Command::new(
    lpos,
    Spec {
        name: "lpos",
        syntax: "key element [RANK rank] [COUNT num-matches] [MAXLEN len]",
        summary: "Finds the indexes of elements that equal a given one.",
        complexity: "O(N) where N is the number of elements looked at",
        since: "6.0.6",
        arity: AtLeast(3),
        flags: Flags::READONLY,
        keys: &[Keys::at(1).reads()],
        ..FAMILY
    },
);

/// compat(7.2): the sentence of Redis, for clients that show it.
const RANK_ZERO: Error = Error::fixed(
    "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use negative to start from the end of the list",
);

fn lpos(cx: &mut DataCx<'_>, mut args: Args<'_>) -> Outcome {
    let key = args.word()?;
    let wanted = Element::of(args.word()?);
    let (mut rank, mut count, mut looks) = (1, None, 0);
    while !args.is_empty() {
        if args.take_keyword("RANK") {
            rank = args.int()?;
            match rank {
                0 => return Err(RANK_ZERO),
                i64::MIN => return Err(Error::NOT_NEGATABLE),
                _ => {}
            }
        } else if args.take_keyword("COUNT") {
            count = Some(args.int_from(0, Error::fixed("ERR COUNT can't be negative"))?);
        } else if args.take_keyword("MAXLEN") {
            looks = args.int_from(0, Error::fixed("ERR MAXLEN can't be negative"))?;
        } else {
            return Err(Error::SYNTAX);
        }
    }
    let unlimited = |n: i64| if n == 0 { usize::MAX } else { n as usize };
    let Some(list) = cx.db.list(key)? else {
        match count {
            Some(_) => cx.reply.array(0),
            None => cx.reply.null(),
        }
        return Ok(Flow::Done);
    };
    let len = list.len();
    let place = cx.reply.defer();
    let mut found = 0;
    let mut tell = |index: usize| {
        cx.reply.count(index);
        found += 1;
    };
    // Whatever the direction, indexes are told as LINDEX counts them.
    let (skip, take) = (rank.unsigned_abs() as usize - 1, count.map_or(1, unlimited));
    let elements = list.iter();
    if rank > 0 {
        let matches = elements.enumerate().take(unlimited(looks)).filter(|it| it.1 == wanted);
        matches.skip(skip).take(take).for_each(|(index, _)| tell(index));
    } else {
        let matches = elements.rev().enumerate().take(unlimited(looks)).filter(|it| it.1 == wanted);
        matches.skip(skip).take(take).for_each(|(index, _)| tell(len - 1 - index));
    }
    match count {
        Some(_) => cx.reply.finish_array(place, found),
        None if found == 0 => cx.reply.null(),
        None => {}
    }
    Ok(Flow::Done)
}

pub(crate) const LSET: DataCommand = Command::new(
    lset,
    Spec {
        name: "lset",
        syntax: "key index element",
        summary: "Puts another element in the place of the one at an index.",
        complexity: "O(N) where N is the distance to the nearer end in nodes",
        arity: Exactly(4),
        flags: Flags::WRITE.and(Flags::DENY_OOM),
        keys: &[Keys::at(1).updates()],
        inside: Inside::Value,
        ..FAMILY
    },
);

fn lset(cx: &mut DataCx<'_>, mut args: Args<'_>) -> Outcome {
    let key = args.word()?;
    let mut list = cx.db.list_mut(key)?.ok_or(Error::NO_SUCH_KEY)?;
    let index = args.int()?;
    let place = span::place(index, list.len()).ok_or(Error::INDEX_OUT_OF_RANGE)?;
    list.set(place, args.word()?);
    cx.reply.ok();
    cx.db.changed(key, EventClass::LIST, "lset", 1);
    Ok(Flow::Done)
}

pub(crate) const LINSERT: DataCommand = Command::new(
    linsert,
    Spec {
        name: "linsert",
        syntax: "key <BEFORE | AFTER> pivot element",
        summary: "Puts an element beside the first one that equals the pivot.",
        complexity: "O(N) where N is the number of elements before the pivot",
        since: "2.2.0",
        arity: Exactly(5),
        flags: Flags::WRITE.and(Flags::DENY_OOM),
        keys: &[Keys::at(1).inserts()],
        ..FAMILY
    },
);

fn linsert(cx: &mut DataCx<'_>, mut args: Args<'_>) -> Outcome {
    let key = args.word()?;
    let side = match args.word()? {
        word if word.eq_ignore_ascii_case(b"AFTER") => Side::After,
        word if word.eq_ignore_ascii_case(b"BEFORE") => Side::Before,
        _ => return Err(Error::SYNTAX),
    };
    let (pivot, element) = (args.word()?, args.word()?);
    let Some(mut list) = cx.db.list_mut(key)? else {
        cx.reply.int(0);
        return Ok(Flow::Done);
    };
    if !list.insert_beside(pivot, side, element) {
        cx.reply.int(-1);
        return Ok(Flow::Done);
    }
    cx.reply.count(list.len());
    cx.db.changed(key, EventClass::LIST, "linsert", 1);
    Ok(Flow::Done)
}

pub(crate) const LREM: DataCommand = Command::new(
    lrem,
    Spec {
        name: "lrem",
        syntax: "key count element",
        summary: "Removes elements that equal a given one: as many as asked for, from the tail where negative, all where zero.",
        complexity: "O(N+M) where N is the length of the list and M the number of elements removed",
        arity: Exactly(4),
        flags: Flags::WRITE,
        keys: &[Keys::at(1).deletes()],
        ..FAMILY
    },
);

fn lrem(cx: &mut DataCx<'_>, mut args: Args<'_>) -> Outcome {
    let key = args.word()?;
    let count = args.int()?;
    let element = args.word()?;
    let (most, from) = match count {
        0 => (usize::MAX, End::Front),
        1.. => (count as usize, End::Front),
        _ => (count.unsigned_abs() as usize, End::Back),
    };
    let Some(mut list) = cx.db.list_mut(key)? else {
        cx.reply.int(0);
        return Ok(Flow::Done);
    };
    let removed = list.remove_matching(element, most, from);
    let emptied = list.is_empty();
    cx.reply.count(removed);
    if removed > 0 {
        cx.db.changed(key, EventClass::LIST, "lrem", removed as u64);
    }
    if emptied {
        cx.db.remove_if_empty(key);
    }
    Ok(Flow::Done)
}

pub(crate) const LTRIM: DataCommand = Command::new(
    ltrim,
    Spec {
        name: "ltrim",
        syntax: "key start stop",
        summary: "Removes all elements but those from one index to another, both included.",
        complexity: "O(N) where N is the number of elements removed",
        arity: Exactly(4),
        flags: Flags::WRITE,
        keys: &[Keys::at(1).deletes()],
        ..FAMILY
    },
);

fn ltrim(cx: &mut DataCx<'_>, mut args: Args<'_>) -> Outcome {
    let key = args.word()?;
    let (start, stop) = (args.int()?, args.int()?);
    if let Some(mut list) = cx.db.list_mut(key)? {
        let removed = list.trim(span::within(start, stop, list.len()));
        let emptied = list.is_empty();
        // compat(7.2): the event is sent even where nothing had to go.
        cx.db.changed(key, EventClass::LIST, "ltrim", removed as u64);
        if emptied {
            cx.db.remove_if_empty(key);
        }
    }
    cx.reply.ok();
    Ok(Flow::Done)
}
