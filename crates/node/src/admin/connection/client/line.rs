//! One line of CLIENT LIST.

use crate::node::Node;
use crate::session::{Closing, Role, Session};
use crate::tracking::Tracker;
use resp::Proto;
use session::{KEEP_BYTES, Way};
use world::Peer;

/// The room for reading that a session of Redis has at the least.
const READ_BYTES: usize = 16 * 1024;

/// A session as CLIENT LIST shows it: the fields of Redis 7.2, in its order.
pub(crate) fn line(node: &Node, session: &Session) -> Vec<u8> {
    let now = node.now.instant;
    let count = |way| session.subscriptions.as_ref().map_or(0, |it| it.count_of(way));
    let [channels, patterns, shards] = Way::ALL.map(count);
    let queued = session.queued().map_or(-1, |it| it.commands as i64);
    let queued_bytes = session.queued().map_or(0, |it| it.bytes);
    // A session whose own request runs has lent its inbox.
    let (buffered, begun, free) = session.inbox.as_ref().map_or((session.running, 0, 0), |it| {
        let unread = it.unread();
        (unread, it.bytes.len() - unread, it.bytes.capacity() - it.bytes.len())
    });
    let argv_bytes = begun + session.argv_bytes;
    // compat(7.2): a session that was heard lately has a buffer of its own there. Here it shares one with all.
    let recent = now.ms_since(session.active) <= crate::cron::READER_IDLE_MS;
    let free = if recent { free.max(READ_BYTES.saturating_sub(buffered)) } else { free };
    let (pieces, _) = session.out.pieces();
    let command = session.last_command.map_or("NULL", |id| &node.registry.row(id).full_name);
    let unix = |peer: &Peer| matches!(peer, Peer::Unix(_));
    let mut text = format!(
        "id={} addr={} laddr={} fd={} name=",
        session.id,
        session.peer,
        session.local,
        session.conn.0 + 8
    )
    .into_bytes();
    text.extend_from_slice(&session.name);
    let rest = format!(
        " age={} idle={} flags={} db={} sub={channels} psub={patterns} ssub={shards} multi={queued} qbuf={buffered} \
         qbuf-free={free} argv-mem={argv_bytes} multi-mem={queued_bytes} rbs={} rbp={} obl={} oll={} omem={} \
         tot-mem={} events={} cmd={command} user=",
        now.ms_since(session.created) / 1000,
        now.ms_since(session.active) / 1000,
        flags(session, unix(&session.peer)),
        session.db,
        session.out.capacity().min(KEEP_BYTES),
        session.out.peak().min(KEEP_BYTES),
        session.out.tail_len(),
        pieces,
        memory_out(session),
        memory(session),
        if session.out.is_empty() { "r" } else { "rw" },
    );
    text.extend_from_slice(rest.as_bytes());
    text.extend_from_slice(session.user.as_ref().map_or(b"(superuser)", |user| user.name()));
    let redirect = session.tracker.as_ref().map_or(-1, |it| it.redirect_id() as i64);
    let proto = if session.proto == Proto::Resp3 { 3 } else { 2 };
    text.extend_from_slice(format!(" redir={redirect} resp={proto} lib-name=").as_bytes());
    text.extend_from_slice(&session.lib_name);
    text.extend_from_slice(b" lib-ver=");
    text.extend_from_slice(&session.lib_version);
    text
}

/// The letters of the `flags` field; `N` where there are none.
fn flags(session: &Session, unix: bool) -> String {
    let tracks = |how: fn(&Tracker) -> bool| session.tracker.as_deref().is_some_and(how);
    let letters = [
        (session.role == Role::Replica, 'S'),
        (session.role == Role::Monitor, 'O'),
        (session.role == Role::Master, 'M'),
        (session.subscription_count() > 0, 'P'),
        (session.queued().is_some(), 'x'),
        (session.parked.is_some(), 'b'),
        (tracks(|_| true), 't'),
        (tracks(|it| it.broken), 'R'),
        (tracks(|it| it.mode.is_broadcast()), 'B'),
        (session.watch_broken, 'd'),
        (session.closing == Some(Closing::AfterSending), 'c'),
        (session.closing == Some(Closing::Now), 'A'),
        (unix, 'U'),
        (session.no_evict, 'e'),
        (session.no_touch, 'T'),
    ];
    let text: String =
        letters.into_iter().filter(|(set, _)| *set).map(|(_, letter)| letter).collect();
    if text.is_empty() { "N".to_owned() } else { text }
}

/// Memory of waiting replies beyond a buffer of 16 KiB, which every session may have.
pub(crate) fn memory_out(session: &Session) -> usize {
    let (_, pieces) = session.out.pieces();
    let tail = session.out.capacity() - pieces;
    pieces + if tail > KEEP_BYTES { tail } else { 0 }
}

/// All memory that a session holds, in bytes.
pub(crate) fn memory(session: &Session) -> usize {
    let inbox = session.inbox.as_ref().map_or(session.running, |it| it.bytes.capacity());
    let queued = session.queued().map_or(0, |it| it.bytes);
    let watches = session.watches.memory();
    let listening = session.subscriptions.as_ref().map_or(0, |it| it.memory());
    let tracking = session.tracker.as_ref().map_or(0, |it| it.memory());
    size_of::<Session>()
        + session.name.capacity()
        + session.out.capacity()
        + inbox
        + queued
        + watches
        + listening
        + tracking
}
