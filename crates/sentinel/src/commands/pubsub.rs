//! SUBSCRIBE and its kind; PUBLISH, which is for hellos only.

use super::{SentinelCommand, SentinelCx};
use crate::hello::CHANNEL;
use ::session::{Way, write_subscription};
use command::{
    Args, Arity, Categories, Channels, Command, Error, Flags, Flow, Group, Outcome, Spec,
};

pub(super) const TABLE: &[&SentinelCommand] =
    &[&PSUBSCRIBE, &PUBLISH, &PUNSUBSCRIBE, &SUBSCRIBE, &UNSUBSCRIBE];

const FAMILY: Spec = Spec {
    flags: Flags::PUBSUB.and(Flags::NO_SCRIPT).and(Flags::LOADING).and(Flags::STALE),
    categories: Categories::PUBSUB,
    complexity: "O(N), N being the number of channels",
    since: "2.0.0",
    ..Spec::of(Group::Pubsub)
};

const SUBSCRIBE: SentinelCommand = Command::new(
    |cx, args| subscribe(cx, args, Way::Channel, b"subscribe"),
    Spec {
        name: "subscribe",
        syntax: "channel [channel ...]",
        summary: "Listens to channels: every event has one of its name.",
        channels: Channels::All,
        arity: Arity::AtLeast(2),
        ..FAMILY
    },
);

const PSUBSCRIBE: SentinelCommand = Command::new(
    |cx, args| subscribe(cx, args, Way::Pattern, b"psubscribe"),
    Spec {
        name: "psubscribe",
        syntax: "pattern [pattern ...]",
        summary: "Listens to all channels that match patterns.",
        channels: Channels::Patterns,
        arity: Arity::AtLeast(2),
        ..FAMILY
    },
);

fn subscribe(cx: &mut SentinelCx<'_>, args: Args<'_>, way: Way, word: &[u8]) -> Outcome {
    for name in args.rest().iter() {
        let count = turn(cx, |all, conn, mine| all.join(conn, mine, way, name));
        tell(cx, word, Some(name), count);
    }
    Ok(Flow::Done)
}

const UNSUBSCRIBE: SentinelCommand = Command::new(
    |cx, args| unsubscribe(cx, args, Way::Channel, b"unsubscribe"),
    Spec {
        name: "unsubscribe",
        syntax: "[channel [channel ...]]",
        summary: "Stops listening to channels, or to all of them.",
        arity: Arity::AtLeast(1),
        ..FAMILY
    },
);

const PUNSUBSCRIBE: SentinelCommand = Command::new(
    |cx, args| unsubscribe(cx, args, Way::Pattern, b"punsubscribe"),
    Spec {
        name: "punsubscribe",
        syntax: "[pattern [pattern ...]]",
        summary: "Stops listening to patterns, or to all of them.",
        arity: Arity::AtLeast(1),
        ..FAMILY
    },
);

fn unsubscribe(cx: &mut SentinelCx<'_>, args: Args<'_>, way: Way, word: &[u8]) -> Outcome {
    let mine = cx.session().subscriptions.as_ref();
    let count = mine.map_or(0, |mine| mine.count_beside(way));
    let names: Vec<Box<[u8]>> = if args.is_empty() {
        mine.map_or_else(Vec::new, |mine| mine.names(way).into_iter().map(Box::from).collect())
    } else {
        args.rest().iter().map(Box::from).collect()
    };
    if names.is_empty() {
        tell(cx, word, None, count);
    }
    for name in names {
        let count = turn(cx, |all, _, mine| all.leave(mine, way, &name));
        tell(cx, word, Some(&name), count);
    }
    Ok(Flow::Done)
}

/// Does something with what a session listens to.
fn turn(
    cx: &mut SentinelCx<'_>,
    act: impl FnOnce(
        &mut ::session::Pubsub,
        world::ConnId,
        &mut Option<Box<::session::Subscriptions>>,
    ) -> usize,
) -> usize {
    let mut mine = cx.session().subscriptions.take();
    let count = act(&mut cx.sentinel.clients.pubsub, cx.conn, &mut mine);
    cx.session().subscriptions = mine;
    count
}

/// Tells a session what it listens to now. This is no reply but a message: CLIENT REPLY does not silence it.
fn tell(cx: &mut SentinelCx<'_>, word: &[u8], name: Option<&[u8]>, count: usize) {
    if cx.session().reply_mode.is_silent() {
        cx.sentinel.tell(cx.conn, |w| write_subscription(w, word, name, count));
    } else {
        write_subscription(&mut cx.reply, word, name, count);
    }
}

const PUBLISH: SentinelCommand = Command::new(
    publish,
    Spec {
        name: "publish",
        syntax: "channel message",
        summary: "Tells this Sentinel a hello of another one.",
        complexity: "O(N+M), N being the listeners of the channel and M the patterns",
        arity: Arity::Exactly(3),
        flags: Flags::PUBSUB
            .and(Flags::LOADING)
            .and(Flags::STALE)
            .and(Flags::FAST)
            .and(Flags::MAY_REPLICATE),
        ..FAMILY
    },
);

fn publish(cx: &mut SentinelCx<'_>, mut args: Args<'_>) -> Outcome {
    let (channel, message) = (args.word()?, args.word()?);
    if channel != CHANNEL {
        return Err(Error::fixed("ERR Only HELLO messages are accepted by Sentinel instances."));
    }
    cx.sentinel.hear_hello(message);
    cx.reply.int(1);
    Ok(Flow::Done)
}
