//! Files and payloads: what can be read can be written, and says the same when it is read again.

use super::pieces;
use crate::{Bounds, Target};
use rdb::{DecodeOptions, Decoder, EncodeOptions, Encoder, Item, Key, Packer};
use std::cell::RefCell;
use std::rc::Rc;
use store::{
    End, Expiry, Keyspace, Opening, Piece, Progress, Record, RecordSink, Settings, Thresholds, Ttl,
    Value,
};

pub(super) const TARGETS: &[Target] = &[
    Target {
        name: "rdb_file",
        run: rdb_file,
        bounds: Bounds { bytes: 2 << 20, bytes_per_byte: 40_000, ms: 5000 },
        words: WORDS,
        len_max: 8 << 10,
    },
    Target {
        name: "restore",
        run: restore,
        bounds: Bounds { bytes: 1 << 20, bytes_per_byte: 40_000, ms: 5000 },
        words: WORDS,
        len_max: 8 << 10,
    },
    Target {
        name: "functions",
        run: functions,
        bounds: Bounds { bytes: 64 << 10, bytes_per_byte: 1000, ms: 5000 },
        words: &[b"\xf5", b"\xf6", b"\xc3", b"\x81", b"#!lua name=a\n"],
        len_max: 4 << 10,
    },
];

const WORDS: &[&[u8]] = &[
    b"REDIS0012",
    b"VALKEY080",
    b"\xfe\x00",
    b"\xff",
    b"\xfc\0\0\0\0\0\0\0\x7f",
    b"\xfa\x03abc\x01x",
    b"\xc0\x05",
    b"\xc3\x05\x40\x40\0a\xe0\xff\0",
    b"\x81\0\0\0\x01\0\0\0\0",
    b"\x80\xff\xff\xff\xff",
    b"\x03key",
    b"\x07\0\0\0\0\0\xff",
    b"\x11\0\0\0\x04\0\x81b\x02\x01\x01\x81a\x02\x02\x01\xff",
    b"\x02\0\0\0\x01\0\0\0\x01\0",
    b"\x0b\0\0\0\x0a\0\0\0\0\0\xff",
    b"\xf0\xff\xff\xff\xff",
];

/// What a decoder finds, and what is wrong with the rest.
fn read<'a>(
    input: impl Iterator<Item = &'a [u8]>,
) -> (Vec<Key>, Vec<Vec<u8>>, Option<rdb::Corrupt>) {
    let mut decoder =
        Decoder::new(DecodeOptions { databases: 4, checksum: false, ..Default::default() });
    let (mut keys, mut functions) = (Vec::new(), Vec::new());
    for piece in input {
        decoder.feed(piece);
        loop {
            match decoder.next() {
                Ok(Some(Item::Key(key))) => keys.push(*key),
                Ok(Some(Item::Function(source))) => functions.push(source),
                Ok(Some(_)) => {}
                Ok(None) => break,
                Err(corrupt) => return (keys, functions, Some(corrupt)),
            }
        }
    }
    (keys, functions, decoder.finish().err())
}

fn keyspace(keys: Vec<Key>) -> Keyspace {
    let mut keyspace = Keyspace::new(Settings { databases: 4, ..Settings::default() }, 1);
    keyspace.begin(crate::rig::beginning(), Expiry::Ignore);
    for key in keys {
        let ttl = key.expires.map_or(Ttl::Clear, Ttl::At);
        keyspace.db(key.db).put(&key.key, key.value, ttl);
    }
    keyspace
}

/// Hands what comes to an encoder.
struct Sink(Rc<RefCell<Encoder>>);

impl RecordSink for Sink {
    fn begin_db(&mut self, db: usize, keys: usize, expires: usize) {
        self.0.borrow_mut().begin_db(db, keys, expires);
    }

    fn record(&mut self, record: Record<'_>) {
        self.0.borrow_mut().record(record);
    }

    fn begin_value(&mut self, opening: Opening<'_>) {
        self.0.borrow_mut().begin_value(opening);
    }

    fn piece(&mut self, piece: Piece<'_>) {
        self.0.borrow_mut().piece(piece);
    }

    fn end_value(&mut self) {
        self.0.borrow_mut().end_value();
    }
}

/// A file of all keys, made slice by slice while keys are taken away.
fn save(mut keyspace: Keyspace) -> Vec<u8> {
    let encoder = Rc::new(RefCell::new(Encoder::new(EncodeOptions::default())));
    let id = keyspace.start_snapshot(Box::new(Sink(encoder.clone())));
    for db in 0..4 {
        let mut names = Vec::new();
        keyspace.db(db).for_each(|key, _| names.push(key.to_vec()));
        for name in names.iter().step_by(2) {
            keyspace.snapshot_slice(id, 3);
            keyspace.db(db).remove(name);
        }
    }
    while keyspace.snapshot_slice(id, 50) == Progress::More {}
    encoder.borrow_mut().end();
    let plain = encoder.borrow_mut().take();
    let (mut packer, mut file) = (Packer::new(true), Vec::new());
    pieces(&plain).for_each(|piece| packer.push(piece, &mut file));
    packer.finish(true, &mut file);
    file
}

fn rdb_file(input: &[u8]) {
    let (keys, functions, corrupt) = read(std::iter::once(input));
    let (same, others, other) = read(pieces(input));
    assert_eq!(corrupt, other, "pieces are read as the whole");
    assert_eq!((keys.len(), &functions), (same.len(), &others));
    let (mut one, two) = (keyspace(keys), keyspace(same));
    assert_eq!(one.digest(), two.digest());
    let (digest, listing) = (one.digest(), one.listing());
    one.begin(crate::rig::beginning(), Expiry::Ignore);
    let (again, _, corrupt) = read(pieces(&save(one)));
    assert_eq!(corrupt, None, "what is written can be read");
    let again = keyspace(again);
    assert_eq!(again.listing(), listing);
    assert_eq!(again.digest(), digest);
}

fn restore(input: &[u8]) {
    // The first byte chooses the version and the thresholds; the checksum is not asked for.
    let Some((choice, body)) = input.split_first() else { return };
    let version: u16 = if choice & 1 == 0 { 12 } else { 80 };
    let payload = [body, &version.to_le_bytes(), &[0; 8]].concat();
    let limits = if choice & 2 == 0 {
        Thresholds::default()
    } else {
        let large = usize::MAX;
        Thresholds {
            set_max_intset_entries: large,
            set_max_listpack_entries: large,
            hash_max_listpack_entries: large,
            hash_max_listpack_value: large,
            zset_max_listpack_entries: large,
            zset_max_listpack_value: large,
            list_max_listpack_size: 100_000,
            ..Thresholds::default()
        }
    };
    let Ok(value) = rdb::restore(&payload, false, &limits) else { return };
    let dumped = rdb::dump(value.as_ref(), true);
    let again = rdb::restore(&dumped, true, &limits).expect("what is dumped can be restored");
    let digest = |value: &Value| {
        let mut keyspace = keyspace(Vec::new());
        let mut db = keyspace.db(0);
        db.put(b"k", value.clone(), Ttl::Clear);
        db.digest_value(b"k")
    };
    assert_eq!(digest(&value), digest(&again), "it says the same");
    change(value, &limits);
}

/// Changes a value from a stranger in every way for as long as that takes.
fn change(value: Value, limits: &Thresholds) {
    match value {
        Value::Int(_) | Value::Str(_) => {}
        Value::List(mut list) => {
            list.push(End::Front, b"first", limits);
            list.insert(list.len() / 2, b"12", limits);
            list.set(list.len() / 3, b"a longer element than there was", limits);
            let popped =
                (0..list.len() + 1).filter(|_| list.pop(End::Back, limits).is_some()).count();
            assert!(popped >= 2 && list.is_empty());
        }
        Value::Set(mut set) => {
            set.insert(b"12", limits);
            set.insert(b"a word", limits);
            let members: Vec<Vec<u8>> = set.iter().map(|member| member.to_vec()).collect();
            assert!(members.iter().all(|member| set.contains(member)));
            members.iter().take(200).for_each(|member| assert!(set.remove(member)));
            assert_eq!(set.len(), members.len().saturating_sub(200));
        }
        Value::Hash(mut hash) => {
            hash.set(b"12", b"value", limits);
            hash.set_ttl(b"12", 5, limits);
            let fields: Vec<Vec<u8>> = hash.iter().map(|(field, _)| field.to_vec()).collect();
            assert!(fields.iter().all(|field| hash.contains(field)));
            hash.take_due(store::FIELD_END_MAX, 100, |_| ());
            fields.iter().take(200).for_each(|field| {
                hash.remove(field);
            });
        }
        Value::ZSet(mut zset) => {
            zset.insert(b"12", 0.5, limits);
            let members: Vec<(Vec<u8>, f64)> =
                zset.iter().map(|(m, score)| (m.to_vec(), score)).collect();
            assert!(members.is_sorted_by(|a, b| a.1 <= b.1), "members are in order");
            for (rank, (member, score)) in members.iter().enumerate().take(100) {
                assert_eq!((zset.rank(member), zset.score(member)), (Some(rank), Some(*score)));
            }
            while zset.pop(End::Front).is_some() && zset.len() > 200 {}
        }
    }
}

fn functions(input: &[u8]) {
    let payload = [input, &10u16.to_le_bytes(), &[0; 8]].concat();
    if let Ok(sources) = rdb::restore_functions(&payload, false) {
        let dumped = rdb::dump_functions(sources.iter().map(Vec::as_slice));
        assert_eq!(rdb::restore_functions(&dumped, true), Ok(sources));
    }
}
