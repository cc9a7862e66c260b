//! What must hold at every moment, however bad the day.

use super::member::Sight;
use crate::Checker;
use sentinel::Probe;
use std::collections::BTreeMap;

/// An epoch has one leader at the most, from one end of the story to the other.
#[derive(Debug, Default)]
pub struct OneLeader {
    known: BTreeMap<u64, usize>,
}

impl Checker<Sight> for OneLeader {
    fn name(&self) -> &'static str {
        "an epoch has one leader at the most"
    }

    fn observe(&mut self, process: usize, seen: &Sight) -> Result<(), String> {
        let Sight::Sentinel(probe) = seen else { return Ok(()) };
        for epoch in probe.groups.iter().filter_map(|it| it.leads) {
            let first = *self.known.entry(epoch).or_insert(process);
            if first != process {
                return Err(format!("epoch {epoch} has [{first}] and [{process}]"));
            }
        }
        Ok(())
    }
}

/// A vote that somebody has heard is never another one later.
#[derive(Debug, Default)]
pub struct VotesStay {
    /// By voter and epoch.
    heard: BTreeMap<(String, u64), String>,
}

impl Checker<Sight> for VotesStay {
    fn name(&self) -> &'static str {
        "a vote that was heard is not taken back"
    }

    fn observe(&mut self, process: usize, seen: &Sight) -> Result<(), String> {
        let Sight::Sentinel(probe) = seen else { return Ok(()) };
        for (voter, leader, epoch) in probe.groups.iter().flat_map(|it| &it.heard) {
            // Nobody votes in epoch 0: who has not voted says so by it.
            let key = (voter.clone(), *epoch);
            let first = self.heard.entry(key).or_insert_with(|| leader.clone());
            if first != leader {
                return Err(format!(
                    "in epoch {epoch} {voter} voted for {first}, and says to [{process}] that it was {leader}"
                ));
            }
        }
        Ok(())
    }
}

/// Epochs only grow: in a life of a Sentinel, and over a restart from what the disk had.
#[derive(Debug, Default)]
pub struct EpochsGrow {
    /// By process: current epoch, configuration epoch, epoch of the last vote.
    last: BTreeMap<usize, [u64; 3]>,
    durable: BTreeMap<usize, [u64; 3]>,
}

fn epochs(probe: &Probe) -> [u64; 3] {
    let group = probe.groups.first();
    let group = group.map_or([0, 0], |it| [it.config_epoch, it.voted_in]);
    [probe.current_epoch, group[0], group[1]]
}

impl Checker<Sight> for EpochsGrow {
    fn name(&self) -> &'static str {
        "epochs only grow"
    }

    fn observe(&mut self, process: usize, seen: &Sight) -> Result<(), String> {
        let Sight::Sentinel(probe) = seen else { return Ok(()) };
        let now = epochs(probe);
        if probe.durable {
            self.durable.insert(process, now);
        }
        match self.last.insert(process, now) {
            Some(before) if now.iter().zip(before).any(|(now, before)| *now < before) => {
                Err(format!(
                    "[{process}] had current, configuration and vote {before:?} and has {now:?}"
                ))
            }
            _ => Ok(()),
        }
    }

    fn restarted(&mut self, process: usize) {
        let durable = self.durable.get(&process).copied().unwrap_or_default();
        self.last.insert(process, durable);
    }
}

/// All who have a configuration of one epoch have the same.
#[derive(Debug, Default)]
pub struct OnePrimary {
    known: BTreeMap<u64, ((String, u16), usize)>,
}

impl Checker<Sight> for OnePrimary {
    fn name(&self) -> &'static str {
        "a configuration epoch has one primary"
    }

    fn observe(&mut self, process: usize, seen: &Sight) -> Result<(), String> {
        let Sight::Sentinel(probe) = seen else { return Ok(()) };
        for group in &probe.groups {
            let epoch = group.config_epoch;
            let known = self.known.entry(epoch).or_insert_with(|| (group.primary.clone(), process));
            if known.0 != group.primary {
                return Err(format!(
                    "in epoch {epoch} it is {:?} for [{}] and {:?} for [{process}]",
                    known.0, known.1, group.primary
                ));
            }
        }
        Ok(())
    }
}

/// Who never had a dataset is not made a primary.
#[derive(Debug, Default)]
pub struct NeverEmpty;

impl Checker<Sight> for NeverEmpty {
    fn name(&self) -> &'static str {
        "a replica that never was synchronized is not promoted"
    }

    fn observe(&mut self, process: usize, seen: &Sight) -> Result<(), String> {
        match seen {
            Sight::Server(sight) if sight.promoted_empty => {
                Err(format!("[{process}] was promoted and had nothing"))
            }
            _ => Ok(()),
        }
    }
}

/// All of them.
pub fn all() -> Vec<Box<dyn Checker<Sight>>> {
    vec![
        Box::new(OneLeader::default()),
        Box::new(VotesStay::default()),
        Box::new(EpochsGrow::default()),
        Box::new(OnePrimary::default()),
        Box::new(NeverEmpty),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sentinels::servers::ServerSight;
    use sentinel::GroupProbe;

    fn sentinel(change: impl FnOnce(&mut Probe, &mut GroupProbe)) -> Sight {
        let mut group = GroupProbe {
            name: "g".into(),
            config_epoch: 3,
            primary: ("a".into(), 1),
            down: false,
            agreed_down: false,
            voted_in: 4,
            voted_for: None,
            heard: Vec::new(),
            leads: None,
            phase: None,
            replicas: 0,
            peers: 0,
            connected: 0,
        };
        let mut probe = Probe {
            id: "me".into(),
            durable: true,
            tilted: false,
            current_epoch: 5,
            groups: Vec::new(),
        };
        change(&mut probe, &mut group);
        probe.groups.push(group);
        Sight::Sentinel(probe)
    }

    #[test]
    fn what_breaks_a_rule_is_seen() {
        let mut rule = OneLeader::default();
        assert!(rule.observe(0, &sentinel(|_, it| it.leads = Some(7))).is_ok());
        assert!(rule.observe(1, &sentinel(|_, it| it.leads = Some(8))).is_ok());
        assert!(rule.observe(1, &sentinel(|_, it| it.leads = Some(7))).is_err());

        let mut rule = VotesStay::default();
        let vote = |leader: &str| {
            let leader = leader.to_owned();
            sentinel(|_, it| it.heard = vec![("v".into(), leader, 7)])
        };
        assert!(rule.observe(0, &vote("a")).is_ok());
        assert!(rule.observe(1, &vote("a")).is_ok());
        assert!(rule.observe(0, &vote("b")).is_err());

        let mut rule = OnePrimary::default();
        assert!(rule.observe(0, &sentinel(|_, _| {})).is_ok());
        assert!(rule.observe(1, &sentinel(|_, it| it.config_epoch = 4)).is_ok());
        assert!(rule.observe(1, &sentinel(|_, it| it.primary.1 = 2)).is_err());

        let sight = ServerSight {
            primary: true,
            following: false,
            history: None,
            offset: 0,
            promoted_empty: true,
        };
        assert!(NeverEmpty.observe(0, &Sight::Server(sight)).is_err());
    }

    #[test]
    fn epochs_may_go_back_to_what_the_disk_has_and_no_further() {
        let mut rule = EpochsGrow::default();
        assert!(rule.observe(0, &sentinel(|_, _| {})).is_ok());
        let later = sentinel(|probe, it| {
            probe.durable = false;
            it.voted_in = 5;
        });
        assert!(rule.observe(0, &later).is_ok());
        assert!(rule.observe(0, &sentinel(|_, _| {})).is_err());
        rule.restarted(0);
        assert!(rule.observe(0, &sentinel(|_, _| {})).is_ok());
        rule.restarted(0);
        assert!(rule.observe(0, &sentinel(|_, it| it.voted_in = 3)).is_err());
    }
}
