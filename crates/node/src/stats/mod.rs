//! What the server counts.

mod histogram;
mod latency;
mod rates;
mod slowlog;
mod turns;

pub(crate) use histogram::Histogram;
pub(crate) use latency::Latency;
pub(crate) use rates::Rates;
pub(crate) use slowlog::Slowlog;
pub(crate) use turns::Turns;

use crate::registry::CommandId;
use std::collections::BTreeMap;
use stdx::Now;

/// Everything counted, apart from what its owner counts itself.
pub(crate) struct Stats {
    /// When the server started.
    pub(crate) started: Now,
    pub(crate) connections: u64,
    pub(crate) rejected_connections: u64,
    pub(crate) commands: u64,
    pub(crate) net_in: u64,
    pub(crate) net_out: u64,
    pub(crate) output_limit_disconnections: u64,
    pub(crate) query_limit_disconnections: u64,
    pub(crate) net_repl_in: u64,
    pub(crate) net_repl_out: u64,
    pub(crate) memory_peak: u64,
    pub(crate) memory_at_start: u64,
    pub(crate) lazyfree_pending: u64,
    pub(crate) lazyfreed: u64,
    pub(crate) expire_us: u64,
    pub(crate) evicted_clients: u64,
    pub(crate) eviction_exceeded_ms: u64,
    pub(crate) sanitizations: u64,
    pub(crate) reads: u64,
    pub(crate) writes: u64,
    pub(crate) turns: Turns,
    pub(crate) rates: Rates,
    /// Error replies in all.
    pub(crate) errors: u64,
    /// Commands from the master, or from replicas, that failed.
    pub(crate) errors_on_links: u64,
    /// Error replies by their first word.
    pub(crate) errors_by_code: BTreeMap<Vec<u8>, u64>,
    commands_by_id: Vec<CommandStats>,
    pub(crate) latency: Latency,
    pub(crate) slowlog: Slowlog,
}

/// What one command has cost so far.
#[derive(Default)]
pub(crate) struct CommandStats {
    pub(crate) calls: u64,
    pub(crate) spent_ns: u64,
    /// Refused before it ran.
    pub(crate) rejected: u64,
    /// Ran and answered with an error.
    pub(crate) failed: u64,
    pub(crate) histogram: Option<Box<Histogram>>,
}

impl CommandStats {
    /// One more call.
    pub(crate) fn count(&mut self, spent_ns: u64, in_histogram: bool) {
        self.calls += 1;
        self.spent_ns += spent_ns;
        if in_histogram {
            self.histogram.get_or_insert_default().add(spent_ns);
        }
    }
}

/// More kinds of errors than this, and only their sum is kept: somebody makes them up.
const ERROR_CODES_MAX: usize = 128;

impl Stats {
    /// Nothing counted yet.
    pub(crate) fn new(now: Now) -> Stats {
        Stats {
            started: now,
            connections: 0,
            rejected_connections: 0,
            commands: 0,
            net_in: 0,
            net_out: 0,
            output_limit_disconnections: 0,
            query_limit_disconnections: 0,
            net_repl_in: 0,
            net_repl_out: 0,
            memory_peak: 0,
            memory_at_start: 0,
            lazyfree_pending: 0,
            lazyfreed: 0,
            expire_us: 0,
            evicted_clients: 0,
            eviction_exceeded_ms: 0,
            sanitizations: 0,
            reads: 0,
            writes: 0,
            turns: Turns::default(),
            rates: Rates::default(),
            errors: 0,
            errors_on_links: 0,
            errors_by_code: BTreeMap::new(),
            commands_by_id: Vec::new(),
            latency: Latency::default(),
            slowlog: Slowlog::default(),
        }
    }

    /// What a command has cost, to be added to.
    pub(crate) fn command_mut(&mut self, id: CommandId) -> &mut CommandStats {
        let index = id.0 as usize;
        if self.commands_by_id.len() <= index {
            self.commands_by_id.resize_with(index + 1, CommandStats::default);
        }
        &mut self.commands_by_id[index]
    }

    /// What a command has cost.
    pub(crate) fn command(&self, id: CommandId) -> Option<&CommandStats> {
        self.commands_by_id.get(id.0 as usize)
    }

    /// One more error reply.
    pub(crate) fn count_error(&mut self, code: &[u8]) {
        self.count_errors(code, 1);
    }

    /// Counts errors of one code.
    pub(crate) fn count_errors(&mut self, code: &[u8], times: u64) {
        self.errors += times;
        if let Some(count) = self.errors_by_code.get_mut(code) {
            *count += times;
        } else if self.errors_by_code.len() < ERROR_CODES_MAX {
            self.errors_by_code.insert(code.to_vec(), times);
        }
    }

    /// CONFIG RESETSTAT.
    pub(crate) fn reset(&mut self) {
        let kept = Stats::new(self.started);
        let old = std::mem::replace(self, kept);
        self.latency = old.latency;
        self.slowlog = old.slowlog;
        self.rates = old.rates;
        self.memory_at_start = old.memory_at_start;
        self.lazyfree_pending = old.lazyfree_pending;
    }
}
