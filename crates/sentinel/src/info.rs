//! INFO: the sections of Redis's Sentinel, and one of ours.

use crate::group::Group;
use crate::sentinel::Sentinel;
use ::session::Way;
use std::fmt::{Display, Write};

/// The text of INFO as it grows.
#[derive(Default)]
struct Info {
    text: String,
}

impl Info {
    /// Begins a section.
    fn section(&mut self, name: &str) {
        if !self.text.is_empty() {
            self.text.push_str("\r\n");
        }
        self.line(format_args!("# {name}"));
    }

    /// One field.
    fn field(&mut self, name: &str, value: impl Display) {
        self.line(format_args!("{name}:{value}"));
    }

    fn line(&mut self, line: impl Display) {
        write!(self.text, "{line}\r\n").expect("text grows without fail");
    }
}

type Fill = fn(&Sentinel, &mut Info);

const SECTIONS: [(&str, Fill); 6] = [
    ("server", server),
    ("clients", clients),
    ("stats", stats),
    ("cpu", cpu),
    ("sentinel", sentinel),
    ("regent", regent),
];

/// The sections that these words ask for; all where there is none. Sections that only servers have are passed over.
pub(crate) fn text<'a>(
    sentinel: &Sentinel,
    words: impl Iterator<Item = &'a [u8]> + Clone,
) -> String {
    let asked = |word: &str| words.clone().any(|it| it.eq_ignore_ascii_case(word.as_bytes()));
    let all =
        words.clone().next().is_none() || ["all", "everything", "default"].into_iter().any(asked);
    let mut info = Info::default();
    for (_, fill) in SECTIONS.iter().filter(|(word, _)| all || asked(word)) {
        fill(sentinel, &mut info);
    }
    info.text
}

fn server(it: &Sentinel, info: &mut Info) {
    let facts = (it.senses.facts)();
    let values = &it.config.values;
    let uptime = it.clock.to_world(it.clock.now()).us_since(it.started.instant) / 1_000_000;
    let hz = values.count("hz");
    info.section("Server");
    info.field("redis_version", command::REDIS_VERSION);
    info.field("redis_git_sha1", "00000000");
    info.field("redis_git_dirty", 0);
    info.field("redis_build_id", "0000000000000000");
    info.field("redis_mode", "sentinel");
    info.field("os", &facts.system);
    info.field("arch_bits", usize::BITS);
    info.field("monotonic_clock", "POSIX clock_gettime");
    info.field("multiplexing_api", facts.poller);
    info.field("atomicvar_api", "c11-builtin");
    info.field("gcc_version", "0.0.0");
    info.field("process_id", facts.pid);
    info.field("process_supervised", values.choice("supervised"));
    info.field("run_id", &it.me.id);
    info.field("tcp_port", values.count("port"));
    info.field("server_time_usec", it.clock.wall().0);
    info.field("uptime_in_seconds", uptime);
    info.field("uptime_in_days", uptime / 86_400);
    info.field("hz", hz);
    info.field("configured_hz", hz);
    info.field("lru_clock", it.clock.wall().secs() & 0xff_ffff);
    info.field("executable", &facts.executable);
    info.field("config_file", it.config.file.as_deref().unwrap_or_default());
    info.field("io_threads_active", 0);
    let mut listeners = Vec::new();
    if values.count("port") > 0 {
        let binds = values.addresses().iter().map(|it| it.trim_start_matches('-'));
        let binds: String = binds.map(|address| format!(",bind={address}")).collect();
        listeners.push(format!("name=tcp{binds},port={}", values.count("port")));
    }
    let path = values.text("unixsocket");
    if !path.is_empty() {
        listeners.push(format!("name=unix,bind={path}"));
    }
    for (at, listener) in listeners.iter().enumerate() {
        info.field(&format!("listener{at}"), listener);
    }
    info.field("server_name", "regent");
    info.field("regent_version", env!("CARGO_PKG_VERSION"));
}

fn clients(it: &Sentinel, info: &mut Info) {
    let most = |size: fn(&crate::clients::Session) -> usize| it.clients.iter().map(size).max();
    info.section("Clients");
    info.field("connected_clients", it.clients.len());
    info.field("cluster_connections", 0);
    info.field("maxclients", it.clients.limits.clients_max);
    let input = most(|session| session.inbox.bytes.capacity());
    info.field("client_recent_max_input_buffer", input.unwrap_or(0));
    let output = most(|session| session.out.len());
    info.field("client_recent_max_output_buffer", output.unwrap_or(0));
    info.field("blocked_clients", it.clients.parked_count());
    info.field("tracking_clients", 0);
    info.field("clients_in_timeout_table", 0);
    info.field("total_blocking_keys", 0);
    info.field("total_blocking_keys_on_nokey", 0);
}

fn stats(it: &Sentinel, info: &mut Info) {
    let counters = &it.clients.counters;
    let [commands, bytes_in, bytes_out] = counters.rates();
    let kilobytes = |bytes: u64| format!("{:.2}", bytes as f64 / 1024.0);
    info.section("Stats");
    info.field("total_connections_received", counters.connections);
    info.field("total_commands_processed", counters.commands);
    info.field("instantaneous_ops_per_sec", commands);
    info.field("total_net_input_bytes", counters.bytes_in);
    info.field("total_net_output_bytes", counters.bytes_out);
    info.field("total_net_repl_input_bytes", 0);
    info.field("total_net_repl_output_bytes", 0);
    info.field("instantaneous_input_kbps", kilobytes(bytes_in));
    info.field("instantaneous_output_kbps", kilobytes(bytes_out));
    info.field("instantaneous_input_repl_kbps", "0.00");
    info.field("instantaneous_output_repl_kbps", "0.00");
    info.field("rejected_connections", counters.rejected);
    for name in ["sync_full", "sync_partial_ok", "sync_partial_err", "expired_keys"] {
        info.field(name, 0);
    }
    info.field("expired_stale_perc", "0.00");
    for name in [
        "expired_time_cap_reached_count",
        "expire_cycle_cpu_milliseconds",
        "evicted_keys",
        "evicted_clients",
        "total_eviction_exceeded_time",
        "current_eviction_exceeded_time",
        "keyspace_hits",
        "keyspace_misses",
    ] {
        info.field(name, 0);
    }
    info.field("pubsub_channels", it.clients.pubsub.count(Way::Channel));
    info.field("pubsub_patterns", it.clients.pubsub.count(Way::Pattern));
    for name in [
        "pubsubshard_channels",
        "latest_fork_usec",
        "total_forks",
        "migrate_cached_sockets",
        "slave_expires_tracked_keys",
        "active_defrag_hits",
        "active_defrag_misses",
        "active_defrag_key_hits",
        "active_defrag_key_misses",
        "total_active_defrag_time",
        "current_active_defrag_time",
        "tracking_total_keys",
        "tracking_total_items",
        "tracking_total_prefixes",
        "unexpected_error_replies",
    ] {
        info.field(name, 0);
    }
    info.field("total_error_replies", counters.errors);
    info.field("dump_payload_sanitizations", 0);
    info.field("total_reads_processed", counters.reads);
    info.field("total_writes_processed", counters.writes);
    for name in [
        "io_threaded_reads_processed",
        "io_threaded_writes_processed",
        "reply_buffer_shrinks",
        "reply_buffer_expands",
        "eventloop_cycles",
        "eventloop_duration_sum",
        "eventloop_duration_cmd_sum",
        "instantaneous_eventloop_cycles_per_sec",
        "instantaneous_eventloop_duration_usec",
    ] {
        info.field(name, 0);
    }
    let refusals = &it.clients.refusals;
    info.field("acl_access_denied_auth", refusals.logins);
    info.field("acl_access_denied_cmd", refusals.commands);
    info.field("acl_access_denied_key", refusals.keys);
    info.field("acl_access_denied_channel", refusals.channels);
}

fn cpu(it: &Sentinel, info: &mut Info) {
    let facts = (it.senses.facts)();
    let seconds = |us: u64| format!("{}.{:06}", us / 1_000_000, us % 1_000_000);
    info.section("CPU");
    info.field("used_cpu_sys", seconds(facts.cpu_system_us));
    info.field("used_cpu_user", seconds(facts.cpu_user_us));
    info.field("used_cpu_sys_children", seconds(facts.children_system_us));
    info.field("used_cpu_user_children", seconds(facts.children_user_us));
    info.field("used_cpu_sys_main_thread", seconds(facts.thread_system_us));
    info.field("used_cpu_user_main_thread", seconds(facts.thread_user_us));
}

fn sentinel(it: &Sentinel, info: &mut Info) {
    let now = it.clock.now();
    info.section("Sentinel");
    info.field("sentinel_masters", it.groups.len());
    info.field("sentinel_tilt", u8::from(it.clock.is_tilted()));
    let since = it.clock.tilt_since().map_or(-1, |at| (now.ms_since(at) / 1000) as i64);
    info.field("sentinel_tilt_since_seconds", since);
    info.field("sentinel_running_scripts", it.scripts.running());
    info.field("sentinel_scripts_queue_length", it.scripts.len());
    let simulated =
        u8::from(it.me.crash_after_election) + 2 * u8::from(it.me.crash_after_promotion);
    info.field("sentinel_simulate_failure_flags", simulated);
    for (at, group) in it.groups.values().enumerate() {
        let address = &group.primary.address;
        let line = format_args!(
            "name={},status={},address={}:{},slaves={},sentinels={}",
            group.name,
            status(group),
            it.names.announced(&address.host),
            address.port,
            group.replicas.iter().filter(|it| it.verified).count(),
            group.peers.len() + 1
        );
        info.field(&format!("master{at}"), line);
    }
}

fn status(group: &Group) -> &'static str {
    match (group.objectively_down, group.primary.down_since) {
        (Some(_), _) => "odown",
        (None, Some(_)) => "sdown",
        (None, None) => "ok",
    }
}

/// What only we tell: whether the disk keeps up, and what has become of failovers.
fn regent(it: &Sentinel, info: &mut Info) {
    let links: Vec<_> = it.links.iter().collect();
    let all = it.groups.values().flat_map(|group| &group.timelines);
    info.section("Regent");
    info.field("state_version", it.ledger.version());
    info.field("state_settled", it.ledger.settled());
    info.field("links", links.len());
    info.field("links_connected", links.iter().filter(|(_, link)| link.is_connected()).count());
    info.field("links_refused", links.iter().filter(|(_, link)| link.refused).count());
    info.field("failovers_remembered", all.count());
}
