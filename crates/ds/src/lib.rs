//! Data structures that know nothing of Redis's commands: packed sequences, tables, ordered trees.

pub mod element;
pub mod intset;
pub mod listpack;
mod seed;
pub mod table;

pub use element::{Element, ElementBuf};
pub use seed::Seed;
pub use table::Table;
