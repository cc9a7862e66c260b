//! Sessions that wait: for a key, for replicas, for a disk, for the end of a pause. A session that waits keeps its
//! request and runs it again.
//!
//! # Fairness
//! Every key has its waiting sessions in the order they came. When a key comes into being, they are tried in that
//! order until the key is used up; what one of them pushes in turn (BLMOVE) is looked at after all of them.

use crate::call::Context;
use crate::input::Incoming;
use crate::node::Node;
use commands::Wait;
use resp::{Owned, Words, Writer};
use session::Lineup;
use std::collections::{BTreeSet, HashMap, VecDeque};
use stdx::Instant;
use store::{Expiry, Kind};
use world::ConnId;

/// A session that waits.
#[derive(Debug)]
pub(crate) struct Parked {
    /// What runs again.
    pub(crate) request: Owned,
    /// When its command began, on the stopwatch, and how long that ran until it had to wait; in nanoseconds.
    pub(crate) started_ns: u64,
    pub(crate) spent_ns: u64,
    /// What is to be sent behind the answer.
    pub(crate) behind: Vec<u8>,
    pub(crate) what: Waiting,
}

/// What for.
#[derive(Debug)]
pub(crate) enum Waiting {
    /// Keys of this database. The place in their queues is the same in all of them.
    Keys { db: usize, place: u64, wait: Wait },
    /// WAIT: this many replicas at this offset.
    Replicas { offset: replication::Offset, deadline: Option<Instant> },
    /// The end of work that was handed out; see `Node::answer`.
    Ticket,
    /// The end of a pause.
    Pause,
    /// The end of its script, which takes long.
    Script,
}

impl Waiting {
    fn deadline(&self) -> Option<Instant> {
        match self {
            Waiting::Keys { wait, .. } => wait.deadline,
            Waiting::Replicas { deadline, .. } => *deadline,
            Waiting::Ticket | Waiting::Pause | Waiting::Script => None,
        }
    }
}

/// A pause of clients: CLIENT PAUSE, or a failover in progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pause {
    until: Instant,
    all: bool,
}

impl Pause {
    /// True where reads wait as well.
    pub(crate) fn holds_all(self) -> bool {
        self.all
    }
}

/// The sessions that wait for one key.
#[derive(Debug, Default)]
struct Waiters {
    queue: Lineup,
    /// The key stands in `Blocking::ready`.
    is_ready: bool,
}

/// All waiting, by what is waited for.
#[derive(Debug, Default)]
pub(crate) struct Blocking {
    by_key: HashMap<(usize, Box<[u8]>), Waiters, stdx::FixedState>,
    /// The place of the next session that waits for keys, in all their queues.
    next_place: u64,
    deadlines: BTreeSet<(Instant, ConnId)>,
    ready: VecDeque<(usize, Box<[u8]>)>,
    /// How many sessions wait for whatever, for INFO.
    pub(crate) count: usize,
    /// Until when clients are paused by command, and by a failover.
    by_command: Option<Pause>,
    by_failover: Option<Pause>,
    by_migration: Option<Pause>,
    by_reload: Option<Pause>,
}

impl Blocking {
    /// A key came into being.
    pub(crate) fn ready(&mut self, db: usize, key: Box<[u8]>) {
        let at = (db, key);
        let waiters = self.by_key.get_mut(&at).filter(|waiters| !waiters.is_ready);
        if let Some(waiters) = waiters {
            waiters.is_ready = true;
            self.ready.push_back(at);
        }
    }

    /// True if somebody may be served.
    pub(crate) fn has_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    /// How many keys are waited for.
    pub(crate) fn keys(&self) -> usize {
        self.by_key.len()
    }

    /// Two databases changed places: keys that are waited for may be there now.
    pub(crate) fn swapped(&mut self, a: usize, b: usize) {
        let keys: Vec<_> =
            self.by_key.keys().filter(|(db, _)| *db == a || *db == b).cloned().collect();
        keys.into_iter().for_each(|(db, key)| self.ready(db, key));
    }

    /// When the next wait ends in vain.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        let waits = self.deadlines.first().map(|(deadline, _)| *deadline);
        let pauses = self.pauses().map(|pause| pause.until);
        waits.into_iter().chain(pauses).min()
    }

    fn pauses(&self) -> impl Iterator<Item = Pause> {
        [self.by_command, self.by_failover, self.by_migration, self.by_reload].into_iter().flatten()
    }

    /// The pause in force: the longer, and the stricter, of the two.
    pub(crate) fn pause(&self, now: Instant) -> Option<Pause> {
        let mut active = self.pauses().filter(|it| it.until > now);
        let first = active.next()?;
        Some(active.fold(first, |a, b| Pause { until: a.until.max(b.until), all: a.all || b.all }))
    }

    /// CLIENT PAUSE. A second one never shortens the first, nor makes it milder.
    pub(crate) fn set_pause(&mut self, until: Instant, all: bool) {
        self.by_command = Some(match self.by_command {
            Some(old) => Pause { until: old.until.max(until), all: old.all || all },
            None => Pause { until, all },
        });
    }

    /// MIGRATE begins to hold writes back, or ends.
    pub(crate) fn set_migration_pause(&mut self, until: Option<Instant>) {
        self.by_migration = until.map(|until| Pause { until, all: false });
    }

    /// DEBUG RELOAD holds everybody back until then.
    pub(crate) fn set_reload_pause(&mut self, until: Instant) {
        self.by_reload = Some(Pause { until, all: true });
    }

    /// A failover begins to hold writes back, or ends.
    pub(crate) fn set_failover_pause(&mut self, until: Option<Instant>) {
        self.by_failover = until.map(|until| Pause { until, all: false });
    }
}

impl Node {
    /// The handler has parked: the session keeps its request until one of its keys is ready.
    pub(crate) fn park(&mut self, conn: ConnId, words: &Words<'_>) {
        let Some(session) = self.sessions.get_mut(conn) else { return };
        let Some(wait) = self.parking.wait.take() else {
            // A node command has parked the session itself.
            return;
        };
        let db = session.db;
        let place = self.blocking.next_place;
        self.blocking.next_place += 1;
        for key in &wait.keys {
            let waiters = self.blocking.by_key.entry((db, key.clone())).or_default();
            // A key may be named twice.
            if !waiters.queue.holds(place) {
                waiters.queue.push(place, conn);
            }
        }
        self.park_as(conn, words, Waiting::Keys { db, place, wait });
    }

    /// Parks a session for any reason.
    pub(crate) fn park_as(&mut self, conn: ConnId, words: &Words<'_>, what: Waiting) {
        let Some(session) = self.sessions.get_mut(conn) else { return };
        if let Some(deadline) = what.deadline() {
            self.blocking.deadlines.insert((deadline, conn));
        }
        self.blocking.count += 1;
        session.parked = Some(Box::new(Parked {
            request: words.to_owned(),
            started_ns: 0,
            spent_ns: 0,
            behind: Vec::new(),
            what,
        }));
        self.keyspace.observers.waiting = !self.blocking.by_key.is_empty();
    }

    /// The session waits until the pause is over; its request has not run.
    pub(crate) fn park_for_pause(&mut self, conn: ConnId, words: &Words<'_>) {
        self.park_as(conn, words, Waiting::Pause);
    }

    /// Takes a session out of every queue it waits in; what it waited with, if it did.
    pub(crate) fn unpark(&mut self, conn: ConnId) -> Option<Box<Parked>> {
        let parked = self.sessions.get_mut(conn)?.parked.take()?;
        if let Some(deadline) = parked.what.deadline() {
            self.blocking.deadlines.remove(&(deadline, conn));
        }
        self.blocking.count -= 1;
        if let Waiting::Replicas { .. } = &parked.what {
            self.repl.cancel_wait(u64::from(conn.0));
        }
        if let Waiting::Keys { db, place, wait } = &parked.what {
            for key in &wait.keys {
                let at = (*db, key.clone());
                if let Some(waiters) = self.blocking.by_key.get_mut(&at) {
                    waiters.queue.remove(*place);
                    if waiters.queue.is_empty() {
                        self.blocking.by_key.remove(&at);
                    }
                }
            }
        }
        self.keyspace.observers.waiting = !self.blocking.by_key.is_empty();
        Some(parked)
    }

    /// Serves those who wait for keys that came into being, in order, until nothing is ready any more.
    pub(crate) fn serve_ready(&mut self) {
        while let Some(at) = self.blocking.ready.pop_front() {
            let Some(waiters) = self.blocking.by_key.get_mut(&at) else { continue };
            waiters.is_ready = false;
            let waiting: Vec<(u64, ConnId)> = waiters.queue.iter().collect();
            let (db, key) = &at;
            let db = *db;
            for (place, conn) in waiting {
                // One that was served before may have made this one stop waiting, or wait anew.
                let waiters = self.blocking.by_key.get(&at);
                if !waiters.is_some_and(|waiters| waiters.queue.holds(place)) {
                    continue;
                }
                let Some(kind) = self.wanted_kind(conn) else { continue };
                // A key that came and whose time was up since is left to whoever asks for it.
                self.keyspace.begin(self.now, Expiry::Hide);
                match self.keyspace.db(db).kind(key) {
                    None => break,
                    Some(found) if found != kind => continue,
                    Some(_) => {
                        self.run_again(conn);
                        self.wake(conn);
                    }
                }
            }
        }
        // The time that others took is not that of the next request.
        self.lap_ns = None;
    }

    /// The type that a session waits for at its keys, if it waits for keys.
    fn wanted_kind(&self, conn: ConnId) -> Option<Kind> {
        match &self.sessions.get(conn)?.parked.as_ref()?.what {
            Waiting::Keys { wait, .. } => Some(wait.kind),
            _ => None,
        }
    }

    /// A parked session runs its request again. What it has sent behind it waits until the session is resumed.
    pub(crate) fn run_again(&mut self, conn: ConnId) {
        let Some(parked) = self.unpark(conn) else { return };
        let words = parked.request.words();
        if matches!(parked.what, Waiting::Pause) {
            self.process(conn, Incoming { words, found: None, raw: None });
        } else {
            let Ok(row) = self.registry.resolve(&words) else { return };
            let id = row.id;
            let Some(session) = self.sessions.get(conn) else { return };
            if !session.is_free
                && let Err(error) = self.check_rights(conn, id, &words)
            {
                self.stats.command_mut(id).rejected += 1;
                self.stats.count_error(error.code());
                self.send(conn, |w: &mut Writer<'_>| w.error(error.text()));
                return;
            }
            let Some(session) = self.sessions.get_mut(conn) else { return };
            let mut out = session.out.take();
            let parked_again = self.call(
                conn,
                id,
                Incoming { words, found: None, raw: None },
                &mut out,
                Context::Again,
            );
            if let Some(session) = self.sessions.get_mut(conn) {
                session.out.restore(out);
            }
            if parked_again && let Waiting::Keys { wait, .. } = parked.what {
                self.keep_deadline(conn, wait.deadline);
            }
            // Its effects go out before anybody else's.
            if !self.unit.in_exec {
                self.flush_unit();
            }
            self.set_write_offset(conn);
        }
        self.announce(conn);
    }

    /// A session that waits again after it ran in vain gives up when it first said it would.
    fn keep_deadline(&mut self, conn: ConnId, deadline: Option<Instant>) {
        let Some(parked) = self.sessions.get_mut(conn).and_then(|it| it.parked.as_mut()) else {
            return;
        };
        if let Waiting::Keys { wait, .. } = &mut parked.what {
            if let Some(late) = std::mem::replace(&mut wait.deadline, deadline) {
                self.blocking.deadlines.remove(&(late, conn));
            }
            if let Some(deadline) = deadline {
                self.blocking.deadlines.insert((deadline, conn));
            }
        }
    }

    /// Ends the waits whose time is up, and a pause that is over.
    pub(crate) fn wake_late(&mut self) {
        while let Some(&(deadline, conn)) = self.blocking.deadlines.first() {
            if deadline > self.now.instant {
                break;
            }
            self.give_up(conn);
        }
        let now = self.now.instant;
        let over = |pause: &mut Option<Pause>| pause.take_if(|it| it.until <= now).is_some();
        let ended = over(&mut self.blocking.by_command)
            | over(&mut self.blocking.by_failover)
            | over(&mut self.blocking.by_migration)
            | over(&mut self.blocking.by_reload);
        if ended {
            self.end_pause();
        }
    }

    /// CLIENT UNPAUSE, or the pause has run out: those who were held go on.
    pub(crate) fn end_pause(&mut self) {
        if self.blocking.pause(self.now.instant).is_some() {
            return;
        }
        let held: Vec<ConnId> = self
            .sessions
            .iter()
            .filter(|it| {
                it.parked.as_ref().is_some_and(|parked| matches!(parked.what, Waiting::Pause))
            })
            .map(|it| it.conn)
            .collect();
        held.into_iter().for_each(|conn| self.wake(conn));
        self.wake_stream();
    }

    /// CLIENT UNPAUSE.
    pub(crate) fn unpause(&mut self) {
        self.blocking.by_command = None;
        self.end_pause();
    }

    /// A wait ends in vain: the session gets what its command answers then.
    pub(crate) fn give_up(&mut self, conn: ConnId) {
        let Some(parked) = self.unpark(conn) else { return };
        self.count_parked(conn, &parked, parked.spent_ns, false);
        match parked.what {
            Waiting::Keys { wait, .. } => self.send(conn, |w| wait.timeout.write(w)),
            Waiting::Replicas { offset, .. } => {
                self.repl.cancel_wait(u64::from(conn.0));
                let (count, _) = self.repl.acked(offset);
                self.send(conn, |w| w.count(count));
            }
            Waiting::Ticket | Waiting::Pause | Waiting::Script => {}
        }
        self.wake(conn);
    }

    /// A command that had to wait has ended without running again: it is counted now.
    pub(crate) fn count_parked(
        &mut self,
        conn: ConnId,
        parked: &Parked,
        spent_ns: u64,
        failed: bool,
    ) {
        let words = parked.request.words();
        let Ok(row) = self.registry.resolve(&words) else { return };
        let (id, spec) = (row.id, row.spec);
        self.count(conn, id, spec, &words, spent_ns);
        self.stats.command_mut(id).failed += u64::from(failed);
    }

    /// CLIENT UNBLOCK ERROR, or a role change: the wait ends with an error.
    pub(crate) fn unblock_with(&mut self, conn: ConnId, error: &command::Error) {
        if let Some(parked) = self.unpark(conn) {
            self.count_parked(conn, &parked, parked.spent_ns, true);
            self.stats.count_error(error.code());
            self.send(conn, |w: &mut Writer<'_>| w.error(error.text()));
            self.wake(conn);
        }
    }
}
