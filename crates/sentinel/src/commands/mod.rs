//! What can be typed at a Sentinel.

use crate::agree;
use crate::failover;
use crate::sentinel::Sentinel;
use resp::{Words, Writer};
use world::ConnId;

/// Runs one request.
pub(crate) fn execute(
    sentinel: &mut Sentinel,
    conn: ConnId,
    words: Words<'_>,
    reply: &mut Writer<'_>,
) {
    let word = |at: usize| words.get(at).map(|it| String::from_utf8_lossy(it).to_lowercase());
    match (word(0).as_deref(), word(1).as_deref(), words.len()) {
        (Some("ping"), ..) => reply.simple("PONG"),
        (Some("client"), Some("setname"), 3) => {
            if let Some(session) = sentinel.clients.get_mut(conn) {
                session.name = words[2].to_vec();
            }
            reply.ok();
        }
        (Some("publish"), _, 3) => {
            sentinel.hear_hello(&words[2]);
            reply.int(1);
        }
        (Some("sentinel"), Some("get-master-addr-by-name"), 3) => match sentinel.group(&words[2]) {
            None => reply.null_array(),
            Some(group) => {
                let address = group.current_address().clone();
                reply.array(2);
                reply.bulk(sentinel.names.announced(&address.host).as_bytes());
                reply.bulk(address.port.to_string().as_bytes());
            }
        },
        (Some("sentinel"), Some("failover"), 3) => {
            let id = sentinel.group(&words[2]).map(|it| it.id);
            if let Some(id) = id {
                sentinel.with(id, |group, cx| failover::start(group, cx, true));
                sentinel.look_at(id);
            }
            reply.ok();
        }
        (Some("sentinel"), Some("is-master-down-by-addr"), 6) => {
            is_master_down(sentinel, conn, words, reply);
        }
        _ => reply.error(b"ERR unknown command"),
    }
}

fn is_master_down(sentinel: &mut Sentinel, conn: ConnId, words: Words<'_>, reply: &mut Writer<'_>) {
    let text = |at: usize| String::from_utf8_lossy(&words[at]).into_owned();
    let (host, port, epoch, candidate) = (text(2), text(3), text(4), text(5));
    let port: u16 = port.parse().unwrap_or(0);
    let epoch: u64 = epoch.parse().unwrap_or(0);
    let asker = sentinel.clients.get(conn).and_then(|it| it.peer_id()).map(str::to_owned);
    let address = crate::address::Address::new(host, port);
    let found =
        sentinel.groups.values().find(|it| sentinel.names.same(&it.primary.address, &address));
    let tilted = sentinel.clock.is_tilted();
    let answer = found.map(|it| it.id).and_then(|id| {
        let answer = sentinel.with(id, |group, cx| {
            agree::answer(group, cx, asker.as_deref(), epoch, &candidate, tilted)
        });
        sentinel.look_at(id);
        answer
    });
    if let Some(session) = sentinel.clients.get_mut(conn) {
        session.awaits_vote = candidate != "*";
    }
    reply.array(3);
    match answer {
        Some(answer) => {
            reply.int(i64::from(answer.down));
            reply.bulk(answer.leader.as_deref().unwrap_or("*").as_bytes());
            reply.int(answer.epoch as i64);
        }
        None => {
            reply.int(0);
            reply.bulk(b"*");
            reply.int(0);
        }
    }
}
