//! What happens once after a unit of execution: effects are propagated together, events are told, sessions that
//! waited are woken. A unit is one command, or one whole transaction.

use crate::call::Context;
use crate::input::Incoming;
use crate::node::Node;
use resp::Owned;
use store::{Change, Expiry};
use world::ConnId;

/// What the running unit has collected.
#[derive(Debug, Default)]
pub(crate) struct Unit {
    /// Effects to be propagated, each with its database.
    ops: Vec<(usize, Owned)>,
    /// True while EXEC or a script runs: its commands end nothing.
    pub(crate) in_exec: bool,
    /// Replicas are not told what the command that runs does: a script wants it so.
    pub(crate) untold: bool,
}

impl Node {
    /// How expired keys are treated: the master decides when a key ends, replicas only hide it.
    pub(crate) fn expiry_for(&self, context: Context) -> Expiry {
        if context == Context::Master || context == Context::Script && self.script_is_obeyed() {
            Expiry::Ignore
        } else if self.is_replica()
            || self.is_failing_over()
            || self.blocking.pause(self.now.instant).is_some()
        {
            // While writes wait, nothing may change by itself either.
            Expiry::Hide
        } else {
            Expiry::Delete
        }
    }

    /// A command has run: what it caused is told, what it did is noted down for replicas.
    pub(crate) fn after(&mut self, conn: ConnId, db: usize, request: Incoming<'_>, changed: bool) {
        if !self.keyspace.changes.is_empty() {
            self.tell_changes_by(Some(conn));
        }
        if self.unit.untold {
            self.propagation.take();
            return;
        }
        if self.propagation.is_verbatim() {
            if !changed || !self.feeds_replicas() {
                return;
            }
            self.wrote = true;
            // The usual write: its bytes, as they came, go straight into the stream.
            if self.unit.ops.is_empty() && !self.unit.in_exec {
                match request.raw {
                    Some(raw) => self.feed_raw(db, raw),
                    None => self.feed(db, &request.words),
                }
                return;
            }
            self.unit.ops.push((db, request.words.to_owned()));
            return;
        }
        let (own, others) = self.propagation.take();
        if !self.feeds_replicas() {
            return;
        }
        self.wrote = true;
        if own && changed {
            self.unit.ops.push((db, request.words.to_owned()));
        }
        self.unit.ops.extend(others.into_iter().map(|words| (db, words)));
    }

    /// Words that are propagated although no handler asked for it: deletions of expired and evicted keys.
    pub(crate) fn propagate(&mut self, db: usize, words: Owned) {
        if self.feeds_replicas() {
            self.unit.ops.push((db, words));
        }
    }

    /// The unit ends: effects go out, wrapped where there is more than one, and those who waited get their turn.
    #[inline]
    pub(crate) fn end_unit(&mut self) {
        if self.unit.in_exec {
            return;
        }
        if !self.unit.ops.is_empty() {
            self.flush_unit();
        }
        if self.persist.wants_empty_file | self.persist.flushed {
            self.end_flush();
        }
        if self.blocking.has_ready() {
            self.serve_ready();
        }
        self.free_garbage();
    }

    /// The dataset was emptied, or has arrived.
    #[cold]
    fn end_flush(&mut self) {
        // What comes from the master is in the stream when it is counted as applied, and that is later.
        if self.persist.wants_empty_file && !self.link.applies {
            self.empty_file_if_wanted();
        }
        if self.persist.flushed {
            self.dataset_flushed();
        }
    }

    /// Sends out the collected effects.
    pub(crate) fn flush_unit(&mut self) {
        let ops = std::mem::take(&mut self.unit.ops);
        let wrap = ops.len() > 1;
        if wrap {
            self.feed_mark(&Owned::new(["MULTI"]).words());
        }
        for (db, words) in &ops {
            self.feed(*db, &words.words());
        }
        if wrap {
            self.feed_mark(&Owned::new(["EXEC"]).words());
        }
    }

    /// Sends out the collected effects one by one: deletions that nobody asked for belong to no transaction.
    pub(crate) fn flush_unit_unwrapped(&mut self) {
        for (db, words) in std::mem::take(&mut self.unit.ops) {
            self.feed(db, &words.words());
        }
    }

    /// Tells what happened to keys, without anybody's doing, to all who asked for it.
    pub(crate) fn tell_changes(&mut self) {
        self.tell_changes_by(None);
    }

    /// The same of what a session's command did.
    fn tell_changes_by(&mut self, by: Option<ConnId>) {
        let mut changes = std::mem::take(&mut self.keyspace.changes);
        for change in changes.drain(..) {
            match change {
                Change::Touched { db, key } => {
                    self.break_watches(db, &key);
                    self.invalidate(&key, by);
                }
                Change::Event { db, class, name, key } => self.publish_event(db, class, name, &key),
                Change::Ready { db, key } => self.blocking.ready(db, key),
                Change::Expired { db, key } => {
                    self.invalidate(&key, None);
                    let verb = if self.settings.lazy_expire { "UNLINK" } else { "DEL" };
                    self.propagate(db, Owned::new([verb.as_bytes(), &key]));
                }
                Change::Evicted { db, key } => {
                    self.invalidate(&key, None);
                    let verb = if self.settings.lazy_eviction { "UNLINK" } else { "DEL" };
                    self.propagate(db, Owned::new([verb.as_bytes(), &key]));
                }
                Change::FieldsExpired { db, key, fields } => {
                    self.invalidate(&key, None);
                    let words = [&b"HDEL"[..], &key];
                    let words = words.into_iter().chain(fields.iter().map(|field| &**field));
                    self.propagate(db, Owned::new(words));
                }
                Change::Flushed { db } => {
                    self.invalidate_all();
                    self.watched_were_replaced(|it| db.is_none_or(|db| db == it));
                    self.persist.flushed |= db.is_none();
                }
                Change::Swapped { a, b } => {
                    self.watched_were_replaced(|it| it == a || it == b);
                    self.blocking.swapped(a, b);
                    // Tracked keys are of no database: any of them may be another one now.
                    self.invalidate_all();
                }
            }
        }
        // The queue's memory serves the next command, unless a handler has refilled it meanwhile.
        if self.keyspace.changes.is_empty() {
            self.keyspace.changes = changes;
        }
    }
}
