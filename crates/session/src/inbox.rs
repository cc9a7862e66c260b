//! What has arrived from a peer and was not executed yet.

use resp::{Limits, Owned, ProtocolError, RequestParser};

/// Incoming bytes. Whole requests run straight from the buffer that all connections are read into; only what is left
/// over comes here, so most sessions hold nothing.
#[derive(Debug, Default)]
pub struct Inbox {
    /// How far the bytes are understood.
    pub parser: RequestParser,
    /// What was kept.
    pub bytes: Vec<u8>,
    /// The most bytes that were here, or ran, since the buffer was looked at last.
    peak: usize,
}

/// A buffer that large is given back as soon as requests are small again; a smaller one may wait until its session
/// is idle.
const LARGE_BYTES: usize = 32 * 1024;

impl Inbox {
    /// Takes in what could not run, and makes room for the rest of the request that has begun: once, and no more than
    /// it needs.
    pub fn keep(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        let wanted = self.parser.wanted(&self.bytes);
        self.bytes.reserve_exact(wanted);
    }

    /// The next whole request among what was kept, copied out: for programs that answer few. They `keep` all that
    /// arrives and call this until `None`; after an error there is nothing more to be understood.
    pub fn next(&mut self, limits: &Limits) -> Result<Option<Owned>, ProtocolError> {
        self.parser.forget_requests();
        if let Some(request) = self.parser.next(&self.bytes, limits)? {
            return Ok(Some(self.parser.words(&request, &self.bytes).to_owned()));
        }
        // Only now, once for all that were found, so that a long pipeline is not moved request by request.
        let consumed = self.parser.consumed();
        self.parser.forget(consumed);
        self.drop_first(consumed);
        Ok(None)
    }

    /// The first `count` bytes are done with.
    pub fn drop_first(&mut self, count: usize) {
        if count == self.bytes.len() {
            self.bytes.clear();
        } else {
            self.bytes.drain(..count);
            let wanted = self.parser.wanted(&self.bytes);
            self.bytes.reserve_exact(wanted);
        }
    }

    /// So many bytes were here.
    pub fn note(&mut self, bytes: usize) {
        self.peak = self.peak.max(bytes);
    }

    /// The most bytes that were here, or ran, since the buffer was looked at last.
    pub fn peak(&self) -> usize {
        self.peak
    }

    /// Bytes that wait to be understood: what the request in progress has brought so far is not among them.
    pub fn unread(&self) -> usize {
        self.bytes.len().saturating_sub(self.parser.position())
    }

    /// Gives memory back that is not needed now and was not needed lately.
    pub fn look(&mut self, idle: bool) {
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

    #[test]
    fn requests_are_taken_out_one_by_one_however_they_arrive() {
        let bytes = b"PING\r\n*2\r\n$3\r\nGET\r\n$1\r\na\r\n\r\nSET 'b c' d\r\n";
        for step in 1..bytes.len() {
            let mut inbox = Inbox::default();
            let mut got = Vec::new();
            for piece in bytes.chunks(step) {
                inbox.keep(piece);
                while let Some(request) = inbox.next(&Limits::default()).expect("it is sound") {
                    let words = request.words();
                    got.push(words.iter().map(<[u8]>::to_vec).collect::<Vec<_>>());
                }
            }
            let want: [&[&[u8]]; 3] = [&[b"PING"], &[b"GET", b"a"], &[b"SET", b"b c", b"d"]];
            assert_eq!(got, want, "in pieces of {step}");
            assert_eq!((inbox.bytes.len(), inbox.unread()), (0, 0));
        }
    }

    #[test]
    fn what_came_before_an_error_is_still_answered() {
        let mut inbox = Inbox::default();
        inbox.keep(b"PING\r\n*1\r\n:5\r\n");
        assert!(inbox.next(&Limits::default()).expect("it is sound").is_some());
        assert!(inbox.next(&Limits::default()).is_err());
    }
}
