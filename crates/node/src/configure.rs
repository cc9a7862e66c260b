//! From parameters to the plain fields that the parts of the server read.

use crate::crowd;
use crate::node::Node;
use crate::settings::{Permission, Settings};
use acl::Channels;
use commands::Lazy;
use config::Values;
use resp::WORD_BYTES_MAX;
use store::{EventClasses, Policy, Thresholds};
use world::Level;

/// What the node itself reads.
pub(crate) fn node(values: &Values) -> Settings {
    Settings {
        acllog_len_max: values.count("acllog-max-len") as usize,
        bulk_len_max: (values.memory("proto-max-bulk-len") as usize).min(WORD_BYTES_MAX),
        query_buffer_max: values.memory("client-query-buffer-limit") as usize,
        output: values.output_limits(),
        clients_max: values.count("maxclients") as usize,
        clients_memory_max: match values.memory("maxmemory-clients") {
            0 => 0,
            limit => limit.max(crowd::LIMIT_MIN),
        },
        idle_timeout_secs: values.count("timeout"),
        protected_mode: values.flag("protected-mode"),
        lazy: Lazy {
            user_del: values.flag("lazyfree-lazy-user-del"),
            server_del: values.flag("lazyfree-lazy-server-del"),
            user_flush: values.flag("lazyfree-lazy-user-flush"),
        },
        lazy_expire: values.flag("lazyfree-lazy-expire"),
        lazy_eviction: values.flag("lazyfree-lazy-eviction"),
        log_level: match values.choice("loglevel") {
            "debug" => Some(Level::Debug),
            "verbose" => Some(Level::Verbose),
            "warning" => Some(Level::Warning),
            "nothing" => None,
            _ => Some(Level::Notice),
        },
        slowlog_slower_than_us: values.integer("slowlog-log-slower-than"),
        slowlog_len_max: values.count("slowlog-max-len") as usize,
        tracking_keys_max: values.count("tracking-table-max-keys") as usize,
        latency_tracking: values.flag("latency-tracking"),
        latency_threshold_ms: values.count("latency-monitor-threshold"),
        replica_read_only: values.flag("replica-read-only"),
        replica_serve_stale: values.flag("replica-serve-stale-data"),
        memory_max: values.memory("maxmemory"),
        replica_ignore_maxmemory: values.flag("replica-ignore-maxmemory"),
        replica_lazy_flush: values.flag("replica-lazy-flush"),
        stop_writes_on_save_error: values.flag("stop-writes-on-bgsave-error"),
        keepalive_secs: values.count("tcp-keepalive") as u32,
        debug_command: permission(values, "enable-debug-command"),
        module_command: permission(values, "enable-module-command"),
        busy_reply_threshold_ms: values.count("busy-reply-threshold"),
        hz: values.count("hz"),
        shutdown_timeout_secs: values.count("shutdown-timeout"),
    }
}

fn permission(values: &Values, name: &str) -> Permission {
    match values.choice(name) {
        "yes" => Permission::Yes,
        "local" => Permission::Local,
        _ => Permission::No,
    }
}

/// What the keyspace reads.
pub(crate) fn store(values: &Values, seed: ds::Seed) -> store::Settings {
    let thresholds = Thresholds {
        seed,
        list_max_listpack_size: values.integer("list-max-listpack-size"),
        set_max_intset_entries: values.count("set-max-intset-entries") as usize,
        set_max_listpack_entries: values.count("set-max-listpack-entries") as usize,
        set_max_listpack_value: values.count("set-max-listpack-value") as usize,
        hash_max_listpack_entries: values.count("hash-max-listpack-entries") as usize,
        hash_max_listpack_value: values.count("hash-max-listpack-value") as usize,
        zset_max_listpack_entries: values.count("zset-max-listpack-entries") as usize,
        zset_max_listpack_value: values.count("zset-max-listpack-value") as usize,
        hll_sparse_max_bytes: values.memory("hll-sparse-max-bytes") as usize,
        ..Thresholds::default()
    };
    store::Settings {
        databases: values.count("databases") as usize,
        thresholds,
        memory_limited: values.memory("maxmemory") > 0,
        policy: policy(values.choice("maxmemory-policy")),
        samples: values.count("maxmemory-samples") as usize,
        lfu_log_factor: values.count("lfu-log-factor") as u32,
        lfu_decay_minutes: values.count("lfu-decay-time") as u32,
        lazy_expire: values.flag("lazyfree-lazy-expire"),
        lazy_eviction: values.flag("lazyfree-lazy-eviction"),
        lazy_server_del: values.flag("lazyfree-lazy-server-del"),
        large_from: store::LargeFrom::default(),
    }
}

fn policy(name: &str) -> Policy {
    let found = Policy::ALL.into_iter().find(|(it, _)| *it == name);
    found.map_or(Policy::NoEviction, |(_, policy)| policy)
}

/// What the replication machines read.
pub(crate) fn replication(values: &Values) -> replication::Settings {
    use replication::DisklessLoad;
    let limit = values.output_limits().replica;
    let announced = values.count("replica-announce-port") as u16;
    replication::Settings {
        backlog_bytes: values.memory("repl-backlog-size"),
        backlog_ttl_secs: values.count("repl-backlog-ttl"),
        diskless_sync: values.flag("repl-diskless-sync"),
        diskless_sync_delay_secs: values.count("repl-diskless-sync-delay"),
        diskless_sync_max_replicas: values.count("repl-diskless-sync-max-replicas") as usize,
        diskless_load: match values.choice("repl-diskless-load") {
            "swapdb" => DisklessLoad::Swap,
            "on-empty-db" => DisklessLoad::WhenEmpty,
            _ => DisklessLoad::Disabled,
        },
        ping_period_secs: values.count("repl-ping-replica-period"),
        timeout_secs: values.count("repl-timeout"),
        disable_nodelay: values.flag("repl-disable-tcp-nodelay"),
        output_limit: replication::OutputLimit {
            hard_bytes: limit.hard_bytes,
            soft_bytes: limit.soft_bytes,
            soft_secs: limit.soft_seconds,
        },
        min_replicas: values.count("min-replicas-to-write") as usize,
        min_replicas_max_lag_secs: values.count("min-replicas-max-lag"),
        master_user: values.bytes("masteruser").to_vec(),
        master_auth: values.bytes("masterauth").to_vec(),
        announce_port: if announced == 0 { values.count("port") as u16 } else { announced },
        announce_ip: values.text("replica-announce-ip"),
        announced: values.flag("replica-announced"),
        priority: values.count("replica-priority") as u32,
        read_only: values.flag("replica-read-only"),
    }
}

impl Node {
    /// Reads the parameters anew, after any of them has changed.
    pub(crate) fn configure(&mut self) {
        let values = &self.config.values;
        self.settings = node(values);
        self.users.set_new_channels(Channels::of_new_users(values.choice("acl-pubsub-default")));
        let seed = self.keyspace.settings().thresholds.seed;
        *self.keyspace.settings_mut() = store(values, seed);
        self.repl.set_settings(self.now, replication(&self.config.values));
        let values = &self.config.values;
        let events = EventClasses::parse(values.events().letters().as_bytes());
        self.keyspace.observers.events = events.unwrap_or(EventClasses::NONE);
    }
}
