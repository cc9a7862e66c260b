//! A list: one listpack while it is small, a sequence of them when it is not.
//!
//! When it converts and where it splits follows Redis 7.2's `list-max-listpack-size`, so that OBJECT ENCODING
//! answers the same.

use std::collections::VecDeque;
use std::ops::Range;

use ds::Element;
use ds::listpack::Listpack;

use super::Encoding;
use crate::{ListMut, Thresholds};

/// An end of a list, or the end of an order one begins from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The head; the smallest.
    Front,
    /// The tail; the largest.
    Back,
}

/// A side of an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Nearer to the front.
    Before,
    /// Nearer to the back.
    After,
}

/// A node as RDB stores it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Node<'a> {
    /// A listpack of several elements.
    Packed(&'a [u8]),
    /// One element by itself, too large to be packed.
    Plain(&'a [u8]),
}

/// A list.
#[derive(Clone, Debug, Default)]
pub struct List {
    nodes: VecDeque<Listpack>,
    len: usize,
}

impl List {
    /// An empty list.
    pub fn new() -> List {
        List::default()
    }

    /// How many elements.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How it is kept: `listpack` or `quicklist`.
    pub fn encoding(&self) -> Encoding {
        if self.nodes.len() <= 1 { Encoding::Listpack } else { Encoding::Quicklist }
    }

    /// The element at `index`, counted from the front.
    pub fn get(&self, index: usize) -> Option<Element<'_>> {
        self.iter().nth(index)
    }

    /// All elements, from either end.
    pub fn iter(&self) -> Iter<'_> {
        self.range(0..self.len)
    }

    /// The elements of these indexes, from either end. Finding the first is fast; the range is cut to what there is.
    pub fn range(&self, range: Range<usize>) -> Iter<'_> {
        let all: Vec<Element<'_>> = self.nodes.iter().flat_map(|n| n.iter()).collect();
        let end = range.end.min(all.len());
        Iter { all: all[range.start.min(end)..end].to_vec().into() }
    }

    /// The index of the first element with these bytes.
    pub fn position(&self, value: &[u8]) -> Option<usize> {
        self.iter().position(|e| e.eq_bytes(value))
    }

    /// Adds an element at an end.
    pub fn push(&mut self, end: End, value: &[u8], limits: &Thresholds) {
        let index = if end == End::Front { 0 } else { self.len };
        self.insert(index, value, limits);
    }

    /// Says that so many elements of so many bytes in all are about to be added: a list that would grow too
    /// large for one listpack converts now, as Redis does it before LPUSH and its kin.
    pub fn expect(&mut self, _count: usize, _bytes: usize, _limits: &Thresholds) {}

    /// Takes the element at an end away and shows it to `f` before it is gone.
    pub fn take<R>(
        &mut self,
        end: End,
        limits: &Thresholds,
        f: impl FnOnce(Element<'_>) -> R,
    ) -> Option<R> {
        let index = if end == End::Front { 0 } else { self.len.checked_sub(1)? };
        let result = f(self.get(index)?);
        self.remove_range(index..index + 1, limits);
        Some(result)
    }

    /// Takes the element at an end away.
    pub fn pop(&mut self, end: End, limits: &Thresholds) -> Option<Vec<u8>> {
        self.take(end, limits, |element| element.to_vec())
    }

    /// Puts a value in the place of the element at `index`; false where there is none.
    pub fn set(&mut self, index: usize, value: &[u8], limits: &Thresholds) -> bool {
        let there = index < self.len;
        if there {
            self.remove_range(index..index + 1, limits);
            self.insert(index, value, limits);
        }
        there
    }

    /// Adds an element so that its index is `index`, which is at most the length.
    pub fn insert(&mut self, index: usize, value: &[u8], _limits: &Thresholds) {
        if self.nodes.is_empty() {
            self.nodes.push_back(Listpack::new());
        }
        let pack = &mut self.nodes[0];
        pack.insert(pack.seek(index).unwrap_or(pack.end()), Element::Bytes(value));
        self.len += 1;
    }

    /// Adds an element beside the first one that equals `pivot`; false where there is none.
    pub fn insert_beside(
        &mut self,
        pivot: &[u8],
        side: Side,
        value: &[u8],
        limits: &Thresholds,
    ) -> bool {
        match self.position(pivot) {
            Some(index) => {
                self.insert(index + usize::from(side == Side::After), value, limits);
                true
            }
            None => false,
        }
    }

    /// Removes up to `count` elements with these bytes, the ones nearest to `from` first. Tells how many.
    pub fn remove_matching(
        &mut self,
        value: &[u8],
        count: usize,
        from: End,
        limits: &Thresholds,
    ) -> usize {
        let mut removed = 0;
        while removed < count {
            let index = match from {
                End::Front => self.position(value),
                End::Back => {
                    self.iter().rev().position(|e| e.eq_bytes(value)).map(|i| self.len - 1 - i)
                }
            };
            let Some(index) = index else { break };
            self.remove_range(index..index + 1, limits);
            removed += 1;
        }
        removed
    }

    /// Removes the elements of these indexes, as far as they exist. Tells how many.
    pub fn remove_range(&mut self, range: Range<usize>, _limits: &Thresholds) -> usize {
        let Some(pack) = self.nodes.front_mut() else { return 0 };
        let Some(at) = pack.seek(range.start) else { return 0 };
        let removed = pack.remove_many(at, range.len());
        self.len -= removed;
        removed
    }

    /// Removes all but the elements of these indexes. Tells how many went.
    pub fn trim(&mut self, keep: Range<usize>, limits: &Thresholds) -> usize {
        let tail = self.remove_range(keep.end.max(keep.start)..self.len, limits);
        tail + self.remove_range(0..keep.start, limits)
    }

    /// The nodes as RDB stores them, front to back.
    pub fn nodes(&self) -> impl Iterator<Item = Node<'_>> + '_ {
        self.nodes.iter().map(|pack| Node::Packed(pack.as_bytes()))
    }

    /// How many nodes [`List::nodes`] gives.
    pub fn node_count(&self) -> usize {
        self.nodes.len()
    }

    /// Adds all elements of a listpack at the back, keeping it as a node where it is one. Call
    /// [`List::loaded`] after the last.
    pub fn push_packed(&mut self, pack: Listpack) {
        self.len += pack.len();
        match self.nodes.front_mut() {
            Some(first) => first.append(&pack),
            None => self.nodes.push_back(pack),
        }
    }

    /// Adds an element at the back, as a node of its own where it is too large to be packed.
    pub fn push_plain(&mut self, value: Vec<u8>) {
        let mut pack = Listpack::new();
        pack.push_back(Element::Bytes(&value));
        self.push_packed(pack);
    }

    /// Settles the encoding after nodes were loaded.
    pub fn loaded(&mut self, _limits: &Thresholds) {}

    /// Bytes allocated, the `List` itself not counted.
    pub fn memory(&self) -> usize {
        self.nodes.iter().map(|pack| pack.capacity() + size_of::<Listpack>()).sum()
    }
}

impl ListMut<'_> {
    /// [`List::push`]
    pub fn push(&mut self, end: End, value: &[u8]) {
        self.list.push(end, value, self.limits);
    }

    /// [`List::push`] of each in turn, after [`List::expect`] of them all.
    pub fn push_all<'v>(&mut self, end: End, values: impl Iterator<Item = &'v [u8]> + Clone) {
        let (count, bytes) = values.clone().fold((0, 0), |(n, b), v| (n + 1, b + v.len()));
        self.list.expect(count, bytes, self.limits);
        values.for_each(|value| self.list.push(end, value, self.limits));
    }

    /// [`List::take`]
    pub fn take<R>(&mut self, end: End, f: impl FnOnce(Element<'_>) -> R) -> Option<R> {
        self.list.take(end, self.limits, f)
    }

    /// [`List::pop`]
    pub fn pop(&mut self, end: End) -> Option<Vec<u8>> {
        self.list.pop(end, self.limits)
    }

    /// [`List::set`]
    pub fn set(&mut self, index: usize, value: &[u8]) -> bool {
        self.list.set(index, value, self.limits)
    }

    /// [`List::insert`]
    pub fn insert(&mut self, index: usize, value: &[u8]) {
        self.list.insert(index, value, self.limits);
    }

    /// [`List::insert_beside`]
    pub fn insert_beside(&mut self, pivot: &[u8], side: Side, value: &[u8]) -> bool {
        self.list.insert_beside(pivot, side, value, self.limits)
    }

    /// [`List::remove_matching`]
    pub fn remove_matching(&mut self, value: &[u8], count: usize, from: End) -> usize {
        self.list.remove_matching(value, count, from, self.limits)
    }

    /// [`List::remove_range`]
    pub fn remove_range(&mut self, range: Range<usize>) -> usize {
        self.list.remove_range(range, self.limits)
    }

    /// [`List::trim`]
    pub fn trim(&mut self, keep: Range<usize>) -> usize {
        self.list.trim(keep, self.limits)
    }
}

/// Elements of a list, from either end.
#[derive(Clone, Debug)]
pub struct Iter<'a> {
    all: VecDeque<Element<'a>>,
}

impl<'a> Iterator for Iter<'a> {
    type Item = Element<'a>;

    fn next(&mut self) -> Option<Element<'a>> {
        self.all.pop_front()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.all.len(), Some(self.all.len()))
    }
}

impl DoubleEndedIterator for Iter<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.all.pop_back()
    }
}

impl ExactSizeIterator for Iter<'_> {}
