//! Joins the replication machines to the keyspace.

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

    /// Frees a large value on another thread.
    pub(crate) fn free_elsewhere(&mut self, garbage: Box<dyn std::any::Any + Send>) {
        let ticket = self.ticket();
        self.effects.push_back(world::Effect::Offload {
            ticket,
            work: world::Work::new(move || drop(garbage)),
        });
    }
}
