//! The link to our primary: dialling, introducing ourselves, taking in a snapshot, following the stream.
//!
//! # What can go wrong, and what then
//! Anything that goes wrong ends in `Idle`, and the tick dials again. Where we were in the history is remembered
//! (`place`), so that the next attempt can go on from there; it is forgotten only when the owner begins to replace
//! the data with a snapshot. A link that breaks after it worked, or in the middle of a snapshot, is dialled again at
//! once, because the primary's backlog is growing over our place.

mod arrive;
mod follow;
mod handshake;
mod lines;
mod link;
mod load;
mod pace;
mod transfer;

pub use link::{LinkInput, LinkPhase, next as next_link_phase};

use crate::primary::Primary;
use crate::shared::{Shared, address};
use crate::{Action, Offset, ReplicationId};
use handshake::Handshake;
use lines::Lines;
use link::{Phase, Place, silent_for_secs};
use pace::Pace;
use std::borrow::Cow;
use stdx::Instant;

/// What becomes of bytes from the primary.
#[derive(Debug, PartialEq, Eq)]
pub enum Fed<'a> {
    /// The machine has taken them.
    Nothing,
    /// A piece of the snapshot.
    Snapshot(Cow<'a, [u8]>),
    /// A piece of the stream, to be parsed and applied.
    Stream(&'a [u8]),
}

/// How the owner replaces the old data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replaces {
    /// The old data goes before the new is loaded.
    Now,
    /// The old data is served until the new is loaded.
    WhenDone,
}

/// Why the connection to the primary is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// It broke, or the primary closed it.
    Broken,
    /// What the primary sent was no request, so the place where we were is not to be trusted.
    Garbled,
}

/// What the link says to a FAILOVER that waits for its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Accepted,
    Rejected,
}

/// What the link needs of its surroundings.
pub(crate) struct Cx<'a> {
    pub(crate) now: Instant,
    pub(crate) shared: &'a mut Shared,
    pub(crate) primary: &'a mut Primary,
}

/// The link to one primary.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) host: String,
    pub(crate) port: u16,
    phase: Phase,
    /// Where to go on from, while not following.
    place: Option<Place>,
    attempt: u64,
    lines: Lines,
    last_io: Instant,
    pace: Pace,
    /// Since when the link that had worked is down.
    pub(crate) down_since: Option<Instant>,
    /// PSYNC asks the other side to become the primary.
    pub(crate) failover: bool,
    verdict: Option<Verdict>,
}

impl Link {
    /// A link that is about to dial. `at`: where we are in the present history, if we may go on from there.
    pub(crate) fn new(
        now: Instant,
        host: &str,
        port: u16,
        at: Option<(ReplicationId, Offset)>,
    ) -> Link {
        Link {
            host: host.to_string(),
            port,
            phase: Phase::Idle,
            place: at.map(|(id, offset)| Place { id, offset }),
            attempt: 0,
            lines: Lines::default(),
            last_io: now,
            pace: Pace::new(now),
            down_since: None,
            failover: false,
            verdict: None,
        }
    }

    pub(crate) fn phase(&self) -> LinkPhase {
        self.phase.kind()
    }

    pub(crate) fn name(&self) -> String {
        address(&self.host, self.port)
    }

    /// Where we would go on from, were we to follow somebody else.
    pub(crate) fn place(&self, shared: &Shared) -> Option<(ReplicationId, Offset)> {
        match &self.phase {
            Phase::Following(follow) => {
                (!follow.old_protocol).then_some((shared.history.id, follow.applied))
            }
            _ => self.place.map(|place| (place.id, place.offset)),
        }
    }

    pub(crate) fn take_verdict(&mut self) -> Option<Verdict> {
        self.verdict.take()
    }

    fn go(&mut self, input: LinkInput, phase: Phase) {
        let lawful = next_link_phase(self.phase.kind(), input);
        assert_eq!(lawful, Some(phase.kind()), "an unlawful transition");
        self.phase = phase;
    }

    // Connecting.

    pub(crate) fn dial(&mut self, cx: &mut Cx<'_>) {
        self.attempt += 1;
        self.last_io = cx.now;
        self.pace.dial(cx.now);
        self.lines = Lines::default();
        self.go(LinkInput::Dial, Phase::Dialing);
        cx.shared.notice("MASTER <-> REPLICA sync started");
        let (host, port) = (self.host.clone(), self.port);
        cx.shared.act(Action::Dial { attempt: self.attempt, host, port });
    }

    /// Numbers of attempts go on where a former link's stopped, so that late answers are known as such.
    pub(crate) fn follow_attempts_of(&mut self, former: u64) {
        self.attempt = self.attempt.max(former);
    }

    pub(crate) fn attempts(&self) -> u64 {
        self.attempt
    }

    pub(crate) fn dialed(&mut self, cx: &mut Cx<'_>, attempt: u64) -> bool {
        if attempt != self.attempt || !matches!(self.phase, Phase::Dialing) {
            return false;
        }
        cx.shared.notice("Non blocking connect for SYNC fired the event.");
        self.last_io = cx.now;
        let (handshake, bytes) = Handshake::begin();
        self.go(LinkInput::Dialed, Phase::Handshaking(handshake));
        cx.shared.act(Action::LinkSend(bytes));
        true
    }

    pub(crate) fn dial_failed(&mut self, cx: &mut Cx<'_>, attempt: u64, reason: &str) {
        if attempt == self.attempt && matches!(self.phase, Phase::Dialing) {
            cx.shared.warning(format!("Error condition on socket for SYNC: {reason}"));
            self.go(LinkInput::Broken, Phase::Idle);
        }
    }

    /// Ends whatever goes on, without a word; the place is kept.
    pub(crate) fn drop_connection(&mut self, cx: &mut Cx<'_>) {
        match &self.phase {
            Phase::Idle => return,
            Phase::Dialing => cx.shared.act(Action::CancelDial { attempt: self.attempt }),
            Phase::Handshaking(_) => cx.shared.act(Action::LinkClose),
            Phase::Receiving(transfer) => {
                if transfer.has_header() {
                    cx.shared.act(Action::ReceiveAbort);
                }
                cx.shared.act(Action::LinkClose);
            }
            Phase::Loading(loading) => {
                let lost = loading.lost;
                cx.shared.act(Action::ReceiveAbort);
                if !lost {
                    cx.shared.act(Action::LinkClose);
                }
            }
            Phase::Following(_) => {
                self.place = self.place(cx.shared).map(|(id, offset)| Place { id, offset });
                cx.shared.act(Action::LinkClose);
            }
        }
        self.go(LinkInput::Broken, Phase::Idle);
    }

    /// The other side did not take PSYNC: a FAILOVER that hangs on it fails.
    fn rejected(&mut self) {
        if std::mem::take(&mut self.failover) {
            self.verdict = Some(Verdict::Rejected);
        }
    }

    fn fail(&mut self, cx: &mut Cx<'_>, retry_at_once: bool) {
        self.drop_connection(cx);
        if retry_at_once && self.verdict.is_none() && self.pace.may_hurry(cx.now) {
            cx.shared.notice(format!("Reconnecting to MASTER {} after failure", self.name()));
            self.dial(cx);
        }
    }

    /// The primary does not let us in: said with what to do about it, and tried again later each time.
    fn refused(&mut self, cx: &mut Cx<'_>, remedy: &str) {
        self.drop_connection(cx);
        let secs = self.pace.refused(cx.now);
        let name = self.name();
        cx.shared.warning(format!(
            "The master at {name} does not let us in: {remedy}. The next attempt is in {secs} s."
        ));
    }

    /// Our credentials are others now.
    pub(crate) fn forgive(&mut self) {
        self.pace.forgive();
    }

    /// The connection is gone: the world says so, or we were told to give it up.
    pub(crate) fn closed(&mut self, cx: &mut Cx<'_>, loss: Loss) {
        match &mut self.phase {
            // The snapshot is here: whether it can be loaded does not depend on who sent it. What follows it is
            // fetched by a partial resynchronization.
            Phase::Loading(loading) => {
                loading.lost = true;
                loading.early.clear();
            }
            Phase::Idle | Phase::Dialing => {}
            Phase::Handshaking(handshake) => {
                let at = handshake.awaits_psync();
                cx.shared.warning("Failed to read response from the server: Connection reset");
                cx.shared.warning(if at {
                    "Master did not reply to PSYNC, will try later"
                } else {
                    "Master did not respond to command during SYNC handshake"
                });
                if at {
                    self.rejected();
                }
                self.fail(cx, false);
            }
            Phase::Receiving(_) => {
                cx.shared.warning("I/O error trying to sync with MASTER: connection lost");
                self.fail(cx, true);
            }
            Phase::Following(_) => {
                cx.shared.notice("Connection with master lost.");
                self.drop_connection(cx);
                match loss {
                    Loss::Broken if self.place.is_some() => {
                        cx.shared.notice("Caching the disconnected master state.");
                    }
                    Loss::Broken => {}
                    Loss::Garbled => self.place = None,
                }
                self.down_since = Some(cx.now);
                if self.pace.may_hurry(cx.now) {
                    cx.shared.notice(format!("Reconnecting to MASTER {}", self.name()));
                    self.dial(cx);
                }
            }
        }
    }

    // In time.

    /// Once per second.
    pub(crate) fn tick(&mut self, cx: &mut Cx<'_>) {
        let silent = silent_for_secs(cx.now, self.last_io) > cx.shared.settings.timeout_secs;
        match &self.phase {
            Phase::Dialing | Phase::Handshaking(_) if silent => {
                cx.shared.warning("Timeout connecting to the MASTER...");
                self.drop_connection(cx);
                cx.shared.notice(format!("Reconnecting to MASTER {} after failure", self.name()));
                self.dial(cx);
            }
            Phase::Receiving(_) if silent => {
                cx.shared.warning(
                    "Timeout receiving bulk data from MASTER... If the problem persists try to \
                     set the 'repl-timeout' parameter in redis.conf to a larger value.",
                );
                self.fail(cx, true);
            }
            Phase::Following(_) if silent => {
                cx.shared.warning("MASTER timeout: no data nor PING received...");
                self.closed(cx, Loss::Broken);
            }
            Phase::Idle if self.pace.may_dial(cx.now) => {
                cx.shared.notice(format!("Connecting to MASTER {}", self.name()));
                self.dial(cx);
            }
            // A newline shows the primary that we are alive; it is no request.
            Phase::Loading(loading) if !loading.lost => {
                cx.shared.act(Action::LinkSend(b"\n".to_vec()));
            }
            _ => {}
        }
        self.send_ack(cx.shared);
    }

    // What INFO shows.

    /// `slave_read_repl_offset` and `slave_repl_offset`.
    pub(crate) fn offsets(&self) -> (u64, u64) {
        match (&self.phase, self.place) {
            (Phase::Following(follow), _) => (follow.read.0, follow.applied.0),
            (_, Some(place)) => (place.offset.0, place.offset.0),
            (_, None) => (1, 1),
        }
    }

    /// What was applied, for ROLE: -1 unless following.
    pub(crate) fn applied_offset(&self) -> i64 {
        match &self.phase {
            Phase::Following(follow) => follow.applied.0 as i64,
            _ => -1,
        }
    }

    /// The name of the history that a snapshot which arrives belongs to.
    pub(crate) fn history_received(&self) -> Option<ReplicationId> {
        let place = match &self.phase {
            Phase::Receiving(transfer) => transfer.place,
            Phase::Loading(loading) => loading.transfer.place,
            _ => None,
        };
        place.map(|place| place.id)
    }

    pub(crate) fn last_io(&self) -> Instant {
        self.last_io
    }

    /// Total and read bytes of the snapshot that arrives or is loaded.
    pub(crate) fn sync_progress(&self) -> Option<(i64, u64)> {
        match &self.phase {
            Phase::Receiving(transfer) => Some((transfer.total(), transfer.read)),
            Phase::Loading(loading) => Some((loading.transfer.total(), loading.transfer.read)),
            _ => None,
        }
    }
}
