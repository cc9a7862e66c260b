//! What the configuration comes to, in plain fields: hot paths never look a parameter up by name.

use commands::Lazy;

/// Limits of the bytes that may wait for one class of clients. Zero means none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OutputLimit {
    /// Closed at once above this many bytes.
    pub hard: u64,
    /// Closed when above this many bytes for `soft_secs` seconds.
    pub soft: u64,
    /// See `soft`.
    pub soft_secs: u64,
}

/// The parameters that the node itself reads.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `databases`.
    pub databases: usize,
    /// `requirepass`; empty for none.
    pub requirepass: Vec<u8>,
    /// `proto-max-bulk-len`, bytes.
    pub bulk_len_max: usize,
    /// `client-query-buffer-limit`, bytes.
    pub query_buffer_max: usize,
    /// `client-output-buffer-limit normal`.
    pub output_normal: OutputLimit,
    /// `client-output-buffer-limit replica`.
    pub output_replica: OutputLimit,
    /// `client-output-buffer-limit pubsub`.
    pub output_pubsub: OutputLimit,
    /// `maxclients`.
    pub clients_max: usize,
    /// `timeout`, seconds; zero for never.
    pub idle_timeout_secs: u64,
    /// `protected-mode`.
    pub protected_mode: bool,
    /// The `lazyfree-lazy-*` parameters that commands look at.
    pub lazy: Lazy,
    /// `lazyfree-lazy-expire`.
    pub lazy_expire: bool,
    /// `lazyfree-lazy-eviction`.
    pub lazy_eviction: bool,
    /// `slowlog-log-slower-than`, microseconds; negative for never.
    pub slowlog_slower_than_us: i64,
    /// `slowlog-max-len`.
    pub slowlog_len_max: usize,
    /// `latency-tracking`.
    pub latency_tracking: bool,
    /// `latency-monitor-threshold`, milliseconds; zero for never.
    pub latency_threshold_ms: u64,
    /// `replica-read-only`.
    pub replica_read_only: bool,
    /// `replica-serve-stale-data`.
    pub replica_serve_stale: bool,
    /// `min-replicas-to-write`.
    pub min_replicas: usize,
    /// `stop-writes-on-bgsave-error`.
    pub stop_writes_on_save_error: bool,
    /// `tcp-keepalive`, seconds.
    pub keepalive_secs: u32,
    /// `enable-debug-command` lets this connection use DEBUG.
    pub debug_command: Permission,
}

/// The values of `enable-debug-command` and its kin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// Nobody.
    No,
    /// Everybody.
    Yes,
    /// Peers on this machine.
    Local,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            databases: 16,
            requirepass: Vec::new(),
            bulk_len_max: 512 << 20,
            query_buffer_max: 1 << 30,
            output_normal: OutputLimit::default(),
            output_replica: OutputLimit { hard: 256 << 20, soft: 64 << 20, soft_secs: 60 },
            output_pubsub: OutputLimit { hard: 32 << 20, soft: 8 << 20, soft_secs: 60 },
            clients_max: 10_000,
            idle_timeout_secs: 0,
            protected_mode: true,
            lazy: Lazy::default(),
            lazy_expire: false,
            lazy_eviction: false,
            slowlog_slower_than_us: 10_000,
            slowlog_len_max: 128,
            latency_tracking: true,
            latency_threshold_ms: 0,
            replica_read_only: true,
            replica_serve_stale: true,
            min_replicas: 0,
            stop_writes_on_save_error: true,
            keepalive_secs: 300,
            debug_command: Permission::No,
        }
    }
}
