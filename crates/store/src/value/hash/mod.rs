//! A hash: fields with values, few in a listpack, many in a hash table; a field may have a time to live.
//!
//! With times to live, a listpack holds three elements per field: field, value, and the Unix milliseconds at which
//! the field expires, 0 for never.

mod field;
mod iter;

use crate::Inside;
use ds::listpack::Listpack;
use ds::table::Probe;
use ds::{Cell, Element, ElementBuf};
use stdx::Prng;

use super::kept::Kept;
use super::members::Cells;
use super::{Encoding, STRANGER_BYTES_MAX, distinct};
use crate::{HashMut, Thresholds};
pub(crate) use field::Field;
pub use iter::{Iter, IterWithTtl};

/// The latest moment that a field can end at, in Unix milliseconds: Redis 8 refuses a file with a later one. Whatever
/// stores a field's end keeps to this.
pub const FIELD_END_MAX: u64 = (1 << 48) - 1;

/// Fields with values.
#[derive(Clone, Debug)]
pub struct Hash {
    fields: Fields,
}

#[derive(Clone, Debug)]
enum Fields {
    /// Field, value, ...
    Pack(Listpack),
    /// Field, value, expiry, ...
    Timed(Listpack),
    Table(Kept<Cells<Field>>),
}

impl Default for Hash {
    fn default() -> Hash {
        Hash::new()
    }
}

impl Hash {
    /// An empty hash.
    pub fn new() -> Hash {
        Hash { fields: Fields::Pack(Listpack::new()) }
    }

    /// How many fields.
    pub fn len(&self) -> usize {
        match &self.fields {
            Fields::Pack(pack) => pack.len() / 2,
            Fields::Timed(pack) => pack.len() / 3,
            Fields::Table(cells) => cells.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How it is kept: `listpack`, `listpackex` (with times to live) or `hashtable`.
    pub fn encoding(&self) -> Encoding {
        match &self.fields {
            Fields::Pack(_) => Encoding::Listpack,
            Fields::Timed(_) => Encoding::ListpackEx,
            Fields::Table(_) => Encoding::Hashtable,
        }
    }

    /// The listpack with the number of elements per field, and the position of a field in it.
    fn packed(&self, field: &[u8]) -> Option<(&Listpack, usize)> {
        let (pack, step) = match &self.fields {
            Fields::Pack(pack) => (pack, 2),
            Fields::Timed(pack) => (pack, 3),
            Fields::Table(_) => return None,
        };
        Some((pack, pack.find(pack.first(), field, step)?))
    }

    /// See [`crate::ValueRef::look_ahead`].
    pub(crate) fn look_ahead(&self, inside: Inside<'_>) -> Option<Probe<'_>> {
        match &self.fields {
            Fields::Pack(pack) | Fields::Timed(pack) => pack.prefetch(),
            Fields::Table(cells) => return inside.member().map(|member| cells.probe(member)),
        }
        None
    }

    /// The value of a field.
    pub fn get(&self, field: &[u8]) -> Option<Element<'_>> {
        if let Fields::Table(cells) = &self.fields {
            return cells.table.get(field).map(|cell| Element::Bytes(cell.value()));
        }
        self.packed(field).map(|(pack, at)| pack.at(pack.next(at)))
    }

    /// Whether there is such a field.
    pub fn contains(&self, field: &[u8]) -> bool {
        self.get(field).is_some()
    }

    /// Says that these words are about to be stored as fields and values: converts now where one of them is too
    /// long or they are too many to stay packed, as Redis does before HSET.
    pub fn expect<'w>(&mut self, words: impl Iterator<Item = &'w [u8]>, limits: &Thresholds) {
        let pack = match &self.fields {
            Fields::Pack(pack) | Fields::Timed(pack) => pack,
            Fields::Table(_) => return,
        };
        let (mut count, mut bytes, mut is_long) = (0, 0, false);
        for word in words {
            count += 1;
            bytes += word.len();
            is_long |= word.len() > limits.hash_max_listpack_value;
        }
        if is_long || count / 2 > limits.hash_max_listpack_entries || !pack.has_room(bytes) {
            self.convert_to_table(limits);
        }
    }

    /// Gives a field a value and takes its time to live away; true where the field is new.
    pub fn set(&mut self, field: &[u8], value: &[u8], limits: &Thresholds) -> bool {
        self.write(field, value, false, limits)
    }

    /// Gives a field a value and leaves its time to live; true where the field is new.
    pub fn set_keeping_ttl(&mut self, field: &[u8], value: &[u8], limits: &Thresholds) -> bool {
        self.write(field, value, true, limits)
    }

    fn write(&mut self, field: &[u8], value: &[u8], keep: bool, limits: &Thresholds) -> bool {
        let longest = field.len().max(value.len());
        if longest > limits.hash_max_listpack_value || !self.has_room(field.len() + value.len()) {
            self.convert_to_table(limits);
        }
        let found = self.packed(field).map(|(_, at)| at);
        let is_timed = matches!(self.fields, Fields::Timed(_));
        match &mut self.fields {
            Fields::Pack(pack) | Fields::Timed(pack) => {
                let Some(at) = found else {
                    pack.push_back(Element::Bytes(field));
                    pack.push_back(Element::Bytes(value));
                    if is_timed {
                        pack.push_back(Element::Int(0));
                    }
                    if self.len() > limits.hash_max_listpack_entries {
                        self.convert_to_table(limits);
                    }
                    return true;
                };
                let at = pack.next(at);
                pack.replace(at, Element::Bytes(value));
                if is_timed && !keep {
                    pack.replace(pack.next(at), Element::Int(0));
                }
                false
            }
            Fields::Table(cells) => {
                let changed = cells.change(field, |old| (old.with_value(value, keep), ()));
                if changed.is_none() {
                    cells.insert_new(Cell::new(field, Some(value), None));
                }
                changed.is_none()
            }
        }
    }

    fn has_room(&self, more: usize) -> bool {
        match &self.fields {
            Fields::Pack(pack) | Fields::Timed(pack) => pack.has_room(more + 64),
            Fields::Table(_) => true,
        }
    }

    /// Takes a field away; false where there is none.
    pub fn remove(&mut self, field: &[u8]) -> bool {
        let found = self.packed(field).map(|(_, at)| at);
        match (&mut self.fields, found) {
            (Fields::Table(cells), _) => cells.remove(field).is_some(),
            (Fields::Pack(pack), Some(at)) => pack.remove_many(at, 2) > 0,
            (Fields::Timed(pack), Some(at)) => pack.remove_many(at, 3) > 0,
            _ => false,
        }
    }

    /// The fields with their values, in no particular order.
    pub fn iter(&self) -> Iter<'_> {
        Iter::new(self.iter_with_ttl())
    }

    /// The fields with their values and times to live (Unix milliseconds).
    pub fn iter_with_ttl(&self) -> IterWithTtl<'_> {
        IterWithTtl::new(&self.fields, self.len())
    }

    /// A field with its value by chance, every one as likely.
    pub fn random(&self, prng: &mut Prng) -> Option<(Element<'_>, Element<'_>)> {
        if self.is_empty() {
            return None;
        }
        let (pack, step) = match &self.fields {
            Fields::Pack(pack) => (pack, 2),
            Fields::Timed(pack) => (pack, 3),
            Fields::Table(cells) => {
                let cell = cells.table.random(prng)?;
                return Some((Element::Bytes(cell.key()), Element::Bytes(cell.value())));
            }
        };
        let at = pack.seek(step * prng.below(self.len() as u64) as usize)?;
        Some((pack.at(at), pack.at(pack.next(at))))
    }

    /// Shows `f` some more fields with values, about `count`, going on where the call that returned `cursor`
    /// stopped; 0 begins and is returned at the end. What is packed is shown all at once.
    pub fn scan(
        &self,
        cursor: u64,
        count: usize,
        mut f: impl FnMut(Element<'_>, Element<'_>),
    ) -> u64 {
        match &self.fields {
            Fields::Table(cells) => cells.table.scan(cursor, count, |cell| {
                f(Element::Bytes(cell.key()), Element::Bytes(cell.value()))
            }),
            _ => {
                self.iter().for_each(|(field, value)| f(field, value));
                0
            }
        }
    }

    /// When a field expires, in Unix milliseconds: `None` where there is no such field, `Some(None)` where it
    /// never does.
    pub fn ttl(&self, field: &[u8]) -> Option<Option<u64>> {
        if let Fields::Table(cells) = &self.fields {
            return cells.table.get(field).map(|cell| cell.extra());
        }
        let (pack, at) = self.packed(field)?;
        match self.fields {
            Fields::Timed(_) => Some(expiry(pack.at(pack.next(pack.next(at))))),
            _ => Some(None),
        }
    }

    /// Lets a field expire at `unix_ms`; false where there is no such field.
    pub fn set_ttl(&mut self, field: &[u8], unix_ms: u64, limits: &Thresholds) -> bool {
        // A field's time takes up to ten bytes, where the field and its value may have taken four.
        if let Fields::Pack(pack) = &self.fields
            && pack.byte_len() > STRANGER_BYTES_MAX
        {
            self.convert_to_table(limits);
        }
        if let Fields::Pack(pack) = &self.fields {
            let mut timed = Listpack::new();
            for (field, value) in pack.pairs() {
                [field, value, Element::Int(0)].into_iter().for_each(|e| timed.push_back(e));
            }
            if pack.find(pack.first(), field, 2).is_none() {
                return false;
            }
            self.fields = Fields::Timed(timed);
        }
        self.write_ttl(field, Some(unix_ms))
    }

    /// Lets a field live on; false where it has no time to live, or is not there.
    pub fn clear_ttl(&mut self, field: &[u8]) -> bool {
        matches!(self.ttl(field), Some(Some(_))) && self.write_ttl(field, None)
    }

    fn write_ttl(&mut self, field: &[u8], ttl: Option<u64>) -> bool {
        let found = self.packed(field).map(|(_, at)| at);
        match (&mut self.fields, found) {
            (Fields::Table(cells), _) => {
                let is_there = cells.change(field, |old| (old.with_ttl(ttl), ())).is_some();
                if let (true, Some(unix_ms)) = (is_there, ttl) {
                    let hash = cells.table.hash(field);
                    cells.table.note_deadline(hash, unix_ms);
                }
                is_there
            }
            (Fields::Timed(pack), Some(at)) => {
                let at = pack.next(pack.next(at));
                pack.replace(at, Element::Int(ttl.unwrap_or(0) as i64));
                true
            }
            _ => false,
        }
    }

    /// Whether some field has a time to live.
    pub fn has_ttls(&self) -> bool {
        match &self.fields {
            Fields::Table(cells) => cells.timed() > 0,
            _ => self.next_expiry().is_some(),
        }
    }

    /// A moment (Unix milliseconds) before which no field expires; `None` where none ever does. It may be too
    /// early, until [`Hash::take_due`] has looked.
    pub fn next_expiry(&self) -> Option<u64> {
        match &self.fields {
            Fields::Pack(_) => None,
            Fields::Timed(_) => self.iter_with_ttl().filter_map(|(.., ttl)| ttl).min(),
            Fields::Table(cells) => cells.table.next_deadline(),
        }
    }

    /// Removes up to `max` fields that expire at `now_ms` or before, showing each to `f`. Tells how many.
    pub fn take_due(&mut self, now_ms: u64, max: usize, mut f: impl FnMut(Element<'_>)) -> usize {
        match &mut self.fields {
            Fields::Pack(_) => 0,
            Fields::Timed(pack) => {
                let (mut at, mut taken) = (pack.first(), 0);
                while at < pack.end() && taken < max {
                    let ttl_at = pack.next(pack.next(at));
                    if expiry(pack.at(ttl_at)).is_some_and(|ttl| ttl <= now_ms) {
                        f(pack.at(at));
                        pack.remove_many(at, 3);
                        taken += 1;
                    } else {
                        at = pack.next(ttl_at);
                    }
                }
                taken
            }
            Fields::Table(cells) => {
                let (mut from, mut taken) = (0, 0);
                while let Some(bucket) = cells.table.next_due(from, now_ms) {
                    let is_due = |ttl: u64| ttl <= now_ms;
                    let due: Vec<Vec<u8>> = cells
                        .table
                        .bucket(bucket)
                        .filter(|cell| cell.extra().is_some_and(is_due))
                        .take(max - taken)
                        .map(|cell| cell.key().to_vec())
                        .collect();
                    for field in &due {
                        f(Element::Bytes(field));
                        cells.remove(field);
                    }
                    taken += due.len();
                    cells.table.refresh_deadline(bucket);
                    if taken == max {
                        break;
                    }
                    from = bucket + 1;
                }
                taken
            }
        }
    }

    /// The bytes of the listpack (field, value, ...), where it is one and no field has a time to live.
    pub fn as_listpack(&self) -> Option<&[u8]> {
        match &self.fields {
            Fields::Pack(pack) => Some(pack.as_bytes()),
            _ => None,
        }
    }

    /// A hash from a listpack of fields and values, converted where that is too large for the limits; `None`
    /// where a field comes twice or has no value.
    pub fn from_listpack(pack: Listpack, limits: &Thresholds) -> Option<Hash> {
        if pack.len() & 1 == 1 {
            return None;
        }
        let longest = pack.iter().map(|e| e.len()).max().unwrap_or(0);
        if pack.len() / 2 > limits.hash_max_listpack_entries
            || longest > limits.hash_max_listpack_value
            || pack.byte_len() > STRANGER_BYTES_MAX
        {
            let mut cells = Cells::new(limits.seed);
            let (mut field_buf, mut value_buf) = (ElementBuf::new(), ElementBuf::new());
            for (field, value) in pack.pairs() {
                let (field, value) = (field.bytes(&mut field_buf), value.bytes(&mut value_buf));
                if !cells.insert_if_absent(field, || Cell::new(field, Some(value), None)) {
                    return None;
                }
            }
            return Some(Hash { fields: Fields::Table(Kept::new(cells)) });
        }
        let is_sound = distinct(pack.pairs().map(|(field, _)| field));
        is_sound.then_some(Hash { fields: Fields::Pack(pack) })
    }

    /// Bytes allocated, the `Hash` itself not counted.
    pub fn memory(&self) -> usize {
        match &self.fields {
            Fields::Pack(pack) | Fields::Timed(pack) => pack.capacity(),
            Fields::Table(cells) => size_of::<Cells<Field>>() + cells.memory(),
        }
    }

    /// The large form, with how many bytes its fields take.
    pub(crate) fn large(&mut self) -> Option<(&mut Kept<Cells<Field>>, usize)> {
        match &mut self.fields {
            Fields::Table(cells) => {
                let bytes = cells.bytes();
                Some((cells, bytes))
            }
            _ => None,
        }
    }

    /// Says that the value leaves the keyspace, or comes (back) into one.
    pub(crate) fn set_away(&self, away: bool) {
        if let Fields::Table(cells) = &self.fields {
            cells.set_away(away);
        }
    }

    fn convert_to_table(&mut self, limits: &Thresholds) {
        if let Fields::Table(_) = self.fields {
            return;
        }
        let mut cells = Cells::new(limits.seed);
        let (mut field_buf, mut value_buf) = (ElementBuf::new(), ElementBuf::new());
        for (field, value, ttl) in self.iter_with_ttl() {
            let (field, value) = (field.bytes(&mut field_buf), value.bytes(&mut value_buf));
            cells.insert_new(Cell::new(field, Some(value), ttl));
        }
        self.fields = Fields::Table(Kept::new(cells));
    }
}

/// The expiry a listpack says.
fn expiry(element: Element<'_>) -> Option<u64> {
    element.to_i64().and_then(|at| u64::try_from(at).ok()).filter(|&at| at > 0)
}

impl HashMut<'_> {
    /// [`Hash::expect`]
    pub fn expect<'w>(&mut self, words: impl Iterator<Item = &'w [u8]>) {
        self.hash.expect(words, self.limits);
    }

    /// [`Hash::set`]
    pub fn set(&mut self, field: &[u8], value: &[u8]) -> bool {
        self.hash.set(field, value, self.limits)
    }

    /// [`Hash::set_keeping_ttl`]
    pub fn set_keeping_ttl(&mut self, field: &[u8], value: &[u8]) -> bool {
        self.hash.set_keeping_ttl(field, value, self.limits)
    }

    /// [`Hash::set_ttl`]
    pub fn set_ttl(&mut self, field: &[u8], unix_ms: u64) -> bool {
        self.hash.set_ttl(field, unix_ms, self.limits)
    }
}

#[cfg(test)]
mod tests;
