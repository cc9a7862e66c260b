//! What happened so far: counts of synchronizations by reason, and what the last full one cost.

use crate::primary::FullReason;

/// What one full synchronization cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FullSync {
    /// From the beginning of the snapshot until the replica had all of it.
    pub duration_ms: u64,
    /// The bytes of the snapshot.
    pub bytes: u64,
    /// The most that the stream ran ahead of the replica meanwhile: what the synchronization cost in memory.
    pub peak_buffer_bytes: u64,
}

/// Counts since the start or CONFIG RESETSTAT.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// `sync_full`.
    pub full: u64,
    /// `sync_partial_ok`.
    pub partial_ok: u64,
    /// `sync_partial_err`.
    pub partial_err: u64,
    /// Why the full ones were full, by `FullReason as usize`.
    pub full_by_reason: [u64; FullReason::ALL.len()],
    /// Of a replica of ours.
    pub last_full_sent: Option<FullSync>,
    /// Of ours, as a replica.
    pub last_full_received: Option<FullSync>,
    /// Full synchronizations that we completed as a replica.
    pub received_full: u64,
    /// Partial ones.
    pub received_partial: u64,
}
