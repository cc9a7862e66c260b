//! A view of the keyspace as it was at one moment, handed out in slices while writes go on.

mod large;

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use crate::space::Space;
use crate::{Keyspace, ValueRef};
use large::Deferred;
pub use large::{LargeFrom, Opening, Piece};

/// How many buckets of a table are merged at once, where it was emptied under a snapshot: some ten microseconds.
pub(crate) const SHRINK_STEP: usize = 1024;

/// Names a snapshot that has been started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SnapshotId(pub u32);

/// How far a snapshot has come after a slice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// There is more.
    More,
    /// Every record has been handed out, and the sink was told so.
    Done,
}

/// How recently or how often a key was used, in the measure of the eviction policy in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Seconds since its last use.
    IdleSecs(u64),
    /// The logarithmic counter of its uses, 0 to 255.
    Frequency(u8),
}

/// One key as it was when the snapshot started.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// The database's index at that moment.
    pub db: usize,
    /// The key.
    pub key: &'a [u8],
    /// Its value.
    pub value: ValueRef<'a>,
    /// When it expires, in Unix milliseconds.
    pub expires: Option<u64>,
    /// Its use.
    pub access: Access,
}

/// Where records go. Called in between commands and in the middle of writes; it must only take note.
pub trait RecordSink {
    /// Before the traversal of a database that holds anything: how many keys it has, and how many of them expire.
    /// Records forced out by writes may come earlier or later, each names its database.
    fn begin_db(&mut self, db: usize, keys: usize, expires: usize);

    /// A key, once for every key there was, but for those with a large value. It may come in between the pieces of
    /// a large value, of which it is no part.
    fn record(&mut self, record: Record<'_>);

    /// A key with a large value: its pieces follow, then [`RecordSink::end_value`], before there is another.
    fn begin_value(&mut self, opening: Opening<'_>);

    /// The next piece of the value.
    fn piece(&mut self, piece: Piece<'_>);

    /// All pieces of the value have come.
    fn end_value(&mut self);

    /// No more records will come.
    fn finish(&mut self) {}

    /// True while the sink cannot take more from the traversal (records forced by writes come all the same).
    fn is_full(&self) -> bool {
        false
    }
}

/// A sink that somebody else holds too. Records come in the middle of writes: nobody may have it borrowed then.
impl<S: RecordSink> RecordSink for Rc<RefCell<S>> {
    fn begin_db(&mut self, db: usize, keys: usize, expires: usize) {
        self.borrow_mut().begin_db(db, keys, expires);
    }

    fn record(&mut self, record: Record<'_>) {
        self.borrow_mut().record(record);
    }

    fn begin_value(&mut self, opening: Opening<'_>) {
        self.borrow_mut().begin_value(opening);
    }

    fn piece(&mut self, piece: Piece<'_>) {
        self.borrow_mut().piece(piece);
    }

    fn end_value(&mut self) {
        self.borrow_mut().end_value();
    }

    fn finish(&mut self) {
        self.borrow_mut().finish();
    }

    fn is_full(&self) -> bool {
        self.borrow().is_full()
    }
}

/// Snapshots under way.
///
/// Each has a number, larger than all before it, and every chain of a table has the number of the last snapshot that
/// has seen its content. Two rules keep every snapshot true to its moment:
///
/// - Before a chain changes, it is shown to all snapshots that have not seen it (`Keyspace::show`, called through
///   `Db::prepare`).
/// - A snapshot that comes to a chain shows it to older ones that have not seen it first, since one number can only
///   stand for "all up to this one".
///
/// A large value is not shown with its chain. The snapshots take note of it ([`large`]), and keep it alive: it shows
/// its own parts by the same two rules, in slices and before they change.
///
/// What a snapshot has yet to see is then exactly the content of chains with a lower number; what it has seen was
/// shown once, before it changed.
#[derive(Default)]
pub(crate) struct Snapshots {
    epoch: u32,
    active: Vec<Active>,
}

struct Active {
    id: u32,
    sink: Box<dyn RecordSink>,
    /// What is left to walk, the last one first.
    left: Vec<Part>,
    /// The next bucket of the last part.
    cursor: usize,
    /// Large values it has come to and not shown. They go first, so that they stay few.
    deferred: VecDeque<Deferred>,
}

/// What records depend on besides their keys.
#[derive(Clone, Copy)]
struct Light {
    counts_uses: bool,
    /// The access bits of this moment.
    clock: u32,
    large: LargeFrom,
}

/// A table as a snapshot knows it.
struct Part {
    space: u64,
    db: usize,
    keys: usize,
    expires: usize,
}

impl Snapshots {
    /// The number of the last snapshot started.
    pub(crate) fn epoch(&self) -> u32 {
        self.epoch
    }

    /// Whether a snapshot has yet to see something of this table.
    pub(crate) fn miss(&self, space: u64) -> bool {
        self.active.iter().any(|active| active.left.iter().any(|part| part.space == space))
    }

    /// The highest number among snapshots that have yet to see something of this table.
    fn protects(&self, space: u64) -> u32 {
        let missing = |active: &&Active| active.left.iter().any(|part| part.space == space);
        self.active.iter().filter(missing).map(|active| active.id).max().unwrap_or(0)
    }

    /// Shows a chain to the snapshots up to `upto` that have not seen it.
    fn show(&mut self, space: &mut Space, bucket: usize, upto: u32, light: Light) -> usize {
        let stamp = space.table.stamp(bucket);
        let mut shown = 0;
        for active in self.active.iter_mut().filter(|active| stamp < active.id && active.id <= upto)
        {
            let Some(part) = active.left.iter().find(|part| part.space == space.id) else {
                continue;
            };
            for entry in space.table.bucket(bucket) {
                let access = if light.counts_uses {
                    Access::Frequency(entry.access() as u8)
                } else {
                    let idle = light.clock.wrapping_sub(entry.access()) & 0xff_ffff;
                    Access::IdleSecs(u64::from(idle))
                };
                shown += 1;
                // SAFETY: `space` is borrowed exclusively, and this is the only look at the value.
                let large = unsafe { Deferred::of(entry, active.id, light.large, part.db, access) };
                if let Some(large) = large {
                    active.deferred.push_back(large);
                    continue;
                }
                let value = entry.value();
                // Elements weigh what small keys do, and so do some bytes of a string.
                shown += match value {
                    ValueRef::Str(text) => text.len() / 256,
                    collection => collection.len(),
                };
                active.sink.record(Record {
                    db: part.db,
                    key: entry.key(),
                    value,
                    expires: entry.deadline(),
                    access,
                });
            }
        }
        space.table.set_stamp(bucket, upto);
        shown
    }
}

impl Keyspace {
    /// Starts a view of the keyspace as it is now. It must not be called in the middle of a transaction. The time
    /// it takes does not depend on the number of keys.
    pub fn start_snapshot(&mut self, sink: Box<dyn RecordSink>) -> SnapshotId {
        self.snapshots.epoch += 1;
        let id = self.snapshots.epoch;
        let mut left = Vec::new();
        for (db, space) in self.spaces.iter_mut().enumerate().rev() {
            if !space.table.is_empty() {
                let (keys, expires) = (space.table.len(), space.volatile);
                left.push(Part { space: space.id, db, keys, expires });
                space.table.protect(id);
            }
        }
        self.begin_snapshot(id, sink, left)
    }

    /// A view of nothing, for a snapshot that only carries what is no key.
    pub fn start_snapshot_without_keys(&mut self, sink: Box<dyn RecordSink>) -> SnapshotId {
        self.snapshots.epoch += 1;
        self.begin_snapshot(self.snapshots.epoch, sink, Vec::new())
    }

    fn begin_snapshot(
        &mut self,
        id: u32,
        sink: Box<dyn RecordSink>,
        left: Vec<Part>,
    ) -> SnapshotId {
        let mut active = Active { id, sink, left, cursor: 0, deferred: VecDeque::new() };
        if let Some(part) = active.left.last() {
            active.sink.begin_db(part.db, part.keys, part.expires);
        }
        self.snapshots.active.push(active);
        SnapshotId(id)
    }

    /// Hands out the next records of a snapshot: about `budget` keys or elements, none once the sink is full. A snapshot that is
    /// not under way (any more) is done.
    pub fn snapshot_slice(&mut self, id: SnapshotId, budget: usize) -> Progress {
        let light = self.light();
        let mut shown = 0;
        while let Some(at) = self.snapshots.active.iter().position(|active| active.id == id.0) {
            let active = &mut self.snapshots.active[at];
            if let Some(large) = active.deferred.front_mut() {
                if shown >= budget || active.sink.is_full() {
                    return Progress::More;
                }
                // SAFETY: `self` is borrowed exclusively, so nothing in the keyspace is borrowed.
                let step = unsafe { large.show(id.0, budget - shown, &mut *active.sink) };
                shown += step.spent;
                if step.stuck {
                    return Progress::More;
                }
                if step.done
                    && let Some(large) = active.deferred.pop_front()
                {
                    // SAFETY: as above.
                    unsafe { large.leave(id.0, &mut self.garbage) };
                }
                continue;
            }
            let Some(part) = active.left.last() else {
                let mut active = self.snapshots.active.remove(at);
                active.sink.finish();
                return Progress::Done;
            };
            if shown >= budget || active.sink.is_full() {
                return Progress::More;
            }
            let wanted = part.space;
            let all = self.spaces.iter_mut().chain(&mut self.detached);
            let space = all.into_iter().find(|space| space.id == wanted);
            let space = space.expect("tables stay while a snapshot has to see them");
            if active.cursor < space.table.buckets() {
                let bucket = active.cursor;
                active.cursor += 1;
                // An empty bucket costs a little, too.
                shown += 1;
                if space.table.stamp(bucket) < id.0 {
                    shown += self.snapshots.show(space, bucket, id.0, light);
                }
                continue;
            }
            active.left.pop();
            active.cursor = 0;
            if let Some(next) = active.left.last() {
                active.sink.begin_db(next.db, next.keys, next.expires);
            }
            self.release_space(wanted);
        }
        Progress::Done
    }

    /// Gives a snapshot up; its sink is dropped without `finish`.
    pub fn cancel_snapshot(&mut self, id: SnapshotId) {
        if let Some(at) = self.snapshots.active.iter().position(|active| active.id == id.0) {
            let active = self.snapshots.active.remove(at);
            for large in active.deferred {
                // SAFETY: `self` is borrowed exclusively, so nothing in the keyspace is borrowed.
                unsafe { large.leave(id.0, &mut self.garbage) };
            }
            for part in active.left {
                self.release_space(part.space);
            }
        }
    }

    /// Whether the snapshot is under way.
    pub fn has_snapshot(&self, id: SnapshotId) -> bool {
        self.snapshots.active.iter().any(|active| active.id == id.0)
    }

    /// Shows a chain that is about to change to all snapshots that have not seen it.
    #[cold]
    #[inline(never)]
    pub(crate) fn show(&mut self, db: usize, bucket: usize) {
        let upto = self.snapshots.epoch;
        let light = self.light();
        self.snapshots.show(&mut self.spaces[db], bucket, upto, light);
    }

    fn light(&self) -> Light {
        Light {
            counts_uses: self.settings.policy.counts_uses(),
            clock: self.access_clock,
            large: self.settings.large_from,
        }
    }

    /// Lifts the protection of a table as far as the snapshots that are left allow.
    fn release_space(&mut self, id: u64) {
        let protects = self.snapshots.protects(id);
        if let Some(space) = self.spaces.iter_mut().find(|space| space.id == id) {
            space.table.protect(protects);
            // What is left to shrink, those do who walk the table or take keys out.
            space.table.shrink(SHRINK_STEP);
        }
        if protects == 0
            && let Some(at) = self.detached.iter().position(|space| space.id == id)
        {
            let space = self.detached.swap_remove(at);
            self.garbage.push(Box::new(space));
        }
    }
}
