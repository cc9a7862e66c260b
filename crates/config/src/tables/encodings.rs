//! Up to which size collections are kept in one compact block.

use crate::Param;
use crate::param::{INT_MAX, SIGNED_MAX};

pub(super) const TABLE: &[Param] = &[
    Param::integer("hash-max-listpack-entries", 0, i64::MAX, "512")
        .alias("hash-max-ziplist-entries")
        .doc("Fields of a hash that is kept compact."),
    Param::memory("hash-max-listpack-value", 0, SIGNED_MAX, "64")
        .alias("hash-max-ziplist-value")
        .doc("Bytes of a field or value in a hash that is kept compact."),
    Param::integer("list-max-listpack-size", i32::MIN as i64, INT_MAX, "-2")
        .alias("list-max-ziplist-size")
        .doc("Elements of a list's block; -1 to -5 mean 4, 8, 16, 32, 64 kilobytes instead."),
    Param::integer("list-compress-depth", 0, INT_MAX, "0")
        .doc("Blocks at either end of a list that are not compressed; 0 compresses none."),
    Param::integer("set-max-intset-entries", 0, i64::MAX, "512")
        .doc("Members of a set of integers that is kept compact."),
    Param::integer("set-max-listpack-entries", 0, i64::MAX, "128")
        .doc("Members of a set that is kept compact."),
    Param::integer("set-max-listpack-value", 0, i64::MAX, "64")
        .doc("Bytes of a member of a set that is kept compact."),
    Param::integer("zset-max-listpack-entries", 0, i64::MAX, "128")
        .alias("zset-max-ziplist-entries")
        .doc("Members of a sorted set that is kept compact."),
    Param::memory("zset-max-listpack-value", 0, SIGNED_MAX, "64")
        .alias("zset-max-ziplist-value")
        .doc("Bytes of a member of a sorted set that is kept compact."),
    Param::memory("hll-sparse-max-bytes", 0, SIGNED_MAX, "3000")
        .doc("Bytes up to which a HyperLogLog is kept sparse."),
    Param::memory("stream-node-max-bytes", 0, SIGNED_MAX, "4096")
        .doc("Bytes of a stream's block; 0 for no limit."),
    Param::integer("stream-node-max-entries", 0, i64::MAX, "100")
        .doc("Entries of a stream's block; 0 for no limit."),
];
