//! A table of cells that knows how many bytes they take, and can be walked and copied: what large sets, hashes and
//! sorted sets stand on.
//!
//! Snapshots see it in parts. As in the table of keys, every bucket has the number of the last snapshot that has seen
//! its content. Before a bucket changes, its cells are copied for the snapshots that have not; a snapshot that comes
//! to a bucket does the same for older ones first. Nothing here costs more than a bucket at a time.

use std::any::Any;
use std::collections::VecDeque;
use std::fmt;

use crate::snapshot::SHRINK_STEP;
use ds::table::{Chain, Item, Probe};
use ds::{Cell, CellRef, Seed, Table};

/// A kind of cell a table holds: looked at as a [`CellRef`], made from a [`Cell`].
pub(crate) trait Member: for<'a> Item<Ref<'a> = CellRef<'a>> + From<Cell> {}

impl<M: for<'a> Item<Ref<'a> = CellRef<'a>> + From<Cell>> Member for M {}

/// A table of cells.
pub(crate) struct Cells<M: Member = Cell> {
    pub(super) table: Table<M>,
    /// The sizes of all cells.
    bytes: usize,
    /// How many cells have a deadline.
    timed: usize,
    /// The snapshots that have yet to see something of this.
    audience: Option<Box<Audience>>,
}

/// Snapshots that watch a table of cells, and what was kept for them.
#[derive(Default)]
struct Audience {
    /// Their numbers, ascending.
    ids: Vec<u32>,
    saved: VecDeque<Saved>,
    /// How many were saved and dropped before the first in `saved`.
    dropped: usize,
}

/// A cell as it was, for the snapshots after one number and up to another.
struct Saved {
    after: u32,
    upto: u32,
    cell: Cell,
}

/// How far a snapshot has come in a table of cells.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cursor {
    bucket: usize,
    saved: usize,
}

impl<M: Member> Cells<M> {
    pub(super) fn new(seed: Seed) -> Cells<M> {
        Cells { table: Table::new(seed), bytes: 0, timed: 0, audience: None }
    }

    pub(super) fn len(&self) -> usize {
        self.table.len()
    }

    /// Where a lookup of this key will begin.
    #[inline]
    pub(super) fn probe(&self, key: &[u8]) -> Probe<'_> {
        self.table.probe(self.table.hash(key))
    }

    /// Adds a cell whose key is not there yet, and notes its deadline where it has one.
    pub(super) fn insert_new(&mut self, cell: Cell) {
        let hash = self.table.hash(cell.as_ref().key());
        let deadline = M::deadline(cell.as_ref());
        self.bytes += cell.as_ref().size();
        self.timed += usize::from(deadline.is_some());
        self.prepare(hash);
        self.table.insert_new_hashed(hash, M::from(cell));
        if let Some(unix_ms) = deadline {
            self.table.note_deadline(hash, unix_ms);
        }
    }

    /// Adds the cell where its key is not there yet; tells whether it did.
    pub(super) fn insert_if_absent(&mut self, key: &[u8], cell: impl FnOnce() -> Cell) -> bool {
        let hash = self.table.hash(key);
        let is_new = self.table.get_hashed(hash, key).is_none();
        if is_new {
            let cell = cell();
            self.bytes += cell.as_ref().size();
            self.prepare(hash);
            self.table.insert_new_hashed(hash, M::from(cell));
        }
        is_new
    }

    pub(super) fn remove(&mut self, key: &[u8]) -> Option<M> {
        let hash = self.table.hash(key);
        self.prepare(hash);
        let found = self.table.occupied_hashed(hash, key)?;
        self.bytes -= found.get().size();
        self.timed -= usize::from(M::deadline(found.get()).is_some());
        Some(found.remove())
    }

    /// Passes the cell of a key through a function that may give back another with the same key.
    pub(super) fn change<R>(&mut self, key: &[u8], change: impl FnOnce(M) -> (M, R)) -> Option<R> {
        let hash = self.table.hash(key);
        self.prepare(hash);
        let mut found = self.table.occupied_hashed(hash, key)?;
        let before = found.get().size();
        self.timed -= usize::from(M::deadline(found.get()).is_some());
        let result = found.change(change);
        self.bytes = self.bytes - before + found.get().size();
        self.timed += usize::from(M::deadline(found.get()).is_some());
        Some(result)
    }

    pub(super) fn iter(&self) -> Iter<'_, M> {
        Iter { table: &self.table, chain: self.table.bucket(0), next: 1 }
    }

    /// How many cells have a deadline.
    pub(super) fn timed(&self) -> usize {
        self.timed
    }

    /// The sizes of all cells.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    // Snapshots.

    /// From now on until [`Cells::leave`], this snapshot sees all that is there now, by [`Cells::show`].
    pub(crate) fn join(&mut self, id: u32) {
        self.audience.get_or_insert_default().ids.push(id);
        self.table.protect(id);
    }

    /// Must come before a bucket changes: keeps its cells for the snapshots that have not seen them.
    #[inline(always)]
    pub(super) fn prepare(&mut self, hash: u64) {
        if let Some(bucket) = self.table.unseen(hash) {
            self.save_for_all(bucket);
        }
    }

    #[cold]
    #[inline(never)]
    fn save_for_all(&mut self, bucket: usize) {
        let newest = self.audience.as_ref().and_then(|audience| audience.ids.last());
        self.save(bucket, *newest.expect("only an audience lets a table be protected"));
    }

    /// Keeps the cells of a bucket for the snapshots up to one that have not seen them.
    fn save(&mut self, bucket: usize, upto: u32) {
        let after = self.table.stamp(bucket);
        let Some(audience) = &mut self.audience else { return };
        if audience.ids.iter().any(|&id| after < id && id <= upto) {
            let cells = self.table.bucket(bucket).map(|cell| cell.to_cell());
            audience.saved.extend(cells.map(|cell| Saved { after, upto, cell }));
        }
        self.table.set_stamp(bucket, upto);
    }

    /// Shows a snapshot the next cells, as they were when it joined, for about `budget`, and says what it came to
    /// and whether that was all. Until it leaves, a bucket may be split and cells may be kept for it all the same.
    pub(crate) fn show(
        &mut self,
        id: u32,
        cursor: &mut Cursor,
        budget: usize,
        mut f: impl FnMut(CellRef<'_>),
    ) -> (usize, bool) {
        let mut spent = 0;
        while spent < budget {
            let Some(audience) = &self.audience else { return (spent, true) };
            cursor.saved = cursor.saved.max(audience.dropped);
            if let Some(saved) = audience.saved.get(cursor.saved - audience.dropped) {
                cursor.saved += 1;
                spent += 1;
                if saved.after < id && id <= saved.upto {
                    spent += cost(saved.cell.as_ref().size());
                    f(saved.cell.as_ref());
                }
                continue;
            }
            if cursor.bucket >= self.table.buckets() {
                return (spent, true);
            }
            let bucket = cursor.bucket;
            cursor.bucket += 1;
            spent += 1;
            // The cells lie anywhere; those of a few buckets on arrive while the ones at hand are copied.
            self.table.prefetch_items(bucket + 3);
            if self.table.stamp(bucket) < id {
                self.save(bucket, id - 1);
                for cell in self.table.bucket(bucket) {
                    spent += cost(cell.size());
                    f(cell);
                }
                self.table.set_stamp(bucket, id);
            }
        }
        (spent, false)
    }

    /// A snapshot is done with this, or given up. What nobody needs any more is given back, to be freed elsewhere.
    pub(crate) fn leave(&mut self, id: u32) -> Option<Box<dyn Any + Send>> {
        let audience = self.audience.as_mut()?;
        audience.ids.retain(|&other| other != id);
        self.table.protect(audience.ids.last().copied().unwrap_or(0));
        // What is left to shrink, those do who take members out.
        self.table.shrink(SHRINK_STEP);
        let Some(&oldest) = audience.ids.first() else {
            return self.audience.take().map(|audience| audience as Box<dyn Any + Send>);
        };
        let count = audience.saved.iter().take_while(|saved| saved.upto < oldest).count();
        let kept = audience.saved.split_off(count);
        audience.dropped += count;
        Some(Box::new(std::mem::replace(&mut audience.saved, kept)))
    }

    /// Bytes allocated by table and cells.
    pub(super) fn memory(&self) -> usize {
        self.table.heap_bytes() + self.bytes
    }
}

impl<M: Member> Clone for Cells<M> {
    fn clone(&self) -> Cells<M> {
        let mut copy = Cells::new(self.table.seed());
        self.iter().for_each(|cell| copy.insert_new(cell.to_cell()));
        copy
    }
}

impl<M: Member> fmt::Debug for Cells<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = self.iter().map(|cell| cell.key().escape_ascii().to_string());
        f.debug_set().entries(words).finish()
    }
}

/// What it costs to show so many bytes that lie by themselves, in the measure of a small key: they are likely not in
/// the cache.
pub(crate) fn cost(bytes: usize) -> usize {
    2 + bytes / 256
}

/// All cells of a table.
pub(super) struct Iter<'a, M: Member> {
    table: &'a Table<M>,
    chain: Chain<'a, M>,
    next: usize,
}

impl<'a, M: Member> Iterator for Iter<'a, M> {
    type Item = CellRef<'a>;

    #[inline]
    fn next(&mut self) -> Option<CellRef<'a>> {
        loop {
            if let Some(cell) = self.chain.next() {
                return Some(cell);
            }
            if self.next >= self.table.buckets() {
                return None;
            }
            self.chain = self.table.bucket(self.next);
            self.next += 1;
        }
    }
}
