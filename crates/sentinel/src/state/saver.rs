//! Makes versions of the state file durable, one after the other, by whatever way the folder allows.
//!
//! # Design
//! The usual way is to replace the file by a temporary neighbour. Where that fails, the file is rewritten in place
//! (see [`super::recover`]), and the way that works is tried first from then on. Only the newest version matters:
//! what comes while one is being written replaces what was waiting.
//!
//! A version that could not be written either way is reported, and tried again after a while, or as soon as there is
//! a newer one.
//!
//! # Invariants
//! At most one operation is under way.

use super::in_place::{SECTOR, copy, copy_offset};
use stdx::Instant;
use world::{DiskError, DiskOp, DiskReply, FileId};

/// How long after the first failure in a row there is another attempt.
const RETRY_MS: u64 = 1000;
/// How long after any other failure at most.
const RETRY_MS_MAX: u64 = 30_000;

/// What became of a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It and all before it survive a crash.
    Durable { version: u64 },
    /// It could not be written, and will be tried again.
    Failed { version: u64, reason: String },
}

/// Writes one file.
#[derive(Debug)]
pub struct Saver {
    path: String,
    /// Our number for the open file, ours alone.
    file: FileId,
    /// What is tried first.
    way: Way,
    /// The newest version that is not being written.
    waiting: Option<Version>,
    /// The newest version that lasts, and may be written once more only to tidy up: what becomes of that is no news.
    durable: Option<u64>,
    attempt: Option<Attempt>,
    op: Option<DiskOp>,
    /// Failures in a row.
    failures: u32,
    retry_at: Option<Instant>,
}

#[derive(Clone, Debug)]
struct Version {
    number: u64,
    bytes: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Replace,
    InPlace,
}

impl Way {
    fn other(self) -> Way {
        match self {
            Way::Replace => Way::InPlace,
            Way::InPlace => Way::Replace,
        }
    }
}

/// The version that is being written, and how far it is.
#[derive(Debug)]
struct Attempt {
    version: Version,
    step: Step,
    /// Why the first way failed, once the second is tried.
    failed: Option<String>,
}

/// What the operation under way is. All but the first belong to the way in place.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Replace,
    Open,
    /// What an attempt left that failed must last before anything is built on it.
    SyncOpened {
        len: u64,
    },
    /// The zero that keeps the end of the contents apart from what comes next; then its sync.
    Separate {
        len: u64,
    },
    SyncSeparate {
        len: u64,
    },
    Copy {
        len: u64,
        offset: u64,
    },
    SyncCopy {
        len: u64,
        offset: u64,
    },
    /// There is no room for the copy, so what there is of it goes: a full disk must not leave a strange file.
    Undo {
        reason: String,
    },
    Contents,
    SyncContents,
    Cut,
    SyncCut,
    Close(End),
}

/// Why the file is being closed.
#[derive(Clone, Debug, PartialEq, Eq)]
enum End {
    /// All is done.
    Done,
    /// The copy lasts, so the version does; something after it failed.
    Untidy,
    /// Nothing lasts.
    Failed(String),
}

impl Saver {
    /// For the file at `path`, which exists. No other file of this machine may have the number `file`.
    pub fn new(path: &str, file: FileId) -> Saver {
        Saver {
            path: path.to_owned(),
            file,
            way: Way::Replace,
            waiting: None,
            durable: None,
            attempt: None,
            op: None,
            failures: 0,
            retry_at: None,
        }
    }

    /// Makes `bytes` the contents of the file. Versions grow.
    pub fn save(&mut self, version: u64, bytes: Vec<u8>) {
        let newest = self.waiting.as_ref().or(self.attempt.as_ref().map(|it| &it.version));
        assert!(newest.is_none_or(|newest| newest.number < version), "versions grow");
        self.waiting = Some(Version { number: version, bytes });
        self.retry_at = None;
        self.begin();
    }

    /// True while nothing is being written and nothing waits.
    pub fn is_idle(&self) -> bool {
        self.attempt.is_none() && self.waiting.is_none()
    }

    /// What to do to the disk next; its result goes to [`Saver::handle_disk`] before there is another.
    #[must_use]
    pub fn poll_op(&mut self) -> Option<DiskOp> {
        self.op.take()
    }

    /// When to call [`Saver::handle_timeout`].
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.retry_at
    }

    /// A version that failed is tried again once its time has come.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.retry_at.is_some_and(|at| at <= now) {
            self.retry_at = None;
            self.begin();
        }
    }

    /// The operation that [`Saver::poll_op`] gave has ended.
    pub fn handle_disk(
        &mut self,
        now: Instant,
        result: Result<DiskReply, DiskError>,
    ) -> Option<Verdict> {
        let mut attempt = self.attempt.take()?;
        let version = attempt.version.number;
        match (attempt.step.clone(), result) {
            (Step::Replace, Ok(_)) => {
                self.begin();
                self.last(version, Way::Replace)
            }
            (Step::SyncCopy { offset, .. }, Ok(_)) => {
                attempt.step = Step::Contents;
                let mut bytes = attempt.version.bytes.clone();
                bytes.resize(usize::try_from(offset).expect("it was in memory"), 0);
                self.op = Some(DiskOp::WriteAt { file: self.file, offset: 0, bytes });
                self.attempt = Some(attempt);
                self.last(version, Way::InPlace)
            }
            (Step::Close(end), _) => self.handle_closed(now, attempt, end),
            (Step::Replace | Step::Open, Err(error)) => self.fail(now, attempt, error.text),
            (step, Err(error)) => self.handle_failed_step(attempt, step, error.text),
            (step, Ok(reply)) => self.handle_step(attempt, step, reply),
        }
    }

    /// The way in place, where an operation has failed.
    fn handle_failed_step(
        &mut self,
        attempt: Attempt,
        step: Step,
        reason: String,
    ) -> Option<Verdict> {
        let file = self.file;
        let end = match step {
            Step::Copy { len, .. } | Step::SyncCopy { len, .. } => {
                let op = DiskOp::Truncate { file, len };
                return self.go_on(attempt, Step::Undo { reason }, op);
            }
            Step::Undo { reason } => End::Failed(reason),
            Step::SyncOpened { .. } | Step::Separate { .. } | Step::SyncSeparate { .. } => {
                End::Failed(reason)
            }
            _ => End::Untidy,
        };
        self.go_on(attempt, Step::Close(end), DiskOp::Close { file })
    }

    /// The way in place, from one operation that succeeded to the next.
    fn handle_step(&mut self, attempt: Attempt, step: Step, reply: DiskReply) -> Option<Verdict> {
        let file = self.file;
        let sync = DiskOp::Sync { file };
        let new_len = attempt.version.bytes.len() as u64;
        match step {
            Step::Open => {
                let DiskReply::Opened { len } = reply else {
                    unreachable!("opening answers with a length")
                };
                self.go_on(attempt, Step::SyncOpened { len }, sync)
            }
            Step::SyncOpened { len } if len.is_multiple_of(SECTOR) => {
                let op = DiskOp::WriteAt { file, offset: len, bytes: vec![0] };
                self.go_on(attempt, Step::Separate { len: len + 1 }, op)
            }
            Step::SyncOpened { len } => self.write_copy(attempt, len),
            Step::Separate { len } => self.go_on(attempt, Step::SyncSeparate { len }, sync),
            Step::SyncSeparate { len } => self.write_copy(attempt, len),
            Step::Copy { len, offset } => self.go_on(attempt, Step::SyncCopy { len, offset }, sync),
            Step::Undo { reason } => {
                self.go_on(attempt, Step::Close(End::Failed(reason)), DiskOp::Close { file })
            }
            Step::Contents => self.go_on(attempt, Step::SyncContents, sync),
            Step::SyncContents => {
                self.go_on(attempt, Step::Cut, DiskOp::Truncate { file, len: new_len })
            }
            Step::Cut => self.go_on(attempt, Step::SyncCut, sync),
            Step::SyncCut => self.go_on(attempt, Step::Close(End::Done), DiskOp::Close { file }),
            Step::Replace | Step::SyncCopy { .. } | Step::Close(_) => {
                unreachable!("handle_disk has dealt with it")
            }
        }
    }

    fn write_copy(&mut self, attempt: Attempt, len: u64) -> Option<Verdict> {
        let offset = copy_offset(len, attempt.version.bytes.len() as u64);
        let bytes = copy(&attempt.version.bytes);
        let op = DiskOp::WriteAt { file: self.file, offset, bytes };
        self.go_on(attempt, Step::Copy { len, offset }, op)
    }

    fn go_on(&mut self, mut attempt: Attempt, step: Step, op: DiskOp) -> Option<Verdict> {
        attempt.step = step;
        self.attempt = Some(attempt);
        self.op = Some(op);
        None
    }

    fn handle_closed(&mut self, now: Instant, attempt: Attempt, end: End) -> Option<Verdict> {
        match end {
            End::Done => {
                self.begin();
                None
            }
            End::Untidy => {
                // The version was reported already. Writing it once more clears the file of the copy.
                if self.waiting.is_none() {
                    self.waiting = Some(attempt.version);
                    self.wait(now);
                } else {
                    self.begin();
                }
                None
            }
            End::Failed(reason) => self.fail(now, attempt, reason),
        }
    }

    /// A version lasts from now on.
    fn last(&mut self, version: u64, way: Way) -> Option<Verdict> {
        self.way = way;
        self.failures = 0;
        let is_news = self.durable.replace(version) != Some(version);
        is_news.then_some(Verdict::Durable { version })
    }

    /// A way has failed: the other one is tried, or the version has to wait.
    fn fail(&mut self, now: Instant, mut attempt: Attempt, reason: String) -> Option<Verdict> {
        if attempt.failed.is_none() {
            attempt.failed = Some(reason);
            self.start(attempt, self.way.other());
            return None;
        }
        let version = attempt.version.number;
        // What is reported is why the way failed that used to work.
        let reason = attempt.failed.unwrap_or(reason);
        if self.waiting.is_some() {
            self.begin();
        } else {
            self.waiting = Some(attempt.version);
            self.wait(now);
        }
        (self.durable != Some(version)).then_some(Verdict::Failed { version, reason })
    }

    fn wait(&mut self, now: Instant) {
        let delay_ms = (RETRY_MS << self.failures.min(10)).min(RETRY_MS_MAX);
        self.failures = self.failures.saturating_add(1);
        self.retry_at = Some(now.after_ms(delay_ms));
    }

    /// Takes the version that waits, if nothing is under way.
    fn begin(&mut self) {
        if self.attempt.is_some() {
            return;
        }
        let Some(version) = self.waiting.take() else { return };
        self.start(Attempt { version, step: Step::Replace, failed: None }, self.way);
    }

    fn start(&mut self, mut attempt: Attempt, way: Way) {
        let path = self.path.clone();
        let op = match way {
            Way::Replace => {
                attempt.step = Step::Replace;
                DiskOp::Replace { path, bytes: attempt.version.bytes.clone() }
            }
            Way::InPlace => {
                attempt.step = Step::Open;
                DiskOp::Update { file: self.file, path }
            }
        };
        self.attempt = Some(attempt);
        self.op = Some(op);
    }
}

#[cfg(test)]
mod tests {
    use super::super::in_place::recover;
    use super::*;
    use stdx::Prng;
    use world::DiskErrorKind;

    /// One file on a disk that loses power. What was not synced is lost by sectors, each of them old, new, half, or
    /// rubbish; rubbish appears where something was being written, and beyond the sector in which the file ended.
    struct Disk {
        synced: Vec<u8>,
        now: Vec<u8>,
        /// Unsynced writes, in order.
        writes: Vec<(usize, Vec<u8>)>,
    }

    const S: usize = SECTOR as usize;

    impl Disk {
        fn new(bytes: &[u8]) -> Disk {
            Disk { synced: bytes.to_vec(), now: bytes.to_vec(), writes: Vec::new() }
        }

        fn write_at(&mut self, offset: usize, bytes: &[u8]) {
            self.writes.push((offset, bytes.to_vec()));
            let end = offset + bytes.len();
            self.now.resize(self.now.len().max(end), 0);
            self.now[offset..end].copy_from_slice(bytes);
        }

        fn sync(&mut self) {
            self.synced.clone_from(&self.now);
            self.writes.clear();
        }

        fn run(&mut self, op: &DiskOp) -> DiskReply {
            match op {
                DiskOp::Replace { bytes, .. } => *self = Disk::new(bytes),
                DiskOp::Update { .. } => {
                    return DiskReply::Opened { len: self.now.len() as u64 };
                }
                DiskOp::WriteAt { offset, bytes, .. } => self.write_at(*offset as usize, bytes),
                DiskOp::Truncate { len, .. } => self.now.truncate(*len as usize),
                DiskOp::Sync { .. } => self.sync(),
                DiskOp::Close { .. } => {}
                other => panic!("{other:?} is not asked for"),
            }
            DiskReply::Done
        }

        /// Fails in the middle: a part of the effect may be there.
        fn fail(&mut self, op: &DiskOp, prng: &mut Prng) {
            if let DiskOp::WriteAt { offset, bytes, .. } = op {
                let part = prng.below(bytes.len() as u64 + 1) as usize;
                self.write_at(*offset as usize, &bytes[..part]);
            }
        }

        fn crash(&mut self, prng: &mut Prng) {
            let mut left = self.synced.clone();
            let ends = self.writes.iter().map(|(offset, bytes)| offset + bytes.len());
            let longest = ends.chain([self.now.len(), left.len()]).max().unwrap_or(0);
            left.resize(longest, 0);
            let free_from = self.synced.len().next_multiple_of(S);
            for (offset, bytes) in &self.writes {
                let mut start = *offset;
                while start < offset + bytes.len() {
                    let end = (start / S * S + S).min(offset + bytes.len());
                    let new = &bytes[start - offset..end - offset];
                    let half = start + prng.below((end - start) as u64 + 1) as usize;
                    match prng.below(4) {
                        0 => {}
                        1 => left[start..end].copy_from_slice(new),
                        2 => left[start..half].copy_from_slice(&new[..half - start]),
                        _ => left[half..end].iter_mut().for_each(|b| *b = prng.next_u64() as u8),
                    }
                    start = end;
                }
            }
            if prng.chance(1, 2) && free_from < longest {
                let skip = prng.below((longest - free_from) as u64) as usize;
                let at = free_from + if prng.chance(1, 2) { skip } else { 0 };
                let end = (at + prng.below(600) as usize).min(longest);
                left[at..end].iter_mut().for_each(|byte| *byte = prng.next_u64() as u8);
            }
            let shortest = self.now.len().min(self.synced.len());
            let len = match prng.below(3) {
                0 => self.now.len(),
                1 => self.synced.len(),
                _ => shortest + prng.below((longest - shortest) as u64 + 1) as usize,
            };
            left.truncate(len);
            *self = Disk::new(&left);
        }
    }

    fn error(text: &str) -> DiskError {
        DiskError { kind: DiskErrorKind::Other, text: text.to_owned() }
    }

    /// Lines, often with a length that is or is near a multiple of the sector.
    fn contents(prng: &mut Prng) -> Vec<u8> {
        let mut len = prng.below(1500) as usize;
        if prng.chance(1, 2) {
            len = (len.next_multiple_of(S) + prng.below(3) as usize).saturating_sub(1);
        }
        let mut bytes: Vec<u8> = (0..len).map(|_| b"ab #\n"[prng.below(5) as usize]).collect();
        bytes.extend(b"\n");
        if bytes.len() > 1 && prng.chance(3, 4) {
            bytes.remove(0);
        }
        bytes
    }

    const FILE: FileId = FileId(7);

    /// Saves versions until the power fails or all is written, and says what the file may hold then.
    fn story(prng: &mut Prng, disk: &mut Disk, can_replace: bool, fails: bool) -> Vec<Vec<u8>> {
        let mut saver = Saver::new("s.conf", FILE);
        let mut now = Instant::ZERO;
        let mut versions = vec![recover(&disk.now).into_owned()];
        let mut durable = 0;
        let crash_after = prng.below(40);
        for step in 0.. {
            if versions.len() < 4 && (saver.is_idle() || prng.chance(1, 8)) {
                versions.push(contents(prng));
                saver.save(versions.len() as u64 - 1, versions[versions.len() - 1].clone());
            }
            if let Some(at) = saver.poll_timeout() {
                now = now.max(at);
                saver.handle_timeout(now);
            }
            let Some(op) = saver.poll_op() else { break };
            if step == crash_after {
                // The operation may have begun.
                if prng.chance(1, 2) && !matches!(op, DiskOp::Replace { .. } | DiskOp::Sync { .. })
                {
                    disk.run(&op);
                }
                disk.crash(prng);
                break;
            }
            let is_possible = can_replace || !matches!(op, DiskOp::Replace { .. });
            let result = if is_possible && !(fails && prng.chance(1, 6)) {
                Ok(disk.run(&op))
            } else {
                disk.fail(&op, prng);
                Err(error("no"))
            };
            match saver.handle_disk(now, result) {
                Some(Verdict::Durable { version }) => durable = durable.max(version as usize),
                Some(Verdict::Failed { version, .. }) => assert!(version as usize > durable),
                None => {}
            }
        }
        versions.split_off(durable)
    }

    #[test]
    fn a_crash_at_any_moment_leaves_a_version_that_is_not_older_than_the_last_durable_one() {
        for seed in 0..5_000 {
            let mut prng = Prng::new(seed);
            let mut disk = Disk::new(&contents(&mut prng));
            let (can_replace, fails) = (prng.chance(1, 4), prng.chance(1, 2));
            for round in 0..3 {
                let possible = story(&mut prng, &mut disk, can_replace, fails);
                let found = recover(&disk.now);
                // A lone byte of rubbish that says nothing is taken for the user's.
                let said = match &*found {
                    [head @ .., b'\n', b'\n' | b'#'] => &found[..head.len() + 1],
                    found => found,
                };
                assert!(
                    possible.iter().any(|version| *version == *found || version == said),
                    "seed {seed}, round {round}: {:?}\nis none of the versions that are {:?} bytes long",
                    String::from_utf8_lossy(&found),
                    possible.iter().map(Vec::len).collect::<Vec<_>>()
                );
            }
        }
    }

    /// Runs operations, with an answer for each, and gives their names and the verdicts.
    fn run(saver: &mut Saver, disk: &mut Disk, answer: impl Fn(&DiskOp) -> bool) -> Vec<String> {
        let mut story = Vec::new();
        while let Some(op) = saver.poll_op() {
            let name = format!("{op:?}");
            story.push(name.split(' ').next().unwrap_or_default().to_owned());
            let result =
                if answer(&op) { Ok(disk.run(&op)) } else { Err(error(&story[story.len() - 1])) };
            if let Some(verdict) = saver.handle_disk(Instant::ZERO, result) {
                story.push(format!("{verdict:?}"));
            }
        }
        story
    }

    #[test]
    fn a_file_is_replaced_where_it_can_be() {
        let (mut saver, mut disk) = (Saver::new("s.conf", FILE), Disk::new(b"old\n"));
        saver.save(1, b"one\n".to_vec());
        saver.save(2, b"two\n".to_vec());
        saver.save(3, b"three\n".to_vec());
        assert_eq!(
            run(&mut saver, &mut disk, |_| true),
            ["Replace", "Durable { version: 1 }", "Replace", "Durable { version: 3 }"]
        );
        assert_eq!(disk.now, b"three\n");
        assert!(saver.is_idle());
    }

    #[test]
    fn a_file_that_cannot_be_replaced_is_rewritten_and_that_is_remembered() {
        let (mut saver, mut disk) = (Saver::new("s.conf", FILE), Disk::new(b"old\n"));
        let can = |op: &DiskOp| !matches!(op, DiskOp::Replace { .. });
        let in_place = [
            "Update",
            "Sync",
            "WriteAt",
            "Sync",
            "Durable { version: 1 }",
            "WriteAt",
            "Sync",
            "Truncate",
            "Sync",
            "Close",
        ];
        saver.save(1, b"one\n".to_vec());
        let story = run(&mut saver, &mut disk, can);
        assert_eq!(story[0], "Replace");
        assert_eq!(story[1..], in_place);
        assert_eq!(disk.now, b"one\n");
        saver.save(2, b"2\n".to_vec());
        assert_eq!(run(&mut saver, &mut disk, can), in_place.map(|it| it.replace('1', "2")));
        assert_eq!(disk.now, b"2\n");
    }

    #[test]
    fn where_nothing_works_the_reason_is_that_of_the_usual_way_and_it_is_tried_again() {
        let (mut saver, mut disk) = (Saver::new("s.conf", FILE), Disk::new(b"old\n"));
        saver.save(1, b"one\n".to_vec());
        let failed = "Failed { version: 1, reason: \"Replace\" }";
        assert_eq!(run(&mut saver, &mut disk, |_| false), ["Replace", "Update", failed]);
        let at = saver.poll_timeout().expect("another attempt");
        assert_eq!(at, Instant::ZERO.after_ms(RETRY_MS));
        saver.handle_timeout(at);
        assert_eq!(run(&mut saver, &mut disk, |_| false).len(), 3);
        assert_eq!(saver.poll_timeout(), Some(Instant::ZERO.after_ms(2 * RETRY_MS)));
        saver.save(2, b"two\n".to_vec());
        assert_eq!(saver.poll_timeout(), None);
        assert_eq!(run(&mut saver, &mut disk, |_| true), ["Replace", "Durable { version: 2 }"]);
        assert!(saver.is_idle());
    }

    #[test]
    fn a_copy_without_room_leaves_the_file_as_it_was() {
        let (mut saver, mut disk) = (Saver::new("s.conf", FILE), Disk::new(b"old\n"));
        saver.save(1, b"one\n".to_vec());
        let story = run(&mut saver, &mut disk, |op| {
            !matches!(op, DiskOp::Replace { .. } | DiskOp::WriteAt { .. })
        });
        let failed = "Failed { version: 1, reason: \"Replace\" }";
        assert_eq!(story, ["Replace", "Update", "Sync", "WriteAt", "Truncate", "Close", failed]);
        assert_eq!(disk.now, b"old\n");
    }
}
