//! Whether a command may run now, and if not, why. In the order in which Redis asks.

use crate::node::Node;
use crate::registry::CommandId;
use crate::scripting::Scripting;
use crate::session::{Role, Session};
use command::{Error, Flags, Spec};
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

/// An error is the reply. What making room for the command has to tell the session goes to `out`, before the reply.
pub(crate) fn check(
    node: &mut Node,
    conn: ConnId,
    id: CommandId,
    words: &Words<'_>,
    out: &mut Vec<u8>,
) -> Result<(), Error> {
    let row = node.registry.row(id);
    let (spec, name) = (row.spec, row.command_name());
    let mut session = node.sessions.get(conn).expect("a session whose request is checked");
    let flags = flags(node, spec, session, words);
    if !session.is_free {
        if !session.is_let_in && !flags.has(Flags::NO_AUTH) {
            return Err(Error::NO_AUTH);
        }
        check_transaction(session, flags)?;
        node.check_rights(conn, id, words)?;
        session = node.sessions.get(conn).expect("asking closes no session");
    }
    check_transaction(session, flags)?;
    let from_master = session.role == Role::Master;
    // What is queued takes memory as well, whatever it does later.
    let queues = session.transaction.is_some() && !is_transaction_control(name);
    if from_master {
        return Ok(());
    }
    if let Some(running) = node.scripting.slow()
        && !flags.has(Flags::ALLOW_BUSY)
    {
        return Err(Scripting::busy(running.kind));
    }
    // Room is made before any command: what readers and messages take counts as well.
    if node.settings.memory_max > 0 {
        // Room is not made while a script is at work: it would lose keys under its hands.
        let enough = node.scripting.slow().is_some() || node.make_room();
        node.put_pushes_first(conn, out);
        node.scripting.full = !enough;
        if !enough && (flags.has(Flags::DENY_OOM) || queues) {
            return Err(Error::OUT_OF_MEMORY);
        }
    }
    if flags.has(Flags::WRITE) {
        node.check_write()?;
    } else if name == "ping" {
        // compat(7.2): a server that cannot save does not answer PING either. So Sentinels replace it, and do not
        // promote it.
        node.check_disk()?;
    }
    let session = node.sessions.get(conn).expect("making room ends no session that is asking");
    if session.is_listening_only() && !WHILE_LISTENING.contains(&name) {
        let name = &node.registry.row(id).full_name;
        return Err(Error::new(format!(
            "ERR Can't execute '{name}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed \
             in this context"
        )));
    }
    node.check_dataset(flags)?;
    // No pause holds a replica back, so that it must not be a way around one. compat(7.2): a monitor is one of them.
    let touches_data = [Flags::READONLY, Flags::WRITE, Flags::MAY_REPLICATE];
    let is_exempt = matches!(session.role, Role::Replica | Role::Monitor);
    if is_exempt && touches_data.iter().any(|it| flags.has(*it)) {
        return Err(Error::fixed("ERR Replica can't interact with the keyspace"));
    }
    Ok(())
}

fn check_transaction(session: &Session, flags: Flags) -> Result<(), Error> {
    if session.transaction.is_some() && flags.has(Flags::NO_MULTI) {
        return Err(Error::fixed("ERR Command not allowed inside a transaction"));
    }
    Ok(())
}

/// What a command promises. EXEC stands for what it has queued, and what runs a script for the script.
fn flags(node: &Node, spec: &Spec, session: &Session, words: &Words<'_>) -> Flags {
    match &session.transaction {
        Some(transaction) if spec.name == "exec" => transaction.flags(spec.flags),
        _ if spec.flags.has(Flags::RUNS_SCRIPT) => node.scripting.flags(spec, words),
        _ => spec.flags,
    }
}

/// True while CLIENT PAUSE or a failover holds this command back.
pub(crate) fn is_paused(node: &Node, conn: ConnId, id: CommandId, words: &Words<'_>) -> bool {
    let Some(pause) = node.blocking.pause(node.now.instant) else { return false };
    let row = node.registry.row(id);
    let session = node.sessions.get(conn).expect("a session whose request is checked");
    if matches!(session.role, Role::Master | Role::Replica | Role::Monitor) {
        return false;
    }
    let flags = flags(node, row.spec, session, words);
    let writes = flags.has(Flags::WRITE) || flags.has(Flags::MAY_REPLICATE);
    // compat(7.2): a pause of all holds CLIENT UNPAUSE back as well, so that only time ends it.
    pause.holds_all() || writes
}

/// What is not queued between MULTI and EXEC.
pub(crate) fn is_transaction_control(name: &str) -> bool {
    matches!(name, "exec" | "discard" | "multi" | "watch" | "quit" | "reset")
}
