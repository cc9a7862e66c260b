//! Which bits of a string BITCOUNT and BITPOS look at.

use std::ops::Range;

use command::{Args, Error};

/// What the ends of a range count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Byte,
    Bit,
}

impl Unit {
    /// Takes the next word; there must be one.
    pub(super) fn read(args: &mut Args<'_>) -> Result<Unit, Error> {
        match () {
            _ if args.take_keyword("BIT") => Ok(Unit::Bit),
            _ if args.take_keyword("BYTE") => Ok(Unit::Byte),
            _ => Err(Error::SYNTAX),
        }
    }

    /// The bits from `start` to `end`, both included, of a string of `len` bytes; negative ones count from its end.
    pub(super) fn bits(self, start: i64, end: i64, len: usize) -> Range<usize> {
        let size = match self {
            Unit::Byte => 8,
            Unit::Bit => 1,
        };
        let units = (len * 8 / size) as i64;
        // compat(7.2): an end before the first byte is the first byte, as for GETRANGE.
        let from_front = |at: i64| if at < 0 { at.saturating_add(units).max(0) } else { at };
        let (start, end) = (from_front(start), from_front(end).min(units - 1));
        if start > end { 0..0 } else { start as usize * size..(end as usize + 1) * size }
    }
}

/// The bytes that hold these bits, with a mask for the first and the last of them: the bits that belong.
pub(super) fn masked(bytes: &[u8], bits: Range<usize>) -> (&[u8], u8, u8) {
    if bits.is_empty() {
        return (b"", 0, 0);
    }
    let last = bits.end - 1;
    let first_mask = u8::MAX >> (bits.start % 8);
    let last_mask = u8::MAX << (7 - last % 8);
    (&bytes[bits.start / 8..=last / 8], first_mask, last_mask)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_cut_to_what_is_there() {
        for (unit, start, end, want) in [
            (Unit::Byte, 0, -1, 0..24),
            (Unit::Byte, 1, 1, 8..16),
            (Unit::Byte, -2, -1, 8..24),
            (Unit::Byte, -100, -50, 0..8),
            (Unit::Byte, 3, 9, 0..0),
            (Unit::Byte, i64::MIN, i64::MAX, 0..24),
            (Unit::Bit, 5, -5, 5..20),
            (Unit::Bit, -1, -1, 23..24),
            (Unit::Bit, 24, 99, 0..0),
            (Unit::Bit, 7, 3, 0..0),
        ] {
            assert_eq!(unit.bits(start, end, 3), want, "{unit:?} {start} {end}");
        }
        assert_eq!(Unit::Byte.bits(0, -1, 0), 0..0);
    }
}
