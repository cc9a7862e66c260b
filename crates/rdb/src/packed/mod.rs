//! The packings of versions long gone, read element by element and checked on the way. (Those of today are
//! [`ds::listpack`] and [`ds::intset`].)
//!
//! A reader is an iterator that ends with the packing or with one [`Broken`]. Whoever has drawn it to its end knows
//! that the whole was well formed: sizes, counts and links back agree with what was found. Nothing is allocated.

mod ziplist;
mod zipmap;

pub(crate) use ziplist::Ziplist;
pub(crate) use zipmap::Zipmap;

use ds::Element;

/// The packing contradicts itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Broken;

/// What every reader gives.
pub(crate) type Entry<'a> = Result<Element<'a>, Broken>;

/// Takes the first `N` bytes off.
fn array<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (head, tail) = bytes.split_first_chunk::<N>()?;
    *bytes = tail;
    Some(*head)
}

/// Takes the first `length` bytes off.
fn slice<'a>(bytes: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (head, tail) = bytes.split_at_checked(length)?;
    *bytes = tail;
    Some(head)
}

/// Three bytes, lowest first, as a signed number.
fn int24([a, b, c]: [u8; 3]) -> i64 {
    i64::from(i32::from_le_bytes([0, a, b, c]) >> 8)
}

/// Draws a reader to its end and keeps what it gave.
#[cfg(test)]
fn collect<'a>(entries: impl Iterator<Item = Entry<'a>>) -> Result<Vec<Vec<u8>>, Broken> {
    entries.map(|entry| entry.map(|element| element.to_vec())).collect()
}
