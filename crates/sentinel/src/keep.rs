//! Keeping the state: from what we know to what the file says, and onto the disk.

use crate::group::{Group, GroupId};
use crate::ledger::Version;
use crate::sentinel::Sentinel;
use crate::state::{Saved, SavedGroup, SavedPeer, Saver, StateFile, Verdict};
use config::Config;
use stdx::Instant;
use world::{DiskError, DiskReply, Effect, FileId, Level, Ticket};

/// The file, and what of it is under way.
#[derive(Debug)]
pub(crate) struct Keeper {
    file: StateFile,
    saver: Saver,
    /// The operation that is under way, and since when.
    ticket: Option<(Ticket, Instant)>,
    /// The version that was last given to the saver.
    given: Version,
    /// Why the last version that was tried is not on disk, if it is not.
    pub(crate) failure: Option<String>,
    /// What the file says about us that no decision needs.
    pub(crate) sentinel_user: String,
    pub(crate) sentinel_pass: String,
}

impl Keeper {
    pub(crate) fn new(config: &Config, file: &[u8], saved: &Saved) -> Keeper {
        Keeper {
            file: StateFile::read(file, config),
            saver: Saver::new(config.file.as_deref().unwrap_or_default(), FileId(0)),
            ticket: None,
            given: 0,
            failure: None,
            sentinel_user: saved.sentinel_user.clone(),
            sentinel_pass: saved.sentinel_pass.clone(),
        }
    }

    /// When a version that could not be written is tried again.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.saver.poll_timeout()
    }
}

impl Sentinel {
    /// Begins to write the state, if it has changed and nothing is being written.
    pub(crate) fn keep(&mut self) {
        if !self.me.rules.durable {
            let version = self.ledger.version();
            self.ledger.settle(version);
        }
        let now = self.clock.now();
        self.keeper.saver.handle_timeout(now);
        let free = self.keeper.saver.is_idle() || self.keeper.poll_timeout().is_some();
        if free && self.keeper.given != self.ledger.version() {
            let saved = self.saved();
            let bytes = self.keeper.file.write(&self.config, &saved);
            self.keeper.given = self.ledger.version();
            self.keeper.saver.save(self.keeper.given, bytes);
        }
        if let Some(op) = self.keeper.saver.poll_op() {
            let ticket = self.ticket();
            self.keeper.ticket = Some((ticket, now));
            self.effects.push_back(Effect::Disk { ticket, op });
        }
    }

    /// An operation on the file has ended. False: it was not ours.
    pub(crate) fn kept(&mut self, ticket: Ticket, result: Result<DiskReply, DiskError>) -> bool {
        let Some((_, began)) = self.keeper.ticket.take_if(|(it, _)| *it == ticket) else {
            return false;
        };
        let now = self.clock.now();
        // The slowest counts, and is forgotten slowly.
        let took_us = now.us_since(began);
        self.me.disk_us = took_us.max(self.me.disk_us - self.me.disk_us / 8);
        match self.keeper.saver.handle_disk(now, result) {
            Some(Verdict::Durable { version }) => {
                self.keeper.failure = None;
                self.log(Level::Notice, "Sentinel new configuration saved on disk".to_owned());
                self.ledger.settle(version);
                self.note_disk(false);
                self.answer_saved(version, true);
            }
            Some(Verdict::Failed { version, reason }) => {
                let text = format!(
                    "WARNING: Sentinel was not able to save the new configuration on disk!!!: {reason}"
                );
                self.effects.push_back(Effect::Log { level: Level::Warning, text });
                self.keeper.failure = Some(reason);
                // Everything goes on, but a vote that a crash would take back is no vote.
                self.clients.break_promises();
                self.note_disk(true);
                self.ledger.settle(version);
                self.answer_saved(version, false);
            }
            None => {}
        }
        true
    }

    /// Whether votes can be kept has changed, perhaps: an election may have to be given up, or can begin.
    fn note_disk(&mut self, fails: bool) {
        if std::mem::replace(&mut self.me.disk_fails, fails) != fails {
            let all: Vec<GroupId> = self.groups.keys().copied().collect();
            all.into_iter().for_each(|id| self.look_at(id));
        }
    }

    /// The state, as the file says it.
    pub(crate) fn saved(&self) -> Saved {
        Saved {
            my_id: Some(self.me.id.clone()),
            current_epoch: self.me.current_epoch,
            groups: self.groups.values().map(saved_group).collect(),
            announce_ip: self.me.announce_ip.clone(),
            announce_port: self.me.announce_port,
            resolve_hostnames: self.me.resolve_hostnames,
            announce_hostnames: self.names.announce,
            sentinel_user: self.keeper.sentinel_user.clone(),
            sentinel_pass: self.keeper.sentinel_pass.clone(),
            deny_scripts_reconfig: self.me.deny_scripts_reconfig,
            users: self.clients.users.lines(),
        }
    }
}

fn saved_group(group: &Group) -> SavedGroup {
    let settings = &group.settings;
    let current = group.current_address();
    let some = |text: &String| (!text.is_empty()).then(|| text.clone());
    // In the middle of a failover the promoted one is the primary already, and the old one a replica.
    let others = group.replicas.iter().filter(|it| it.verified).map(|it| &it.it.address);
    let others =
        others.chain((current != &group.primary.address).then_some(&group.primary.address));
    let replicas =
        others.filter(|it| *it != current).map(|it| (it.host.clone(), it.port)).collect();
    let peer = |it: &crate::group::Peer| SavedPeer {
        host: it.it.address.host.clone(),
        port: it.it.address.port,
        run_id: it.it.run_id.clone(),
    };
    SavedGroup {
        name: group.name.clone(),
        host: current.host.clone(),
        port: current.port,
        quorum: settings.quorum as u32,
        down_after_ms: settings.down_after_ms,
        failover_timeout_ms: settings.failover_timeout_ms,
        parallel_syncs: settings.parallel_syncs as u32,
        auth_user: some(&settings.auth_user),
        auth_pass: some(&settings.auth_pass),
        notification_script: some(&settings.notification_script),
        client_reconfig_script: some(&settings.client_reconfig_script),
        reboot_down_after_ms: settings.reboot_down_after_ms,
        reboot_policy: settings.reboot_policy,
        renamed_commands: settings.renamed.clone(),
        config_epoch: group.config_epoch,
        leader_epoch: group.ballot.epoch,
        replicas,
        peers: group.peers.iter().map(peer).collect(),
    }
}
