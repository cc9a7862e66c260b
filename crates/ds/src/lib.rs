//! Data structures that know nothing of Redis's commands: packed sequences, tables, ordered trees.

mod address;
mod block;
mod cell;
pub mod element;
pub mod geo;
pub mod hyperloglog;
pub mod intset;
pub mod listpack;
mod seed;
mod shared;
pub mod table;
pub mod tree;

pub use address::{Address, Slim};
pub use cell::{Cell, CellRef, PART_BYTES_MAX};
pub use element::{Element, ElementBuf};
pub use seed::Seed;
pub use shared::Shared;
pub use table::Table;
pub use tree::Tree;
