//! The dataset on its way in: a file at the start (or DEBUG RELOAD, or a full synchronization), or a stream from the
//! master, read piece by piece between events, so that the server can say that it is loading.

use super::Pace;
use crate::info::Info;
use crate::node::{Errand, Node};
use rdb::{Checksum, DecodeOptions, Decoder, Item, Key};
use resp::Owned;
use script::Restore;
use stdx::{Instant, Now};
use store::{Access, Expiry, Ttl};
use world::{ConnId, DiskError, DiskErrorKind, DiskOp, DiskReply, Effect, Exit, FileId, Level};

/// How much of a file is read at a time.
const PIECE: usize = 512 << 10;

/// A dataset being loaded.
pub(crate) struct Loading {
    pub(crate) why: Why,
    pub(crate) started: Now,
    pub(crate) decoder: Decoder,
    /// It is loaded beside the present dataset, whose place it takes when it is whole.
    pub(crate) beside: bool,
    /// Commands are answered from the present dataset meanwhile: it is an older state of the same history.
    pub(crate) serves: bool,
    pace: Pace,
    /// Until when nothing more is taken in.
    pub(crate) rests_until: Option<Instant>,
    /// No more bytes will come.
    pub(crate) ended: bool,
    pub(crate) total: u64,
    file: Option<FileId>,
    path: String,
    read: u64,
    loaded: u64,
    expired: u64,
    /// Keys without a value, which older versions could leave in a file.
    empty: u64,
    last_progress: Instant,
    /// What the file says about its place in a history.
    pub(crate) replid: Option<Vec<u8>>,
    pub(crate) offset: Option<i64>,
    pub(crate) stream_db: Option<i64>,
    functions: Vec<Vec<u8>>,
}

/// What is being loaded for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    /// The server starts.
    Start,
    /// DEBUG RELOAD.
    Reload { reply: Option<ConnId>, libraries: Restore },
    /// A full synchronization.
    Sync,
}

impl Loading {
    pub(crate) fn new(node: &Node, why: Why, path: String, total: u64) -> Loading {
        let options = DecodeOptions {
            thresholds: node.keyspace.settings().thresholds,
            databases: node.keyspace.databases() as u64,
            checksum: node.config.values.flag("rdbchecksum"),
        };
        Loading {
            why,
            started: node.now,
            decoder: Decoder::new(options),
            beside: false,
            serves: false,
            pace: Pace::new(node.now.instant, node.config.values.integer("key-load-delay")),
            rests_until: None,
            ended: false,
            total,
            file: None,
            path,
            read: 0,
            loaded: 0,
            expired: 0,
            empty: 0,
            last_progress: node.now.instant,
            replid: None,
            offset: None,
            stream_db: None,
            functions: Vec::new(),
        }
    }

    /// From a file, not straight from the link.
    pub(crate) fn is_from_file(&self) -> bool {
        self.file.is_some()
    }

    /// The fields that INFO has while loading.
    pub(crate) fn info(&self, now: Now, info: &mut Info) {
        let elapsed = now.instant.ms_since(self.started.instant) / 1000;
        let read = self.decoder.offset();
        let percent = if self.total == 0 { 0.0 } else { read as f64 * 100.0 / self.total as f64 };
        let left = elapsed * self.total.saturating_sub(read);
        let eta = left.checked_div(read).unwrap_or(1);
        info.field("loading_start_time", self.started.wall.secs());
        info.field("loading_total_bytes", self.total);
        info.field("loading_rdb_used_mem", 0);
        info.field("loading_loaded_bytes", read);
        info.field("loading_loaded_perc", format_args!("{percent:.2}"));
        info.field("loading_eta_seconds", eta);
    }
}

/// How far the bytes that are there have led.
enum Taken {
    /// To the end of the dataset.
    All,
    /// More bytes are needed.
    Some,
    /// To where the pace that is asked for sets a rest.
    Resting,
}

/// How loading can fail.
pub(crate) enum Failure {
    Disk(DiskError),
    Corrupt(rdb::Corrupt),
    /// A library of functions that cannot be loaded, and why.
    Library(String),
}

impl Node {
    /// Begins to read a file; without one there is nothing to load, which is how a server starts for the first time.
    pub(crate) fn load_file(&mut self, why: Why, path: String) {
        let file = self.file_id();
        let mut loading = Loading::new(self, why, path.clone(), 0);
        loading.file = Some(file);
        self.persist.loading = Some(Box::new(loading));
        self.disk(Errand::Loading(file), DiskOp::Open { file, path });
    }

    /// An operation on the file that is loaded has ended. Of a file that was given up nothing more is to be heard.
    pub(crate) fn loading_step(&mut self, file: FileId, result: Result<DiskReply, DiskError>) {
        let Some(loading) = &mut self.persist.loading else { return };
        if loading.file != Some(file) {
            return;
        }
        match result {
            Ok(DiskReply::Opened { len }) => {
                loading.total = len;
                self.read_on(file);
            }
            Ok(DiskReply::Bytes(bytes)) => {
                loading.read += bytes.len() as u64;
                loading.ended = bytes.is_empty();
                self.load(&bytes);
            }
            Ok(DiskReply::Done) => {}
            Err(error) if error.kind == DiskErrorKind::NotFound && loading.why == Why::Start => {
                self.persist.loading = None;
                self.loaded();
            }
            Err(error) => self.load_failed(Failure::Disk(error)),
        }
    }

    fn read_on(&mut self, file: FileId) {
        let Some(loading) = &self.persist.loading else { return };
        let op = DiskOp::Read { file, offset: loading.read, len: PIECE };
        self.disk(Errand::Loading(file), op);
    }

    /// The next bytes of a dataset are here.
    pub(crate) fn load(&mut self, bytes: &[u8]) {
        if let Some(loading) = &mut self.persist.loading {
            loading.decoder.feed(bytes);
            self.load_on();
        }
    }

    /// No more bytes will come.
    pub(crate) fn load_ended(&mut self) {
        if let Some(loading) = &mut self.persist.loading {
            loading.ended = true;
            self.load_on();
        }
    }

    /// What was to rest goes on, if it has rested enough.
    pub(crate) fn load_if_rested(&mut self) {
        let Some(loading) = &mut self.persist.loading else { return };
        if loading.rests_until.take_if(|until| *until <= self.now.instant).is_none() {
            return;
        }
        if loading.file.is_none() && !loading.ended {
            self.read_link(true);
        }
        self.load_on();
        self.settle_replication();
    }

    /// Takes in what is there, and looks where that leads.
    fn load_on(&mut self) {
        let taken = self.take_items();
        let Some(loading) = &self.persist.loading else { return };
        let from_link = loading.file.is_none();
        match taken {
            Err(corrupt) => self.load_failed(Failure::Corrupt(corrupt)),
            Ok(Taken::Some) if loading.ended => match loading.decoder.finish() {
                Err(corrupt) => self.load_failed(Failure::Corrupt(corrupt)),
                Ok(()) => self.load_done(),
            },
            // A snapshot from the link is followed by its mark.
            Ok(Taken::All) if from_link && !loading.ended => {}
            Ok(Taken::All) => self.load_done(),
            Ok(Taken::Some) => {
                if let Some(file) = loading.file {
                    self.read_on(file);
                }
            }
            Ok(Taken::Resting) if from_link => self.read_link(false),
            Ok(Taken::Resting) => {}
        }
    }

    fn take_items(&mut self) -> Result<Taken, rdb::Corrupt> {
        let Some(mut loading) = self.persist.loading.take() else { return Ok(Taken::Resting) };
        let result = loop {
            let keys = loading.loaded + loading.expired;
            loading.rests_until = loading.pace.rests_until(self.now.instant, keys);
            if loading.rests_until.is_some() {
                break Ok(Taken::Resting);
            }
            match loading.decoder.next() {
                Ok(Some(Item::End { checksum })) => {
                    if checksum == Checksum::Disabled {
                        self.log(
                            Level::Notice,
                            "RDB file was saved with checksum disabled: no check performed.",
                        );
                    }
                }
                Ok(Some(item)) => self.load_item(&mut loading, item),
                Ok(None) if loading.decoder.is_done() => break Ok(Taken::All),
                Ok(None) => break Ok(Taken::Some),
                Err(corrupt) => break Err(corrupt),
            }
        };
        if self.now.instant.ms_since(loading.last_progress) > 2000 && loading.total > 0 {
            loading.last_progress = self.now.instant;
            let percent = loading.decoder.offset() * 100 / loading.total;
            self.log(
                Level::Notice,
                format!("Loading: {percent} % of {} bytes, {} keys", loading.total, loading.loaded),
            );
        }
        self.persist.loading = Some(loading);
        result
    }

    fn load_item(&mut self, loading: &mut Loading, item: Item) {
        match item {
            Item::Aux { name, value } => {
                let number = || stdx::integer::parse_i64(&value);
                match name.as_slice() {
                    b"repl-id" => loading.replid = Some(value),
                    b"repl-offset" => loading.offset = number(),
                    b"repl-stream-db" => loading.stream_db = number(),
                    b"redis-ver" => {
                        let version = String::from_utf8_lossy(&value).into_owned();
                        self.log(
                            Level::Notice,
                            format!("Loading RDB produced by version {version}"),
                        );
                    }
                    b"ctime" => {
                        let made = number().unwrap_or(0);
                        let age = (self.now.wall.secs() as i64).saturating_sub(made);
                        self.log(Level::Notice, format!("RDB age {} seconds", age.max(0)));
                    }
                    b"used-mem" => {
                        let megabytes = number().unwrap_or(0) as f64 / (1 << 20) as f64;
                        self.log(
                            Level::Notice,
                            format!("RDB memory usage when created {megabytes:.2} Mb"),
                        );
                    }
                    _ => {}
                }
            }
            Item::Function(source) => loading.functions.push(source),
            Item::Key(key) => self.load_key(loading, *key),
            Item::EmptyKey { key, .. } => {
                loading.empty += 1;
                let name = String::from_utf8_lossy(&key).into_owned();
                self.log(Level::Notice, format!("rdbLoadObject skipping empty key: {name}"));
            }
            Item::Header { .. }
            | Item::SelectDb(_)
            | Item::ResizeDb { .. }
            | Item::Slot { .. }
            | Item::ModuleAux { .. }
            | Item::End { .. } => {}
        }
    }

    fn load_key(&mut self, loading: &mut Loading, key: Key) {
        // A master has no use for a key whose time is up; a replica must keep it until its master says DEL.
        let dead = key.expires.is_some_and(|at| at < self.now.wall.ms());
        // At the start, only the parameters know yet which of the two we are.
        let is_master = !self.is_replica() && self.config.values.source().is_none();
        if dead && is_master && loading.why == Why::Start {
            loading.expired += 1;
            self.tell_expired_at_load(loading, key.db, &key.key);
            return;
        }
        let keyspace = self.beside.as_deref_mut().unwrap_or(&mut self.keyspace);
        keyspace.begin(self.now, Expiry::Ignore);
        let ttl = key.expires.map_or(Ttl::Clear, Ttl::At);
        let mut db = keyspace.db(key.db);
        db.put(&key.key, key.value, ttl);
        match key.access {
            Some(Access::IdleSecs(secs)) => db.set_idle_secs(&key.key, secs),
            Some(Access::Frequency(frequency)) => db.set_frequency(&key.key, frequency),
            None => {}
        }
        keyspace.changes.clear();
        loading.loaded += 1;
    }

    /// Replicas that come back to a history that the file continues still have the key: it ends by the stream.
    fn tell_expired_at_load(&mut self, loading: &Loading, db: usize, key: &[u8]) {
        self.restore_history(loading);
        let verb = if self.settings.lazy_expire { "UNLINK" } else { "DEL" };
        self.feed(db, &Owned::new([verb.as_bytes(), key]).words());
    }

    /// The file is not read any further.
    pub(crate) fn close_loaded(&mut self, loading: &Loading) {
        if let Some(file) = loading.file {
            self.disk(Errand::Ignored, DiskOp::Close { file });
        }
    }

    pub(crate) fn load_done(&mut self) {
        let Some(mut loading) = self.persist.loading.take() else { return };
        let how = match loading.why {
            Why::Start | Why::Sync => Restore::Flush,
            Why::Reload { libraries, .. } => libraries,
        };
        let sources = std::mem::take(&mut loading.functions);
        self.end_slow_script();
        if let Err(error) = self.restore_libraries(&sources, how) {
            let text = String::from_utf8_lossy(error.text()).into_owned();
            self.persist.loading = Some(loading);
            self.load_failed(Failure::Library(format!("Failed creating the library: {text}")));
            return;
        }
        self.close_loaded(&loading);
        self.persist.keys_loaded = loading.loaded;
        self.persist.keys_expired = loading.expired;
        self.persist.dirty_at_save = self.keyspace.dirty;
        let skipped = match loading.empty {
            0 => String::new(),
            count => format!(", empty keys skipped: {count}"),
        };
        self.log(
            Level::Notice,
            format!(
                "Done loading RDB, keys loaded: {}, keys expired: {}{skipped}.",
                loading.loaded, loading.expired
            ),
        );
        match loading.why {
            Why::Start => {
                let seconds = self.now.instant.us_since(loading.started.instant) as f64 / 1e6;
                self.log(Level::Notice, format!("DB loaded from disk: {seconds:.3} seconds"));
                self.persist.last_save = self.now.wall;
                self.restore_history(&loading);
                self.loaded();
            }
            Why::Reload { reply, .. } => self.reloaded(reply, true),
            Why::Sync => self.sync_loaded(*loading),
        }
    }

    pub(crate) fn load_failed(&mut self, failure: Failure) {
        let Some(loading) = self.persist.loading.take() else { return };
        self.close_loaded(&loading);
        let reason = match &failure {
            Failure::Disk(error) => error.to_string(),
            Failure::Corrupt(corrupt) => corrupt.to_string(),
            Failure::Library(text) => text.clone(),
        };
        if loading.why == Why::Sync && !loading.ended {
            self.log(Level::Warning, format!("Internal error in RDB reading: {reason}"));
        }
        match loading.why {
            Why::Start => {
                let path = &loading.path;
                match failure {
                    Failure::Disk(_) => self.log(
                        Level::Warning,
                        format!("Fatal error loading the DB, check server logs. Exiting. ({path}: {reason})"),
                    ),
                    Failure::Corrupt(_) | Failure::Library(_) => {
                        self.log(Level::Warning, format!("Internal error in RDB reading: {reason}"));
                        self.log(
                            Level::Warning,
                            format!(
                                "Terminating server after rdb file reading failure. The file is {path}: {reason}. \
                                 'regent check-rdb {path}' tells more."
                            ),
                        );
                    }
                }
                self.effects.push_back(Effect::Exit(Exit::Status(1)));
            }
            Why::Reload { reply, .. } => {
                self.log(Level::Warning, format!("Error trying to load the RDB dump: {reason}"));
                self.reloaded(reply, false);
            }
            Why::Sync => self.sync_load_failed(&reason),
        }
    }
}
