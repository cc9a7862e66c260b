//! One line of CLIENT LIST.

use crate::clients::{Closing, Parked, Session};
use crate::sentinel::Sentinel;
use ::session::KEEP_BYTES;
use resp::Proto;
use world::Peer;

/// The room for reading that a session of Redis has at the least.
const READ_BYTES: usize = 16 * 1024;

/// A session as CLIENT LIST shows it: the fields of Redis 7.2, in its order.
pub(crate) fn line(sentinel: &Sentinel, session: &Session) -> Vec<u8> {
    let now = sentinel.clock.now();
    let listening = session.subscriptions.as_ref();
    let (channels, patterns) = listening.map_or((0, 0), |it| {
        (it.count_of(::session::Way::Channel), it.count_of(::session::Way::Pattern))
    });
    let (unread, kept) = (session.inbox.unread(), session.inbox.bytes.len());
    let out = session.out.len();
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
        " age={} idle={} flags={} db=0 sub={channels} psub={patterns} ssub=0 multi=-1 qbuf={unread} qbuf-free={} \
         argv-mem={} multi-mem=0 rbs={KEEP_BYTES} rbp={} obl={} oll={} omem={} tot-mem={} events={} cmd={} \
         user=",
        now.ms_since(session.created) / 1000,
        now.ms_since(session.active) / 1000,
        flags(session),
        READ_BYTES.saturating_sub(unread),
        kept - unread,
        out.min(KEEP_BYTES),
        out.min(KEEP_BYTES),
        u8::from(out > KEEP_BYTES),
        if out > KEEP_BYTES { out } else { 0 },
        memory(session),
        if session.out.is_empty() { "r" } else { "rw" },
        session.last_command,
    );
    text.extend_from_slice(rest.as_bytes());
    text.extend_from_slice(session.user.name());
    let proto = if session.proto == Proto::Resp3 { 3 } else { 2 };
    text.extend_from_slice(format!(" redir=-1 resp={proto} lib-name=").as_bytes());
    text.extend_from_slice(&session.lib_name);
    text.extend_from_slice(b" lib-ver=");
    text.extend_from_slice(&session.lib_version);
    text
}

/// The letters of the `flags` field; `N` where there are none.
fn flags(session: &Session) -> String {
    let letters = [
        (session.subscription_count() > 0, 'P'),
        (matches!(session.parked, Some(Parked::Pause(_) | Parked::Trial)), 'b'),
        (session.closing == Some(Closing::AfterSending), 'c'),
        (session.closing == Some(Closing::Now), 'A'),
        (matches!(session.peer, Peer::Unix(_)), 'U'),
        (session.no_evict, 'e'),
    ];
    let set = letters.into_iter().filter(|(set, _)| *set);
    let text: String = set.map(|(_, letter)| letter).collect();
    if text.is_empty() { "N".to_owned() } else { text }
}

/// All memory that a session holds, in bytes.
fn memory(session: &Session) -> usize {
    let listening = session.subscriptions.as_ref();
    let listening = listening.map_or(0, |it| it.memory());
    size_of::<Session>() + session.inbox.bytes.capacity() + session.out.len() + listening
}
