//! The steady stream: how much of it we have read, and how much of it we have applied.

use crate::Offset;

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
