//! Making room: keys give way, as `maxmemory-policy` says, before a command that needs memory runs.

use crate::node::Node;
use store::{Expiry, Policy};

/// What a key takes, in bytes, where nothing can be measured.
const ROUGH_KEY: usize = 100;

impl Node {
    /// Evicts until memory suffices. False: it does not, and nothing more may go.
    pub(crate) fn make_room(&mut self) -> bool {
        if self.settings.memory_max == 0 {
            return true;
        }
        let exempt = self.is_replica() && self.settings.replica_ignore_maxmemory;
        let held = self.blocking.pause(self.now.instant).is_some();
        if exempt || held || self.persist.loading.is_some() || self.memory_excess() == 0 {
            return true;
        }
        if self.keyspace.settings().policy == Policy::NoEviction {
            return false;
        }
        self.keyspace.begin(self.now, Expiry::Delete);
        let mut freed_elsewhere = false;
        let message_room = self.message_room;
        let mut excess = self.memory_excess();
        while excess > 0 {
            if !self.keyspace.evict_one() {
                // What is on its way to be freed will count soon; refusing now would be too early.
                return freed_elsewhere;
            }
            self.tell_changes();
            self.flush_unit_unwrapped();
            while let Some(garbage) = self.keyspace.take_garbage() {
                freed_elsewhere = true;
                self.free_elsewhere(garbage);
            }
            // Telling of it takes memory as well, until that is sent: if it counted, one key would drive out the next.
            let told = (self.message_room - message_room) as u64;
            excess = self.memory_excess().saturating_sub(told);
        }
        true
    }

    /// Bytes beyond `maxmemory`. What replicas have not taken yet does not count: evicting cannot shrink it, the
    /// deletions only make it grow.
    pub(crate) fn memory_excess(&self) -> u64 {
        let used = self.used_memory();
        used.saturating_sub(self.uncounted_memory()).saturating_sub(self.settings.memory_max)
    }

    /// Bytes that are allocated.
    pub(crate) fn used_memory(&self) -> u64 {
        let rough = || self.keyspace.len() * ROUGH_KEY + self.repl.log_memory() as usize;
        (self.senses.memory)(&rough) as u64
    }
}
