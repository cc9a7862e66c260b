//! What sessions get: replies and messages, how much of it may wait, and how long a session may be silent.

use super::{Clients, Closing, Parked, Session};
use crate::ledger::Ledger;
use crate::sentinel::Sentinel;
use resp::Writer;
use session::Verdict;
use std::io::IoSlice;
use stdx::Instant;
use world::{ConnId, Effect, Level};

impl Clients {
    pub(crate) fn poll_ready(&mut self) -> Option<ConnId> {
        self.ready.pop_front()
    }

    /// None: no session has this connection.
    pub(crate) fn pending<'a>(&'a self, conn: ConnId, slices: &mut [IoSlice<'a>]) -> Option<usize> {
        let bytes = self.sessions.get(&conn)?.out.pending();
        match slices.first_mut() {
            Some(first) if !bytes.is_empty() => {
                *first = IoSlice::new(bytes);
                Some(1)
            }
            _ => Some(0),
        }
    }

    /// The disk has caught up.
    pub(crate) fn release(&mut self, ledger: &Ledger) {
        for (conn, session) in &mut self.sessions {
            if session.out.release(ledger) {
                self.ready.push_back(*conn);
            }
        }
    }

    /// The state could not be written: who waits for a vote does not get it.
    pub(crate) fn break_promises(&mut self) {
        let waiting = |it: &&Session| it.awaits_vote && it.out.is_held();
        let conns: Vec<ConnId> = self.sessions.values().filter(waiting).map(|it| it.conn).collect();
        conns.into_iter().for_each(|conn| self.close(conn, Closing::Now));
    }
}

impl Sentinel {
    /// Writes to a session, in its protocol: not as the reply to a command, which goes through its writer.
    pub(crate) fn tell(&mut self, conn: ConnId, write: impl FnOnce(&mut Writer<'_>)) {
        let Some(session) = self.clients.get(conn) else { return };
        let mut bytes = Vec::new();
        write(&mut Writer::new(&mut bytes, session.proto));
        self.send(conn, bytes);
    }

    /// Appends to what a session gets. It waits for the disk where it rests on what the disk does not have.
    pub(crate) fn send(&mut self, conn: ConnId, bytes: Vec<u8>) {
        let Some(session) = self.clients.sessions.get_mut(&conn) else { return };
        if session.closing == Some(Closing::Now) {
            return;
        }
        if session.out.push(&self.ledger, bytes) {
            self.clients.ready.push_back(conn);
        }
        self.limit_output(conn);
    }

    /// A session that does not take what it gets is closed before it takes all our memory.
    fn limit_output(&mut self, conn: ConnId) {
        let now = self.clock.now();
        let Some(session) = self.clients.sessions.get_mut(&conn) else { return };
        let is_subscribed = session.subscription_count() > 0;
        let limits = &self.clients.limits.output;
        let limit = session::output_limit(limits, session.is_let_in, is_subscribed);
        match session::judge(limit, session.out.len(), &mut session.soft_limit_since, now) {
            Verdict::Fine => {}
            Verdict::Until(at) => self.clients.look_by(at),
            Verdict::TooMuch => {
                let id = session.id;
                let text = format!("Client id={id} closed for overcoming of output buffer limits.");
                self.clients.close(conn, Closing::Now);
                self.log(Level::Warning, text);
            }
        }
    }

    /// So many bytes went out. True while more may be sent.
    pub(crate) fn client_sent(&mut self, conn: ConnId, count: usize) -> bool {
        let counters = &mut self.clients.counters;
        counters.writes += 1;
        counters.bytes_out += count as u64;
        let Some(session) = self.clients.get_mut(conn) else { return false };
        let more = session.out.advance(count);
        if session.closing == Some(Closing::AfterSending) && session.out.is_empty() {
            self.clients.remove(conn);
            self.effects.push_back(Effect::Hangup { conn, after_sending: false });
            return false;
        }
        more
    }

    /// Somebody may be idle for too long from now on.
    pub(super) fn expect_idleness(&mut self, now: Instant) {
        let secs = self.clients.limits.idle_secs;
        if secs > 0 {
            self.clients.look_by(idle_until(now, secs));
        }
    }

    /// What is due: the end of a pause, idle clients, clients that are too slow, an average.
    pub(crate) fn tend_clients(&mut self) {
        let now = self.clock.now();
        self.clients.counters.sample(now);
        self.end_pause_if_due(now);
        self.end_late_trials(now);
        if self.clients.look_at.is_none_or(|at| at > now) {
            return;
        }
        self.clients.look_at = None;
        let conns: Vec<ConnId> = self.clients.sessions.keys().copied().collect();
        let secs = self.clients.limits.idle_secs;
        for conn in conns {
            self.limit_output(conn);
            let Some(session) = self.clients.get(conn) else { continue };
            let busy = session.subscription_count() > 0
                || session.parked.is_some()
                || session.closing.is_some();
            if secs == 0 || busy {
                continue;
            }
            let until = idle_until(session.active, secs);
            if until > now {
                self.clients.look_by(until);
                continue;
            }
            self.log(Level::Verbose, "Closing idle client".to_owned());
            self.clients.close(conn, Closing::Now);
        }
    }
}

/// When a session that is silent since `active` has been so for too long: `timeout` counts whole seconds, and more of
/// them than it says.
fn idle_until(active: Instant, secs: u64) -> Instant {
    active.after_ms((secs + 1) * 1000)
}

impl Clients {
    /// Everybody has to be looked at by then.
    fn look_by(&mut self, at: Instant) {
        self.look_at = Some(self.look_at.map_or(at, |before| before.min(at)));
    }

    /// When something is due.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        let pause = self.pause.map(|(until, _)| until);
        [pause, self.look_at, self.trials.poll_timeout()].into_iter().flatten().min()
    }

    /// How many wait for something.
    pub(crate) fn parked_count(&self) -> usize {
        let waits = |it: &&Session| matches!(&it.parked, Some(parked) if !matches!(parked, Parked::Saving(_)));
        self.sessions.values().filter(waits).count()
    }
}
