//! Data structures that know nothing of Redis's commands: packed sequences, tables, ordered trees.

pub mod element;
pub mod intset;
pub mod listpack;

pub use element::{Element, ElementBuf};
