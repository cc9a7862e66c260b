//! A client that waits: one connection, one request after another. For tests, for `regent up`, for measuring.
//!
//! It speaks to any server of the protocol. It has a socket of its own and not one of `sys`, because it runs in no
//! world: whoever uses it may be held by it.

#![allow(clippy::disallowed_types, reason = "a client outside every world has a socket of its own")]

mod connection;
mod info;
mod uri;

pub use connection::Client;
pub use info::field;
pub use resp::Value;
pub use uri::{Uri, UriError};
