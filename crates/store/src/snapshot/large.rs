//! Large values: a snapshot takes note of them, and shows them later, a piece at a time.
//!
//! Sets, hashes and sorted sets are watched where they lie, and keep for the snapshot what changes before it has seen
//! it. Of a list the snapshot has a copy that shares everything with it which has not changed: here the order counts.

use std::any::Any;

use ds::Element;

use super::{Access, RecordSink};
use crate::entry::{CollectionMut, EntryRef};
use crate::value::hash::Field;
use crate::value::kept::{Kept, Watch};
use crate::value::list::Shares;
use crate::value::members::{Cells, Cursor, cost};
use crate::value::text::Text;
use crate::value::zset::order::{Ordered, score_of};
use crate::{Kind, Node};

/// What a key with a large value opens with. Its pieces follow, one call each.
#[derive(Clone, Copy, Debug)]
pub struct Opening<'a> {
    /// The database's index at the moment of the snapshot.
    pub db: usize,
    /// The key.
    pub key: &'a [u8],
    /// The type of the value.
    pub kind: Kind,
    /// How many pieces will come; of a string, how many bytes.
    pub pieces: usize,
    /// Of a hash with fields that expire: a moment (Unix milliseconds) before which none does.
    pub fields_expire_from: Option<u64>,
    /// When the key expires, in Unix milliseconds.
    pub expires: Option<u64>,
    /// Its use.
    pub access: Access,
}

/// A part of a large value.
#[derive(Clone, Copy, Debug)]
pub enum Piece<'a> {
    /// A member of a set, in no order.
    Member(Element<'a>),
    /// A field of a hash, in no order.
    Field {
        /// Its name.
        field: Element<'a>,
        /// Its value.
        value: Element<'a>,
        /// When it expires, in Unix milliseconds.
        expires: Option<u64>,
    },
    /// A member of a sorted set with its score, in no order.
    Scored(Element<'a>, f64),
    /// Bytes of a string, in order.
    Text(&'a [u8]),
    /// A node of a list, in order.
    Node(Node<'a>),
}

/// From where on a value is large: a collection when it is not packed and one of two sizes is exceeded, a string when
/// its size is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LargeFrom {
    /// So many elements.
    pub elements: usize,
    /// So many bytes.
    pub bytes: usize,
    /// Of a string, so many bytes; its pieces are as long.
    pub text: usize,
}

impl Default for LargeFrom {
    fn default() -> LargeFrom {
        LargeFrom { elements: 128, bytes: 4096, text: 64 << 10 }
    }
}

impl LargeFrom {
    fn is_passed_by(self, elements: usize, bytes: usize) -> bool {
        elements > self.elements || bytes > self.bytes
    }
}

/// A large value that a snapshot has yet to see, wherever it may be by now.
pub(super) struct Deferred {
    db: usize,
    key: Box<[u8]>,
    kind: Kind,
    pieces: usize,
    fields_expire_from: Option<u64>,
    expires: Option<u64>,
    access: Access,
    view: Box<dyn View>,
    is_open: bool,
}

/// What a slice came to.
pub(super) struct Shown {
    pub(super) spent: usize,
    pub(super) done: bool,
    /// The value cannot be looked at right now.
    pub(super) stuck: bool,
}

impl Deferred {
    /// Takes note of an entry's value for a snapshot, if it is large.
    ///
    /// # Safety
    /// The table that the entry is in is borrowed exclusively, and nobody else looks at the value.
    pub(super) unsafe fn of(
        entry: EntryRef<'_>,
        id: u32,
        from: LargeFrom,
        db: usize,
        access: Access,
    ) -> Option<Deferred> {
        let mut fields_expire_from = None;
        // SAFETY: as the caller says.
        let collection = unsafe { entry.collection() };
        let (kind, pieces, view): (Kind, usize, Box<dyn View>) = match collection {
            None => {
                let len = entry.value().len();
                if len <= from.text {
                    return None;
                }
                // SAFETY: as the caller says; the look at the length has ended.
                let text = unsafe { entry.text() }?;
                text.join(id, from.text);
                (Kind::String, len, Box::new(TextView { watch: text.watch() }))
            }
            Some(CollectionMut::Set(set)) => {
                let len = set.len();
                let (cells, bytes) = set.large()?;
                (Kind::Set, len, view_of(cells, id, from.is_passed_by(len, bytes))?)
            }
            Some(CollectionMut::Hash(hash)) => {
                let len = hash.len();
                fields_expire_from = if hash.has_ttls() { hash.next_expiry() } else { None };
                let (cells, bytes) = hash.large()?;
                (Kind::Hash, len, view_of(cells, id, from.is_passed_by(len, bytes))?)
            }
            Some(CollectionMut::ZSet(zset)) => {
                let len = zset.len();
                let (ordered, bytes) = zset.large()?;
                (Kind::ZSet, len, view_of(ordered, id, from.is_passed_by(len, bytes))?)
            }
            Some(CollectionMut::List(list)) => {
                let shares = list.share()?;
                if !from.is_passed_by(list.len(), list.memory()) {
                    return None;
                }
                (Kind::List, list.node_count(), Box::new(shares))
            }
        };
        Some(Deferred {
            db,
            key: entry.key().into(),
            kind,
            pieces,
            fields_expire_from,
            expires: entry.deadline(),
            access,
            view,
            is_open: false,
        })
    }

    /// Shows the next pieces, for about `budget`.
    ///
    /// # Safety
    /// Nothing in the keyspace is borrowed or changed meanwhile.
    pub(super) unsafe fn show(
        &mut self,
        id: u32,
        budget: usize,
        sink: &mut dyn RecordSink,
    ) -> Shown {
        if !self.is_open {
            self.is_open = true;
            sink.begin_value(Opening {
                db: self.db,
                key: &self.key,
                kind: self.kind,
                pieces: self.pieces,
                fields_expire_from: self.fields_expire_from,
                expires: self.expires,
                access: self.access,
            });
        }
        let left = &mut self.pieces;
        // SAFETY: as the caller says.
        let shown = unsafe {
            self.view.show(id, budget, &mut |piece| {
                let count = if let Piece::Text(bytes) = piece { bytes.len() } else { 1 };
                debug_assert!(*left >= count, "no more than was announced");
                *left -= count;
                sink.piece(piece);
            })
        };
        if shown.done {
            debug_assert!(*left == 0, "as much as was announced");
            sink.end_value();
        }
        shown
    }

    /// Lets go of the value; gives back what is to be freed where it holds nobody up.
    ///
    /// # Safety
    /// As for [`Deferred::show`].
    pub(super) unsafe fn leave(self, id: u32, garbage: &mut Vec<Box<dyn Any + Send>>) {
        // SAFETY: as the caller says.
        unsafe { self.view.leave(id, garbage) }
    }
}

/// A handle on a large value that outlives the value's key.
trait View {
    /// # Safety
    /// As for [`Deferred::show`].
    unsafe fn show(&mut self, id: u32, budget: usize, f: &mut dyn FnMut(Piece<'_>)) -> Shown;

    /// # Safety
    /// As for [`Deferred::show`].
    unsafe fn leave(self: Box<Self>, id: u32, garbage: &mut Vec<Box<dyn Any + Send>>);
}

/// What keeps its elements in a table of cells.
trait InCells: Send + 'static {
    type Member: crate::value::members::Member;

    fn cells(&mut self) -> &mut Cells<Self::Member>;
    fn piece(cell: ds::CellRef<'_>) -> Piece<'_>;
}

impl InCells for Cells {
    type Member = ds::Cell;

    fn cells(&mut self) -> &mut Cells {
        self
    }

    fn piece(cell: ds::CellRef<'_>) -> Piece<'_> {
        Piece::Member(Element::Bytes(cell.key()))
    }
}

impl InCells for Cells<Field> {
    type Member = Field;

    fn cells(&mut self) -> &mut Cells<Field> {
        self
    }

    fn piece(cell: ds::CellRef<'_>) -> Piece<'_> {
        let (field, value) = (Element::Bytes(cell.key()), Element::Bytes(cell.value()));
        Piece::Field { field, value, expires: cell.extra() }
    }
}

impl InCells for Ordered {
    type Member = ds::Cell;

    fn cells(&mut self) -> &mut Cells {
        self.cells_mut()
    }

    fn piece(cell: ds::CellRef<'_>) -> Piece<'_> {
        Piece::Scored(Element::Bytes(cell.key()), score_of(cell))
    }
}

fn view_of<T: InCells>(kept: &mut Kept<T>, id: u32, is_large: bool) -> Option<Box<dyn View>> {
    if !is_large {
        return None;
    }
    kept.cells().join(id);
    Some(Box::new(CellsView { watch: kept.watch(), cursor: Cursor::default() }))
}

impl View for Shares {
    unsafe fn show(&mut self, _: u32, budget: usize, f: &mut dyn FnMut(Piece<'_>)) -> Shown {
        let (spent, done) = Shares::show(self, budget, |node| f(Piece::Node(node)));
        Shown { spent, done, stuck: false }
    }

    unsafe fn leave(self: Box<Self>, _: u32, garbage: &mut Vec<Box<dyn Any + Send>>) {
        // The list may have changed much, or be gone.
        garbage.push(self);
    }
}

struct TextView {
    watch: Watch<Text>,
}

impl View for TextView {
    unsafe fn show(&mut self, id: u32, budget: usize, f: &mut dyn FnMut(Piece<'_>)) -> Shown {
        // SAFETY: as the caller says.
        let Some(text) = (unsafe { self.watch.content() }) else {
            return Shown { spent: 0, done: false, stuck: true };
        };
        let (mut spent, mut done) = (0, false);
        while spent < budget && !done {
            done = text.show(id, |bytes| {
                spent += cost(bytes.len());
                f(Piece::Text(bytes));
            });
        }
        Shown { spent, done, stuck: false }
    }

    unsafe fn leave(mut self: Box<Self>, id: u32, garbage: &mut Vec<Box<dyn Any + Send>>) {
        // SAFETY: as the caller says.
        if let Some(text) = unsafe { self.watch.content() } {
            text.leave(id);
        }
        if self.watch.is_last() {
            garbage.push(Box::new(self.watch));
        }
    }
}

struct CellsView<T> {
    watch: Watch<T>,
    cursor: Cursor,
}

impl<T: InCells> View for CellsView<T> {
    unsafe fn show(&mut self, id: u32, budget: usize, f: &mut dyn FnMut(Piece<'_>)) -> Shown {
        // SAFETY: as the caller says.
        let Some(content) = (unsafe { self.watch.content() }) else {
            return Shown { spent: 0, done: false, stuck: true };
        };
        let each = |cell: ds::CellRef<'_>| f(T::piece(cell));
        let (spent, done) = content.cells().show(id, &mut self.cursor, budget, each);
        Shown { spent, done, stuck: false }
    }

    unsafe fn leave(mut self: Box<Self>, id: u32, garbage: &mut Vec<Box<dyn Any + Send>>) {
        // SAFETY: as the caller says.
        if let Some(content) = unsafe { self.watch.content() } {
            garbage.extend(content.cells().leave(id));
        }
        if self.watch.is_last() {
            garbage.push(Box::new(self.watch));
        }
    }
}
