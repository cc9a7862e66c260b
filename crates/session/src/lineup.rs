//! Sessions in the order in which they came, each found and taken out without looking at the others.
//!
//! # Design
//! A session comes with a place: a number that is counted up, so that the list is sorted by itself. A session that
//! goes leaves its place empty, and the empty ones are dropped together when they are half of the list. So coming costs
//! a push, going a binary search, and ten thousand sessions that wait for one name do not cost ten thousand steps each.

use world::ConnId;

/// Sessions by their places.
#[derive(Clone, Debug, Default)]
pub struct Lineup {
    /// Invariant: sorted by place.
    places: Vec<(u64, Option<ConnId>)>,
    /// How many places are empty. Invariant: fewer than half of them, or none.
    gone: usize,
}

impl Lineup {
    /// One more, behind all others.
    ///
    /// # Panics
    /// Where `place` is not behind the last one.
    pub fn push(&mut self, place: u64, conn: ConnId) {
        assert!(self.places.last().is_none_or(|(last, _)| *last < place), "places are counted up");
        self.places.push((place, Some(conn)));
    }

    /// The session at this place goes. False: there was none.
    pub fn remove(&mut self, place: u64) -> bool {
        let Some(at) = self.find(place) else { return false };
        if self.places[at].1.take().is_none() {
            return false;
        }
        self.gone += 1;
        if self.gone * 2 >= self.places.len() {
            self.places.retain(|(_, conn)| conn.is_some());
            self.places.shrink_to(self.places.len() * 2);
            self.gone = 0;
        }
        true
    }

    /// Whether there is a session at this place.
    pub fn holds(&self, place: u64) -> bool {
        self.find(place).is_some_and(|at| self.places[at].1.is_some())
    }

    /// The sessions, in order.
    pub fn iter(&self) -> impl Iterator<Item = (u64, ConnId)> {
        self.places.iter().filter_map(|(place, conn)| Some((*place, (*conn)?)))
    }

    /// How many sessions there are.
    pub fn len(&self) -> usize {
        self.places.len() - self.gone
    }

    /// True where there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn find(&self, place: u64) -> Option<usize> {
        self.places.binary_search_by_key(&place, |(place, _)| *place).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use stdx::Prng;

    #[test]
    fn it_does_what_a_map_does() {
        let (mut lineup, mut model) = (Lineup::default(), BTreeMap::new());
        let mut prng = Prng::new(7);
        for place in 0..20_000u64 {
            if prng.below(3) > 0 {
                lineup.push(place, ConnId(place as u32));
                model.insert(place, ConnId(place as u32));
            }
            let other = place.saturating_sub(prng.below(50));
            assert_eq!(lineup.holds(other), model.contains_key(&other));
            if prng.below(2) == 0 {
                assert_eq!(lineup.remove(other), model.remove(&other).is_some());
            }
            assert_eq!((lineup.len(), lineup.is_empty()), (model.len(), model.is_empty()));
            assert!(lineup.places.len() <= 2 * model.len() + 1, "empty places are dropped");
        }
        assert!(lineup.iter().eq(model.into_iter()));
    }
}
