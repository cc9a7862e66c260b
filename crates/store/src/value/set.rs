//! A set: integers in an intset, few members in a listpack, many in a hash table.
//!
//! It converts as Redis 7.2 does, and like there never back.

use std::collections::BTreeSet;

use ds::Element;
use ds::intset::Intset;
use ds::listpack::Listpack;
use stdx::Prng;

use super::Encoding;
use crate::{SetMut, Thresholds};

/// A set of distinct members.
#[derive(Clone, Debug, Default)]
pub struct Set {
    members: BTreeSet<Vec<u8>>,
}

impl Set {
    /// An empty set.
    pub fn new() -> Set {
        Set::default()
    }

    /// How many members.
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How it is kept: `intset`, `listpack` or `hashtable`.
    pub fn encoding(&self) -> Encoding {
        Encoding::Hashtable
    }

    /// Whether these bytes are a member.
    pub fn contains(&self, member: &[u8]) -> bool {
        self.members.contains(member)
    }

    /// Says that `count` members are about to be inserted, `first` being the first: picks the encoding of an
    /// empty set, and converts another where that many would not fit, as Redis does before SADD.
    pub fn expect(&mut self, first: &[u8], count: usize, limits: &Thresholds) {
        let _ = (first, count, limits);
    }

    /// Puts a member in; false where it was there.
    pub fn insert(&mut self, member: &[u8], _limits: &Thresholds) -> bool {
        self.members.insert(member.to_vec())
    }

    /// Takes a member out; false where it was not there.
    pub fn remove(&mut self, member: &[u8]) -> bool {
        self.members.remove(member)
    }

    /// The members in no particular order (ascending in an intset).
    pub fn iter(&self) -> Iter<'_> {
        Iter { all: self.members.iter().map(|m| Element::Bytes(m)).collect::<Vec<_>>().into_iter() }
    }

    /// A member by chance, every one as likely.
    pub fn random(&self, prng: &mut Prng) -> Option<Element<'_>> {
        let n = prng.below((self.len() as u64).max(1));
        self.iter().nth(n as usize)
    }

    /// Takes a member by chance out.
    pub fn pop_random(&mut self, prng: &mut Prng) -> Option<Vec<u8>> {
        let member = self.random(prng)?.to_vec();
        self.remove(&member);
        Some(member)
    }

    /// Shows `f` some more members, about `count`, going on where the call that returned `cursor` stopped; 0
    /// begins and is returned at the end. Members that stay throughout are shown at least once.
    pub fn scan(&self, cursor: u64, count: usize, f: impl FnMut(Element<'_>)) -> u64 {
        let _ = (cursor, count);
        self.iter().for_each(f);
        0
    }

    /// The bytes of the intset, where it is one.
    pub fn as_intset(&self) -> Option<&[u8]> {
        None
    }

    /// The bytes of the listpack, where it is one.
    pub fn as_listpack(&self) -> Option<&[u8]> {
        None
    }

    /// A set from an intset, converted where that is too large for the limits.
    pub fn from_intset(ints: Intset, limits: &Thresholds) -> Set {
        let mut set = Set::new();
        ints.iter().for_each(|n| {
            set.insert(n.to_string().as_bytes(), limits);
        });
        set
    }

    /// A set from a listpack, converted where that is too large for the limits; `None` where an element comes
    /// twice.
    pub fn from_listpack(pack: Listpack, limits: &Thresholds) -> Option<Set> {
        let mut set = Set::new();
        pack.iter().all(|e| set.insert(&e.to_vec(), limits)).then_some(set)
    }

    /// Bytes allocated, the `Set` itself not counted.
    pub fn memory(&self) -> usize {
        self.members.iter().map(|m| m.len() + 32).sum()
    }
}

impl SetMut<'_> {
    /// [`Set::expect`]
    pub fn expect(&mut self, first: &[u8], count: usize) {
        self.set.expect(first, count, self.limits);
    }

    /// [`Set::insert`]
    pub fn insert(&mut self, member: &[u8]) -> bool {
        self.set.insert(member, self.limits)
    }
}

/// The members of a set.
#[derive(Clone, Debug)]
pub struct Iter<'a> {
    all: std::vec::IntoIter<Element<'a>>,
}

impl<'a> Iterator for Iter<'a> {
    type Item = Element<'a>;

    fn next(&mut self) -> Option<Element<'a>> {
        self.all.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.all.size_hint()
    }
}

impl ExactSizeIterator for Iter<'_> {}
