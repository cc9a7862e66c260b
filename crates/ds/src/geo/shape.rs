//! What places are looked for in: a circle or a box, and the cells of the map that cover it.

use super::{Cell, EARTH_RADIUS, Position, STEPS_MAX};

/// A circle or a box around a place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shape {
    /// The middle.
    pub center: Position,
    /// How large it is.
    pub extent: Extent,
    /// How many metres the unit has in which the size is told.
    pub unit: f64,
}

/// How large a shape is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Extent {
    /// A circle of this radius.
    Circle(f64),
    /// A box along the meridians.
    Box {
        /// From west to east.
        width: f64,
        /// From south to north.
        height: f64,
    },
}

/// The degrees between which a shape lies.
struct Bounds {
    west: f64,
    east: f64,
    south: f64,
    north: f64,
}

impl Shape {
    /// How many metres a place in the shape is from its middle; nothing where it is outside.
    pub fn distance_to(&self, place: Position) -> Option<f64> {
        match self.extent {
            Extent::Circle(radius) => {
                let distance = self.center.distance_to(place);
                // A distance that is no number is not too far.
                let is_too_far = distance > radius * self.unit;
                (!is_too_far).then_some(distance)
            }
            Extent::Box { width, height } => {
                // North and south cost less to compare.
                if place.latitude_distance_to(self.center) > height * self.unit / 2.0 {
                    return None;
                }
                let beside = Position { longitude: self.center.longitude, ..place };
                if place.distance_to(beside) > width * self.unit / 2.0 {
                    return None;
                }
                Some(self.center.distance_to(place))
            }
        }
    }

    /// The cells that have all places of the shape, and others: at most nine, in the order in which Redis looks into
    /// them.
    pub fn cells(&self) -> Vec<Cell> {
        let bounds = self.bounds();
        let mut steps = self.steps();
        let mut cell = Cell::around(self.center, steps);
        if steps > 1 && !reaches(cell, &bounds) {
            steps -= 1;
            cell = Cell::around(self.center, steps);
        }
        let (longitude, latitude) = cell.spans();
        // Where the cell itself goes beyond the shape, its neighbours have nothing of it. Very large cells are not
        // spared: their neighbours may lie on the other side of the map.
        let spares = |is_beyond: bool| steps >= 2 && is_beyond;
        let (no_west, no_east) =
            (spares(longitude.min < bounds.west), spares(longitude.max > bounds.east));
        let (no_south, no_north) =
            (spares(latitude.min < bounds.south), spares(latitude.max > bounds.north));
        let mut cells = vec![cell];
        for (east, north) in [(0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (-1, 1), (1, -1), (-1, -1)]
        {
            let is_spared = north > 0 && no_north
                || north < 0 && no_south
                || east > 0 && no_east
                || east < 0 && no_west;
            let next = cell.neighbour(east, north);
            // On a map of few cells, going either way leads to the same one.
            let is_again = cells.len() > 1 && cells.last() == Some(&next);
            if !is_spared && !is_again {
                cells.push(next);
            }
        }
        cells
    }

    /// How many degrees it takes.
    fn bounds(&self) -> Bounds {
        let (width, height) = match self.extent {
            Extent::Circle(radius) => (radius, radius),
            Extent::Box { width, height } => (width / 2.0, height / 2.0),
        };
        let Position { longitude, latitude } = self.center;
        let (width, height) = (self.unit * width, self.unit * height);
        let up = degrees(height / EARTH_RADIUS);
        // Meridians are nearest to each other towards the pole of the hemisphere.
        let nearest = if latitude < 0.0 { latitude - up } else { latitude + up };
        let aside = degrees(width / EARTH_RADIUS / nearest.to_radians().cos());
        Bounds {
            west: longitude - aside,
            east: longitude + aside,
            south: latitude - up,
            north: latitude + up,
        }
    }

    /// How often the map may be halved so that a cell and its neighbours most likely cover the shape.
    fn steps(&self) -> u32 {
        /// Half of the width of Web Mercator's map, in metres.
        const HALF_MAP: f64 = 20_037_726.37;
        let radius = match self.extent {
            Extent::Circle(radius) => radius,
            Extent::Box { width, height } => {
                (width / 2.0 * (width / 2.0) + height / 2.0 * (height / 2.0)).sqrt()
            }
        };
        let mut meters = radius * self.unit;
        if meters == 0.0 {
            return STEPS_MAX;
        }
        let mut steps = 1i32;
        while meters < HALF_MAP {
            meters *= 2.0;
            steps += 1;
        }
        // Towards the poles, as many metres are more degrees.
        let near_the_pole = match self.center.latitude.abs() {
            latitude if latitude > 80.0 => 2,
            latitude if latitude > 66.0 => 1,
            _ => 0,
        };
        (steps - 2 - near_the_pole).clamp(1, STEPS_MAX as i32) as u32
    }
}

/// Whether the neighbours of a cell reach as far as the shape in all four directions.
fn reaches(cell: Cell, bounds: &Bounds) -> bool {
    let longitude = |east| cell.neighbour(east, 0).spans().0;
    let latitude = |north| cell.neighbour(0, north).spans().1;
    let falls_short = latitude(1).max < bounds.north
        || latitude(-1).min > bounds.south
        || longitude(1).max < bounds.east
        || longitude(-1).min > bounds.west;
    !falls_short
}

fn degrees(radians: f64) -> f64 {
    // Not `to_degrees`, whose last bit may be another.
    radians / (std::f64::consts::PI / 180.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Away from the poles and the edge of the map, every place in a shape lies in one of its cells, once.
        #[test]
        fn cells_cover_the_shape(
            longitude in -100.0..100.0, latitude in -60.0..60.0, size in 1.0..1_000_000.0, is_box: bool,
            x in -1.0..1.0, y in -1.0..1.0,
        ) {
            let center = Position { longitude, latitude };
            let extent = match is_box {
                true => Extent::Box { width: size, height: size * 0.7 },
                false => Extent::Circle(size),
            };
            let shape = Shape { center, extent, unit: 1.0 };
            let reach = size / 111_000.0;
            let place = Position { longitude: longitude + x * 2.0 * reach, latitude: latitude + y * reach };
            if shape.distance_to(place).is_some() {
                let score = place.score();
                let has = |cell: &&Cell| (cell.scores().0..cell.scores().1).contains(&score);
                prop_assert_eq!(shape.cells().iter().filter(has).count(), 1);
            }
        }
    }

    #[test]
    fn a_circle_round_the_world_has_every_cell_once() {
        let center = Position { longitude: 10.0, latitude: 10.0 };
        let shape = Shape { center, extent: Extent::Circle(30_000_000.0), unit: 1.0 };
        let mut cells = shape.cells();
        cells.sort_by_key(|cell| cell.scores());
        cells.dedup();
        assert_eq!((cells.len(), shape.cells().len()), (4, 4));
        let point = Shape { extent: Extent::Circle(0.0), ..shape };
        assert_eq!(point.cells()[0].scores().0, center.score());
    }
}
