//! The snapshot becomes our data, or does not.

use super::follow::Follow;
use super::link::{LinkInput, Loading, Phase};
use super::{Cx, Link, Replaces};
use crate::stats::FullSync;
use crate::{Action, Offset, ReplicationId, Why};

impl Link {
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
            None => (ReplicationId::fresh(&mut cx.shared.secrets), Offset::ZERO),
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
            if self.pace.may_hurry(cx.now) {
                cx.shared.notice(format!("Reconnecting to MASTER {}", self.name()));
                self.dial(cx);
            }
            return;
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
}
