//! A view of the keyspace as it was at one moment, handed out in slices while writes go on.

use crate::ValueRef;

/// Names a snapshot that has been started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SnapshotId(pub u32);

/// How far a snapshot has come after a slice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// There is more.
    More,
    /// Every record has been handed out, and the sink was told so.
    Done,
}

/// How recently or how often a key was used, in the measure of the eviction policy in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Seconds since its last use.
    IdleSecs(u64),
    /// The logarithmic counter of its uses, 0 to 255.
    Frequency(u8),
}

/// One key as it was when the snapshot started.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// The database's index at that moment.
    pub db: usize,
    /// The key.
    pub key: &'a [u8],
    /// Its value.
    pub value: ValueRef<'a>,
    /// When it expires, in Unix milliseconds.
    pub expires: Option<u64>,
    /// Its use.
    pub access: Access,
}

/// Where records go. Called in between commands and in the middle of writes; it must only take note.
pub trait RecordSink {
    /// Before the traversal of a database that holds anything: how many keys it has, and how many of them expire.
    /// Records forced out by writes may come earlier or later, each names its database.
    fn begin_db(&mut self, db: usize, keys: usize, expires: usize);

    /// A key, once for every key there was.
    fn record(&mut self, record: Record<'_>);

    /// No more records will come.
    fn finish(&mut self) {}

    /// True while the sink cannot take more from the traversal (records forced by writes come all the same).
    fn is_full(&self) -> bool {
        false
    }
}
