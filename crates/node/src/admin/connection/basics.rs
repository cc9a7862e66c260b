//! PING, ECHO, SELECT, QUIT, RESET.

use super::FAMILY;
use crate::admin::{NodeCommand, NodeCx};
use crate::session::{Closing, ReplyMode, Role};
use command::{Args, Arity, Command, Error, Flags, Flow, Outcome, Spec};
use resp::Proto;

pub(crate) const PING: NodeCommand = Command::new(
    ping,
    Spec {
        name: "ping",
        syntax: "[message]",
        summary: "Answers PONG, or the message.",
        arity: Arity::AtLeast(1),
        flags: Flags::FAST,
        tips: &["request_policy:all_shards", "response_policy:all_succeeded"],
        ..FAMILY
    },
);

fn ping(cx: &mut NodeCx<'_>, args: Args<'_>) -> Outcome {
    if args.len() > 1 {
        return Err(Error::arity("ping"));
    }
    // A listening session cannot tell a simple string from a message, so it gets an array.
    if cx.session().is_listening_only() {
        cx.reply.array(2);
        cx.reply.bulk(b"pong");
        cx.reply.bulk(args.peek().unwrap_or_default());
        return Ok(Flow::Done);
    }
    match args.peek() {
        Some(message) => cx.reply.bulk(message),
        None => cx.reply.simple("PONG"),
    }
    Ok(Flow::Done)
}

pub(crate) const ECHO: NodeCommand = Command::new(
    echo,
    Spec {
        name: "echo",
        syntax: "message",
        summary: "Answers the message.",
        arity: Arity::Exactly(2),
        flags: Flags::LOADING.and(Flags::STALE).and(Flags::FAST),
        ..FAMILY
    },
);

fn echo(cx: &mut NodeCx<'_>, mut args: Args<'_>) -> Outcome {
    cx.reply.bulk(args.word()?);
    Ok(Flow::Done)
}

pub(crate) const SELECT: NodeCommand = Command::new(
    select,
    Spec {
        name: "select",
        syntax: "index",
        summary: "Changes the database of the connection.",
        arity: Arity::Exactly(2),
        flags: Flags::LOADING.and(Flags::STALE).and(Flags::FAST),
        ..FAMILY
    },
);

fn select(cx: &mut NodeCx<'_>, mut args: Args<'_>) -> Outcome {
    let index = args.int_32()?;
    let db = usize::try_from(index).ok().filter(|&db| db < cx.node.keyspace.databases());
    cx.session().db = db.ok_or(Error::DB_OUT_OF_RANGE)?;
    cx.reply.ok();
    Ok(Flow::Done)
}

pub(crate) const QUIT: NodeCommand = Command::new(
    quit,
    Spec {
        name: "quit",
        summary: "Closes the connection.",
        arity: Arity::AtLeast(1),
        flags: Flags::ALLOW_BUSY
            .and(Flags::NO_SCRIPT)
            .and(Flags::LOADING)
            .and(Flags::STALE)
            .and(Flags::FAST)
            .and(Flags::NO_AUTH),
        ..FAMILY
    },
);

fn quit(cx: &mut NodeCx<'_>, _: Args<'_>) -> Outcome {
    cx.reply.ok();
    cx.node.close(cx.conn, Closing::AfterSending);
    Ok(Flow::Done)
}

pub(crate) const RESET: NodeCommand = Command::new(
    reset,
    Spec {
        name: "reset",
        summary: "Makes the connection as if it had just been opened.",
        since: "6.2.0",
        arity: Arity::Exactly(1),
        flags: Flags::ALLOW_BUSY
            .and(Flags::NO_SCRIPT)
            .and(Flags::LOADING)
            .and(Flags::STALE)
            .and(Flags::FAST)
            .and(Flags::NO_AUTH),
        ..FAMILY
    },
);

fn reset(cx: &mut NodeCx<'_>, _: Args<'_>) -> Outcome {
    let conn = cx.conn;
    cx.node.discard(conn);
    cx.node.unsubscribe_all(conn);
    cx.node.stop_tracking(conn);
    cx.node.monitors.remove(conn);
    let session = cx.session();
    session.role = Role::Client;
    session.db = 0;
    session.proto = Proto::Resp2;
    session.name.clear();
    session.reply_mode = ReplyMode::On;
    session.no_evict = false;
    session.no_touch = false;
    cx.node.log_out(conn);
    cx.reply.set_proto(Proto::Resp2);
    cx.reply.simple("RESET");
    Ok(Flow::Done)
}
