//! What we know of one process, whatever its part.

use super::InstanceId;
use crate::address::Address;
use crate::links::{Health, LinkId};
use crate::report::{History, Role};
use std::rc::Rc;
use stdx::Instant;

/// One process, as one group sees it.
#[derive(Debug)]
pub(crate) struct Instance {
    /// Never used twice: an answer that belongs to an earlier part of the same process does not count for this one.
    pub(crate) id: InstanceId,
    /// `host:port` of a replica, the run id of a peer, the group's name for a primary.
    pub(crate) name: String,
    pub(crate) address: Address,
    pub(crate) run_id: Option<String>,
    pub(crate) link: LinkId,
    /// Since when it is judged in this part: nothing older counts against it.
    pub(crate) judged_from: Instant,
    /// Since when it is subjectively down, if it is.
    pub(crate) down_since: Option<Instant>,
    /// When it last was, or began to be.
    pub(crate) last_down: Option<Instant>,
    /// The last INFO reply, and when it came.
    pub(crate) info: Option<(Rc<[u8]>, Instant)>,
    pub(crate) role: Role,
    pub(crate) role_since: Instant,
    /// The living primary that it follows: one to which its link is up, by its last INFO.
    pub(crate) follows: Option<Address>,
    pub(crate) loading: bool,
    pub(crate) history: History,
    /// How many keys it has, where it tells.
    pub(crate) keys: Option<u64>,
    /// When our hello last went out through it.
    pub(crate) greeted: Instant,
    /// SCRIPT KILL was sent since it went down.
    pub(crate) script_killed: bool,
    /// It came back under a new run id, and this counts against it: since when, and how.
    pub(crate) rebooted: Option<(Instant, Reboot)>,
    /// The history that it had before a restart, and when that was noticed, until it is known whether it still has it.
    pub(crate) history_before: Option<(History, Instant)>,
}

/// What a restart means for a primary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reboot {
    /// It has `master-reboot-down-after-period` to answer a PING.
    Awaited,
    /// It has lost data that a replica has: it is down.
    LostData,
}

impl Instance {
    pub(crate) fn new(
        id: InstanceId,
        name: String,
        address: Address,
        link: LinkId,
        role: Role,
        now: Instant,
    ) -> Instance {
        Instance {
            id,
            name,
            address,
            run_id: None,
            link,
            judged_from: now,
            down_since: None,
            last_down: None,
            info: None,
            role,
            role_since: now,
            follows: None,
            loading: false,
            history: History::default(),
            keys: None,
            greeted: now,
            script_killed: false,
            rebooted: None,
            history_before: None,
        }
    }

    pub(crate) fn is_down(&self) -> bool {
        self.down_since.is_some()
    }

    /// How old the last INFO is.
    pub(crate) fn info_age_ms(&self, now: Instant) -> Option<u64> {
        self.info.as_ref().map(|(_, at)| now.ms_since(*at))
    }

    /// True where it has not been down lately.
    pub(crate) fn not_down_for(&self, ms: u64, now: Instant) -> bool {
        self.last_down.is_none_or(|at| now.ms_since(at) > ms)
    }

    /// For how long it has not answered.
    pub(crate) fn silent_ms(&self, health: &Health, now: Instant) -> u64 {
        health.silent_ms(now, self.judged_from)
    }
}
