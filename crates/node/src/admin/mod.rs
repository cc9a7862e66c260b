//! Commands that need more than data: sessions, transactions, messages, the server itself.

mod acl;
mod connection;
mod keys;
mod persistence;
mod pubsub;
mod replication;
mod scripting;
mod server;
mod transactions;

pub(crate) use acl::Task as UsersTask;
pub(crate) use connection::client::{line as client_line, memory as client_memory};
pub(crate) use server::{DebugSwitches, PendingConfig};

use crate::blocking::Waiting;
use crate::call::Context;
use crate::node::Node;
use crate::session::Session;
use command::{Args, Command, Flow, Outcome, Writer};
use world::ConnId;

/// The permission slip of a node command: everything.
pub(crate) struct NodeCx<'a> {
    pub(crate) node: &'a mut Node,
    /// Whose command it is.
    pub(crate) conn: ConnId,
    /// Where the reply goes. What a handler wrote before it failed is taken back.
    pub(crate) reply: Writer<'a>,
    /// How the command came to be run.
    pub(crate) context: Context,
}

impl NodeCx<'_> {
    /// The session whose command it is.
    pub(crate) fn session(&mut self) -> &mut Session {
        self.node.sessions.get_mut(self.conn).expect("a session whose command runs")
    }

    /// Who is to be told how work ends that takes time. None: the session cannot wait, since its command is part of
    /// a transaction or comes from the master.
    fn waiter(&mut self) -> Option<Waiter> {
        let may_wait = matches!(self.context, Context::Client | Context::Again);
        let (conn, session) = (self.conn, self.session().id);
        may_wait.then_some(Waiter { conn, session })
    }

    /// The session waits for work that has begun; where it cannot, it is told that all went well, and the log what
    /// did not.
    fn wait(&mut self, args: Args<'_>) -> Outcome {
        if self.waiter().is_none() {
            self.reply.ok();
            return Ok(Flow::Done);
        }
        self.node.park_as(self.conn, &args.all(), Waiting::Ticket);
        Ok(Flow::Parked)
    }
}

/// A session that waits for the end of work, by its id: connections are used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Waiter {
    conn: ConnId,
    session: u64,
}

impl Node {
    /// The work has ended that a session may wait for.
    pub(crate) fn answer_waiter(
        &mut self,
        waiter: Option<Waiter>,
        write: impl FnOnce(&mut Writer<'_>),
    ) {
        let Some(Waiter { conn, session }) = waiter else { return };
        if self.sessions.get(conn).is_some_and(|it| it.id == session) {
            self.answer(conn, write);
        }
    }
}

/// The function of a node command.
pub(crate) type NodeFn = for<'a, 'b> fn(&'a mut NodeCx<'b>, Args<'a>) -> Outcome;

/// A node command: a row with its function.
pub(crate) type NodeCommand = Command<NodeFn>;

/// All node commands, in the order of the folders.
pub(crate) fn all() -> impl Iterator<Item = &'static NodeCommand> {
    [
        acl::TABLE,
        connection::TABLE,
        keys::TABLE,
        persistence::TABLE,
        pubsub::TABLE,
        replication::TABLE,
        scripting::TABLE,
        server::TABLE,
        transactions::TABLE,
    ]
    .into_iter()
    .flatten()
    .copied()
}

/// The HELP of a container.
pub(crate) fn help(cx: &mut NodeCx<'_>, container: &NodeCommand) -> Outcome {
    container.write_help(&mut cx.reply);
    Ok(Flow::Done)
}
