//! The parameters that the machines obey, with the defaults of Redis 7.2. The rows of `CONFIG` are the owner's.

/// How a replica takes in a snapshot: `repl-diskless-load`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DisklessLoad {
    /// Into a file first.
    Disabled,
    /// Straight into memory where there is nothing to lose.
    WhenEmpty,
    /// Straight into memory beside the old data, which it replaces once it is whole.
    Swap,
}

/// `client-output-buffer-limit replica`: how far a replica may fall behind, in bytes; zero for no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutputLimit {
    /// Never more than this.
    pub hard_bytes: u64,
    /// No more than this for longer than `soft_secs`.
    pub soft_bytes: u64,
    /// How long the soft limit may be passed.
    pub soft_secs: u64,
}

/// Everything the machines are told by configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// `repl-backlog-size`: bytes of history kept for replicas that come back.
    pub backlog_bytes: u64,
    /// `repl-backlog-ttl`: seconds without replicas after which a primary forgets its history; zero for never.
    pub backlog_ttl_secs: u64,
    /// `repl-diskless-sync`: snapshots go to replicas as they are made.
    pub diskless_sync: bool,
    /// `repl-diskless-sync-delay`: seconds to wait for more replicas to share a snapshot.
    pub diskless_sync_delay_secs: u64,
    /// `repl-diskless-sync-max-replicas`: so many are enough to start at once; zero for no such number.
    pub diskless_sync_max_replicas: usize,
    /// `repl-diskless-load`.
    pub diskless_load: DisklessLoad,
    /// `repl-ping-replica-period`, in seconds.
    pub ping_period_secs: u64,
    /// `repl-timeout`, in seconds.
    pub timeout_secs: u64,
    /// `repl-disable-tcp-nodelay`.
    pub disable_nodelay: bool,
    /// `client-output-buffer-limit replica`.
    pub output_limit: OutputLimit,
    /// `min-replicas-to-write`; zero for off.
    pub min_replicas: usize,
    /// `min-replicas-max-lag`, in seconds; zero for off.
    pub min_replicas_max_lag_secs: u64,
    /// `masteruser`, empty for none.
    pub master_user: Vec<u8>,
    /// `masterauth`, empty for none.
    pub master_auth: Vec<u8>,
    /// The port that clients of this server use: `port`, or `replica-announce-port`.
    pub announce_port: u16,
    /// `replica-announce-ip`, empty for none.
    pub announce_ip: String,
    /// `replica-announced`.
    pub announced: bool,
    /// `replica-priority`.
    pub priority: u32,
    /// `replica-read-only`.
    pub read_only: bool,
}

impl Settings {
    /// The least `repl-backlog-size` that is obeyed.
    pub const BACKLOG_BYTES_MIN: u64 = 16 * 1024;
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            backlog_bytes: 1 << 20,
            backlog_ttl_secs: 3600,
            diskless_sync: true,
            diskless_sync_delay_secs: 5,
            diskless_sync_max_replicas: 0,
            diskless_load: DisklessLoad::Disabled,
            ping_period_secs: 10,
            timeout_secs: 60,
            disable_nodelay: false,
            output_limit: OutputLimit {
                hard_bytes: 256 << 20,
                soft_bytes: 64 << 20,
                soft_secs: 60,
            },
            min_replicas: 0,
            min_replicas_max_lag_secs: 10,
            master_user: Vec::new(),
            master_auth: Vec::new(),
            announce_port: 6379,
            announce_ip: String::new(),
            announced: true,
            priority: 100,
            read_only: true,
        }
    }
}
