//! CLIENT KILL: by address, or by any mix of filters.

use super::ADMIN;
use super::list::class_of;
use crate::clients::{Closing, Session};
use crate::commands::{SentinelCommand, SentinelCx};
use ::session::{Candidate, Filter};
use command::{Args, Arity, Command, Error, Flow, Outcome, Spec};
use world::ConnId;

pub(super) const KILL: SentinelCommand = Command::new(
    kill,
    Spec {
        name: "kill",
        syntax: "<ip:port | <[ID client-id] | [TYPE <NORMAL | MASTER | SLAVE | REPLICA | PUBSUB>] | \
                 [USER username] | [ADDR ip:port] | [LADDR ip:port] | [SKIPME <YES | NO>]> ...>",
        summary: "Closes connections.",
        complexity: "O(N), N being the number of connections",
        arity: Arity::AtLeast(3),
        ..ADMIN
    },
);

fn kill(cx: &mut SentinelCx<'_>, mut args: Args<'_>) -> Outcome {
    let old_style = args.len() == 1;
    let filter = if old_style {
        Filter::at(args.word()?)
    } else {
        Filter::parse(args, |name| cx.sentinel.clients.users.get(name).is_some())?
    };
    let me = cx.conn;
    let chosen: Vec<ConnId> = cx
        .sentinel
        .clients
        .iter()
        .filter(|session| !(filter.skip_me && session.conn == me) && session.closing.is_none())
        .filter(|session| filter.fits(&candidate(session)))
        .map(|session| session.conn)
        .collect();
    if old_style && chosen.is_empty() {
        return Err(Error::fixed("ERR No such client"));
    }
    for &conn in &chosen {
        // Whoever closes itself still gets the reply.
        cx.sentinel
            .clients
            .close(conn, if conn == me { Closing::AfterSending } else { Closing::Now });
    }
    if old_style {
        cx.reply.ok();
    } else {
        cx.reply.count(chosen.len());
    }
    Ok(Flow::Done)
}

/// A session as the filter looks at it.
fn candidate(session: &Session) -> Candidate<'_> {
    Candidate {
        id: session.id,
        class: class_of(session),
        peer: &session.peer,
        local: &session.local,
        user: session.user.name(),
    }
}
