//! Joins the replication machines to the keyspace: effects into the stream, the stream into effects, snapshots both
//! ways. What is decided, the machines decide; here it is carried out.

mod actions;
mod link;
mod receive;
mod replies;
mod writable;

#[cfg(test)]
mod tests;

use crate::info::Info;
use crate::node::Node;
use crate::persist::Destination;
use command::{Error, Flags};
use resp::Words;
use world::ConnId;

pub(crate) use link::Link;
pub(crate) use receive::Receiving;
pub(crate) use writable::OwnKeys;

/// Where in a history a snapshot stands.
pub(crate) struct Position {
    pub(crate) stream_db: i64,
    pub(crate) id: String,
    pub(crate) offset: i64,
}

impl Node {
    /// True while this server follows another.
    pub(crate) fn is_replica(&self) -> bool {
        !self.repl.is_primary()
    }

    /// True while a failover hands the role over.
    pub(crate) fn is_failing_over(&self) -> bool {
        self.repl.is_failing_over()
    }

    /// True where effects must be written to the stream.
    pub(crate) fn feeds_replicas(&self) -> bool {
        self.repl.wants_effects()
    }

    /// Appends an effect to the stream.
    pub(crate) fn feed(&mut self, db: usize, words: &Words<'_>) {
        self.feed_words(Some(db), words);
    }

    /// Appends what touches no key, and so needs no database: MULTI and EXEC. Redis selects the database inside.
    pub(crate) fn feed_mark(&mut self, words: &Words<'_>) {
        self.feed_words(None, words);
    }

    fn feed_words(&mut self, db: Option<usize>, words: &Words<'_>) {
        let mut text = std::mem::take(&mut self.feed_buffer);
        text.clear();
        words.encode(&mut text);
        if self.repl.wants_effects() {
            self.repl.append(db.map(|db| db as u32), &text);
        }
        self.feed_buffer = text;
    }

    /// Appends an effect to the stream, in its canonical bytes.
    pub(crate) fn feed_raw(&mut self, db: usize, raw: &[u8]) {
        if self.repl.wants_effects() {
            self.repl.append(Some(db as u32), raw);
        }
    }

    /// What stands in the way of a write.
    pub(crate) fn check_write(&self) -> Result<(), Error> {
        if self.is_replica() {
            return if self.settings.replica_read_only { Err(Error::READ_ONLY) } else { Ok(()) };
        }
        self.check_disk()?;
        if self.repl.has_good_replicas() { Ok(()) } else { Err(Error::NO_REPLICAS) }
    }

    /// What stands in the way of any command: a dataset that is not there, or not current.
    pub(crate) fn check_dataset(&self, flags: Flags) -> Result<(), Error> {
        if let Some(loading) = &self.persist.loading {
            let refused = if loading.serves {
                flags.has(Flags::NO_ASYNC_LOADING)
            } else {
                !flags.has(Flags::LOADING)
            };
            if refused {
                return Err(Error::LOADING);
            }
        }
        let stale = self.is_replica() && !self.settings.replica_serve_stale && !self.link_is_up();
        if stale && !flags.has(Flags::STALE) { Err(Error::MASTER_DOWN) } else { Ok(()) }
    }

    /// True while the link to the master carries its stream.
    pub(crate) fn link_is_up(&self) -> bool {
        self.repl.link_phase() == Some(replication::LinkPhase::Following)
    }

    /// Bytes of the stream that are kept.
    pub(crate) fn backlog_memory(&self) -> u64 {
        self.repl.log_memory()
    }

    /// Bytes that do not count towards `maxmemory`: what replicas have not taken yet beyond the backlog.
    pub(crate) fn uncounted_memory(&self) -> u64 {
        let backlog = self.repl.settings().backlog_bytes;
        self.repl.log_memory().saturating_sub(backlog)
    }

    /// Full resynchronizations, partial ones, partial ones that were refused.
    pub(crate) fn sync_counts(&self) -> (u64, u64, u64) {
        let stats = self.repl.stats();
        (stats.full, stats.partial_ok, stats.partial_err)
    }

    /// The section Replication.
    pub(crate) fn replication_info(&self, info: &mut Info) {
        let mut text = String::new();
        self.repl.write_info(self.now, &mut text);
        info.lines(&text);
    }

    /// The section of our own.
    pub(crate) fn regent_info(&self, info: &mut Info) {
        let mut text = String::new();
        self.repl.write_info_regent(self.now, &mut text);
        info.lines(&text);
    }

    /// Where in its history the dataset of this moment stands, to be written into a snapshot.
    pub(crate) fn rdb_position(&self, _: &Destination) -> Option<Position> {
        let (id, offset) = self.repl.place()?;
        let session = self.link.conn.and_then(|conn| self.sessions.get(conn));
        let stream_db = if self.repl.is_primary() {
            i64::from(self.repl.stream_db())
        } else {
            session.map_or(self.link.stream_db, |it| it.db) as i64
        };
        Some(Position { stream_db, id: id.to_string(), offset: offset.0 as i64 })
    }

    /// True where this connection is that of a replica, whose bytes come from the machine.
    pub(crate) fn is_replica_conn(&self, conn: ConnId) -> bool {
        self.repl.is_replica(conn)
    }
}
