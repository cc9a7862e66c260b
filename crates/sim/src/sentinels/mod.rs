//! Sentinels, as their binary would start them, over servers that fail.
//!
//! - [`Quorum`] is who takes part: the servers come first, the Sentinels after them.
//! - [`standin`] is a light server for them to watch; [`servers`] says what a server is here, and knows the whole one.
//! - [`rules`] holds what must be so at every moment.
//! - [`story`] lets anything go and then demands that all agree; [`calm`] lets one thing go wrong, and counts.
//! - [`election`] lets many Sentinels elect over slow lines, and measures.

pub mod calm;
pub mod election;
mod file;
pub mod member;
pub mod plan;
pub mod rules;
pub mod servers;
pub mod standin;
pub mod story;

pub use member::{Member, Quorum, Sight};
