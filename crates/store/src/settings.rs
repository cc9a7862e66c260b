//! What the configuration decides about the keyspace: sizes, thresholds of encodings, the eviction policy.

use crate::LargeFrom;

/// Up to where small collections stay packed. Names and defaults are those of Redis 7.2's parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thresholds {
    /// `list-max-listpack-size`: elements per node where positive; -1 to -5 mean 4, 8, 16, 32, 64 KiB.
    pub list_max_listpack_size: i64,
    /// `list-compress-depth`: nodes at either end that stay uncompressed; accepted, and without effect here.
    pub list_compress_depth: usize,
    /// `set-max-intset-entries`.
    pub set_max_intset_entries: usize,
    /// `set-max-listpack-entries`.
    pub set_max_listpack_entries: usize,
    /// `set-max-listpack-value`, in bytes.
    pub set_max_listpack_value: usize,
    /// `hash-max-listpack-entries`.
    pub hash_max_listpack_entries: usize,
    /// `hash-max-listpack-value`, in bytes.
    pub hash_max_listpack_value: usize,
    /// `zset-max-listpack-entries`.
    pub zset_max_listpack_entries: usize,
    /// `zset-max-listpack-value`, in bytes.
    pub zset_max_listpack_value: usize,
    /// `stream-node-max-bytes`.
    pub stream_node_max_bytes: usize,
    /// `stream-node-max-entries`.
    pub stream_node_max_entries: usize,
    /// `hll-sparse-max-bytes`.
    pub hll_sparse_max_bytes: usize,
    /// What tables inside of large collections hash with; the keyspace sets it from its own seed.
    pub seed: ds::Seed,
}

impl Default for Thresholds {
    fn default() -> Thresholds {
        Thresholds {
            list_max_listpack_size: -2,
            list_compress_depth: 0,
            set_max_intset_entries: 512,
            set_max_listpack_entries: 128,
            set_max_listpack_value: 64,
            hash_max_listpack_entries: 512,
            hash_max_listpack_value: 64,
            zset_max_listpack_entries: 128,
            zset_max_listpack_value: 64,
            stream_node_max_bytes: 4096,
            stream_node_max_entries: 100,
            hll_sparse_max_bytes: 3000,
            seed: ds::Seed::default(),
        }
    }
}

/// Which keys give way when memory is full (`maxmemory-policy`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Policy {
    /// None: commands that need memory are refused.
    #[default]
    NoEviction,
    /// The longest unused of all keys.
    AllKeysLru,
    /// The least often used of all keys.
    AllKeysLfu,
    /// Any key.
    AllKeysRandom,
    /// The longest unused among keys with a TTL.
    VolatileLru,
    /// The least often used among keys with a TTL.
    VolatileLfu,
    /// Any key with a TTL.
    VolatileRandom,
    /// The key that would expire first.
    VolatileTtl,
}

impl Policy {
    /// Every policy with its name in the configuration.
    pub const ALL: [(&'static str, Policy); 8] = [
        ("volatile-lru", Policy::VolatileLru),
        ("volatile-lfu", Policy::VolatileLfu),
        ("volatile-random", Policy::VolatileRandom),
        ("volatile-ttl", Policy::VolatileTtl),
        ("allkeys-lru", Policy::AllKeysLru),
        ("allkeys-lfu", Policy::AllKeysLfu),
        ("allkeys-random", Policy::AllKeysRandom),
        ("noeviction", Policy::NoEviction),
    ];

    /// Whether the 24 access bits of a key count uses rather than tell its last one.
    pub fn counts_uses(self) -> bool {
        matches!(self, Policy::AllKeysLfu | Policy::VolatileLfu)
    }

    /// Whether the choice goes by the use of keys.
    pub fn goes_by_use(self) -> bool {
        matches!(self, Policy::AllKeysLru | Policy::VolatileLru) || self.counts_uses()
    }

    /// Whether only keys with a TTL may go.
    pub fn only_volatile(self) -> bool {
        matches!(
            self,
            Policy::VolatileLru
                | Policy::VolatileLfu
                | Policy::VolatileRandom
                | Policy::VolatileTtl
        )
    }
}

/// Everything configurable about the keyspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// `databases`.
    pub databases: usize,
    /// Thresholds of encodings.
    pub thresholds: Thresholds,
    /// `maxmemory` is not zero.
    pub memory_limited: bool,
    /// `maxmemory-policy`.
    pub policy: Policy,
    /// `maxmemory-samples`.
    pub samples: usize,
    /// `lfu-log-factor`.
    pub lfu_log_factor: u32,
    /// `lfu-decay-time`, in minutes; 0 never decays.
    pub lfu_decay_minutes: u32,
    /// `lazyfree-lazy-expire`.
    pub lazy_expire: bool,
    /// `lazyfree-lazy-eviction`.
    pub lazy_eviction: bool,
    /// `lazyfree-lazy-server-del`: values replaced or removed as a side effect.
    pub lazy_server_del: bool,
    /// From where on snapshots take collections in pieces.
    pub large_from: LargeFrom,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            databases: 16,
            thresholds: Thresholds::default(),
            memory_limited: false,
            policy: Policy::NoEviction,
            samples: 5,
            lfu_log_factor: 10,
            lfu_decay_minutes: 1,
            lazy_expire: false,
            lazy_eviction: false,
            lazy_server_del: false,
            large_from: LargeFrom::default(),
        }
    }
}
