//! WAIT and min-replicas: how many replicas have it.

use super::Primary;
use crate::Offset;
use crate::settings::Settings;
use stdx::Instant;

/// Somebody who waits until replicas have acknowledged an offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Waiter {
    /// The owner's number for it.
    pub(crate) waiter: u64,
    pub(crate) offset: Offset,
    pub(crate) replicas: usize,
    /// It waits for their disks, not their memory.
    pub(crate) on_disk: bool,
}

impl Primary {
    /// How many replicas have acknowledged `offset`.
    pub(crate) fn acked(&self, offset: Offset) -> usize {
        self.replicas.iter().filter(|r| r.is_online() && r.ack >= offset).count()
    }

    /// How many replicas have acknowledged that `offset` is on their disks.
    pub(crate) fn acked_on_disk(&self, offset: Offset) -> usize {
        self.replicas.iter().filter(|r| r.is_online() && r.ack_on_disk >= offset).count()
    }

    /// Those who need wait no longer leave: each with the number of replicas that have what it waited for.
    pub(crate) fn satisfied(&mut self) -> Vec<(u64, usize)> {
        let mut waiters = std::mem::take(&mut self.waiters);
        let mut satisfied = Vec::new();
        waiters.retain(|w| {
            let have = if w.on_disk { self.acked_on_disk(w.offset) } else { self.acked(w.offset) };
            if have >= w.replicas {
                satisfied.push((w.waiter, have));
            }
            have < w.replicas
        });
        self.waiters = waiters;
        satisfied
    }

    /// Counts anew the replicas that are online and not late.
    pub(crate) fn refresh_good(&mut self, now: Instant, settings: &Settings) {
        let lag_max = settings.min_replicas_max_lag_secs;
        self.good = self
            .replicas
            .iter()
            .filter(|r| r.is_online() && now.ms_since(r.ack_at) / 1000 <= lag_max)
            .count();
    }
}
