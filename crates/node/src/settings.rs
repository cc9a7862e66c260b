//! What the configuration comes to, in plain fields: hot paths never look a parameter up by name.

use commands::Lazy;
use config::OutputLimits;
use world::Level;

/// The parameters that the node itself reads.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// How many refusals ACL LOG remembers: `acllog-max-len`.
    pub(crate) acllog_len_max: usize,
    /// `proto-max-bulk-len`, bytes, as far as a word may be that long.
    pub(crate) bulk_len_max: usize,
    /// `client-query-buffer-limit`, bytes.
    pub(crate) query_buffer_max: usize,
    /// `client-output-buffer-limit`.
    pub(crate) output: OutputLimits,
    /// `maxclients`.
    pub(crate) clients_max: usize,
    /// `maxmemory-clients`, bytes; zero for no limit.
    pub(crate) clients_memory_max: u64,
    /// `timeout`, seconds; zero for never.
    pub(crate) idle_timeout_secs: u64,
    /// `protected-mode`.
    pub(crate) protected_mode: bool,
    /// The `lazyfree-lazy-*` parameters that commands look at.
    pub(crate) lazy: Lazy,
    /// `lazyfree-lazy-expire`.
    pub(crate) lazy_expire: bool,
    /// `lazyfree-lazy-eviction`.
    pub(crate) lazy_eviction: bool,
    /// `loglevel`: the least level that is written; none for `nothing`.
    pub(crate) log_level: Option<Level>,
    /// `slowlog-log-slower-than`, microseconds; negative for never.
    pub(crate) slowlog_slower_than_us: i64,
    /// `tracking-table-max-keys`; zero for no limit.
    pub(crate) tracking_keys_max: usize,
    /// `slowlog-max-len`.
    pub(crate) slowlog_len_max: usize,
    /// `latency-tracking`.
    pub(crate) latency_tracking: bool,
    /// `latency-monitor-threshold`, milliseconds; zero for never.
    pub(crate) latency_threshold_ms: u64,
    /// `replica-read-only`.
    pub(crate) replica_read_only: bool,
    /// `replica-serve-stale-data`.
    pub(crate) replica_serve_stale: bool,
    /// `stop-writes-on-bgsave-error`.
    pub(crate) stop_writes_on_save_error: bool,
    /// `tcp-keepalive`, seconds.
    pub(crate) keepalive_secs: u32,
    /// `maxmemory`, bytes; zero for no limit.
    pub(crate) memory_max: u64,
    /// `replica-ignore-maxmemory`.
    pub(crate) replica_ignore_maxmemory: bool,
    /// `replica-lazy-flush`.
    pub(crate) replica_lazy_flush: bool,
    /// `enable-debug-command`: who may use DEBUG.
    pub(crate) debug_command: Permission,
    pub(crate) module_command: Permission,
    /// `busy-reply-threshold`, milliseconds; zero for never.
    pub(crate) busy_reply_threshold_ms: u64,
    /// `hz`: how often a second background work is looked after.
    pub(crate) hz: u64,
    /// `shutdown-timeout`, seconds: how long a shutdown waits for replicas.
    pub(crate) shutdown_timeout_secs: u64,
}

/// The values of `enable-debug-command` and its kin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Permission {
    /// Nobody.
    No,
    /// Everybody.
    Yes,
    /// Peers on this machine.
    Local,
}
