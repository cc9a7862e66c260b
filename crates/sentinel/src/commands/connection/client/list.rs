//! CLIENT LIST and CLIENT INFO.

use super::line::line;
use super::{ADMIN, SUB};
use crate::clients::Session;
use crate::commands::{SentinelCommand, SentinelCx};
use crate::sentinel::Sentinel;
use ::session::Class;
use command::{Args, Arity, Command, Error, Flow, Outcome, Spec};

pub(super) const INFO: SentinelCommand = Command::new(
    info,
    Spec {
        name: "info",
        summary: "Shows this connection as CLIENT LIST would.",
        since: "6.2.0",
        arity: Arity::Exactly(2),
        tips: &["nondeterministic_output"],
        ..SUB
    },
);

fn info(cx: &mut SentinelCx<'_>, _: Args<'_>) -> Outcome {
    let session = cx.sentinel.clients.get(cx.conn).expect("a session whose command runs");
    let mut text = line(cx.sentinel, session);
    text.push(b'\n');
    cx.reply.verbatim("txt", &text);
    Ok(Flow::Done)
}

pub(super) const LIST: SentinelCommand = Command::new(
    list,
    Spec {
        name: "list",
        syntax: "[TYPE <NORMAL | MASTER | REPLICA | PUBSUB>] [ID client-id [client-id ...]]",
        summary: "Shows all connections, or those of a type, or those with given ids.",
        complexity: "O(N), N being the number of connections",
        arity: Arity::AtLeast(2),

        tips: &["nondeterministic_output"],
        ..ADMIN
    },
);

fn list(cx: &mut SentinelCx<'_>, mut args: Args<'_>) -> Outcome {
    let mut text = Vec::new();
    let mut show = |sentinel: &Sentinel, session: &Session| {
        text.extend_from_slice(&line(sentinel, session));
        text.push(b'\n');
    };
    if args.is_empty() {
        cx.sentinel.clients.iter().for_each(|session| show(cx.sentinel, session));
    } else if args.len() == 2 && args.take_keyword("type") {
        let class = Class::parse(args.word()?)?;
        let chosen = cx.sentinel.clients.iter().filter(|session| class_of(session) == class);
        chosen.for_each(|session| show(cx.sentinel, session));
    } else if args.len() > 1 && args.take_keyword("id") {
        let words = args.rest();
        let ids = words.iter().map(session::client_id);
        for id in ids.collect::<Result<Vec<u64>, Error>>()? {
            let found = cx.sentinel.clients.iter().find(|session| session.id == id);
            found.into_iter().for_each(|session| show(cx.sentinel, session));
        }
    } else {
        return Err(Error::SYNTAX);
    }
    cx.reply.verbatim("txt", &text);
    Ok(Flow::Done)
}

/// The class of a session.
pub(super) fn class_of(session: &Session) -> Class {
    match session.subscription_count() {
        0 => Class::Normal,
        _ => Class::Pubsub,
    }
}
