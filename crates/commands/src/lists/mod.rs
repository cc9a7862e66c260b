//! Lists: pushed and popped at both ends, moved from one to another, waited for.

mod ends;
mod inside;
mod mpop;
mod shift;
#[cfg(test)]
mod tests;
mod wait;

use command::{Categories, Error, Group, Spec};
use store::{Db, End, EventClass};

use crate::DataCommand;

/// What all rows of this family begin with.
const FAMILY: Spec = Spec { categories: Categories::LIST, ..Spec::of(Group::List) };

/// The commands of this family.
pub(crate) const TABLE: &[&DataCommand] = &[
    &ends::LPUSH,
    &ends::RPUSH,
    &ends::LPUSHX,
    &ends::RPUSHX,
    &ends::LPOP,
    &ends::RPOP,
    &ends::LLEN,
    &inside::LINDEX,
    &inside::LRANGE,
    &inside::LPOS,
    &inside::LSET,
    &inside::LINSERT,
    &inside::LREM,
    &inside::LTRIM,
    &mpop::LMPOP,
    &mpop::BLMPOP,
    &shift::LMOVE,
    &shift::RPOPLPUSH,
    &shift::BLMOVE,
    &shift::BRPOPLPUSH,
    &wait::BLPOP,
    &wait::BRPOP,
];

/// The end that a word names.
fn end(word: &[u8]) -> Result<End, Error> {
    if word.eq_ignore_ascii_case(b"LEFT") {
        Ok(End::Front)
    } else if word.eq_ignore_ascii_case(b"RIGHT") {
        Ok(End::Back)
    } else {
        Err(Error::SYNTAX)
    }
}

/// The command that pops at this end, as it is propagated.
fn pop_name(end: End) -> &'static [u8] {
    match end {
        End::Front => b"LPOP",
        End::Back => b"RPOP",
    }
}

/// Tells that `n` elements were taken from an end, and deletes a list that ran empty.
fn popped(db: &mut Db<'_>, key: &[u8], end: End, n: usize, emptied: bool) {
    let event = match end {
        End::Front => "lpop",
        End::Back => "rpop",
    };
    db.changed(key, EventClass::LIST, event, n as u64);
    if emptied {
        db.remove_if_empty(key);
    }
}
