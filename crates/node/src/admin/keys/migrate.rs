//! MIGRATE: its words; the journey is `migration`'s.

use super::FAMILY;
use crate::admin::{NodeCommand, NodeCx};
use crate::migration::Order;
use command::{
    Args, Arity, Categories, Command, Error, Flags, Flow, KeyFlags, Keys, Outcome, Spec, Words,
};

const MOVED: KeyFlags = KeyFlags::RW.and(KeyFlags::ACCESS).and(KeyFlags::DELETE);

pub(super) const MIGRATE: NodeCommand = Command::new(
    migrate,
    Spec {
        name: "migrate",
        history: &[
            ("3.0.0", "COPY and REPLACE"),
            ("3.0.6", "KEYS"),
            ("4.0.7", "AUTH"),
            ("6.0.0", "AUTH2"),
        ],
        syntax: "host port <key | \"\"> destination-db timeout [COPY] [REPLACE] [AUTH password | AUTH2 username \
                 password] [KEYS key [key ...]]",
        summary: "Moves keys to another server.",
        complexity: "O(N), N being the size of the values",
        arity: Arity::AtLeast(6),
        flags: Flags::WRITE.and(Flags::MOVABLE_KEYS),
        categories: FAMILY.categories.and(Categories::DANGEROUS),
        keys: &[
            Keys::at(3).flags(MOVED),
            Keys {
                find: command::Find::Range { last: -1, step: 1, limit: 0 },
                ..Keys::after("KEYS", -2).flags(MOVED.and(KeyFlags::INCOMPLETE))
            },
        ],
        own_keys: Some(own_keys),
        tips: &["nondeterministic_output"],
        ..FAMILY
    },
);

/// The key, or where it is empty those behind KEYS. A password may be called like that.
fn own_keys(words: &Words<'_>) -> Vec<(usize, KeyFlags)> {
    let is = |at: usize, name: &str| words[at].eq_ignore_ascii_case(name.as_bytes());
    let mut at = 6;
    while at < words.len() {
        if is(at, "keys") && words[3].is_empty() {
            return (at + 1..words.len()).map(|at| (at, MOVED)).collect();
        }
        at += if is(at, "auth") {
            2
        } else if is(at, "auth2") {
            3
        } else {
            1
        };
    }
    vec![(3, MOVED)]
}

fn migrate(cx: &mut NodeCx<'_>, mut args: Args<'_>) -> Outcome {
    let whole = args;
    let (host, port, key) = (args.word()?, args.word()?, args.word()?);
    let (to_db, timeout) = (args.word()?, args.word()?);
    let (mut copy, mut replace, mut auth, mut keys) = (false, false, None, vec![key]);
    while let Some(option) = args.next() {
        match option.to_ascii_lowercase().as_slice() {
            b"copy" => copy = true,
            b"replace" => replace = true,
            b"auth" => auth = Some(vec![b"AUTH".to_vec(), args.word()?.to_vec()]),
            b"auth2" => {
                auth = Some(vec![b"AUTH".to_vec(), args.word()?.to_vec(), args.word()?.to_vec()])
            }
            b"keys" if !key.is_empty() => {
                return Err(Error::fixed(
                    "ERR When using MIGRATE KEYS option, the key argument must be set to the empty string",
                ));
            }
            b"keys" => {
                keys = args.rest().iter().collect();
                break;
            }
            _ => return Err(Error::SYNTAX),
        }
    }
    let to_db = stdx::integer::parse_i64(to_db).ok_or(Error::NOT_AN_INTEGER)?;
    let timeout = stdx::integer::parse_i64(timeout).ok_or(Error::NOT_AN_INTEGER)?;
    let port = stdx::integer::parse_i64(port).and_then(|it| u16::try_from(it).ok());
    let port = port.ok_or(Error::NOT_AN_INTEGER)?;
    let compress = cx.node.config.values.flag("rdbcompression");
    let (from_db, now_ms) = (cx.session().db, cx.node.now.wall.ms());
    let mut db = cx.node.keyspace.db(from_db);
    let mut there = Vec::new();
    for key in keys {
        let Some(expires) = db.ttl(key) else { continue };
        let Some(value) = db.peek(key) else { continue };
        let ttl_ms = expires.map_or(0, |at| at.saturating_sub(now_ms).max(1));
        there.push((key.to_vec(), ttl_ms, rdb::dump(value, compress)));
    }
    if there.is_empty() {
        cx.reply.simple("NOKEY");
        return Ok(Flow::Done);
    }
    let waiter = cx.waiter();
    if waiter.is_none() {
        // Nothing waits within a transaction, and whoever was told OK would take the keys to be there.
        return Err(Error::fixed("ERR MIGRATE cannot run inside a transaction"));
    }
    let order = Order {
        host: String::from_utf8_lossy(host).into_owned(),
        port,
        from_db,
        to_db,
        timeout_ms: if timeout <= 0 { 1000 } else { timeout as u64 },
        copy,
        replace,
        auth,
        keys: there,
    };
    cx.node.begin_migration(order, waiter);
    cx.wait(whole)
}
