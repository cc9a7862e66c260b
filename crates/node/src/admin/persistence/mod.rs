//! SAVE, BGSAVE, LASTSAVE, SHUTDOWN: the dataset on disk, and the end.

mod save;
mod shutdown;

use super::NodeCommand;
use command::{Group, Spec};

pub(crate) const TABLE: &[&NodeCommand] =
    &[&save::BGSAVE, &save::LASTSAVE, &save::SAVE, &shutdown::SHUTDOWN];

const FAMILY: Spec = Spec::of(Group::Server);
