//! The sections about the server itself: Server, Clients, CPU, Cluster.

use super::Info;
use crate::blocking::Waiting;
use crate::node::Node;
use crate::session::Role;

pub(super) fn server(node: &mut Node, info: &mut Info) {
    let facts = (node.senses.facts)();
    let values = &node.config.values;
    let uptime = node.now.instant.us_since(node.stats.started.instant) / 1_000_000;
    info.section("Server");
    info.field("redis_version", crate::REDIS_VERSION);
    info.field("redis_git_sha1", "00000000");
    info.field("redis_git_dirty", 0);
    info.field("redis_build_id", "0000000000000000");
    info.field("redis_mode", "standalone");
    info.field("os", &facts.system);
    info.field("arch_bits", usize::BITS);
    info.field("monotonic_clock", "POSIX clock_gettime");
    info.field("multiplexing_api", facts.poller);
    info.field("atomicvar_api", "c11-builtin");
    info.field("gcc_version", "0.0.0");
    info.field("process_id", facts.pid);
    info.field("process_supervised", values.choice("supervised"));
    info.field("run_id", &node.run_id);
    info.field("tcp_port", values.count("port"));
    info.field("server_time_usec", node.now.wall.0);
    info.field("uptime_in_seconds", uptime);
    info.field("uptime_in_days", uptime / 86_400);
    info.field("hz", node.settings.hz);
    info.field("configured_hz", node.settings.hz);
    info.field("lru_clock", node.now.wall.secs() & 0xff_ffff);
    info.field("executable", &facts.executable);
    info.field("config_file", node.config_file());
    info.field("io_threads_active", 0);
    if let Some(ms) = node.shutdown_in_ms() {
        info.field("shutdown_in_milliseconds", ms);
    }
    let binds = values.addresses().iter().map(|it| format!(",bind={it}"));
    let mut listener = 0;
    if values.count("port") > 0 {
        let binds: String = binds.collect();
        info.field("listener0", format!("name=tcp{binds},port={}", values.count("port")));
        listener = 1;
    }
    let path = values.text("unixsocket");
    if !path.is_empty() {
        info.field(&format!("listener{listener}"), format!("name=unix,bind={path}"));
    }
    info.field("server_name", "regent");
    info.field("regent_version", env!("CARGO_PKG_VERSION"));
}

pub(super) fn clients(node: &mut Node, info: &mut Info) {
    let links = |it: &&crate::session::Session| matches!(it.role, Role::Replica | Role::Master);
    let connected = node.sessions.len() - node.sessions.iter().filter(links).count();
    let with_deadline = node.sessions.iter().filter(|it| {
        it.parked.as_ref().is_some_and(|parked| match &parked.what {
            Waiting::Keys { wait, .. } => wait.deadline.is_some(),
            Waiting::Replicas { deadline, .. } => deadline.is_some(),
            Waiting::Ticket | Waiting::Pause | Waiting::Script => false,
        })
    });
    let input = node.sessions.iter().map(|it| match &it.inbox {
        Some(inbox) => inbox.bytes.capacity().max(inbox.peak()),
        // Its own request runs.
        None => it.running,
    });
    let output = node.sessions.iter().map(|it| it.out.capacity().max(it.out.peak()));
    info.section("Clients");
    info.field("connected_clients", connected);
    info.field("cluster_connections", 0);
    info.field("maxclients", node.settings.clients_max);
    info.field("client_recent_max_input_buffer", input.max().unwrap_or(0));
    info.field("client_recent_max_output_buffer", output.max().unwrap_or(0));
    info.field("blocked_clients", node.blocking.count);
    info.field("tracking_clients", node.tracking.clients());
    info.field("clients_in_timeout_table", with_deadline.count());
    info.field("total_blocking_keys", node.blocking.keys());
    info.field("total_blocking_keys_on_nokey", 0);
}

pub(super) fn cpu(node: &mut Node, info: &mut Info) {
    let facts = (node.senses.facts)();
    let seconds = |us: u64| format!("{}.{:06}", us / 1_000_000, us % 1_000_000);
    info.section("CPU");
    info.field("used_cpu_sys", seconds(facts.cpu_system_us));
    info.field("used_cpu_user", seconds(facts.cpu_user_us));
    info.field("used_cpu_sys_children", seconds(facts.children_system_us));
    info.field("used_cpu_user_children", seconds(facts.children_user_us));
    info.field("used_cpu_sys_main_thread", seconds(facts.thread_system_us));
    info.field("used_cpu_user_main_thread", seconds(facts.thread_user_us));
}

pub(super) fn cluster(_: &mut Node, info: &mut Info) {
    info.section("Cluster");
    info.field("cluster_enabled", 0);
}
