//! SYNC, PSYNC, REPLCONF: what replicas say.

use super::FAMILY;
use crate::admin::{NodeCommand, NodeCx};
use crate::session::Role;
use command::{Args, Arity, Command, Error, Flags, Flow, Outcome, Spec};
use replication::Replconf;
use world::Peer;

const FLAGS: Flags =
    Flags::ADMIN.and(Flags::NO_SCRIPT).and(Flags::NO_MULTI).and(Flags::NO_ASYNC_LOADING);

pub(super) const SYNC: NodeCommand = Command::new(
    sync,
    Spec {
        name: "sync",
        summary: "Makes the connection that of a replica, as before Redis 2.8.",
        arity: Arity::Exactly(1),
        flags: FLAGS,
        ..FAMILY
    },
);

pub(super) const PSYNC: NodeCommand = Command::new(
    sync,
    Spec {
        name: "psync",
        syntax: "replicationid offset",
        summary: "Makes the connection that of a replica, which goes on from where it was if it can.",
        since: "2.8.0",
        arity: Arity::AtLeast(3),
        flags: FLAGS,
        ..FAMILY
    },
);

fn sync(cx: &mut NodeCx<'_>, args: Args<'_>) -> Outcome {
    let conn = cx.conn;
    if cx.session().role == Role::Replica {
        return Ok(Flow::Done);
    }
    // What was written before would end up in the middle of the snapshot.
    if !cx.session().out.is_empty() || cx.reply.mark() > 0 {
        return Err(Error::fixed("ERR SYNC and PSYNC are invalid with pending output"));
    }
    let ip = address(cx);
    match cx.node.repl.handle_sync(cx.node.now, conn, &ip, args.all()) {
        Ok(()) => {
            let session = cx.session();
            session.role = Role::Replica;
            cx.node.unwatch(conn);
            cx.node.monitors.remove(conn);
            cx.node.settle_replication();
            Ok(Flow::Done)
        }
        Err(text) => {
            cx.node.settle_replication();
            Err(Error::new(text))
        }
    }
}

pub(super) const REPLCONF: NodeCommand = Command::new(
    replconf,
    Spec {
        name: "replconf",
        summary: "What masters and replicas tell each other.",
        since: "3.0.0",
        arity: Arity::AtLeast(1),
        flags: Flags::ADMIN
            .and(Flags::NO_SCRIPT)
            .and(Flags::LOADING)
            .and(Flags::STALE)
            .and(Flags::ALLOW_BUSY),
        ..FAMILY
    },
);

fn replconf(cx: &mut NodeCx<'_>, args: Args<'_>) -> Outcome {
    let from_master = cx.session().role == Role::Master;
    let outcome = cx.node.repl.handle_replconf(cx.node.now, cx.conn, from_master, args.all());
    cx.node.settle_replication();
    match outcome {
        Replconf::Ok => cx.reply.ok(),
        Replconf::Silent => {}
        Replconf::Error(text) => return Err(Error::new(text)),
    }
    Ok(Flow::Done)
}

/// Where the peer calls from.
fn address(cx: &mut NodeCx<'_>) -> String {
    match &cx.session().peer {
        Peer::Ip(address) => address.ip().to_string(),
        Peer::Unix(path) => path.clone(),
    }
}
