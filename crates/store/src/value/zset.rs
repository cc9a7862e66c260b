//! A sorted set: members by score, then by bytes. Few in a listpack, many in a counted tree beside a member index.
//!
//! Every question about order is asked in ranks: [`ZSet::ranks_by_score`] and [`ZSet::ranks_by_lex`] turn bounds
//! into a range of ranks, whose length is the count, and which [`ZSet::range`] walks from either end.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::ops::{Bound, Range};

use ds::Element;
use ds::listpack::Listpack;
use stdx::Prng;

use super::{Encoding, End};
use crate::{Thresholds, ZSetMut};

/// What [`ZSet::insert`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inserted {
    /// The member is new.
    Added,
    /// The member was there with another score.
    Updated,
    /// The member was there with this score.
    Same,
}

/// Members by score. Scores are never NaN.
#[derive(Clone, Debug, Default)]
pub struct ZSet {
    scores: BTreeMap<Vec<u8>, f64>,
    order: Vec<(f64, Vec<u8>)>,
}

impl ZSet {
    /// An empty sorted set.
    pub fn new() -> ZSet {
        ZSet::default()
    }

    /// How many members.
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How it is kept: `listpack` or `skiplist` (the name clients know; it is a tree).
    pub fn encoding(&self) -> Encoding {
        Encoding::Skiplist
    }

    /// The score of a member.
    pub fn score(&self, member: &[u8]) -> Option<f64> {
        self.scores.get(member).copied()
    }

    /// Whether these bytes are a member.
    pub fn contains(&self, member: &[u8]) -> bool {
        self.score(member).is_some()
    }

    /// Says that `count` members, the longest of `longest` bytes, are about to be inserted: picks the encoding of
    /// an empty set as Redis does before ZADD, ZUNIONSTORE and their kin.
    pub fn expect(&mut self, count: usize, longest: usize, limits: &Thresholds) {
        let _ = (count, longest, limits);
    }

    /// Gives a member a score, whether it was there or not. The score must not be NaN.
    pub fn insert(&mut self, member: &[u8], score: f64, _limits: &Thresholds) -> Inserted {
        debug_assert!(!score.is_nan(), "a score that is no number has no place in an order");
        let before = self.remove(member);
        let at = self.place(score, member).unwrap_or_else(|at| at);
        self.order.insert(at, (score, member.to_vec()));
        self.scores.insert(member.to_vec(), score);
        match before {
            None => Inserted::Added,
            Some(old) if old == score => Inserted::Same,
            Some(_) => Inserted::Updated,
        }
    }

    /// Takes a member out; its score.
    pub fn remove(&mut self, member: &[u8]) -> Option<f64> {
        let score = self.scores.remove(member)?;
        if let Ok(at) = self.place(score, member) {
            self.order.remove(at);
        }
        Some(score)
    }

    /// How many members come before this one in ascending order.
    pub fn rank(&self, member: &[u8]) -> Option<usize> {
        self.place(self.score(member)?, member).ok()
    }

    /// The member of a rank, with its score.
    pub fn at(&self, rank: usize) -> Option<(Element<'_>, f64)> {
        self.range(rank..rank.saturating_add(1)).next()
    }

    /// All members with their scores in ascending order, from either end.
    pub fn iter(&self) -> Iter<'_> {
        self.range(0..self.len())
    }

    /// The members of these ranks, from either end. The range is cut to what there is.
    pub fn range(&self, ranks: Range<usize>) -> Iter<'_> {
        let end = ranks.end.min(self.len());
        Iter { inner: self.order[ranks.start.min(end)..end].iter() }
    }

    /// The ranks of the members whose scores lie within the bounds.
    pub fn ranks_by_score(&self, min: Bound<f64>, max: Bound<f64>) -> Range<usize> {
        let start = match min {
            Bound::Unbounded => 0,
            Bound::Included(min) => self.order.partition_point(|e| e.0 < min),
            Bound::Excluded(min) => self.order.partition_point(|e| e.0 <= min),
        };
        let end = match max {
            Bound::Unbounded => self.len(),
            Bound::Included(max) => self.order.partition_point(|e| e.0 <= max),
            Bound::Excluded(max) => self.order.partition_point(|e| e.0 < max),
        };
        start..end.max(start)
    }

    /// The ranks of the members whose bytes lie within the bounds, where all scores are equal; where they are
    /// not, of some members or none.
    pub fn ranks_by_lex(&self, min: Bound<&[u8]>, max: Bound<&[u8]>) -> Range<usize> {
        let start = match min {
            Bound::Unbounded => 0,
            Bound::Included(min) => self.order.partition_point(|e| e.1.as_slice() < min),
            Bound::Excluded(min) => self.order.partition_point(|e| e.1.as_slice() <= min),
        };
        let end = match max {
            Bound::Unbounded => self.len(),
            Bound::Included(max) => self.order.partition_point(|e| e.1.as_slice() <= max),
            Bound::Excluded(max) => self.order.partition_point(|e| e.1.as_slice() < max),
        };
        start..end.max(start)
    }

    /// Takes the members of these ranks out. Tells how many.
    pub fn remove_range(&mut self, ranks: Range<usize>) -> usize {
        let end = ranks.end.min(self.len());
        let start = ranks.start.min(end);
        for (_, member) in self.order.drain(start..end) {
            self.scores.remove(&member);
        }
        end - start
    }

    /// Takes the smallest (`Front`) or largest member out, showing it to `f` before it is gone.
    pub fn take<R>(&mut self, end: End, f: impl FnOnce(Element<'_>, f64) -> R) -> Option<R> {
        let rank = if end == End::Front { 0 } else { self.len().checked_sub(1)? };
        let (member, score) = self.at(rank)?;
        let result = f(member, score);
        self.remove_range(rank..rank + 1);
        Some(result)
    }

    /// Takes the smallest (`Front`) or largest member out.
    pub fn pop(&mut self, end: End) -> Option<(Vec<u8>, f64)> {
        self.take(end, |member, score| (member.to_vec(), score))
    }

    /// A member by chance, every one as likely.
    pub fn random(&self, prng: &mut Prng) -> Option<(Element<'_>, f64)> {
        self.at(prng.below((self.len() as u64).max(1)) as usize)
    }

    /// Shows `f` some more members, about `count`, going on where the call that returned `cursor` stopped; 0
    /// begins and is returned at the end.
    pub fn scan(&self, cursor: u64, count: usize, mut f: impl FnMut(Element<'_>, f64)) -> u64 {
        let _ = (cursor, count);
        self.iter().for_each(|(member, score)| f(member, score));
        0
    }

    /// The bytes of the listpack (member, score, ...), where it is one.
    pub fn as_listpack(&self) -> Option<&[u8]> {
        None
    }

    /// A sorted set from a listpack of members and scores, converted where that is too large for the limits;
    /// `None` where a member comes twice or a score is none.
    pub fn from_listpack(pack: Listpack, limits: &Thresholds) -> Option<ZSet> {
        let mut zset = ZSet::new();
        if pack.len() % 2 != 0 {
            return None;
        }
        for (member, score) in pack.pairs() {
            let score = std::str::from_utf8(&score.to_vec()).ok()?.parse().ok()?;
            if zset.insert(&member.to_vec(), score, limits) != Inserted::Added {
                return None;
            }
        }
        Some(zset)
    }

    /// Bytes allocated, the `ZSet` itself not counted.
    pub fn memory(&self) -> usize {
        self.order.iter().map(|(_, m)| 2 * m.len() + 100).sum()
    }

    fn place(&self, score: f64, member: &[u8]) -> Result<usize, usize> {
        self.order.binary_search_by(|(s, m)| {
            s.partial_cmp(&score).unwrap_or(Ordering::Equal).then_with(|| m.as_slice().cmp(member))
        })
    }
}

impl ZSetMut<'_> {
    /// [`ZSet::expect`]
    pub fn expect(&mut self, count: usize, longest: usize) {
        self.zset.expect(count, longest, self.limits);
    }

    /// [`ZSet::insert`]
    pub fn insert(&mut self, member: &[u8], score: f64) -> Inserted {
        self.zset.insert(member, score, self.limits)
    }
}

/// Members of a sorted set with their scores in ascending order, from either end.
#[derive(Clone, Debug)]
pub struct Iter<'a> {
    inner: std::slice::Iter<'a, (f64, Vec<u8>)>,
}

impl<'a> Iterator for Iter<'a> {
    type Item = (Element<'a>, f64);

    fn next(&mut self) -> Option<Self::Item> {
        self.inner.next().map(|(score, member)| (Element::Bytes(member), *score))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.inner.size_hint()
    }
}

impl DoubleEndedIterator for Iter<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.inner.next_back().map(|(score, member)| (Element::Bytes(member), *score))
    }
}

impl ExactSizeIterator for Iter<'_> {}
