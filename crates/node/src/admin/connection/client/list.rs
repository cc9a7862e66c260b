//! CLIENT LIST and CLIENT INFO.

use super::{SUB, line};
use crate::admin::{NodeCommand, NodeCx};
use crate::node::Node;
use crate::session::{Role, Session};
use ::session::Class;
use command::{Args, Arity, Categories, Command, Error, Flags, Flow, Outcome, Spec};

pub(super) const INFO: NodeCommand = Command::new(
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

fn info(cx: &mut NodeCx<'_>, args: Args<'_>) -> Outcome {
    weigh_own_words(cx, &args);
    let session = cx.node.sessions.get(cx.conn).expect("a session whose command runs");
    let mut text = line(cx.node, session);
    text.push(b'\n');
    cx.session().argv_bytes = 0;
    cx.reply.verbatim("txt", &text);
    Ok(Flow::Done)
}

pub(super) const LIST: NodeCommand = Command::new(
    list,
    Spec {
        name: "list",
        history: &[
            ("2.8.12", "field id"),
            ("5.0.0", "TYPE"),
            ("6.0.0", "field user"),
            ("6.2.0", "ID; fields argv-mem, tot-mem, laddr and redir"),
            ("7.0.0", "fields resp, multi-mem, rbs and rbp"),
            ("7.0.3", "field ssub"),
        ],
        syntax: "[TYPE <NORMAL | MASTER | REPLICA | PUBSUB>] [ID client-id [client-id ...]]",
        summary: "Shows all connections, or those of a type, or those with given ids.",
        complexity: "O(N), N being the number of connections",
        arity: Arity::AtLeast(2),
        flags: Flags::ADMIN.and(SUB.flags),
        categories: Categories::CONNECTION,
        tips: &["nondeterministic_output"],
        ..SUB
    },
);

/// The session that asks shows the words of its own request.
fn weigh_own_words(cx: &mut NodeCx<'_>, args: &Args<'_>) {
    cx.session().argv_bytes = args.all().iter().map(<[u8]>::len).sum();
}

fn list(cx: &mut NodeCx<'_>, args: Args<'_>) -> Outcome {
    weigh_own_words(cx, &args);
    let text = lines(cx.node, args);
    cx.session().argv_bytes = 0;
    cx.reply.verbatim("txt", &text?);
    Ok(Flow::Done)
}

fn lines(node: &Node, mut args: Args<'_>) -> Result<Vec<u8>, Error> {
    let mut text = Vec::new();
    let mut show = |node: &Node, session: &Session| {
        text.extend_from_slice(&line(node, session));
        text.push(b'\n');
    };
    if args.is_empty() {
        node.sessions.iter().for_each(|session| show(node, session));
    } else if args.len() == 2 && args.take_keyword("type") {
        let class = Class::parse(args.word()?)?;
        let chosen = node.sessions.iter().filter(|session| class_of(session) == class);
        chosen.for_each(|session| show(node, session));
    } else if args.len() > 1 && args.take_keyword("id") {
        let words = args.rest();
        let ids = words.iter().map(session::client_id);
        for id in ids.collect::<Result<Vec<u64>, Error>>()? {
            if let Some(session) = node.sessions.by_id(id) {
                show(node, session);
            }
        }
    } else {
        return Err(Error::SYNTAX);
    }
    Ok(text)
}

/// The class of a session.
pub(super) fn class_of(session: &Session) -> Class {
    match session.role {
        Role::Master => Class::Master,
        Role::Replica => Class::Replica,
        _ if session.subscription_count() > 0 => Class::Pubsub,
        _ => Class::Normal,
    }
}
