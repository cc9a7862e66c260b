//! Snapshots for replicas: when one begins, who shares it, and what becomes of those who wait.
//!
//! One is made at a time, so that replicas which come together share it. A snapshot to a file can be joined as long
//! as it is not complete, since those who wait for it keep the stream from its beginning; one to sockets cannot be
//! joined, its beginning is gone. A snapshot that has become a file no longer counts: the next may begin while
//! replicas still read it.

use super::replica::{Cost, FileTransfer, Input};
use super::stream::Stream;
use super::{Phase, Primary};
use crate::shared::Shared;
use crate::stats::FullSync;
use crate::{Action, Filter, SnapshotId, Target, Why};
use stdx::Instant;
use world::ConnId;

/// The snapshot that is being made.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) id: SnapshotId,
    pub(crate) target: Target,
    pub(crate) filter: Filter,
    /// The owner has begun it.
    begun: bool,
    /// What goes to the sockets.
    pub(crate) stream: Option<Stream>,
}

impl Primary {
    /// A replica has come that needs a snapshot: one that is being made, or another.
    pub(super) fn find_snapshot(&mut self, now: Instant, shared: &mut Shared, conn: ConnId) {
        let newcomer = self.get(conn).expect("it was just attached").greeting.clone();
        match &self.running {
            // What was asked for and has not begun takes in everybody who waits.
            Some(running) if !running.begun => {}
            Some(running) if running.target == Target::Disk => {
                let snapshot = running.id;
                let shareable = self.replicas.iter().find_map(|other| match other.phase {
                    Phase::Saving { snapshot: of, offset }
                        if of == snapshot
                            && other.greeting.filter == newcomer.filter
                            && (newcomer.capa_eof || !other.greeting.capa_eof)
                            && (newcomer.capa_psync2 || !other.greeting.capa_psync2)
                            && (!other.greeting.snapshot_only || newcomer.snapshot_only) =>
                    {
                        Some((offset, other.cost))
                    }
                    _ => None,
                });
                let Some((offset, cost)) = shareable else {
                    shared.notice(
                        "Can't attach the replica to the current BGSAVE. Waiting for next BGSAVE \
                         for SYNC",
                    );
                    return;
                };
                // compat(7.2): joining makes the stream select its database anew, as beginning does.
                self.begin_for(now, shared, conn, snapshot, Target::Disk, offset);
                let replica = self.get_mut(conn).expect("it was just attached");
                replica.cost = cost;
                shared.notice("Waiting for end of BGSAVE for SYNC");
            }
            Some(_) => {
                shared.notice("Current BGSAVE has socket target. Waiting for next BGSAVE for SYNC")
            }
            None => {
                let settings = &shared.settings;
                if settings.diskless_sync
                    && newcomer.capa_eof
                    && settings.diskless_sync_delay_secs > 0
                {
                    shared.notice("Delay next BGSAVE for diskless SYNC");
                } else {
                    self.ask_for_snapshot(shared, newcomer.capa_eof, newcomer.filter);
                }
            }
        }
    }

    /// Begins the next snapshot if somebody has waited long enough for others to come.
    pub(super) fn start_snapshot_if_due(&mut self, now: Instant, shared: &mut Shared) {
        if self.running.is_some() {
            return;
        }
        let mut waiting = self.replicas.iter().filter_map(|replica| match replica.phase {
            Phase::Waiting { since } => Some((since, &replica.greeting)),
            _ => None,
        });
        let Some((since, first)) = waiting.next() else { return };
        let (mut longest, mut eof, mut count) = (since, first.capa_eof, 1);
        // Those who want other parts of the data get their own later.
        for (since, greeting) in waiting.filter(|(_, other)| other.filter == first.filter) {
            longest = longest.min(since);
            eof &= greeting.capa_eof;
            count += 1;
        }
        let settings = &shared.settings;
        let enough = settings.diskless_sync_max_replicas;
        if !settings.diskless_sync
            || (enough > 0 && count >= enough)
            || now.ms_since(longest) / 1000 >= settings.diskless_sync_delay_secs
        {
            let filter = first.filter;
            self.ask_for_snapshot(shared, eof, filter);
        }
    }

    fn ask_for_snapshot(&mut self, shared: &mut Shared, eof: bool, filter: Filter) {
        // A filtered snapshot must not take the place of the file that the server itself starts from.
        let filtered = filter != Filter::default();
        let sockets = eof && (shared.settings.diskless_sync || filtered);
        let target = if sockets { Target::Sockets } else { Target::Disk };
        shared.notice(format!(
            "Starting BGSAVE for SYNC with target: {}",
            if sockets { "replicas sockets" } else { "disk" }
        ));
        self.snapshots += 1;
        let id = SnapshotId(self.snapshots);
        self.running = Some(Running { id, target, filter, begun: false, stream: None });
        shared.act(Action::StartSnapshot { id, target, filter });
    }

    /// The owner has taken the view, at the present end of the log: all who wait for such a snapshot are in.
    pub(crate) fn snapshot_started(&mut self, now: Instant, shared: &mut Shared, id: SnapshotId) {
        let Some(running) = self.running.as_mut().filter(|running| running.id == id) else {
            return;
        };
        assert!(!running.begun, "a snapshot begins once");
        running.begun = true;
        let (target, filter) = (running.target, running.filter);
        if target == Target::Sockets {
            running.stream = Some(Stream::new(id, shared.secrets.hex(20)));
        }
        let offset = shared.log.end();
        let waiting: Vec<ConnId> = self
            .replicas
            .iter()
            .filter(|r| matches!(r.phase, Phase::Waiting { .. }) && r.greeting.filter == filter)
            .filter(|r| target == Target::Disk || r.greeting.capa_eof)
            .map(|r| r.conn)
            .collect();
        for conn in waiting {
            self.begin_for(now, shared, conn, id, target, offset);
        }
        self.cancel_if_unwanted(shared);
    }

    fn begin_for(
        &mut self,
        now: Instant,
        shared: &mut Shared,
        conn: ConnId,
        snapshot: SnapshotId,
        target: Target,
        offset: crate::Offset,
    ) {
        // The stream of this replica begins in the middle of ours, so it must be told the database.
        shared.stream_db = None;
        let id = shared.history.id;
        let replica = self.get_mut(conn).expect("the caller has just seen it");
        if !replica.greeting.snapshot_only {
            let reader = shared.log.subscribe(offset);
            replica.reader = Some(reader.expect("whoever shares it holds the log there"));
        }
        match target {
            Target::Disk => replica.go(Input::BegunToDisk, Phase::Saving { snapshot, offset }),
            Target::Sockets => {
                replica.go(Input::BegunToSockets, Phase::Streaming { snapshot, at: 0 });
            }
        }
        replica.progress_at = now;
        replica.cost = Some(Cost { since: now, bytes: 0, peak_buffer: 0 });
        // A replica of the old protocol would take the answer for its snapshot.
        if !replica.old_protocol {
            replica.say(format!("+FULLRESYNC {id} {offset}\r\n").as_bytes());
        }
        self.queue(conn);
    }

    /// The owner cannot begin now; it will be asked again. Where it will never be able to (`fatal`), those who wait
    /// are told.
    pub(crate) fn snapshot_refused(
        &mut self,
        now: Instant,
        shared: &mut Shared,
        id: SnapshotId,
        fatal: bool,
    ) {
        if self.running.as_ref().is_none_or(|running| running.id != id || running.begun) {
            return;
        }
        self.running = None;
        if !fatal {
            shared.notice(
                "No BGSAVE in progress, but another BG operation is active. BGSAVE for \
                 replication delayed",
            );
            return;
        }
        shared.warning("BGSAVE for replication failed");
        for conn in self.in_phase(|phase| matches!(phase, Phase::Waiting { .. })) {
            let words = b"-ERR BGSAVE failed, replication can't continue\r\n";
            self.hang_up(now, shared, conn, words, Why::SnapshotFailed);
        }
    }

    fn in_phase(&self, wanted: impl Fn(&Phase) -> bool) -> Vec<ConnId> {
        self.replicas.iter().filter(|r| wanted(&r.phase)).map(|r| r.conn).collect()
    }

    /// A snapshot that had begun has failed.
    pub(crate) fn snapshot_failed(&mut self, now: Instant, shared: &mut Shared, id: SnapshotId) {
        if self.running.as_ref().is_some_and(|running| running.id == id && !running.begun) {
            return self.snapshot_refused(now, shared, id, true);
        }
        let of_it = |phase: &Phase| match phase {
            Phase::Saving { snapshot, .. } | Phase::Streaming { snapshot, .. } => *snapshot == id,
            Phase::Sending(file) => file.snapshot == id,
            _ => false,
        };
        if self.running.as_ref().is_some_and(|running| running.id == id) {
            self.running = None;
        }
        for conn in self.in_phase(of_it) {
            shared.warning("SYNC failed. BGSAVE child returned an error");
            self.hang_up(now, shared, conn, b"", Why::SnapshotFailed);
        }
        self.start_snapshot_if_due(now, shared);
    }

    /// The file is complete: it is sent now, and another snapshot may begin.
    pub(crate) fn snapshot_saved(
        &mut self,
        now: Instant,
        shared: &mut Shared,
        id: SnapshotId,
        len: u64,
    ) {
        if self.running.as_ref().is_some_and(|running| running.id == id) {
            self.running = None;
        }
        let members = self
            .in_phase(|phase| matches!(phase, Phase::Saving { snapshot, .. } if *snapshot == id));
        if members.is_empty() {
            shared.act(Action::ReleaseSnapshot { id });
        }
        for conn in members {
            let replica = self.get_mut(conn).expect("it was just seen");
            replica.go(Input::Saved, Phase::Sending(FileTransfer::new(id, len)));
            replica.progress_at = now;
            replica.say(format!("${len}\r\n").as_bytes());
            self.read_on(shared, conn);
            self.queue(conn);
        }
        self.start_snapshot_if_due(now, shared);
    }

    fn read_on(&mut self, shared: &mut Shared, conn: ConnId) {
        if let Some(replica) = self.get_mut(conn)
            && let Phase::Sending(file) = &mut replica.phase
            && let Some((offset, len)) = file.ask()
        {
            let id = file.snapshot;
            shared.act(Action::ReadSnapshot { id, conn, offset, len });
        }
    }

    /// A piece of the file, as it was asked for; `None` where it could not be read.
    pub(crate) fn snapshot_read(
        &mut self,
        now: Instant,
        shared: &mut Shared,
        id: SnapshotId,
        conn: ConnId,
        bytes: Option<Vec<u8>>,
    ) {
        let Some(replica) = self.get_mut(conn) else { return };
        let Phase::Sending(file) = &mut replica.phase else { return };
        if file.snapshot != id {
            return;
        }
        if !bytes.is_some_and(|bytes| file.take(bytes)) {
            let name = replica.name();
            shared.warning(format!("Read error sending DB to replica {name}: short read"));
            return self.hang_up(now, shared, conn, b"", Why::SnapshotFailed);
        }
        self.read_on(shared, conn);
        self.queue(conn);
    }

    /// How many bytes of a snapshot to sockets are wanted now.
    pub(crate) fn snapshot_room(&self, id: SnapshotId) -> usize {
        let Some(running) = self.running.as_ref().filter(|running| running.id == id) else {
            return 0;
        };
        running.stream.as_ref().map_or(0, |stream| stream.room(self.slowest(id, stream.end())))
    }

    fn slowest(&self, id: SnapshotId, end: u64) -> u64 {
        let positions = self.replicas.iter().filter_map(|replica| match replica.phase {
            Phase::Streaming { snapshot, at } if snapshot == id => Some(at),
            _ => None,
        });
        positions.min().unwrap_or(end)
    }

    /// A piece of a snapshot to sockets.
    pub(crate) fn snapshot_chunk(&mut self, id: SnapshotId, bytes: Vec<u8>) {
        let Some(stream) = self.running.as_mut().and_then(|running| running.stream.as_mut()) else {
            return;
        };
        if stream.id == id {
            stream.push(bytes);
            self.queue_members(id);
        }
    }

    /// The snapshot to sockets is complete.
    pub(crate) fn snapshot_finished(&mut self, shared: &mut Shared, id: SnapshotId) {
        let Some(stream) = self.running.as_mut().and_then(|running| running.stream.as_mut()) else {
            return;
        };
        if stream.id == id {
            stream.finish();
            self.queue_members(id);
            let of_it = |phase: &Phase| matches!(phase, Phase::Streaming { .. });
            shared.notice(format!(
                "Diskless rdb transfer, done reading from pipe, {} replicas still up.",
                self.in_phase(of_it).len()
            ));
        }
    }

    fn queue_members(&mut self, id: SnapshotId) {
        let of_it =
            |phase: &Phase| matches!(phase, Phase::Streaming { snapshot, .. } if *snapshot == id);
        for conn in self.in_phase(of_it) {
            self.queue(conn);
        }
    }

    /// `count` bytes of its snapshot went out to `conn`.
    pub(super) fn snapshot_sent(
        &mut self,
        now: Instant,
        shared: &mut Shared,
        conn: ConnId,
        count: usize,
    ) {
        let replica = self.get_mut(conn).expect("the caller has just seen it");
        replica.progress_at = now;
        if let Some(cost) = &mut replica.cost {
            cost.bytes += count as u64;
        }
        match &mut replica.phase {
            Phase::Sending(file) => {
                file.advance(count);
                if !file.is_over() {
                    return self.read_on(shared, conn);
                }
                let id = file.snapshot;
                self.snapshot_complete(now, shared, conn, Phase::Online);
                self.release_if_unread(shared, id);
            }
            Phase::Streaming { snapshot, at } => {
                *at += count as u64;
                let (id, at) = (*snapshot, *at);
                let slowest = self.slowest(id, at);
                let stream = self.running.as_mut().and_then(|running| running.stream.as_mut());
                let stream = stream.expect("a snapshot to sockets runs while it is sent");
                stream.drop_before(slowest);
                if !stream.is_over_at(at) {
                    return;
                }
                let name = self.get(conn).expect("it was just seen").name();
                shared.notice(format!(
                    "Streamed RDB transfer with replica {name} succeeded (socket). Waiting for \
                     REPLCONF ACK from replica to enable streaming"
                ));
                self.snapshot_complete(now, shared, conn, Phase::Primed);
                self.close_stream_if_done(now, shared);
            }
            _ => unreachable!("the caller has looked at the phase"),
        }
    }

    fn snapshot_complete(&mut self, now: Instant, shared: &mut Shared, conn: ConnId, phase: Phase) {
        let replica = self.get_mut(conn).expect("the caller has just seen it");
        if let Some(cost) = replica.cost.take() {
            let behind = replica.reader.map_or(0, |reader| shared.log.behind(reader));
            shared.stats.last_full_sent = Some(FullSync {
                duration_ms: now.ms_since(cost.since),
                bytes: cost.bytes,
                peak_buffer_bytes: cost.peak_buffer.max(behind),
            });
        }
        let name = replica.name();
        replica.go(Input::Sent, phase);
        if replica.greeting.snapshot_only {
            shared.notice(format!(
                "RDB transfer completed, rdb only replica ({name}) should be disconnected asap"
            ));
            return self.hang_up(now, shared, conn, b"", Why::SnapshotOnly);
        }
        replica.ack_at = now;
        shared.notice(format!("Synchronization with replica {name} succeeded"));
        self.queue(conn);
        self.refresh_good(now, &shared.settings);
    }

    /// A replica in `phase` is gone: is its snapshot still wanted?
    pub(super) fn snapshot_left(&mut self, shared: &mut Shared, phase: &Phase) {
        match phase {
            Phase::Sending(file) => self.release_if_unread(shared, file.snapshot),
            Phase::Streaming { .. } => {
                if let Some(stream) =
                    self.running.as_ref().and_then(|running| running.stream.as_ref())
                {
                    let slowest = self.slowest(stream.id, stream.end());
                    let stream = self.running.as_mut().and_then(|running| running.stream.as_mut());
                    stream.expect("it was just seen").drop_before(slowest);
                }
                self.cancel_if_unwanted(shared);
            }
            Phase::Saving { .. } => self.cancel_if_unwanted(shared),
            _ => {}
        }
    }

    fn release_if_unread(&mut self, shared: &mut Shared, id: SnapshotId) {
        let read = |phase: &Phase| matches!(phase, Phase::Sending(file) if file.snapshot == id);
        if self.in_phase(read).is_empty() {
            shared.act(Action::ReleaseSnapshot { id });
        }
    }

    fn cancel_if_unwanted(&mut self, shared: &mut Shared) {
        let Some(running) = self.running.as_ref().filter(|running| running.begun) else { return };
        let id = running.id;
        let of_it = |phase: &Phase| match phase {
            Phase::Saving { snapshot, .. } | Phase::Streaming { snapshot, .. } => *snapshot == id,
            _ => false,
        };
        if self.in_phase(of_it).is_empty() {
            if running.target == Target::Sockets
                && running.stream.as_ref().is_some_and(|stream| !stream.is_finished())
            {
                shared.notice("Diskless rdb transfer, last replica dropped, killing fork child.");
            }
            shared.act(Action::CancelSnapshot { id });
            self.running = None;
        }
    }

    fn close_stream_if_done(&mut self, now: Instant, shared: &mut Shared) {
        let streaming = |phase: &Phase| matches!(phase, Phase::Streaming { .. });
        if self.in_phase(streaming).is_empty()
            && self.running.as_ref().is_some_and(|running| running.target == Target::Sockets)
        {
            self.running = None;
            self.start_snapshot_if_due(now, shared);
        }
    }
}
