//! SUBSCRIBE and its kind, PUBLISH, PUBSUB.

use super::{NodeCommand, NodeCx};
use crate::call::Context;
use crate::node::Node;
use command::{
    Args, Arity, Categories, Channels, Command, Error, Flags, Flow, Group, KeyFlags, Keys, Outcome,
    Spec, Writer,
};
use session::{Way, write_subscription};
use stdx::glob;
use world::ConnId;

pub(crate) const TABLE: &[&NodeCommand] = &[
    &PSUBSCRIBE,
    &PUBLISH,
    &PUBSUB,
    &PUNSUBSCRIBE,
    &SPUBLISH,
    &SSUBSCRIBE,
    &SUBSCRIBE,
    &SUNSUBSCRIBE,
    &UNSUBSCRIBE,
];

const FAMILY: Spec = Spec {
    flags: Flags::PUBSUB.and(Flags::NO_SCRIPT).and(Flags::LOADING).and(Flags::STALE),
    categories: Categories::PUBSUB,
    complexity: "O(N), N being the number of channels",
    since: "2.0.0",
    ..Spec::of(Group::Pubsub)
};

/// Shard channels are placed like keys, though they are none.
const SHARD_CHANNELS: &[Keys] = &[Keys::range(1, -1, 1).flags(KeyFlags::NOT_KEY)];

const SUBSCRIBE: NodeCommand = Command::new(
    |cx, args| subscribe(cx, args, Way::Channel, b"subscribe"),
    Spec {
        name: "subscribe",
        syntax: "channel [channel ...]",
        summary: "Listens to channels.",
        channels: Channels::All,
        arity: Arity::AtLeast(2),
        ..FAMILY
    },
);

const PSUBSCRIBE: NodeCommand = Command::new(
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

const SSUBSCRIBE: NodeCommand = Command::new(
    |cx, args| subscribe(cx, args, Way::Shard, b"ssubscribe"),
    Spec {
        name: "ssubscribe",
        syntax: "shardchannel [shardchannel ...]",
        summary: "Listens to shard channels.",
        channels: Channels::All,
        since: "7.0.0",
        arity: Arity::AtLeast(2),
        keys: SHARD_CHANNELS,
        ..FAMILY
    },
);

fn subscribe(cx: &mut NodeCx<'_>, args: Args<'_>, way: Way, word: &[u8]) -> Outcome {
    let conn = cx.conn;
    // compat(7.2): the older commands may stand in a transaction, though replies can be more than commands then.
    if way == Way::Shard && cx.context == Context::Exec {
        return Err(Error::fixed("ERR SSUBSCRIBE isn't allowed for a DENY BLOCKING client"));
    }
    for channel in args.rest().iter() {
        let count = cx.node.hear(conn, way, channel);
        tell(cx, word, Some(channel), count);
    }
    Ok(Flow::Done)
}

const UNSUBSCRIBE: NodeCommand = Command::new(
    |cx, args| unsubscribe(cx, args, Way::Channel, b"unsubscribe"),
    Spec {
        name: "unsubscribe",
        syntax: "[channel [channel ...]]",
        summary: "Stops listening to channels, or to all of them.",
        arity: Arity::AtLeast(1),
        ..FAMILY
    },
);

const PUNSUBSCRIBE: NodeCommand = Command::new(
    |cx, args| unsubscribe(cx, args, Way::Pattern, b"punsubscribe"),
    Spec {
        name: "punsubscribe",
        syntax: "[pattern [pattern ...]]",
        summary: "Stops listening to patterns, or to all of them.",
        arity: Arity::AtLeast(1),
        ..FAMILY
    },
);

const SUNSUBSCRIBE: NodeCommand = Command::new(
    |cx, args| unsubscribe(cx, args, Way::Shard, b"sunsubscribe"),
    Spec {
        name: "sunsubscribe",
        syntax: "[shardchannel [shardchannel ...]]",
        summary: "Stops listening to shard channels, or to all of them.",
        since: "7.0.0",
        arity: Arity::AtLeast(1),
        keys: SHARD_CHANNELS,
        ..FAMILY
    },
);

fn unsubscribe(cx: &mut NodeCx<'_>, args: Args<'_>, way: Way, word: &[u8]) -> Outcome {
    let conn = cx.conn;
    let channels: Vec<Box<[u8]>> = if args.is_empty() {
        cx.node.heard(conn, way)
    } else {
        args.rest().iter().map(Box::from).collect()
    };
    if channels.is_empty() {
        let count = cx.node.listening_count(conn, way);
        tell(cx, word, None, count);
    }
    for channel in channels {
        let count = cx.node.stop_listening(conn, way, &channel);
        tell(cx, word, Some(&channel), count);
    }
    Ok(Flow::Done)
}

/// Tells a session what it listens to now. This is no reply but a push: CLIENT REPLY does not silence it.
fn tell(cx: &mut NodeCx<'_>, word: &[u8], channel: Option<&[u8]>, count: usize) {
    let write = |reply: &mut Writer<'_>| write_subscription(reply, word, channel, count);
    if cx.session().reply_mode.is_silent() {
        cx.node.send(cx.conn, write);
    } else {
        write(&mut cx.reply);
    }
}

const PUBLISH: NodeCommand = Command::new(
    publish,
    Spec {
        name: "publish",
        syntax: "channel message",
        channels: Channels::First,
        summary: "Sends a message to all who listen.",
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

fn publish(cx: &mut NodeCx<'_>, mut args: Args<'_>) -> Outcome {
    let (channel, message) = (args.word()?, args.word()?);
    let count = cx.node.publish(channel, message);
    // Those who listen at replicas hear it as well.
    cx.node.propagation.instead(args.all().iter());
    cx.reply.count(count);
    Ok(Flow::Done)
}

const SPUBLISH: NodeCommand = Command::new(
    spublish,
    Spec {
        name: "spublish",
        syntax: "shardchannel message",
        channels: Channels::First,
        summary: "Sends a message to all who listen to a shard channel.",
        complexity: "O(N), N being the listeners of the channel",
        since: "7.0.0",
        arity: Arity::Exactly(3),
        flags: Flags::PUBSUB
            .and(Flags::LOADING)
            .and(Flags::STALE)
            .and(Flags::FAST)
            .and(Flags::MAY_REPLICATE),
        keys: &[Keys::at(1).flags(KeyFlags::NOT_KEY)],
        ..FAMILY
    },
);

fn spublish(cx: &mut NodeCx<'_>, mut args: Args<'_>) -> Outcome {
    let (channel, message) = (args.word()?, args.word()?);
    let count = cx.node.publish_shard(channel, message);
    cx.node.propagation.instead(args.all().iter());
    cx.reply.count(count);
    Ok(Flow::Done)
}

const CONTAINER: Spec = Spec { since: "2.8.0", flags: Flags::NONE, ..FAMILY };
const QUESTION: Spec =
    Spec { flags: Flags::PUBSUB.and(Flags::LOADING).and(Flags::STALE), ..CONTAINER };

const PUBSUB: NodeCommand = Command::container(
    |_, _| Err(Error::arity("pubsub")),
    Spec {
        name: "pubsub",
        syntax: "subcommand",
        summary: "Questions about who listens.",
        arity: Arity::AtLeast(2),
        categories: Categories::NONE,
        ..CONTAINER
    },
    &[&CHANNELS, &HELP, &NUMPAT, &NUMSUB, &SHARDCHANNELS, &SHARDNUMSUB],
);

const CHANNELS: NodeCommand = Command::new(
    |cx, args| channels(cx, args, Way::Channel),
    Spec {
        name: "channels",
        syntax: "[pattern]",
        summary: "Lists the channels somebody listens to.",
        arity: Arity::AtLeast(2),
        ..QUESTION
    },
);

const SHARDCHANNELS: NodeCommand = Command::new(
    |cx, args| channels(cx, args, Way::Shard),
    Spec {
        name: "shardchannels",
        syntax: "[pattern]",
        summary: "Lists the shard channels somebody listens to.",
        since: "7.0.0",
        arity: Arity::AtLeast(2),
        ..QUESTION
    },
);

fn channels(cx: &mut NodeCx<'_>, mut args: Args<'_>, way: Way) -> Outcome {
    args.at_most(1)?;
    let pattern = args.next();
    let names = cx.node.pubsub.names(way).into_iter();
    let names: Vec<_> =
        names.filter(|name| pattern.is_none_or(|pattern| glob::matches(pattern, name))).collect();
    cx.reply.array(names.len());
    names.into_iter().for_each(|name| cx.reply.bulk(name));
    Ok(Flow::Done)
}

const NUMSUB: NodeCommand = Command::new(
    |cx, args| numsub(cx, args, Way::Channel),
    Spec {
        name: "numsub",
        syntax: "[channel [channel ...]]",
        summary: "Counts the listeners of channels.",
        arity: Arity::AtLeast(2),
        ..QUESTION
    },
);

const SHARDNUMSUB: NodeCommand = Command::new(
    |cx, args| numsub(cx, args, Way::Shard),
    Spec {
        name: "shardnumsub",
        syntax: "[shardchannel [shardchannel ...]]",
        summary: "Counts the listeners of shard channels.",
        since: "7.0.0",
        arity: Arity::AtLeast(2),
        ..QUESTION
    },
);

fn numsub(cx: &mut NodeCx<'_>, args: Args<'_>, way: Way) -> Outcome {
    cx.reply.array(args.len() * 2);
    for channel in args.rest().iter() {
        cx.reply.bulk(channel);
        cx.reply.count(cx.node.pubsub.listeners(way, channel));
    }
    Ok(Flow::Done)
}

const NUMPAT: NodeCommand = Command::new(
    |cx, _| {
        cx.reply.count(cx.node.pubsub.count(Way::Pattern));
        Ok(Flow::Done)
    },
    Spec {
        name: "numpat",
        summary: "Counts the patterns somebody listens to.",
        arity: Arity::Exactly(2),
        ..QUESTION
    },
);

const HELP: NodeCommand = Command::new(
    |cx, _| super::help(cx, &PUBSUB),
    Spec {
        name: "help",
        summary: "Shows what PUBSUB can be asked.",
        since: "6.2.0",
        arity: Arity::Exactly(2),
        flags: Flags::LOADING.and(Flags::STALE),
        categories: Categories::NONE,
        ..CONTAINER
    },
);

impl Node {
    /// A session listens; to how many it does now, as its reply tells.
    fn hear(&mut self, conn: ConnId, way: Way, channel: &[u8]) -> usize {
        let Some(session) = self.sessions.get_mut(conn) else { return 0 };
        self.pubsub.join(conn, &mut session.subscriptions, way, channel)
    }

    fn stop_listening(&mut self, conn: ConnId, way: Way, channel: &[u8]) -> usize {
        let Some(session) = self.sessions.get_mut(conn) else { return 0 };
        self.pubsub.leave(&mut session.subscriptions, way, channel)
    }

    fn listening_count(&self, conn: ConnId, way: Way) -> usize {
        let mine = self.sessions.get(conn).and_then(|it| it.subscriptions.as_ref());
        mine.map_or(0, |mine| mine.count_beside(way))
    }

    fn heard(&self, conn: ConnId, way: Way) -> Vec<Box<[u8]>> {
        let mine = self.sessions.get(conn).and_then(|it| it.subscriptions.as_ref());
        mine.map_or_else(Vec::new, |mine| mine.names(way).into_iter().map(Box::from).collect())
    }

    /// A session stops listening to anything, without a word.
    pub(crate) fn unsubscribe_all(&mut self, conn: ConnId) {
        if let Some(session) = self.sessions.get_mut(conn) {
            self.pubsub.leave_all(&mut session.subscriptions);
        }
    }
}
