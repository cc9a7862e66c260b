//! What the toy keeps on its disk: its data, whose replica it is, and snapshots on their way in and out.

use super::data::{Data, Snapshot};
use super::{Arriving, Job, Toy};
use replication::{Intake, Replaces, SnapshotId};
use stdx::Now;
use world::{ConnId, DiskError, DiskOp, DiskReply, Effect, FileId};

const DUMP: &str = "dump";
const ROLE: &str = "role";
const INTAKE: &str = "intake";
const INTAKE_FILE: FileId = FileId(1);

fn outgoing_file(id: SnapshotId) -> FileId {
    FileId(100 + id.0)
}

fn outgoing_path(id: SnapshotId) -> String {
    format!("outgoing-{}", id.0)
}

impl Toy {
    fn op(&mut self, job: Job, op: DiskOp) {
        let ticket = self.ticket(job);
        self.effects.push_back(Effect::Disk { ticket, op });
    }

    pub(super) fn boot(&mut self) {
        self.op(Job::BootDump, DiskOp::Slurp { path: DUMP.into() });
    }

    pub(super) fn save(&mut self) {
        let bytes = self.snapshot().encode();
        // In the middle of loading there is nothing worth keeping.
        if self.arriving.as_ref().is_none_or(|arriving| arriving.loaded.is_none()) {
            self.op(Job::Nothing, DiskOp::Replace { path: DUMP.into(), bytes });
        }
    }

    pub(super) fn save_role(&mut self) {
        let role = self
            .repl
            .primary_address()
            .map_or(String::new(), |(host, port)| format!("{host} {port}"));
        let bytes = role.into_bytes();
        self.op(Job::Nothing, DiskOp::Replace { path: ROLE.into(), bytes });
    }

    pub(super) fn disk_done(&mut self, now: Now, job: Job, result: Result<DiskReply, DiskError>) {
        let bytes = |result: Result<DiskReply, DiskError>| match result {
            Ok(DiskReply::Bytes(bytes)) => Some(bytes),
            _ => None,
        };
        match job {
            Job::BootDump => {
                // Replaced as a whole, so it is whole or not there.
                if let Some(bytes) = bytes(result) {
                    let loaded = Snapshot::decode(&bytes).expect("a dump is never torn");
                    self.boot_with(loaded);
                }
                self.op(Job::BootRole, DiskOp::Slurp { path: ROLE.into() });
            }
            Job::BootRole => self.boot_as(now, &bytes(result).unwrap_or_default()),
            Job::SnapshotWritten(id, len) => match result {
                Ok(_) => {
                    self.repl.handle_snapshot_saved(now, id, len);
                }
                Err(_) => self.repl.handle_snapshot_failed(now, id),
            },
            Job::SnapshotRead(id, conn) => {
                self.repl.handle_snapshot_read(now, id, conn, bytes(result));
            }
            Job::IntakeWritten(number) => {
                if !self.is_arriving(number) {
                    return;
                }
                if result.is_err() {
                    self.arriving = None;
                    return self.repl.handle_load_failed(now, "Write error on the snapshot's file");
                }
                if let Some(arriving) = &mut self.arriving {
                    arriving.writing = false;
                }
                self.write_on();
            }
            Job::IntakeRead(number) => {
                if self.is_arriving(number) {
                    self.verify(now, &bytes(result).unwrap_or_default());
                }
            }
            Job::Nothing | Job::Dial(_) | Job::Loaded(_) => {}
        }
    }

    fn boot_with(&mut self, loaded: Snapshot) {
        self.data = loaded.data;
        self.stream.db = loaded.stream_db;
        self.restored = loaded.place;
    }

    fn boot_as(&mut self, now: Now, role: &[u8]) {
        let role = String::from_utf8_lossy(role).into_owned();
        let primary = role.split_once(' ');
        if let Some((id, offset)) = self.restored {
            self.repl.restore(now, id, offset, primary.is_some());
        }
        if let Some((host, port)) = primary {
            let port = port.parse().expect("we wrote it");
            self.repl.follow(now, host, port, self.restored.is_some());
        }
        self.booted = true;
        self.log("ready");
        let ticket = self.ticket(Job::Nothing);
        self.effects.push_back(Effect::Listen {
            ticket,
            addresses: Vec::new(),
            port: crate::PORT,
            unix: None,
            backlog: 16,
        });
    }

    // Out.

    pub(super) fn write_snapshot(&mut self, id: SnapshotId, bytes: Vec<u8>) {
        let (file, path) = (outgoing_file(id), outgoing_path(id));
        let len = bytes.len() as u64;
        self.op(Job::Nothing, DiskOp::Create { file, path });
        self.op(Job::Nothing, DiskOp::Append { file, bytes });
        self.op(Job::SnapshotWritten(id, len), DiskOp::Sync { file });
    }

    pub(super) fn read_snapshot(&mut self, id: SnapshotId, conn: ConnId, offset: u64, len: usize) {
        let file = outgoing_file(id);
        self.op(Job::SnapshotRead(id, conn), DiskOp::Read { file, offset, len });
    }

    pub(super) fn release_snapshot(&mut self, id: SnapshotId) {
        self.op(Job::Nothing, DiskOp::Close { file: outgoing_file(id) });
        self.op(Job::Nothing, DiskOp::Remove { path: outgoing_path(id) });
    }

    // In.

    fn is_arriving(&self, number: u64) -> bool {
        self.arriving.as_ref().is_some_and(|arriving| arriving.number == number)
    }

    pub(super) fn receive_begin(&mut self, into: Intake) {
        self.arrivals += 1;
        let number = self.arrivals;
        let replaces = match into {
            Intake::Parser if !self.data.is_empty() => Replaces::WhenDone,
            _ => Replaces::Now,
        };
        let writing = into == Intake::Disk;
        self.arriving = Some(Arriving {
            number,
            into,
            bytes: Vec::new(),
            writing,
            complete: false,
            loaded: None,
            replaces,
        });
        if writing {
            let op = DiskOp::Create { file: INTAKE_FILE, path: INTAKE.into() };
            self.op(Job::IntakeWritten(number), op);
        }
    }

    /// One write at a time: what arrives meanwhile goes with the next, so a slow disk gets few large ones.
    pub(super) fn receive(&mut self, piece: &[u8]) {
        if let Some(arriving) = &mut self.arriving {
            arriving.bytes.extend_from_slice(piece);
            self.write_on();
        }
    }

    fn write_on(&mut self) {
        let Some(arriving) = &mut self.arriving else { return };
        if arriving.into == Intake::Parser || arriving.writing {
            return;
        }
        let number = arriving.number;
        if !arriving.bytes.is_empty() {
            arriving.writing = true;
            let bytes = std::mem::take(&mut arriving.bytes);
            let op = DiskOp::Append { file: INTAKE_FILE, bytes };
            self.op(Job::IntakeWritten(number), op);
        } else if arriving.complete {
            arriving.writing = true;
            self.op(Job::Nothing, DiskOp::Sync { file: INTAKE_FILE });
            self.op(Job::IntakeRead(number), DiskOp::Slurp { path: INTAKE.into() });
        }
    }

    pub(super) fn receive_end(&mut self, now: Now) {
        let Some(arriving) = &mut self.arriving else {
            return self.repl.handle_load_failed(now, "");
        };
        arriving.complete = true;
        match arriving.into {
            Intake::Parser => {
                let bytes = std::mem::take(&mut arriving.bytes);
                self.verify(now, &bytes);
            }
            Intake::Disk => self.write_on(),
        }
    }

    /// Only what is whole may replace what we have.
    fn verify(&mut self, now: Now, bytes: &[u8]) {
        let Some(loaded) = Snapshot::decode(bytes) else {
            self.arriving = None;
            return self.repl.handle_load_failed(
                now,
                "Failed trying to load the MASTER synchronization DB, check server logs.",
            );
        };
        let arriving = self.arriving.as_mut().expect("the caller has looked");
        arriving.loaded = Some(loaded);
        let (number, replaces) = (arriving.number, arriving.replaces);
        self.repl.handle_load_begin(now, replaces);
        if replaces == Replaces::Now {
            self.data = Data::default();
        }
        // Loading takes its time.
        self.later(Job::Loaded(number));
    }

    pub(super) fn loaded(&mut self, now: Now, number: u64) {
        if !self.is_arriving(number) {
            return;
        }
        let arriving = self.arriving.take().expect("it was just seen");
        let loaded = arriving.loaded.expect("it was verified before it was loaded");
        self.data = loaded.data;
        self.stream.db = loaded.stream_db;
        self.repl.handle_load_done(now);
    }
}
