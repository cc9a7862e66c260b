//! The one stream of effects, in memory, with a 64-bit offset.
//!
//! # Design
//! The log is a queue of blocks of bytes. Whatever changes the data is appended once; whoever needs it (replicas,
//! later the append-only file) is a *reader*: a number with a position, and takes slices of the blocks as they lie.
//! A replica that comes back asks for a position, and gets a reader there if the bytes are still kept.
//!
//! ```text
//!            start                                   end
//!   dropped  |######## block ########|##### block ####    |
//!                      ^ reader 1 (slow)           ^ reader 2
//!            |<------------- histlen -------------->|
//! ```
//!
//! # Invariants
//! - Blocks are contiguous: each begins where the one before it ends; only the last has room left.
//! - `start <= every reader <= end`: a block is dropped only when no reader needs it, and only while what remains is
//!   longer than the retained window. A slow reader makes the log longer, never wrong.
//! - A block's bytes never move once written: slices that were handed out stay valid until the owner lets go.

use crate::Offset;
use std::collections::VecDeque;
use std::io::IoSlice;

/// A reader of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ReaderId(usize);

/// How many blocks one call drops at the most: letting go of a gigabyte at once would hold the loop.
const DROP_MAX: usize = 64;

#[derive(Debug)]
struct Block {
    start: Offset,
    /// Never grows beyond the capacity it was made with.
    bytes: Vec<u8>,
}

impl Block {
    fn end(&self) -> Offset {
        self.start.after(self.bytes.len())
    }
}

/// The stream of effects and its readers.
#[derive(Debug)]
pub struct Log {
    blocks: VecDeque<Block>,
    /// Where the next byte goes.
    end: Offset,
    active: bool,
    /// How many bytes are kept for replicas that come back.
    retain: u64,
    readers: Vec<Option<Offset>>,
    /// The capacities of all blocks.
    memory: u64,
}

impl Log {
    /// A log that keeps nothing until it is opened.
    pub fn new(retain: u64) -> Log {
        Log {
            blocks: VecDeque::new(),
            end: Offset::ZERO,
            active: false,
            retain,
            readers: Vec::new(),
            memory: 0,
        }
    }

    /// True where appended bytes are kept.
    pub fn is_open(&self) -> bool {
        self.active
    }

    /// From here on what is appended is kept, and counts.
    pub fn open(&mut self) {
        self.active = true;
    }

    /// Forgets all that is kept, and keeps nothing any more. There must be no readers.
    pub fn close(&mut self) {
        assert!(self.readers.iter().all(Option::is_none), "a reader would lose its place");
        self.blocks.clear();
        self.memory = 0;
        self.active = false;
    }

    /// Begins anew at a position in another history, keeping nothing of the old. There must be no readers.
    pub fn restart(&mut self, at: Offset) {
        self.close();
        self.end = at;
        self.active = true;
    }

    /// `master_repl_offset`.
    pub fn end(&self) -> Offset {
        self.end
    }

    /// The position of the first byte that is kept.
    pub fn start(&self) -> Offset {
        self.blocks.front().map_or(self.end, |block| block.start)
    }

    /// `repl_backlog_histlen`: how many bytes are kept.
    pub fn histlen(&self) -> u64 {
        self.end.since(self.start())
    }

    /// How many bytes of memory the blocks and their queue take.
    pub fn memory(&self) -> u64 {
        self.memory + (self.blocks.capacity() * size_of::<Block>()) as u64
    }

    /// `repl-backlog-size` as it is obeyed.
    pub fn retain(&self) -> u64 {
        self.retain
    }

    /// Changes how much is kept; nothing that is kept and still fits is lost.
    pub fn resize(&mut self, retain: u64) {
        self.retain = retain;
        self.trim();
    }

    /// Appends to the stream; without effect unless open. True where a new block was begun, which is the moment to
    /// look at who falls behind.
    pub fn append(&mut self, bytes: &[u8]) -> bool {
        if !self.active {
            return false;
        }
        if let Some(last) = self.blocks.back_mut()
            && last.bytes.capacity() - last.bytes.len() >= bytes.len()
        {
            last.bytes.extend_from_slice(bytes);
            self.end = self.end.after(bytes.len());
            return false;
        }
        self.append_across(bytes)
    }

    #[cold]
    fn append_across(&mut self, mut bytes: &[u8]) -> bool {
        let mut begun = false;
        while !bytes.is_empty() {
            let room =
                self.blocks.back().map_or(0, |last| last.bytes.capacity() - last.bytes.len());
            if room == 0 {
                let bytes = Vec::with_capacity(self.block_len());
                self.memory += bytes.capacity() as u64;
                self.blocks.push_back(Block { start: self.end, bytes });
                begun = true;
                continue;
            }
            let (now, rest) = bytes.split_at(room.min(bytes.len()));
            let last = self.blocks.back_mut().expect("a block with room was found or made");
            last.bytes.extend_from_slice(now);
            self.end = self.end.after(now.len());
            bytes = rest;
        }
        if begun {
            self.trim();
        }
        begun
    }

    /// A sixteenth of the window, so that dropping a block does not drop much of it, within what is good to send.
    fn block_len(&self) -> usize {
        (self.retain / 16).clamp(16 << 10, 256 << 10) as usize
    }

    /// Drops blocks that nobody needs, a bounded number at a time. True where more could be dropped.
    pub fn trim(&mut self) -> bool {
        let needed = self.readers.iter().flatten().min().copied().unwrap_or(self.end);
        for _ in 0..DROP_MAX {
            // The last block has room for what comes next.
            let (Some(first), true) = (self.blocks.front(), self.blocks.len() > 1) else {
                return false;
            };
            if first.end() > needed || self.end.since(first.end()) < self.retain {
                return false;
            }
            let first = self.blocks.pop_front().expect("there are two blocks");
            self.memory -= first.bytes.capacity() as u64;
        }
        true
    }

    /// True where the stream from `at` on can be had.
    pub fn holds(&self, at: Offset) -> bool {
        self.active && self.start() <= at && at <= self.end
    }

    /// A reader at `at`, if the stream from there on is kept.
    pub fn subscribe(&mut self, at: Offset) -> Option<ReaderId> {
        if !self.holds(at) {
            return None;
        }
        let free = self.readers.iter().position(Option::is_none).unwrap_or_else(|| {
            self.readers.push(None);
            self.readers.len() - 1
        });
        self.readers[free] = Some(at);
        Some(ReaderId(free))
    }

    /// The reader is gone.
    pub fn unsubscribe(&mut self, reader: ReaderId) {
        assert!(self.readers[reader.0].take().is_some(), "a reader leaves once");
        self.trim();
    }

    /// Where the reader stands.
    pub fn position(&self, reader: ReaderId) -> Offset {
        self.readers[reader.0].expect("a reader that left has no position")
    }

    /// How many bytes the reader has not read yet.
    pub fn behind(&self, reader: ReaderId) -> u64 {
        self.end.since(self.position(reader))
    }

    /// What the reader has not read yet, as many slices as fit; how many were filled.
    pub fn pending<'a>(&'a self, reader: ReaderId, slices: &mut [IoSlice<'a>]) -> usize {
        let at = self.position(reader);
        let first = self.blocks.partition_point(|block| block.end() <= at);
        let mut filled = 0;
        for (slice, block) in slices.iter_mut().zip(self.blocks.range(first..)) {
            let skip = at.since(block.start) as usize;
            *slice = IoSlice::new(&block.bytes[skip..]);
            filled += 1;
        }
        filled
    }

    /// The reader has read `count` bytes more.
    pub fn advance(&mut self, reader: ReaderId, count: usize) {
        let at = self.position(reader).after(count);
        assert!(at <= self.end, "a reader cannot read what is not written");
        let was_first =
            self.blocks.front().is_some_and(|first| self.position(reader) < first.end());
        self.readers[reader.0] = Some(at);
        // Only a reader in the first block can have held it.
        if was_first && self.blocks.len() > 1 {
            self.trim();
        }
    }

    /// Stops the process where an invariant of the header does not hold; tests and the simulator call it.
    pub fn check_invariants(&self) {
        let mut at = self.start();
        for block in &self.blocks {
            assert_eq!(block.start, at, "blocks are contiguous");
            at = block.end();
        }
        assert_eq!(at, self.end, "the last block ends where the log does");
        for reader in self.readers.iter().flatten() {
            assert!(
                self.start() <= *reader && *reader <= self.end,
                "a reader stands on kept bytes"
            );
        }
        let memory: usize = self.blocks.iter().map(|block| block.bytes.capacity()).sum();
        assert_eq!(memory as u64, self.memory, "memory is accounted for");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(log: &mut Log, reader: ReaderId, most: usize) -> Vec<u8> {
        let mut slices = [IoSlice::new(&[]); 3];
        let filled = log.pending(reader, &mut slices);
        let mut bytes: Vec<u8> = slices[..filled].iter().flat_map(|s| s.iter().copied()).collect();
        bytes.truncate(most);
        log.advance(reader, bytes.len());
        bytes
    }

    #[test]
    fn a_log_that_is_not_open_keeps_and_counts_nothing() {
        let mut log = Log::new(1 << 20);
        log.append(b"lost");
        assert_eq!((log.end(), log.histlen(), log.holds(Offset::ZERO)), (Offset::ZERO, 0, false));
        log.open();
        log.append(b"kept");
        assert_eq!((log.end(), log.histlen()), (Offset(4), 4));
    }

    #[test]
    fn the_window_is_kept_and_little_more() {
        let mut log = Log::new(100 << 10);
        log.open();
        (0..1000).for_each(|_| {
            log.append(&[7; 1000]);
        });
        assert!(log.histlen() >= 100 << 10 && log.histlen() < (100 << 10) + 2 * (16 << 10));
        assert!(!log.holds(Offset::ZERO));
        log.resize(16 << 10);
        assert!(log.histlen() < 3 * (16 << 10));
    }

    #[test]
    fn a_slow_reader_keeps_what_it_needs() {
        let mut log = Log::new(16 << 10);
        log.restart(Offset(100));
        let slow = log.subscribe(Offset(100)).expect("the end is always held");
        log.append(&vec![1; 4 << 20]);
        assert_eq!((log.start(), log.behind(slow)), (Offset(100), 4 << 20));
        log.unsubscribe(slow);
        while log.trim() {}
        assert!(log.histlen() < 3 * (16 << 10));
        log.check_invariants();
    }

    #[derive(Clone, Debug)]
    enum Step {
        Append(usize),
        Read(usize, usize),
        Join(u64),
        Leave(usize),
        Resize(u64),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            4 => (0usize..60_000).prop_map(Step::Append),
            4 => (0usize..4, 0usize..90_000).prop_map(|(r, n)| Step::Read(r, n)),
            1 => any::<u64>().prop_map(Step::Join),
            1 => (0usize..4).prop_map(Step::Leave),
            1 => (0u64..600_000).prop_map(Step::Resize),
        ]
    }

    proptest! {
        #[test]
        fn readers_see_the_stream_whatever_happens(steps in prop::collection::vec(step(), 1..60)) {
            let mut log = Log::new(64 << 10);
            log.open();
            let mut all: Vec<u8> = Vec::new();
            let mut readers: Vec<ReaderId> = Vec::new();
            for step in steps {
                match step {
                    Step::Append(len) => {
                        let bytes: Vec<u8> = (0..len).map(|i| (all.len() + i) as u8).collect();
                        log.append(&bytes);
                        all.extend_from_slice(&bytes);
                    }
                    Step::Read(r, most) if r < readers.len() => {
                        let at = log.position(readers[r]).0 as usize;
                        let got = read(&mut log, readers[r], most);
                        prop_assert_eq!(&all[at..at + got.len()], &got[..]);
                        prop_assert!(!got.is_empty() || most == 0 || at == all.len());
                    }
                    Step::Join(at) => {
                        let at = Offset(at % (all.len() as u64 + 2));
                        let held = log.holds(at);
                        let reader = log.subscribe(at);
                        prop_assert_eq!(reader.is_some(), held);
                        readers.extend(reader);
                    }
                    Step::Leave(r) if r < readers.len() => log.unsubscribe(readers.remove(r)),
                    Step::Resize(retain) => log.resize(retain),
                    _ => {}
                }
                log.check_invariants();
                prop_assert_eq!(log.end(), Offset(all.len() as u64));
            }
        }
    }
}
