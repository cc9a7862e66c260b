//! The steady stream: how much of it we have read, and how much of it we have applied.

use super::Link;
use super::link::Phase;
use crate::shared::Shared;
use crate::{Action, Offset};

/// A link that follows.
#[derive(Debug)]
pub(super) struct Follow {
    /// What was handed to the owner: `slave_read_repl_offset`.
    pub(super) read: Offset,
    /// What the owner has applied: `slave_repl_offset`, and what we acknowledge.
    pub(super) applied: Offset,
    /// The primary came by SYNC: it knows no offsets, and wants no ACK.
    pub(super) old_protocol: bool,
}

impl Follow {
    pub(super) fn new(at: Offset, old_protocol: bool) -> Follow {
        Follow { read: at, applied: at, old_protocol }
    }

    /// What we tell the primary.
    pub(super) fn ack(&self) -> Vec<u8> {
        let offset = self.applied.to_string();
        super::handshake::request(&[b"REPLCONF", b"ACK", offset.as_bytes()])
    }

    pub(super) fn apply(&mut self, count: usize) {
        self.applied = self.applied.after(count);
        assert!(self.applied <= self.read, "what is applied was read");
    }
}

impl Link {
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
}
