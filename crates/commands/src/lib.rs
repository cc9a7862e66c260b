//! Every data command, one folder per family. A command's facts stand beside its function; the family's `TABLE`
//! lists them; a row that is not listed is dead code, which the build refuses.

mod cx;
mod reply;

pub use cx::{DataCommand, DataCx, DataFn, Lazy, Parking, TimeoutReply, Wait};

/// All data commands, in the order of the families.
pub fn all() -> impl Iterator<Item = &'static DataCommand> {
    let tables: [&[&DataCommand]; 0] = [];
    tables.into_iter().flatten().copied()
}
