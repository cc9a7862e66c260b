//! A disk per process: what was synced survives a crash, the rest may be lost or torn.
//!
//! What was appended is lost from behind, and its end may be rubbish from the next sector on. What was written over
//! synced bytes is lost by sectors: each holds what it held after some of the writes, and the one that was being written
//! at that moment may hold a mixture.

use std::collections::{BTreeMap, BTreeSet};
use stdx::Prng;
use world::{DiskError, DiskErrorKind, DiskOp, DiskReply, FileId};

#[derive(Debug, Default, Clone)]
struct Content {
    bytes: Vec<u8>,
    /// How much of it a crash leaves alone.
    synced: usize,
    /// What was written over synced bytes since, in order.
    overwrites: Vec<Overwrite>,
}

/// A write over bytes that were safe.
#[derive(Debug, Clone)]
struct Overwrite {
    offset: usize,
    before: Vec<u8>,
    after: Vec<u8>,
}

/// A disk writes so many bytes at a time.
const SECTOR: usize = 512;

impl Content {
    fn safe(bytes: Vec<u8>) -> Content {
        Content { synced: bytes.len(), bytes, overwrites: Vec::new() }
    }

    fn write_at(&mut self, offset: usize, bytes: &[u8]) {
        let end = offset + bytes.len();
        let safe_end = end.min(self.synced);
        if offset < safe_end {
            self.overwrites.push(Overwrite {
                offset,
                before: self.bytes[offset..safe_end].to_vec(),
                after: bytes[..safe_end - offset].to_vec(),
            });
        }
        if self.bytes.len() < end {
            self.bytes.resize(end, 0);
        }
        self.bytes[offset..end].copy_from_slice(bytes);
    }

    fn truncate(&mut self, len: usize) {
        self.bytes.truncate(len);
        self.synced = self.synced.min(self.bytes.len());
        for write in &mut self.overwrites {
            let left = len.saturating_sub(write.offset);
            write.before.truncate(left);
            write.after.truncate(left);
        }
    }

    fn sync(&mut self) {
        self.synced = self.bytes.len();
        self.overwrites.clear();
    }

    /// Of what was not synced, some remains.
    fn crash(&mut self, prng: &mut Prng) {
        self.lose_overwrites(prng);
        let unsynced = self.bytes.len() - self.synced;
        if unsynced > 0 {
            let left = prng.below(unsynced as u64 + 1) as usize;
            self.bytes.truncate(self.synced + left);
            if left > 0 && prng.chance(1, 2) {
                // The sector in which the safe bytes end is written whole.
                let from = self.bytes.len() - prng.below(left as u64).min(512) as usize;
                let from = from.max(self.synced.next_multiple_of(SECTOR)).min(self.bytes.len());
                self.bytes[from..].iter_mut().for_each(|byte| *byte = prng.next_u64() as u8);
            }
        }
        self.sync();
    }

    fn lose_overwrites(&mut self, prng: &mut Prng) {
        let writes = std::mem::take(&mut self.overwrites);
        if writes.is_empty() || prng.chance(1, 3) {
            return;
        }
        for write in writes.iter().rev() {
            self.bytes[write.offset..][..write.before.len()].copy_from_slice(&write.before);
        }
        if prng.chance(1, 2) {
            return;
        }
        let sectors: BTreeSet<usize> = writes
            .iter()
            .filter(|write| !write.after.is_empty())
            .flat_map(|write| {
                write.offset / SECTOR..=(write.offset + write.after.len() - 1) / SECTOR
            })
            .collect();
        for sector in sectors {
            let (from, to) = (sector * SECTOR, (sector + 1) * SECTOR);
            let pieces: Vec<(usize, &[u8])> = writes
                .iter()
                .filter_map(|write| {
                    let start = from.max(write.offset);
                    let end = to.min(write.offset + write.after.len());
                    (start < end)
                        .then(|| (start, &write.after[start - write.offset..end - write.offset]))
                })
                .collect();
            let done = prng.below(pieces.len() as u64 + 1) as usize;
            for (start, piece) in &pieces[..done] {
                self.bytes[*start..][..piece.len()].copy_from_slice(piece);
            }
            if let Some((start, piece)) = pieces.get(done)
                && prng.chance(1, 3)
            {
                let torn = prng.below(piece.len() as u64 + 1) as usize;
                self.bytes[*start..][..torn].copy_from_slice(&piece[..torn]);
                if prng.chance(1, 4) {
                    let rest = &mut self.bytes[*start..][torn..piece.len()];
                    rest.iter_mut().for_each(|byte| *byte = prng.next_u64() as u8);
                }
            }
        }
    }
}

/// Files by name, and which are open.
#[derive(Debug, Default)]
pub struct Disk {
    names: BTreeMap<String, u64>,
    contents: BTreeMap<u64, Content>,
    open: BTreeMap<FileId, u64>,
    made: u64,
    /// Files that cannot be replaced or renamed over: something is mounted there.
    pinned: BTreeSet<String>,
}

fn not_found() -> DiskError {
    DiskError { kind: DiskErrorKind::NotFound, text: "No such file or directory".into() }
}

fn busy() -> DiskError {
    DiskError { kind: DiskErrorKind::Other, text: "Device or resource busy".into() }
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
        match &op {
            DiskOp::Replace { path, .. } | DiskOp::Rename { to: path, .. }
                if self.pinned.contains(path) =>
            {
                Err(busy())
            }
            _ => self.carry_out(op),
        }
    }

    fn carry_out(&mut self, op: DiskOp) -> Result<DiskReply, DiskError> {
        match op {
            DiskOp::Open { file, path } | DiskOp::Update { file, path } => {
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
            DiskOp::WriteAt { file, offset, bytes } => {
                self.content(file)?.write_at(offset as usize, &bytes);
                Ok(DiskReply::Done)
            }
            DiskOp::Truncate { file, len } => {
                self.content(file)?.truncate(len as usize);
                Ok(DiskReply::Done)
            }
            DiskOp::Sync { file } => {
                self.content(file)?.sync();
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
            DiskOp::Runnable { path } => self.by_name(&path).map(|_| DiskReply::Done),
            // Nobody can tell how far what is written out gets.
            DiskOp::WriteOut { .. } | DiskOp::ChangeDir { .. } => Ok(DiskReply::Done),
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
        self.make(path, Content::safe(bytes));
    }

    /// The file at `path` can be written over from now on, but not replaced.
    pub(crate) fn pin(&mut self, path: &str) {
        self.pinned.insert(path.to_owned());
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

    /// The power fails: of what was not synced, some remains.
    pub(crate) fn crash(&mut self, prng: &mut Prng) {
        self.close_all();
        self.contents.values_mut().for_each(|content| content.crash(prng));
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

    /// Writes a file in place, twice without a sync, and lets the power fail.
    fn overwritten(seed: u64, before: &[u8], writes: &[(u64, &[u8])]) -> Vec<u8> {
        let mut disk = Disk::default();
        let file = FileId(1);
        disk.run(DiskOp::Replace { path: "a".into(), bytes: before.to_vec() }).expect("room");
        let opened = disk.run(DiskOp::Update { file, path: "a".into() });
        assert_eq!(opened, Ok(DiskReply::Opened { len: before.len() as u64 }));
        for (offset, bytes) in writes {
            let op = DiskOp::WriteAt { file, offset: *offset, bytes: bytes.to_vec() };
            disk.run(op).expect("room");
        }
        disk.crash(&mut Prng::new(seed));
        disk.read("a").expect("the file is there").to_vec()
    }

    #[test]
    fn a_write_in_place_is_old_or_new_or_torn_and_spares_its_neighbours() {
        let before = [b'.'; 2000];
        let (mut old, mut new, mut torn) = (0, 0, 0);
        for seed in 0..300 {
            let after = overwritten(seed, &before, &[(300, &[b'x'; 1000])]);
            assert_eq!(after.len(), 2000);
            assert!(after[..300].iter().chain(&after[1300..]).all(|byte| *byte == b'.'));
            match &after[300..1300] {
                it if it.iter().all(|byte| *byte == b'.') => old += 1,
                it if it.iter().all(|byte| *byte == b'x') => new += 1,
                _ => torn += 1,
            }
        }
        assert!(old > 50 && new > 50 && torn > 30, "{old} {new} {torn}");
    }

    #[test]
    fn a_write_in_place_that_was_synced_survives() {
        let mut disk = Disk::default();
        let file = FileId(1);
        disk.run(DiskOp::Replace { path: "a".into(), bytes: vec![b'.'; 10] }).expect("room");
        disk.run(DiskOp::Update { file, path: "a".into() }).expect("it is there");
        disk.run(DiskOp::WriteAt { file, offset: 2, bytes: b"xx".to_vec() }).expect("room");
        disk.run(DiskOp::Sync { file }).expect("room");
        disk.crash(&mut Prng::new(1));
        assert_eq!(disk.read("a"), Some(&b"..xx......"[..]));
    }

    #[test]
    fn a_sector_has_a_later_write_only_with_the_earlier_one() {
        for seed in 0..300 {
            let after = overwritten(seed, &[b'.'; 4], &[(0, b"a"), (2, b"b")]);
            assert!(after[2] != b'b' || after[0] == b'a', "{seed}");
        }
    }

    #[test]
    fn what_was_written_past_the_end_is_lost_like_what_was_appended() {
        for seed in 0..100 {
            let after = overwritten(seed, b"safe", &[(2, b"ty first"), (12, b"end")]);
            assert!(after.starts_with(b"sa") && (4..=15).contains(&after.len()));
        }
    }

    #[test]
    fn what_is_not_there_cannot_be_updated_or_run() {
        let mut disk = Disk::default();
        let update = DiskOp::Update { file: FileId(1), path: "a".into() };
        for op in [update, DiskOp::Runnable { path: "a".into() }] {
            assert_eq!(disk.run(op), Err(not_found()));
        }
        disk.put("a".into(), Vec::new());
        assert_eq!(disk.run(DiskOp::Runnable { path: "a".into() }), Ok(DiskReply::Done));
    }
}
