//! What the simulator looks at after each turn: epochs, votes, and who is taken for the primary.

use crate::failover::{Failover, PhaseKind};
use crate::group::Group;
use crate::sentinel::Sentinel;

/// A Sentinel at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// Its run id.
    pub id: String,
    /// True where a restart would find all of this again.
    pub durable: bool,
    /// True while nothing is decided because the process stood still.
    pub tilted: bool,
    pub current_epoch: u64,
    pub groups: Vec<GroupProbe>,
}

/// A watched group at one moment, as one Sentinel sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupProbe {
    pub name: String,
    pub config_epoch: u64,
    /// Where clients are sent.
    pub primary: (String, u16),
    /// Subjectively, and objectively.
    pub down: bool,
    pub agreed_down: bool,
    /// Its last vote: in which epoch, and for whom, as far as that is known since the last start.
    pub voted_in: u64,
    pub voted_for: Option<String>,
    /// The votes of its peers that it has heard: who, for whom, in which epoch.
    pub heard: Vec<(String, String, u64)>,
    /// The epoch in which it was elected, while it leads a failover.
    pub leads: Option<u64>,
    /// The word of SENTINEL MASTER's `failover-state`, while there is a failover.
    pub phase: Option<&'static str>,
    /// How many replicas and peers it knows, and to how many of all of these it has connections.
    pub replicas: usize,
    pub peers: usize,
    pub connected: usize,
}

impl Sentinel {
    /// What there is to see of it.
    pub fn probe(&self) -> Probe {
        let durable = self.ledger.stamp().is_none() && self.keeper.failure.is_none();
        Probe {
            id: self.me.id.clone(),
            durable,
            tilted: self.clock.is_tilted(),
            current_epoch: self.me.current_epoch,
            groups: self.groups.values().map(|it| self.probe_group(it)).collect(),
        }
    }

    fn probe_group(&self, group: &Group) -> GroupProbe {
        let current = group.current_address();
        let elected = |it: &&Failover| !it.forced && it.phase.kind() != PhaseKind::Electing;
        let heard = group.peers.iter().filter_map(|peer| {
            let (leader, epoch) = peer.vote.as_ref()?;
            Some((peer.it.name.clone(), leader.clone(), *epoch))
        });
        let others = group.instances().filter(|it| it.id != group.primary.id);
        GroupProbe {
            name: group.name.clone(),
            config_epoch: group.config_epoch,
            primary: (current.host.clone(), current.port),
            down: group.primary.is_down(),
            agreed_down: group.objectively_down.is_some(),
            voted_in: group.ballot.epoch,
            voted_for: group.ballot.leader.clone(),
            heard: heard.collect(),
            leads: group.failover.as_ref().filter(elected).map(|it| it.epoch),
            phase: group.failover.as_ref().map(|it| it.phase.word()),
            replicas: group.replicas.len(),
            peers: group.peers.len(),
            connected: others.filter(|it| self.links.get(it.link).is_connected()).count(),
        }
    }
}
