//! One watched group: a name, its primary, its replicas, and the other Sentinels that watch it.

mod instance;
mod peer;
mod replica;

pub(crate) use instance::{Instance, Reboot};
pub(crate) use peer::{Opinion, Peer};
pub(crate) use replica::{Reconf, Replica};

use crate::address::{Address, Names};
use crate::failover::{Failover, Timeline};
use crate::links::{Kind, LinkKey, User};
use crate::periods::Periods;
use crate::report::Role;
use crate::state::RebootPolicy;
use crate::vote::Ballot;
use std::collections::VecDeque;
use stdx::Instant;

/// A group, as long as it is watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct GroupId(pub(crate) u64);

/// A process in its present part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct InstanceId(pub(crate) u64);

/// How often a primary that has restarted is asked what data it has, while it loads them.
const JUDGING_MS: u64 = 200;

/// What the operator says about a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    pub(crate) quorum: usize,
    pub(crate) down_after_ms: u64,
    pub(crate) failover_timeout_ms: u64,
    pub(crate) parallel_syncs: usize,
    pub(crate) auth_user: String,
    pub(crate) auth_pass: String,
    pub(crate) notification_script: String,
    pub(crate) client_reconfig_script: String,
    /// Zero: a restart is nothing special.
    pub(crate) reboot_down_after_ms: u64,
    pub(crate) reboot_policy: RebootPolicy,
    pub(crate) renamed: Vec<(Vec<u8>, Vec<u8>)>,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) id: GroupId,
    pub(crate) name: String,
    pub(crate) settings: Settings,
    pub(crate) config_epoch: u64,
    pub(crate) primary: Instance,
    pub(crate) replicas: Vec<Replica>,
    pub(crate) peers: Vec<Peer>,
    /// Since when it is objectively down, if it is.
    pub(crate) objectively_down: Option<Instant>,
    pub(crate) ballot: Ballot,
    pub(crate) failover: Option<Failover>,
    /// When we may stand for election, and why not before.
    pub(crate) hold: Hold,
    /// Until when it keeps us, as far as it is known.
    pub(crate) held_until: Option<Instant>,
    /// The log has been told about it.
    pub(crate) delay_said: bool,
    /// Elections that we have lost since the last one that somebody won, and elections after which nobody was fit.
    pub(crate) lost_elections: u32,
    pub(crate) fruitless: u32,
    /// The primary of our primary that the log was last told of.
    pub(crate) said_to_follow: Option<Address>,
    /// The latest failovers, the newest last.
    pub(crate) timelines: VecDeque<Timeline>,
    /// When the group has something to decide next.
    pub(crate) scheduled: Instant,
}

/// Why no failover is begun now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Hold {
    /// Nothing keeps us from it.
    #[default]
    None,
    /// We stand for election at this moment: a little later than those who come before us.
    Turn(Instant),
    /// We have voted for another, who is at work as long as it goes on asking.
    Voted {
        /// Whom.
        leader: String,
        /// When it last asked with its own name.
        heard: Instant,
        /// It has said that it is not at work any more.
        given_up: bool,
        until: Instant,
    },
    /// A failover that had changed something has failed.
    Failed { until: Instant },
}

impl Group {
    pub(crate) fn replica(&self, id: InstanceId) -> Option<&Replica> {
        self.replicas.iter().find(|it| it.it.id == id)
    }

    pub(crate) fn replica_mut(&mut self, id: InstanceId) -> Option<&mut Replica> {
        self.replicas.iter_mut().find(|it| it.it.id == id)
    }

    pub(crate) fn peer_mut(&mut self, id: InstanceId) -> Option<&mut Peer> {
        self.peers.iter_mut().find(|it| it.it.id == id)
    }

    /// The instance, whatever its part.
    pub(crate) fn instance(&self, id: InstanceId) -> Option<&Instance> {
        self.instances().find(|it| it.id == id)
    }

    /// The same, to change what is known of it.
    pub(crate) fn instance_mut(&mut self, id: InstanceId) -> Option<&mut Instance> {
        if self.primary.id == id {
            return Some(&mut self.primary);
        }
        let replicas = self.replicas.iter_mut().map(|it| &mut it.it);
        replicas.chain(self.peers.iter_mut().map(|it| &mut it.it)).find(|it| it.id == id)
    }

    /// All instances.
    pub(crate) fn instances(&self) -> impl Iterator<Item = &Instance> {
        let replicas = self.replicas.iter().map(|it| &it.it);
        std::iter::once(&self.primary).chain(replicas).chain(self.peers.iter().map(|it| &it.it))
    }

    /// Where clients are to write: at the promoted replica, as soon as it is a primary.
    pub(crate) fn current_address(&self) -> &Address {
        let promoted = self.failover.as_ref().and_then(Failover::promoted);
        promoted.and_then(|id| self.replica(id)).map_or(&self.primary.address, |it| &it.it.address)
    }

    /// The primary that our primary follows, where that one is none of ours: the name is watched at the wrong place.
    /// Whoever is told otherwise then is torn off a primary that lives.
    pub(crate) fn follows_stranger(&self, names: &Names) -> Option<&Address> {
        let source = self.primary.follows.as_ref()?;
        let is_ours = self.replicas.iter().any(|it| names.same(&it.it.address, source));
        (!is_ours).then_some(source)
    }

    /// How a server of the group is reached.
    pub(crate) fn server_key(&self, address: Address) -> LinkKey {
        LinkKey {
            kind: Kind::Server,
            address,
            user: self.settings.auth_user.clone(),
            password: self.settings.auth_pass.clone(),
            renamed: self.settings.renamed.clone(),
        }
    }

    /// How often an instance is pinged and asked for INFO now.
    pub(crate) fn pace(&self, instance: InstanceId, now: Instant, periods: &Periods) -> User {
        let settings = &self.settings;
        let busy = self.objectively_down.is_some() || self.failover.is_some();
        let peer = self.peers.iter().any(|it| it.it.id == instance);
        let astray = |it: &Replica| it.it.role == Role::Master;
        let cut_off = |it: &Replica| it.report.link_down_ms != Some(0) || astray(it);
        let replica_in_doubt = self.replica(instance).is_some_and(|it| busy || cut_off(it));
        // A primary that a failover has just made is still being joined by its replicas. One that is watched from now
        // on is not: Redis asks it every ten seconds, and so do we.
        let new = instance == self.primary.id
            && self.timelines.back().is_some()
            && now.ms_since(self.primary.judged_from) < periods.info_ms;
        // As soon as it has loaded its data its replicas join it, and may lose theirs.
        let to_be_judged = instance == self.primary.id && self.primary.history_before.is_some();
        let info_ms = match (to_be_judged, replica_in_doubt || new) {
            (true, _) => JUDGING_MS,
            (false, true) => 1000,
            (false, false) => periods.info_ms,
        };
        User {
            group: self.id,
            instance,
            down_after_ms: settings.down_after_ms,
            info_ms: (!peer).then_some(info_ms),
            ping_ms: settings.down_after_ms.min(periods.ping_ms),
        }
    }
}
