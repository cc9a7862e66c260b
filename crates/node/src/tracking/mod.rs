//! Client-side caching: who has read a key is told when it changes.
//!
//! # Design
//! Tracking is a reader of [`store::Change`], as WATCH is. In the usual mode a client is remembered with every key that
//! it reads (`readers.rs`) and is told once, when the key changes for the first time; in broadcasting mode nothing is
//! remembered of it but its prefixes (`prefixes.rs`), and it is told of all changes below them, once a turn.
//!
//! # Order
//! A client hears of its own change behind the reply to what it asked, and behind that of EXEC: whatever is sent to a
//! session while its request runs goes behind its reply ([`session::Outbox`]). Room is made before a request runs,
//! so what it has to say about evicted keys goes before the reply; `Node::put_pushes_first` sees to that.
//!
//! # When nobody tracks
//! A command then pays for one test, of [`Tracking::is_idle`], and a change for the one that WATCH has anyway.

mod chosen;
mod prefixes;
mod readers;

#[cfg(test)]
mod tests;

use crate::blocking::Waiting;
use crate::call::Context;
use crate::node::Node;
use crate::registry::CommandId;
use crate::session::Session;
pub(crate) use chosen::{Chosen, Overlap};
use command::{Flags, Spec};
use ds::Seed;
use prefixes::Prefixes;
use readers::Readers;
use resp::{Proto, Words, Writer};
use std::any::Any;
use std::collections::BTreeMap;
use world::ConnId;

/// Where those listen who have asked for RESP2: messages of this channel name the keys.
const CHANNEL: &[u8] = b"__redis__:invalidate";

/// How many keys one command, or one step of the cron, forgets at the most while there are too many.
pub(crate) const FORGET_MAX: usize = 100;

/// What all tracking sessions share.
pub(crate) struct Tracking {
    /// The sessions that track, by client id.
    sessions: BTreeMap<u64, ConnId>,
    readers: Readers,
    prefixes: Prefixes,
    /// How many steps of the cron have found too many keys, one after another.
    pub(crate) late: usize,
}

/// How one session tracks.
#[derive(Debug)]
pub(crate) struct Tracker {
    pub(crate) mode: Mode,
    /// NOLOOP: not told of what the session changes itself.
    pub(crate) no_loop: bool,
    /// Who is told instead.
    pub(crate) redirect: Option<Redirect>,
    /// That one was gone when there was something to tell.
    pub(crate) broken: bool,
}

/// Of which keys a session wants to hear.
#[derive(Debug)]
pub(crate) enum Mode {
    /// Of all that it reads.
    Reads,
    /// Of those that it reads after CLIENT CACHING YES; `caching` says that it was said.
    OptIn { caching: bool },
    /// Of all but those that it reads after CLIENT CACHING NO; `caching` says that it was said.
    OptOut { caching: bool },
    /// Of those below prefixes, read or not.
    Broadcast { prefixes: Chosen },
}

/// The session that is told instead of another: by both its numbers, since connections are used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Redirect {
    pub(crate) id: u64,
    pub(crate) conn: ConnId,
}

impl Tracking {
    /// Nobody tracks anything.
    pub(crate) fn new(seed: Seed) -> Tracking {
        Tracking {
            sessions: BTreeMap::new(),
            readers: Readers::new(seed),
            prefixes: Prefixes::default(),
            late: 0,
        }
    }

    /// True while nobody tracks.
    #[inline]
    pub(crate) fn is_idle(&self) -> bool {
        self.sessions.is_empty()
    }

    /// How many sessions track.
    pub(crate) fn clients(&self) -> usize {
        self.sessions.len()
    }

    /// How many keys are remembered, how many readers of them, and how many prefixes.
    pub(crate) fn counts(&self) -> (usize, usize, usize) {
        (self.readers.keys(), self.readers.items(), self.prefixes.len())
    }

    /// Bytes of memory, about.
    pub(crate) fn memory(&self) -> usize {
        if self.is_idle() { 0 } else { self.readers.memory() }
    }

    /// True while a turn must not end without [`Node::broadcast`].
    #[inline]
    pub(crate) fn has_news(&self) -> bool {
        self.prefixes.has_news()
    }
}

impl Tracker {
    /// What the session holds for it, in bytes.
    pub(crate) fn memory(&self) -> usize {
        let prefixes = match &self.mode {
            Mode::Broadcast { prefixes } => prefixes.memory(),
            _ => 0,
        };
        size_of::<Tracker>() + prefixes
    }

    /// The id that CLIENT LIST and CLIENT GETREDIR tell; 0 where the session is told itself.
    pub(crate) fn redirect_id(&self) -> u64 {
        self.redirect.map_or(0, |it| it.id)
    }
}

impl Mode {
    /// True while what the session reads is to be remembered.
    fn remembers(&self) -> bool {
        match self {
            Mode::Reads => true,
            Mode::OptIn { caching } => *caching,
            Mode::OptOut { caching } => !caching,
            Mode::Broadcast { .. } => false,
        }
    }

    /// CLIENT CACHING was said for one command or transaction, which is over.
    fn end_caching(&mut self) {
        if let Mode::OptIn { caching } | Mode::OptOut { caching } = self {
            *caching = false;
        }
    }

    pub(crate) fn is_broadcast(&self) -> bool {
        matches!(self, Mode::Broadcast { .. })
    }
}

impl Node {
    /// A session tracks from now on, or otherwise than it did. Prefixes are added to those that it has.
    pub(crate) fn start_tracking(&mut self, conn: ConnId, tracker: Tracker) {
        let Some(session) = self.sessions.get_mut(conn) else { return };
        let mut tracker = Box::new(tracker);
        if let Mode::Broadcast { prefixes } = &mut tracker.mode {
            prefixes.iter().for_each(|prefix| self.tracking.prefixes.join(conn, prefix));
            if let Some(Mode::Broadcast { prefixes: mut old }) =
                session.tracker.take().map(|old| old.mode)
            {
                // The new ones join the old ones, which may be many.
                old.extend(std::mem::take(prefixes));
                *prefixes = old;
            }
        }
        session.tracker = Some(tracker);
        self.tracking.sessions.insert(session.id, conn);
        self.observe_changes();
        self.weigh(conn);
    }

    /// A session tracks no more.
    pub(crate) fn stop_tracking(&mut self, conn: ConnId) {
        let Some(session) = self.sessions.get_mut(conn) else { return };
        let Some(tracker) = session.tracker.take() else { return };
        self.tracking.sessions.remove(&session.id);
        if let Mode::Broadcast { prefixes } = &tracker.mode {
            prefixes.iter().for_each(|prefix| self.tracking.prefixes.leave(conn, prefix));
        }
        if self.tracking.is_idle() {
            let garbage = self.tracking.readers.clear();
            self.free_readers(garbage);
        }
        self.observe_changes();
    }

    /// The keyspace tells of changed keys while somebody wants to hear of them.
    pub(crate) fn observe_changes(&mut self) {
        let idle = self.watches.is_empty() && self.tracking.is_idle();
        self.keyspace.observers.watching = !idle;
    }

    fn free_readers(&mut self, garbage: Option<Box<dyn Any + Send>>) {
        if let Some(garbage) = garbage {
            self.free_elsewhere(garbage);
        }
    }

    /// A command has run while somebody tracks: what it has read is remembered if that was its session.
    #[cold]
    pub(crate) fn track(
        &mut self,
        conn: ConnId,
        id: CommandId,
        words: &Words<'_>,
        context: Context,
    ) {
        let row = self.registry.row(id);
        let (spec, of_client) = (row.spec, row.full_name.starts_with("client|"));
        self.track_reads(conn, spec, words);
        // Within a transaction or a script CLIENT CACHING holds until its end.
        if !matches!(context, Context::Exec | Context::Script) && !of_client {
            self.end_caching(conn);
        }
    }

    /// Remembers the keys that a command has read on behalf of a session that tracks.
    pub(crate) fn track_reads(&mut self, conn: ConnId, spec: &Spec, words: &Words<'_>) {
        // A script that only reads is no read itself: its commands are.
        if !spec.flags.has(Flags::READONLY) || spec.flags.has(Flags::NO_SCRIPT) {
            return;
        }
        let Some(session) = self.sessions.get(conn) else { return };
        if !session.tracker.as_ref().is_some_and(|it| it.mode.remembers()) {
            return;
        }
        let tracking = &mut self.tracking;
        for (at, _) in spec.keys_in(words).unwrap_or_default() {
            tracking.readers.add(&words[at], session.id, |id| tracking.sessions.contains_key(&id));
        }
        self.forget_readers(FORGET_MAX);
    }

    /// CLIENT CACHING holds no longer, unless what it was said for is still to come: the end of a transaction, or of a
    /// wait.
    pub(crate) fn end_caching(&mut self, conn: ConnId) {
        let Some(session) = self.sessions.get_mut(conn) else { return };
        if let Some(tracker) = &mut session.tracker
            && session.transaction.is_none()
            && session.parked.is_none()
        {
            tracker.mode.end_caching();
        }
    }

    /// While more keys are remembered than `tracking-table-max-keys` allows, some that chance names are forgotten: as
    /// far as their readers know, they have changed. At most `max` of them; true if that was not enough.
    pub(crate) fn forget_readers(&mut self, max: usize) -> bool {
        let limit = self.settings.tracking_keys_max;
        if limit == 0 {
            return false;
        }
        for _ in 0..max {
            if self.tracking.readers.keys() <= limit {
                return false;
            }
            let Some(key) = self.tracking.readers.random(&mut self.prng) else { return false };
            self.tell_readers(&key, None);
        }
        self.tracking.readers.keys() > limit
    }

    /// A key has changed, by the command of this session or without any.
    pub(crate) fn invalidate(&mut self, key: &[u8], by: Option<ConnId>) {
        if self.tracking.is_idle() {
            return;
        }
        self.tell_readers(key, by);
        if !self.tracking.prefixes.is_empty() {
            self.message_room += self.tracking.prefixes.note(key, by);
        }
    }

    fn tell_readers(&mut self, key: &[u8], by: Option<ConnId>) {
        let Some(ids) = self.tracking.readers.take(key) else { return };
        for id in ids.as_slice() {
            let Some(&conn) = self.tracking.sessions.get(id) else { continue };
            let tracker = self.sessions.get(conn).and_then(|it| it.tracker.as_deref());
            // Whoever broadcasts now had read the key before, and does not depend on this.
            let knows = |it: &Tracker| it.mode.is_broadcast() || it.no_loop && by == Some(conn);
            if tracker.is_some_and(|it| !knows(it)) {
                self.tell_tracker(conn, by, |w| {
                    w.array(1);
                    w.bulk(key);
                });
            }
        }
    }

    /// All keys have changed, or may have.
    pub(crate) fn invalidate_all(&mut self) {
        if self.tracking.is_idle() {
            return;
        }
        let conns: Vec<ConnId> = self.tracking.sessions.values().copied().collect();
        conns.into_iter().for_each(|conn| self.tell_tracker(conn, Some(conn), |w| w.null()));
        let garbage = self.tracking.readers.clear();
        self.free_readers(garbage);
    }

    /// The turn ends: those who listen to prefixes are told what has changed in it.
    pub(crate) fn broadcast(&mut self) {
        let news = self.tracking.prefixes.take_news();
        for (prefix, listeners) in &news.audiences {
            let array = news.write(prefix, None);
            for &conn in listeners {
                let tracker = self.sessions.get(conn).and_then(|it| it.tracker.as_ref());
                let no_loop = tracker.is_some_and(|it| it.no_loop);
                let own;
                let array = if no_loop && news.has_own(prefix, conn) {
                    own = news.write(prefix, Some(conn));
                    &own
                } else {
                    &array
                };
                if let Some(array) = array {
                    self.tell_tracker(conn, None, |w| w.raw(array));
                }
            }
        }
    }

    /// Tells a session, or the one it has named, which keys have changed: `write` writes an array of them, or null for
    /// all. Whose command has changed them may still wait for its answer, and hears of it behind that.
    fn tell_tracker(
        &mut self,
        conn: ConnId,
        by: Option<ConnId>,
        write: impl FnOnce(&mut Writer<'_>),
    ) {
        let tracker = self.sessions.get(conn).and_then(|it| it.tracker.as_ref());
        let Some(redirect) = tracker.map(|it| it.redirect) else { return };
        let to = redirect.map_or(conn, |it| it.conn);
        let named = |it: &&mut Session| {
            redirect.is_none_or(|redirect| it.id == redirect.id && it.closing.is_none())
        };
        let Some(target) = self.sessions.get_mut(to).filter(named) else {
            self.redirect_is_broken(conn);
            return;
        };
        let proto = target.proto;
        if proto == Proto::Resp2 && (redirect.is_none() || target.subscription_count() == 0) {
            // There is no way to tell such a session anything but what it has asked for.
            return;
        }
        let write = |w: &mut Writer<'_>| {
            if proto == Proto::Resp3 {
                w.push(2);
                w.text("invalidate");
            } else {
                w.array(3);
                w.text("message");
                w.bulk(CHANNEL);
            }
            write(w);
        };
        match &mut target.parked {
            Some(parked)
                if by == Some(to) && matches!(parked.what, Waiting::Ticket | Waiting::Script) =>
            {
                write(&mut Writer::new(&mut parked.behind, proto));
            }
            _ => self.send(to, write),
        }
    }

    /// The session that was to be told is gone.
    fn redirect_is_broken(&mut self, conn: ConnId) {
        let Some(session) = self.sessions.get_mut(conn) else { return };
        let Some(tracker) = &mut session.tracker else { return };
        tracker.broken = true;
        let id = tracker.redirect_id();
        if session.proto == Proto::Resp3 {
            self.send(conn, |w| {
                w.push(2);
                w.text("tracking-redir-broken");
                w.int(id as i64);
            });
        }
    }

    /// What was sent to a session before its command has begun to run goes before the reply.
    pub(crate) fn put_pushes_first(&mut self, conn: ConnId, out: &mut Vec<u8>) {
        let Some(session) = self.sessions.get_mut(conn) else { return };
        // Of a silent session the reply is thrown away, and what is with it.
        if !session.reply_mode.is_silent() {
            out.append(session.out.buffer());
        }
    }
}
