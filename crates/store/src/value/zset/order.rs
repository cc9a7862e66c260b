//! The large form of a sorted set: a table that owns the members, and a counted tree that orders them.

use std::cmp::Ordering;
use std::ptr::NonNull;

use ds::table::Probe;
use ds::{Cell, CellRef, Element, Seed, Tree, tree};

use crate::value::members::Cells;

/// Members by score. Every member is one cell with its score beside, owned by the table; the tree holds addresses
/// of the same cells.
///
/// Invariant: tree and table hold the same cells. A cell enters the table first and leaves it last, so whatever
/// the tree holds is alive.
pub(crate) struct Ordered {
    cells: Cells,
    tree: Tree<Scored>,
}

/// A member where the order keeps it.
#[derive(Clone, Copy)]
pub(super) struct Scored {
    score: f64,
    cell: NonNull<u8>,
}

// SAFETY: the address leads to a cell of the same `Ordered`, with which it goes from thread to thread.
unsafe impl Send for Scored {}
// SAFETY: a look at it gives a copy of an address, no more.
unsafe impl Sync for Scored {}

impl tree::Item for Scored {
    type Key = Scored;
    const UNIT: bool = true;

    #[inline]
    fn key(&self) -> Scored {
        *self
    }

    fn weight(&self) -> usize {
        1
    }
}

/// Orders scores, of which none is NaN.
#[inline]
pub(super) fn compare(a: f64, b: f64) -> Ordering {
    a.partial_cmp(&b).unwrap_or(Ordering::Equal)
}

impl Scored {
    /// # Safety
    /// For `'a` the cell lives and its key stays: it belongs to an `Ordered` that is not changed.
    #[inline]
    unsafe fn member<'a>(self) -> &'a [u8] {
        // SAFETY: as the caller says.
        unsafe { CellRef::from_raw(self.cell) }.key()
    }

    /// # Safety
    /// The cell lives.
    #[inline]
    unsafe fn compare(self, score: f64, member: &[u8]) -> Ordering {
        compare(self.score, score).then_with(|| {
            // SAFETY: as the caller says; the bytes are not kept.
            unsafe { self.member() }.cmp(member)
        })
    }
}

pub(crate) fn score_of(cell: CellRef<'_>) -> f64 {
    f64::from_bits(cell.extra().expect("every member has its score beside"))
}

impl Ordered {
    pub(super) fn new(seed: Seed) -> Ordered {
        Ordered { cells: Cells::new(seed), tree: Tree::new() }
    }

    pub(super) fn len(&self) -> usize {
        self.cells.len()
    }

    pub(super) fn probe(&self, member: &[u8]) -> Probe<'_> {
        self.cells.probe(member)
    }

    pub(super) fn score(&self, member: &[u8]) -> Option<f64> {
        self.cells.table.get(member).map(score_of)
    }

    /// Adds a member that is not there yet and comes after all others.
    pub(super) fn push_back(&mut self, member: &[u8], score: f64) {
        let scored = self.add_cell(member, score);
        self.tree.insert_at(self.tree.weight(), scored);
    }

    /// Adds a member that is not there yet.
    pub(super) fn insert_new(&mut self, member: &[u8], score: f64) {
        let scored = self.add_cell(member, score);
        self.place(member, scored);
    }

    fn add_cell(&mut self, member: &[u8], score: f64) -> Scored {
        let cell = Cell::new(member, None, Some(score.to_bits()));
        let address = cell.as_ref().as_raw();
        self.cells.insert_new(cell);
        Scored { score, cell: address }
    }

    fn place(&mut self, member: &[u8], scored: Scored) {
        // SAFETY: whatever the tree holds is alive.
        self.tree.insert_by(|other| unsafe { other.compare(scored.score, member) }, scored);
    }

    /// Gives a member another score; its old one, or `None` where it is not there.
    pub(super) fn update(&mut self, member: &[u8], score: f64) -> Option<f64> {
        let hash = self.cells.table.hash(member);
        self.cells.prepare(hash);
        let found = self.cells.table.occupied_hashed(hash, member)?;
        let old = score_of(found.get());
        if old != score {
            found.assert_seen();
            // SAFETY: the table is borrowed exclusively by `found`, and nobody else reads scores of cells.
            unsafe { found.get().write_extra(score.to_bits()) };
            // SAFETY: whatever the tree holds is alive.
            let mut scored = self.tree.remove_by(|other| unsafe { other.compare(old, member) });
            scored.score = score;
            self.place(member, scored);
        }
        Some(old)
    }

    pub(super) fn remove(&mut self, member: &[u8]) -> Option<f64> {
        let score = self.score(member)?;
        // SAFETY: whatever the tree holds is alive.
        self.tree.remove_by(|other| unsafe { other.compare(score, member) });
        self.cells.remove(member);
        Some(score)
    }

    /// Removes the member of a rank, which there must be.
    pub(super) fn remove_at(&mut self, rank: usize) {
        let scored = self.tree.remove_at(rank);
        // The table is about to free the key it is asked for, so it gets a copy.
        // SAFETY: the cell is still in the table.
        let member = unsafe { scored.member() }.to_vec();
        self.cells.remove(&member);
    }

    /// How many members come before one with this score and name.
    pub(super) fn rank(&self, score: f64, member: &[u8]) -> usize {
        // SAFETY: whatever the tree holds is alive.
        self.tree.partition(|other| unsafe { other.compare(score, member) }.is_lt())
    }

    /// How many members come before the first whose score the question answers with false.
    pub(super) fn partition_by_score(&self, mut question: impl FnMut(f64) -> bool) -> usize {
        self.tree.partition(|other| question(other.score))
    }

    /// How many members come before the first whose name the question answers with false.
    pub(super) fn partition_by_member(&self, mut question: impl FnMut(&[u8]) -> bool) -> usize {
        // SAFETY: whatever the tree holds is alive; the question keeps nothing.
        self.tree.partition(|other| question(unsafe { other.member() }))
    }

    pub(super) fn range(&self, ranks: std::ops::Range<usize>) -> Iter<'_> {
        Iter { inner: self.tree.range(ranks) }
    }

    pub(super) fn scan(
        &self,
        cursor: u64,
        count: usize,
        mut f: impl FnMut(Element<'_>, f64),
    ) -> u64 {
        let each = |cell: CellRef<'_>| f(Element::Bytes(cell.key()), score_of(cell));
        self.cells.table.scan(cursor, count, each)
    }

    /// The members with their scores, in no order.
    pub(crate) fn cells_mut(&mut self) -> &mut Cells {
        &mut self.cells
    }

    pub(super) fn bytes(&self) -> usize {
        self.cells.bytes()
    }

    pub(super) fn memory(&self) -> usize {
        size_of::<Ordered>() + self.cells.memory() + self.tree.heap_bytes()
    }
}

impl Clone for Ordered {
    fn clone(&self) -> Ordered {
        let mut copy = Ordered::new(self.cells.table.seed());
        for (member, score) in self.range(0..self.len()) {
            copy.push_back(member, score);
        }
        copy
    }
}

/// Members with scores in ascending order, from either end.
#[derive(Clone)]
pub(super) struct Iter<'a> {
    inner: tree::Iter<'a, Scored>,
}

impl<'a> Iterator for Iter<'a> {
    type Item = (&'a [u8], f64);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        // SAFETY: the whole `Ordered` is borrowed for `'a`.
        self.inner.next().map(|scored| (unsafe { scored.member() }, scored.score))
    }
}

impl DoubleEndedIterator for Iter<'_> {
    #[inline]
    fn next_back(&mut self) -> Option<Self::Item> {
        // SAFETY: the whole `Ordered` is borrowed for `'a`.
        self.inner.next_back().map(|scored| (unsafe { scored.member() }, scored.score))
    }
}
