//! What can be typed at a Sentinel: the tables, and how a request finds its row.

mod connection;
mod manual;
mod names;
mod pubsub;
mod sentinel;
mod server;
mod users;

pub(crate) use connection::client_line;
pub(crate) use names::Names;
pub(crate) use sentinel::Trials;

use crate::clients::{Parked, Session};
use crate::sentinel::Sentinel;
use command::{Args, Command, Error, Flags, Flow, Outcome, Writer};
use resp::Words;
use world::ConnId;

/// The permission slip of a command: everything.
pub(crate) struct SentinelCx<'a> {
    pub(crate) sentinel: &'a mut Sentinel,
    /// Whose command it is.
    pub(crate) conn: ConnId,
    /// Where the reply goes. What a handler wrote before it failed is taken back.
    pub(crate) reply: Writer<'a>,
}

impl SentinelCx<'_> {
    /// The session whose command it is.
    pub(crate) fn session(&mut self) -> &mut Session {
        self.sentinel.clients.get_mut(self.conn).expect("a session whose command runs")
    }

    /// The reply comes when the answer to something is there.
    pub(crate) fn park(&mut self, parked: Parked) -> Outcome {
        self.session().parked = Some(parked);
        Ok(Flow::Parked)
    }

    /// The state has changed, and whoever asked hears whether the file says so.
    pub(crate) fn save(&mut self) -> Outcome {
        self.sentinel.ledger.change();
        let version = self.sentinel.ledger.version();
        self.park(Parked::Saving(version))
    }
}

/// The function of a command.
pub(crate) type SentinelFn = for<'a, 'b> fn(&'a mut SentinelCx<'b>, Args<'a>) -> Outcome;

/// A command: a row with its function.
pub(crate) type SentinelCommand = Command<SentinelFn>;

/// All commands, in the order of the folders.
pub(crate) fn all() -> impl Iterator<Item = &'static SentinelCommand> {
    let tables = [
        connection::TABLE,
        manual::TABLE,
        pubsub::TABLE,
        sentinel::TABLE,
        server::TABLE,
        users::TABLE,
    ];
    tables.into_iter().flatten().copied()
}

/// What has become of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Called {
    Ran,
    Refused,
}

/// Runs one request. Its reply, or its error, is in `out`; nothing, where the session has to wait for it.
pub(crate) fn execute(
    sentinel: &mut Sentinel,
    conn: ConnId,
    words: Words<'_>,
    out: &mut Vec<u8>,
) -> Called {
    let proto = sentinel.clients.get(conn).map_or_else(Default::default, |it| it.proto);
    let (outcome, called) = match admit(sentinel, conn, &words) {
        Err(error) => (Err(error), Called::Refused),
        Ok((command, depth)) => {
            let reply = Writer::new(out, proto);
            let args = Args::new(words, depth);
            let mut cx = SentinelCx { sentinel, conn, reply };
            ((command.run)(&mut cx, args), Called::Ran)
        }
    };
    if let Err(error) = outcome {
        sentinel.clients.counters.errors += 1;
        out.clear();
        Writer::new(out, proto).error(error.text());
    }
    called
}

/// What a RESP2 session that listens may still say.
const WHILE_LISTENING: [&str; 7] =
    ["ping", "subscribe", "unsubscribe", "psubscribe", "punsubscribe", "quit", "reset"];

/// The row that a request is for.
struct Found {
    command: &'static SentinelCommand,
    /// `config|set`, for a subcommand.
    name: String,
    /// How many words name it.
    depth: usize,
}

/// Finds the row of a request.
fn resolve(names: &Names, words: &Words<'_>) -> Result<Found, Error> {
    let found = names.find(words.get(0).unwrap_or_default());
    let container = found.ok_or_else(|| Error::unknown_command(words))?;
    let name = container.spec.name.to_owned();
    match words.get(1).filter(|_| !container.subcommands.is_empty()) {
        None => Ok(Found { command: container, name, depth: 1 }),
        Some(second) => {
            let command = container
                .subcommand(second)
                .ok_or_else(|| Error::unknown_subcommand(container.spec.name, second))?;
            Ok(Found { command, name: format!("{name}|{}", command.spec.name), depth: 2 })
        }
    }
}

/// The row that a request is for, and how many words name it; an error where it may not run.
fn admit(
    sentinel: &mut Sentinel,
    conn: ConnId,
    words: &Words<'_>,
) -> Result<(&'static SentinelCommand, usize), Error> {
    let Found { command, name: full_name, depth } = resolve(&sentinel.clients.names, words)?;
    let spec = &command.spec;
    if !spec.arity.accepts(words.len()) {
        return Err(Error::arity(&full_name));
    }
    let session = sentinel.clients.get_mut(conn).expect("a session whose request is checked");
    if !session.is_let_in && !spec.flags.has(Flags::NO_AUTH) {
        return Err(Error::NO_AUTH);
    }
    if !session.is_free {
        sentinel.check_rights(conn, (&full_name, spec, depth), words)?;
    }
    let session = sentinel.clients.get_mut(conn).expect("asking closes no session");
    if session.is_listening_only() && !WHILE_LISTENING.contains(&spec.name) {
        let name = String::from_utf8_lossy(&words[0]).to_ascii_lowercase();
        return Err(Error::new(format!(
            "ERR Can't execute '{name}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed \
             in this context"
        )));
    }
    session.last_command = full_name;
    Ok((command, depth))
}

/// The HELP of a container.
fn help(cx: &mut SentinelCx<'_>, container: &SentinelCommand) -> Outcome {
    container.write_help(&mut cx.reply);
    Ok(Flow::Done)
}

#[cfg(test)]
#[path = "../../../commands/tests/compare/mod.rs"]
mod compare;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_say_what_redis_says() {
        let facts = compare::facts();
        let mut differences = String::new();
        // A server does not have SENTINEL, so that the facts do not either.
        for row in all().filter(|row| row.spec.name != "sentinel") {
            compare::compare(&facts, row.spec.name, &row.spec, &mut differences);
            for sub in row.subcommands {
                let name = format!("{}|{}", row.spec.name, sub.spec.name);
                compare::compare(&facts, &name, &sub.spec, &mut differences);
            }
        }
        assert!(differences.is_empty(), "{differences}");
    }
}
