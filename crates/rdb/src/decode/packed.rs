//! Collections within one string: believed after they were checked, carried over into the packings of today.

use ds::Element;
use ds::intset::Intset;
use ds::listpack::Listpack;
use store::{FIELD_END_MAX, Hash, List, Set, Thresholds, Value, ZSet};

use super::value::Built;
use crate::corrupt::Damage;
use crate::format::kind;
use crate::input::Text;
use crate::packed::{Broken, Entry, Ziplist, Zipmap};

/// What a string holds, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Packing {
    ListZiplist,
    SetIntset,
    SetListpack,
    ZSetZiplist,
    ZSetListpack,
    HashZipmap,
    HashZiplist,
    HashListpack,
    /// Triplets of field, value and expiry in Unix milliseconds (0 for never).
    HashTriplets,
    /// The same, after the earliest expiry.
    HashExpiring,
}

impl Packing {
    /// What the type byte announces, if it is a collection within one string.
    pub(crate) fn of(kind: u8) -> Option<Packing> {
        Some(match kind {
            kind::LIST_ZIPLIST => Packing::ListZiplist,
            kind::SET_INTSET => Packing::SetIntset,
            kind::SET_LISTPACK => Packing::SetListpack,
            kind::ZSET_ZIPLIST => Packing::ZSetZiplist,
            kind::ZSET_LISTPACK => Packing::ZSetListpack,
            kind::HASH_ZIPMAP => Packing::HashZipmap,
            kind::HASH_ZIPLIST => Packing::HashZiplist,
            kind::HASH_LISTPACK => Packing::HashListpack,
            kind::HASH_LISTPACK_EX_PRE_GA => Packing::HashTriplets,
            kind::HASH_LISTPACK_EX => Packing::HashExpiring,
            _ => return None,
        })
    }

    fn damage(self) -> Damage {
        Damage::Broken(match self {
            Packing::ListZiplist => "List ziplist integrity check failed.",
            Packing::SetIntset => "Intset integrity check failed.",
            Packing::SetListpack => "Set listpack integrity check failed.",
            Packing::ZSetZiplist => "Zset ziplist integrity check failed.",
            Packing::ZSetListpack => "Zset listpack integrity check failed.",
            Packing::HashZipmap => "Zipmap integrity check failed.",
            Packing::HashZiplist => "Hash ziplist integrity check failed.",
            Packing::HashListpack | Packing::HashTriplets | Packing::HashExpiring => {
                "Hash listpack integrity check failed."
            }
        })
    }
}

/// Makes a value of what a string packs.
pub(crate) fn unpack(
    packing: Packing,
    text: Text<'_>,
    limits: &Thresholds,
) -> Result<Built, Damage> {
    let value = match packing {
        Packing::ListZiplist => ziplist(text.element()).map(|pack| {
            let mut list = List::new();
            if !pack.is_empty() {
                list.push_packed(pack);
                list.loaded(limits);
            }
            Value::List(list)
        }),
        Packing::SetIntset => Intset::from_bytes(text.into_vec())
            .ok()
            .filter(|ints| !ints.is_empty())
            .map(|ints| Value::Set(Set::from_intset(ints, limits))),
        Packing::SetListpack => listpack(text).and_then(|pack| set(pack, limits)).map(Value::Set),
        Packing::ZSetZiplist => ziplist(text.element()).and_then(|pack| zset(pack, limits)),
        Packing::ZSetListpack => listpack(text).and_then(|pack| zset(pack, limits)),
        Packing::HashZipmap => zipmap(text.element()).and_then(|pack| hash(pack, limits)),
        Packing::HashZiplist => ziplist(text.element()).and_then(|pack| hash(pack, limits)),
        Packing::HashListpack => match listpack(text) {
            Some(pack) if pack.len().is_multiple_of(2) => {
                let hash = hash(pack, limits);
                // What is whole and even can only be refused for one reason.
                Some(hash.ok_or(Damage::Broken("Hash listpack with dup elements"))?)
            }
            _ => None,
        },
        Packing::HashTriplets | Packing::HashExpiring => {
            listpack(text).and_then(|pack| triplets(&pack, limits))
        }
    };
    match value {
        Some(value) if value.as_ref().is_empty() => Ok(Built::Empty),
        Some(value) => Ok(Built::Value(value)),
        None => Err(packing.damage()),
    }
}

/// A listpack from a stranger.
pub(crate) fn listpack(text: Text<'_>) -> Option<Listpack> {
    Listpack::from_bytes(text.into_vec()).ok()
}

/// A listpack of what a ziplist holds.
pub(crate) fn ziplist(element: Element<'_>) -> Option<Listpack> {
    carry_over(Ziplist::new(bytes(element)?))
}

/// A listpack of what a zipmap holds. Nobody ever wrote one of nothing.
fn zipmap(element: Element<'_>) -> Option<Listpack> {
    carry_over(Zipmap::new(bytes(element)?)).filter(|pack| !pack.is_empty())
}

/// No packing is so short that it could have been written as an integer.
fn bytes(element: Element<'_>) -> Option<&[u8]> {
    match element {
        Element::Bytes(bytes) => Some(bytes),
        Element::Int(_) => None,
    }
}

fn carry_over<'a>(entries: Result<impl Iterator<Item = Entry<'a>>, Broken>) -> Option<Listpack> {
    let mut pack = Listpack::new();
    for entry in entries.ok()? {
        let element = entry.ok()?;
        if !pack.has_room(element.len()) {
            return None;
        }
        // Words that spell integers were kept as words by zipmaps; a listpack keeps them as integers.
        pack.push_back(match element {
            Element::Bytes(bytes) => Element::of(bytes),
            int => int,
        });
    }
    pack.shrink_to_fit();
    Some(pack)
}

fn set(pack: Listpack, limits: &Thresholds) -> Option<Set> {
    Set::from_listpack(pack, limits)
}

fn zset(pack: Listpack, limits: &Thresholds) -> Option<Value> {
    ZSet::from_listpack(pack, limits).map(Value::ZSet)
}

fn hash(pack: Listpack, limits: &Thresholds) -> Option<Value> {
    Hash::from_listpack(pack, limits).map(Value::Hash)
}

fn triplets(pack: &Listpack, limits: &Thresholds) -> Option<Value> {
    let mut hash = Hash::new();
    let mut entries = pack.iter();
    while let Some(field) = entries.next() {
        let (value, expires) = (entries.next()?, entries.next()?);
        let field = field.to_vec();
        if !hash.set(&field, &value.to_vec(), limits) {
            return None;
        }
        match u64::try_from(expires.to_i64()?).ok()? {
            0 => {}
            ms if ms > FIELD_END_MAX => return None,
            ms => {
                hash.set_ttl(&field, ms, limits);
            }
        }
    }
    Some(Value::Hash(hash))
}
