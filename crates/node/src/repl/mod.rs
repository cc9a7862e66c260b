//! Joins the replication machines to the keyspace.

use crate::info::Info;
use crate::node::Node;
use command::{Error, Flags};
use resp::Words;

impl Node {
    /// True while this server follows another.
    pub(crate) fn is_replica(&self) -> bool {
        false
    }

    /// True while a failover hands the role over.
    pub(crate) fn is_failing_over(&self) -> bool {
        false
    }

    /// True where effects must be written to the stream.
    pub(crate) fn feeds_replicas(&self) -> bool {
        false
    }

    /// Appends an effect to the stream.
    pub(crate) fn feed(&mut self, _db: usize, _words: &Words<'_>) {}

    /// Appends an effect to the stream, in its canonical bytes.
    pub(crate) fn feed_raw(&mut self, _db: usize, _raw: &[u8]) {}

    /// How many replicas have acknowledged this offset.
    pub(crate) fn replicas_at(&self, _offset: u64) -> usize {
        0
    }

    /// What stands in the way of a write.
    pub(crate) fn check_write(&self) -> Result<(), Error> {
        Ok(())
    }

    /// What stands in the way of any command: a dataset that is not there, or not current.
    pub(crate) fn check_dataset(&self, _flags: Flags) -> Result<(), Error> {
        Ok(())
    }

    /// Evicts until memory suffices. False: it does not.
    pub(crate) fn make_room(&mut self) -> bool {
        true
    }

    /// Bytes of the stream that are kept.
    pub(crate) fn backlog_memory(&self) -> u64 {
        0
    }

    /// Bytes that do not count towards `maxmemory`.
    pub(crate) fn uncounted_memory(&self) -> u64 {
        0
    }

    /// Full resynchronizations, partial ones, partial ones that were refused.
    pub(crate) fn sync_counts(&self) -> (u64, u64, u64) {
        (0, 0, 0)
    }

    /// The section Replication.
    pub(crate) fn replication_info(&self, info: &mut Info) {
        info.field("role", "master");
    }

    /// The section of our own.
    pub(crate) fn regent_info(&self, _info: &mut Info) {}

    /// The section Persistence.
    pub(crate) fn persistence_info(&self, info: &mut Info) {
        info.field("loading", 0);
    }

    /// The file that the parameters came from, if any.
    pub(crate) fn config_file(&self) -> String {
        self.config.file.clone().unwrap_or_default()
    }

    /// Frees a large value on another thread.
    pub(crate) fn free_elsewhere(&mut self, garbage: Box<dyn std::any::Any + Send>) {
        let ticket = self.ticket();
        self.effects.push_back(world::Effect::Offload {
            ticket,
            work: world::Work::new(move || drop(garbage)),
        });
    }
}
