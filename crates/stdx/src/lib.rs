//! What we wish were in `std`: time as a value, a seeded generator, integers and lines as Redis
//! reads them, glob patterns, the checksum of its files.

mod crc64;
pub mod float;
pub mod glob;
mod hash;
pub mod integer;
mod prng;
mod time;
pub mod words;
mod wrong_type;

pub use crc64::crc64;
pub use hash::FixedState;
pub use prng::Prng;
pub use time::{Instant, Now, WallTime};
pub use wrong_type::WrongType;
