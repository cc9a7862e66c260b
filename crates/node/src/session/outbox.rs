//! Bytes that wait to be sent to a peer.

/// Outgoing bytes. Replies are appended behind, the world takes from the front; what was sent is dropped at once
/// when everything was, which is the usual case, and otherwise when it outweighs what is left.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    bytes: Vec<u8>,
    sent: usize,
    /// The world has been told that there is something to send.
    pub(crate) announced: bool,
}

/// A buffer above this is given back once it is empty, so that one large reply does not stay for ever.
const KEEP_BYTES: usize = 16 * 1024;

impl Outbox {
    /// What waits.
    pub(crate) fn pending(&self) -> &[u8] {
        &self.bytes[self.sent..]
    }

    /// How many bytes wait.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len() - self.sent
    }

    /// True when nothing waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How much memory is held.
    pub(crate) fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    /// Takes the buffer, to write replies into it while the session is lent out.
    pub(crate) fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.bytes)
    }

    /// Gives the buffer back. What other sessions wrote meanwhile goes behind it.
    pub(crate) fn restore(&mut self, mut bytes: Vec<u8>) {
        if !self.bytes.is_empty() {
            bytes.append(&mut self.bytes);
        }
        self.bytes = bytes;
    }

    /// Appends.
    pub(crate) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// The first `count` bytes were sent.
    pub(crate) fn advance(&mut self, count: usize) {
        self.sent += count;
        assert!(self.sent <= self.bytes.len(), "more was sent than there was");
        if self.sent == self.bytes.len() {
            self.sent = 0;
            if self.bytes.capacity() > KEEP_BYTES {
                self.bytes = Vec::new();
            } else {
                self.bytes.clear();
            }
        } else if self.sent > 1 << 20 && self.sent > self.bytes.len() / 2 {
            self.bytes.drain(..self.sent);
            self.sent = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_wrote_meanwhile_goes_behind_the_reply() {
        let mut out = Outbox::default();
        let mut lent = out.take();
        lent.extend_from_slice(b"reply ");
        out.buffer().extend_from_slice(b"push");
        out.restore(lent);
        assert_eq!(out.pending(), b"reply push");
        out.advance(6);
        assert_eq!((out.pending(), out.len()), (&b"push"[..], 4));
        out.advance(4);
        assert!(out.is_empty());
    }
}
