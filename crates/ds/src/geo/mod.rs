//! Places on the earth as scores of a sorted set, so that places near each other have scores near each other.
//!
//! A score is a Geohash of 52 bits: the map is halved 26 times in either direction, and the bits that say which half
//! are taken in turns, longitude first. A prefix of the bits is a cell of the map, and all places in a cell are one
//! range of scores. The map ends at the latitudes where the square of Web Mercator does (EPSG:3857).

mod cell;
mod shape;

pub use cell::Cell;
pub use shape::{Extent, Shape};

/// How often the map is halved for a score.
pub const STEPS_MAX: u32 = 26;

const LONGITUDE: Span = Span { min: -180.0, max: 180.0 };
const LATITUDE: Span = Span { min: -85.051_128_78, max: 85.051_128_78 };

/// The earth's quadratic mean radius, in metres.
const EARTH_RADIUS: f64 = 6_372_797.560_856;

/// Degrees from one end to the other.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Span {
    min: f64,
    max: f64,
}

impl Span {
    /// Which of 2^steps equal parts a degree lies in. The very end belongs to the part behind the last.
    fn part(self, degrees: f64, steps: u32) -> u32 {
        let share = (degrees - self.min) / (self.max - self.min);
        (share * (1u64 << steps) as f64) as u32
    }

    /// The degrees of one of 2^steps equal parts.
    fn of_part(self, part: u32, steps: u32) -> Span {
        let at =
            |part: u32| self.min + f64::from(part) / (1u64 << steps) as f64 * (self.max - self.min);
        Span { min: at(part), max: at(part.wrapping_add(1)) }
    }

    fn middle(self) -> f64 {
        (self.min + self.max) / 2.0
    }
}

/// A place, in degrees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Position {
    /// East of Greenwich.
    pub longitude: f64,
    /// North of the equator.
    pub latitude: f64,
}

impl Position {
    /// Whether it is on the map.
    pub fn is_on_map(self) -> bool {
        (LONGITUDE.min..=LONGITUDE.max).contains(&self.longitude)
            && (LATITUDE.min..=LATITUDE.max).contains(&self.latitude)
    }

    /// The score of a place on the map.
    pub fn score(self) -> u64 {
        Cell::around(self, STEPS_MAX).scores().0
    }

    /// The middle of the smallest cell that has the score, whatever number that may be.
    pub fn of_score(score: f64) -> Position {
        // Sorted sets take any number as a score. What is no Geohash becomes one as processors convert numbers: the
        // negative ones by their bits, those beyond by nothing at all.
        const TOO_LARGE: f64 = 18_446_744_073_709_551_616.0;
        let bits = match score {
            ..0.0 => score as i64 as u64,
            TOO_LARGE.. => 0,
            _ => score as u64,
        };
        let (longitude, latitude) = Cell { bits, steps: STEPS_MAX }.spans();
        Position {
            longitude: longitude.middle().clamp(LONGITUDE.min, LONGITUDE.max),
            latitude: latitude.middle().clamp(LATITUDE.min, LATITUDE.max),
        }
    }

    /// How many metres it is to another place, along the surface of a ball (haversine formula).
    pub fn distance_to(self, other: Position) -> f64 {
        let half = ((other.longitude.to_radians() - self.longitude.to_radians()) / 2.0).sin();
        if half == 0.0 {
            return self.latitude_distance_to(other);
        }
        let (own, others) = (self.latitude.to_radians(), other.latitude.to_radians());
        let up = ((others - own) / 2.0).sin();
        let square = up * up + own.cos() * others.cos() * half * half;
        2.0 * EARTH_RADIUS * square.sqrt().asin()
    }

    /// How many metres another place is further north or south.
    fn latitude_distance_to(self, other: Position) -> f64 {
        EARTH_RADIUS * (other.latitude.to_radians() - self.latitude.to_radians()).abs()
    }

    /// The Geohash that the world knows, eleven characters: its map goes up to the poles. The last of them has only
    /// two bits here, and is always 0.
    pub fn geohash(self) -> [u8; 11] {
        const ALPHABET: &[u8; 32] = b"0123456789bcdefghjkmnpqrstuvwxyz";
        const TO_THE_POLES: Span = Span { min: -90.0, max: 90.0 };
        let longitude = LONGITUDE.part(self.longitude, STEPS_MAX);
        let latitude = TO_THE_POLES.part(self.latitude, STEPS_MAX);
        let bits = Cell::of_parts(longitude, latitude, STEPS_MAX).bits;
        let mut text = [b'0'; 11];
        for (n, letter) in text.iter_mut().take(10).enumerate() {
            *letter = ALPHABET[(bits >> (47 - 5 * n) & 31) as usize];
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PALERMO: Position = Position { longitude: 13.361389, latitude: 38.115556 };
    const CATANIA: Position = Position { longitude: 15.087269, latitude: 37.502669 };

    #[test]
    fn two_towns_in_sicily() {
        assert_eq!(
            (PALERMO.score(), CATANIA.score()),
            (3_479_099_956_230_698, 3_479_447_370_796_909)
        );
        let (a, b) = (
            Position::of_score(PALERMO.score() as f64),
            Position::of_score(3_479_447_370_796_909.0),
        );
        assert_eq!(format!("{:.4}", a.distance_to(b)), "166274.1516");
        assert_eq!((a.geohash(), b.geohash()), (*b"sqc8b49rny0", *b"sqdtr74hyu0"));
    }

    #[test]
    fn any_score_is_somewhere() {
        for score in
            [0.0, -1.0, 0.5, -1e300, 1e300, f64::INFINITY, f64::NEG_INFINITY, 2f64.powi(63)]
        {
            assert!(Position::of_score(score).is_on_map(), "{score}");
        }
    }

    proptest! {
        #[test]
        fn places_come_back(longitude in -180.0..=180.0, latitude in -85.051_128_78..=85.051_128_78) {
            let place = Position { longitude, latitude };
            let back = Position::of_score(place.score() as f64);
            prop_assert!(place.distance_to(back) < 0.6, "{:?} {:?}", place, back);
        }
    }
}
