//! The keyspace: databases of keys with values, their expiry, eviction, and views of them at one moment.
//!
//! The tour: a [`Keyspace`] holds all databases and what they share; [`Db`] is one of them, and the only way to a
//! key. Reading gives [`ValueRef`]s, writing goes through `Db`'s methods or through guards such as [`ListMut`] that
//! it lends out. What happened is queued as [`Change`]s. Time comes in by [`Keyspace::begin`].

mod ahead;
mod change;
mod db;
mod digest;
mod entry;
mod eviction;
mod expiry;
mod guard;
mod keyspace;
mod settings;
mod snapshot;
mod space;
pub mod value;

pub use ahead::{Inside, PREFETCH_MAX, Wanted};
pub use change::{Change, EventClass, EventClasses, Observers};
pub use db::{Db, IncrementError, KeyInfo};
pub use expiry::{Expiry, Ttl};
pub use guard::{HashMut, ListMut, SetMut, ZSetMut};
pub use keyspace::{Keyspace, Seeds, Stats};
pub use settings::{Policy, Settings, Thresholds};
pub use snapshot::{Access, LargeFrom, Opening, Piece, Progress, Record, RecordSink, SnapshotId};
pub use stdx::WrongType;
pub use value::{
    Encoding, End, FIELD_END_MAX, Hash, Inserted, Kind, List, Node, Set, Side, Str, Value,
    ValueRef, ZSet,
};
