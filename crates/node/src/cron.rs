//! What is looked after ten times a second: rates, save points, idle clients, keys whose time is up, a shutdown that
//! waits.

use crate::node::Node;
use crate::session::{Closing, Role};
use crate::shutdown::Asked;
use crate::tracking::FORGET_MAX;
use stdx::Instant;
use store::{Expiry, Progress};
use world::{ConnId, Level};

/// How often, in milliseconds.
const PERIOD_MS: u64 = 100;

/// A session that was silent for so long gives back what it was read into.
pub(crate) const READER_IDLE_MS: u64 = 2000;

/// And after that long what its replies were written into.
const WRITER_IDLE_MS: u64 = 5000;

/// When what is due.
#[derive(Debug)]
pub(crate) struct Cron {
    pub(crate) next: Instant,
    /// The first listening has succeeded.
    pub(crate) started: bool,
    /// DEBUG SET-ACTIVE-EXPIRE.
    pub(crate) expires: bool,
    /// DEBUG PAUSE-CRON.
    pub(crate) paused: bool,
    ticks: u64,
    /// A signal has asked for the end while the cron was paused or a script was at work.
    pub(crate) shutdown: Option<Asked>,
    /// How far the round through the sessions is.
    round: usize,
}

impl Cron {
    pub(crate) fn new(now: Instant) -> Cron {
        Cron {
            next: now,
            started: false,
            expires: true,
            paused: false,
            ticks: 0,
            shutdown: None,
            round: 0,
        }
    }
}

impl Node {
    pub(crate) fn cron_if_due(&mut self) {
        if self.now.instant < self.cron.next {
            return;
        }
        self.cron.next = self.now.instant.after_ms(PERIOD_MS);
        // Nothing begins in the middle of a script that takes long, and nothing changes.
        if self.cron.paused || self.scripting.slow().is_some() {
            return;
        }
        let started = (self.senses.stopwatch)();
        self.cron.ticks += 1;
        self.sample_rates();
        // A failover, or a pause of all writes, must see no effects of our own making.
        let held = self.blocking.pause(self.now.instant).is_some();
        self.wants_sweep =
            self.cron.expires && !held && !self.is_replica() && self.persist.loading.is_none();
        if self.cron.expires && self.is_replica() && !self.is_reloading() {
            self.expire_own_keys();
        }
        let used = self.used_memory();
        self.stats.memory_peak = self.stats.memory_peak.max(used);
        self.save_if_due();
        self.begin_asked_shutdown();
        self.go_on_with_shutdown();
        self.look_at_buffers();
        self.forget_readers_in_time();
        if self.cron.ticks.is_multiple_of(10) {
            self.close_kept_connections();
            self.close_idle_clients();
            self.check_soft_limits();
            self.grant_memory();
        }
        self.stats.turns.cron_ns += (self.senses.stopwatch)().saturating_sub(started);
    }

    fn sample_rates(&mut self) {
        let now = self.now.instant;
        let stats = &mut self.stats;
        stats.rates.commands.sample(now, stats.commands);
        stats.rates.net_in.sample(now, stats.net_in);
        stats.rates.net_out.sample(now, stats.net_out);
        stats.rates.net_repl_in.sample(now, stats.net_repl_in);
        stats.rates.net_repl_out.sample(now, stats.net_repl_out);
        stats.rates.turns.sample(now, stats.turns.count);
        stats.rates.turn_us.sample_per(stats.turns.count, stats.turns.spent_ns / 1000, 1);
    }

    /// Deletes keys whose time is up, within a budget. True if there may be more.
    pub(crate) fn sweep(&mut self, budget_us: u64) -> bool {
        self.keyspace.begin(self.now, Expiry::Delete);
        // About 0.4 us a key.
        let keys = (budget_us * 2).max(16) as usize;
        let started = (self.senses.stopwatch)();
        let progress = self.keyspace.expire_slice(keys);
        let spent_us = (self.senses.stopwatch)().saturating_sub(started) / 1000;
        self.stats.expire_us += spent_us;
        let threshold_ms = self.settings.latency_threshold_ms;
        if threshold_ms > 0 && spent_us / 1000 >= threshold_ms {
            self.stats.latency.sample("expire-cycle", self.now.wall, spent_us / 1000);
        }
        if !self.keyspace.changes.is_empty() {
            self.tell_changes();
        }
        // Each deletion is an effect by itself: no transaction around them.
        self.flush_unit_unwrapped();
        self.end_unit();
        self.wants_sweep = progress == Progress::More;
        self.wants_sweep
    }

    /// Takes memory back from sessions that need it no more: each is visited once a second.
    fn look_at_buffers(&mut self) {
        let now = self.now.instant;
        let count = (self.sessions.slots() / 10).max(5);
        let mut visited = Vec::new();
        for session in self.sessions.round(&mut self.cron.round, count) {
            let idle_ms = now.ms_since(session.active);
            if let Some(inbox) = &mut session.inbox {
                inbox.look(idle_ms > READER_IDLE_MS);
            }
            session.out.look(idle_ms > WRITER_IDLE_MS);
            visited.push(session.conn);
        }
        if self.settings.clients_memory_max > 0 {
            visited.into_iter().for_each(|conn| self.weigh(conn));
        }
    }

    /// Too many tracked keys are forgotten even when nobody reads, and faster the longer it takes.
    fn forget_readers_in_time(&mut self) {
        let max = FORGET_MAX * (self.tracking.late + 1);
        self.tracking.late = if self.forget_readers(max) { self.tracking.late + 1 } else { 0 };
    }

    fn close_idle_clients(&mut self) {
        let timeout_secs = self.settings.idle_timeout_secs;
        if timeout_secs == 0 {
            return;
        }
        let now = self.now.instant;
        let idle: Vec<ConnId> = self
            .sessions
            .iter()
            .filter(|it| {
                it.role == Role::Client && it.parked.is_none() && it.subscription_count() == 0
            })
            .filter(|it| now.ms_since(it.active) / 1000 > timeout_secs)
            .map(|it| it.conn)
            .collect();
        for conn in idle {
            self.log(Level::Verbose, "Closing idle client");
            self.close(conn, Closing::Now);
        }
    }

    /// Soft limits of output buffers run out even when nothing more is written.
    fn check_soft_limits(&mut self) {
        let over: Vec<ConnId> = self
            .sessions
            .iter()
            .filter(|it| it.soft_limit_since.is_some())
            .map(|it| it.conn)
            .collect();
        over.into_iter().for_each(|conn| self.announce(conn));
    }
}
