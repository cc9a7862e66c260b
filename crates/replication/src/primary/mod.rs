//! Our replicas: attached, brought up to date, fed, watched, turned away.
//!
//! A server has replicas whether it is a primary or itself a replica, so this machine does not ask which it is. What
//! only a primary does (PING, GETACK, forgetting its history) its owner tells it to do.

mod replconf;
mod replica;
mod resync;
mod snapshot;
mod stream;
mod wait;

pub use replconf::Greeting;
pub(crate) use replconf::{Said, read as read_replconf};
pub use replica::{Input as ReplicaInput, PhaseKind as ReplicaPhase, next as next_replica_phase};
pub(crate) use replica::{Phase, Replica};
pub use resync::{FullReason, Request, Resync, decide};
pub(crate) use snapshot::Running;
use stream::Stream;
pub(crate) use wait::Waiter;

use crate::shared::Shared;
use crate::{Action, Offset, Why};
use replica::Input;
use std::collections::{BTreeMap, VecDeque};
use std::io::IoSlice;
use stdx::Instant;
use world::ConnId;

/// All replicas of this server.
#[derive(Debug)]
pub(crate) struct Primary {
    /// What peers said that have not asked for the stream yet.
    greetings: BTreeMap<ConnId, Greeting>,
    /// In the order of their coming, as INFO lists them.
    pub(crate) replicas: Vec<Replica>,
    /// The snapshot that is being made, or about to be.
    pub(crate) running: Option<Running>,
    snapshots: u64,
    ready: VecDeque<ConnId>,
    pub(crate) waiters: Vec<Waiter>,
    /// Since when there is none.
    pub(crate) none_since: Instant,
    /// How many are good enough for `min-replicas-to-write`.
    pub(crate) good: usize,
}

impl Primary {
    pub(crate) fn new(now: Instant) -> Primary {
        Primary {
            greetings: BTreeMap::new(),
            replicas: Vec::new(),
            running: None,
            snapshots: 0,
            ready: VecDeque::new(),
            waiters: Vec::new(),
            none_since: now,
            good: 0,
        }
    }

    pub(crate) fn get(&self, conn: ConnId) -> Option<&Replica> {
        self.replicas.iter().find(|replica| replica.conn == conn)
    }

    fn get_mut(&mut self, conn: ConnId) -> Option<&mut Replica> {
        self.replicas.iter_mut().find(|replica| replica.conn == conn)
    }

    /// What a peer says of itself is remembered where it will be looked for.
    pub(crate) fn greeting_mut(&mut self, conn: ConnId) -> &mut Greeting {
        match self.replicas.iter_mut().find(|replica| replica.conn == conn) {
            Some(replica) => &mut replica.greeting,
            None => self.greetings.entry(conn).or_default(),
        }
    }

    pub(crate) fn greeting(&self, conn: ConnId) -> Greeting {
        self.greetings.get(&conn).cloned().unwrap_or_default()
    }

    /// The replica that clients find at this address.
    pub(crate) fn find(&self, host: &str, port: u16) -> Option<&Replica> {
        self.replicas.iter().find(|replica| {
            replica.host().eq_ignore_ascii_case(host) && replica.greeting.listening_port == port
        })
    }

    /// What the log calls a session that asks to be a replica.
    pub(crate) fn caller_name(&self, conn: ConnId, ip: &str) -> String {
        let greeting = self.greeting(conn);
        let host = greeting.ip_address.as_deref().unwrap_or(ip);
        replica::name(host, greeting.listening_port)
    }

    // Coming.

    /// A replica that can go on from where it was.
    pub(crate) fn attach_partial(
        &mut self,
        now: Instant,
        shared: &mut Shared,
        conn: ConnId,
        ip: &str,
        from: Offset,
    ) {
        let reader = shared.log.subscribe(from).expect("the decision looked whether it is held");
        let mut replica = self.newcomer(now, conn, ip, Phase::Online);
        replica.reader = Some(reader);
        if replica.greeting.capa_psync2 {
            replica.say(format!("+CONTINUE {}\r\n", shared.history.id).as_bytes());
        } else {
            replica.say(b"+CONTINUE\r\n");
        }
        shared.stats.partial_ok += 1;
        shared.notice(format!(
            "Partial resynchronization request from {} accepted. Sending {} bytes of backlog \
             starting from offset {}.",
            replica.name(),
            shared.log.behind(reader),
            from.next_byte()
        ));
        self.replicas.push(replica);
        self.queue(conn);
        self.refresh_good(now, &shared.settings);
    }

    /// A replica that needs a snapshot first.
    pub(crate) fn attach_full(
        &mut self,
        now: Instant,
        shared: &mut Shared,
        conn: ConnId,
        ip: &str,
        reason: FullReason,
    ) {
        let mut replica = self.newcomer(now, conn, ip, Phase::Waiting { since: now });
        replica.old_protocol = reason == FullReason::OldProtocol;
        shared.stats.full += 1;
        shared.stats.full_by_reason[reason as usize] += 1;
        if shared.settings.disable_nodelay {
            shared.act(Action::NoDelay { conn, on: false });
        }
        self.replicas.push(replica);
        self.find_snapshot(now, shared, conn);
    }

    fn newcomer(&mut self, now: Instant, conn: ConnId, ip: &str, phase: Phase) -> Replica {
        assert!(self.get(conn).is_none(), "a replica attaches once");
        Replica {
            conn,
            ip: ip.to_string(),
            greeting: self.greetings.remove(&conn).unwrap_or_default(),
            phase,
            old_protocol: false,
            front: Vec::new(),
            front_at: 0,
            reader: None,
            ack: Offset::ZERO,
            ack_on_disk: Offset::ZERO,
            ack_at: now,
            progress_at: now,
            soft_limit_since: None,
            cost: None,
            queued: false,
        }
    }

    // Going.

    /// The peer is gone.
    pub(crate) fn closed(&mut self, now: Instant, shared: &mut Shared, conn: ConnId) {
        self.greetings.remove(&conn);
        if let Some(at) = self.replicas.iter().position(|replica| replica.conn == conn) {
            let replica = self.replicas.remove(at);
            shared.notice(format!("Connection with replica {} lost.", replica.name()));
            self.forget(now, shared, replica);
        }
    }

    /// We turn a replica away.
    pub(crate) fn hang_up(
        &mut self,
        now: Instant,
        shared: &mut Shared,
        conn: ConnId,
        last_words: &[u8],
        why: Why,
    ) {
        let Some(at) = self.replicas.iter().position(|replica| replica.conn == conn) else {
            return;
        };
        let replica = self.replicas.remove(at);
        shared.act(Action::Hangup { conn, last_words: last_words.to_vec(), why });
        self.forget(now, shared, replica);
    }

    /// All must ask again.
    pub(crate) fn hang_up_all(&mut self, now: Instant, shared: &mut Shared, why: Why) {
        while let Some(conn) = self.replicas.first().map(|replica| replica.conn) {
            self.hang_up(now, shared, conn, b"", why);
        }
    }

    fn forget(&mut self, now: Instant, shared: &mut Shared, replica: Replica) {
        if let Some(reader) = replica.reader {
            shared.log.unsubscribe(reader);
        }
        if self.replicas.is_empty() {
            self.none_since = now;
        }
        self.snapshot_left(shared, &replica.phase);
        self.refresh_good(now, &shared.settings);
    }

    // What it acknowledges.

    pub(crate) fn acked_by(
        &mut self,
        now: Instant,
        shared: &mut Shared,
        conn: ConnId,
        offset: i64,
        on_disk: Option<i64>,
    ) {
        let end = shared.log.end();
        let Some(replica) = self.get_mut(conn) else { return };
        // A replica cannot have what was not written; one that says so counts as having everything.
        let known = |n: i64| Offset(n.max(0) as u64).min(end);
        replica.ack = replica.ack.max(known(offset));
        replica.ack_on_disk = replica.ack_on_disk.max(on_disk.map_or(Offset::ZERO, known));
        replica.ack_at = now;
        if replica.is_online() {
            replica.go(Input::Ack, Phase::Online);
            self.queue(conn);
        }
        self.refresh_good(now, &shared.settings);
        if let Some(slowest) = self.replicas.iter().map(|replica| replica.ack).min() {
            shared.timeline.forget_before(slowest);
        }
    }

    // What is sent to it.

    /// There may be something to send to `conn`.
    fn queue(&mut self, conn: ConnId) {
        let Some(replica) = self.replicas.iter_mut().find(|replica| replica.conn == conn) else {
            return;
        };
        if !replica.queued {
            replica.queued = true;
            self.ready.push_back(conn);
        }
    }

    /// The log has grown: everybody who gets the stream has something to send.
    pub(crate) fn queue_stream(&mut self) {
        for replica in &mut self.replicas {
            if !replica.queued && matches!(replica.phase, Phase::Online) {
                replica.queued = true;
                self.ready.push_back(replica.conn);
            }
        }
    }

    pub(crate) fn poll_ready(&mut self) -> Option<ConnId> {
        loop {
            let conn = self.ready.pop_front()?;
            // It may have left since it was queued.
            if let Some(replica) = self.get_mut(conn) {
                replica.queued = false;
                return Some(conn);
            }
        }
    }

    pub(crate) fn pending<'a>(
        &'a self,
        shared: &'a Shared,
        conn: ConnId,
        slices: &mut [IoSlice<'a>],
    ) -> usize {
        let Some(replica) = self.get(conn) else { return 0 };
        let mut filled = 0;
        if !replica.front.is_empty() && !slices.is_empty() {
            slices[0] = IoSlice::new(&replica.front[replica.front_at..]);
            filled = 1;
        }
        let rest = &mut slices[filled..];
        filled
            + match (&replica.phase, &self.running) {
                (Phase::Sending(file), _) => {
                    let mut skip = file.first_at;
                    let mut n = 0;
                    for (slice, piece) in rest.iter_mut().zip(&file.pieces) {
                        *slice = IoSlice::new(&piece[std::mem::take(&mut skip)..]);
                        n += 1;
                    }
                    n
                }
                (Phase::Streaming { at, .. }, Some(running)) => {
                    running.stream.as_ref().map_or(0, |stream| stream.pending(*at, rest))
                }
                (Phase::Online, _) => {
                    replica.reader.map_or(0, |reader| shared.log.pending(reader, rest))
                }
                _ => 0,
            }
    }

    /// `count` bytes of what was pending went out. True where more waits.
    pub(crate) fn sent(
        &mut self,
        now: Instant,
        shared: &mut Shared,
        conn: ConnId,
        count: usize,
    ) -> bool {
        let Some(replica) = self.get_mut(conn) else { return false };
        let count = replica.advance_front(count);
        match &mut replica.phase {
            Phase::Online if count > 0 => {
                let reader = replica.reader.expect("a replica online reads the log");
                shared.log.advance(reader, count);
            }
            Phase::Sending(_) | Phase::Streaming { .. } if count > 0 => {
                self.snapshot_sent(now, shared, conn, count);
            }
            _ => assert_eq!(count, 0, "nothing else was pending"),
        }
        let mut slices = [IoSlice::new(&[])];
        self.pending(shared, conn, &mut slices) > 0
    }

    // Once per second.

    /// What every server does for its replicas: newlines to those who wait, and an end to those who are silent.
    pub(crate) fn tick(&mut self, now: Instant, shared: &mut Shared) {
        let timeout_secs = shared.settings.timeout_secs;
        let late = |since: Instant| now.ms_since(since) / 1000 > timeout_secs;
        let mut silent = Vec::new();
        let mut waiting = Vec::new();
        // Only a replica that leaves bytes lying is slow: the others wait for the maker, or for the slowest.
        let end =
            self.running.as_ref().and_then(|running| running.stream.as_ref()).map(Stream::end);
        for replica in &mut self.replicas {
            if matches!(replica.phase, Phase::Streaming { at, .. } if Some(at) == end) {
                replica.progress_at = now;
            }
        }
        for replica in &self.replicas {
            match replica.phase {
                Phase::Waiting { .. } | Phase::Saving { .. } => waiting.push(replica.conn),
                Phase::Primed | Phase::Online if !replica.old_protocol && late(replica.ack_at) => {
                    silent.push((replica.conn, "streaming sync"));
                }
                Phase::Streaming { .. } if late(replica.progress_at) => {
                    silent.push((replica.conn, "full sync"));
                }
                _ => {}
            }
        }
        for conn in waiting {
            let replica = self.get_mut(conn).expect("it was just seen");
            // A newline is no reply and no part of a snapshot: it only shows that we are there.
            if replica.front.is_empty() {
                replica.say(b"\n");
                self.queue(conn);
            }
        }
        for (conn, what) in silent {
            let name = self.get(conn).expect("it was just seen").name();
            shared.warning(format!("Disconnecting timedout replica ({what}): {name}"));
            self.hang_up(now, shared, conn, b"", Why::Timeout);
        }
        self.start_snapshot_if_due(now, shared);
        self.refresh_good(now, &shared.settings);
    }

    /// Turns away who falls too far behind. The limit is never below what we keep anyhow: a replica inside the
    /// backlog costs nothing.
    pub(crate) fn enforce_output_limit(&mut self, now: Instant, shared: &mut Shared) {
        let limit = shared.settings.output_limit;
        let retain = shared.log.retain();
        let mut over = Vec::new();
        for replica in &mut self.replicas {
            let Some(reader) = replica.reader else { continue };
            let behind = shared.log.behind(reader) + replica.front.len() as u64;
            if let Some(cost) = &mut replica.cost {
                cost.peak_buffer = cost.peak_buffer.max(behind);
            }
            let hard = limit.hard_bytes > 0 && behind >= limit.hard_bytes.max(retain);
            let soft = limit.soft_bytes > 0 && behind >= limit.soft_bytes;
            let since = soft.then(|| *replica.soft_limit_since.get_or_insert(now));
            replica.soft_limit_since = since;
            if hard || since.is_some_and(|since| now.ms_since(since) / 1000 > limit.soft_secs) {
                over.push(replica.conn);
            }
        }
        for conn in over {
            self.hang_up(now, shared, conn, b"", Why::OutputLimit);
        }
    }
}
