//! What has arrived from a peer and was not executed yet.

use resp::RequestParser;

/// Incoming bytes. Whole requests run straight from the buffer that all connections are read into; only what is left
/// over comes here, so most sessions hold nothing.
#[derive(Default)]
pub(crate) struct Inbox {
    pub(crate) parser: RequestParser,
    pub(crate) bytes: Vec<u8>,
    /// The most bytes that were here, or ran, since the buffer was looked at last.
    peak: usize,
}

/// A buffer that large is given back as soon as requests are small again; a smaller one may wait until its session
/// is idle.
const LARGE_BYTES: usize = 32 * 1024;

impl Inbox {
    /// Takes in what could not run, and makes room for the rest of the request that has begun: once, and no more than
    /// it needs.
    pub(crate) fn keep(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        let wanted = self.parser.wanted(&self.bytes);
        self.bytes.reserve_exact(wanted);
    }

    /// The first `count` bytes are done with.
    pub(crate) fn drop_first(&mut self, count: usize) {
        if count == self.bytes.len() {
            self.bytes.clear();
        } else {
            self.bytes.drain(..count);
            let wanted = self.parser.wanted(&self.bytes);
            self.bytes.reserve_exact(wanted);
        }
    }

    /// So many bytes were here.
    pub(crate) fn note(&mut self, bytes: usize) {
        self.peak = self.peak.max(bytes);
    }

    /// Bytes that wait to be understood: what the request in progress has brought so far is not among them.
    pub(crate) fn unread(&self) -> usize {
        self.bytes.len().saturating_sub(self.parser.position())
    }

    /// Gives memory back that is not needed now and was not needed lately.
    pub(crate) fn look(&mut self, idle: bool) {
        let spare = self.bytes.capacity() > LARGE_BYTES && self.bytes.capacity() / 2 > self.peak;
        if idle || spare {
            self.bytes.shrink_to_fit();
        }
        self.peak = self.bytes.len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_buffer_stays_while_it_is_needed() {
        let mut inbox = Inbox::default();
        inbox.keep(&[b'x'; 100_000]);
        inbox.note(100_000);
        inbox.drop_first(100_000);
        inbox.look(false);
        assert!(inbox.bytes.capacity() >= 100_000);
        inbox.note(10);
        inbox.look(false);
        assert_eq!(inbox.bytes.capacity(), 0);
    }

    #[test]
    fn room_is_made_for_the_request_that_has_begun() {
        let mut inbox = Inbox::default();
        let begun = b"*2\r\n$3\r\nGET\r\n$1000\r\nabc";
        let limits = resp::Limits::default();
        inbox.parser.next(begun, &limits).expect("sound so far");
        inbox.keep(begun);
        assert_eq!(inbox.bytes.capacity(), begun.len() - 3 + 1002);
        assert_eq!(inbox.unread(), 3);
        inbox.look(true);
        assert_eq!(inbox.bytes.capacity(), begun.len());
    }
}
