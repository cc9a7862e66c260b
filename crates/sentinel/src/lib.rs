//! Sentinel: watches groups of servers, agrees with its peers about who is down, and promotes a replica.
//!
//! - [`state`] is what survives a restart, and how it is read, written and made durable.

pub mod state;
