//! How much a client may ask, queue and be sent.

use crate::Param;
use crate::param::{Kind, SIGNED_MAX};

const LIMITS: &str = "normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60";

pub(super) const TABLE: &[Param] = &[
    Param::new("client-output-buffer-limit", Kind::OutputLimits, LIMITS)
        .doc("Per class: bytes at which a client is closed, at once or after some seconds."),
    Param::memory("client-query-buffer-limit", 1 << 20, SIGNED_MAX, "1gb")
        .doc("Bytes of one request that may wait for its end."),
    Param::memory("proto-max-bulk-len", 1 << 20, SIGNED_MAX, "512mb")
        .doc("Bytes that one word of a request may have."),
    Param::new("maxmemory-clients", Kind::MemoryOrPercent, "0")
        .doc("Memory of all clients together before the largest are closed; 0 for no limit."),
    Param::integer("tracking-table-max-keys", 0, i64::MAX, "1000000")
        .doc("Keys remembered for clients that cache; 0 for no limit."),
];
