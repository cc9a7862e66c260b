//! Walking a list from either end, node by node.

use std::ops::Range;

use ds::listpack::Listpack;
use ds::{Element, Tree};

use super::segment::{Elements, Segment};

/// Elements of a list, from either end.
#[derive(Clone)]
pub struct Iter<'a> {
    /// What lies between `front` and `back`: indexes `from..to` of these nodes.
    nodes: Option<&'a Tree<Segment>>,
    from: usize,
    to: usize,
    front: Elements<'a>,
    back: Elements<'a>,
    left: usize,
}

impl<'a> Iter<'a> {
    pub(super) fn of_pack(pack: &'a Listpack, range: Range<usize>) -> Iter<'a> {
        let left = range.len();
        let front = Elements::Packed(pack.slice(range));
        Iter { nodes: None, from: 0, to: 0, front, back: Elements::Plain(None), left }
    }

    pub(super) fn of_nodes(nodes: &'a Tree<Segment>, range: Range<usize>) -> Iter<'a> {
        Iter {
            nodes: Some(nodes),
            left: range.len(),
            from: range.start,
            to: range.end,
            front: Elements::Plain(None),
            back: Elements::Plain(None),
        }
    }

    /// The node that holds an index, if that lies between `front` and `back`, and the index it begins at.
    fn node(&self, index: usize) -> Option<(&'a Segment, usize)> {
        if self.from < self.to { self.nodes?.get(index) } else { None }
    }
}

impl<'a> Iterator for Iter<'a> {
    type Item = Element<'a>;

    #[inline]
    fn next(&mut self) -> Option<Element<'a>> {
        if self.left == 0 {
            return None;
        }
        self.left -= 1;
        if let Some(element) = self.front.next() {
            return Some(element);
        }
        match self.node(self.from) {
            Some((segment, start)) => {
                let end = (start + segment.count()).min(self.to);
                self.front = segment.slice(self.from - start..end - start);
                self.from = end;
                self.front.next()
            }
            None => self.back.next(),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }

    /// Node by node: LRANGE need not ask for every element whether its node ends.
    fn fold<B, F: FnMut(B, Element<'a>) -> B>(mut self, first: B, mut f: F) -> B {
        let front = std::mem::replace(&mut self.front, Elements::Plain(None));
        let mut folded = front.fold(first, &mut f);
        while let Some((segment, start)) = self.node(self.from) {
            let end = (start + segment.count()).min(self.to);
            folded = segment.slice(self.from - start..end - start).fold(folded, &mut f);
            self.from = end;
        }
        self.back.fold(folded, f)
    }
}

impl<'a> DoubleEndedIterator for Iter<'a> {
    #[inline]
    fn next_back(&mut self) -> Option<Element<'a>> {
        if self.left == 0 {
            return None;
        }
        self.left -= 1;
        if let Some(element) = self.back.next_back() {
            return Some(element);
        }
        match self.node(self.to.wrapping_sub(1)) {
            Some((segment, start)) => {
                let begin = start.max(self.from);
                self.back = segment.slice(begin - start..self.to - start);
                self.to = begin;
                self.back.next_back()
            }
            None => self.front.next_back(),
        }
    }
}

impl ExactSizeIterator for Iter<'_> {}
