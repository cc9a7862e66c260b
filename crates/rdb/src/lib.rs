//! Values to bytes and back: RDB files, DUMP and RESTORE payloads.
//!
//! Reading: a [`Decoder`] is fed the bytes of a file as they come and gives [`Item`]s. Writing: an [`Encoder`] takes
//! the records of a snapshot and gives plain bytes, a [`Packer`] on another thread makes of them what goes to disk.
//! Single values travel as [`dump`] and [`restore`] have it. [`check`] tells a human what is wrong with a file.
//!
//! Nothing here opens a file, and no input makes it panic or allocate more than a fixed multiple of what it was fed.

pub mod check;
mod corrupt;
mod decode;
mod dump;
mod encode;
pub mod format;
mod functions;
mod input;
pub mod lzf;
pub mod pack;
mod packed;

pub use corrupt::{Corrupt, Damage};
pub use decode::{Checksum, Decoder, Doing, Item, Key, Options as DecodeOptions};
pub use dump::{Refused, dump, restore};
pub use encode::{About, Encoder, Options as EncodeOptions, Replication};
pub use functions::{NoFunctions, dump_functions, restore_functions};
pub use pack::Packer;
