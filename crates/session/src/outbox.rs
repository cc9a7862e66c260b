//! Bytes that wait to be sent to a peer.
//!
//! # Design
//! Replies are appended to one buffer. A buffer that has become large is put into a list as it is, and the next
//! replies go into a fresh one: what waits is never copied again, and no buffer holds the replies of a whole pipeline.
//! The world takes from the front; a buffer is freed as soon as all of it was sent.

use std::collections::VecDeque;
use std::io::IoSlice;

/// Outgoing bytes of one session.
#[derive(Debug, Default)]
pub struct Outbox {
    /// Buffers that are complete, in order. Nothing is appended to them any more.
    pieces: VecDeque<Vec<u8>>,
    /// Bytes and memory of the pieces together.
    pieces_len: usize,
    pieces_capacity: usize,
    /// What is appended to; it goes behind the pieces. Empty while it is lent out, but for what others wrote meanwhile.
    tail: Vec<u8>,
    /// How much was sent of the first piece, or of the tail where there is no piece.
    sent: usize,
    /// Room in the tail, and how much of it was sent, while it is lent out.
    lent: usize,
    lent_sent: usize,
    /// The most bytes that waited at once since the session was idle.
    peak: usize,
    /// Something that the peer has not asked for made the tail grow.
    swollen: bool,
    /// The world has been told that there is something to send.
    pub announced: bool,
}

/// A tail above this is exchanged for one of this size once it is empty: one large reply does not stay for ever.
pub const KEEP_BYTES: usize = 16 * 1024;

/// The first buffer, and what an idle session is left with.
const LEAST_BYTES: usize = 1024;

/// A tail of that many bytes becomes a piece.
const PIECE_BYTES: usize = 48 * 1024;

impl Outbox {
    /// What waits, in order, as many slices as fit; how many slices were filled.
    pub fn pending<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        let mut count = 0;
        let mut skipped = self.sent;
        for bytes in self.pieces.iter().chain([&self.tail]) {
            let bytes = &bytes[std::mem::take(&mut skipped)..];
            if bytes.is_empty() || count == slices.len() {
                break;
            }
            slices[count] = IoSlice::new(bytes);
            count += 1;
        }
        count
    }

    /// How many bytes wait.
    pub fn len(&self) -> usize {
        self.pieces_len + self.tail.len() - self.sent
    }

    /// True when nothing waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How much memory is held.
    pub fn capacity(&self) -> usize {
        self.pieces_capacity + self.tail.capacity() + self.lent
    }

    /// How many complete buffers wait, and how much memory they are.
    pub fn pieces(&self) -> (usize, usize) {
        (self.pieces.len(), self.pieces_capacity)
    }

    /// The most bytes that waited at once since the session was idle.
    pub fn peak(&self) -> usize {
        self.peak
    }

    /// How many bytes wait in the buffer that is appended to.
    pub fn tail_len(&self) -> usize {
        self.tail.len() - if self.pieces.is_empty() { self.sent } else { 0 }
    }

    /// Gives memory back that an idle session does not need.
    pub fn look(&mut self, idle: bool) {
        if idle && self.is_empty() {
            self.peak = 0;
            if self.tail.capacity() > LEAST_BYTES {
                self.tail = Vec::with_capacity(LEAST_BYTES);
            }
        }
    }

    /// Takes the tail, to write replies into it while the session is lent out.
    #[inline]
    pub fn take(&mut self) -> Vec<u8> {
        if self.tail.capacity() == 0 {
            // Behind a piece, more of the same is likely.
            let room = if self.pieces.is_empty() { LEAST_BYTES } else { KEEP_BYTES };
            self.tail.reserve_exact(room);
        }
        self.lent = self.tail.capacity();
        if self.pieces.is_empty() {
            self.lent_sent = std::mem::take(&mut self.sent);
        }
        std::mem::take(&mut self.tail)
    }

    /// Gives the tail back. What other sessions wrote meanwhile goes behind it.
    #[inline]
    pub fn restore(&mut self, bytes: Vec<u8>) {
        let meanwhile = std::mem::replace(&mut self.tail, bytes);
        if self.pieces.is_empty() {
            self.sent = std::mem::take(&mut self.lent_sent);
        }
        self.lent = 0;
        if meanwhile.capacity() > 0 {
            self.append(meanwhile);
        }
        self.seal();
    }

    #[cold]
    fn append(&mut self, meanwhile: Vec<u8>) {
        self.push(|buffer| buffer.extend_from_slice(&meanwhile));
    }

    /// The tail, to be appended to. What is written into it stays there, however much it is.
    pub fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.tail
    }

    /// Appends what the peer has not asked for: the room that this takes is given back when it is sent. Else a message
    /// to many would leave a large buffer with each of them.
    pub fn push(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        let room = self.tail.capacity().max(LEAST_BYTES);
        write(&mut self.tail);
        self.swollen |= self.tail.capacity() > room;
        // What is pushed while the tail is lent out has its place behind what is lent.
        if self.lent == 0 {
            self.seal();
        }
    }

    /// Makes a piece of a large tail.
    #[inline]
    fn seal(&mut self) {
        if self.tail.len() >= PIECE_BYTES {
            self.seal_large();
        }
    }

    #[cold]
    fn seal_large(&mut self) {
        let mut piece = std::mem::take(&mut self.tail);
        if piece.capacity() - piece.len() > piece.len() / 2 {
            piece.shrink_to_fit();
        }
        self.swollen = false;
        self.pieces_len += piece.len();
        self.pieces_capacity += piece.capacity();
        self.pieces.push_back(piece);
    }

    /// The first `count` bytes were sent.
    pub fn advance(&mut self, count: usize) {
        let waiting = self.len();
        assert!(count <= waiting, "more was sent than there was");
        self.peak = self.peak.max(waiting);
        if count == waiting && self.pieces.is_empty() {
            self.all_sent();
        } else {
            self.sent_in_part(count);
        }
    }

    #[cold]
    fn sent_in_part(&mut self, count: usize) {
        self.sent += count;
        while self.pieces.front().is_some_and(|first| first.len() <= self.sent) {
            let first = self.pieces.pop_front().expect("there is a first piece");
            self.sent -= first.len();
            self.pieces_len -= first.len();
            self.pieces_capacity -= first.capacity();
        }
        if self.pieces.is_empty() && self.sent == self.tail.len() {
            self.all_sent();
        }
    }

    fn all_sent(&mut self) {
        self.sent = 0;
        let keep = if std::mem::take(&mut self.swollen) { LEAST_BYTES } else { KEEP_BYTES };
        self.tail.clear();
        if self.tail.capacity() > keep {
            self.exchange_tail(keep);
        }
    }

    #[cold]
    fn exchange_tail(&mut self, room: usize) {
        self.tail = Vec::with_capacity(room);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What waits, from all slices that there are.
    fn pending(out: &Outbox) -> Vec<u8> {
        let mut slices = [IoSlice::new(&[]); 64];
        let count = out.pending(&mut slices);
        slices[..count].iter().flat_map(|slice| slice.iter().copied()).collect()
    }

    /// A command that replies with so many bytes of one kind.
    fn reply(out: &mut Outbox, byte: u8, count: usize) {
        let mut lent = out.take();
        lent.extend(std::iter::repeat_n(byte, count));
        out.restore(lent);
    }

    #[test]
    fn large_replies_wait_as_pieces_and_are_freed_when_they_were_sent() {
        let mut out = Outbox::default();
        let mut want = Vec::new();
        for (byte, count) in [(b'a', 10), (b'b', 100_000), (b'c', 10), (b'd', 48 * 1024), (b'e', 7)]
        {
            reply(&mut out, byte, count);
            want.extend(std::iter::repeat_n(byte, count));
            assert_eq!((out.len(), pending(&out)), (want.len(), want.clone()));
        }
        let (pieces, memory) = out.pieces();
        assert_eq!((pieces, out.tail_len()), (2, 7));
        assert!((want.len() - 7..want.len() * 3 / 2).contains(&memory), "{memory}");
        let mut sent = 0;
        for step in [1, 9, 20_000, 79_999, 5, 48 * 1024, 6, 7] {
            out.advance(step);
            sent += step;
            assert_eq!((out.len(), pending(&out)), (want.len() - sent, want[sent..].to_vec()));
        }
        assert_eq!((out.is_empty(), out.pieces()), (true, (0, 0)));
        assert_eq!(out.capacity(), KEEP_BYTES);
    }

    #[test]
    fn what_is_pushed_while_the_tail_is_lent_goes_behind_the_reply_however_large() {
        for sent in [0, 3] {
            let mut out = Outbox::default();
            reply(&mut out, b'a', 60_000);
            reply(&mut out, b'b', 5);
            out.advance(60_000 * usize::from(sent > 0) + sent);
            let before = pending(&out);
            let mut lent = out.take();
            out.push(|buffer| buffer.extend_from_slice(&[b'p'; 70_000]));
            lent.extend_from_slice(&[b'c'; 70_000]);
            out.restore(lent);
            let want = [&before[..], &[b'c'; 70_000], &[b'p'; 70_000]].concat();
            assert!(pending(&out) == want, "{sent}");
            out.advance(want.len());
            assert!(out.is_empty());
        }
    }

    #[test]
    fn what_others_wrote_meanwhile_goes_behind_the_reply() {
        let mut out = Outbox::default();
        let mut lent = out.take();
        lent.extend_from_slice(b"reply ");
        out.buffer().extend_from_slice(b"push");
        out.restore(lent);
        assert_eq!(pending(&out), b"reply push");
        out.advance(6);
        assert_eq!((pending(&out), out.len()), (b"push".to_vec(), 4));
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
        assert_eq!((out.len(), pending(&out)), (4, b"push".to_vec()));
        lent.extend_from_slice(b"reply ");
        out.restore(lent);
        assert_eq!(pending(&out), b"reply reply push");
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
