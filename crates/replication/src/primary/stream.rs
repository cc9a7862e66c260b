//! A snapshot on its way to several replicas at once, while it is made.
//!
//! Pieces are pushed at the end and dropped at the beginning when the slowest replica has sent them off. How far the
//! maker may run ahead of the slowest is bounded, so a replica that stalls holds the snapshot up (and is turned away
//! after `repl-timeout`), but never fills the memory.

use crate::SnapshotId;
use std::collections::VecDeque;
use std::io::IoSlice;

/// How many bytes the maker may be ahead of the slowest replica.
const WINDOW: u64 = 4 << 20;

/// The pieces that some replica still needs.
#[derive(Debug)]
pub(crate) struct Stream {
    pub(crate) id: SnapshotId,
    pieces: VecDeque<(u64, Vec<u8>)>,
    end: u64,
    /// Marks the end of the snapshot; announced at its beginning.
    mark: String,
    finished: bool,
}

impl Stream {
    /// A stream that begins with the announcement of `mark`, 40 characters that no snapshot contains.
    pub(crate) fn new(id: SnapshotId, mark: String) -> Stream {
        assert_eq!(mark.len(), 40, "the other side counts");
        let mut stream = Stream { id, pieces: VecDeque::new(), end: 0, mark, finished: false };
        stream.push(format!("$EOF:{}\r\n", stream.mark).into_bytes());
        stream
    }

    pub(crate) fn push(&mut self, piece: Vec<u8>) {
        assert!(!self.finished, "nothing follows the mark");
        if !piece.is_empty() {
            let start = self.end;
            self.end += piece.len() as u64;
            self.pieces.push_back((start, piece));
        }
    }

    pub(crate) fn finish(&mut self) {
        let mark = std::mem::take(&mut self.mark);
        self.push(mark.into_bytes());
        self.finished = true;
    }

    /// True where everything was pushed and `at` lies behind all of it.
    pub(crate) fn is_over_at(&self, at: u64) -> bool {
        self.finished && at == self.end
    }

    pub(crate) fn is_finished(&self) -> bool {
        self.finished
    }

    pub(crate) fn end(&self) -> u64 {
        self.end
    }

    /// How many bytes may be pushed while the slowest replica is at `slowest`.
    pub(crate) fn room(&self, slowest: u64) -> usize {
        if self.finished { 0 } else { WINDOW.saturating_sub(self.end - slowest) as usize }
    }

    pub(crate) fn drop_before(&mut self, slowest: u64) {
        while self
            .pieces
            .front()
            .is_some_and(|(start, piece)| start + piece.len() as u64 <= slowest)
        {
            self.pieces.pop_front();
        }
    }

    pub(crate) fn pending<'a>(&'a self, at: u64, slices: &mut [IoSlice<'a>]) -> usize {
        let first = self.pieces.partition_point(|(start, piece)| start + piece.len() as u64 <= at);
        let mut filled = 0;
        for (slice, (start, piece)) in slices.iter_mut().zip(self.pieces.range(first..)) {
            *slice = IoSlice::new(&piece[at.saturating_sub(*start) as usize..]);
            filled += 1;
        }
        filled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_replica_sees_all_of_it_and_the_slowest_bounds_the_rest() {
        let mut stream = Stream::new(SnapshotId(1), "m".repeat(40));
        stream.push(b"one".to_vec());
        stream.push(Vec::new());
        stream.push(b"two".to_vec());
        let all = |stream: &Stream, at: u64| -> Vec<u8> {
            let mut slices = [IoSlice::new(&[]); 8];
            let n = stream.pending(at, &mut slices);
            slices[..n].iter().flat_map(|s| s.iter().copied()).collect()
        };
        let head = format!("$EOF:{}\r\n", "m".repeat(40));
        assert_eq!(all(&stream, 0), [head.as_bytes(), b"onetwo"].concat());
        let begin = head.len() as u64;
        assert_eq!(all(&stream, begin + 1), b"netwo");
        stream.drop_before(begin + 3);
        assert_eq!(all(&stream, begin + 4), b"wo");
        stream.push(vec![0; 5 << 20]);
        assert_eq!(stream.room(begin + 4), 0);
        stream.finish();
        assert!(all(&stream, begin + 6).ends_with(&[b'm'; 40]));
        assert!(!stream.is_over_at(begin) && stream.is_over_at(stream.end()));
    }
}
