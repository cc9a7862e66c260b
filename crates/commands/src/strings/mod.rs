//! Strings: bytes under a key, which may also be numbers to count with.

use command::{Categories, Group, Spec};

use crate::DataCommand;

mod count;
mod get;
mod lcs;
mod many;
mod range;
mod set;

/// What all rows of the family have in common.
const FAMILY: Spec = Spec { categories: Categories::STRING, ..Spec::of(Group::String) };

/// The family's commands.
pub(crate) const TABLE: &[&DataCommand] = &[
    &range::APPEND,
    &count::DECR,
    &count::DECRBY,
    &get::DELIFEQ,
    &get::GET,
    &get::GETDEL,
    &get::GETEX,
    &range::GETRANGE,
    &get::GETSET,
    &count::INCR,
    &count::INCRBY,
    &count::INCRBYFLOAT,
    &lcs::LCS,
    &many::MGET,
    &many::MSET,
    &many::MSETEX,
    &many::MSETNX,
    &set::PSETEX,
    &set::SET,
    &set::SETEX,
    &set::SETNX,
    &range::SETRANGE,
    &range::STRLEN,
    &range::SUBSTR,
];
