//! The section about memory.

use super::{Info, human};
use crate::admin::client_memory;
use crate::node::Node;
use crate::scripting::Scripting;
use crate::session::Role;

pub(super) fn memory(node: &mut Node, info: &mut Info) {
    let facts = (node.senses.facts)();
    let used = node.used_memory();
    let peak = node.stats.memory_peak.max(used);
    node.stats.memory_peak = peak;
    let startup = node.stats.memory_at_start.min(used);
    let of_role = |replica: bool| -> u64 {
        let chosen = node.sessions.iter().filter(|it| (it.role == Role::Replica) == replica);
        chosen.map(|it| client_memory(it) as u64).sum()
    };
    // What the stream holds beyond the backlog, it holds for replicas.
    let stream = node.backlog_memory();
    let has_replicas = node.repl.replica_conns().next().is_some();
    let beyond = if has_replicas { node.uncounted_memory() } else { 0 };
    let backlog = stream - beyond;
    let (clients, replicas) = (of_role(false), of_role(true) + beyond);
    let keys: u64 =
        (0..node.keyspace.databases()).map(|db| node.keyspace.db(db).len() as u64).sum();
    let tracking = node.tracking.memory() as u64;
    let scripts = (node.scripting.scripts.memory() + node.scripting.libraries.memory()) as u64;
    let overhead = startup + clients + replicas + backlog + keys * 13 + tracking + scripts;
    let dataset = used.saturating_sub(overhead);
    let percent =
        |part: u64, whole: u64| format!("{:.2}%", part as f64 * 100.0 / whole.max(1) as f64);
    let ratio = |a: u64, b: u64| format!("{:.2}", a as f64 / b.max(1) as f64);
    info.section("Memory");
    info.size("used_memory", used);
    info.size("used_memory_rss", facts.resident);
    info.size("used_memory_peak", peak);
    info.field("used_memory_peak_perc", percent(used, peak));
    info.field("used_memory_overhead", overhead);
    info.field("used_memory_startup", startup);
    info.field("used_memory_dataset", dataset);
    info.field("used_memory_dataset_perc", percent(dataset, used.saturating_sub(startup)));
    info.field("allocator_allocated", facts.allocated);
    info.field("allocator_active", facts.active);
    info.field("allocator_resident", facts.allocator_resident);
    info.size("total_system_memory", facts.machine_memory);
    let Scripting { scripts, libraries, .. } = &node.scripting;
    let (vm_eval, vm_functions) =
        (scripts.engine_memory() as u64, libraries.engine_memory() as u64);
    let (eval, functions) = (scripts.memory() as u64, libraries.memory() as u64);
    info.field("used_memory_lua", vm_eval);
    info.field("used_memory_vm_eval", vm_eval);
    info.field("used_memory_lua_human", human(vm_eval));
    info.field("used_memory_scripts_eval", eval);
    info.field("number_of_cached_scripts", scripts.len());
    info.field("number_of_functions", libraries.functions());
    info.field("number_of_libraries", libraries.iter().len());
    info.field("used_memory_vm_functions", vm_functions);
    info.size("used_memory_vm_total", vm_eval + vm_functions);
    info.field("used_memory_functions", functions);
    info.size("used_memory_scripts", eval + functions);
    info.size("maxmemory", node.config.values.memory("maxmemory"));
    info.field("maxmemory_policy", node.config.values.choice("maxmemory-policy"));
    info.field("allocator_frag_ratio", ratio(facts.active, facts.allocated));
    info.field("allocator_frag_bytes", facts.active.saturating_sub(facts.allocated));
    info.field("allocator_rss_ratio", ratio(facts.allocator_resident, facts.active));
    info.field("allocator_rss_bytes", facts.allocator_resident.saturating_sub(facts.active));
    info.field("rss_overhead_ratio", ratio(facts.resident, facts.allocator_resident));
    info.field("rss_overhead_bytes", facts.resident as i64 - facts.allocator_resident as i64);
    info.field("mem_fragmentation_ratio", ratio(facts.resident, used));
    info.field("mem_fragmentation_bytes", facts.resident as i64 - used as i64);
    info.field("mem_not_counted_for_evict", node.uncounted_memory());
    info.field("mem_replication_backlog", backlog);
    info.field("mem_total_replication_buffers", stream);
    info.field("mem_clients_slaves", replicas);
    info.field("mem_clients_normal", clients);
    info.field("mem_cluster_links", 0);
    info.field("mem_aof_buffer", 0);
    info.field("mem_allocator", &facts.allocator);
    info.field("active_defrag_running", 0);
    info.field("lazyfree_pending_objects", node.stats.lazyfree_pending);
    info.field("lazyfreed_objects", node.stats.lazyfreed);
}
