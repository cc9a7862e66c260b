//! One field of a large hash: a cell whose extra bits, where it has them, say when it expires.

use ds::table::Item;
use ds::{Cell, CellRef};

/// A field with its value, and perhaps a time to live.
pub(crate) struct Field(Cell);

impl From<Cell> for Field {
    fn from(cell: Cell) -> Field {
        Field(cell)
    }
}

impl Field {
    /// The field with another value.
    pub(super) fn with_value(mut self, value: &[u8], keep_ttl: bool) -> Field {
        let ttl = self.0.as_ref().extra().filter(|_| keep_ttl);
        // Counters and the like overwrite a value with one as long.
        if ttl == self.0.as_ref().extra() && self.0.set_value(value) {
            return self;
        }
        Field(Cell::new(self.0.as_ref().key(), Some(value), ttl))
    }

    /// The field with another time to live, or none.
    pub(super) fn with_ttl(mut self, ttl: Option<u64>) -> Field {
        if ttl.is_some_and(|unix_ms| self.0.set_extra(unix_ms)) {
            return self;
        }
        let old = self.0.as_ref();
        Field(Cell::new(old.key(), Some(old.value()), ttl))
    }
}

// SAFETY: everything is left to `Cell`.
unsafe impl Item for Field {
    type Ref<'a> = CellRef<'a>;

    fn into_word(self) -> u64 {
        self.0.into_word()
    }

    unsafe fn from_word(word: u64) -> Field {
        // SAFETY: as the caller says.
        Field(unsafe { Cell::from_word(word) })
    }

    unsafe fn borrow<'a>(word: u64) -> CellRef<'a> {
        // SAFETY: as the caller says.
        unsafe { Cell::borrow(word) }
    }

    fn key<'a>(item: Self::Ref<'a>) -> &'a [u8] {
        item.key()
    }

    fn deadline(item: CellRef<'_>) -> Option<u64> {
        item.extra()
    }
}
