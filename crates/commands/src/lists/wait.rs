//! Pops that wait for an element: BLPOP and BRPOP.
//!
//! A parked session runs the very same command again when one of its keys may have something, so that serving and
//! asking are one path. What was served is propagated as the pop it came to: replicas never wait.

use command::Arity::AtLeast;
use command::{Args, Command, Error, Flags, Flow, Keys, Outcome, Spec, Words};
use stdx::Instant;
use store::{End, Kind};

use super::{FAMILY, pop_name, popped};
use crate::{DataCommand, DataCx, TimeoutReply, Wait, reply};

const KEYS: &[Keys] = &[Keys::range(1, -2, 1).pops()];

pub(crate) const BLPOP: DataCommand = Command::new(
    |cx, args| blocking_pop(cx, args, End::Front),
    Spec {
        name: "blpop",
        history: &[("6.0.0", "blocks for fractions of a second, too")],
        syntax: "key [key ...] timeout",
        summary: "Takes an element from the head of the first list that has one, and waits where none has.",
        complexity: "O(N) where N is the number of keys",
        since: "2.0.0",
        arity: AtLeast(3),
        flags: Flags::WRITE.and(Flags::BLOCKING),
        keys: KEYS,
        ..FAMILY
    },
);

pub(crate) const BRPOP: DataCommand = Command::new(
    |cx, args| blocking_pop(cx, args, End::Back),
    Spec {
        name: "brpop",
        history: &[("6.0.0", "blocks for fractions of a second, too")],
        syntax: "key [key ...] timeout",
        summary: "Takes an element from the tail of the first list that has one, and waits where none has.",
        complexity: "O(N) where N is the number of keys",
        since: "2.0.0",
        arity: AtLeast(3),
        flags: Flags::WRITE.and(Flags::BLOCKING),
        keys: KEYS,
        ..FAMILY
    },
);

fn blocking_pop(cx: &mut DataCx<'_>, args: Args<'_>, end: End) -> Outcome {
    let words = args.rest();
    let last = words.len().checked_sub(1).ok_or(Error::SYNTAX)?;
    let (keys, deadline) = (words.first(last), cx.deadline(&words[last])?);
    for key in keys.iter() {
        let Some(mut list) = cx.db.list_mut(key)? else { continue };
        cx.reply.array(2);
        cx.reply.bulk(key);
        list.take(end, |element| reply::element(&mut cx.reply, element));
        let emptied = list.is_empty();
        popped(&mut cx.db, key, end, 1, emptied);
        cx.propagation.instead([pop_name(end), key]);
        return Ok(Flow::Done);
    }
    park(cx, keys, deadline)
}

/// Lets the session wait for an element in any of these lists.
pub(super) fn park(cx: &mut DataCx<'_>, keys: Words<'_>, deadline: Option<Instant>) -> Outcome {
    cx.park(Wait {
        keys: keys.iter().map(Into::into).collect(),
        kind: Kind::List,
        deadline,
        timeout: TimeoutReply::NullArray,
    })
}
