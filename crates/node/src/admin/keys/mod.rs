//! Keys as bytes: DUMP, RESTORE, MIGRATE. They stand here because only the node knows both the keyspace and its encoding.

mod dump;
mod migrate;
mod restore;

use super::NodeCommand;
use command::{Categories, Group, Spec};

pub(crate) const TABLE: &[&NodeCommand] = &[&dump::DUMP, &migrate::MIGRATE, &restore::RESTORE];

const FAMILY: Spec =
    Spec { since: "2.6.0", categories: Categories::KEYSPACE, ..Spec::of(Group::Generic) };
