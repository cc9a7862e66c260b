//! Sorted sets: members by score, asked for by rank, by score and by name, popped, waited for and combined.

mod add;
mod algebra;
mod bounds;
mod chance;
mod look;
mod mpop;
mod pop;
mod range;
mod remove;
#[cfg(test)]
mod tests;

pub(crate) use add::zadd;

use command::{Categories, Group, Spec};

use crate::DataCommand;

/// What all rows of this family begin with.
const FAMILY: Spec =
    Spec { categories: Categories::SORTED_SET, since: "1.2.0", ..Spec::of(Group::SortedSet) };

/// The tip of commands whose reply is another one each time.
const ANY_OUTPUT: &[&str] = &["nondeterministic_output"];

/// The commands of this family.
pub(crate) const TABLE: &[&DataCommand] = &[
    &add::ZADD,
    &add::ZINCRBY,
    &look::ZSCORE,
    &look::ZMSCORE,
    &look::ZRANK,
    &look::ZREVRANK,
    &look::ZCARD,
    &look::ZCOUNT,
    &look::ZLEXCOUNT,
    &range::ZRANGE,
    &range::ZRANGESTORE,
    &range::ZREVRANGE,
    &range::ZRANGEBYSCORE,
    &range::ZREVRANGEBYSCORE,
    &range::ZRANGEBYLEX,
    &range::ZREVRANGEBYLEX,
    &remove::ZREM,
    &remove::ZREMRANGEBYRANK,
    &remove::ZREMRANGEBYSCORE,
    &remove::ZREMRANGEBYLEX,
    &pop::ZPOPMIN,
    &pop::ZPOPMAX,
    &pop::BZPOPMIN,
    &pop::BZPOPMAX,
    &mpop::ZMPOP,
    &mpop::BZMPOP,
    &algebra::ZUNION,
    &algebra::ZINTER,
    &algebra::ZDIFF,
    &algebra::ZUNIONSTORE,
    &algebra::ZINTERSTORE,
    &algebra::ZDIFFSTORE,
    &algebra::ZINTERCARD,
    &chance::ZRANDMEMBER,
    &chance::ZSCAN,
];
