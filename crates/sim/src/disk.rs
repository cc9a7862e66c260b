//! A disk per process: what was synced survives a crash, the rest may be lost or torn.

use std::collections::BTreeMap;
use stdx::Prng;
use world::{DiskError, DiskErrorKind, DiskOp, DiskReply, FileId};

#[derive(Debug, Default, Clone)]
struct Content {
    bytes: Vec<u8>,
    /// How much of it a crash leaves alone.
    synced: usize,
}

/// Files by name, and which are open.
#[derive(Debug, Default)]
pub struct Disk {
    names: BTreeMap<String, u64>,
    contents: BTreeMap<u64, Content>,
    open: BTreeMap<FileId, u64>,
    made: u64,
}

fn not_found() -> DiskError {
    DiskError { kind: DiskErrorKind::NotFound, text: "No such file or directory".into() }
}

/// What a disk says when the story wants it to fail.
pub(crate) fn broken(prng: &mut Prng) -> DiskError {
    if prng.chance(1, 2) {
        DiskError { kind: DiskErrorKind::NoSpace, text: "No space left on device".into() }
    } else {
        DiskError { kind: DiskErrorKind::Other, text: "Input/output error".into() }
    }
}

impl Disk {
    fn make(&mut self, path: String, content: Content) -> u64 {
        self.made += 1;
        self.names.insert(path, self.made);
        self.contents.insert(self.made, content);
        self.made
    }

    fn content(&mut self, file: FileId) -> Result<&mut Content, DiskError> {
        let node = self.open.get(&file).ok_or_else(not_found)?;
        self.contents.get_mut(node).ok_or_else(not_found)
    }

    fn by_name(&self, path: &str) -> Result<u64, DiskError> {
        self.names.get(path).copied().ok_or_else(not_found)
    }

    /// Carries out an operation, whole.
    pub(crate) fn run(&mut self, op: DiskOp) -> Result<DiskReply, DiskError> {
        match op {
            DiskOp::Open { file, path } => {
                let node = self.by_name(&path)?;
                self.open.insert(file, node);
                Ok(DiskReply::Opened { len: self.content(file)?.bytes.len() as u64 })
            }
            DiskOp::Create { file, path } => {
                let node = self.make(path, Content::default());
                self.open.insert(file, node);
                Ok(DiskReply::Opened { len: 0 })
            }
            DiskOp::OpenAppend { file, path } => {
                let node = match self.by_name(&path) {
                    Ok(node) => node,
                    Err(_) => self.make(path, Content::default()),
                };
                self.open.insert(file, node);
                Ok(DiskReply::Opened { len: self.content(file)?.bytes.len() as u64 })
            }
            DiskOp::Read { file, offset, len } => {
                let bytes = &self.content(file)?.bytes;
                let start = (offset as usize).min(bytes.len());
                let end = (start + len).min(bytes.len());
                Ok(DiskReply::Bytes(bytes[start..end].to_vec()))
            }
            DiskOp::Append { file, bytes } => {
                self.content(file)?.bytes.extend_from_slice(&bytes);
                Ok(DiskReply::Done)
            }
            DiskOp::Truncate { file, len } => {
                let content = self.content(file)?;
                content.bytes.truncate(len as usize);
                content.synced = content.synced.min(content.bytes.len());
                Ok(DiskReply::Done)
            }
            DiskOp::Sync { file } => {
                let content = self.content(file)?;
                content.synced = content.bytes.len();
                Ok(DiskReply::Done)
            }
            DiskOp::Close { file } => {
                self.open.remove(&file);
                self.collect();
                Ok(DiskReply::Done)
            }
            DiskOp::Rename { from, to } => {
                self.rename(&from, to)?;
                Ok(DiskReply::Done)
            }
            DiskOp::Remove { path } => {
                self.names.remove(&path);
                self.collect();
                Ok(DiskReply::Done)
            }
            DiskOp::Replace { path, bytes } => {
                self.put(path, bytes);
                self.collect();
                Ok(DiskReply::Done)
            }
            DiskOp::Slurp { path } => {
                let node = self.by_name(&path)?;
                Ok(DiskReply::Bytes(self.contents[&node].bytes.clone()))
            }
            DiskOp::ChangeDir { .. } => Ok(DiskReply::Done),
        }
    }

    fn rename(&mut self, from: &str, to: String) -> Result<(), DiskError> {
        let node = self.by_name(from)?;
        self.names.remove(from);
        self.names.insert(to, node);
        self.collect();
        Ok(())
    }

    /// A file as it is, for what reads it outside of the story.
    pub fn read(&self, path: &str) -> Option<&[u8]> {
        let node = self.names.get(path)?;
        Some(&self.contents[node].bytes)
    }

    /// A file that is there, whole, as if it always had been.
    pub(crate) fn put(&mut self, path: String, bytes: Vec<u8>) {
        let synced = bytes.len();
        self.make(path, Content { bytes, synced });
    }

    fn collect(&mut self) {
        let (names, open) = (&self.names, &self.open);
        self.contents.retain(|node, _| {
            names.values().any(|n| n == node) || open.values().any(|n| n == node)
        });
    }

    /// The process is gone: its files are closed, and nothing else happens to them.
    pub(crate) fn close_all(&mut self) {
        self.open.clear();
        self.collect();
    }

    /// The power fails: of what was not synced, some prefix remains, and its end may be rubbish.
    pub(crate) fn crash(&mut self, prng: &mut Prng) {
        self.close_all();
        for content in self.contents.values_mut() {
            let unsynced = content.bytes.len() - content.synced;
            if unsynced == 0 {
                continue;
            }
            let left = prng.below(unsynced as u64 + 1) as usize;
            content.bytes.truncate(content.synced + left);
            if left > 0 && prng.chance(1, 2) {
                let from = content.bytes.len() - prng.below(left as u64).min(512) as usize;
                content.bytes[from..].iter_mut().for_each(|byte| *byte = prng.next_u64() as u8);
            }
            content.synced = content.bytes.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_synced_survives() {
        for seed in 0..50 {
            let mut disk = Disk::default();
            let file = FileId(1);
            disk.run(DiskOp::Create { file, path: "a".into() }).expect("room");
            disk.run(DiskOp::Append { file, bytes: b"safe".to_vec() }).expect("room");
            disk.run(DiskOp::Sync { file }).expect("room");
            disk.run(DiskOp::Append { file, bytes: vec![b'x'; 100] }).expect("room");
            disk.crash(&mut Prng::new(seed));
            let Ok(DiskReply::Bytes(bytes)) = disk.run(DiskOp::Slurp { path: "a".into() }) else {
                panic!("the file is there");
            };
            assert!(bytes.starts_with(b"safe") && bytes.len() <= 104);
        }
    }

    #[test]
    fn an_open_file_outlives_its_name() {
        let mut disk = Disk::default();
        let file = FileId(1);
        disk.run(DiskOp::Replace { path: "a".into(), bytes: b"old".to_vec() }).expect("room");
        disk.run(DiskOp::Open { file, path: "a".into() }).expect("it is there");
        disk.run(DiskOp::Replace { path: "a".into(), bytes: b"new".to_vec() }).expect("room");
        let read = disk.run(DiskOp::Read { file, offset: 0, len: 9 });
        assert_eq!(read, Ok(DiskReply::Bytes(b"old".to_vec())));
    }
}
