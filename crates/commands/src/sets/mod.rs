//! Sets: members that are there or not, drawn by chance, and compared with other sets.

mod algebra;
mod chance;
mod members;
mod scan;
#[cfg(test)]
mod tests;

use command::{Categories, Group, Spec};

use crate::DataCommand;

/// What all rows of this family begin with.
const FAMILY: Spec = Spec { categories: Categories::SET, ..Spec::of(Group::Set) };

/// The tip of commands whose members come in no particular order.
const ANY_ORDER: &[&str] = &["nondeterministic_output_order"];

/// The tip of commands whose reply is another one each time.
const ANY_OUTPUT: &[&str] = &["nondeterministic_output"];

/// The commands of this family.
pub(crate) const TABLE: &[&DataCommand] = &[
    &members::SADD,
    &members::SREM,
    &members::SMOVE,
    &members::SISMEMBER,
    &members::SMISMEMBER,
    &members::SMEMBERS,
    &members::SCARD,
    &chance::SPOP,
    &chance::SRANDMEMBER,
    &algebra::SINTER,
    &algebra::SINTERSTORE,
    &algebra::SINTERCARD,
    &algebra::SUNION,
    &algebra::SUNIONSTORE,
    &algebra::SDIFF,
    &algebra::SDIFFSTORE,
    &scan::SSCAN,
];
