//! The dataset on disk: when it is saved, how it is loaded, and what became of the last attempt.

mod empty;
mod loading;
mod pace;
mod reload;
mod saving;
#[cfg(test)]
mod tests;

pub(crate) use loading::{Loading, Why as LoadingWhy};
pub(crate) use pace::Pace;
pub(crate) use reload::{How as ReloadHow, Reload};
pub(crate) use saving::{Destination, SavingId, Savings};

use crate::admin::Waiter;
use crate::info::Info;
use crate::node::Node;
use command::Error;
use stdx::{Instant, WallTime};
use world::Level;

/// What the server knows about its snapshots.
pub(crate) struct Persist {
    /// DEBUG RELOAD waits for the file.
    pub(crate) reload: Option<Reload>,
    pub(crate) savings: Savings,
    pub(crate) loading: Option<Box<Loading>>,
    /// When the dataset was last saved, or loaded.
    pub(crate) last_save: WallTime,
    /// `keyspace.dirty` at that moment.
    pub(crate) dirty_at_save: u64,
    pub(crate) last_ok: bool,
    /// When the last attempt began; after a failure the next one waits a while.
    pub(crate) last_try: Option<Instant>,
    pub(crate) last_duration_secs: Option<u64>,
    pub(crate) saves: u64,
    /// BGSAVE SCHEDULE, or a save point that came at a bad time.
    pub(crate) scheduled: bool,
    pub(crate) keys_loaded: u64,
    pub(crate) keys_expired: u64,
    /// The file told its place in a history, and we go on from there.
    pub(crate) restored: bool,
    /// A FLUSHALL wants its empty file as soon as it is in the stream.
    pub(crate) wants_empty_file: bool,
    /// Sessions whose FLUSHALL waits for an empty file.
    pub(crate) emptying: Vec<Waiter>,
    /// All data was flushed by the unit that runs.
    pub(crate) flushed: bool,
    /// The file is there only because replicas were synchronized with it: see `rdb-del-sync-files`.
    pub(crate) only_for_replicas: bool,
}

/// How long a failed snapshot is left alone before a save point tries again, in milliseconds.
const RETRY_MS: u64 = 5000;

impl Persist {
    /// Nothing saved, nothing loaded.
    pub(crate) fn new(now: WallTime) -> Persist {
        Persist {
            reload: None,
            savings: Savings::default(),
            loading: None,
            last_save: now,
            dirty_at_save: 0,
            last_ok: true,
            last_try: None,
            last_duration_secs: None,
            saves: 0,
            scheduled: false,
            keys_loaded: 0,
            keys_expired: 0,
            restored: false,
            wants_empty_file: false,
            emptying: Vec::new(),
            flushed: false,
            only_for_replicas: false,
        }
    }

    /// When a snapshot that is held back, on its way in or out, goes on.
    pub(crate) fn next_deadline(&self, now: Instant) -> Option<Instant> {
        let loading = self.loading.as_ref().and_then(|it| it.rests_until);
        [self.savings.next_deadline(now), loading].into_iter().flatten().min()
    }
}

impl Node {
    /// Changes since the dataset was last saved.
    pub(crate) fn unsaved(&self) -> u64 {
        self.keyspace.dirty.saturating_sub(self.persist.dirty_at_save)
    }

    /// Starts a snapshot if a save point, or a wish that had to wait, says so.
    pub(crate) fn save_if_due(&mut self) {
        if self.persist.savings.is_saving_file() || self.persist.loading.is_some() {
            return;
        }
        if self.persist.scheduled {
            self.persist.scheduled = false;
            self.start_background_save();
            return;
        }
        let age = self.now.wall.secs().saturating_sub(self.persist.last_save.secs());
        let unsaved = self.unsaved();
        let rested = self.persist.last_ok
            || self.persist.last_try.is_none_or(|at| self.now.instant.ms_since(at) > RETRY_MS);
        let due = self
            .config
            .values
            .save_points()
            .iter()
            .find(|it| unsaved >= it.changes && age > it.seconds && rested);
        if let Some(point) = due {
            let text = format!("{} changes in {} seconds. Saving...", point.changes, point.seconds);
            self.log(Level::Notice, text);
            self.start_background_save();
        }
    }

    /// Whether writes must be refused because the last snapshot failed.
    pub(crate) fn check_disk(&self) -> Result<(), Error> {
        let failed = self.settings.stop_writes_on_save_error
            && !self.persist.last_ok
            && !self.config.values.save_points().is_empty();
        if failed { Err(Error::MISCONF) } else { Ok(()) }
    }

    /// The file that the parameters came from, if any.
    pub(crate) fn config_file(&self) -> String {
        self.config.file.clone().unwrap_or_default()
    }

    /// The section Persistence.
    pub(crate) fn persistence_info(&self, info: &mut Info) {
        let persist = &self.persist;
        let current = persist.savings.file();
        let running = current.map(|it| self.now.instant.ms_since(it.started) / 1000);
        info.field("loading", u8::from(persist.loading.as_ref().is_some_and(|it| !it.serves)));
        info.field("async_loading", u8::from(persist.loading.as_ref().is_some_and(|it| it.serves)));
        info.field("current_cow_peak", 0);
        info.field("current_cow_size", 0);
        info.field("current_cow_size_age", 0);
        info.field("current_fork_perc", "0.00");
        info.field("current_save_keys_processed", current.map_or(0, |it| it.keys_done()));
        info.field("current_save_keys_total", current.map_or(0, |it| it.keys_total));
        info.field("rdb_changes_since_last_save", self.unsaved());
        info.field("rdb_bgsave_in_progress", u8::from(persist.savings.any()));
        info.field("rdb_last_save_time", persist.last_save.secs());
        info.field("rdb_last_bgsave_status", if persist.last_ok { "ok" } else { "err" });
        info.field(
            "rdb_last_bgsave_time_sec",
            persist.last_duration_secs.map_or(-1, |it| it as i64),
        );
        info.field("rdb_current_bgsave_time_sec", running.map_or(-1, |it| it as i64));
        info.field("rdb_saves", persist.saves);
        info.field("rdb_last_cow_size", 0);
        info.field("rdb_last_load_keys_expired", persist.keys_expired);
        info.field("rdb_last_load_keys_loaded", persist.keys_loaded);
        info.field("aof_enabled", 0);
        info.field("aof_rewrite_in_progress", 0);
        info.field("aof_rewrite_scheduled", 0);
        info.field("aof_last_rewrite_time_sec", -1);
        info.field("aof_current_rewrite_time_sec", -1);
        info.field("aof_last_bgrewrite_status", "ok");
        info.field("aof_rewrites", 0);
        info.field("aof_rewrites_consecutive_failures", 0);
        info.field("aof_last_write_status", "ok");
        info.field("aof_last_cow_size", 0);
        info.field("module_fork_in_progress", 0);
        info.field("module_fork_last_cow_size", 0);
        if let Some(loading) = &persist.loading {
            loading.info(self.now, info);
        }
    }
}
