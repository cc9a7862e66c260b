//! Reading one value: what its type byte promises, element by element.
//!
//! # Design
//! A value that grows by elements keeps what it has so far, how much is to come, and the parts of the element under
//! way, so that it can wait anywhere for more bytes. Counts are believed one element at a time. Values packed into
//! one string are taken whole, once the string is there.
//!
//! The words for damage are those of Redis.

use ds::{Element, ElementBuf};
use store::{End, FIELD_END_MAX, Hash, Inserted, List, Set, Thresholds, Value, ZSet};

use super::packed::{self, Packing};
use crate::corrupt::{Corrupt, Damage};
use crate::format::{self, container, kind};
use crate::input::{Input, Read, Stop, Text};

/// What came of a value.
pub(crate) enum Built {
    Value(Value),
    /// A collection of nothing, which no key can hold.
    Empty,
}

/// How a type is written.
enum Layout {
    Str,
    /// A collection within one string.
    Packed(Packing),
    /// A count, then elements.
    List,
    /// A count, then nodes; whether each tells what it is.
    Nodes {
        told: bool,
    },
    Set,
    /// A count, then members with scores, in binary or in decimal.
    ZSet {
        binary: bool,
    },
    Hash(FieldExpiry),
    Refused(Damage),
}

/// How a hash writes when its fields expire.
#[derive(Clone, Copy, PartialEq, Eq)]
enum FieldExpiry {
    /// It does not.
    Never,
    /// Before the field, counted from the earliest plus one; 0 for never.
    Relative,
    /// Before the field, in Unix milliseconds; 0 for never.
    Absolute,
    /// After the value, in eight bytes of Unix milliseconds; -1 for never.
    Trailing,
}

/// A value being read.
pub(crate) struct Builder {
    kind: u8,
    layout: Layout,
    /// The earliest expiry of a hash's fields, once read.
    earliest: Option<u64>,
    /// How many elements are to come, once read.
    left: Option<u64>,
    grown: Grown,
    parts: Parts,
}

/// What there is so far.
enum Grown {
    Nothing,
    List(List),
    Set(Set),
    ZSet(ZSet),
    Hash(Hash),
}

/// The parts of the element under way. The buffers serve one element after the other.
#[derive(Default)]
struct Parts {
    /// How many of them are there.
    there: u8,
    /// Where the element begins.
    at: u64,
    first: Vec<u8>,
    second: Vec<u8>,
    number: u64,
}

impl Builder {
    /// A reader for what follows the type byte `kind`, and in files the key, written by this version.
    pub(crate) fn new(kind: u8, version: u16) -> Builder {
        let valkey = version == format::VERSION_VALKEY;
        let packing = Packing::of(kind).filter(|_| !valkey || kind <= kind::SET_LISTPACK);
        let (layout, grown) = match kind {
            kind::STRING => (Layout::Str, Grown::Nothing),
            kind::LIST => (Layout::List, Grown::list()),
            kind::LIST_QUICKLIST => (Layout::Nodes { told: false }, Grown::list()),
            kind::LIST_QUICKLIST_2 => (Layout::Nodes { told: true }, Grown::list()),
            kind::SET => (Layout::Set, Grown::Set(Set::new())),
            kind::ZSET => (Layout::ZSet { binary: false }, Grown::ZSet(ZSet::new())),
            kind::ZSET_2 => (Layout::ZSet { binary: true }, Grown::ZSet(ZSet::new())),
            kind::HASH => Grown::hash(FieldExpiry::Never),
            kind::HASH_METADATA_PRE_GA if valkey => Grown::hash(FieldExpiry::Trailing),
            kind::HASH_METADATA_PRE_GA => Grown::hash(FieldExpiry::Absolute),
            kind::HASH_METADATA if !valkey => Grown::hash(FieldExpiry::Relative),
            kind::STREAM | kind::STREAM_2 | kind::STREAM_3 => Grown::no("Streams"),
            kind::MODULE_PRE_GA => Grown::no("Values of modules of pre-release versions"),
            other => match packing {
                Some(packing) => (Layout::Packed(packing), Grown::Nothing),
                None => (Layout::Refused(Damage::Kind(other)), Grown::Nothing),
            },
        };
        Builder { kind, layout, earliest: None, left: None, grown, parts: Parts::default() }
    }

    /// The type byte.
    pub(crate) fn kind(&self) -> u8 {
        self.kind
    }

    /// Goes on reading; what was understood is kept when the bytes run out.
    pub(crate) fn read(&mut self, input: &mut Input, limits: &Thresholds) -> Read<Built> {
        match &self.layout {
            Layout::Str => {
                return Ok(Built::Value(match input.text()? {
                    Text::Int(number) => Value::Int(number),
                    Text::Slice(bytes) => Value::string(bytes),
                    Text::Owned(bytes) => match stdx::integer::parse_i64(&bytes) {
                        Some(number) => Value::Int(number),
                        None => Value::Str(bytes),
                    },
                }));
            }
            Layout::Packed(packing) => {
                if *packing == Packing::HashExpiring && self.earliest.is_none() {
                    // What the fields say is believed, not this sum of them.
                    self.earliest = Some(u64::from_le_bytes(input.array()?));
                }
                let at = input.offset();
                let built = packed::unpack(*packing, input.text()?, limits);
                return built.map_err(|damage| Stop::Corrupt(Corrupt::new(at, damage)));
            }
            Layout::Refused(damage) => return Err(input.corrupt(damage.clone())),
            Layout::Hash(FieldExpiry::Relative) if self.earliest.is_none() => {
                self.earliest = Some(u64::from_le_bytes(input.array()?));
            }
            _ => {}
        }
        if self.left.is_none() {
            self.left = Some(input.length()?);
        }
        while let Some(left @ 1..) = self.left {
            self.element(input, limits)?;
            self.left = Some(left - 1);
        }
        Ok(match std::mem::replace(&mut self.grown, Grown::Nothing) {
            Grown::List(mut list) if !list.is_empty() => {
                list.loaded(limits);
                Built::Value(Value::List(list))
            }
            Grown::Set(set) if !set.is_empty() => Built::Value(Value::Set(set)),
            Grown::ZSet(zset) if !zset.is_empty() => Built::Value(Value::ZSet(zset)),
            Grown::Hash(hash) if !hash.is_empty() => Built::Value(Value::Hash(hash)),
            _ => Built::Empty,
        })
    }

    /// Reads an element and adds it.
    fn element(&mut self, input: &mut Input, limits: &Thresholds) -> Read<()> {
        let parts = &mut self.parts;
        if parts.there == 0 {
            parts.at = input.offset();
        }
        // Wherever its bytes were cut, an element is broken where it begins.
        let at = parts.at;
        let broken = match (&self.layout, &mut self.grown) {
            (Layout::List, Grown::List(list)) => {
                let mut buf = ElementBuf::new();
                list.push(End::Back, input.text()?.element().bytes(&mut buf), limits);
                None
            }
            (Layout::Nodes { told }, Grown::List(list)) => {
                node(*told, parts, list, input)?.map(Damage::Broken)
            }
            (Layout::Set, Grown::Set(set)) => {
                let mut buf = ElementBuf::new();
                let is_new = set.insert(input.text()?.element().bytes(&mut buf), limits);
                (!is_new).then_some(Damage::Broken("Duplicate set members detected"))
            }
            (Layout::ZSet { binary }, Grown::ZSet(zset)) => {
                parts.first(input)?;
                let score =
                    if *binary { f64::from_le_bytes(input.array()?) } else { decimal(input)? };
                parts.there = 0;
                if score.is_nan() {
                    Some(Damage::Broken("Zset with NAN score detected"))
                } else {
                    let is_new = zset.insert(&parts.first, score, limits) == Inserted::Added;
                    (!is_new).then_some(Damage::Broken("Duplicate zset fields detected"))
                }
            }
            (Layout::Hash(expiry), Grown::Hash(hash)) => {
                let expires = parts.field(*expiry, self.earliest.unwrap_or(0), input)?;
                if expires.is_some_and(|ms| ms > FIELD_END_MAX) {
                    Some(Damage::Broken("invalid expireAt time"))
                } else if !hash.set(&parts.first, &parts.second, limits) {
                    Some(Damage::Broken("Duplicate hash fields detected"))
                } else {
                    if let Some(ms) = expires {
                        hash.set_ttl(&parts.first, ms, limits);
                    }
                    None
                }
            }
            _ => unreachable!("layouts that grow come with what they grow"),
        };
        match broken {
            None => Ok(()),
            Some(damage) => Err(Stop::Corrupt(Corrupt::new(at, damage))),
        }
    }
}

impl Grown {
    fn list() -> Grown {
        Grown::List(List::new())
    }

    fn hash(expiry: FieldExpiry) -> (Layout, Grown) {
        (Layout::Hash(expiry), Grown::Hash(Hash::new()))
    }

    fn no(what: &'static str) -> (Layout, Grown) {
        (Layout::Refused(Damage::Unsupported(what)), Grown::Nothing)
    }
}

impl Parts {
    /// Reads a text into the first buffer, if it is not there yet.
    fn first(&mut self, input: &mut Input) -> Read<()> {
        if self.there == 0 {
            copy(input.text()?.element(), &mut self.first);
            self.there = 1;
        }
        Ok(())
    }

    /// Reads a field with its value and expiry.
    fn field(
        &mut self,
        expiry: FieldExpiry,
        earliest: u64,
        input: &mut Input,
    ) -> Read<Option<u64>> {
        let leading = matches!(expiry, FieldExpiry::Relative | FieldExpiry::Absolute);
        if leading && self.there == 0 {
            self.number = input.length()?;
            self.there = 1;
        }
        if self.there <= 1 {
            copy(input.text()?.element(), &mut self.first);
            self.there = 2;
        }
        if self.there == 2 {
            copy(input.text()?.element(), &mut self.second);
            self.there = 3;
        }
        let expires = match (expiry, self.number) {
            (FieldExpiry::Never, _) => None,
            (FieldExpiry::Relative | FieldExpiry::Absolute, 0) => None,
            (FieldExpiry::Relative, after) => Some(earliest.saturating_add(after - 1)),
            (FieldExpiry::Absolute, ms) => Some(ms),
            // What lies before 1970 has passed as much as 1970 has.
            (FieldExpiry::Trailing, _) => match input.millis()? {
                -1 => None,
                // compat(valkey 9): it keeps times that the files of Redis cannot carry.
                ms => Some(u64::try_from(ms).unwrap_or(0).min(FIELD_END_MAX)),
            },
        };
        self.there = 0;
        Ok(expires)
    }
}

/// Adds a node of a list.
fn node(
    told: bool,
    parts: &mut Parts,
    list: &mut List,
    input: &mut Input,
) -> Read<Option<&'static str>> {
    if told && parts.there == 0 {
        parts.number = input.length()?;
        parts.there = 1;
    }
    let text = input.text()?;
    parts.there = 0;
    Ok(match (told, parts.number) {
        (false, _) => match packed::ziplist(text.element()) {
            Some(pack) => {
                list.push_packed(pack);
                None
            }
            None => Some("Ziplist integrity check failed."),
        },
        (true, container::PACKED) => match packed::listpack(text) {
            Some(pack) => {
                list.push_packed(pack);
                None
            }
            None => Some("Listpack integrity check failed."),
        },
        // An element stands alone because it is large.
        (true, container::PLAIN) if !text.element().is_empty() => {
            list.push_plain(text.into_vec());
            None
        }
        _ => Some("Quicklist integrity check failed."),
    })
}

/// A score as written before version 8: a length or a code for what is no number of digits, then digits.
fn decimal(input: &mut Input) -> Read<f64> {
    input.whole(|input| {
        let at = input.offset();
        Ok(match input.byte()? {
            255 => f64::NEG_INFINITY,
            254 => f64::INFINITY,
            253 => f64::NAN,
            length => {
                let digits = input.bytes(usize::from(length))?;
                let score =
                    std::str::from_utf8(digits).ok().and_then(|text| text.trim().parse().ok());
                score.ok_or(Stop::Corrupt(Corrupt::new(at, Damage::Broken("Bad score"))))?
            }
        })
    })
}

/// Makes `buffer` hold what `element` says.
fn copy(element: Element<'_>, buffer: &mut Vec<u8>) {
    buffer.clear();
    buffer.extend_from_slice(element.bytes(&mut ElementBuf::new()));
}
