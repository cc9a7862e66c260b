//! A list: one listpack while it is small, a sequence of them when it is not.
//!
//! When it converts and where it splits follows Redis 7.2's `list-max-listpack-size`, so that OBJECT ENCODING
//! answers the same.

mod edit;
mod iter;
mod segment;

use std::fmt;
use std::ops::Range;

use ds::listpack::{self, Listpack};
use ds::{Element, Slim, Tree};

use super::Encoding;
use super::members::cost;
use crate::{ListMut, Thresholds};
pub use iter::Iter;
use segment::{Limit, Segment};

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
#[derive(Clone, Debug)]
pub struct List {
    kept: Kept,
}

enum Kept {
    Pack(Listpack),
    /// At least two nodes, or one that was larger lately, or is.
    Nodes(Slim<Tree<Segment>>),
}

impl Default for List {
    fn default() -> List {
        List::new()
    }
}

impl Clone for Kept {
    fn clone(&self) -> Kept {
        match self {
            Kept::Pack(pack) => Kept::Pack(pack.clone()),
            Kept::Nodes(nodes) => Kept::Nodes(nodes.clone()),
        }
    }
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Kept::Pack(pack) => pack.fmt(f),
            Kept::Nodes(nodes) => f.debug_list().entries(nodes.iter()).finish(),
        }
    }
}

impl List {
    /// An empty list.
    pub fn new() -> List {
        List { kept: Kept::Pack(Listpack::new()) }
    }

    /// How many elements.
    pub fn len(&self) -> usize {
        match &self.kept {
            Kept::Pack(pack) => pack.len(),
            Kept::Nodes(nodes) => nodes.weight(),
        }
    }

    /// See [`crate::ValueRef::look_ahead`].
    pub(crate) fn look_ahead(&self) {
        if let Kept::Pack(pack) = &self.kept {
            pack.prefetch();
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How it is kept: `listpack` or `quicklist`.
    pub fn encoding(&self) -> Encoding {
        match &self.kept {
            Kept::Pack(_) => Encoding::Listpack,
            Kept::Nodes(_) => Encoding::Quicklist,
        }
    }

    /// The element at `index`, counted from the front.
    pub fn get(&self, index: usize) -> Option<Element<'_>> {
        match &self.kept {
            Kept::Pack(pack) => pack.get(index),
            Kept::Nodes(nodes) => {
                let (segment, start) = nodes.get(index)?;
                segment.slice(index - start..index - start + 1).next()
            }
        }
    }

    /// All elements, from either end.
    pub fn iter(&self) -> Iter<'_> {
        self.range(0..self.len())
    }

    /// The elements of these indexes, from either end. Finding the first is fast; the range is cut to what there is.
    pub fn range(&self, range: Range<usize>) -> Iter<'_> {
        let end = range.end.min(self.len());
        let range = range.start.min(end)..end;
        match &self.kept {
            Kept::Pack(pack) => Iter::of_pack(pack, range),
            Kept::Nodes(nodes) => Iter::of_nodes(nodes, range),
        }
    }

    /// The index of the first element with these bytes.
    pub fn position(&self, value: &[u8]) -> Option<usize> {
        let integer = stdx::integer::parse_i64(value);
        self.iter().position(|element| match element {
            Element::Int(own) => integer == Some(own),
            Element::Bytes(own) => own == value,
        })
    }

    /// Says that so many elements of so many bytes in all are about to be added: a list that would grow too
    /// large for one listpack converts now, as Redis does it before LPUSH and its kin.
    pub fn expect(&mut self, count: usize, bytes: usize, limits: &Thresholds) {
        if let Kept::Pack(pack) = &self.kept
            && Limit::of(limits).is_passed_by(pack.byte_len() + bytes, pack.len() + count)
        {
            self.make_nodes();
        }
    }

    /// Adds an element at an end.
    pub fn push(&mut self, end: End, value: &[u8], limits: &Thresholds) {
        self.expect(1, value.len(), limits);
        self.push_unchecked(end, value, limits);
    }

    /// Adds an element at an end, without asking whether one listpack is still enough.
    fn push_unchecked(&mut self, end: End, value: &[u8], limits: &Thresholds) {
        match &mut self.kept {
            Kept::Pack(pack) if end == End::Front => pack.push_front(Element::Bytes(value)),
            Kept::Pack(pack) => pack.push_back(Element::Bytes(value)),
            Kept::Nodes(nodes) => {
                let limit = Limit::of(limits);
                let len = nodes.weight();
                let (outermost, place) =
                    if end == End::Front { (0, 0) } else { (len.saturating_sub(1), len) };
                let is_pushed = len > 0
                    && nodes.update(outermost, |segment, _| {
                        let has_room = segment.takes(value, limit);
                        if has_room {
                            segment.push(end, value);
                        }
                        has_room
                    });
                if !is_pushed {
                    nodes.insert_at(place, Segment::of(value));
                }
            }
        }
    }

    /// Takes the element at an end away and shows it to `f` before it is gone.
    pub fn take<R>(
        &mut self,
        end: End,
        limits: &Thresholds,
        f: impl FnOnce(Element<'_>) -> R,
    ) -> Option<R> {
        let result = match &mut self.kept {
            Kept::Pack(pack) => edit::take_from_pack(pack, end, f)?,
            Kept::Nodes(nodes) => {
                let outermost =
                    if end == End::Front { 0 } else { nodes.weight().checked_sub(1)? };
                if nodes.get(outermost)?.0.count() > 1 {
                    nodes.update(outermost, |segment, _| segment.take(end, f))?
                } else {
                    f(nodes.remove_at(outermost).slice(0..1).next()?)
                }
            }
        };
        self.shrink(limits);
        Some(result)
    }

    /// Takes the element at an end away.
    pub fn pop(&mut self, end: End, limits: &Thresholds) -> Option<Vec<u8>> {
        self.take(end, limits, |element| element.to_vec())
    }

    /// Puts a value in the place of the element at `index`; false where there is none.
    pub fn set(&mut self, index: usize, value: &[u8], limits: &Thresholds) -> bool {
        self.expect(1, value.len(), limits);
        if index >= self.len() {
            return false;
        }
        match &mut self.kept {
            Kept::Pack(pack) => {
                let at = pack.seek(index).expect("the index is below the length");
                pack.replace(at, Element::Bytes(value));
            }
            Kept::Nodes(nodes) => {
                let bytes_max = listpack::MAX_BYTES;
                let set = |segment: &mut Segment, offset| segment.set(offset, value, bytes_max);
                let replaced = nodes.update(index, set);
                if !replaced {
                    // Too large to be packed, or in the place of one that was.
                    edit::replace_by_segment(nodes, index, value);
                }
            }
        }
        self.shrink(limits);
        true
    }

    /// Adds an element so that its index is `index`, which is at most the length.
    pub fn insert(&mut self, index: usize, value: &[u8], limits: &Thresholds) {
        match self.len() {
            0 => self.push(End::Back, value, limits),
            len if index == len => self.insert_at(index - 1, Side::After, value, limits),
            _ => self.insert_at(index, Side::Before, value, limits),
        }
    }

    /// Adds an element beside the one at `index`, which must be there.
    fn insert_at(&mut self, index: usize, side: Side, value: &[u8], limits: &Thresholds) {
        self.expect(1, value.len(), limits);
        match &mut self.kept {
            Kept::Pack(pack) => {
                let index = index + usize::from(side == Side::After);
                pack.insert(pack.seek(index).unwrap_or(pack.end()), Element::Bytes(value));
            }
            Kept::Nodes(nodes) => edit::insert(nodes, index, side, value, Limit::of(limits)),
        }
    }

    /// Adds an element beside the first one that equals `pivot`; false where there is none.
    pub fn insert_beside(
        &mut self,
        pivot: &[u8],
        side: Side,
        value: &[u8],
        limits: &Thresholds,
    ) -> bool {
        // Redis converts before it looks for the pivot.
        self.expect(1, value.len(), limits);
        match self.position(pivot) {
            Some(index) => {
                self.insert_at(index, side, value, limits);
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
        let removed = match &mut self.kept {
            Kept::Pack(pack) => edit::remove_from_pack(pack, value, count, from),
            Kept::Nodes(nodes) => edit::remove_matching(nodes, value, count, from),
        };
        self.shrink(limits);
        removed
    }

    /// Removes the elements of these indexes, as far as they exist. Tells how many.
    pub fn remove_range(&mut self, range: Range<usize>, limits: &Thresholds) -> usize {
        let removed = match &mut self.kept {
            Kept::Pack(pack) => match pack.seek(range.start) {
                Some(at) => pack.remove_many(at, range.len()),
                None => 0,
            },
            Kept::Nodes(nodes) => edit::remove_range(nodes, range),
        };
        self.shrink(limits);
        removed
    }

    /// Removes all but the elements of these indexes. Tells how many went.
    pub fn trim(&mut self, keep: Range<usize>, limits: &Thresholds) -> usize {
        let tail = self.remove_range(keep.end.max(keep.start)..self.len(), limits);
        tail + self.remove_range(0..keep.start, limits)
    }

    /// The nodes as RDB stores them, front to back.
    pub fn nodes(&self) -> impl Iterator<Item = Node<'_>> + '_ {
        let (pack, nodes) = match &self.kept {
            Kept::Pack(pack) => (Some(Node::Packed(pack.as_bytes())), None),
            Kept::Nodes(nodes) => (None, Some(nodes.iter().map(Segment::as_node))),
        };
        pack.into_iter().chain(nodes.into_iter().flatten())
    }

    /// How many nodes [`List::nodes`] gives.
    pub fn node_count(&self) -> usize {
        match &self.kept {
            Kept::Pack(_) => 1,
            Kept::Nodes(nodes) => nodes.items(),
        }
    }

    /// Adds all elements of a listpack at the back, as a node. Call [`List::loaded`] after the last.
    pub fn push_packed(&mut self, pack: Listpack) {
        if !pack.is_empty() {
            self.push_segment(Segment::packed(pack));
        }
    }

    /// Adds an element at the back, as a node of its own. Call [`List::loaded`] after the last.
    pub fn push_plain(&mut self, value: Vec<u8>) {
        self.push_segment(Segment::Plain(ds::Shared::new(value)));
    }

    fn push_segment(&mut self, segment: Segment) {
        self.make_nodes();
        if let Kept::Nodes(nodes) = &mut self.kept {
            let end = nodes.weight();
            nodes.insert_at(end, segment);
        }
    }

    /// Settles the encoding after nodes were loaded.
    pub fn loaded(&mut self, limits: &Thresholds) {
        self.make_pack_within(Limit::of(limits));
    }

    /// Bytes allocated, the `List` itself not counted.
    pub fn memory(&self) -> usize {
        match &self.kept {
            Kept::Pack(pack) => pack.capacity(),
            Kept::Nodes(nodes) => {
                // Nodes are alike enough: looking at some of them answers for all.
                let some = nodes.iter().take(64);
                let (count, bytes) = some.fold((0, 0), |(n, b), s| (n + 1, b + s.heap_bytes()));
                size_of::<Tree<Segment>>()
                    + nodes.heap_bytes()
                    + (bytes * nodes.items()).checked_div(count).unwrap_or(0)
            }
        }
    }

    /// A copy of the large form that costs nothing, to be shown in slices.
    pub(crate) fn share(&self) -> Option<Shares> {
        match &self.kept {
            Kept::Pack(_) => None,
            Kept::Nodes(nodes) => Some(Shares { nodes: Tree::clone(nodes), place: 0 }),
        }
    }

    fn make_nodes(&mut self) {
        if let Kept::Pack(pack) = &mut self.kept {
            let pack = std::mem::take(pack);
            let mut nodes = Tree::new();
            if !pack.is_empty() {
                nodes.insert_at(0, Segment::packed(pack));
            }
            self.kept = Kept::Nodes(Slim::new(nodes));
        }
    }

    /// Goes back to one listpack where it would be at most half full, so that a list on the edge does not go back
    /// and forth.
    fn shrink(&mut self, limits: &Thresholds) {
        self.make_pack_within(Limit::of(limits).half());
    }

    fn make_pack_within(&mut self, limit: Limit) {
        let Kept::Nodes(nodes) = &mut self.kept else { return };
        let is_small = nodes.items() == 1
            && nodes.get(0).and_then(|(only, _)| only.pack()).is_some_and(|p| limit.holds(p));
        if is_small && let Segment::Packed { pack, .. } = nodes.remove_at(0) {
            self.kept = Kept::Pack(pack.into_inner());
        }
    }
}

/// A list as it was at one moment, shown from front to back.
pub(crate) struct Shares {
    nodes: Tree<Segment>,
    /// What lies before was shown.
    place: usize,
}

impl Shares {
    /// Shows the next nodes, for about `budget`, and says what it came to and whether that was all.
    pub(crate) fn show(&mut self, budget: usize, mut f: impl FnMut(Node<'_>)) -> (usize, bool) {
        let mut spent = 0;
        for segment in self.nodes.iter_from(self.place) {
            if spent >= budget {
                return (spent, false);
            }
            spent += cost(segment.heap_bytes());
            self.place += segment.count();
            f(segment.as_node());
        }
        (spent, true)
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
        values.for_each(|value| self.list.push_unchecked(end, value, self.limits));
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

#[cfg(test)]
mod tests;
