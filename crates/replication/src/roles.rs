//! Becoming a primary, becoming a replica: what of the history is kept, and who must be told.

use crate::machine::{ReplicaOf, Replication};
use crate::replica::{Cx, Link, Verdict};
use crate::{Action, History, Offset, ReplicationId, Why};
use stdx::Now;

impl Replication {
    /// Gives the history another name, under which nobody can go on from where he was (DEBUG CHANGE-REPL-ID).
    pub fn change_id(&mut self) {
        let id = ReplicationId::fresh(&mut self.shared.secrets);
        self.shared.history.adopt(id);
    }

    /// The snapshot that was loaded at the start belongs to this place in a history. Call before `follow`, if the
    /// server is to be a replica; it then goes on from there.
    pub fn restore(&mut self, now: Now, id: ReplicationId, offset: Offset, replica: bool) {
        assert!(self.link.is_none() && self.primary.replicas.is_empty(), "restored at the start");
        self.shared.restart_log(offset);
        self.flushed = offset;
        if replica {
            self.shared.history.adopt(id);
            self.shared.log.close();
        } else {
            // A primary that restarts begins a new history, which parts from the old one here.
            let fresh = self.shared.history.id;
            self.shared.history.adopt(id);
            self.shared.history.shift(offset, fresh);
        }
        self.primary.none_since = now.instant;
    }

    /// Be a replica from the start, as the file says. Goes on from a place that was restored.
    pub fn follow(&mut self, now: Now, host: &str, port: u16, restored: bool) {
        let place = restored.then(|| (self.shared.history.id, self.shared.log.end()));
        self.set_link(now, host, port, place);
        // The tick dials: the server has to be up first.
        self.next_tick = now.instant;
    }

    /// REPLICAOF host port.
    pub fn replicaof(&mut self, now: Now, host: &str, port: u16) -> ReplicaOf {
        if self.is_failing_over() {
            return ReplicaOf::FailingOver;
        }
        if let Some(link) = &self.link
            && link.host.eq_ignore_ascii_case(host)
            && link.port == port
        {
            self.shared.notice(
                "REPLICAOF would result into synchronization with the master we are already \
                 connected with. No operation performed.",
            );
            return ReplicaOf::Already;
        }
        self.become_replica(now, host, port);
        ReplicaOf::Started
    }

    pub(crate) fn become_replica(&mut self, now: Now, host: &str, port: u16) {
        let was_primary = self.link.is_none();
        let place = match self.link.take() {
            Some(mut link) => {
                self.attempts = link.attempts();
                link.drop_connection(&mut self.cx(now));
                link.place(&self.shared)
            }
            None => {
                self.shared.notice(
                    "Before turning into a replica, using my own master parameters to \
                     synthesize a cached master: I may be able to synchronize with the new \
                     master with just a partial transfer.",
                );
                Some((self.shared.history.id, self.shared.log.end()))
            }
        };
        self.set_link(now, host, port, place);
        if was_primary {
            self.drop_waiters();
            self.shared.act(Action::Role { primary: false });
        }
        let name = self.link.as_ref().map(Link::name).unwrap_or_default();
        self.shared.notice(format!("Connecting to MASTER {name}"));
        self.with_link(now, |link, cx| link.dial(cx));
    }

    fn set_link(
        &mut self,
        now: Now,
        host: &str,
        port: u16,
        place: Option<(ReplicationId, Offset)>,
    ) {
        let mut link = Link::new(now.instant, host, port, place);
        link.follow_attempts_of(self.attempts);
        self.link = Some(link);
    }

    /// REPLICAOF NO ONE. True where it changed anything; the owner logs who asked for it. Refused (false) while
    /// failing over: look at `is_failing_over` first.
    pub fn promote(&mut self, now: Now) -> bool {
        !self.is_failing_over() && self.become_primary(now)
    }

    pub(crate) fn become_primary(&mut self, now: Now) -> bool {
        let Some(mut link) = self.link.take() else { return false };
        self.attempts = link.attempts();
        link.drop_connection(&mut self.cx(now));
        let id = ReplicationId::fresh(&mut self.shared.secrets);
        self.shared.history.shift(self.shared.log.end(), id);
        let History { id, id2, .. } = self.shared.history;
        let second = self.shared.history.second_offset();
        self.shared.notice(format!(
            "Setting secondary replication ID to {id2}, valid up to offset: {second}. New \
             replication ID is {id}"
        ));
        // They must learn the new name; they will go on from where they are.
        self.primary.hang_up_all(now.instant, &mut self.shared, Why::HistoryChanged);
        self.shared.stream_db = None;
        self.primary.none_since = now.instant;
        self.shared.act(Action::Role { primary: true });
        true
    }

    fn cx(&mut self, now: Now) -> Cx<'_> {
        Cx { now: now.instant, shared: &mut self.shared, primary: &mut self.primary }
    }

    /// Lets the link act, and then a FAILOVER that hangs on what the link has learned.
    pub(crate) fn with_link<R>(
        &mut self,
        now: Now,
        act: impl FnOnce(&mut Link, &mut Cx<'_>) -> R,
    ) -> Option<R> {
        let link = self.link.as_mut()?;
        let mut cx = Cx { now: now.instant, shared: &mut self.shared, primary: &mut self.primary };
        let result = act(link, &mut cx);
        match link.take_verdict() {
            Some(Verdict::Accepted) => self.clear_failover(),
            Some(Verdict::Rejected) => {
                self.abort_failover(now, "Failover target rejected psync request");
            }
            None => {}
        }
        Some(result)
    }
}
