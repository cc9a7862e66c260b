//! HyperLogLogs: how many distinct elements were seen, in 12 KiB at most. They are strings, which `ds::hyperloglog`
//! knows how to read.

mod add;
mod count;
mod debug;
mod merge;

use command::{Categories, Error, Group, Spec};
use ds::hyperloglog::{Corrupt, encoding};
use store::{Db, Str, ValueRef};

use crate::DataCommand;

/// What all rows of the family have in common.
const FAMILY: Spec =
    Spec { categories: Categories::HYPERLOGLOG, since: "2.8.9", ..Spec::of(Group::HyperLogLog) };

/// The family's commands.
pub(crate) const TABLE: &[&DataCommand] =
    &[&add::PFADD, &count::PFCOUNT, &merge::PFMERGE, &debug::PFDEBUG, &debug::PFSELFTEST];

/// The bytes of a string that has to be a HyperLogLog.
fn sketch(text: Str<'_>) -> Result<&[u8], Error> {
    match text {
        Str::Bytes(bytes) if encoding(bytes).is_some() => Ok(bytes),
        _ => Err(Error::fixed("WRONGTYPE Key is not a valid HyperLogLog string value.")),
    }
}

/// The bytes of the HyperLogLog under the key, without a trace.
fn peek<'d>(db: &'d Db<'_>, key: &[u8]) -> Result<Option<&'d [u8]>, Error> {
    match db.peek(key) {
        None => Ok(None),
        Some(ValueRef::Str(text)) => sketch(text).map(Some),
        Some(_) => Err(Error::WRONG_TYPE),
    }
}

fn corrupt(_: Corrupt) -> Error {
    Error::fixed("INVALIDOBJ Corrupted HLL object detected")
}
