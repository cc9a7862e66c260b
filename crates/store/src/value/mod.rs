//! What a key may hold: five types so far, owned or looked at.

pub mod hash;
pub(crate) mod kept;
pub mod list;
pub(crate) mod members;
pub mod set;
pub(crate) mod text;
pub mod zset;

use crate::Inside;
use ds::table::Probe;
pub use hash::{FIELD_END_MAX, Hash};
pub use list::{End, List, Node, Side};
pub use set::Set;
pub use zset::{Inserted, ZSet};

/// How a collection is kept, under the name OBJECT ENCODING gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Sorted integers.
    Intset,
    /// One packed sequence.
    Listpack,
    /// One packed sequence with times to live in it.
    ListpackEx,
    /// A sequence of packed sequences.
    Quicklist,
    /// A hash table.
    Hashtable,
    /// An order beside a hash table.
    Skiplist,
}

impl Encoding {
    /// The name as Redis spells it.
    pub fn name(self) -> &'static str {
        match self {
            Encoding::Intset => "intset",
            Encoding::Listpack => "listpack",
            Encoding::ListpackEx => "listpackex",
            Encoding::Quicklist => "quicklist",
            Encoding::Hashtable => "hashtable",
            Encoding::Skiplist => "skiplist",
        }
    }
}

/// A listpack from a stranger that is longer is not kept as one: what is kept may grow to four times its size before
/// anybody asks again whether there is room, and counts its bytes in 32 bits.
const STRANGER_BYTES_MAX: usize = ds::listpack::MAX_BYTES / 4;

/// Whether no two of the elements are the same, however each is stored. It takes memory and time for all of them, so
/// those of a large collection are better put into a table, which ends at the first that comes twice.
fn distinct<'a>(elements: impl Iterator<Item = ds::Element<'a>>) -> bool {
    #[derive(PartialEq, Eq, PartialOrd, Ord)]
    enum Normal<'a> {
        Int(i64),
        Bytes(&'a [u8]),
    }
    let mut all: Vec<Normal<'_>> = elements
        .map(|element| match (element.to_i64(), element) {
            (Some(value), _) | (None, ds::Element::Int(value)) => Normal::Int(value),
            (None, ds::Element::Bytes(bytes)) => Normal::Bytes(bytes),
        })
        .collect();
    all.sort_unstable();
    all.windows(2).all(|pair| pair[0] != pair[1])
}

/// A string as it is kept: bytes, or the integer they spell.
pub type Str<'a> = ds::Element<'a>;

/// The type of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Bytes, or an integer.
    String,
    /// A sequence.
    List,
    /// Distinct members.
    Set,
    /// Fields with values.
    Hash,
    /// Members by score.
    ZSet,
}

impl Kind {
    /// As TYPE answers and SCAN's TYPE option reads.
    pub fn name(self) -> &'static str {
        match self {
            Kind::String => "string",
            Kind::List => "list",
            Kind::Set => "set",
            Kind::Hash => "hash",
            Kind::ZSet => "zset",
        }
    }

    /// The kind of that name, in any case.
    pub fn by_name(name: &[u8]) -> Option<Kind> {
        [Kind::String, Kind::List, Kind::Set, Kind::Hash, Kind::ZSet]
            .into_iter()
            .find(|kind| kind.name().as_bytes().eq_ignore_ascii_case(name))
    }
}

/// A value by itself: about to be stored, or taken out.
#[derive(Clone, Debug)]
pub enum Value {
    /// A string that is a canonical 64-bit integer.
    Int(i64),
    /// A string.
    Str(Vec<u8>),
    /// A list; not empty when stored.
    List(List),
    /// A set; not empty when stored.
    Set(Set),
    /// A hash; not empty when stored.
    Hash(Hash),
    /// A sorted set; not empty when stored.
    ZSet(ZSet),
}

impl Value {
    /// A string, as an integer where it spells one.
    pub fn string(bytes: &[u8]) -> Value {
        match stdx::integer::parse_i64(bytes) {
            Some(n) => Value::Int(n),
            None => Value::Str(bytes.to_vec()),
        }
    }

    /// Its type.
    pub fn kind(&self) -> Kind {
        self.as_ref().kind()
    }

    /// A look at it.
    pub fn as_ref(&self) -> ValueRef<'_> {
        match self {
            Value::Int(n) => ValueRef::Str(Str::Int(*n)),
            Value::Str(bytes) => ValueRef::Str(Str::Bytes(bytes)),
            Value::List(list) => ValueRef::List(list),
            Value::Set(set) => ValueRef::Set(set),
            Value::Hash(hash) => ValueRef::Hash(hash),
            Value::ZSet(zset) => ValueRef::ZSet(zset),
        }
    }
}

/// A look at a value where it is kept.
#[derive(Clone, Copy, Debug)]
pub enum ValueRef<'a> {
    /// A string.
    Str(Str<'a>),
    /// A list.
    List(&'a List),
    /// A set.
    Set(&'a Set),
    /// A hash.
    Hash(&'a Hash),
    /// A sorted set.
    ZSet(&'a ZSet),
}

impl<'a> ValueRef<'a> {
    /// Before it is looked at: where a lookup will begin in a table; what is packed is asked of memory at once.
    #[inline]
    pub(crate) fn look_ahead(self, inside: Inside<'_>) -> Option<Probe<'a>> {
        match self {
            ValueRef::Str(_) => None,
            ValueRef::List(list) => {
                list.look_ahead();
                None
            }
            ValueRef::Set(set) => set.look_ahead(inside),
            ValueRef::Hash(hash) => hash.look_ahead(inside),
            ValueRef::ZSet(zset) => zset.look_ahead(inside),
        }
    }

    /// Its type.
    pub fn kind(&self) -> Kind {
        match self {
            ValueRef::Str(_) => Kind::String,
            ValueRef::List(_) => Kind::List,
            ValueRef::Set(_) => Kind::Set,
            ValueRef::Hash(_) => Kind::Hash,
            ValueRef::ZSet(_) => Kind::ZSet,
        }
    }

    /// A copy that stands by itself.
    pub fn to_value(&self) -> Value {
        match *self {
            ValueRef::Str(Str::Int(n)) => Value::Int(n),
            ValueRef::Str(Str::Bytes(bytes)) => Value::Str(bytes.to_vec()),
            ValueRef::List(list) => Value::List(list.clone()),
            ValueRef::Set(set) => Value::Set(set.clone()),
            ValueRef::Hash(hash) => Value::Hash(hash.clone()),
            ValueRef::ZSet(zset) => Value::ZSet(zset.clone()),
        }
    }

    /// How many elements; the bytes of a string.
    pub fn len(&self) -> usize {
        match self {
            ValueRef::Str(text) => text.len(),
            ValueRef::List(list) => list.len(),
            ValueRef::Set(set) => set.len(),
            ValueRef::Hash(hash) => hash.len(),
            ValueRef::ZSet(zset) => zset.len(),
        }
    }

    /// Whether a collection has run empty. (A string of no bytes is a value like any other.)
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod strangers;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_may_be_freed_on_another_thread() {
        fn is_send<T: Send>() {}
        is_send::<Value>();
    }

    #[test]
    fn collections_are_small_beside_what_they_hold() {
        for size in [size_of::<List>(), size_of::<Set>(), size_of::<Hash>(), size_of::<ZSet>()] {
            assert_eq!(size, 8);
        }
        for align in [align_of::<List>(), align_of::<Set>(), align_of::<Hash>(), align_of::<ZSet>()]
        {
            assert_eq!(align, 1, "entries are packed");
        }
    }
}
