//! Keys of any type: deleting, expiring, finding, renaming and sorting them, and whole databases.

use command::{Categories, Group, Spec};
use store::EventClass;

use crate::{DataCommand, DataCx};

pub use databases::flush_mode;
pub(crate) use expire::TtlCondition;

mod databases;
mod delete;
mod expire;
mod find;
mod object;
mod rename;
mod sort;
mod ttl;

/// What all rows of the family have in common.
const FAMILY: Spec = Spec { categories: Categories::KEYSPACE, ..Spec::of(Group::Generic) };

/// The family's commands.
pub(crate) const TABLE: &[&DataCommand] = &[
    &rename::COPY,
    &databases::DBSIZE,
    &delete::DEL,
    &delete::EXISTS,
    &expire::EXPIRE,
    &expire::EXPIREAT,
    &ttl::EXPIRETIME,
    &databases::FLUSHDB,
    &find::KEYS,
    &rename::MOVE,
    &object::OBJECT,
    &ttl::PERSIST,
    &expire::PEXPIRE,
    &expire::PEXPIREAT,
    &ttl::PEXPIRETIME,
    &ttl::PTTL,
    &find::RANDOMKEY,
    &rename::RENAME,
    &rename::RENAMENX,
    &find::SCAN,
    &sort::SORT,
    &sort::SORT_RO,
    &databases::SWAPDB,
    &delete::TOUCH,
    &ttl::TTL,
    &delete::TYPE,
    &delete::UNLINK,
];

/// Deletes a key that a command gave a time in the past to. Replicas are told to delete it, since the same request
/// might find another time there.
pub(crate) fn delete_expired(cx: &mut DataCx<'_>, key: &[u8]) {
    let name: &[u8] = if cx.db.settings().lazy_expire {
        cx.db.remove_lazily(key);
        b"UNLINK"
    } else {
        cx.db.remove(key);
        b"DEL"
    };
    cx.propagation.instead([name, key]);
    cx.db.changed(key, EventClass::GENERIC, "del", 1);
}

/// Whether a key is there, for commands that count as reading it but leave its access bits alone.
fn is_there(cx: &mut DataCx<'_>, key: &[u8]) -> bool {
    let there = cx.db.exists(key);
    count_lookup(cx, there);
    if !there {
        cx.db.notify(EventClass::MISS, "keymiss", key);
    }
    there
}

/// A lookup that left no other trace counts.
fn count_lookup(cx: &mut DataCx<'_>, there: bool) {
    let stats = &mut cx.db.keyspace().stats;
    *if there { &mut stats.hits } else { &mut stats.misses } += 1;
}
