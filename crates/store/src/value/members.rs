//! A table of cells that knows how many bytes they take, and can be walked and copied: what large sets, hashes and
//! sorted sets stand on.

use std::fmt;

use ds::table::{Chain, Item};
use ds::{Cell, CellRef, Seed, Table};

/// A kind of cell a table holds: looked at as a [`CellRef`], made from a [`Cell`].
pub(super) trait Member: for<'a> Item<Ref<'a> = CellRef<'a>> + From<Cell> {}

impl<M: for<'a> Item<Ref<'a> = CellRef<'a>> + From<Cell>> Member for M {}

/// A table of cells.
pub(super) struct Cells<M: Member = Cell> {
    pub(super) table: Table<M>,
    /// The sizes of all cells.
    bytes: usize,
}

impl<M: Member> Cells<M> {
    pub(super) fn new(seed: Seed) -> Cells<M> {
        Cells { table: Table::new(seed), bytes: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.table.len()
    }

    /// Adds a cell whose key is not there yet, and notes its deadline where it has one.
    pub(super) fn insert_new(&mut self, cell: Cell) {
        let hash = self.table.hash(cell.as_ref().key());
        let deadline = M::deadline(cell.as_ref());
        self.bytes += cell.as_ref().size();
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
            self.table.insert_new_hashed(hash, M::from(cell));
        }
        is_new
    }

    pub(super) fn remove(&mut self, key: &[u8]) -> Option<M> {
        let found = self.table.occupied(key)?;
        self.bytes -= found.get().size();
        Some(found.remove())
    }

    /// Passes the cell of a key through a function that may give back another with the same key.
    pub(super) fn change<R>(&mut self, key: &[u8], change: impl FnOnce(M) -> (M, R)) -> Option<R> {
        let mut found = self.table.occupied(key)?;
        let before = found.get().size();
        let result = found.change(change);
        self.bytes = self.bytes - before + found.get().size();
        Some(result)
    }

    pub(super) fn iter(&self) -> Iter<'_, M> {
        Iter { table: &self.table, chain: self.table.bucket(0), next: 1 }
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
