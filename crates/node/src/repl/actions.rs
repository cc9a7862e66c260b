//! What the replication machines ask for is done here, in order, before the next command runs.

use crate::blocking::Waiting;
use crate::node::{Errand, Node};
use crate::persist::Destination;
use crate::session::Closing;
use command::Error;
use config::Source;
use replication::{Action, Filter, SnapshotId, Target, Why};
use stdx::Instant;
use world::{ConnId, DiskOp, Effect, FileId, Level};

impl Node {
    /// Carries out what the machines have asked for.
    pub(crate) fn settle_replication(&mut self) {
        while let Some(action) = self.repl.poll_action() {
            self.act(action);
        }
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::Log { level, text } => self.log(level, text),
            Action::Dial { attempt, host, port } => self.dial(attempt, host, port),
            Action::CancelDial { attempt } => self.cancel_dial(attempt),
            Action::LinkSend(bytes) => self.link_send(&bytes),
            Action::LinkReading(on) => self.read_link(on),
            Action::LinkClose => self.drop_link(),
            Action::ReceiveBegin { size, into } => self.receive_begin(size, into),
            Action::ReceiveEnd { .. } => self.receive_end(),
            Action::ReceiveAbort => self.receive_abort(),
            Action::Following { resumed, early } => {
                let how = match resumed {
                    true => "Partial Resynchronization accepted",
                    false => "Finished with success",
                };
                self.tell_supervisor(&format!(
                    "STATUS=MASTER <-> REPLICA sync: {how}. Ready to accept connections in read-write mode."
                ));
                if let Some(conn) = self.link.conn {
                    self.effects.push_back(Effect::Reading { conn, on: true });
                    self.apply_stream(conn, &early);
                }
            }
            Action::StartSnapshot { id, target, filter } => {
                self.start_replica_snapshot(id, target, filter);
            }
            Action::CancelSnapshot { id } => self.cancel_for_replicas(id),
            Action::ReadSnapshot { id, conn, offset, len } => {
                self.read_snapshot(id, conn, offset, len)
            }
            Action::ReleaseSnapshot { id } => self.release_snapshot(id),
            Action::NoDelay { conn, on } => self.effects.push_back(Effect::NoDelay { conn, on }),
            Action::Hangup { conn, last_words, why } => {
                self.hang_up_replica(conn, &last_words, why)
            }
            Action::Role { primary } => self.role_changed(primary),
            Action::PauseWrites(on) => {
                self.blocking.set_failover_pause(on.then_some(Instant(u64::MAX)));
                if !on {
                    self.end_pause();
                }
            }
            Action::Waited { waiter, replicas } => self.waited(ConnId(waiter as u32), replicas),
        }
    }

    fn start_replica_snapshot(&mut self, id: SnapshotId, target: Target, filter: Filter) {
        // Two that want the same name could end in the wrong order: the older one would be the dataset's file.
        // And in the middle of a script the dataset is between two states.
        let file_is_taken = target == Target::Disk && self.persist.savings.is_saving_file();
        if file_is_taken || self.scripting.slow().is_some() {
            self.repl.handle_snapshot_delayed(self.now, id);
            return;
        }
        assert!(target == Target::Sockets || filter == Filter::default(), "the file is whole");
        let pid = (self.senses.facts)().pid;
        let (destination, text) = match target {
            Target::Disk => {
                (Destination::ReplicaFile { id }, format!("Background saving started by pid {pid}"))
            }
            Target::Sockets => (
                Destination::Replicas { id },
                format!("Background RDB transfer started by pid {pid}"),
            ),
        };
        self.log(Level::Notice, text);
        self.repl.handle_snapshot_started(self.now, id);
        self.start_saving_filtered(destination, filter);
    }

    /// The file of a snapshot is open for as long as replicas read it.
    fn read_snapshot(&mut self, id: SnapshotId, conn: ConnId, offset: u64, len: usize) {
        match self.replica_files.get(&id) {
            Some(&file) => {
                self.disk(Errand::ReadSnapshot { id, conn }, DiskOp::Read { file, offset, len });
            }
            None => self.repl.handle_snapshot_read(self.now, id, conn, None),
        }
    }

    fn release_snapshot(&mut self, id: SnapshotId) {
        if let Some(file) = self.replica_files.remove(&id) {
            self.disk(Errand::Ignored, DiskOp::Close { file });
        }
        self.remove_sync_file();
    }

    /// A file that only served replicas goes with them, where `rdb-del-sync-files` says that the data must not lie
    /// about on a disk.
    pub(crate) fn remove_sync_file(&mut self) {
        if !self.persist.only_for_replicas
            || !self.replica_files.is_empty()
            || self.persist.savings.is_saving_file()
            || !self.config.values.flag("rdb-del-sync-files")
            || !self.config.values.save_points().is_empty()
        {
            return;
        }
        self.persist.only_for_replicas = false;
        self.log(
            Level::Notice,
            "Removing the RDB file used to feed replicas in a persistence-less instance",
        );
        let path = self.config.values.text("dbfilename");
        self.disk(Errand::Ignored, DiskOp::Remove { path });
    }

    fn hang_up_replica(&mut self, conn: ConnId, last_words: &[u8], why: Why) {
        if let Some(session) = self.sessions.get_mut(conn) {
            session.out.buffer().extend_from_slice(last_words);
        }
        if why == Why::OutputLimit {
            self.stats.output_limit_disconnections += 1;
        }
        self.announce(conn);
        let how = if last_words.is_empty() { Closing::Now } else { Closing::AfterSending };
        self.close(conn, how);
    }

    /// We became a master, or a replica.
    fn role_changed(&mut self, primary: bool) {
        self.effects.push_back(Effect::LogRole(if primary { 'M' } else { 'S' }));
        // FAILOVER changes roles without REPLICAOF: what CONFIG REWRITE writes must be the role of now.
        let source = self.repl.primary_address();
        let source = source.map(|(host, port)| Source { host: host.to_owned(), port });
        self.config.values.set_source(source);
        self.own_keys.clear();
        self.adjust_oom_score(None);
        if primary {
            // Expired keys that were only hidden are ours to delete from now on.
            self.wants_sweep = true;
            return;
        }
        self.stop_migration();
        // Who waits here would wait for ever: what it waits for is decided elsewhere now.
        let waiting: Vec<ConnId> = self
            .sessions
            .iter()
            .filter(|it| {
                it.parked.as_ref().is_some_and(|parked| {
                    matches!(parked.what, Waiting::Keys { .. } | Waiting::Replicas { .. })
                })
            })
            .map(|it| it.conn)
            .collect();
        let error = Error::fixed(
            "UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)",
        );
        for conn in waiting {
            self.unblock_with(conn, &error);
            self.close(conn, Closing::AfterSending);
        }
    }

    /// A WAIT is satisfied.
    fn waited(&mut self, conn: ConnId, replicas: usize) {
        let waits = self.sessions.get(conn).and_then(|it| it.parked.as_ref());
        if !waits.is_some_and(|parked| matches!(parked.what, Waiting::Replicas { .. })) {
            return;
        }
        self.unpark(conn);
        self.send(conn, |w| w.count(replicas));
        self.wake(conn);
    }

    /// A number for a file to be opened.
    /// The name of a file that is not whole yet. Whoever finds it later can tell from it whether the process that wrote
    /// it still runs.
    pub(crate) fn temp_name(&self, number: u64) -> String {
        format!("temp-{}-{}-{number}.rdb", (self.senses.facts)().pid, self.run_id)
    }

    pub(crate) fn file_id(&mut self) -> FileId {
        self.next_file += 1;
        FileId(self.next_file)
    }
}
