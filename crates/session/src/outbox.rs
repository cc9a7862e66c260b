//! Bytes that wait to be sent to a peer.

/// Outgoing bytes. Replies are appended behind, the world takes from the front; what was sent is dropped at once
/// when everything was, which is the usual case, and otherwise when it outweighs what is left.
#[derive(Debug, Default)]
pub struct Outbox {
    bytes: Vec<u8>,
    sent: usize,
    /// Room in the buffer, and how much of it was sent, while it is lent out.
    lent: usize,
    lent_sent: usize,
    /// Something that nobody has asked for made the buffer grow.
    swollen: bool,
    /// The world has been told that there is something to send.
    pub announced: bool,
}

/// A buffer above this is exchanged for one of this size once it is empty: one large reply does not stay for ever.
pub const KEEP_BYTES: usize = 16 * 1024;

/// The first buffer, and what an idle session is left with.
const LEAST_BYTES: usize = 1024;

impl Outbox {
    /// What waits.
    pub fn pending(&self) -> &[u8] {
        &self.bytes[self.sent..]
    }

    /// How many bytes wait.
    pub fn len(&self) -> usize {
        self.bytes.len() - self.sent
    }

    /// True when nothing waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How much memory is held.
    pub fn capacity(&self) -> usize {
        self.bytes.capacity() + self.lent
    }

    /// Gives memory back that an idle session does not need.
    pub fn look(&mut self, idle: bool) {
        if idle && self.is_empty() && self.bytes.capacity() > LEAST_BYTES {
            self.bytes = Vec::with_capacity(LEAST_BYTES);
        }
    }

    /// Takes the buffer, to write replies into it while the session is lent out.
    pub fn take(&mut self) -> Vec<u8> {
        if self.bytes.capacity() == 0 {
            self.bytes.reserve_exact(LEAST_BYTES);
        }
        self.lent = self.bytes.capacity();
        self.lent_sent = std::mem::take(&mut self.sent);
        std::mem::take(&mut self.bytes)
    }

    /// Gives the buffer back. What other sessions wrote meanwhile goes behind it.
    pub fn restore(&mut self, bytes: Vec<u8>) {
        let meanwhile = std::mem::replace(&mut self.bytes, bytes);
        if !meanwhile.is_empty() {
            self.push(|buffer| buffer.extend_from_slice(&meanwhile));
        }
        self.sent = std::mem::take(&mut self.lent_sent);
        self.lent = 0;
    }

    /// Appends.
    pub fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// Appends what the peer has not asked for: the room that this takes is given back when it is sent. Else a message
    /// to many would leave a large buffer with each of them.
    pub fn push(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        let room = self.bytes.capacity().max(LEAST_BYTES);
        write(&mut self.bytes);
        self.swollen |= self.bytes.capacity() > room;
    }

    /// The first `count` bytes were sent.
    pub fn advance(&mut self, count: usize) {
        self.sent += count;
        assert!(self.sent <= self.bytes.len(), "more was sent than there was");
        if self.sent == self.bytes.len() {
            self.sent = 0;
            let keep = if std::mem::take(&mut self.swollen) { LEAST_BYTES } else { KEEP_BYTES };
            if self.bytes.capacity() > keep {
                self.bytes = Vec::with_capacity(keep);
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

    #[test]
    fn a_buffer_of_which_a_part_was_sent_is_lent_as_well() {
        let mut out = Outbox::default();
        out.buffer().extend_from_slice(b"a long reply ");
        out.advance(7);
        let mut lent = out.take();
        out.buffer().extend_from_slice(b"push");
        assert_eq!((out.len(), out.pending()), (4, &b"push"[..]));
        lent.extend_from_slice(b"reply ");
        out.restore(lent);
        assert_eq!(out.pending(), b"reply reply push");
    }

    #[test]
    fn memory_is_kept_for_those_who_use_it() {
        let mut out = Outbox::default();
        let lent = out.take();
        assert_eq!(out.capacity(), LEAST_BYTES);
        out.restore(lent);
        out.buffer().extend_from_slice(&[b'x'; 40_000]);
        out.advance(40_000);
        assert_eq!(out.capacity(), KEEP_BYTES);
        out.look(false);
        assert_eq!(out.capacity(), KEEP_BYTES);
        out.look(true);
        assert_eq!(out.capacity(), LEAST_BYTES);
    }

    #[test]
    fn the_room_for_messages_is_given_back() {
        let message = [b'x'; 5000];
        let mut out = Outbox::default();
        out.push(|buffer| buffer.extend_from_slice(&message));
        out.advance(5000);
        assert_eq!(out.capacity(), LEAST_BYTES);
        let lent = out.take();
        out.push(|buffer| buffer.extend_from_slice(&message));
        out.restore(lent);
        out.advance(5000);
        assert_eq!(out.capacity(), LEAST_BYTES);
        // Where there is room already, it stays.
        out.buffer().extend_from_slice(&[b'r'; 10_000]);
        out.advance(10_000);
        let room = out.capacity();
        out.push(|buffer| buffer.extend_from_slice(&message));
        out.advance(5000);
        assert_eq!(out.capacity(), room);
    }
}
