//! Files, on a thread of their own: what a machine asks of the disk happens in the order it was asked.

use std::collections::BTreeMap;
use std::io;
use std::sync::mpsc::{self, Receiver, Sender};

use sys::ErrorText;
use sys::cpus::Cpus;
use sys::file::{self, File};
use sys::thread::Handle;
use world::{DiskError, DiskErrorKind, DiskOp, DiskReply, Event, FileId, Ticket};

use crate::inbox::{Inbox, Note};

/// The thread, from the loop's side.
pub(crate) struct Disk {
    queue: Option<Sender<(Ticket, DiskOp)>>,
    thread: Option<Handle>,
}

impl Disk {
    pub(crate) fn start(inbox: &Inbox, cpus: &Cpus) -> io::Result<Disk> {
        let (queue, jobs) = mpsc::channel();
        let inbox = inbox.clone();
        let thread = sys::thread::spawn_on(cpus, "regent-disk", move || work(&jobs, &inbox))?;
        Ok(Disk { queue: Some(queue), thread: Some(thread) })
    }

    pub(crate) fn run(&self, ticket: Ticket, op: DiskOp) {
        let queue = self.queue.as_ref().expect("the queue is open until the disk is dropped");
        queue.send((ticket, op)).expect("the thread lives as long as the queue");
    }
}

impl Drop for Disk {
    /// Whatever was asked for is done before the process ends.
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn work(jobs: &Receiver<(Ticket, DiskOp)>, inbox: &Inbox) {
    let mut files = Files::default();
    while let Ok((ticket, op)) = jobs.recv() {
        let result = files.run(op).map_err(|error| describe(&error));
        inbox.put(Note::Event(Event::DiskDone { ticket, result }));
    }
}

fn describe(error: &io::Error) -> DiskError {
    let kind = match error.kind() {
        io::ErrorKind::NotFound => DiskErrorKind::NotFound,
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => DiskErrorKind::NoSpace,
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            DiskErrorKind::Denied
        }
        _ => DiskErrorKind::Other,
    };
    DiskError { kind, text: error.text() }
}

#[derive(Default)]
struct Files {
    open: BTreeMap<FileId, File>,
}

impl Files {
    fn run(&mut self, op: DiskOp) -> io::Result<DiskReply> {
        match op {
            DiskOp::Open { file, path } => self.opened(file, File::open(path)?),
            DiskOp::Create { file: id, path } => {
                let file = File::create(path)?;
                // Whoever clears up what processes have left behind leaves it alone. Some file systems know no marks.
                let _ = file.claim();
                self.opened(id, file)
            }
            DiskOp::OpenAppend { file, path } => self.opened(file, File::open_append(path)?),
            DiskOp::Update { file, path } => self.opened(file, File::open_update(path)?),
            DiskOp::Read { file, offset, len } => {
                self.file(file)?.read_at(offset, len).map(DiskReply::Bytes)
            }
            DiskOp::Append { file, bytes } => done(self.file(file)?.append(&bytes)),
            DiskOp::WriteAt { file, offset, bytes } => {
                done(self.file(file)?.write_at(offset, &bytes))
            }
            DiskOp::Truncate { file, len } => done(self.file(file)?.truncate(len)),
            DiskOp::WriteOut { file } => done(self.file(file)?.write_out()),
            DiskOp::Sync { file } => done(self.file(file)?.sync()),
            DiskOp::Close { file } => {
                self.file(file)?;
                self.open.remove(&file);
                Ok(DiskReply::Done)
            }
            DiskOp::Rename { from, to } => done(file::rename(from, to)),
            DiskOp::Remove { path } => done(file::remove(path)),
            DiskOp::Replace { path, bytes } => done(file::replace(path, &bytes)),
            DiskOp::Slurp { path } => file::slurp(path).map(DiskReply::Bytes),
            DiskOp::Runnable { path } => done(file::runnable(path)),
            DiskOp::ChangeDir { path } => done(file::change_dir(path)),
        }
    }

    fn opened(&mut self, id: FileId, file: File) -> io::Result<DiskReply> {
        let len = file.len()?;
        self.open.insert(id, file);
        Ok(DiskReply::Opened { len })
    }

    fn file(&mut self, id: FileId) -> io::Result<&mut File> {
        self.open.get_mut(&id).ok_or_else(|| io::Error::from_raw_os_error(sys::EBADF))
    }
}

fn done(result: io::Result<()>) -> io::Result<DiskReply> {
    result.map(|()| DiskReply::Done)
}
