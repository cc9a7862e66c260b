//! PING, QUIT, RESET.

use super::FAMILY;
use crate::clients::{Closing, ReplyMode};
use crate::commands::{SentinelCommand, SentinelCx};
use command::{Args, Arity, Command, Error, Flags, Flow, Outcome, Proto, Spec};

pub(super) const PING: SentinelCommand = Command::new(
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

fn ping(cx: &mut SentinelCx<'_>, args: Args<'_>) -> Outcome {
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

/// Who may say it: everybody, at any time.
const ALWAYS: Flags = Flags::ALLOW_BUSY
    .and(Flags::NO_SCRIPT)
    .and(Flags::LOADING)
    .and(Flags::STALE)
    .and(Flags::FAST)
    .and(Flags::NO_AUTH);

pub(super) const QUIT: SentinelCommand = Command::new(
    |cx, _| {
        cx.reply.ok();
        cx.sentinel.clients.close(cx.conn, Closing::AfterSending);
        Ok(Flow::Done)
    },
    Spec {
        name: "quit",
        summary: "Closes the connection.",
        arity: Arity::AtLeast(1),
        flags: ALWAYS,
        ..FAMILY
    },
);

pub(super) const RESET: SentinelCommand = Command::new(
    reset,
    Spec {
        name: "reset",
        summary: "Makes the connection as if it had just been opened.",
        since: "6.2.0",
        arity: Arity::Exactly(1),
        flags: ALWAYS,
        ..FAMILY
    },
);

fn reset(cx: &mut SentinelCx<'_>, _: Args<'_>) -> Outcome {
    let conn = cx.conn;
    let mut subscriptions = cx.session().subscriptions.take();
    cx.sentinel.clients.pubsub.leave_all(&mut subscriptions);
    let session = cx.session();
    session.proto = Proto::Resp2;
    session.name.clear();
    session.reply_mode = ReplyMode::On;
    session.no_evict = false;
    cx.sentinel.log_out(conn);
    cx.reply.set_proto(Proto::Resp2);
    cx.reply.simple("RESET");
    Ok(Flow::Done)
}
