//! Positions in a replication history.

use std::fmt;

/// How many bytes of a history lie before a position: the byte that Redis numbers `n` (it counts from 1) lies
/// between `Offset(n - 1)` and `Offset(n)`. So a replica that has applied everything up to `Offset(n)` asks for
/// byte `n + 1`, and `master_repl_offset:n` means that the history ends at `Offset(n)`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Offset(pub u64);

impl Offset {
    /// Where a history begins.
    pub const ZERO: Offset = Offset(0);

    /// The position `count` bytes further on.
    pub fn after(self, count: usize) -> Offset {
        Offset(self.0 + count as u64)
    }

    /// How many bytes lie between `earlier` and here; zero where it lies ahead.
    pub fn since(self, earlier: Offset) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    /// The number of the byte that follows, as PSYNC and INFO spell positions.
    pub fn next_byte(self) -> u64 {
        self.0 + 1
    }

    /// The position before byte `number`, as a peer spelled it.
    pub fn before_byte(number: i64) -> Option<Offset> {
        u64::try_from(number).ok().and_then(|n| n.checked_sub(1)).map(Offset)
    }
}

impl fmt::Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
