//! A snapshot on its way out: records are copied between commands, packed on another thread, and written to a file
//! or sent to replicas. The dataset goes on changing meanwhile; what is written is the instant of the start.
//!
//! ```text
//! keyspace --records--> Encoder --plain--> Packer (elsewhere) --packed--> file, or replicas
//! ```
//! Between the stages lie at most `PLAIN_MAX` bytes and one piece in the packer's hands; then the traversal waits.
//! Records that writes force out come all the same, so the buffer may grow beyond it, by what is being overwritten.

use crate::node::{Errand, Node};
use rdb::{About, EncodeOptions, Encoder, Packer};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use stdx::Instant;
use store::{Opening, Piece, Policy, Progress, Record, RecordSink};
use world::{ConnId, DiskError, DiskOp, Effect, FileId, Level, Work};

/// Names a snapshot that is being written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SavingId(pub(crate) u64);

/// The traversal waits while this many plain bytes wait for the packer.
const PLAIN_MAX: usize = 2 << 20;
/// So many plain bytes are worth a trip to the other thread.
const PIECE: usize = 256 << 10;

/// Where a snapshot goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Destination {
    /// To the file of the dataset; `reply` waits for it (SAVE), or nobody does (BGSAVE).
    File { reply: Option<ConnId> },
    /// To a file of its own, for replicas.
    ReplicaFile { id: replication::SnapshotId },
    /// To replicas, as it is made.
    Replicas { id: replication::SnapshotId },
}

/// One snapshot being written.
pub(crate) struct Saving {
    pub(crate) started: Instant,
    pub(crate) destination: Destination,
    pub(crate) keys_total: u64,
    sink: Rc<RefCell<Sink>>,
    view: Option<store::SnapshotId>,
    /// Present while no piece is being packed elsewhere.
    packer: Option<Packer>,
    /// The file, and how many of its operations have not ended.
    file: Option<(FileId, String)>,
    in_flight: usize,
    stage: Stage,
    dirty: u64,
    written: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Records are still coming.
    Traversing,
    /// All records are encoded; the end is not packed yet.
    Encoded,
    /// Everything is packed; the file must be synced.
    Packed,
    Syncing,
    Renaming,
}

/// The encoder, shared with the keyspace, which hands records to it in the middle of writes.
struct Sink {
    encoder: Encoder,
    keys: u64,
}

struct SharedSink(Rc<RefCell<Sink>>);

impl RecordSink for SharedSink {
    fn begin_db(&mut self, db: usize, keys: usize, expires: usize) {
        self.0.borrow_mut().encoder.begin_db(db, keys, expires);
    }

    fn record(&mut self, record: Record<'_>) {
        let mut sink = self.0.borrow_mut();
        sink.keys += 1;
        sink.encoder.record(record);
    }

    fn begin_value(&mut self, opening: Opening<'_>) {
        let mut sink = self.0.borrow_mut();
        sink.keys += 1;
        sink.encoder.begin_value(opening);
    }

    fn piece(&mut self, piece: Piece<'_>) {
        self.0.borrow_mut().encoder.piece(piece);
    }

    fn end_value(&mut self) {
        self.0.borrow_mut().encoder.end_value();
    }

    fn is_full(&self) -> bool {
        self.0.borrow().encoder.pending() > PLAIN_MAX
    }
}

impl Saving {
    /// Keys written so far.
    pub(crate) fn keys_done(&self) -> u64 {
        self.sink.borrow().keys
    }

    fn is_file(&self) -> bool {
        matches!(self.destination, Destination::File { .. })
    }
}

/// All snapshots being written; several at once are common when replicas come and go.
#[derive(Default)]
pub(crate) struct Savings {
    all: BTreeMap<SavingId, Saving>,
    next: u64,
}

impl Savings {
    /// True while any snapshot is being written.
    pub(crate) fn any(&self) -> bool {
        !self.all.is_empty()
    }

    /// The one that goes to the dataset's file.
    pub(crate) fn file(&self) -> Option<&Saving> {
        self.all.values().find(|it| it.is_file())
    }

    /// True while the dataset's file is being written.
    pub(crate) fn is_saving_file(&self) -> bool {
        self.file().is_some()
    }

    fn ids(&self) -> Vec<SavingId> {
        self.all.keys().copied().collect()
    }
}

impl Node {
    /// BGSAVE: writes the dataset of this instant to its file, without stopping for it.
    pub(crate) fn start_background_save(&mut self) {
        let pid = (self.senses.facts)().pid;
        self.log(Level::Notice, format!("Background saving started by pid {pid}"));
        self.persist.last_try = Some(self.now.instant);
        self.start_saving(Destination::File { reply: None });
    }

    /// Takes the view, and begins. No command may run between the decision to save and this.
    pub(crate) fn start_saving(&mut self, destination: Destination) -> SavingId {
        let id = SavingId(self.persist.savings.next);
        self.persist.savings.next += 1;
        let values = &self.config.values;
        let policy = self.keyspace.settings().policy;
        let options = EncodeOptions {
            version: rdb::format::VERSION_CLASSIC,
            access: policy.counts_uses()
                || matches!(policy, Policy::AllKeysLru | Policy::VolatileLru),
        };
        let mut encoder = Encoder::new(options);
        let replication = self.rdb_position(&destination);
        encoder.about(&About {
            version: crate::REDIS_VERSION,
            ctime_secs: self.now.wall.secs(),
            used_memory: (self.senses.memory)() as u64,
            replication: replication.as_ref().map(|it| rdb::Replication {
                stream_db: it.stream_db,
                id: &it.id,
                offset: it.offset,
            }),
            aof_base: false,
        });
        for source in &self.persist.functions {
            encoder.function(source);
        }
        let packer = Packer::new(values.flag("rdbcompression"));
        let file = match &destination {
            Destination::File { .. } => Some(format!("temp-{}-{}.rdb", self.run_id, id.0)),
            Destination::ReplicaFile { id: snapshot } => {
                Some(replica_file(&self.run_id, *snapshot))
            }
            Destination::Replicas { .. } => None,
        };
        let sink = Rc::new(RefCell::new(Sink { encoder, keys: 0 }));
        let keys_total =
            (0..self.keyspace.databases()).map(|db| self.keyspace.db(db).len() as u64).sum();
        let view = self.keyspace.start_snapshot(Box::new(SharedSink(sink.clone())));
        let file = file.map(|path| (self.file_id(), path));
        let mut in_flight = 0;
        if let Some((file, path)) = &file {
            let op = DiskOp::Create { file: *file, path: path.clone() };
            self.disk(Errand::Saving(id), op);
            in_flight = 1;
        }
        self.persist.savings.all.insert(
            id,
            Saving {
                started: self.now.instant,
                destination,
                keys_total,
                sink,
                view: Some(view),
                packer: Some(packer),
                file,
                in_flight,
                stage: Stage::Traversing,
                dirty: self.keyspace.dirty,
                written: 0,
            },
        );
        id
    }

    /// SAVE and orderly shutdowns: everything is encoded before the next command runs; the disk follows.
    pub(crate) fn start_saving_at_once(&mut self, reply: Option<ConnId>) -> SavingId {
        let id = self.start_saving(Destination::File { reply });
        let saving = self.persist.savings.all.get_mut(&id).expect("just started");
        let view = saving.view.take().expect("just started");
        // The buffer is emptied here as it fills, since no other thread may do it meanwhile.
        loop {
            let progress = self.keyspace.snapshot_slice(view, 1 << 12);
            self.pack_here(id);
            if progress == Progress::Done {
                break;
            }
        }
        let saving = self.persist.savings.all.get_mut(&id).expect("still there");
        saving.stage = Stage::Encoded;
        saving.sink.borrow_mut().encoder.end();
        self.pack_here(id);
        self.finish_packing(id);
        id
    }

    fn pack_here(&mut self, id: SavingId) {
        let saving = self.persist.savings.all.get_mut(&id).expect("a saving in progress");
        let plain = saving.sink.borrow_mut().encoder.take();
        let mut packed = Vec::new();
        saving.packer.as_mut().expect("nobody else packs").push(&plain, &mut packed);
        self.deliver(id, packed);
    }

    /// A share of the work of all snapshots. True if more can be done at once.
    pub(crate) fn slice_savings(&mut self, budget_us: u64) -> bool {
        let mut more = false;
        for id in self.persist.savings.ids() {
            more |= self.slice_saving(id, budget_us);
        }
        more
    }

    fn slice_saving(&mut self, id: SavingId, budget_us: u64) -> bool {
        let Some(saving) = self.persist.savings.all.get_mut(&id) else { return false };
        let room = match saving.destination {
            Destination::Replicas { id } => self.repl.snapshot_room(id) > 0,
            _ => saving.in_flight < 8,
        };
        let mut more = false;
        if let Some(view) = saving.view
            && room
            && saving.sink.borrow().encoder.pending() < PLAIN_MAX
        {
            // About 35 ns a key, so a microsecond is good for some thirty of them.
            let keys = (budget_us * 30).max(64) as usize;
            more = true;
            if self.keyspace.snapshot_slice(view, keys) == Progress::Done {
                saving.view = None;
                saving.stage = Stage::Encoded;
                saving.sink.borrow_mut().encoder.end();
                more = false;
            }
        }
        if room {
            self.pack_elsewhere(id);
        }
        more
    }

    /// Hands what is encoded to the other thread, if it is worth the trip and the packer is at home.
    fn pack_elsewhere(&mut self, id: SavingId) {
        let Some(saving) = self.persist.savings.all.get_mut(&id) else { return };
        let pending = saving.sink.borrow().encoder.pending();
        let last = saving.stage == Stage::Encoded;
        if pending < PIECE && !last {
            return;
        }
        let Some(mut packer) = saving.packer.take() else { return };
        let plain = saving.sink.borrow_mut().encoder.take();
        let ticket = self.errand(Errand::Packing(id));
        let work = Work::new(move || {
            let mut packed = Vec::with_capacity(plain.len());
            packer.push(&plain, &mut packed);
            (packer, packed)
        });
        self.effects.push_back(Effect::Offload { ticket, work });
    }

    /// A piece was packed.
    pub(crate) fn packed(&mut self, id: SavingId, packer: Packer, packed: Vec<u8>) {
        let Some(saving) = self.persist.savings.all.get_mut(&id) else { return };
        saving.packer = Some(packer);
        let all = saving.stage == Stage::Encoded && saving.sink.borrow().encoder.pending() == 0;
        self.deliver(id, packed);
        if all {
            self.finish_packing(id);
        } else {
            self.pack_elsewhere(id);
        }
    }

    /// Everything is packed but the checksum.
    fn finish_packing(&mut self, id: SavingId) {
        let checksum = self.config.values.flag("rdbchecksum");
        let Some(saving) = self.persist.savings.all.get_mut(&id) else { return };
        let mut tail = Vec::new();
        saving.packer.take().expect("nobody packs any more").finish(checksum, &mut tail);
        saving.stage = Stage::Packed;
        self.deliver(id, tail);
        let Some(saving) = self.persist.savings.all.get(&id) else { return };
        if let Destination::Replicas { id: snapshot } = saving.destination {
            self.persist.savings.all.remove(&id);
            self.repl.handle_snapshot_finished(snapshot);
            self.settle_replication();
            return;
        }
        self.sync_when_written(id);
    }

    fn deliver(&mut self, id: SavingId, packed: Vec<u8>) {
        let Some(saving) = self.persist.savings.all.get_mut(&id) else { return };
        saving.written += packed.len() as u64;
        match (&saving.destination, &saving.file) {
            (Destination::Replicas { id: snapshot }, _) => {
                let snapshot = *snapshot;
                self.repl.handle_snapshot_chunk(snapshot, packed);
                self.settle_replication();
            }
            (_, Some((file, _))) => {
                let op = DiskOp::Append { file: *file, bytes: packed };
                saving.in_flight += 1;
                self.disk(Errand::Saving(id), op);
            }
            (_, None) => unreachable!("what does not go to replicas goes to a file"),
        }
    }

    fn sync_when_written(&mut self, id: SavingId) {
        let Some(saving) = self.persist.savings.all.get_mut(&id) else { return };
        if saving.stage != Stage::Packed || saving.in_flight > 0 {
            return;
        }
        let Some((file, _)) = saving.file else { return };
        saving.stage = Stage::Syncing;
        saving.in_flight = 2;
        self.disk(Errand::Saving(id), DiskOp::Sync { file });
        self.disk(Errand::Saving(id), DiskOp::Close { file });
    }

    /// An operation on a snapshot's file has ended.
    pub(crate) fn saving_step(&mut self, id: SavingId, result: Result<(), DiskError>) {
        let Some(saving) = self.persist.savings.all.get_mut(&id) else { return };
        saving.in_flight -= 1;
        if let Err(error) = result {
            self.saving_failed(id, &error);
            return;
        }
        if saving.in_flight > 0 {
            return;
        }
        match saving.stage {
            Stage::Traversing | Stage::Encoded => {}
            Stage::Packed => self.sync_when_written(id),
            Stage::Syncing => {
                let (_, temp) = saving.file.clone().expect("what was synced is a file");
                if let Destination::ReplicaFile { id: snapshot } = saving.destination {
                    let len = saving.written;
                    self.persist.savings.all.remove(&id);
                    self.repl.handle_snapshot_saved(self.now, snapshot, len);
                    self.settle_replication();
                    return;
                }
                saving.stage = Stage::Renaming;
                saving.in_flight = 1;
                let to = self.config.values.text("dbfilename");
                self.disk(Errand::Saving(id), DiskOp::Rename { from: temp, to });
            }
            Stage::Renaming => self.saved(id),
        }
    }

    fn saved(&mut self, id: SavingId) {
        let Some(saving) = self.persist.savings.all.remove(&id) else { return };
        let persist = &mut self.persist;
        persist.last_save = self.now.wall;
        persist.dirty_at_save = saving.dirty;
        persist.last_ok = true;
        persist.saves += 1;
        persist.last_duration_secs = Some(self.now.instant.ms_since(saving.started) / 1000);
        self.log(Level::Notice, "DB saved on disk");
        if let Some(reload) = self.persist.reload.take_if(|it| it.saving == id) {
            self.after_save(true);
            self.reload(reload);
            return;
        }
        match saving.destination {
            Destination::File { reply: Some(conn) } => self.answer(conn, |w| w.ok()),
            _ => self.log(Level::Notice, "Background saving terminated with success"),
        }
        self.file_emptied();
        self.after_save(true);
    }

    fn saving_failed(&mut self, id: SavingId, error: &DiskError) {
        let Some(saving) = self.persist.savings.all.remove(&id) else { return };
        if let Some(view) = saving.view {
            self.keyspace.cancel_snapshot(view);
        }
        let path = saving.file.as_ref().map_or("", |(_, path)| path);
        self.log(Level::Warning, format!("Write error saving DB on disk: {error} ({path})"));
        if let Some((file, path)) = saving.file.clone() {
            self.disk(Errand::Ignored, DiskOp::Close { file });
            self.disk(Errand::Ignored, DiskOp::Remove { path });
        }
        match saving.destination {
            Destination::File { reply } => {
                self.persist.reload.take_if(|it| it.saving == id);
                self.persist.last_ok = false;
                self.persist.last_try = Some(self.now.instant);
                self.log(Level::Warning, "Background saving error");
                if let Some(conn) = reply {
                    self.answer(conn, |w| w.error(b"ERR"));
                }
                self.file_emptied();
                self.after_save(false);
            }
            Destination::ReplicaFile { id } | Destination::Replicas { id } => {
                self.repl.handle_snapshot_failed(self.now, id);
                self.settle_replication();
            }
        }
    }

    /// A snapshot is not wanted any more: FLUSHALL, a replica that went away, a shutdown without saving.
    pub(crate) fn cancel_saving(&mut self, unwanted: impl Fn(&Destination) -> bool) {
        for id in self.persist.savings.ids() {
            if !unwanted(&self.persist.savings.all[&id].destination) {
                continue;
            }
            let Some(saving) = self.persist.savings.all.remove(&id) else { continue };
            if let Some(view) = saving.view {
                self.keyspace.cancel_snapshot(view);
            }
            if let Some((file, path)) = saving.file {
                self.disk(Errand::Ignored, DiskOp::Close { file });
                self.disk(Errand::Ignored, DiskOp::Remove { path });
            }
            if let Destination::File { reply } = saving.destination {
                if let Some(conn) = reply {
                    self.answer(conn, |w| w.error(b"ERR"));
                }
                self.file_emptied();
            }
        }
    }
}

/// The file of a snapshot that is made for replicas.
pub(crate) fn replica_file(run_id: &str, id: replication::SnapshotId) -> String {
    format!("temp-repl-{run_id}-{}.rdb", id.0)
}
