//! SAVE, BGSAVE, LASTSAVE, FLUSHALL, SHUTDOWN: the dataset on disk, and the end.

mod flush;
mod save;
mod shutdown;

use super::NodeCommand;
use command::{Group, Spec};

pub(crate) const TABLE: &[&NodeCommand] =
    &[&save::BGSAVE, &flush::FLUSHALL, &save::LASTSAVE, &save::SAVE, &shutdown::SHUTDOWN];

const FAMILY: Spec = Spec::of(Group::Server);
