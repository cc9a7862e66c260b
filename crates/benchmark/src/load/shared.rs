//! What lanes share: how many requests may still go out, how many were answered, and all latencies.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};

use stdx::Instant;
use sys::poll::Waker;

use super::Plan;
use crate::latency::Latencies;
use crate::report::Status;

/// The common side of a measurement.
pub(super) struct Shared<'a> {
    /// Requests to be answered.
    goal: u64,
    issued: AtomicU64,
    finished: AtomicU64,
    is_over: AtomicBool,
    pub(super) start: Instant,
    pub(super) deadline: Option<Instant>,
    pub(super) lanes: usize,
    clients: usize,
    /// One for each lane.
    wakers: Vec<Waker>,
    progress: Mutex<Progress<'a>>,
}

struct Progress<'a> {
    total: Latencies,
    /// What came since the status was last shown.
    recent: Latencies,
    status: &'a mut Status,
}

impl<'a> Shared<'a> {
    pub(super) fn new(
        plan: &Plan<'_>,
        start: Instant,
        clients: usize,
        wakers: Vec<Waker>,
        status: &'a mut Status,
    ) -> Shared<'a> {
        let empty = Latencies::new(plan.precision, plan.pace.is_open());
        Shared {
            goal: plan.requests,
            issued: AtomicU64::new(0),
            finished: AtomicU64::new(0),
            is_over: AtomicBool::new(plan.requests == 0),
            start,
            deadline: plan.duration.map(|duration| start + duration),
            lanes: wakers.len(),
            clients,
            wakers,
            progress: Mutex::new(Progress { total: empty.clone(), recent: empty, status }),
        }
    }

    /// Asks to send `count` requests.
    #[inline]
    pub(super) fn may_send(&self, count: u32) -> bool {
        self.issued.fetch_add(count.into(), Relaxed) < self.goal
    }

    /// Tells of `count` replies; how many of them are still wanted.
    #[inline]
    pub(super) fn note_replies(&self, count: u64) -> u64 {
        let before = self.finished.fetch_add(count, Relaxed);
        count.min(self.goal.saturating_sub(before))
    }

    /// True once all replies have come that were asked for.
    #[inline]
    pub(super) fn is_complete(&self) -> bool {
        self.finished.load(Relaxed) >= self.goal
    }

    /// True once nobody needs to go on.
    pub(super) fn is_over(&self) -> bool {
        self.is_over.load(Relaxed)
    }

    /// Nobody needs to go on.
    pub(super) fn end(&self) {
        self.is_over.store(true, Relaxed);
        self.wakers.iter().for_each(Waker::wake);
    }

    /// Adds what a lane has counted, and empties it.
    pub(super) fn add(&self, recent: &mut Latencies) {
        let mut progress = self.progress();
        progress.total.add(recent);
        progress.recent.add(recent);
        recent.clear();
    }

    /// When the status should be shown next.
    pub(super) fn next_status(&self) -> Instant {
        self.progress().status.next()
    }

    /// Shows how far it is.
    pub(super) fn show(&self, now: Instant) {
        let Progress { total, recent, status } = &mut *self.progress();
        let finished = self.finished.load(Relaxed);
        status.show(now, now - self.start, finished, self.clients, recent, total);
        recent.clear();
    }

    fn progress(&self) -> MutexGuard<'_, Progress<'a>> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many replies came, and how long they took.
    pub(super) fn into_result(self) -> (u64, Latencies) {
        let progress = self.progress.into_inner().unwrap_or_else(PoisonError::into_inner);
        (self.finished.into_inner(), progress.total)
    }
}
