//! What we know of one replica of ours: what it said, how far it is, what waits to be sent to it.
//!
//! # Phases
//! ```text
//!              snapshot begins (file)         saved            sent
//!   Waiting ------------------------> Saving ------> Sending --------> Online
//!      |                                                                 ^
//!      |  snapshot begins (sockets)               sent          ACK      |
//!      +------------------------> Streaming ------------> Primed --------+
//!
//!   a partial resynchronization starts Online
//! ```
//! A replica that got its snapshot by a mark is *primed*: the stream waits for its first ACK, so that nothing follows
//! the mark in the same breath, where a replica would have to look for it byte by byte.

use super::replconf::Greeting;
use crate::shared::address;
use crate::{Offset, ReaderId, SnapshotId};
use std::collections::VecDeque;
use stdx::Instant;
use world::ConnId;

/// Where a replica stands, without the details.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PhaseKind {
    /// It waits for a snapshot to begin.
    Waiting,
    /// Its snapshot is being written to a file.
    Saving,
    /// It is sent a snapshot from a file.
    Sending,
    /// It is sent a snapshot as it is made.
    Streaming,
    /// It has its snapshot, and owes us a first ACK.
    Primed,
    /// It gets the stream.
    Online,
}

/// What moves a replica on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// A snapshot to a file was begun for it.
    BegunToDisk,
    /// A snapshot to sockets was begun for it.
    BegunToSockets,
    /// The file is complete.
    Saved,
    /// The last byte of the snapshot went out.
    Sent,
    /// It acknowledged an offset.
    Ack,
}

/// `ip:port` of a replica, where the port may not be known.
pub(super) fn name(host: &str, port: u16) -> String {
    match port {
        0 => format!("{host}:<unknown-replica-port>"),
        port => address(host, port),
    }
}

/// Where `phase` goes on `input`; `None` where that cannot happen or means nothing.
pub fn next(phase: PhaseKind, input: Input) -> Option<PhaseKind> {
    use Input::*;
    use PhaseKind::*;
    Some(match (phase, input) {
        (Waiting, BegunToDisk) => Saving,
        (Waiting, BegunToSockets) => Streaming,
        (Saving, Saved) => Sending,
        (Sending, Sent) => Online,
        (Streaming, Sent) => Primed,
        (Primed | Online, Ack) => Online,
        _ => return None,
    })
}

/// A phase with what only it needs.
#[derive(Debug)]
pub(crate) enum Phase {
    Waiting { since: Instant },
    Saving { snapshot: SnapshotId, offset: Offset },
    Sending(FileTransfer),
    Streaming { snapshot: SnapshotId, at: u64 },
    Primed,
    Online,
}

impl Phase {
    pub(crate) fn kind(&self) -> PhaseKind {
        match self {
            Phase::Waiting { .. } => PhaseKind::Waiting,
            Phase::Saving { .. } => PhaseKind::Saving,
            Phase::Sending(_) => PhaseKind::Sending,
            Phase::Streaming { .. } => PhaseKind::Streaming,
            Phase::Primed => PhaseKind::Primed,
            Phase::Online => PhaseKind::Online,
        }
    }
}

/// How much of a file is read ahead of what was sent, and in what pieces.
const FILE_AHEAD: usize = 512 << 10;
const FILE_PIECE: usize = 256 << 10;

/// A snapshot file on its way to one replica. Each reads the file at its own pace.
#[derive(Debug)]
pub(crate) struct FileTransfer {
    pub(crate) snapshot: SnapshotId,
    pub(crate) len: u64,
    /// What was asked for so far.
    asked: u64,
    asking: bool,
    /// What was read and not sent.
    pub(crate) pieces: VecDeque<Vec<u8>>,
    /// How much of the first piece is sent.
    pub(crate) first_at: usize,
    pub(crate) sent: u64,
}

impl FileTransfer {
    pub(crate) fn new(snapshot: SnapshotId, len: u64) -> FileTransfer {
        FileTransfer {
            snapshot,
            len,
            asked: 0,
            asking: false,
            pieces: VecDeque::new(),
            first_at: 0,
            sent: 0,
        }
    }

    /// What to read next, if anything: offset and length.
    pub(crate) fn ask(&mut self) -> Option<(u64, usize)> {
        let ahead = (self.asked - self.sent) as usize;
        if self.asking || self.asked == self.len || ahead > FILE_AHEAD - FILE_PIECE {
            return None;
        }
        let offset = self.asked;
        let len = (self.len - self.asked).min(FILE_PIECE as u64) as usize;
        self.asking = true;
        self.asked += len as u64;
        Some((offset, len))
    }

    /// Takes what was read; false where it is not what was asked for, so the file is not what it was.
    pub(crate) fn take(&mut self, bytes: Vec<u8>) -> bool {
        let buffered: usize = self.pieces.iter().map(Vec::len).sum::<usize>() - self.first_at;
        let whole = self.asking && self.sent + (buffered + bytes.len()) as u64 == self.asked;
        self.asking = false;
        self.pieces.push_back(bytes);
        whole
    }

    pub(crate) fn advance(&mut self, mut count: usize) {
        self.sent += count as u64;
        while let Some(first) = self.pieces.front() {
            let left = first.len() - self.first_at;
            if count < left {
                self.first_at += count;
                return;
            }
            count -= left;
            self.first_at = 0;
            self.pieces.pop_front();
        }
        assert_eq!(count, 0, "what was sent had been read");
    }

    pub(crate) fn is_over(&self) -> bool {
        self.sent == self.len
    }
}

/// What a full synchronization has cost so far.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    pub(crate) since: Instant,
    pub(crate) bytes: u64,
    pub(crate) peak_buffer: u64,
}

/// One attached replica.
#[derive(Debug)]
pub(crate) struct Replica {
    pub(crate) conn: ConnId,
    /// The address it calls from.
    pub(crate) ip: String,
    pub(crate) greeting: Greeting,
    pub(crate) phase: Phase,
    /// It came by SYNC: it knows no offsets and sends no ACK.
    pub(crate) old_protocol: bool,
    /// Sent before anything else: answers, newlines, the length of a file.
    pub(crate) front: Vec<u8>,
    pub(crate) front_at: usize,
    /// Its place in the log, from the beginning of its snapshot on. A replica that wants no stream has none.
    pub(crate) reader: Option<ReaderId>,
    pub(crate) ack: Offset,
    pub(crate) ack_on_disk: Offset,
    pub(crate) ack_at: Instant,
    /// When it last took bytes of a snapshot.
    pub(crate) progress_at: Instant,
    pub(crate) soft_limit_since: Option<Instant>,
    pub(crate) cost: Option<Cost>,
    /// It is in the queue of `poll_ready`.
    pub(crate) queued: bool,
}

impl Replica {
    /// `ip:port` as it wants to be found, for the log.
    pub(crate) fn name(&self) -> String {
        name(self.host(), self.greeting.listening_port)
    }

    pub(crate) fn host(&self) -> &str {
        self.greeting.ip_address.as_deref().unwrap_or(&self.ip)
    }

    /// As INFO spells it.
    pub(crate) fn state(&self) -> &'static str {
        match self.phase.kind() {
            PhaseKind::Waiting | PhaseKind::Saving | PhaseKind::Streaming => "wait_bgsave",
            PhaseKind::Sending => "send_bulk",
            PhaseKind::Primed | PhaseKind::Online => "online",
        }
    }

    pub(crate) fn is_online(&self) -> bool {
        matches!(self.phase, Phase::Primed | Phase::Online)
    }

    /// Moves on; that this is a transition of the table above is what makes the table true.
    pub(crate) fn go(&mut self, input: Input, phase: Phase) {
        assert_eq!(next(self.phase.kind(), input), Some(phase.kind()), "an unlawful transition");
        self.phase = phase;
    }

    pub(crate) fn say(&mut self, bytes: &[u8]) {
        self.front.extend_from_slice(bytes);
    }

    /// Takes up to `count` bytes off what goes first; how many are left of `count`.
    pub(crate) fn advance_front(&mut self, count: usize) -> usize {
        let taken = count.min(self.front.len() - self.front_at);
        self.front_at += taken;
        if self.front_at == self.front.len() {
            self.front.clear();
            self.front_at = 0;
        }
        count - taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transitions() {
        use Input::*;
        use PhaseKind::*;
        let mut matrix = String::new();
        for phase in [Waiting, Saving, Sending, Streaming, Primed, Online] {
            for input in [BegunToDisk, BegunToSockets, Saved, Sent, Ack] {
                if let Some(to) = next(phase, input) {
                    matrix += &format!("{phase:?} --{input:?}--> {to:?}\n");
                }
            }
        }
        expect_test::expect![[r#"
            Waiting --BegunToDisk--> Saving
            Waiting --BegunToSockets--> Streaming
            Saving --Saved--> Sending
            Sending --Sent--> Online
            Streaming --Sent--> Primed
            Primed --Ack--> Online
            Online --Ack--> Online
        "#]]
        .assert_eq(&matrix);
    }

    #[test]
    fn a_file_is_read_a_little_ahead_of_what_is_sent() {
        let len = 700 << 10;
        let mut file = FileTransfer::new(SnapshotId(1), len);
        let mut sent = 0;
        let mut asked = Vec::new();
        while !file.is_over() {
            while let Some((offset, n)) = file.ask() {
                asked.push((offset, n));
                assert!(file.take(vec![0; n]));
            }
            assert!(file.pieces.iter().map(Vec::len).sum::<usize>() <= FILE_AHEAD);
            let n = file.pieces.front().map_or(0, |p| (p.len() - file.first_at).min(100_000));
            file.advance(n);
            sent += n as u64;
        }
        assert_eq!((sent, asked.len()), (len, 3));
    }

    #[test]
    fn a_file_that_shrank_is_noticed() {
        let mut file = FileTransfer::new(SnapshotId(1), 1000);
        assert_eq!(file.ask(), Some((0, 1000)));
        assert!(!file.take(vec![0; 10]));
    }
}
