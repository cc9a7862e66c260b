//! A cell of the map: what remains of it when it was halved some times in either direction.

use super::{LATITUDE, LONGITUDE, Position, STEPS_MAX, Span};

/// A part of the map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Which part: bits of longitude and latitude in turns, latitude in the lowest.
    pub(super) bits: u64,
    /// How often the map was halved in either direction: 1 to 26.
    pub(super) steps: u32,
}

impl Cell {
    /// The cell of a place.
    pub fn around(place: Position, steps: u32) -> Cell {
        let longitude = LONGITUDE.part(place.longitude, steps);
        Cell::of_parts(longitude, LATITUDE.part(place.latitude, steps), steps)
    }

    pub(super) fn of_parts(longitude: u32, latitude: u32, steps: u32) -> Cell {
        Cell { bits: spread(longitude) << 1 | spread(latitude), steps }
    }

    fn parts(self) -> (u32, u32) {
        (gather(self.bits >> 1), gather(self.bits))
    }

    /// From where to where it is, in longitude and latitude.
    pub(super) fn spans(self) -> (Span, Span) {
        let (longitude, latitude) = self.parts();
        (LONGITUDE.of_part(longitude, self.steps), LATITUDE.of_part(latitude, self.steps))
    }

    /// The scores of all places in it: the first, and the first behind.
    pub fn scores(self) -> (u64, u64) {
        let unused = 2 * (STEPS_MAX - self.steps);
        (self.bits << unused, (self.bits + 1) << unused)
    }

    /// The cell next to it, so many cells east and north; behind the end of the map it begins anew.
    pub(super) fn neighbour(self, east: i32, north: i32) -> Cell {
        let count = 1u32 << self.steps;
        // A place on the very edge lies in a cell behind the last one. It stays there in the direction in which
        // nobody moves.
        let moved = |part: u32, by: i32| match by {
            0 => part,
            by => part.wrapping_add_signed(by) % count,
        };
        let (longitude, latitude) = self.parts();
        Cell::of_parts(moved(longitude, east), moved(latitude, north), self.steps)
    }
}

/// The bits of a number with a zero before each.
fn spread(part: u32) -> u64 {
    let mut bits = u64::from(part);
    for (shift, mask) in MASKS {
        bits = (bits | bits << shift) & mask;
    }
    bits
}

/// Every other bit, from the lowest on.
fn gather(bits: u64) -> u32 {
    let mut bits = bits & MASKS[4].1;
    for n in (0..5).rev() {
        let next = if n == 0 { u64::from(u32::MAX) } else { MASKS[n - 1].1 };
        bits = (bits | bits >> MASKS[n].0) & next;
    }
    bits as u32
}

/// How far groups of bits are moved apart, and where they are afterwards: half as many at a time.
const MASKS: [(u32, u64); 5] = [
    (16, 0x0000_ffff_0000_ffff),
    (8, 0x00ff_00ff_00ff_00ff),
    (4, 0x0f0f_0f0f_0f0f_0f0f),
    (2, 0x3333_3333_3333_3333),
    (1, 0x5555_5555_5555_5555),
];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn bits_are_taken_in_turns(longitude: u32, latitude: u32) {
            let cell = Cell::of_parts(longitude, latitude, 26);
            prop_assert_eq!(cell.parts(), (longitude, latitude));
            let bit = |number: u32, n: u32| u64::from(number >> n & 1);
            let want = (0..32).map(|n| (bit(longitude, n) << 1 | bit(latitude, n)) << (2 * n)).sum();
            prop_assert_eq!(cell.bits, want);
        }
    }

    #[test]
    fn neighbours_share_an_edge_and_the_map_is_round() {
        let cell = Cell::around(Position { longitude: 13.4, latitude: 52.5 }, 10);
        let (east, north) = (cell.neighbour(1, 0), cell.neighbour(0, 1));
        assert_eq!(east.spans().0.min, cell.spans().0.max);
        assert_eq!(north.spans().1.min, cell.spans().1.max);
        assert_eq!(east.neighbour(-1, 0), cell);
        assert_eq!(cell.neighbour(-1, -1).neighbour(1, 1), cell);
        let corner = Cell::of_parts(0, 1023, 10);
        assert_eq!(corner.neighbour(-1, 1), Cell::of_parts(1023, 0, 10));
        let edge = Cell::of_parts(1024, 0, 10);
        assert_eq!(edge.neighbour(0, 1), Cell::of_parts(1024, 1, 10));
        assert_eq!(edge.neighbour(1, 0), Cell::of_parts(1, 0, 10));
    }
}
