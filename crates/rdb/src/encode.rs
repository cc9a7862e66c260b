//! Writing files: keys in, plain records out.
//!
//! # Design
//! The encoder runs on the thread that executes commands, so it does nothing but copy: packed collections go out as
//! the bytes they are, strings uncompressed. [`crate::pack`] compresses and sums up, elsewhere.
//!
//! Each value is written in the oldest way that can carry it, so that Redis 7.0 can read what we save: sets in
//! listpacks, which only 7.2 knows, are written member by member; only hashes whose fields expire need the way of
//! 7.4.
//!
//! Records come in the order of a snapshot, which mixes databases; every change of database is written down. Large
//! values come in pieces. What comes in between, a record forced out by a write, waits aside until the value ends,
//! since nothing may stand inside of a value.

use ds::{Element, ElementBuf};
use store::{
    Access, Hash, Kind, List, Node, Opening, Piece, Record, RecordSink, Set, ValueRef, ZSet,
};

use crate::format::{container, encoding, kind, opcode};

/// How to write.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// The version the header tells: [`crate::format::VERSION_CLASSIC`], or
    /// [`crate::format::VERSION_FIELD_EXPIRY`] where some hash has fields that expire. It decides nothing else: such
    /// a hash is written the same way in either, and told apart by its type byte.
    pub version: u16,
    /// Whether to tell how keys were used. Redis does where the eviction policy goes by it.
    pub access: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options { version: crate::format::VERSION_CLASSIC, access: false }
    }
}

/// Writes one file, or the part of one.
#[derive(Debug)]
pub struct Encoder {
    out: Vec<u8>,
    options: Options,
    db: Option<usize>,
    /// While a large value is written: how its pieces go.
    open: Option<Open>,
    /// What came while a large value was written, and the database selected at its end.
    aside: Vec<u8>,
    aside_db: Option<usize>,
}

/// A large value being written.
#[derive(Clone, Copy, Debug)]
struct Open {
    /// What expiry of fields is counted from, where some have one.
    fields_expire_from: Option<u64>,
}

impl Encoder {
    /// An encoder at the beginning of a file, whose header it writes at once.
    pub fn new(options: Options) -> Encoder {
        let mut encoder = Encoder {
            out: Vec::new(),
            options,
            db: None,
            open: None,
            aside: Vec::new(),
            aside_db: None,
        };
        encoder.out.extend_from_slice(format!("REDIS{:04}", options.version).as_bytes());
        encoder
    }

    /// What was written since the last call. A large value may end in what is taken later.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.out)
    }

    /// What was written since the last call, and a buffer to go on with.
    pub fn swap(&mut self, mut fresh: Vec<u8>) -> Vec<u8> {
        fresh.clear();
        std::mem::replace(&mut self.out, fresh)
    }

    /// How many bytes wait to be taken. What lies aside does not count: it waits for a large value to end, which must
    /// not wait in turn until there is less of it.
    pub fn pending(&self) -> usize {
        self.out.len()
    }

    /// Writes a field about the file.
    pub fn aux(&mut self, name: &str, value: &[u8]) {
        self.out.push(opcode::AUX);
        write_text(&mut self.out, name.as_bytes());
        write_text(&mut self.out, value);
    }

    /// Writes the fields that Redis writes, in its order.
    pub fn about(&mut self, about: &About<'_>) {
        self.aux("redis-ver", about.version.as_bytes());
        self.aux("redis-bits", if cfg!(target_pointer_width = "64") { b"64" } else { b"32" });
        self.aux("ctime", about.ctime_secs.to_string().as_bytes());
        self.aux("used-mem", about.used_memory.to_string().as_bytes());
        if let Some(replication) = &about.replication {
            self.aux("repl-stream-db", replication.stream_db.to_string().as_bytes());
            self.aux("repl-id", replication.id.as_bytes());
            self.aux("repl-offset", replication.offset.to_string().as_bytes());
        }
        self.aux("aof-base", if about.aof_base { b"1" } else { b"0" });
    }

    /// Writes the source of a library of functions. They stand before the keys.
    pub fn function(&mut self, source: &[u8]) {
        self.out.push(opcode::FUNCTION);
        write_text(&mut self.out, source);
    }

    /// Writes the end. The checksum is for [`crate::pack::Packer::finish`].
    pub fn end(&mut self) {
        self.out.push(opcode::EOF);
    }

    /// Where the next record of a database goes, which is selected there.
    fn select(&mut self, db: usize) -> &mut Vec<u8> {
        let (out, selected) = match self.open {
            None => (&mut self.out, &mut self.db),
            Some(_) => (&mut self.aside, &mut self.aside_db),
        };
        if *selected != Some(db) {
            *selected = Some(db);
            out.push(opcode::SELECT_DB);
            write_length(out, db as u64);
        }
        out
    }

    /// Writes what stands before the value of a key.
    fn begin(&mut self, key: KeyOpening<'_>) -> &mut Vec<u8> {
        let with_access = self.options.access;
        let out = self.select(key.db);
        if let Some(ms) = key.expires {
            out.push(opcode::EXPIRES_MS);
            out.extend_from_slice(&ms.to_le_bytes());
        }
        if with_access {
            match key.access {
                Access::IdleSecs(secs) => {
                    out.push(opcode::IDLE);
                    write_length(out, secs);
                }
                Access::Frequency(counter) => out.extend_from_slice(&[opcode::FREQ, counter]),
            }
        }
        out.push(key.type_byte);
        write_text(out, key.key);
        out
    }
}

impl RecordSink for Encoder {
    fn begin_db(&mut self, db: usize, keys: usize, expires: usize) {
        let out = self.select(db);
        out.push(opcode::RESIZE_DB);
        write_length(out, keys as u64);
        write_length(out, expires as u64);
    }

    fn record(&mut self, record: Record<'_>) {
        let out = self.begin(KeyOpening {
            db: record.db,
            key: record.key,
            type_byte: kind_of(record.value),
            expires: record.expires,
            access: record.access,
        });
        write_value(out, record.value);
    }

    fn begin_value(&mut self, opening: Opening<'_>) {
        let out = self.begin(KeyOpening {
            db: opening.db,
            key: opening.key,
            type_byte: match opening.kind {
                Kind::String => kind::STRING,
                Kind::List => kind::LIST_QUICKLIST_2,
                Kind::Set => kind::SET,
                Kind::ZSet => kind::ZSET_2,
                Kind::Hash if opening.fields_expire_from.is_some() => kind::HASH_METADATA,
                Kind::Hash => kind::HASH,
            },
            expires: opening.expires,
            access: opening.access,
        });
        if let Some(from) = opening.fields_expire_from {
            out.extend_from_slice(&from.to_le_bytes());
        }
        write_length(out, opening.pieces as u64);
        self.open = Some(Open { fields_expire_from: opening.fields_expire_from });
    }

    fn piece(&mut self, piece: Piece<'_>) {
        let out = &mut self.out;
        match piece {
            Piece::Member(member) => write_element(out, member),
            Piece::Field { field, value, expires } => {
                if let Some(from) = self.open.and_then(|open| open.fields_expire_from) {
                    write_length(out, expires.map_or(0, |ms| ms.saturating_sub(from) + 1));
                }
                write_element(out, field);
                write_element(out, value);
            }
            Piece::Scored(member, score) => {
                write_element(out, member);
                out.extend_from_slice(&score.to_le_bytes());
            }
            Piece::Node(node) => write_node(out, node),
            Piece::Text(bytes) => out.extend_from_slice(bytes),
        }
    }

    fn end_value(&mut self) {
        self.open = None;
        self.out.append(&mut self.aside);
        // What stood aside began by selecting its database.
        self.db = self.aside_db.take().or(self.db);
    }
}

/// What is written before any value.
struct KeyOpening<'a> {
    db: usize,
    key: &'a [u8],
    type_byte: u8,
    expires: Option<u64>,
    access: Access,
}

/// What a file tells about itself.
#[derive(Clone, Debug)]
pub struct About<'a> {
    /// The version of Redis it passes for.
    pub version: &'a str,
    /// When it was made, in Unix seconds.
    pub ctime_secs: u64,
    /// Bytes of memory in use then.
    pub used_memory: u64,
    /// Where in a history it stands.
    pub replication: Option<Replication<'a>>,
    /// Whether it is the base of an AOF.
    pub aof_base: bool,
}

/// Where in a history of changes a file stands.
#[derive(Clone, Debug)]
pub struct Replication<'a> {
    /// The database that the stream has selected; -1 for none.
    pub stream_db: i64,
    /// The history's name: 40 hexadecimal digits.
    pub id: &'a str,
    /// The offset in it.
    pub offset: i64,
}

/// The type byte of a value.
pub(crate) fn kind_of(value: ValueRef<'_>) -> u8 {
    match value {
        ValueRef::Str(_) => kind::STRING,
        ValueRef::List(_) => kind::LIST_QUICKLIST_2,
        ValueRef::Set(set) if set.as_intset().is_some() => kind::SET_INTSET,
        ValueRef::Set(_) => kind::SET,
        ValueRef::ZSet(zset) if zset.as_listpack().is_some() => kind::ZSET_LISTPACK,
        ValueRef::ZSet(_) => kind::ZSET_2,
        ValueRef::Hash(hash) if earliest(hash).is_some() => kind::HASH_METADATA,
        ValueRef::Hash(hash) if hash.as_listpack().is_some() => kind::HASH_LISTPACK,
        ValueRef::Hash(_) => kind::HASH,
    }
}

/// Writes what follows the type byte and the key.
pub(crate) fn write_value(out: &mut Vec<u8>, value: ValueRef<'_>) {
    match value {
        ValueRef::Str(text) => write_element(out, text),
        ValueRef::List(list) => write_list(out, list),
        ValueRef::Set(set) => write_set(out, set),
        ValueRef::ZSet(zset) => write_zset(out, zset),
        ValueRef::Hash(hash) => match earliest(hash) {
            Some(earliest) => write_expiring(out, hash, earliest),
            None => write_hash(out, hash),
        },
    }
}

fn write_list(out: &mut Vec<u8>, list: &List) {
    write_length(out, list.node_count() as u64);
    list.nodes().for_each(|node| write_node(out, node));
}

fn write_node(out: &mut Vec<u8>, node: Node<'_>) {
    let (container, bytes) = match node {
        Node::Packed(bytes) => (container::PACKED, bytes),
        Node::Plain(bytes) => (container::PLAIN, bytes),
    };
    write_length(out, container);
    write_bytes(out, bytes);
}

fn write_set(out: &mut Vec<u8>, set: &Set) {
    if let Some(bytes) = set.as_intset() {
        return write_bytes(out, bytes);
    }
    write_length(out, set.len() as u64);
    set.iter().for_each(|member| write_element(out, member));
}

fn write_zset(out: &mut Vec<u8>, zset: &ZSet) {
    if let Some(bytes) = zset.as_listpack() {
        return write_bytes(out, bytes);
    }
    write_length(out, zset.len() as u64);
    // From the largest on, as Redis does: whoever loads it puts each member before all others.
    for (member, score) in zset.iter().rev() {
        write_element(out, member);
        out.extend_from_slice(&score.to_le_bytes());
    }
}

fn write_hash(out: &mut Vec<u8>, hash: &Hash) {
    if let Some(bytes) = hash.as_listpack() {
        return write_bytes(out, bytes);
    }
    write_length(out, hash.len() as u64);
    for (field, value) in hash.iter() {
        write_element(out, field);
        write_element(out, value);
    }
}

/// When the first field of a hash expires. What the hash itself says may be of the past.
fn earliest(hash: &Hash) -> Option<u64> {
    let any = hash.has_ttls().then(|| hash.iter_with_ttl().filter_map(|(_, _, expires)| expires));
    any.and_then(Iterator::min)
}

/// Writes a hash whose fields expire: the earliest moment, then each field after its own, counted from there plus
/// one.
fn write_expiring(out: &mut Vec<u8>, hash: &Hash, earliest: u64) {
    out.extend_from_slice(&earliest.to_le_bytes());
    write_length(out, hash.len() as u64);
    for (field, value, expires) in hash.iter_with_ttl() {
        write_length(out, expires.map_or(0, |ms| ms - earliest + 1));
        write_element(out, field);
        write_element(out, value);
    }
}

/// Writes a count or size in as few bytes as it takes.
pub(crate) fn write_length(out: &mut Vec<u8>, length: u64) {
    match length {
        0..=0x3f => out.push(length as u8),
        0x40..=0x3fff => out.extend_from_slice(&(0x4000 | length as u16).to_be_bytes()),
        0x4000..=0xffff_ffff => {
            out.push(0x80);
            out.extend_from_slice(&(length as u32).to_be_bytes());
        }
        _ => {
            out.push(0x81);
            out.extend_from_slice(&length.to_be_bytes());
        }
    }
}

/// Writes a string as it is.
fn write_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    write_length(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// Writes a string, as an integer if it spells one.
pub(crate) fn write_text(out: &mut Vec<u8>, bytes: &[u8]) {
    // No integer that has an encoding of its own is longer than this.
    const LONGEST: usize = "-2147483648".len();
    if bytes.len() <= LONGEST {
        write_element(out, Element::of(bytes));
    } else {
        write_bytes(out, bytes);
    }
}

fn write_element(out: &mut Vec<u8>, element: Element<'_>) {
    let number = match element {
        Element::Bytes(bytes) if bytes.len() <= 11 => match Element::of(bytes) {
            Element::Int(number) => number,
            Element::Bytes(bytes) => return write_bytes(out, bytes),
        },
        Element::Bytes(bytes) => return write_bytes(out, bytes),
        Element::Int(number) => number,
    };
    if let Ok(small) = i8::try_from(number) {
        out.extend_from_slice(&[0xc0 | encoding::INT8, small as u8]);
    } else if let Ok(small) = i16::try_from(number) {
        out.push(0xc0 | encoding::INT16);
        out.extend_from_slice(&small.to_le_bytes());
    } else if let Ok(small) = i32::try_from(number) {
        out.push(0xc0 | encoding::INT32);
        out.extend_from_slice(&small.to_le_bytes());
    } else {
        write_bytes(out, ElementBuf::new().spell(number));
    }
}
