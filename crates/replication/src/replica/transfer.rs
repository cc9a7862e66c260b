//! A snapshot arriving: its header, its bytes, and where it ends.
//!
//! A header of `$<len>` announces the length; one of `$EOF:<40 characters>` announces a mark that follows the last
//! byte. The mark may arrive in any number of pieces, so what could be its beginning is held back until the next
//! piece shows whether it is.

use super::link::Place;
use crate::Intake;
use std::borrow::Cow;
use stdx::Instant;

/// The length of a mark.
const MARK_LEN: usize = 40;

/// How the end of a snapshot is known.
#[derive(Debug)]
enum End {
    /// No header yet.
    Unknown,
    /// After so many bytes.
    Len(u64),
    /// After the mark; `held` is what may be its beginning.
    Mark { mark: [u8; MARK_LEN], held: Vec<u8> },
}

/// A header, understood or not.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Header {
    /// An empty line: the primary is alive and busy.
    Alive,
    /// So many bytes follow.
    Len(u64),
    /// A stream with a mark at its end follows.
    Mark,
    /// The primary gave up.
    Aborted(String),
    /// That is no header.
    Bad,
}

/// The snapshot on its way.
#[derive(Debug)]
pub(super) struct Transfer {
    /// Where the stream after it begins; none from a primary that knows no offsets.
    pub(super) place: Option<Place>,
    pub(super) intake: Intake,
    pub(super) since: Instant,
    /// What `master_sync_read_bytes` shows.
    pub(super) read: u64,
    end: End,
}

impl Transfer {
    pub(super) fn new(place: Option<Place>, since: Instant) -> Transfer {
        Transfer { place, intake: Intake::Disk, since, read: 0, end: End::Unknown }
    }

    pub(super) fn has_header(&self) -> bool {
        !matches!(self.end, End::Unknown)
    }

    pub(super) fn has_mark(&self) -> bool {
        matches!(self.end, End::Mark { .. })
    }

    /// `master_sync_total_bytes`: -1 before the header, 0 where only a mark will tell.
    pub(super) fn total(&self) -> i64 {
        match self.end {
            End::Unknown => -1,
            End::Len(len) => len as i64,
            End::Mark { .. } => 0,
        }
    }

    pub(super) fn header(&mut self, line: &str) -> Header {
        assert!(!self.has_header(), "there is one header");
        if line.is_empty() {
            return Header::Alive;
        }
        if let Some(error) = line.strip_prefix('-') {
            return Header::Aborted(error.to_string());
        }
        let Some(announced) = line.strip_prefix('$') else { return Header::Bad };
        if let Some(mark) = announced.strip_prefix("EOF:") {
            let Some(mark) = mark.as_bytes().first_chunk::<MARK_LEN>() else { return Header::Bad };
            self.end = End::Mark { mark: *mark, held: Vec::new() };
            return Header::Mark;
        }
        match announced.parse() {
            // An empty snapshot is not one: even that of an empty dataset has a head and a checksum.
            Ok(len) if len > 0 && len <= i64::MAX as u64 => {
                self.end = End::Len(len);
                Header::Len(len)
            }
            _ => Header::Bad,
        }
    }

    /// Takes bytes of the snapshot off `input`: those that certainly are, and whether they are the last. What
    /// follows the end stays in `input`.
    pub(super) fn take<'a>(&mut self, input: &mut &'a [u8]) -> (Cow<'a, [u8]>, bool) {
        match &mut self.end {
            End::Unknown => unreachable!("the header comes first"),
            End::Len(len) => {
                let left = usize::try_from(*len - self.read).unwrap_or(usize::MAX);
                let (piece, rest) = input.split_at(left.min(input.len()));
                *input = rest;
                self.read += piece.len() as u64;
                (Cow::Borrowed(piece), self.read == *len)
            }
            End::Mark { mark, held } => {
                let (piece, over) = until_mark(mark, held, input);
                self.read += piece.len() as u64;
                (piece, over)
            }
        }
    }
}

fn until_mark<'a>(
    mark: &[u8; MARK_LEN],
    held: &mut Vec<u8>,
    input: &mut &'a [u8],
) -> (Cow<'a, [u8]>, bool) {
    if !held.is_empty() {
        // The few bytes held back, and as many of the new ones as could complete the mark.
        let mut joint = std::mem::take(held);
        let before = joint.len();
        joint.extend_from_slice(&input[..input.len().min(MARK_LEN)]);
        if let Some(at) = memchr::memmem::find(&joint, mark) {
            *input = &input[at + MARK_LEN - before..];
            joint.truncate(at);
            return (Cow::Owned(joint), true);
        }
        let taken = joint.len() - before;
        let keep = beginning_of(mark, &joint);
        if taken < input.len() && keep <= taken {
            // No mark begins among the held ones: they are the snapshot's. The new ones get their own look.
            joint.truncate(before);
            return (Cow::Owned(joint), false);
        }
        *held = joint.split_off(joint.len() - keep);
        *input = &input[taken..];
        return (Cow::Owned(joint), false);
    }
    let bytes = std::mem::take(input);
    if let Some(at) = memchr::memmem::find(bytes, mark) {
        *input = &bytes[at + MARK_LEN..];
        return (Cow::Borrowed(&bytes[..at]), true);
    }
    let keep = beginning_of(mark, bytes);
    let (piece, may_be_mark) = bytes.split_at(bytes.len() - keep);
    held.extend_from_slice(may_be_mark);
    (Cow::Borrowed(piece), false)
}

/// How many bytes at the end of `bytes` may be the beginning of the mark.
fn beginning_of(mark: &[u8; MARK_LEN], bytes: &[u8]) -> usize {
    (1..MARK_LEN.min(bytes.len() + 1)).rev().find(|&n| bytes.ends_with(&mark[..n])).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn started(header: &str) -> Transfer {
        let mut transfer = Transfer::new(None, Instant::ZERO);
        transfer.header(header);
        transfer
    }

    fn receive(mut transfer: Transfer, pieces: &[&[u8]]) -> (Vec<u8>, bool, Vec<u8>) {
        let (mut all, mut after, mut over) = (Vec::new(), Vec::new(), false);
        for piece in pieces {
            let mut input = *piece;
            while !input.is_empty() && !over {
                let (bytes, end) = transfer.take(&mut input);
                all.extend_from_slice(&bytes);
                over = end;
            }
            after.extend_from_slice(input);
        }
        (all, over, after)
    }

    #[test]
    fn headers() {
        let mark = "m".repeat(40);
        for (line, want) in [
            (String::new(), Header::Alive),
            ("$100".into(), Header::Len(100)),
            (format!("$EOF:{mark}"), Header::Mark),
            ("$EOF:short".into(), Header::Bad),
            ("$0".into(), Header::Bad),
            ("$-5".into(), Header::Bad),
            ("$99999999999999999999".into(), Header::Bad),
            ("HTTP/1.1 400 Bad Request".into(), Header::Bad),
            ("-ERR no memory".into(), Header::Aborted("ERR no memory".into())),
        ] {
            assert_eq!(Transfer::new(None, Instant::ZERO).header(&line), want, "{line}");
        }
    }

    #[test]
    fn a_length_is_counted_and_the_stream_left_alone() {
        let got = receive(started("$5"), &[b"ab", b"cdeSTREAM", b"MORE"]);
        assert_eq!(got, (b"abcde".to_vec(), true, b"STREAMMORE".to_vec()));
    }

    proptest! {
        #[test]
        fn a_mark_is_found_wherever_the_pieces_are_cut(
            body in prop::collection::vec(prop_oneof![Just(b'a'), Just(b'b')], 0..200),
            tail in prop::collection::vec(any::<u8>(), 0..60),
            cuts in prop::collection::vec(1usize..50, 1..40),
        ) {
            // A mark of few letters, so that false beginnings are common.
            let mark = "aababbaabbbaababaabbbbaabaaabbabababbbab";
            prop_assume!(memchr::memmem::find(&body, mark.as_bytes()).is_none());
            let all = [&body[..], mark.as_bytes(), &tail].concat();
            prop_assume!(memchr::memmem::find(&all, mark.as_bytes()) == Some(body.len()));
            let mut pieces = Vec::new();
            let mut rest = &all[..];
            for cut in cuts.iter().cycle() {
                let (piece, more) = rest.split_at((*cut).min(rest.len()));
                pieces.push(piece);
                rest = more;
                if rest.is_empty() { break }
            }
            let got = receive(started(&format!("$EOF:{mark}")), &pieces);
            prop_assert_eq!(got, (body, true, tail));
        }
    }
}
