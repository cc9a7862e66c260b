//! A snapshot on its way out: records are copied between commands, packed on another thread, and written to a file
//! or sent to replicas. The dataset goes on changing meanwhile; what is written is the instant of the start.
//!
//! ```text
//! keyspace --records--> Encoder --plain--> Packer (elsewhere) --packed--> file, or replicas
//! ```
//! Between the stages lie at most `PLAIN_MAX` bytes and one piece in the packer's hands; then the traversal waits.
//! Records that writes force out come all the same, so the buffer may grow beyond it, by what is being overwritten.

use super::Pace;
use crate::node::{Errand, Node};
use rdb::{About, EncodeOptions, Encoder, Packer};
use replication::Filter;
use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use stdx::Instant;
use store::{Opening, Piece, Policy, Progress, Record, RecordSink};
use world::{ConnId, DiskError, DiskOp, Effect, FileId, Level, Work};

/// Names a snapshot that is being written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SavingId(pub(crate) u64);

/// So many plain bytes are worth a trip to the other thread. The traversal makes as many while the packer is away, in a
/// quarter of a millisecond: where both share a core, a thread that has just run for long is not woken at once.
const PIECE: usize = 256 << 10;
/// The traversal waits while this many plain bytes wait for the packer: one piece lies ready when it comes home.
const PLAIN_MAX: usize = 2 * PIECE;

/// Where a snapshot goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Destination {
    /// To the file of the dataset; `reply` waits for it (SAVE), or nobody does (BGSAVE).
    File { reply: Option<ConnId> },
    /// To the file of the dataset, because replicas wait for it.
    ReplicaFile { id: replication::SnapshotId },
    /// To replicas, as it is made.
    Replicas { id: replication::SnapshotId },
}

/// After so many bytes the disk is told to begin, where `rdb-save-incremental-fsync` says so: else all of them are
/// written at the sync, and everybody who needs the disk waits for that.
const LYING_MAX: usize = 4 << 20;

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
    /// The file could be created.
    opened: bool,
    stage: Stage,
    /// Somebody waits for it, SAVE or a shutdown, and hears himself of its failure.
    at_once: bool,
    dirty: u64,
    written: u64,
    /// Of these so many are not on their way to the device.
    lying: usize,
    pace: Pace,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
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
    /// What the encoder has filled, in pieces: writes may force out much more than the packer keeps up with, and one
    /// buffer for all of it would be copied as it grows, by the thread that executes commands.
    full: VecDeque<Vec<u8>>,
    full_bytes: usize,
    keys: u64,
}

impl Sink {
    fn new(encoder: Encoder) -> Sink {
        Sink { encoder, full: VecDeque::new(), full_bytes: 0, keys: 0 }
    }

    /// How many bytes wait for the packer.
    fn pending(&self) -> usize {
        self.full_bytes + self.encoder.pending()
    }

    /// Lays the encoder's buffer aside when it is full.
    fn seal(&mut self) {
        if self.encoder.pending() >= PIECE {
            // A record more than a piece is usual.
            let piece = self.encoder.swap(Vec::with_capacity(PIECE + PIECE / 64));
            self.full_bytes += piece.len();
            self.full.push_back(piece);
        }
    }

    /// Takes the piece that came first.
    fn take(&mut self) -> Vec<u8> {
        let Some(piece) = self.full.pop_front() else { return self.encoder.take() };
        self.full_bytes -= piece.len();
        piece
    }
}

impl RecordSink for Sink {
    fn begin_db(&mut self, db: usize, keys: usize, expires: usize) {
        self.encoder.begin_db(db, keys, expires);
    }

    fn record(&mut self, record: Record<'_>) {
        self.keys += 1;
        self.encoder.record(record);
        self.seal();
    }

    fn begin_value(&mut self, opening: Opening<'_>) {
        self.keys += 1;
        self.encoder.begin_value(opening);
    }

    fn piece(&mut self, piece: Piece<'_>) {
        self.encoder.piece(piece);
        self.seal();
    }

    fn end_value(&mut self) {
        self.encoder.end_value();
        self.seal();
    }

    fn is_full(&self) -> bool {
        self.pending() > PLAIN_MAX
    }
}

impl Saving {
    /// Keys written so far.
    pub(crate) fn keys_done(&self) -> u64 {
        self.sink.borrow().keys
    }

    /// It becomes the dataset's file, whoever it was begun for.
    fn is_file(&self) -> bool {
        !matches!(self.destination, Destination::Replicas { .. })
    }

    /// Until when the pace that is asked for holds it back.
    fn rests_until(&self, now: Instant) -> Option<Instant> {
        self.pace.rests_until(now, self.sink.borrow().keys)
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

    /// When one of those that are held back goes on.
    pub(crate) fn next_deadline(&self, now: Instant) -> Option<Instant> {
        self.all.values().filter_map(|it| it.rests_until(now)).min()
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
        self.start_saving_filtered(destination, Filter::default())
    }

    /// As [`Node::start_saving`], for a replica that wants only a part.
    pub(crate) fn start_saving_filtered(
        &mut self,
        destination: Destination,
        filter: Filter,
    ) -> SavingId {
        let id = SavingId(self.persist.savings.next);
        self.persist.savings.next += 1;
        let values = &self.config.values;
        let policy = self.keyspace.settings().policy;
        let options = EncodeOptions {
            version: match self.keyspace.has_field_ttls() {
                true => rdb::format::VERSION_FIELD_EXPIRY,
                false => rdb::format::VERSION_CLASSIC,
            },
            access: policy.counts_uses()
                || matches!(policy, Policy::AllKeysLru | Policy::VolatileLru),
        };
        let mut encoder = Encoder::new(options);
        let replication = self.rdb_position(&destination);
        encoder.about(&About {
            version: crate::REDIS_VERSION,
            ctime_secs: self.now.wall.secs(),
            used_memory: self.used_memory(),
            replication: replication.as_ref().map(|it| rdb::Replication {
                stream_db: it.stream_db,
                id: &it.id,
                offset: it.offset,
            }),
            aof_base: false,
        });
        let libraries = self.scripting.libraries.iter().filter(|_| !filter.without_functions);
        libraries.for_each(|library| encoder.function(&library.source));
        let packer = Packer::new(values.flag("rdbcompression"));
        let file = match &destination {
            Destination::File { .. } | Destination::ReplicaFile { .. } => {
                Some(self.temp_name(id.0))
            }
            Destination::Replicas { .. } => None,
        };
        let sink = Rc::new(RefCell::new(Sink::new(encoder)));
        let pace = Pace::new(self.now.instant, values.integer("rdb-key-save-delay"));
        let keys_total =
            (0..self.keyspace.databases()).map(|db| self.keyspace.db(db).len() as u64).sum();
        let view = match filter.without_data {
            true => self.keyspace.start_snapshot_without_keys(Box::new(sink.clone())),
            false => self.keyspace.start_snapshot(Box::new(sink.clone())),
        };
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
                opened: false,
                stage: Stage::Traversing,
                at_once: false,
                dirty: self.keyspace.dirty,
                written: 0,
                lying: 0,
                pace,
            },
        );
        id
    }

    /// SAVE and orderly shutdowns: everything is encoded before the next command runs; the disk follows.
    pub(crate) fn start_saving_at_once(&mut self, reply: Option<ConnId>) -> SavingId {
        let id = self.start_saving(Destination::File { reply });
        let saving = self.persist.savings.all.get_mut(&id).expect("just started");
        saving.at_once = true;
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
        saving.view = None;
        saving.stage = Stage::Encoded;
        saving.sink.borrow_mut().encoder.end();
        self.pack_here(id);
        self.finish_packing(id);
        id
    }

    fn pack_here(&mut self, id: SavingId) {
        let saving = self.persist.savings.all.get_mut(&id).expect("a saving in progress");
        let packer = saving.packer.as_mut().expect("nobody else packs");
        let mut sink = saving.sink.borrow_mut();
        let mut packed = Vec::new();
        while sink.pending() > 0 {
            packer.push(&sink.take(), &mut packed);
        }
        drop(sink);
        self.deliver(id, packed);
    }

    /// A share of the work of all snapshots. True if more can be done at once.
    pub(crate) fn slice_savings(&mut self, budget_us: u64) -> bool {
        let mut more = false;
        for id in self.persist.savings.ids() {
            more |= self.slice_saving(id, budget_us);
        }
        self.free_garbage();
        more
    }

    fn slice_saving(&mut self, id: SavingId, budget_us: u64) -> bool {
        let Some(saving) = self.persist.savings.all.get_mut(&id) else { return false };
        let room = match saving.destination {
            Destination::Replicas { id } => self.repl.snapshot_room(id) > 0,
            _ => saving.in_flight < 8,
        };
        let rests = saving.rests_until(self.now.instant).is_some();
        let mut more = false;
        if let Some(view) = saving.view
            && room
            && !rests
            && saving.sink.borrow().pending() < PLAIN_MAX
        {
            // Small keys take 35 ns each, but those of some hundred bytes, which memory has to bring first, three times
            // that.
            let keys = if saving.pace.is_set() { 1 } else { (budget_us * 10).max(64) as usize };
            more = true;
            if self.keyspace.snapshot_slice(view, keys) == Progress::Done {
                saving.view = None;
            }
        }
        if saving.view.is_none() && saving.stage == Stage::Traversing && !rests {
            saving.stage = Stage::Encoded;
            saving.sink.borrow_mut().encoder.end();
            more = false;
        }
        if room {
            self.pack_elsewhere(id);
        }
        more
    }

    /// Hands what is encoded to the other thread, if it is worth the trip and the packer is at home.
    fn pack_elsewhere(&mut self, id: SavingId) {
        let Some(saving) = self.persist.savings.all.get_mut(&id) else { return };
        let pending = saving.sink.borrow().pending();
        let last = saving.stage == Stage::Encoded;
        // Where keys come slowly, they go on as they come.
        let worth = if saving.pace.is_set() { 1 } else { PIECE };
        if pending < worth && !last {
            return;
        }
        let Some(mut packer) = saving.packer.take() else { return };
        let plain = saving.sink.borrow_mut().take();
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
        let all = saving.stage == Stage::Encoded && saving.sink.borrow().pending() == 0;
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
                let file = *file;
                saving.lying += packed.len();
                saving.in_flight += 1;
                let writes_out = saving.lying >= LYING_MAX
                    && self.config.values.flag("rdb-save-incremental-fsync");
                if writes_out {
                    saving.lying = 0;
                    saving.in_flight += 1;
                }
                self.disk(Errand::Saving(id), DiskOp::Append { file, bytes: packed });
                if writes_out {
                    self.disk(Errand::Saving(id), DiskOp::WriteOut { file });
                }
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
        saving.opened |= result.is_ok();
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
                // It stays known until it has its name: whoever gives up removes it.
                let (_, temp) = saving.file.clone().expect("what was synced is a file");
                saving.stage = Stage::Renaming;
                saving.in_flight = 1;
                let replicas = match saving.destination {
                    Destination::ReplicaFile { id: snapshot } => Some(snapshot),
                    _ => None,
                };
                let to = self.config.values.text("dbfilename");
                self.disk(Errand::Saving(id), DiskOp::Rename { from: temp, to: to.clone() });
                if let Some(snapshot) = replicas {
                    self.open_for_replicas(id, snapshot, to);
                }
            }
            Stage::Renaming => self.saved(id),
        }
    }

    /// The file has its name: it is opened before another can take the name, for the replicas that wait for it.
    fn open_for_replicas(&mut self, id: SavingId, snapshot: replication::SnapshotId, path: String) {
        let file = self.file_id();
        self.replica_files.insert(snapshot, file);
        if let Some(saving) = self.persist.savings.all.get_mut(&id) {
            saving.in_flight += 1;
        }
        self.disk(Errand::Saving(id), DiskOp::Open { file, path });
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
        if let Some(reload) = self.take_reload(id) {
            self.after_save(true);
            self.reload(reload);
            return;
        }
        match saving.destination {
            Destination::File { reply: Some(conn) } => self.answer(conn, |w| w.ok()),
            // The last save of a shutdown is done in the foreground.
            Destination::File { reply: None } if saving.at_once => {}
            _ => self.log(Level::Notice, "Background saving terminated with success"),
        }
        if let Destination::ReplicaFile { id: snapshot } = saving.destination {
            self.persist.only_for_replicas = self.config.values.save_points().is_empty();
            self.repl.handle_snapshot_saved(self.now, snapshot, saving.written);
            self.settle_replication();
        } else {
            self.persist.only_for_replicas = false;
        }
        self.file_emptied();
        self.after_save(true);
    }

    fn saving_failed(&mut self, id: SavingId, error: &DiskError) {
        let Some(saving) = self.persist.savings.all.remove(&id) else { return };
        if let Some(view) = saving.view {
            self.keyspace.cancel_snapshot(view);
        }
        let (values, path) = (&self.config.values, saving.file.as_ref().map_or("", |it| &it.1));
        let folder = values.text("dir");
        let text = match saving.stage {
            _ if !saving.opened => format!(
                "Failed opening the temp RDB file {path} (in server root dir {folder}) for saving: {error}"
            ),
            Stage::Renaming => format!(
                "Error moving temp DB file {path} on the final destination {} (in server root dir {folder}): {error}",
                values.text("dbfilename")
            ),
            stage => {
                let what = if stage == Stage::Syncing { "fsync" } else { "rdbSaveRio" };
                format!(
                    "Write error while saving DB to the disk({what}): {error} ({path} in server root dir {folder})"
                )
            }
        };
        self.log(Level::Warning, text);
        if let Some((file, path)) = saving.file.clone() {
            self.disk(Errand::Ignored, DiskOp::Close { file });
            self.disk(Errand::Ignored, DiskOp::Remove { path });
        }
        if saving.is_file() && !saving.at_once {
            self.persist.last_ok = false;
            self.persist.last_try = Some(self.now.instant);
            self.log(Level::Warning, "Background saving error");
        }
        match saving.destination {
            Destination::File { reply } => {
                self.take_reload(id);
                if let Some(conn) = reply {
                    self.answer(conn, |w| w.error(b"ERR"));
                }
                self.file_emptied();
                self.after_save(false);
            }
            Destination::ReplicaFile { id } | Destination::Replicas { id } => {
                if let Some(file) = self.replica_files.remove(&id) {
                    self.disk(Errand::Ignored, DiskOp::Close { file });
                }
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
                self.take_reload(id);
                if let Some(conn) = reply {
                    self.answer(conn, |w| w.error(b"ERR"));
                }
                self.file_emptied();
            }
        }
    }

    /// Nobody waits for this snapshot any more. One that becomes the dataset's file goes on for the file's sake,
    /// where files are wanted.
    pub(crate) fn cancel_for_replicas(&mut self, snapshot: replication::SnapshotId) {
        let for_file = Destination::ReplicaFile { id: snapshot };
        let all = self.persist.savings.all.values_mut();
        for saving in all.filter(|it| it.destination == for_file) {
            if saving.stage == Stage::Renaming {
                // It is as good as done.
                return;
            }
            if !self.config.values.save_points().is_empty() {
                saving.destination = Destination::File { reply: None };
                return;
            }
        }
        self.cancel_saving(|destination| {
            *destination == Destination::Replicas { id: snapshot }
                || *destination == Destination::ReplicaFile { id: snapshot }
        });
    }

    /// All data is gone: replicas get a snapshot of what is there now.
    pub(crate) fn dataset_flushed(&mut self) {
        self.persist.flushed = false;
        self.abandon_views();
        self.settle_replication();
    }

    /// The dataset is about to be another. Snapshots of the present one are given up; who waits for one has to ask
    /// again. What is on its way to be the dataset's file is stopped as long as it can be.
    ///
    /// What the machine wants then is left for the caller to settle, when the other dataset is there: a view that
    /// is taken before would be of the old one.
    pub(crate) fn abandon_views(&mut self) {
        let unfinished = self.persist.savings.all.values().filter(|it| match it.destination {
            Destination::File { .. } => it.view.is_some(),
            Destination::ReplicaFile { .. } => it.stage < Stage::Renaming,
            Destination::Replicas { .. } => true,
        });
        for destination in unfinished.map(|it| it.destination.clone()).collect::<Vec<_>>() {
            self.cancel_saving(|it| *it == destination);
            if let Destination::ReplicaFile { id } | Destination::Replicas { id } = destination {
                self.repl.handle_snapshot_failed(self.now, id);
            }
        }
    }
}
