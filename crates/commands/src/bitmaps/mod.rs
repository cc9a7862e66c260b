//! Bitmaps: strings looked at bit by bit. Bit 0 is the highest of the first byte.

mod bit;
mod combine;
mod count;
mod field;
mod find;
mod integer;
mod range;

use command::{Categories, Group, Spec};

use crate::DataCommand;

/// What all rows of the family have in common.
const FAMILY: Spec = Spec { categories: Categories::BITMAP, ..Spec::of(Group::Bitmap) };

/// The family's commands.
pub(crate) const TABLE: &[&DataCommand] = &[
    &bit::GETBIT,
    &bit::SETBIT,
    &count::BITCOUNT,
    &find::BITPOS,
    &combine::BITOP,
    &field::BITFIELD,
    &field::BITFIELD_RO,
];
