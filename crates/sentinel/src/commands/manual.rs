//! COMMAND: what a Sentinel can be asked.

use super::SentinelCommand;

pub(super) const TABLE: &[&SentinelCommand] = &[];
