//! Sentinel: watches groups of servers, agrees with its peers about who is down, and promotes a replica.
//!
//! A [`Sentinel`] is a [`world::Machine`]: it decides and touches nothing.
//!
//! # The way of a failover through this crate
//! 1. `links` keeps a connection to everybody; `report` reads what they say of themselves, `refresh` takes it in.
//! 2. `down` says who does not answer; `agree` asks the peers and counts. `meet` and `greet` are how peers find each
//!    other.
//! 3. `vote` and `failover` elect a leader, choose a replica, promote it and point the others at it.
//! 4. `news` is what is told; `ledger` holds it back until `state`, what survives a restart, is on disk.
//! 5. `clients` and `commands` answer those who ask.
//!
//! `watch` makes the round of a group: it is the place to begin reading.

mod address;
mod agree;
mod belief;
mod calendar;
#[cfg(test)]
mod check;
mod clients;
mod clock;
mod commands;
mod down;
mod failover;
mod greet;
mod group;
mod hello;
mod info;
mod keep;
mod ledger;
mod links;
mod machine;
mod me;
mod meet;
mod news;
mod orders;
mod periods;
mod probe;
mod programs;
mod reboot;
mod refresh;
mod report;
pub mod scripts;
mod sentinel;
pub mod state;
mod vote;
mod watch;

pub use clients::UserLines;
pub use me::Rules;
pub use probe::{GroupProbe, Probe};
pub use sentinel::{Options, Sentinel};
