//! Masters and replicas: who follows whom, and how far they are.

mod failover;
mod follow;
mod sync;
mod wait;

use super::NodeCommand;
use command::{Group, Spec};

pub(crate) const TABLE: &[&NodeCommand] = &[
    &failover::FAILOVER,
    &sync::PSYNC,
    &sync::REPLCONF,
    &follow::REPLICAOF,
    &follow::ROLE,
    &follow::SLAVEOF,
    &sync::SYNC,
    &wait::WAIT,
];

const FAMILY: Spec = Spec::of(Group::Server);
