//! What may be said only once the disk has it.
//!
//! # Design
//! Every change of the state that a restart must find again gets the next version. What leaves the process is
//! stamped with the version it may rest on, and waits until the state file of that version is synced: a vote that was
//! heard is a vote that survives a crash. Nothing is stamped while the disk has everything, so that usually nothing
//! waits.

use std::collections::VecDeque;

/// A version of the state.
pub(crate) type Version = u64;

/// Which version there is, and which the disk has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ledger {
    version: Version,
    settled: Version,
    /// What was let go last.
    released: Version,
}

impl Ledger {
    /// The state has changed.
    pub(crate) fn change(&mut self) {
        self.version += 1;
    }

    /// The version there is.
    pub(crate) fn version(&self) -> Version {
        self.version
    }

    /// The version that what is said now has to wait for, if it has to wait.
    pub(crate) fn stamp(&self) -> Option<Version> {
        (self.version > self.settled).then_some(self.version)
    }

    /// The disk has `version`, or we have given up waiting for it.
    pub(crate) fn settle(&mut self, version: Version) {
        assert!(version <= self.version, "the disk cannot be ahead");
        self.settled = self.settled.max(version);
    }

    /// True once after each time that something was settled.
    pub(crate) fn take_settled(&mut self) -> bool {
        std::mem::replace(&mut self.released, self.settled) != self.settled
    }

    /// What of the state has been settled.
    pub(crate) fn settled(&self) -> Version {
        self.settled
    }
}

/// Things in their order, some of which wait for a version.
#[derive(Debug)]
pub(crate) struct Held<T> {
    waiting: VecDeque<(Version, T)>,
}

impl<T> Default for Held<T> {
    fn default() -> Held<T> {
        Held { waiting: VecDeque::new() }
    }
}

impl<T> Held<T> {
    /// Gives `thing` back if it need not wait: neither for a version nor for what was there before it.
    pub(crate) fn pass(&mut self, ledger: &Ledger, thing: T) -> Option<T> {
        match (ledger.stamp(), self.waiting.back()) {
            (None, None) => Some(thing),
            (Some(version), _) | (None, Some(&(version, _))) => {
                self.waiting.push_back((version, thing));
                None
            }
        }
    }

    /// The next thing that need not wait any more.
    pub(crate) fn next(&mut self, ledger: &Ledger) -> Option<T> {
        let (version, _) = self.waiting.front()?;
        (*version <= ledger.settled()).then(|| self.waiting.pop_front().expect("there is one").1)
    }

    /// True while something waits.
    pub(crate) fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }
}

/// Outgoing bytes of one connection, some of which wait for a version.
#[derive(Debug, Default)]
pub(crate) struct Lane {
    bytes: Vec<u8>,
    sent: usize,
    held: Held<Vec<u8>>,
    /// The world has been told that there is something to send.
    pub(crate) announced: bool,
}

impl Lane {
    /// Appends. True where the world has to be told.
    pub(crate) fn push(&mut self, ledger: &Ledger, bytes: Vec<u8>) -> bool {
        match self.held.pass(ledger, bytes) {
            Some(bytes) => {
                self.bytes.extend_from_slice(&bytes);
                self.announce()
            }
            None => false,
        }
    }

    /// Lets go of what the disk has by now. True where the world has to be told.
    pub(crate) fn release(&mut self, ledger: &Ledger) -> bool {
        while let Some(bytes) = self.held.next(ledger) {
            self.bytes.extend_from_slice(&bytes);
        }
        self.announce()
    }

    fn announce(&mut self) -> bool {
        let news = !self.announced && !self.pending().is_empty();
        self.announced |= news;
        news
    }

    /// What may be sent.
    pub(crate) fn pending(&self) -> &[u8] {
        &self.bytes[self.sent..]
    }

    /// The first `count` bytes are gone. True while more may be sent.
    pub(crate) fn advance(&mut self, count: usize) -> bool {
        self.sent += count;
        assert!(self.sent <= self.bytes.len(), "more was sent than there was");
        if self.sent == self.bytes.len() {
            self.sent = 0;
            self.bytes.clear();
            self.bytes.shrink_to(16 * 1024);
        }
        let more = !self.pending().is_empty();
        self.announced = more;
        more
    }

    /// True where everything has been sent.
    pub(crate) fn is_empty(&self) -> bool {
        self.pending().is_empty() && !self.held.is_waiting()
    }

    /// True where something waits for the disk.
    pub(crate) fn is_held(&self) -> bool {
        self.held.is_waiting()
    }

    /// Bytes that lie here.
    pub(crate) fn len(&self) -> usize {
        self.pending().len() + self.held.waiting.iter().map(|(_, bytes)| bytes.len()).sum::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_rests_on_a_change_waits_for_the_disk_and_keeps_its_place() {
        let (mut ledger, mut lane) = (Ledger::default(), Lane::default());
        assert!(lane.push(&ledger, b"a".to_vec()));
        ledger.change();
        assert!(!lane.push(&ledger, b"b".to_vec()));
        ledger.change();
        assert!(!lane.push(&ledger, b"c".to_vec()));
        assert_eq!(lane.pending(), b"a");
        ledger.settle(1);
        lane.release(&ledger);
        assert_eq!(lane.pending(), b"ab");
        ledger.settle(2);
        assert!(!lane.push(&ledger, b"d".to_vec()), "not before those that wait");
        lane.release(&ledger);
        assert_eq!(lane.pending(), b"abcd");
        assert!(!lane.advance(4));
        assert!(lane.is_empty());
        assert!(lane.push(&ledger, b"e".to_vec()));
    }
}
