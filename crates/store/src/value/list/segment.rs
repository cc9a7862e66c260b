//! One node of a long list: a listpack of elements, or a single element too large to be packed.

use std::ops::Range;

use ds::listpack::{self, Listpack};
use ds::{Element, Shared, tree};

use super::{End, Node};
use crate::Thresholds;

/// Elements of this size are nodes of their own.
pub(super) const PLAIN_FROM: usize = 1 << 30;
/// What an element may cost in a listpack beside its bytes, on a generous guess.
const OVERHEAD: usize = 8;
/// Nodes limited by their number of elements still have a limit in bytes.
const SAFE_BYTES: usize = 8192;

/// A node. Copies share the elements until one of them changes.
#[derive(Clone)]
pub(super) enum Segment {
    Packed {
        pack: Shared<Listpack>,
        /// As many as `pack` has; it may not know.
        count: usize,
    },
    Plain(Shared<Vec<u8>>),
}

/// How large a node may be: `list-max-listpack-size` understood.
#[derive(Clone, Copy)]
pub(super) struct Limit {
    bytes: usize,
    count: usize,
    /// Whether the number of elements is what is limited.
    by_count: bool,
}

impl Limit {
    pub(super) fn of(limits: &Thresholds) -> Limit {
        match limits.list_max_listpack_size {
            size @ 0.. => {
                Limit { bytes: usize::MAX, count: (size as usize).max(1), by_count: true }
            }
            size => {
                // -1 is 4 KiB, and every step down to -5 doubles it.
                let bytes = 4096 << (-1 - size).min(4);
                Limit { bytes, count: usize::MAX, by_count: false }
            }
        }
    }

    pub(super) fn half(self) -> Limit {
        Limit { bytes: self.bytes / 2, count: self.count / 2, ..self }
    }

    pub(super) fn is_passed_by(self, bytes: usize, count: usize) -> bool {
        if self.by_count { bytes > SAFE_BYTES || count > self.count } else { bytes > self.bytes }
    }

    /// Whether a listpack is small enough to be a whole list.
    pub(super) fn holds(self, pack: &Listpack) -> bool {
        pack.byte_len() <= self.bytes && pack.len() <= self.count
    }
}

impl Segment {
    /// A node of one element.
    pub(super) fn of(value: &[u8]) -> Segment {
        if value.len() >= PLAIN_FROM {
            return Segment::Plain(Shared::new(value.to_vec()));
        }
        let mut pack = Listpack::new();
        pack.push_back(Element::Bytes(value));
        Segment::Packed { pack: Shared::new(pack), count: 1 }
    }

    pub(super) fn packed(pack: Listpack) -> Segment {
        let count = pack.len();
        Segment::Packed { pack: Shared::new(pack), count }
    }

    pub(super) fn pack(&self) -> Option<&Listpack> {
        match self {
            Segment::Packed { pack, .. } => Some(pack),
            Segment::Plain(_) => None,
        }
    }

    pub(super) fn count(&self) -> usize {
        match self {
            Segment::Packed { count, .. } => *count,
            Segment::Plain(_) => 1,
        }
    }

    pub(super) fn as_node(&self) -> Node<'_> {
        match self {
            Segment::Packed { pack, .. } => Node::Packed(pack.as_bytes()),
            Segment::Plain(value) => Node::Plain(value),
        }
    }

    pub(super) fn heap_bytes(&self) -> usize {
        match self {
            Segment::Packed { pack, .. } => pack.capacity(),
            Segment::Plain(value) => value.len(),
        }
    }

    /// Whether one more element fits.
    pub(super) fn takes(&self, value: &[u8], limit: Limit) -> bool {
        match self {
            Segment::Packed { pack, count } => {
                let bytes = pack.byte_len() + value.len() + OVERHEAD;
                value.len() < PLAIN_FROM && !limit.is_passed_by(bytes, count + 1)
            }
            Segment::Plain(_) => false,
        }
    }

    /// Whether the elements of both fit into one node.
    pub(super) fn joins(&self, other: &Segment, limit: Limit) -> bool {
        match (self, other) {
            (Segment::Packed { pack: a, count: n }, Segment::Packed { pack: b, count: m }) => {
                let bytes = a.byte_len() + b.byte_len() - 7;
                bytes <= listpack::MAX_BYTES && !limit.is_passed_by(bytes, n + m)
            }
            _ => false,
        }
    }

    /// Adds the elements of another packed node at the back.
    pub(super) fn join(&mut self, other: Segment) {
        if let (Segment::Packed { pack, count }, Segment::Packed { pack: more, count: added }) =
            (self, other)
        {
            pack.append(&more);
            *count += added;
        }
    }

    /// Adds an element at an end of a packed node.
    pub(super) fn push(&mut self, end: End, value: &[u8]) {
        let index = if end == End::Front { 0 } else { self.count() };
        self.insert(index, value);
    }

    /// Adds an element to a packed node so that its index is `index`.
    pub(super) fn insert(&mut self, index: usize, value: &[u8]) {
        if let Segment::Packed { pack, count } = self {
            let at = match index {
                0 => pack.first(),
                index if index == *count => pack.end(),
                index => pack.seek(index).unwrap_or(pack.end()),
            };
            pack.insert(at, Element::Bytes(value));
            *count += 1;
        }
    }

    /// Puts a value in the place of another; false where it cannot be in this kind of node, or would make a packed one
    /// longer than `bytes_max`.
    pub(super) fn set(&mut self, index: usize, value: &[u8], bytes_max: usize) -> bool {
        match self {
            Segment::Packed { pack, .. }
                if value.len() < PLAIN_FROM
                    && pack.byte_len() + value.len() + OVERHEAD <= bytes_max =>
            {
                let at = pack.seek(index).expect("an index within the node");
                pack.replace(at, Element::Bytes(value));
                true
            }
            Segment::Plain(own) if value.len() >= PLAIN_FROM => {
                *own = Shared::new(value.to_vec());
                true
            }
            _ => false,
        }
    }

    /// Removes elements from a packed node; some must be left.
    pub(super) fn remove(&mut self, range: Range<usize>) {
        if let Segment::Packed { pack, count } = self {
            let at = pack.seek(range.start).expect("an index within the node");
            *count -= pack.remove_many(at, range.len());
        }
    }

    /// Takes the element at an end of a packed node away after showing it to `f`; some must be left.
    pub(super) fn take<R>(&mut self, end: End, f: impl FnOnce(Element<'_>) -> R) -> Option<R> {
        match self {
            Segment::Packed { pack, count } => {
                *count -= 1;
                super::edit::take_from_pack(pack, end, f)
            }
            Segment::Plain(_) => None,
        }
    }

    /// Removes `max` elements with these bytes from a packed node; some others must be left.
    pub(super) fn remove_matching(&mut self, value: &[u8], max: usize, from: End) {
        if let Segment::Packed { pack, count } = self {
            *count -= super::edit::remove_from_pack(pack, value, max, from);
        }
    }

    /// Takes the elements from `index` on out of a packed node; some must be left.
    pub(super) fn split_off(&mut self, index: usize) -> Segment {
        match self {
            Segment::Packed { pack, count } => {
                let at = pack.seek(index).expect("an index within the node");
                let tail = pack.split_off(at);
                let moved = *count - index;
                *count = index;
                Segment::Packed { pack: Shared::new(tail), count: moved }
            }
            Segment::Plain(_) => unreachable!("one element has no inside to split at"),
        }
    }

    /// The elements of these indexes.
    pub(super) fn slice(&self, range: Range<usize>) -> Elements<'_> {
        match self {
            Segment::Packed { pack, count } if range == (0..*count) => {
                Elements::Packed(pack.iter())
            }
            Segment::Packed { pack, .. } => Elements::Packed(pack.slice(range)),
            Segment::Plain(value) => {
                Elements::Plain((!range.is_empty()).then_some(Element::Bytes(value)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_is_replaced_in_only_as_far_as_its_size_can_be_counted() {
        let mut pack = Listpack::new();
        (0..9).for_each(|n| pack.push_back(Element::Int(n)));
        let mut node = Segment::packed(pack);
        let value = [b'x'; 60];
        let set: Vec<bool> = (0..9).map(|index| node.set(index, &value, 256)).collect();
        assert_eq!(set, [true, true, true, false, false, false, false, false, false]);
        let Segment::Packed { pack, count } = &node else { panic!("it stays packed") };
        assert!(pack.byte_len() <= 256 && *count == 9, "{} bytes", pack.byte_len());
    }
}

impl std::fmt::Debug for Segment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.slice(0..self.count())).finish()
    }
}

impl tree::Item for Segment {
    type Key = ();
    const UNIT: bool = false;

    fn key(&self) {}

    fn weight(&self) -> usize {
        self.count()
    }
}

/// Elements of one node, from either end.
#[derive(Clone, Debug)]
pub(super) enum Elements<'a> {
    Packed(listpack::Iter<'a>),
    Plain(Option<Element<'a>>),
}

impl<'a> Iterator for Elements<'a> {
    type Item = Element<'a>;

    #[inline]
    fn next(&mut self) -> Option<Element<'a>> {
        match self {
            Elements::Packed(pack) => pack.next(),
            Elements::Plain(value) => value.take(),
        }
    }

    #[inline]
    fn fold<B, F: FnMut(B, Element<'a>) -> B>(self, first: B, f: F) -> B {
        match self {
            Elements::Packed(pack) => pack.fold(first, f),
            Elements::Plain(value) => value.into_iter().fold(first, f),
        }
    }
}

impl<'a> DoubleEndedIterator for Elements<'a> {
    #[inline]
    fn next_back(&mut self) -> Option<Element<'a>> {
        match self {
            Elements::Packed(pack) => pack.next_back(),
            Elements::Plain(value) => value.take(),
        }
    }
}
