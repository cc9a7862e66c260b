//! Walking the fields of a hash.

use ds::{Element, listpack};

use super::{Field, Fields, expiry};
use crate::value::members;

/// The fields of a hash with their values and times to live (Unix milliseconds).
pub struct IterWithTtl<'a> {
    inner: Inner<'a>,
    left: usize,
}

enum Inner<'a> {
    Pack(listpack::Iter<'a>),
    Timed(listpack::Iter<'a>),
    Table(members::Iter<'a, Field>),
}

impl<'a> IterWithTtl<'a> {
    pub(super) fn new(fields: &'a Fields, len: usize) -> IterWithTtl<'a> {
        let inner = match fields {
            Fields::Pack(pack) => Inner::Pack(pack.iter()),
            Fields::Timed(pack) => Inner::Timed(pack.iter()),
            Fields::Table(cells) => Inner::Table(cells.iter()),
        };
        IterWithTtl { inner, left: len }
    }
}

impl<'a> Iterator for IterWithTtl<'a> {
    type Item = (Element<'a>, Element<'a>, Option<u64>);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let item = match &mut self.inner {
            Inner::Pack(pack) => (pack.next()?, pack.next()?, None),
            Inner::Timed(pack) => (pack.next()?, pack.next()?, expiry(pack.next()?)),
            Inner::Table(cells) => {
                let cell = cells.next()?;
                (Element::Bytes(cell.key()), Element::Bytes(cell.value()), cell.extra())
            }
        };
        self.left -= 1;
        Some(item)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for IterWithTtl<'_> {}

/// The fields of a hash with their values.
pub struct Iter<'a> {
    inner: IterWithTtl<'a>,
}

impl<'a> Iter<'a> {
    pub(super) fn new(inner: IterWithTtl<'a>) -> Iter<'a> {
        Iter { inner }
    }
}

impl<'a> Iterator for Iter<'a> {
    type Item = (Element<'a>, Element<'a>);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        self.inner.next().map(|(field, value, _)| (field, value))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.inner.size_hint()
    }
}

impl ExactSizeIterator for Iter<'_> {}
