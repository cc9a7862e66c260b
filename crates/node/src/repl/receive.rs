//! A snapshot from the master: into a file first, or straight into memory. The old data goes when what replaces it
//! is known to be loadable, and not before.

use crate::node::{Errand, Node, new_keyspace};
use crate::persist::{Destination, Loading, LoadingWhy};
use replication::{Intake, Replaces};
use world::{DiskError, DiskOp, FileId, Level};

/// A snapshot that is arriving.
pub(crate) enum Receiving {
    /// Into a file.
    File {
        file: FileId,
        path: String,
        /// Operations that have not ended.
        in_flight: usize,
        stage: Stage,
        /// All bytes have arrived.
        complete: bool,
        /// How many bytes are not on their way to the device.
        lying: usize,
        /// What has arrived while the disk was busy.
        waiting: Vec<u8>,
        /// So much waits that the master is not read.
        held: bool,
        /// The first bytes, until they are enough to tell what it is.
        head: Vec<u8>,
    },
    /// Into memory.
    Memory {
        /// Loading has begun: the head was seen and accepted.
        begun: bool,
        head: Vec<u8>,
        replaces: Replaces,
        total: u64,
    },
}

/// What happens to the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    Writing,
    /// All is written; it is made to last, and closed.
    Syncing,
    /// It is about to get its final name.
    Renaming,
}

/// While so many bytes wait for the disk, no more are read: a slow disk must not fill the memory.
const WAITING_MAX: usize = 4 << 20;

/// After so many bytes the disk is told to begin: else a replica would stand still when all of them are synced.
const LYING_MAX: usize = 8 << 20;

/// Bytes that tell whether a file can be loaded: the magic and the version.
const HEAD: usize = 9;

impl Node {
    pub(super) fn receive_begin(&mut self, size: Option<u64>, into: Intake) {
        self.receive_abort();
        self.receiving = Some(match into {
            Intake::Disk => {
                let file = self.file_id();
                let path = self.temp_name(file.0);
                self.disk(Errand::Receiving(file), DiskOp::Create { file, path: path.clone() });
                Receiving::File {
                    file,
                    path,
                    in_flight: 1,
                    stage: Stage::Writing,
                    complete: false,
                    lying: 0,
                    waiting: Vec::new(),
                    held: false,
                    head: Vec::new(),
                }
            }
            Intake::Parser => {
                let empty =
                    (0..self.keyspace.databases()).all(|db| self.keyspace.db(db).is_empty());
                let swap = self.repl.settings().diskless_load == replication::DisklessLoad::Swap;
                let replaces = if swap && !empty { Replaces::WhenDone } else { Replaces::Now };
                Receiving::Memory {
                    begun: false,
                    head: Vec::new(),
                    replaces,
                    total: size.unwrap_or(0),
                }
            }
        });
    }

    /// A piece has arrived.
    pub(super) fn receive(&mut self, piece: Vec<u8>) {
        match &mut self.receiving {
            None => {}
            Some(Receiving::File { waiting, head, .. }) => {
                if head.len() < HEAD {
                    head.extend_from_slice(&piece[..piece.len().min(HEAD - head.len())]);
                    if head.len() == HEAD
                        && let Err(reason) = rdb::format::check_magic(head)
                    {
                        self.refuse(&reason);
                        return;
                    }
                }
                waiting.extend_from_slice(&piece);
                self.write_received();
            }
            Some(Receiving::Memory { begun: false, head, .. }) => {
                head.extend_from_slice(&piece);
                if head.len() >= HEAD {
                    match rdb::format::check_magic(&head[..HEAD]) {
                        Ok(()) => self.load_from_link(),
                        Err(reason) => self.refuse(&reason),
                    }
                }
            }
            Some(Receiving::Memory { begun: true, .. }) => self.load(&piece),
        }
    }

    fn refuse(&mut self, reason: &str) {
        self.receive_abort();
        self.repl.handle_load_failed(self.now, reason);
    }

    /// The whole snapshot has arrived.
    pub(super) fn receive_end(&mut self) {
        match &mut self.receiving {
            None => {}
            Some(Receiving::File { complete, held, .. }) => {
                *complete = true;
                // What follows the snapshot is the machine's to hold back or not.
                *held = false;
                self.write_received();
            }
            Some(Receiving::Memory { begun, .. }) => {
                if *begun {
                    self.load_ended();
                } else {
                    self.refuse("Short read or OOM loading DB");
                }
            }
        }
    }

    /// What has arrived is not wanted any more.
    pub(super) fn receive_abort(&mut self) {
        if let Some(Receiving::File { file, path, stage, held, .. }) = self.receiving.take() {
            if held {
                self.read_link(true);
            }
            if stage == Stage::Writing {
                self.disk(Errand::Ignored, DiskOp::Close { file });
            }
            self.disk(Errand::Ignored, DiskOp::Remove { path });
        }
        if let Some(loading) = self.persist.loading.take_if(|it| it.why == LoadingWhy::Sync) {
            if let Err(corrupt) = loading.decoder.finish() {
                self.log(Level::Warning, format!("Internal error in RDB reading: {corrupt}"));
            }
            self.close_loaded(&loading);
            let beside = loading.beside;
            self.beside = None;
            if !beside {
                // Half a dataset is no dataset.
                self.keyspace.flush_all(false);
                self.keyspace.changes.clear();
            }
        }
    }

    /// An operation on the file that is being received has ended. What is heard of a file that is not wanted any
    /// more means nothing: its successor has steps of its own.
    pub(crate) fn receiving_step(&mut self, of: FileId, result: Result<(), DiskError>) {
        let Some(Receiving::File { file, in_flight, stage, .. }) = &mut self.receiving else {
            return;
        };
        if *file != of {
            return;
        }
        if let Err(error) = result {
            let text = if *stage == Stage::Renaming {
                format!("Failed trying to rename the temp DB into the dump file: {error}")
            } else {
                format!(
                    "Write error or short write writing to the DB dump file needed for MASTER <-> REPLICA \
                     synchronization: {error}"
                )
            };
            self.log(Level::Warning, text.clone());
            self.refuse(&text);
            self.settle_replication();
            return;
        }
        *in_flight -= 1;
        if *in_flight > 0 {
            return;
        }
        if *stage == Stage::Renaming {
            self.received();
        } else {
            self.write_received();
        }
    }

    /// Gives the disk what it has to do next, if it has nothing to do: all that waits at once, so that small pieces
    /// do not become as many writes.
    fn write_received(&mut self) {
        let Some(Receiving::File {
            file,
            path,
            in_flight,
            stage,
            complete,
            lying,
            waiting,
            held,
            ..
        }) = &mut self.receiving
        else {
            return;
        };
        let file = *file;
        if *in_flight > 0 {
            if waiting.len() > WAITING_MAX && !*held && !*complete {
                *held = true;
                self.read_link(false);
            }
            return;
        }
        if !waiting.is_empty() {
            *in_flight = 1;
            let bytes = std::mem::take(waiting);
            let reads_again = std::mem::take(held);
            *lying += bytes.len();
            let writes_out = *lying >= LYING_MAX;
            if writes_out {
                (*lying, *in_flight) = (0, 2);
            }
            self.disk(Errand::Receiving(file), DiskOp::Append { file, bytes });
            if writes_out {
                self.disk(Errand::Receiving(file), DiskOp::WriteOut { file });
            }
            if reads_again {
                self.read_link(true);
            }
        } else if *complete && *stage == Stage::Writing {
            (*stage, *in_flight) = (Stage::Syncing, 2);
            self.disk(Errand::Receiving(file), DiskOp::Sync { file });
            self.disk(Errand::Receiving(file), DiskOp::Close { file });
        } else if *complete {
            (*stage, *in_flight) = (Stage::Renaming, 1);
            let from = path.clone();
            // A snapshot of ours must not take the name after this one did: it would be loaded in its place.
            self.cancel_saving(|destination| matches!(destination, Destination::File { .. }));
            self.abandon_views();
            let to = self.config.values.text("dbfilename");
            self.disk(Errand::Receiving(file), DiskOp::Rename { from, to });
        }
    }

    /// The received file has its final name: now, and only now, the old data goes.
    fn received(&mut self) {
        self.receiving = None;
        self.begin_replacing();
        let path = self.config.values.text("dbfilename");
        self.load_file(LoadingWhy::Sync, path);
        self.settle_replication();
    }

    fn begin_replacing(&mut self) {
        self.end_slow_script();
        self.give_up_reload();
        self.abandon_views();
        self.repl.handle_load_begin(self.now, Replaces::Now);
        let lazy = self.settings.replica_lazy_flush;
        self.keyspace.flush_all(lazy);
        self.tell_changes();
        self.own_keys.clear();
    }

    fn load_from_link(&mut self) {
        let Some(Receiving::Memory { begun, head, replaces, total }) = &mut self.receiving else {
            return;
        };
        *begun = true;
        let (head, replaces, total) = (std::mem::take(head), *replaces, *total);
        let mut loading = Loading::new(self, LoadingWhy::Sync, String::new(), total);
        if replaces == Replaces::WhenDone {
            self.give_up_reload();
            loading.beside = true;
            loading.serves = self.repl.receives_own_history();
            let settings = self.keyspace.settings().clone();
            self.beside = Some(Box::new(new_keyspace(settings, &mut self.secrets)));
            self.repl.handle_load_begin(self.now, replaces);
        } else {
            self.begin_replacing();
        }
        self.persist.loading = Some(Box::new(loading));
        self.load(&head);
    }

    /// The snapshot is in memory.
    pub(crate) fn sync_loaded(&mut self, loading: Loading) {
        self.receiving = None;
        if self.put_in_place() {
            self.log(Level::Notice, "MASTER <-> REPLICA sync: Swapping active DB with loaded DB");
            self.own_keys.clear();
            self.watched_were_replaced(|_| true);
        }
        self.link.stream_db =
            loading.stream_db.and_then(|db| usize::try_from(db).ok()).unwrap_or(0);
        if let Some(conn) = self.link.conn
            && let Some(session) = self.sessions.get_mut(conn)
        {
            session.db = self.link.stream_db;
        }
        self.persist.last_save = self.now.wall;
        self.repl.handle_load_done(self.now);
        self.persist.only_for_replicas = loading.is_from_file();
        self.remove_sync_file();
        self.settle_replication();
    }

    /// The snapshot turned out to be damaged.
    pub(crate) fn sync_load_failed(&mut self, reason: &str) {
        self.receiving = None;
        if self.beside.take().is_none() {
            self.keyspace.flush_all(false);
            self.keyspace.changes.clear();
        }
        let text = format!(
            "Failed trying to load the MASTER synchronization DB from socket or disk: {reason}"
        );
        self.repl.handle_load_failed(self.now, &text);
        self.settle_replication();
    }
}
