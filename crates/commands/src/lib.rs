//! Every data command, one folder per family. A command's facts stand beside its function; the family's `TABLE`
//! lists them; a row that is not listed is dead code, which the build refuses.

mod bitmaps;
#[cfg(test)]
mod check;
mod cx;
mod geo;
mod hashes;
mod hyperloglog;
mod keys;
mod lists;
mod mpop;
mod reply;
mod scan;
mod sets;
mod span;
mod strings;
mod until;
mod zsets;

pub use cx::{DataCommand, DataCx, DataFn, Lazy, Parking, TimeoutReply, Wait};
pub use keys::flush_mode;

/// The families, in the order of the manual.
const TABLES: &[&[&DataCommand]] = &[
    strings::TABLE,
    bitmaps::TABLE,
    hyperloglog::TABLE,
    keys::TABLE,
    hashes::TABLE,
    lists::TABLE,
    sets::TABLE,
    zsets::TABLE,
    geo::TABLE,
];

/// All data commands, in the order of the families.
pub fn all() -> impl Iterator<Item = &'static DataCommand> {
    TABLES.iter().copied().flatten().copied()
}
