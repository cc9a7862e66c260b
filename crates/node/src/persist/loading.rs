//! The dataset on its way in: a file at the start (or DEBUG RELOAD, or a full synchronization), or a stream from the
//! master, read piece by piece between events, so that the server can say that it is loading.

use crate::info::Info;
use crate::node::{Errand, Node};
use rdb::{Checksum, DecodeOptions, Decoder, Item, Key};
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
    /// Commands are answered from the old dataset meanwhile.
    pub(crate) beside: bool,
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
}

/// What is being loaded for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    /// The server starts.
    Start,
    /// DEBUG RELOAD.
    Reload { reply: Option<ConnId> },
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
        }
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

/// How loading can fail.
pub(crate) enum Failure {
    Disk(DiskError),
    Corrupt(rdb::Corrupt),
}

impl Node {
    /// Begins to read a file; without one there is nothing to load, which is how a server starts for the first time.
    pub(crate) fn load_file(&mut self, why: Why, path: String) {
        let file = self.file_id();
        let mut loading = Loading::new(self, why, path.clone(), 0);
        loading.file = Some(file);
        self.persist.loading = Some(Box::new(loading));
        self.disk(Errand::Loading, DiskOp::Open { file, path });
    }

    /// An operation on the file that is loaded has ended.
    pub(crate) fn loading_step(&mut self, result: Result<DiskReply, DiskError>) {
        let Some(loading) = &mut self.persist.loading else { return };
        let Some(file) = loading.file else { return };
        match result {
            Ok(DiskReply::Opened { len }) => {
                loading.total = len;
                self.read_on(file);
            }
            Ok(DiskReply::Bytes(bytes)) => {
                loading.read += bytes.len() as u64;
                let ended = bytes.is_empty();
                match self.load_bytes(&bytes) {
                    Err(corrupt) => self.load_failed(Failure::Corrupt(corrupt)),
                    Ok(true) => self.load_done(),
                    Ok(false) if ended => {
                        let finish = self.persist.loading.as_ref().map(|it| it.decoder.finish());
                        match finish {
                            Some(Err(corrupt)) => self.load_failed(Failure::Corrupt(corrupt)),
                            _ => self.load_done(),
                        }
                    }
                    Ok(false) => self.read_on(file),
                }
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
        self.disk(Errand::Loading, op);
    }

    /// Takes in the next bytes of a dataset. True: that was its end.
    pub(crate) fn load_bytes(&mut self, bytes: &[u8]) -> Result<bool, rdb::Corrupt> {
        let Some(mut loading) = self.persist.loading.take() else { return Ok(true) };
        loading.decoder.feed(bytes);
        let result = loop {
            match loading.decoder.next() {
                Ok(Some(Item::End { checksum })) => {
                    if checksum == Checksum::Disabled {
                        self.log(
                            Level::Notice,
                            "RDB file was saved with checksum disabled: no check performed.",
                        );
                    }
                    break Ok(true);
                }
                Ok(Some(item)) => self.load_item(&mut loading, item),
                Ok(None) => break Ok(loading.decoder.is_done()),
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
                        let age = self.now.wall.secs() as i64 - number().unwrap_or(0);
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
            Item::Function(source) => self.persist.functions.push(source),
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
        if dead && !self.is_replica() && loading.why != Why::Sync {
            loading.expired += 1;
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

    pub(crate) fn load_done(&mut self) {
        let Some(loading) = self.persist.loading.take() else { return };
        if let Some(file) = loading.file {
            self.disk(Errand::Ignored, DiskOp::Close { file });
        }
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
            Why::Reload { reply } => {
                if let Some(conn) = reply {
                    self.answer(conn, |w| w.ok());
                }
            }
            Why::Sync => self.sync_loaded(*loading),
        }
    }

    pub(crate) fn load_failed(&mut self, failure: Failure) {
        let Some(loading) = self.persist.loading.take() else { return };
        if let Some(file) = loading.file {
            self.disk(Errand::Ignored, DiskOp::Close { file });
        }
        let reason = match &failure {
            Failure::Disk(error) => error.to_string(),
            Failure::Corrupt(corrupt) => corrupt.to_string(),
        };
        match loading.why {
            Why::Start => {
                let path = &loading.path;
                match failure {
                    Failure::Disk(_) => self.log(
                        Level::Warning,
                        format!("Fatal error loading the DB, check server logs. Exiting. ({path}: {reason})"),
                    ),
                    Failure::Corrupt(_) => {
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
            Why::Reload { reply } => {
                self.log(Level::Warning, format!("Error trying to load the RDB dump: {reason}"));
                if let Some(conn) = reply {
                    self.answer(conn, |w| {
                        w.error(b"ERR Error trying to load the RDB dump, check server logs.");
                    });
                }
            }
            Why::Sync => self.sync_load_failed(&reason),
        }
    }
}
