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

    /// A position as a peer or a file spelled it. None for what cannot be one: negative, or so far on that offsets
    /// would not be signed 64-bit integers any more as the history goes on.
    pub fn told(number: i64) -> Option<Offset> {
        u64::try_from(number).ok().filter(|number| *number <= TOLD_MAX).map(Offset)
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

/// Half of what a signed integer holds: a history at a gigabyte per second takes a century for the rest.
const TOLD_MAX: u64 = i64::MAX as u64 / 2;

impl fmt::Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_that_others_tell_leave_room_to_go_on() {
        for (number, want) in [
            (0, Some(Offset(0))),
            (77, Some(Offset(77))),
            (i64::MAX / 2, Some(Offset(TOLD_MAX))),
            (i64::MAX / 2 + 1, None),
            (i64::MAX, None),
            (-1, None),
            (i64::MIN, None),
        ] {
            assert_eq!(Offset::told(number), want, "{number}");
        }
        let far = Offset(TOLD_MAX).after(usize::MAX >> 3);
        assert!(i64::try_from(far.next_byte()).is_ok());
    }
}
