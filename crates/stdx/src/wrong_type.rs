//! The one error that the keyspace has for its callers. It lives down here so that `store`, which raises it, and
//! `command`, which words it, need not know each other.

use std::fmt;

/// A value of another type than was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WrongType;

impl fmt::Display for WrongType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the key holds another type of value")
    }
}

impl std::error::Error for WrongType {}
