//! MULTI, EXEC, DISCARD, WATCH, UNWATCH.

use super::{NodeCommand, NodeCx};
use crate::call::Context;
use crate::node::Node;
use crate::registry::CommandId;
use crate::session::Queued;
use crate::transaction::Watch;
use command::{Args, Arity, Categories, Command, Error, Flags, Flow, Group, Keys, Outcome, Spec};
use resp::Words;
use world::ConnId;

pub(crate) const TABLE: &[&NodeCommand] = &[&DISCARD, &EXEC, &MULTI, &UNWATCH, &WATCH];

const FAMILY: Spec = Spec {
    categories: Categories::TRANSACTION,
    flags: Flags::NO_SCRIPT
        .and(Flags::LOADING)
        .and(Flags::STALE)
        .and(Flags::FAST)
        .and(Flags::ALLOW_BUSY),
    ..Spec::of(Group::Transactions)
};

const MULTI: NodeCommand = Command::new(
    multi,
    Spec {
        name: "multi",
        summary: "Begins a transaction: what follows is queued.",
        since: "1.2.0",
        arity: Arity::Exactly(1),
        ..FAMILY
    },
);

fn multi(cx: &mut NodeCx<'_>, _: Args<'_>) -> Outcome {
    if cx.session().transaction.is_some() {
        return Err(Error::fixed("ERR MULTI calls can not be nested"));
    }
    cx.session().transaction = Some(Box::default());
    cx.reply.ok();
    Ok(Flow::Done)
}

const EXEC: NodeCommand = Command::new(
    exec,
    Spec {
        name: "exec",
        summary: "Runs the queued commands as one.",
        complexity: "Depends on the commands in the transaction",
        since: "1.2.0",
        arity: Arity::Exactly(1),
        flags: FAMILY.flags.without(Flags::FAST.and(Flags::ALLOW_BUSY)).and(Flags::SKIP_SLOWLOG),
        ..FAMILY
    },
);

fn exec(cx: &mut NodeCx<'_>, _: Args<'_>) -> Outcome {
    let conn = cx.conn;
    let Some(transaction) = cx.session().transaction.take() else {
        return Err(Error::fixed("ERR EXEC without MULTI"));
    };
    let broken = cx.node.watch_is_broken(conn);
    cx.node.unwatch(conn);
    if transaction.refused {
        return Err(Error::EXEC_ABORT);
    }
    if broken {
        cx.reply.null_array();
        return Ok(Flow::Done);
    }
    cx.reply.array(transaction.queue.len());
    let queued = Queued { commands: transaction.queue.len(), bytes: transaction.bytes };
    cx.session().executing = Some(queued);
    // A transaction from the master is already inside its own MULTI there; it stays one unit here.
    let nested = std::mem::replace(&mut cx.node.unit.in_exec, true);
    let context = if cx.context == Context::Master { Context::Master } else { Context::Exec };
    let queue = transaction.queue.into();
    if !cx.node.run_queue(conn, queue, cx.reply.buffer(), context) {
        // What is behind the script goes on when it has ended; the transaction is not over.
        return Ok(Flow::Parked);
    }
    cx.node.unit.in_exec = nested;
    cx.session().executing = None;
    cx.node.propagation.never();
    Ok(Flow::Done)
}

const DISCARD: NodeCommand = Command::new(
    discard,
    Spec {
        name: "discard",
        summary: "Forgets the queued commands.",
        complexity: "O(N), N being the number of queued commands",
        since: "2.0.0",
        arity: Arity::Exactly(1),
        ..FAMILY
    },
);

fn discard(cx: &mut NodeCx<'_>, _: Args<'_>) -> Outcome {
    if cx.session().transaction.is_none() {
        return Err(Error::fixed("ERR DISCARD without MULTI"));
    }
    let conn = cx.conn;
    cx.node.discard(conn);
    cx.reply.ok();
    Ok(Flow::Done)
}

const WATCH: NodeCommand = Command::new(
    watch,
    Spec {
        name: "watch",
        syntax: "key [key ...]",
        summary: "Lets the next EXEC run only if these keys have not changed.",
        complexity: "O(1) for every key",
        since: "2.2.0",
        arity: Arity::AtLeast(2),
        keys: &[Keys::range(1, -1, 1).flags(command::KeyFlags::RO)],
        ..FAMILY
    },
);

fn watch(cx: &mut NodeCx<'_>, args: Args<'_>) -> Outcome {
    if cx.session().transaction.is_some() {
        return Err(Error::fixed("ERR WATCH inside MULTI is not allowed"));
    }
    let conn = cx.conn;
    // Nothing more to watch once it is known that EXEC will fail.
    if !cx.session().watch_broken {
        args.rest().iter().for_each(|key| cx.node.watch(conn, key));
    }
    cx.reply.ok();
    Ok(Flow::Done)
}

const UNWATCH: NodeCommand = Command::new(
    unwatch,
    Spec {
        name: "unwatch",
        summary: "Forgets all watched keys.",
        since: "2.2.0",
        arity: Arity::Exactly(1),
        ..FAMILY
    },
);

fn unwatch(cx: &mut NodeCx<'_>, _: Args<'_>) -> Outcome {
    let conn = cx.conn;
    cx.node.unwatch(conn);
    cx.reply.ok();
    Ok(Flow::Done)
}

impl Node {
    /// A command joins the transaction in the making.
    pub(crate) fn enqueue(&mut self, conn: ConnId, id: CommandId, words: &Words<'_>) {
        let spec = self.registry.row(id).spec;
        let flags = match spec.flags.has(Flags::RUNS_SCRIPT) {
            true => self.scripting.flags(spec, words),
            false => spec.flags,
        };
        let Some(session) = self.sessions.get_mut(conn) else { return };
        let transaction = session.transaction.as_mut().expect("commands are queued after MULTI");
        // A transaction that is spoiled already will never run: its commands need not be kept.
        if transaction.refused || session.watch_broken {
            return;
        }
        transaction.queue(id, flags, words.to_owned());
    }

    /// Forgets the transaction in the making and everything watched for it.
    pub(crate) fn discard(&mut self, conn: ConnId) {
        if let Some(session) = self.sessions.get_mut(conn) {
            session.transaction = None;
        }
        self.unwatch(conn);
    }

    fn watch(&mut self, conn: ConnId, key: &[u8]) {
        let Some(session) = self.sessions.get_mut(conn) else { return };
        let db = session.db;
        // The watchers of one key are few; the keys of one session may be many.
        if !self.watches.add(conn, db, key) {
            return;
        }
        let data = self.keyspace.db(db);
        let (existed, expired) = (data.holds(key), data.is_expired(key));
        session.watches.insert(db, key, Watch { existed, expired });
        self.observe_changes();
    }

    /// Forgets what a session watches.
    pub(crate) fn unwatch(&mut self, conn: ConnId) {
        let Some(session) = self.sessions.get_mut(conn) else { return };
        session.watch_broken = false;
        for (db, key, _) in std::mem::take(&mut session.watches).iter() {
            self.watches.remove(conn, db, key);
        }
        self.observe_changes();
    }

    /// True if a watched key has changed, or has expired since it was watched.
    fn watch_is_broken(&mut self, conn: ConnId) -> bool {
        let Some(session) = self.sessions.get(conn) else { return false };
        session.watch_broken
            || session
                .watches
                .iter()
                .any(|(db, key, watch)| !watch.expired && self.keyspace.db(db).is_expired(key))
    }

    /// A key has changed: those who watch it will not EXEC.
    pub(crate) fn break_watches(&mut self, db: usize, key: &[u8]) {
        if self.watches.is_empty() {
            return;
        }
        for conn in self.watches.watchers(db, key).to_vec() {
            if let Some(session) = self.sessions.get_mut(conn) {
                // A key that was expired when it was watched, and is deleted now, has not changed.
                let watch = session.watches.get_mut(db, key);
                match watch.filter(|watch| watch.expired) {
                    Some(watch) if !self.keyspace.db(db).holds(key) => {
                        (watch.existed, watch.expired) = (false, false);
                    }
                    _ => session.watch_broken = true,
                }
            }
        }
    }

    /// Whole databases were emptied or replaced: watched keys that were there, or are there now, have changed. A
    /// key whose time was up counts as absent, before and after.
    pub(crate) fn watched_were_replaced(&mut self, affected: impl Fn(usize) -> bool) {
        let keyspace = &mut self.keyspace;
        for session in self.sessions.iter_mut().filter(|it| !it.watches.is_empty()) {
            for (db, key, watch) in session.watches.iter_mut().filter(|it| affected(it.0)) {
                let data = keyspace.db(db);
                let (exists, expired) = (data.holds(key), data.is_expired(key));
                let was_there = watch.existed && !watch.expired;
                session.watch_broken |= was_there || exists && !expired;
                (watch.existed, watch.expired) = (exists, expired);
            }
        }
    }
}
