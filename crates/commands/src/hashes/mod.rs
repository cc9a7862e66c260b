//! Hashes: fields with values under one key; every field may have a time to live of its own.

use command::{Categories, Group, Spec};
use ds::Element;
use store::{Db, Expiry, Hash, ValueRef, WrongType};

use crate::DataCommand;

mod all;
mod chance;
mod count;
mod expire;
mod fields;
mod moving;
mod ttl;
mod words;

/// What all rows of the family have in common.
const FAMILY: Spec = Spec { categories: Categories::HASH, since: "2.0.0", ..Spec::of(Group::Hash) };

/// The family's commands.
pub(crate) const TABLE: &[&DataCommand] = &[
    &fields::HDEL,
    &fields::HEXISTS,
    &expire::HEXPIRE,
    &expire::HEXPIREAT,
    &ttl::HEXPIRETIME,
    &fields::HGET,
    &all::HGETALL,
    &moving::HGETDEL,
    &moving::HGETEX,
    &count::HINCRBY,
    &count::HINCRBYFLOAT,
    &all::HKEYS,
    &fields::HLEN,
    &fields::HMGET,
    &fields::HMSET,
    &ttl::HPERSIST,
    &expire::HPEXPIRE,
    &expire::HPEXPIREAT,
    &ttl::HPEXPIRETIME,
    &ttl::HPTTL,
    &chance::HRANDFIELD,
    &all::HSCAN,
    &fields::HSET,
    &moving::HSETEX,
    &fields::HSETNX,
    &fields::HSTRLEN,
    &ttl::HTTL,
    &all::HVALS,
];

/// A hash as its readers see it: without the fields whose time is up.
struct Fields<'a> {
    hash: &'a Hash,
    /// Fields that end then or before are not shown. There are such fields only where nobody may delete them: on a
    /// replica that its primary has not told yet.
    hidden_at: Option<u64>,
}

impl<'a> Fields<'a> {
    /// The hash under the key.
    fn of(db: &'a mut Db<'_>, key: &[u8]) -> Result<Option<Fields<'a>>, WrongType> {
        delete_due(db, key);
        let now = db.now().wall.ms();
        let hides = db.keyspace().expiry() == Expiry::Hide;
        Ok(db.hash(key)?.map(|hash| {
            let hidden = hides && hash.next_expiry().is_some_and(|at| at <= now);
            Fields { hash, hidden_at: hidden.then_some(now) }
        }))
    }

    fn get(&self, field: &[u8]) -> Option<Element<'a>> {
        self.shows(self.hidden_at.and_then(|_| self.hash.ttl(field)?))
            .then(|| self.hash.get(field))
            .flatten()
    }

    /// When a field ends: nothing where there is no such field, `Some(None)` where it never does.
    fn ttl(&self, field: &[u8]) -> Option<Option<u64>> {
        self.hash.ttl(field).filter(|ttl| self.shows(*ttl))
    }

    fn len(&self) -> usize {
        if self.hidden_at.is_none() { self.hash.len() } else { self.iter().count() }
    }

    fn iter(&self) -> impl Iterator<Item = (Element<'a>, Element<'a>)> + use<'a> {
        let hidden_at = self.hidden_at;
        // The times are only looked at where some of them matter.
        let plain = hidden_at.is_none().then(|| self.hash.iter());
        let timed = hidden_at.is_some().then(|| self.hash.iter_with_ttl());
        let timed = timed.into_iter().flatten().filter(move |(_, _, ttl)| shows(hidden_at, *ttl));
        plain.into_iter().flatten().chain(timed.map(|(field, value, _)| (field, value)))
    }

    fn shows(&self, ttl: Option<u64>) -> bool {
        shows(self.hidden_at, ttl)
    }
}

/// The value of a field, for commands that reach into hashes from elsewhere; nothing where the key holds no hash.
pub(crate) fn value_of(db: &mut Db<'_>, key: &[u8], field: &[u8]) -> Option<Vec<u8>> {
    let fields = Fields::of(db, key).ok().flatten()?;
    fields.get(field).map(|value| value.to_vec())
}

fn shows(hidden_at: Option<u64>, ttl: Option<u64>) -> bool {
    !matches!((hidden_at, ttl), (Some(now), Some(at)) if at <= now)
}

/// Deletes the fields whose time is up, where deleting is ours. To be called before every other look at the hash.
fn delete_due(db: &mut Db<'_>, key: &[u8]) {
    let now = db.now().wall.ms();
    let due = match db.peek(key) {
        Some(ValueRef::Hash(hash)) => hash.next_expiry().is_some_and(|at| at <= now),
        _ => false,
    };
    if due && db.keyspace().expiry() == Expiry::Delete {
        db.expire_fields(key, usize::MAX);
    }
}
