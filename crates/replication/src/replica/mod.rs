//! The link to our primary: dialling, introducing ourselves, taking in a snapshot, following the stream.
//!
//! # What can go wrong, and what then
//! Anything that goes wrong ends in `Idle`, and the tick dials again. Where we were in the history is remembered
//! (`place`), so that the next attempt can go on from there; it is forgotten only when the owner begins to replace
//! the data with a snapshot. A link that breaks after it worked, or in the middle of a snapshot, is dialled again at
//! once, because the primary's backlog is growing over our place.

mod follow;
mod handshake;
mod lines;
mod link;
mod transfer;

pub use link::{LinkInput, LinkPhase, next as next_link_phase};

use crate::primary::Primary;
use crate::settings::DisklessLoad;
use crate::shared::{Shared, address};
use crate::stats::FullSync;
use crate::{Action, Intake, Offset, ReplicationId, Why};
use follow::Follow;
use handshake::{Handshake, Note, Outcome};
use lines::Lines;
use link::{Loading, Phase, Place, silent_for_secs};
use std::borrow::Cow;
use stdx::Instant;
use transfer::{Header, Transfer};

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
        if retry_at_once && self.verdict.is_none() {
            cx.shared.notice(format!("Reconnecting to MASTER {} after failure", self.name()));
            self.dial(cx);
        }
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
                cx.shared.notice(format!("Reconnecting to MASTER {}", self.name()));
                self.dial(cx);
            }
        }
    }

    // What arrives.

    /// Takes bytes from the front of `input`; call until it is empty.
    pub(crate) fn input<'a>(
        &mut self,
        cx: &mut Cx<'_>,
        input: &mut &'a [u8],
        empty: bool,
    ) -> Fed<'a> {
        self.last_io = cx.now;
        match &mut self.phase {
            Phase::Handshaking(_) => {
                self.handshake_input(cx, input);
                Fed::Nothing
            }
            Phase::Receiving(transfer) if !transfer.has_header() => {
                self.header_input(cx, input, empty);
                Fed::Nothing
            }
            Phase::Receiving(_) => self.snapshot_input(cx, input),
            Phase::Loading(loading) => {
                loading.early.extend_from_slice(std::mem::take(input));
                Fed::Nothing
            }
            Phase::Following(follow) => {
                let bytes = std::mem::take(input);
                follow.read = follow.read.after(bytes.len());
                Fed::Stream(bytes)
            }
            // What a connection that was given up still had to say.
            Phase::Idle | Phase::Dialing => {
                *input = &[];
                Fed::Nothing
            }
        }
    }

    fn handshake_input(&mut self, cx: &mut Cx<'_>, input: &mut &[u8]) {
        let line = match self.lines.next(input) {
            Ok(Some(line)) => line,
            Ok(None) => return,
            Err(lines::TooLong) => {
                cx.shared.warning("Failed to read response from the server: line too long");
                *input = &[];
                return self.fail(cx, false);
            }
        };
        let Phase::Handshaking(handshake) = &mut self.phase else {
            unreachable!("the caller has looked at the phase")
        };
        let at_psync = handshake.awaits_psync();
        match handshake.answer(&line, &cx.shared.settings) {
            Outcome::Wait(note) => {
                note.into_iter().for_each(|note| cx.shared.notice(note));
            }
            Outcome::Send { note, bytes } => {
                note.into_iter().for_each(|note| cx.shared.notice(note));
                cx.shared.act(Action::LinkSend(bytes));
            }
            Outcome::Psync { note } => {
                handshake.await_psync();
                note.into_iter().for_each(|note| cx.shared.notice(note));
                cx.shared.notice(match self.place {
                    Some(place) => format!(
                        "Trying a partial resynchronization (request {}:{}).",
                        place.id,
                        place.offset.next_byte()
                    ),
                    None => "Partial resynchronization not possible (no cached master)".to_string(),
                });
                cx.shared.act(Action::LinkSend(handshake::psync(self.place, self.failover)));
            }
            Outcome::Continue { id } => self.continue_from_place(cx, id),
            Outcome::Full { place } => {
                match place {
                    Some(place) => cx
                        .shared
                        .notice(format!("Full resync from master: {}:{}", place.id, place.offset)),
                    None => cx.shared.warning("Master replied with wrong +FULLRESYNC syntax."),
                }
                self.full_resync(cx, place);
            }
            Outcome::Sync { note } => {
                say(cx.shared, note);
                if self.failover {
                    self.rejected();
                    return self.fail(cx, false);
                }
                cx.shared.notice("Retrying with SYNC...");
                cx.shared.act(Action::LinkSend(b"SYNC\r\n".to_vec()));
                self.full_resync(cx, None);
            }
            Outcome::Fail { note } => {
                say(cx.shared, note);
                if at_psync {
                    self.rejected();
                }
                self.fail(cx, false);
            }
        }
    }

    fn full_resync(&mut self, cx: &mut Cx<'_>, place: Option<Place>) {
        self.accepted();
        self.lines = Lines::default();
        self.go(LinkInput::FullResync, Phase::Receiving(Transfer::new(place, cx.now)));
    }

    fn accepted(&mut self) {
        if std::mem::take(&mut self.failover) {
            self.verdict = Some(Verdict::Accepted);
        }
    }

    fn continue_from_place(&mut self, cx: &mut Cx<'_>, id: Option<ReplicationId>) {
        let Some(place) = self.place else {
            // We asked for a snapshot; a primary that lets us go on has misunderstood.
            cx.shared.warning("Master accepted a partial resynchronization that was not asked for");
            return self.fail(cx, false);
        };
        cx.shared.notice("Successful partial resynchronization with master.");
        if let Some(id) = id.filter(|id| *id != place.id) {
            cx.shared.notice(format!("Master replication ID changed to {id}"));
            cx.shared.history.adopt(place.id);
            cx.shared.history.shift(place.offset, id);
            // Our replicas must learn the new name; they will go on from where they are.
            cx.primary.hang_up_all(cx.now, cx.shared, Why::HistoryChanged);
        }
        if !cx.shared.log.is_open() {
            cx.shared.log.open();
        }
        assert_eq!(cx.shared.log.end(), place.offset, "the log ends where we go on");
        self.accepted();
        self.place = None;
        self.down_since = None;
        cx.shared.stats.received_partial += 1;
        self.go(LinkInput::Continue, Phase::Following(Follow::new(place.offset, false)));
        cx.shared.notice("MASTER <-> REPLICA sync: Master accepted a Partial Resynchronization.");
        cx.shared.act(Action::Following { resumed: true, early: Vec::new() });
    }

    fn header_input(&mut self, cx: &mut Cx<'_>, input: &mut &[u8], empty: bool) {
        let Phase::Receiving(transfer) = &mut self.phase else {
            unreachable!("the caller has looked at the phase")
        };
        let line = match self.lines.next(input) {
            Ok(Some(line)) => line,
            Ok(None) => return,
            Err(lines::TooLong) => String::from("(an endless line)"),
        };
        let intake = match cx.shared.settings.diskless_load {
            DisklessLoad::Swap => Intake::Parser,
            DisklessLoad::WhenEmpty if empty => Intake::Parser,
            _ => Intake::Disk,
        };
        let to = if intake == Intake::Parser { "to parser" } else { "to disk" };
        transfer.intake = intake;
        let size = match transfer.header(&line) {
            Header::Alive => return,
            Header::Len(len) => {
                cx.shared.notice(format!(
                    "MASTER <-> REPLICA sync: receiving {len} bytes from master {to}"
                ));
                Some(len)
            }
            Header::Mark => {
                cx.shared.notice(format!(
                    "MASTER <-> REPLICA sync: receiving streamed RDB from master with EOF {to}"
                ));
                None
            }
            Header::Aborted(error) => {
                cx.shared.warning(format!("MASTER aborted replication with an error: {error}"));
                *input = &[];
                return self.fail(cx, true);
            }
            Header::Bad => {
                cx.shared.warning(format!(
                    "Bad protocol from MASTER, the first byte is not '$' (we received '{line}'), \
                     are you sure the host and port are right?"
                ));
                *input = &[];
                return self.fail(cx, true);
            }
        };
        cx.shared.act(Action::ReceiveBegin { size, into: intake });
    }

    fn snapshot_input<'a>(&mut self, cx: &mut Cx<'_>, input: &mut &'a [u8]) -> Fed<'a> {
        let Phase::Receiving(transfer) = &mut self.phase else {
            unreachable!("the caller has looked at the phase")
        };
        let (piece, over) = transfer.take(input);
        if over {
            let bytes = transfer.read;
            let transfer = std::mem::replace(transfer, Transfer::new(None, cx.now));
            let early = std::mem::take(input).to_vec();
            let loading = Loading { transfer, early, adopted: false, lost: false };
            self.go(LinkInput::Received, Phase::Loading(loading));
            cx.shared.act(Action::LinkReading(false));
            cx.shared.act(Action::ReceiveEnd { bytes });
        }
        if piece.is_empty() { Fed::Nothing } else { Fed::Snapshot(piece) }
    }

    // Loading.

    /// The owner replaces the data; also while the snapshot still arrives, where it goes to the decoder.
    pub(crate) fn load_begin(&mut self, cx: &mut Cx<'_>, replaces: Replaces) {
        if replaces == Replaces::Now {
            let already = matches!(&self.phase, Phase::Loading(loading) if loading.adopted);
            assert!(!already, "the data is replaced once");
            self.leave_history(cx);
            if let Phase::Loading(loading) = &mut self.phase {
                loading.adopted = true;
            }
            cx.shared.notice("MASTER <-> REPLICA sync: Flushing old data");
        }
        cx.shared.notice("MASTER <-> REPLICA sync: Loading DB in memory");
    }

    /// From here on nobody can go on from where we were, nor we.
    fn leave_history(&mut self, cx: &mut Cx<'_>) {
        if self.place.take().is_some() {
            cx.shared.notice("Discarding previously cached master state.");
        }
        cx.primary.hang_up_all(cx.now, cx.shared, Why::HistoryChanged);
        cx.shared.log.close();
    }

    /// The snapshot is loaded and is our data now.
    pub(crate) fn load_done(&mut self, cx: &mut Cx<'_>) {
        let Phase::Loading(loading) = std::mem::replace(&mut self.phase, Phase::Idle) else {
            panic!("a snapshot is loaded after it has arrived");
        };
        if !loading.adopted {
            self.leave_history(cx);
        }
        let transfer = loading.transfer;
        let (id, offset) = match transfer.place {
            Some(place) => (place.id, place.offset),
            // A primary that knows no history: ours begins here.
            None => (ReplicationId::fresh(&mut cx.shared.prng), Offset::ZERO),
        };
        cx.shared.history.adopt(id);
        cx.shared.restart_log(offset);
        let mut follow = Follow::new(offset, transfer.place.is_none());
        follow.read = follow.read.after(loading.early.len());
        self.down_since = None;
        self.last_io = cx.now;
        cx.shared.stats.received_full += 1;
        cx.shared.stats.last_full_received = Some(FullSync {
            duration_ms: cx.now.ms_since(transfer.since),
            bytes: transfer.read,
            peak_buffer_bytes: loading.early.len() as u64,
        });
        cx.shared.notice("MASTER <-> REPLICA sync: Finished with success");
        if loading.lost {
            self.place = transfer.place;
            cx.shared.notice("Connection with master lost.");
            self.down_since = Some(cx.now);
            cx.shared.notice(format!("Reconnecting to MASTER {}", self.name()));
            return self.dial(cx);
        }
        if transfer.has_mark() && !follow.old_protocol {
            // The primary holds the stream back until it hears from us.
            cx.shared.act(Action::LinkSend(follow.ack()));
        }
        self.phase =
            Phase::Loading(Loading { transfer, early: Vec::new(), adopted: true, lost: false });
        self.go(LinkInput::Loaded, Phase::Following(follow));
        cx.shared.act(Action::LinkReading(true));
        cx.shared.act(Action::Following { resumed: false, early: loading.early });
    }

    /// The owner cannot, or will not, load the snapshot. Its words are logged.
    pub(crate) fn load_failed(&mut self, cx: &mut Cx<'_>, words: &str) {
        if !words.is_empty() {
            cx.shared.warning(words);
        }
        if matches!(self.phase, Phase::Receiving(_) | Phase::Loading(_)) {
            self.fail(cx, true);
        }
    }

    // Following.

    /// The owner has applied these bytes of the stream: they are history now, for our replicas too.
    pub(crate) fn applied(&mut self, shared: &mut Shared, bytes: &[u8]) {
        let Phase::Following(follow) = &mut self.phase else {
            panic!("only what a link brought is applied");
        };
        follow.apply(bytes.len());
        shared.log.append(bytes);
    }

    /// Tells the primary how far we are, if it wants to know.
    pub(crate) fn send_ack(&mut self, shared: &mut Shared) {
        if let Phase::Following(follow) = &self.phase
            && !follow.old_protocol
        {
            shared.act(Action::LinkSend(follow.ack()));
        }
    }

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
            Phase::Idle => {
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

fn say(shared: &mut Shared, note: Note) {
    match note {
        Note::Notice(text) => shared.notice(text),
        Note::Warning(text) => shared.warning(text),
    }
}
