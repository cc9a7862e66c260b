//! A set: integers in an intset, few members in a listpack, many in a hash table.
//!
//! It converts as Redis 7.2 does, and like there never back by itself.

use crate::Inside;
use ds::intset::Intset;
use ds::listpack::{self, Listpack};
use ds::table::Probe;
use ds::{Cell, Element, ElementBuf};
use stdx::Prng;
use stdx::integer::parse_i64;

use super::kept::Kept;
use super::{Encoding, STRANGER_BYTES_MAX, distinct, members};
use crate::{SetMut, Thresholds};

/// A set of distinct members.
#[derive(Clone, Debug)]
pub struct Set {
    members: Members,
}

#[derive(Clone, Debug)]
enum Members {
    Ints(Intset),
    Pack(Listpack),
    Table(Kept<members::Cells>),
}

impl Default for Set {
    fn default() -> Set {
        Set::new()
    }
}

impl Set {
    /// An empty set.
    pub fn new() -> Set {
        Set { members: Members::Ints(Intset::new()) }
    }

    /// How many members.
    pub fn len(&self) -> usize {
        match &self.members {
            Members::Ints(ints) => ints.len(),
            Members::Pack(pack) => pack.len(),
            Members::Table(cells) => cells.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How it is kept: `intset`, `listpack` or `hashtable`.
    pub fn encoding(&self) -> Encoding {
        match &self.members {
            Members::Ints(_) => Encoding::Intset,
            Members::Pack(_) => Encoding::Listpack,
            Members::Table(_) => Encoding::Hashtable,
        }
    }

    /// See [`crate::ValueRef::look_ahead`].
    pub(crate) fn look_ahead(&self, inside: Inside<'_>) -> Option<Probe<'_>> {
        match &self.members {
            Members::Ints(ints) => ints.prefetch(),
            Members::Pack(pack) => pack.prefetch(),
            Members::Table(cells) => return inside.member().map(|member| cells.probe(member)),
        }
        None
    }

    /// Whether these bytes are a member.
    pub fn contains(&self, member: &[u8]) -> bool {
        match &self.members {
            Members::Ints(ints) => parse_i64(member).is_some_and(|n| ints.contains(n)),
            Members::Pack(pack) => pack.find(pack.first(), member, 1).is_some(),
            Members::Table(cells) => cells.table.contains(member),
        }
    }

    /// Says that `count` members are about to be inserted, `first` being the first: picks the encoding of an
    /// empty set, and converts another where that many would not fit, as Redis does before SADD.
    pub fn expect(&mut self, first: &[u8], count: usize, limits: &Thresholds) {
        if self.is_empty() {
            self.members = if count <= limits.set_max_intset_entries && parse_i64(first).is_some() {
                Members::Ints(Intset::new())
            } else if count <= limits.set_max_listpack_entries {
                Members::Pack(Listpack::new())
            } else {
                Members::Table(Kept::new(members::Cells::new(limits.seed)))
            };
            return;
        }
        let max = match &self.members {
            Members::Ints(_) => limits.set_max_intset_entries,
            Members::Pack(_) => limits.set_max_listpack_entries,
            Members::Table(_) => return,
        };
        if count > max {
            self.convert_to_table(limits);
        }
    }

    /// Puts a member in; false where it was there.
    pub fn insert(&mut self, member: &[u8], limits: &Thresholds) -> bool {
        match &mut self.members {
            Members::Ints(ints) => match parse_i64(member) {
                Some(value) => {
                    let is_new = ints.insert(value);
                    if is_new && ints.len() > limits.set_max_intset_entries.min(1 << 30) {
                        self.convert_to_table(limits);
                    }
                    return is_new;
                }
                None => {
                    // Every integer is at most as long as the longer of the two at the ends.
                    let spelled = |value: Option<i64>| value.map_or(0, |n| Element::Int(n).len());
                    let longest = spelled(ints.min()).max(spelled(ints.max())).max(member.len());
                    let fits = ints.len() < limits.set_max_listpack_entries
                        && longest <= limits.set_max_listpack_value
                        && ints.len() * 11 + member.len() < listpack::MAX_BYTES;
                    if fits {
                        let mut pack = Listpack::new();
                        ints.iter().for_each(|value| pack.push_back(Element::Int(value)));
                        pack.push_back(Element::Bytes(member));
                        pack.shrink_to_fit();
                        self.members = Members::Pack(pack);
                        return true;
                    }
                    self.convert_to_table(limits);
                }
            },
            Members::Pack(pack) => {
                if pack.find(pack.first(), member, 1).is_some() {
                    return false;
                }
                if pack.len() < limits.set_max_listpack_entries
                    && member.len() <= limits.set_max_listpack_value
                    && pack.has_room(member.len())
                {
                    pack.push_back(Element::Bytes(member));
                    return true;
                }
                self.convert_to_table(limits);
            }
            Members::Table(_) => {}
        }
        let Members::Table(cells) = &mut self.members else {
            unreachable!("everything else has returned or been converted")
        };
        cells.insert_if_absent(member, || Cell::new(member, None, None))
    }

    /// Takes a member out; false where it was not there.
    pub fn remove(&mut self, member: &[u8]) -> bool {
        match &mut self.members {
            Members::Ints(ints) => parse_i64(member).is_some_and(|value| ints.remove(value)),
            Members::Pack(pack) => match pack.find(pack.first(), member, 1) {
                Some(at) => {
                    pack.remove(at);
                    true
                }
                None => false,
            },
            Members::Table(cells) => cells.remove(member).is_some(),
        }
    }

    /// The members in no particular order (ascending in an intset).
    pub fn iter(&self) -> Iter<'_> {
        let inner = match &self.members {
            Members::Ints(ints) => Inner::Ints(ints, 0),
            Members::Pack(pack) => Inner::Pack(pack.iter()),
            Members::Table(cells) => Inner::Table(cells.iter()),
        };
        Iter { inner, left: self.len() }
    }

    /// A member by chance, every one as likely.
    pub fn random(&self, prng: &mut Prng) -> Option<Element<'_>> {
        if self.is_empty() {
            return None;
        }
        match &self.members {
            Members::Ints(ints) => {
                ints.get(prng.below(ints.len() as u64) as usize).map(Element::Int)
            }
            Members::Pack(pack) => pack.get(prng.below(pack.len() as u64) as usize),
            Members::Table(cells) => cells.table.random(prng).map(|c| Element::Bytes(c.key())),
        }
    }

    /// Takes a member by chance out.
    pub fn pop_random(&mut self, prng: &mut Prng) -> Option<Vec<u8>> {
        let member = self.random(prng)?.to_vec();
        self.remove(&member);
        Some(member)
    }

    /// Shows `f` some more members, about `count`, going on where the call that returned `cursor` stopped; 0
    /// begins and is returned at the end. Members that stay throughout are shown at least once. What is packed is
    /// shown all at once.
    pub fn scan(&self, cursor: u64, count: usize, mut f: impl FnMut(Element<'_>)) -> u64 {
        match &self.members {
            Members::Table(cells) => {
                cells.table.scan(cursor, count, |cell| f(Element::Bytes(cell.key())))
            }
            _ => {
                self.iter().for_each(f);
                0
            }
        }
    }

    /// The bytes of the intset, where it is one.
    pub fn as_intset(&self) -> Option<&[u8]> {
        match &self.members {
            Members::Ints(ints) => Some(ints.as_bytes()),
            _ => None,
        }
    }

    /// The bytes of the listpack, where it is one.
    pub fn as_listpack(&self) -> Option<&[u8]> {
        match &self.members {
            Members::Pack(pack) => Some(pack.as_bytes()),
            _ => None,
        }
    }

    /// A set from an intset, converted where that is too large for the limits.
    pub fn from_intset(ints: Intset, limits: &Thresholds) -> Set {
        let is_large = ints.len() > limits.set_max_intset_entries;
        let mut set = Set { members: Members::Ints(ints) };
        if is_large {
            set.convert_to_table(limits);
        }
        set
    }

    /// A set from a listpack, converted where that is too large for the limits; `None` where an element comes
    /// twice.
    pub fn from_listpack(pack: Listpack, limits: &Thresholds) -> Option<Set> {
        if pack.len() > limits.set_max_listpack_entries || pack.byte_len() > STRANGER_BYTES_MAX {
            let mut cells = members::Cells::new(limits.seed);
            let mut buf = ElementBuf::new();
            for member in pack.iter() {
                let member = member.bytes(&mut buf);
                if !cells.insert_if_absent(member, || Cell::new(member, None, None)) {
                    return None;
                }
            }
            return Some(Set { members: Members::Table(Kept::new(cells)) });
        }
        distinct(pack.iter()).then_some(Set { members: Members::Pack(pack) })
    }

    /// Makes an intset of a set of nothing but integers that are few enough, as Redis does with the result of
    /// SUNIONSTORE and its kin.
    pub fn to_intset_if_fits(&mut self, limits: &Thresholds) {
        if self.encoding() == Encoding::Intset || self.len() > limits.set_max_intset_entries {
            return;
        }
        let mut ints = Intset::new();
        for member in self.iter() {
            match member.to_i64() {
                Some(value) => ints.insert(value),
                None => return,
            };
        }
        self.members = Members::Ints(ints);
    }

    /// Bytes allocated, the `Set` itself not counted.
    pub fn memory(&self) -> usize {
        match &self.members {
            Members::Ints(ints) => ints.capacity(),
            Members::Pack(pack) => pack.capacity(),
            Members::Table(cells) => size_of::<members::Cells>() + cells.memory(),
        }
    }

    /// The large form, with how many bytes its members take.
    pub(crate) fn large(&mut self) -> Option<(&mut Kept<members::Cells>, usize)> {
        match &mut self.members {
            Members::Table(cells) => {
                let bytes = cells.bytes();
                Some((cells, bytes))
            }
            _ => None,
        }
    }

    /// Says that the value leaves the keyspace, or comes (back) into one.
    pub(crate) fn set_away(&self, away: bool) {
        if let Members::Table(cells) = &self.members {
            cells.set_away(away);
        }
    }

    fn convert_to_table(&mut self, limits: &Thresholds) {
        let mut cells = members::Cells::new(limits.seed);
        let mut buf = ElementBuf::new();
        for member in self.iter() {
            cells.insert_new(Cell::new(member.bytes(&mut buf), None, None));
        }
        self.members = Members::Table(Kept::new(cells));
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

    /// [`Set::to_intset_if_fits`]
    pub fn to_intset_if_fits(&mut self) {
        self.set.to_intset_if_fits(self.limits);
    }
}

/// The members of a set.
pub struct Iter<'a> {
    inner: Inner<'a>,
    left: usize,
}

enum Inner<'a> {
    Ints(&'a Intset, usize),
    Pack(listpack::Iter<'a>),
    Table(members::Iter<'a, Cell>),
}

impl<'a> Iterator for Iter<'a> {
    type Item = Element<'a>;

    #[inline]
    fn next(&mut self) -> Option<Element<'a>> {
        let element = match &mut self.inner {
            Inner::Ints(ints, index) => {
                *index += 1;
                ints.get(*index - 1).map(Element::Int)
            }
            Inner::Pack(pack) => pack.next(),
            Inner::Table(cells) => cells.next().map(|cell| Element::Bytes(cell.key())),
        }?;
        self.left -= 1;
        Some(element)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for Iter<'_> {}

#[cfg(test)]
mod tests;
