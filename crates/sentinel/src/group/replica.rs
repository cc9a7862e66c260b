//! A replica: an instance, what it says of its link to its primary, and how far it has been reconfigured.

use super::Instance;
use crate::report::ReplicaReport;
use stdx::Instant;

/// See the module.
#[derive(Debug)]
pub(crate) struct Replica {
    pub(crate) it: Instance,
    pub(crate) report: ReplicaReport,
    /// When it last changed whom it follows.
    pub(crate) source_since: Instant,
    /// Its link has been seen up in the life of this process: it has had a whole dataset.
    pub(crate) has_synced: bool,
    /// It has had a whole dataset of this group, however often it was started since.
    pub(crate) has_synced_once: bool,
    /// It is known to belong to the group. Before a reset it was; then it has to show it again.
    pub(crate) verified: bool,
    pub(crate) reconf: Reconf,
}

/// How far a replica has come in following the promoted one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Reconf {
    /// It has not been told, or no failover is going on.
    #[default]
    None,
    /// It has been told, at this moment.
    Sent(Instant),
    /// It says that it follows.
    InProgress,
    /// It says that its link is up.
    Done,
}

impl Replica {
    pub(crate) fn new(it: Instance, now: Instant) -> Replica {
        Replica {
            it,
            report: ReplicaReport::default(),
            source_since: now,
            has_synced: false,
            has_synced_once: false,
            verified: true,
            reconf: Reconf::None,
        }
    }

    /// True while it is on its way to the promoted one.
    pub(crate) fn is_reconfiguring(&self) -> bool {
        matches!(self.reconf, Reconf::Sent(_) | Reconf::InProgress)
    }
}
