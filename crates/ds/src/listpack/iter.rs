//! Walking a listpack from either end.

use super::entry;
use crate::element::Element;

/// The elements of a listpack between two positions, from either end.
#[derive(Clone, Debug)]
pub struct Iter<'a> {
    bytes: &'a [u8],
    from: usize,
    to: usize,
}

impl<'a> Iter<'a> {
    pub(super) fn new(bytes: &'a [u8], from: usize, to: usize) -> Iter<'a> {
        Iter { bytes, from, to }
    }

    /// The position of the element [`Iterator::next`] would give.
    pub fn position(&self) -> usize {
        self.from
    }

    /// Walks past one element without decoding it; false at the end.
    pub fn skip_one(&mut self) -> bool {
        let more = self.from < self.to;
        if more {
            self.from += entry::whole_len(&self.bytes[self.from..]);
        }
        more
    }
}

impl<'a> Iterator for Iter<'a> {
    type Item = Element<'a>;

    #[inline]
    fn next(&mut self) -> Option<Element<'a>> {
        (self.from < self.to).then(|| {
            let (element, whole) = entry::decode(&self.bytes[self.from..]);
            self.from += whole;
            element
        })
    }
}

impl<'a> DoubleEndedIterator for Iter<'a> {
    #[inline]
    fn next_back(&mut self) -> Option<Element<'a>> {
        (self.from < self.to).then(|| {
            self.to = entry::start_before(self.bytes, self.to);
            entry::decode(&self.bytes[self.to..]).0
        })
    }
}

/// The elements of a listpack two by two, from either end.
#[derive(Clone, Debug)]
pub struct Pairs<'a> {
    entries: Iter<'a>,
}

impl<'a> Pairs<'a> {
    pub(super) fn new(entries: Iter<'a>) -> Pairs<'a> {
        Pairs { entries }
    }
}

impl<'a> Iterator for Pairs<'a> {
    type Item = (Element<'a>, Element<'a>);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let first = self.entries.next()?;
        Some((first, self.entries.next()?))
    }
}

impl<'a> DoubleEndedIterator for Pairs<'a> {
    #[inline]
    fn next_back(&mut self) -> Option<Self::Item> {
        let second = self.entries.next_back()?;
        Some((self.entries.next_back()?, second))
    }
}
