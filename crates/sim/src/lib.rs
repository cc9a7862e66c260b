//! The made-up world: any machine, on lossy networks and torn disks, from a seed.
//!
//! - [`World`] runs machines; [`Subject`] says which, and what the rules may look at.
//! - [`checker`] holds the rules.
//! - [`swarm`] draws a whole story from a seed: how many processes, how unkind the world, who writes, what breaks.
//!   Then everything is repaired, and all must converge.
//! - [`server`] is the real server, configuration file and all.
//! - [`toy`] is the real replication around a dataset of a few keys: the protocol by itself, and much faster.

pub mod checker;
mod disk;
mod network;
mod realm;
pub mod sentinels;
pub mod server;
pub mod swarm;
pub mod toy;

pub use checker::{Checker, OffsetsOnlyGrow, SameHistorySameData, Seen};
pub use disk::Disk;
pub use realm::{PORT, Request, Subject, Violation, Weather, World, address, hostname};
pub use swarm::{Failure, Report, run};
