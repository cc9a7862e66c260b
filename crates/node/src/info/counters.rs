//! The sections about what has happened: Persistence, Stats, Replication, Keyspace, and ours.

use super::Info;
use crate::node::Node;
use session::Way;

pub(super) fn persistence(node: &mut Node, info: &mut Info) {
    info.section("Persistence");
    node.persistence_info(info);
}

pub(super) fn stats(node: &mut Node, info: &mut Info) {
    let keyspace = node.keyspace.stats;
    let stats = &node.stats;
    let rates = &stats.rates;
    info.section("Stats");
    info.field("total_connections_received", stats.connections);
    info.field("total_commands_processed", stats.commands);
    info.field("instantaneous_ops_per_sec", rates.commands.average());
    info.field("total_net_input_bytes", stats.net_in + stats.net_repl_in);
    info.field("total_net_output_bytes", stats.net_out + stats.net_repl_out);
    info.field("total_net_repl_input_bytes", stats.net_repl_in);
    info.field("total_net_repl_output_bytes", stats.net_repl_out);
    let kilobytes = |per_second: u64| format!("{:.2}", per_second as f64 / 1024.0);
    info.field("instantaneous_input_kbps", kilobytes(rates.net_in.average()));
    info.field("instantaneous_output_kbps", kilobytes(rates.net_out.average()));
    info.field("instantaneous_input_repl_kbps", kilobytes(rates.net_repl_in.average()));
    info.field("instantaneous_output_repl_kbps", kilobytes(rates.net_repl_out.average()));
    info.field("rejected_connections", stats.rejected_connections);
    let (full, partial, partial_refused) = node.sync_counts();
    let stats = &node.stats;
    info.field("sync_full", full);
    info.field("sync_partial_ok", partial);
    info.field("sync_partial_err", partial_refused);
    info.field("expired_keys", keyspace.expired_keys);
    info.field("expired_stale_perc", format_args!("{:.2}", keyspace.expired_stale_percent));
    info.field("expired_time_cap_reached_count", keyspace.expired_time_cap_reached);
    info.field("expire_cycle_cpu_milliseconds", stats.expire_us / 1000);
    info.field("evicted_keys", keyspace.evicted_keys);
    info.field("evicted_clients", stats.evicted_clients);
    info.field("total_eviction_exceeded_time", stats.eviction_exceeded_ms);
    info.field("current_eviction_exceeded_time", 0);
    info.field("keyspace_hits", keyspace.hits);
    info.field("keyspace_misses", keyspace.misses);
    info.field("pubsub_channels", node.pubsub.count(Way::Channel));
    info.field("pubsub_patterns", node.pubsub.count(Way::Pattern));
    info.field("pubsubshard_channels", node.pubsub.count(Way::Shard));
    info.field("latest_fork_usec", 0);
    info.field("total_forks", 0);
    info.field("migrate_cached_sockets", node.kept_connections());
    info.field("slave_expires_tracked_keys", node.own_keys.len());
    for name in ["hits", "misses", "key_hits", "key_misses"] {
        info.field(&format!("active_defrag_{name}"), 0);
    }
    info.field("total_active_defrag_time", 0);
    info.field("current_active_defrag_time", 0);
    let (keys, items, prefixes) = node.tracking.counts();
    info.field("tracking_total_keys", keys);
    info.field("tracking_total_items", items);
    info.field("tracking_total_prefixes", prefixes);
    info.field("unexpected_error_replies", stats.errors_on_links);
    info.field("total_error_replies", stats.errors);
    info.field("dump_payload_sanitizations", stats.sanitizations);
    info.field("total_reads_processed", stats.reads);
    info.field("total_writes_processed", stats.writes);
    info.field("io_threaded_reads_processed", 0);
    info.field("io_threaded_writes_processed", 0);
    info.field("reply_buffer_shrinks", 0);
    info.field("reply_buffer_expands", 0);
    info.field("eventloop_cycles", stats.turns.count);
    info.field("eventloop_duration_sum", stats.turns.spent_ns / 1000);
    info.field("eventloop_duration_cmd_sum", stats.turns.commands_ns / 1000);
    info.field("instantaneous_eventloop_cycles_per_sec", rates.turns.average());
    info.field("instantaneous_eventloop_duration_usec", rates.turn_us.average());
    info.field("acl_access_denied_auth", node.refusals.logins);
    info.field("acl_access_denied_cmd", node.refusals.commands);
    info.field("acl_access_denied_key", node.refusals.keys);
    info.field("acl_access_denied_channel", node.refusals.channels);
}

pub(super) fn replication(node: &mut Node, info: &mut Info) {
    info.section("Replication");
    node.replication_info(info);
}

pub(super) fn keyspace(node: &mut Node, info: &mut Info) {
    info.section("Keyspace");
    for index in 0..node.keyspace.databases() {
        let db = node.keyspace.db(index);
        let (keys, volatile, ttl_ms) = (db.len(), db.len_volatile(), db.average_ttl_ms());
        if keys > 0 {
            info.field(
                &format!("db{index}"),
                format_args!("keys={keys},expires={volatile},avg_ttl={ttl_ms}"),
            );
        }
    }
}

/// What only those who ask for it by name are told.
pub(super) fn debug(node: &mut Node, info: &mut Info) {
    let turns = &node.stats.turns;
    info.section("Debug");
    info.field("eventloop_duration_aof_sum", 0);
    info.field("eventloop_duration_cron_sum", turns.cron_ns / 1000);
    info.field("eventloop_duration_max", turns.spent_ns_max / 1000);
    info.field("eventloop_cmd_per_cycle_max", turns.commands_max);
}

pub(super) fn regent(node: &mut Node, info: &mut Info) {
    info.section("Regent");
    node.regent_info(info);
}
