//! A hash: fields with values, few in a listpack, many in a hash table; a field may have a time to live.

use std::collections::BTreeMap;

use ds::Element;
use ds::listpack::Listpack;
use stdx::Prng;

use super::Encoding;
use crate::{HashMut, Thresholds};

/// Fields with values.
#[derive(Clone, Debug, Default)]
pub struct Hash {
    fields: BTreeMap<Vec<u8>, (Vec<u8>, Option<u64>)>,
}

impl Hash {
    /// An empty hash.
    pub fn new() -> Hash {
        Hash::default()
    }

    /// How many fields.
    pub fn len(&self) -> usize {
        self.fields.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How it is kept: `listpack`, `listpackex` (with times to live) or `hashtable`.
    pub fn encoding(&self) -> Encoding {
        Encoding::Hashtable
    }

    /// The value of a field.
    pub fn get(&self, field: &[u8]) -> Option<Element<'_>> {
        self.fields.get(field).map(|(value, _)| Element::Bytes(value))
    }

    /// Whether there is such a field.
    pub fn contains(&self, field: &[u8]) -> bool {
        self.get(field).is_some()
    }

    /// Says that these words are about to be stored as fields and values: converts now where one of them is too
    /// long or they are too many to stay packed, as Redis does before HSET.
    pub fn expect<'w>(&mut self, words: impl Iterator<Item = &'w [u8]>, limits: &Thresholds) {
        let _ = (words.count(), limits);
    }

    /// Gives a field a value and takes its time to live away; true where the field is new.
    pub fn set(&mut self, field: &[u8], value: &[u8], _limits: &Thresholds) -> bool {
        self.fields.insert(field.to_vec(), (value.to_vec(), None)).is_none()
    }

    /// Gives a field a value and leaves its time to live; true where the field is new.
    pub fn set_keeping_ttl(&mut self, field: &[u8], value: &[u8], limits: &Thresholds) -> bool {
        match self.fields.get_mut(field) {
            Some(slot) => {
                slot.0 = value.to_vec();
                false
            }
            None => self.set(field, value, limits),
        }
    }

    /// Takes a field away; false where there is none.
    pub fn remove(&mut self, field: &[u8]) -> bool {
        self.fields.remove(field).is_some()
    }

    /// The fields with their values, in no particular order.
    pub fn iter(&self) -> Iter<'_> {
        let all: Vec<_> = self
            .fields
            .iter()
            .map(|(f, (v, t))| (Element::Bytes(f), Element::Bytes(v), *t))
            .collect();
        Iter { all: all.into_iter() }
    }

    /// The fields with their values and times to live (Unix milliseconds).
    pub fn iter_with_ttl(&self) -> IterWithTtl<'_> {
        IterWithTtl { inner: self.iter() }
    }

    /// A field with its value by chance, every one as likely.
    pub fn random(&self, prng: &mut Prng) -> Option<(Element<'_>, Element<'_>)> {
        let n = prng.below((self.len() as u64).max(1));
        self.iter().nth(n as usize)
    }

    /// Shows `f` some more fields with values, about `count`, going on where the call that returned `cursor`
    /// stopped; 0 begins and is returned at the end.
    pub fn scan(
        &self,
        cursor: u64,
        count: usize,
        mut f: impl FnMut(Element<'_>, Element<'_>),
    ) -> u64 {
        let _ = (cursor, count);
        self.iter().for_each(|(field, value)| f(field, value));
        0
    }

    /// When a field expires, in Unix milliseconds: `None` where there is no such field, `Some(None)` where it
    /// never does.
    pub fn ttl(&self, field: &[u8]) -> Option<Option<u64>> {
        self.fields.get(field).map(|(_, ttl)| *ttl)
    }

    /// Lets a field expire at `unix_ms`; false where there is no such field.
    pub fn set_ttl(&mut self, field: &[u8], unix_ms: u64, _limits: &Thresholds) -> bool {
        self.fields.get_mut(field).map(|slot| slot.1 = Some(unix_ms)).is_some()
    }

    /// Lets a field live on; false where it has no time to live, or is not there.
    pub fn clear_ttl(&mut self, field: &[u8]) -> bool {
        self.fields.get_mut(field).and_then(|slot| slot.1.take()).is_some()
    }

    /// Whether some field has a time to live.
    pub fn has_ttls(&self) -> bool {
        self.next_expiry().is_some()
    }

    /// A moment (Unix milliseconds) before which no field expires; `None` where none ever does.
    pub fn next_expiry(&self) -> Option<u64> {
        self.fields.values().filter_map(|slot| slot.1).min()
    }

    /// Removes up to `max` fields that expire at `now_ms` or before, showing each to `f`. Tells how many.
    pub fn take_due(&mut self, now_ms: u64, max: usize, mut f: impl FnMut(Element<'_>)) -> usize {
        let due: Vec<Vec<u8>> = self
            .fields
            .iter()
            .filter(|(_, slot)| slot.1.is_some_and(|at| at <= now_ms))
            .take(max)
            .map(|(field, _)| field.clone())
            .collect();
        for field in &due {
            f(Element::Bytes(field));
            self.remove(field);
        }
        due.len()
    }

    /// The bytes of the listpack (field, value, ...), where it is one and no field has a time to live.
    pub fn as_listpack(&self) -> Option<&[u8]> {
        None
    }

    /// A hash from a listpack of fields and values, converted where that is too large for the limits; `None`
    /// where a field comes twice or has no value.
    pub fn from_listpack(pack: Listpack, limits: &Thresholds) -> Option<Hash> {
        let mut hash = Hash::new();
        if pack.len() % 2 != 0 {
            return None;
        }
        pack.pairs().all(|(f, v)| hash.set(&f.to_vec(), &v.to_vec(), limits)).then_some(hash)
    }

    /// Bytes allocated, the `Hash` itself not counted.
    pub fn memory(&self) -> usize {
        self.fields.iter().map(|(f, (v, _))| f.len() + v.len() + 64).sum()
    }
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

/// The fields of a hash with their values.
#[derive(Clone, Debug)]
pub struct Iter<'a> {
    all: std::vec::IntoIter<(Element<'a>, Element<'a>, Option<u64>)>,
}

impl<'a> Iterator for Iter<'a> {
    type Item = (Element<'a>, Element<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        self.all.next().map(|(field, value, _)| (field, value))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.all.size_hint()
    }
}

impl ExactSizeIterator for Iter<'_> {}

/// The fields of a hash with their values and times to live.
#[derive(Clone, Debug)]
pub struct IterWithTtl<'a> {
    inner: Iter<'a>,
}

impl<'a> Iterator for IterWithTtl<'a> {
    type Item = (Element<'a>, Element<'a>, Option<u64>);

    fn next(&mut self) -> Option<Self::Item> {
        self.inner.all.next()
    }
}
