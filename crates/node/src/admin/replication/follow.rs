//! REPLICAOF, SLAVEOF, ROLE.

use super::FAMILY;
use crate::admin::connection::client;
use crate::admin::{NodeCommand, NodeCx};
use command::{Args, Arity, Categories, Command, Error, Flags, Flow, Outcome, Spec};
use config::Source;
use replication::{ReplicaOf, Role};
use world::Level;

const FLAGS: Flags =
    Flags::ADMIN.and(Flags::NO_SCRIPT).and(Flags::STALE).and(Flags::NO_ASYNC_LOADING);

pub(super) const REPLICAOF: NodeCommand = Command::new(
    replicaof,
    Spec {
        name: "replicaof",
        syntax: "<host port | NO ONE>",
        summary: "Makes the server follow another, or none.",
        since: "5.0.0",
        arity: Arity::Exactly(3),
        flags: FLAGS,
        ..FAMILY
    },
);

pub(super) const SLAVEOF: NodeCommand = Command::new(
    replicaof,
    Spec {
        name: "slaveof",
        syntax: "<host port | NO ONE>",
        summary: "The old name of REPLICAOF.",
        arity: Arity::Exactly(3),
        flags: FLAGS,
        ..FAMILY
    },
);

fn replicaof(cx: &mut NodeCx<'_>, mut args: Args<'_>) -> Outcome {
    let (host, port) = (args.word()?, args.word()?);
    if cx.node.is_failing_over() {
        return Err(Error::fixed("ERR REPLICAOF not allowed while failing over."));
    }
    let session = cx.node.sessions.get(cx.conn).expect("a session whose command runs");
    let who = String::from_utf8_lossy(&client::line(cx.node, session)).into_owned();
    if host.eq_ignore_ascii_case(b"no") && port.eq_ignore_ascii_case(b"one") {
        if cx.node.repl.promote(cx.node.now) {
            cx.node.config.values.set_source(None);
            cx.node.log(Level::Notice, format!("MASTER MODE enabled (user request from '{who}')"));
            cx.node.settle_replication();
        }
        cx.reply.ok();
        return Ok(Flow::Done);
    }
    if cx.session().role == crate::session::Role::Replica {
        return Err(Error::fixed("ERR Command is not valid when client is a replica."));
    }
    let number = stdx::integer::parse_i64(port).ok_or(Error::fixed("ERR Invalid master port"))?;
    let port = u16::try_from(number).map_err(|_| Error::fixed("ERR Invalid master port"))?;
    let host = String::from_utf8_lossy(host).into_owned();
    if cx.node.config.values.is_own_address(&host, port) {
        return Err(Error::fixed("ERR REPLICAOF would make the server a replica of itself"));
    }
    match cx.node.repl.replicaof(cx.node.now, &host, port) {
        ReplicaOf::Already => cx.reply.simple("OK Already connected to specified master"),
        ReplicaOf::FailingOver => {
            return Err(Error::fixed("ERR REPLICAOF not allowed while failing over."));
        }
        ReplicaOf::Started => {
            let name = format!("{host}:{port}");
            cx.node.config.values.set_source(Some(Source { host, port }));
            cx.node.log(
                Level::Notice,
                format!("REPLICAOF {name} enabled (user request from '{who}')"),
            );
            cx.reply.ok();
        }
    }
    cx.node.settle_replication();
    Ok(Flow::Done)
}

pub(super) const ROLE: NodeCommand = Command::new(
    role,
    Spec {
        name: "role",
        summary: "Tells the role of the server in replication.",
        since: "2.8.12",
        arity: Arity::Exactly(1),
        flags: Flags::NO_SCRIPT.and(Flags::LOADING).and(Flags::STALE).and(Flags::FAST),
        categories: Categories::ADMIN.and(Categories::DANGEROUS),
        ..FAMILY
    },
);

fn role(cx: &mut NodeCx<'_>, _: Args<'_>) -> Outcome {
    match cx.node.repl.role() {
        Role::Primary { offset, replicas } => {
            cx.reply.array(3);
            cx.reply.text("master");
            cx.reply.int(offset as i64);
            cx.reply.array(replicas.len());
            for (host, port, acked) in replicas {
                cx.reply.array(3);
                cx.reply.text(&host);
                cx.reply.text(&port.to_string());
                cx.reply.text(&acked.to_string());
            }
        }
        Role::Replica { host, port, state, offset } => {
            cx.reply.array(5);
            cx.reply.text("slave");
            cx.reply.text(&host);
            cx.reply.int(i64::from(port));
            cx.reply.text(state);
            cx.reply.int(offset);
        }
    }
    Ok(Flow::Done)
}
