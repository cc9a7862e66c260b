//! The two ends of a list: LPUSH and RPUSH, with and without a list to push onto, LPOP and RPOP, and LLEN.

use command::Arity::{AtLeast, Exactly};
use command::{Args, Command, Error, Flags, Flow, Inside, Keys, Outcome, Spec, Writer};
use store::{End, EventClass, ListMut};

use super::{FAMILY, popped};
use crate::{DataCommand, DataCx, reply};

const PUSHES: Flags = Flags::WRITE.and(Flags::DENY_OOM).and(Flags::FAST);

pub(crate) const LPUSH: DataCommand = Command::new(
    |cx, args| push(cx, args, End::Front),
    Spec {
        name: "lpush",
        history: &[("2.4.0", "several elements")],
        syntax: "key element [element ...]",
        summary: "Puts elements at the head of a list, one after the other, creating the list when absent.",
        complexity: "O(1) for each element added",
        arity: AtLeast(3),
        flags: PUSHES,
        keys: &[Keys::at(1).inserts()],
        inside: Inside::Value,
        ..FAMILY
    },
);

pub(crate) const RPUSH: DataCommand = Command::new(
    |cx, args| push(cx, args, End::Back),
    Spec {
        name: "rpush",
        history: &[("2.4.0", "several elements")],
        syntax: "key element [element ...]",
        summary: "Puts elements at the tail of a list, creating the list when absent.",
        complexity: "O(1) for each element added",
        arity: AtLeast(3),
        flags: PUSHES,
        keys: &[Keys::at(1).inserts()],
        inside: Inside::Value,
        ..FAMILY
    },
);

pub(crate) const LPUSHX: DataCommand = Command::new(
    |cx, args| push_if_there(cx, args, End::Front),
    Spec {
        name: "lpushx",
        history: &[("4.0.0", "several elements")],
        syntax: "key element [element ...]",
        summary: "Puts elements at the head of a list that exists.",
        complexity: "O(1) for each element added",
        since: "2.2.0",
        arity: AtLeast(3),
        flags: PUSHES,
        keys: &[Keys::at(1).inserts()],
        inside: Inside::Value,
        ..FAMILY
    },
);

pub(crate) const RPUSHX: DataCommand = Command::new(
    |cx, args| push_if_there(cx, args, End::Back),
    Spec {
        name: "rpushx",
        history: &[("4.0.0", "several elements")],
        syntax: "key element [element ...]",
        summary: "Puts elements at the tail of a list that exists.",
        complexity: "O(1) for each element added",
        since: "2.2.0",
        arity: AtLeast(3),
        flags: PUSHES,
        keys: &[Keys::at(1).inserts()],
        inside: Inside::Value,
        ..FAMILY
    },
);

fn pushed(end: End) -> &'static str {
    match end {
        End::Front => "lpush",
        End::Back => "rpush",
    }
}

fn push(cx: &mut DataCx<'_>, mut args: Args<'_>, end: End) -> Outcome {
    let key = args.word()?;
    let elements = args.rest();
    let mut list = cx.db.list_or_create(key)?;
    list.push_all(end, elements.iter());
    cx.reply.count(list.len());
    cx.db.changed(key, EventClass::LIST, pushed(end), elements.len() as u64);
    Ok(Flow::Done)
}

fn push_if_there(cx: &mut DataCx<'_>, mut args: Args<'_>, end: End) -> Outcome {
    let key = args.word()?;
    let elements = args.rest();
    let Some(mut list) = cx.db.list_mut(key)? else {
        cx.reply.int(0);
        return Ok(Flow::Done);
    };
    list.push_all(end, elements.iter());
    cx.reply.count(list.len());
    cx.db.changed(key, EventClass::LIST, pushed(end), elements.len() as u64);
    Ok(Flow::Done)
}

pub(crate) const LPOP: DataCommand = Command::new(
    |cx, args| pop(cx, args, End::Front, "lpop"),
    Spec {
        name: "lpop",
        history: &[("6.2.0", "a count")],
        syntax: "key [count]",
        summary: "Takes elements from the head of a list and returns them; a list without elements is deleted.",
        complexity: "O(N) where N is the number of elements taken",
        arity: AtLeast(2),
        flags: Flags::WRITE.and(Flags::FAST),
        keys: &[Keys::at(1).pops()],
        inside: Inside::Value,
        ..FAMILY
    },
);

pub(crate) const RPOP: DataCommand = Command::new(
    |cx, args| pop(cx, args, End::Back, "rpop"),
    Spec {
        name: "rpop",
        history: &[("6.2.0", "a count")],
        syntax: "key [count]",
        summary: "Takes elements from the tail of a list and returns them; a list without elements is deleted.",
        complexity: "O(N) where N is the number of elements taken",
        arity: AtLeast(2),
        flags: Flags::WRITE.and(Flags::FAST),
        keys: &[Keys::at(1).pops()],
        inside: Inside::Value,
        ..FAMILY
    },
);

fn pop(cx: &mut DataCx<'_>, mut args: Args<'_>, end: End, name: &str) -> Outcome {
    let key = args.word()?;
    if args.len() > 1 {
        return Err(Error::arity(name));
    }
    let count = match args.is_empty() {
        true => None,
        false => Some(args.int_from(0, Error::NOT_POSITIVE)? as usize),
    };
    let Some(mut list) = cx.db.list_mut(key)? else {
        match count {
            Some(_) => cx.reply.null_array(),
            None => cx.reply.null(),
        }
        return Ok(Flow::Done);
    };
    let taken = match count {
        None => list.take(end, |element| reply::element(&mut cx.reply, element)).map_or(0, |()| 1),
        Some(0) => {
            cx.reply.array(0);
            return Ok(Flow::Done);
        }
        Some(count) => take_many(&mut list, end, count, &mut cx.reply),
    };
    let emptied = list.is_empty();
    popped(&mut cx.db, key, end, taken, emptied);
    Ok(Flow::Done)
}

/// Moves up to `count` elements from an end of the list into an array of the reply, and says how many.
pub(super) fn take_many(
    list: &mut ListMut<'_>,
    end: End,
    count: usize,
    reply: &mut Writer<'_>,
) -> usize {
    let len = list.len();
    let count = count.min(len);
    reply.array(count);
    let range = match end {
        End::Front => 0..count,
        End::Back => len - count..len,
    };
    let elements = list.range(range.clone());
    match end {
        End::Front => elements.for_each(|element| reply::element(reply, element)),
        End::Back => elements.rev().for_each(|element| reply::element(reply, element)),
    }
    list.remove_range(range)
}

pub(crate) const LLEN: DataCommand = Command::new(
    llen,
    Spec {
        name: "llen",
        syntax: "key",
        summary: "Tells how many elements a list has.",
        arity: Exactly(2),
        flags: Flags::READONLY.and(Flags::FAST),
        keys: &[Keys::at(1).inspects()],
        inside: Inside::Value,
        ..FAMILY
    },
);

fn llen(cx: &mut DataCx<'_>, mut args: Args<'_>) -> Outcome {
    let len = cx.db.list(args.word()?)?.map_or(0, |list| list.len());
    cx.reply.count(len);
    Ok(Flow::Done)
}
