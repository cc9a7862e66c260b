//! Whether a command may run now, and if not, why. In the order in which Redis asks.

use crate::node::Node;
use crate::registry::CommandId;
use crate::session::Role;
use command::{Error, Flags};
use resp::Words;
use world::ConnId;

/// What a RESP2 session that listens may still say.
const WHILE_LISTENING: [&str; 9] = [
    "ping",
    "subscribe",
    "ssubscribe",
    "unsubscribe",
    "sunsubscribe",
    "psubscribe",
    "punsubscribe",
    "quit",
    "reset",
];

/// An error is the reply.
pub(crate) fn check(
    node: &mut Node,
    conn: ConnId,
    id: CommandId,
    words: &Words<'_>,
) -> Result<(), Error> {
    let spec = node.registry.row(id).spec;
    let flags = spec.flags;
    let session = node.sessions.get(conn).expect("a session whose request is checked");
    if !session.authenticated && !flags.has(Flags::NO_AUTH) {
        return Err(Error::NO_AUTH);
    }
    if session.transaction.is_some() && flags.has(Flags::NO_MULTI) {
        return Err(Error::fixed("ERR Command not allowed inside a transaction"));
    }
    let from_master = session.role == Role::Master;
    if session.is_listening_only() && !WHILE_LISTENING.contains(&spec.name) {
        let name = String::from_utf8_lossy(&words[0]).to_ascii_lowercase();
        return Err(Error::new(format!(
            "ERR Can't execute '{name}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed \
             in this context"
        )));
    }
    if session.role == Role::Replica && !flags.has(Flags::ADMIN) && !is_replica_talk(spec.name) {
        return Err(Error::fixed("ERR Replica can't interact with the keyspace"));
    }
    // EXEC stands for what it has queued.
    let queued = session.transaction.as_ref().filter(|_| spec.name == "exec");
    let writes = flags.has(Flags::WRITE) || queued.is_some_and(|it| it.writes);
    let denies_oom = flags.has(Flags::DENY_OOM) || queued.is_some_and(|it| it.denies_oom);
    if denies_oom && !from_master && !node.make_room() {
        return Err(Error::OUT_OF_MEMORY);
    }
    if from_master {
        return Ok(());
    }
    if writes {
        node.check_write()?;
    }
    node.check_dataset(flags)
}

fn is_replica_talk(name: &str) -> bool {
    matches!(
        name,
        "ping"
            | "replconf"
            | "psync"
            | "sync"
            | "select"
            | "auth"
            | "hello"
            | "quit"
            | "reset"
            | "client"
    )
}

/// True while CLIENT PAUSE or a failover holds this command back.
pub(crate) fn is_paused(node: &Node, conn: ConnId, id: CommandId) -> bool {
    let Some(pause) = node.blocking.pause(node.now.instant) else { return false };
    let row = node.registry.row(id);
    let session = node.sessions.get(conn).expect("a session whose request is checked");
    if matches!(session.role, Role::Master | Role::Replica) {
        return false;
    }
    let flags = row.spec.flags;
    let queued = session.transaction.as_ref().filter(|_| row.spec.name == "exec");
    let writes = flags.has(Flags::WRITE)
        || flags.has(Flags::MAY_REPLICATE)
        || queued.is_some_and(|it| it.writes);
    pause.holds_all() && !is_pause_control(row.spec.name) || writes
}

/// What may be said while everything is paused: what ends the pause, and what talks about the connection only.
fn is_pause_control(name: &str) -> bool {
    // compat(7.2): CLIENT runs through a pause of all, or nobody could end it.
    matches!(name, "unpause" | "pause" | "quit" | "reset")
}

/// What is not queued between MULTI and EXEC.
pub(crate) fn is_transaction_control(name: &str) -> bool {
    matches!(name, "exec" | "discard" | "multi" | "watch" | "quit" | "reset")
}
