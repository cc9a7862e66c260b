//! MEMORY STATS: the same numbers as in INFO, as a map.

use super::{SUB, TELLING};
use crate::admin::{NodeCommand, NodeCx, client_memory};
use crate::node::Node;
use crate::session::Role;
use command::{Args, Arity, Command, Flow, Outcome, Spec, Writer};
use stdx::float;
use world::Facts;

pub(super) const STATS: NodeCommand = Command::new(
    stats,
    Spec {
        name: "stats",
        summary: "Tells how the memory of the server is divided.",
        arity: Arity::Exactly(2),
        tips: TELLING,
        ..SUB
    },
);

/// Bytes that a table of keys takes for each of them, about; and that a key with a deadline takes for it.
const BYTES_PER_KEY: u64 = 13;
const BYTES_PER_DEADLINE: u64 = 8;

/// Who holds what, in bytes.
pub(super) struct Division {
    pub(super) facts: Facts,
    pub(super) used: u64,
    pub(super) peak: u64,
    startup: u64,
    backlog: u64,
    pub(super) replicas: u64,
    pub(super) clients: u64,
    scripts: u64,
    functions: u64,
    keys: u64,
    /// Databases that hold anything: index, bytes of tables, bytes of deadlines.
    databases: Vec<(usize, u64, u64)>,
    overhead: u64,
}

impl Division {
    pub(super) fn of(node: &mut Node) -> Division {
        let facts = (node.senses.facts)();
        let used = node.used_memory();
        let peak = node.stats.memory_peak.max(used);
        node.stats.memory_peak = peak;
        let startup = node.stats.memory_at_start.min(used);
        let of_role = |replica: bool| -> u64 {
            let chosen = node.sessions.iter().filter(|it| (it.role == Role::Replica) == replica);
            chosen.map(|it| client_memory(it) as u64).sum()
        };
        let (clients, replicas, backlog) = (of_role(false), of_role(true), node.backlog_memory());
        let mut databases = Vec::new();
        let mut keys = 0;
        for index in 0..node.keyspace.databases() {
            let db = node.keyspace.db(index);
            let (len, volatile) = (db.len() as u64, db.len_volatile() as u64);
            if len > 0 {
                keys += len;
                databases.push((index, len * BYTES_PER_KEY, volatile * BYTES_PER_DEADLINE));
            }
        }
        let tables: u64 = databases.iter().map(|(_, keys, deadlines)| keys + deadlines).sum();
        let tracking = node.tracking.memory() as u64;
        let scripts = node.scripting.scripts.memory() as u64;
        let functions = node.scripting.libraries.memory() as u64;
        let overhead =
            startup + clients + replicas + backlog + tables + tracking + scripts + functions;
        Division {
            facts,
            used,
            peak,
            startup,
            backlog,
            replicas,
            clients,
            scripts,
            functions,
            keys,
            databases,
            overhead,
        }
    }
}

fn stats(cx: &mut NodeCx<'_>, _: Args<'_>) -> Outcome {
    let it = Division::of(cx.node);
    let mut map = Map { w: &mut cx.reply, count: 0 };
    let place = map.w.defer();
    map.bytes("peak.allocated", it.peak);
    map.bytes("total.allocated", it.used);
    map.bytes("startup.allocated", it.startup);
    map.bytes("replication.backlog", it.backlog);
    map.bytes("clients.slaves", it.replicas);
    map.bytes("clients.normal", it.clients);
    map.bytes("cluster.links", 0);
    map.bytes("aof.buffer", 0);
    map.bytes("lua.caches", it.scripts);
    map.bytes("functions.caches", it.functions);
    for (index, keys, deadlines) in &it.databases {
        map.key(&format!("db.{index}"));
        map.w.map(3);
        for (name, bytes) in [
            ("overhead.hashtable.main", *keys),
            ("overhead.hashtable.expires", *deadlines),
            ("overhead.hashtable.slot-to-keys", 0),
        ] {
            map.w.text(name);
            map.w.int(bytes as i64);
        }
    }
    let dataset = it.used.saturating_sub(it.overhead);
    let net = it.used.saturating_sub(it.startup);
    let facts = &it.facts;
    map.bytes("overhead.total", it.overhead);
    map.bytes("keys.count", it.keys);
    map.bytes("keys.bytes-per-key", net.checked_div(it.keys).unwrap_or(0));
    map.bytes("dataset.bytes", dataset);
    map.double("dataset.percentage", ratio(dataset, net) * 100.0);
    map.double("peak.percentage", ratio(it.used, it.peak) * 100.0);
    map.bytes("allocator.allocated", facts.allocated);
    map.bytes("allocator.active", facts.active);
    map.bytes("allocator.resident", facts.allocator_resident);
    map.double("allocator-fragmentation.ratio", ratio(facts.active, facts.allocated));
    map.difference("allocator-fragmentation.bytes", facts.active, facts.allocated);
    map.double("allocator-rss.ratio", ratio(facts.allocator_resident, facts.active));
    map.difference("allocator-rss.bytes", facts.allocator_resident, facts.active);
    map.double("rss-overhead.ratio", ratio(facts.resident, facts.allocator_resident));
    map.difference("rss-overhead.bytes", facts.resident, facts.allocator_resident);
    map.double("fragmentation", ratio(facts.resident, it.used));
    map.difference("fragmentation.bytes", facts.resident, it.used);
    let count = map.count;
    cx.reply.finish_map(place, count);
    Ok(Flow::Done)
}

/// How many times `b` goes into `a`; nothing where there is no `b`.
pub(super) fn ratio(a: u64, b: u64) -> f64 {
    if b == 0 { 0.0 } else { a as f64 / b as f64 }
}

struct Map<'w, 'a> {
    w: &'w mut Writer<'a>,
    count: usize,
}

impl Map<'_, '_> {
    fn key(&mut self, name: &str) {
        self.w.text(name);
        self.count += 1;
    }

    fn bytes(&mut self, name: &str, bytes: u64) {
        self.key(name);
        self.w.int(bytes as i64);
    }

    fn difference(&mut self, name: &str, a: u64, b: u64) {
        self.key(name);
        self.w.int(a as i64 - b as i64);
    }

    fn double(&mut self, name: &str, value: f64) {
        self.key(name);
        let text = float::general_17(value);
        self.w.double_text(std::str::from_utf8(text.as_bytes()).expect("numbers are ASCII"));
    }
}
