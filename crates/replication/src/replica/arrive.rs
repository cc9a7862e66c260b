//! What arrives from the primary, phase by phase: answers, the snapshot with its header, the stream.

use super::follow::Follow;
use super::handshake::{self, Note, Outcome};
use super::lines::{self, Lines};
use super::link::{LinkInput, Loading, Phase, Place};
use super::transfer::{Header, Transfer};
use super::{Cx, Fed, Link, Verdict};
use crate::settings::DisklessLoad;
use crate::shared::Shared;
use crate::{Action, Intake, ReplicationId, Why};

impl Link {
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
                self.ask_for_stream(cx);
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
            Outcome::Refused { note, remedy } => {
                cx.shared.warning(note);
                if at_psync {
                    self.rejected();
                }
                self.refused(cx, remedy);
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

    fn ask_for_stream(&mut self, cx: &mut Cx<'_>) {
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

    fn full_resync(&mut self, cx: &mut Cx<'_>, place: Option<Place>) {
        self.accepted();
        self.lines = Lines::default();
        self.go(LinkInput::FullResync, Phase::Receiving(Transfer::new(place, cx.now)));
    }

    fn accepted(&mut self) {
        self.pace.forgive();
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
}

fn say(shared: &mut Shared, note: Note) {
    match note {
        Note::Notice(text) => shared.notice(text),
        Note::Warning(text) => shared.warning(text),
    }
}
