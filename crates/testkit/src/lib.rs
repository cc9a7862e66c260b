//! What tests share: servers and Sentinels as processes, ours and Redis's, in folders of their own; a link that can be
//! cut; what `redis-cli` would print; random commands.
//!
//! A test starts a [`Server`] from a [`Program`] and types at it with [`Server::say`]. A [`Sentinel`] is a server with
//! another file and another language. Nothing here waits for a span of time: [`until`] looks again and again and gives
//! up after a deadline.

mod link;
mod print;
mod program;
mod random;
mod sentinel;
mod server;
mod wait;

pub use client::{Client, Value};
pub use link::Link;
pub use print::{print, words};
pub use program::{Program, peer_tool};
pub use random::{Family, Random};
pub use sentinel::{Events, Fields, Sentinel};
pub use server::{Server, free_port};
pub use wait::{poll, until};
