//! A sorted set: members by score, then by bytes. Few in a listpack, many in a counted tree beside a member index.
//!
//! Every question about order is asked in ranks: [`ZSet::ranks_by_score`] and [`ZSet::ranks_by_lex`] turn bounds
//! into a range of ranks, whose length is the count, and which [`ZSet::range`] walks from either end.

pub(crate) mod order;
mod pack;

use std::fmt;
use std::ops::{Bound, Range};

use crate::Inside;
use ds::listpack::{self, Listpack};
use ds::table::Probe;
use ds::{Element, ElementBuf};
use stdx::Prng;

use super::kept::Kept;
use super::{Encoding, End, STRANGER_BYTES_MAX, distinct};
use crate::{Thresholds, ZSetMut};
use order::Ordered;
use pack::Soundness;

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
#[derive(Clone)]
pub struct ZSet {
    members: Members,
}

#[derive(Clone)]
enum Members {
    /// Member, score, ... in order.
    Pack(Listpack),
    Ordered(Kept<Ordered>),
}

impl Default for ZSet {
    fn default() -> ZSet {
        ZSet::new()
    }
}

impl fmt::Debug for ZSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl ZSet {
    /// An empty sorted set.
    pub fn new() -> ZSet {
        ZSet { members: Members::Pack(Listpack::new()) }
    }

    /// How many members.
    pub fn len(&self) -> usize {
        match &self.members {
            Members::Pack(pack) => pack.len() / 2,
            Members::Ordered(ordered) => ordered.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How it is kept: `listpack` or `skiplist` (the name clients know; it is a tree).
    pub fn encoding(&self) -> Encoding {
        match &self.members {
            Members::Pack(_) => Encoding::Listpack,
            Members::Ordered(_) => Encoding::Skiplist,
        }
    }

    /// See [`crate::ValueRef::look_ahead`].
    pub(crate) fn look_ahead(&self, inside: Inside<'_>) -> Option<Probe<'_>> {
        match &self.members {
            Members::Pack(pack) => pack.prefetch(),
            Members::Ordered(ordered) => {
                return inside.member().map(|member| ordered.probe(member));
            }
        }
        None
    }

    /// The score of a member.
    pub fn score(&self, member: &[u8]) -> Option<f64> {
        match &self.members {
            Members::Pack(pack) => pack::find(pack, member).map(|(_, score)| score),
            Members::Ordered(ordered) => ordered.score(member),
        }
    }

    /// Whether these bytes are a member.
    pub fn contains(&self, member: &[u8]) -> bool {
        self.score(member).is_some()
    }

    /// Says that `count` members, the first (or longest) of `longest` bytes, are about to be inserted: picks the
    /// encoding of an empty set, and converts another that so many would not fit, as Redis does before ZADD.
    pub fn expect(&mut self, count: usize, longest: usize, limits: &Thresholds) {
        let Members::Pack(pack) = &self.members else { return };
        let is_long = pack.is_empty() && longest > limits.zset_max_listpack_value;
        if is_long || count > limits.zset_max_listpack_entries {
            self.convert_to_ordered(limits);
        }
    }

    /// Gives a member a score, whether it was there or not. The score must not be NaN.
    pub fn insert(&mut self, member: &[u8], score: f64, limits: &Thresholds) -> Inserted {
        debug_assert!(!score.is_nan(), "a score that is no number has no place in an order");
        if let Members::Pack(pack) = &mut self.members {
            if let Some((at, old)) = pack::find(pack, member) {
                if old == score {
                    return Inserted::Same;
                }
                pack.remove_many(at, 2);
                pack::insert(pack, member, score);
                return Inserted::Updated;
            }
            if pack.len() / 2 < limits.zset_max_listpack_entries
                && member.len() <= limits.zset_max_listpack_value
                && pack.has_room(member.len() + 64)
            {
                pack::insert(pack, member, score);
                return Inserted::Added;
            }
            self.convert_to_ordered(limits);
        }
        let Members::Ordered(ordered) = &mut self.members else {
            unreachable!("a listpack has returned or been converted")
        };
        match ordered.update(member, score) {
            None => {
                ordered.insert_new(member, score);
                Inserted::Added
            }
            Some(old) if old == score => Inserted::Same,
            Some(_) => Inserted::Updated,
        }
    }

    /// Takes a member out; its score.
    pub fn remove(&mut self, member: &[u8]) -> Option<f64> {
        match &mut self.members {
            Members::Pack(pack) => {
                let (at, score) = pack::find(pack, member)?;
                pack.remove_many(at, 2);
                Some(score)
            }
            Members::Ordered(ordered) => ordered.remove(member),
        }
    }

    /// How many members come before this one in ascending order.
    pub fn rank(&self, member: &[u8]) -> Option<usize> {
        match &self.members {
            Members::Pack(pack) => pack.pairs().position(|(own, _)| own.eq_bytes(member)),
            Members::Ordered(ordered) => Some(ordered.rank(ordered.score(member)?, member)),
        }
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
        let ranks = ranks.start.min(end)..end;
        let left = ranks.len();
        let inner = match &self.members {
            Members::Pack(pack) => Inner::Pack(pack.slice(2 * ranks.start..2 * ranks.end)),
            Members::Ordered(ordered) => Inner::Ordered(ordered.range(ranks)),
        };
        Iter { inner, left }
    }

    /// The ranks of the members whose scores lie within the bounds.
    pub fn ranks_by_score(&self, min: Bound<f64>, max: Bound<f64>) -> Range<usize> {
        let start = match min {
            Bound::Unbounded => 0,
            Bound::Included(min) => self.partition_by_score(|score| score < min),
            Bound::Excluded(min) => self.partition_by_score(|score| score <= min),
        };
        let end = match max {
            Bound::Unbounded => self.len(),
            Bound::Included(max) => self.partition_by_score(|score| score <= max),
            Bound::Excluded(max) => self.partition_by_score(|score| score < max),
        };
        start..end.max(start)
    }

    fn partition_by_score(&self, question: impl Fn(f64) -> bool) -> usize {
        match &self.members {
            Members::Pack(pack) => {
                pack::pairs(pack).take_while(|&(_, score)| question(score)).count()
            }
            Members::Ordered(ordered) => ordered.partition_by_score(question),
        }
    }

    /// The ranks of the members whose bytes lie within the bounds, where all scores are equal; where they are
    /// not, of some members or none.
    pub fn ranks_by_lex(&self, min: Bound<&[u8]>, max: Bound<&[u8]>) -> Range<usize> {
        let start = match min {
            Bound::Unbounded => 0,
            Bound::Included(min) => self.partition_by_member(|member| member < min),
            Bound::Excluded(min) => self.partition_by_member(|member| member <= min),
        };
        let end = match max {
            Bound::Unbounded => self.len(),
            Bound::Included(max) => self.partition_by_member(|member| member <= max),
            Bound::Excluded(max) => self.partition_by_member(|member| member < max),
        };
        start..end.max(start)
    }

    fn partition_by_member(&self, question: impl Fn(&[u8]) -> bool) -> usize {
        match &self.members {
            Members::Pack(pack) => {
                let mut buf = ElementBuf::new();
                pack.pairs().take_while(|(member, _)| question(member.bytes(&mut buf))).count()
            }
            Members::Ordered(ordered) => ordered.partition_by_member(question),
        }
    }

    /// Takes the members of these ranks out. Tells how many.
    pub fn remove_range(&mut self, ranks: Range<usize>) -> usize {
        let end = ranks.end.min(self.len());
        let start = ranks.start.min(end);
        match &mut self.members {
            Members::Pack(pack) => {
                if let Some(at) = pack.seek(2 * start) {
                    pack.remove_many(at, 2 * (end - start));
                }
            }
            Members::Ordered(ordered) => (start..end).for_each(|_| ordered.remove_at(start)),
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
    /// begins and is returned at the end. What is packed is shown all at once.
    pub fn scan(&self, cursor: u64, count: usize, mut f: impl FnMut(Element<'_>, f64)) -> u64 {
        match &self.members {
            Members::Ordered(ordered) => ordered.scan(cursor, count, f),
            Members::Pack(_) => {
                self.iter().for_each(|(member, score)| f(member, score));
                0
            }
        }
    }

    /// The bytes of the listpack (member, score, ...), where it is one.
    pub fn as_listpack(&self) -> Option<&[u8]> {
        match &self.members {
            Members::Pack(pack) => Some(pack.as_bytes()),
            Members::Ordered(_) => None,
        }
    }

    /// A sorted set from a listpack of members and scores, converted where that is too large for the limits, and
    /// sorted where it is not; `None` where a member comes twice or a score is none.
    pub fn from_listpack(pack: Listpack, limits: &Thresholds) -> Option<ZSet> {
        if pack.len() & 1 == 1 {
            return None;
        }
        let longest = pack.pairs().map(|(member, _)| member.len()).max().unwrap_or(0);
        let soundness = pack::soundness(&pack);
        if pack.len() / 2 > limits.zset_max_listpack_entries
            || longest > limits.zset_max_listpack_value
            || pack.byte_len() > STRANGER_BYTES_MAX
        {
            let mut ordered = Ordered::new(limits.seed);
            let mut buf = ElementBuf::new();
            for (member, score) in pack::pairs(&pack) {
                let member = member.bytes(&mut buf);
                if matches!(soundness, Soundness::Broken) || ordered.score(member).is_some() {
                    return None;
                }
                match soundness {
                    Soundness::Sorted => ordered.push_back(member, score),
                    _ => ordered.insert_new(member, score),
                }
            }
            return Some(ZSet { members: Members::Ordered(Kept::new(ordered)) });
        }
        if !distinct(pack.pairs().map(|(member, _)| member)) {
            return None;
        }
        let pack = match soundness {
            Soundness::Broken => return None,
            Soundness::Sorted => pack,
            Soundness::Unsorted => pack::sorted(&pack),
        };
        Some(ZSet { members: Members::Pack(pack) })
    }

    /// Goes back to a listpack where that is within the limits, as Redis does with the result of ZUNIONSTORE and
    /// its kin.
    pub fn to_listpack_if_fits(&mut self, limits: &Thresholds) {
        let Members::Ordered(ordered) = &self.members else { return };
        let len = ordered.len();
        if len > limits.zset_max_listpack_entries {
            return;
        }
        let mut bytes = 0;
        let mut longest = 0;
        for (member, _) in ordered.range(0..len) {
            bytes += member.len() + 64;
            longest = longest.max(member.len());
        }
        let mut pack = Listpack::new();
        if longest > limits.zset_max_listpack_value || !pack.has_room(bytes) {
            return;
        }
        for (member, score) in ordered.range(0..len) {
            pack::insert(&mut pack, member, score);
        }
        self.members = Members::Pack(pack);
    }

    /// Bytes allocated, the `ZSet` itself not counted.
    pub fn memory(&self) -> usize {
        match &self.members {
            Members::Pack(pack) => pack.capacity(),
            Members::Ordered(ordered) => ordered.memory(),
        }
    }

    /// The large form, with how many bytes its members take.
    pub(crate) fn large(&mut self) -> Option<(&mut Kept<Ordered>, usize)> {
        match &mut self.members {
            Members::Pack(_) => None,
            Members::Ordered(ordered) => {
                let bytes = ordered.bytes();
                Some((ordered, bytes))
            }
        }
    }

    /// Says that the value leaves the keyspace, or comes (back) into one.
    pub(crate) fn set_away(&self, away: bool) {
        if let Members::Ordered(ordered) = &self.members {
            ordered.set_away(away);
        }
    }

    fn convert_to_ordered(&mut self, limits: &Thresholds) {
        if let Members::Pack(pack) = &self.members {
            let mut ordered = Ordered::new(limits.seed);
            let mut buf = ElementBuf::new();
            for (member, score) in pack::pairs(pack) {
                ordered.push_back(member.bytes(&mut buf), score);
            }
            self.members = Members::Ordered(Kept::new(ordered));
        }
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

    /// [`ZSet::to_listpack_if_fits`]
    pub fn to_listpack_if_fits(&mut self) {
        self.zset.to_listpack_if_fits(self.limits);
    }
}

/// Members of a sorted set with their scores in ascending order, from either end.
#[derive(Clone)]
pub struct Iter<'a> {
    inner: Inner<'a>,
    left: usize,
}

#[derive(Clone)]
enum Inner<'a> {
    Pack(listpack::Iter<'a>),
    Ordered(order::Iter<'a>),
}

impl<'a> Iterator for Iter<'a> {
    type Item = (Element<'a>, f64);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let item = match &mut self.inner {
            Inner::Pack(pack) => {
                let member = pack.next()?;
                (member, pack::score(pack.next()?).unwrap_or(0.0))
            }
            Inner::Ordered(ordered) => {
                let (member, score) = ordered.next()?;
                (Element::Bytes(member), score)
            }
        };
        self.left -= 1;
        Some(item)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl DoubleEndedIterator for Iter<'_> {
    #[inline]
    fn next_back(&mut self) -> Option<Self::Item> {
        let item = match &mut self.inner {
            Inner::Pack(pack) => {
                let score = pack::score(pack.next_back()?).unwrap_or(0.0);
                (pack.next_back()?, score)
            }
            Inner::Ordered(ordered) => {
                let (member, score) = ordered.next_back()?;
                (Element::Bytes(member), score)
            }
        };
        self.left -= 1;
        Some(item)
    }
}

impl ExactSizeIterator for Iter<'_> {}

#[cfg(test)]
mod tests;
