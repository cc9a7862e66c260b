//! Values made up for tests, of every type and encoding, and what they say irrespective of how they are kept.
#![allow(dead_code)]

use proptest::prelude::*;
use rdb::{DecodeOptions, Decoder, EncodeOptions, Encoder, Item, Key, Packer};
use store::{Access, End, Hash, List, Record, RecordSink, Set, Thresholds, Value, ValueRef, ZSet};

/// What a value says. Two values are equal when these are.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Says {
    Str(Vec<u8>),
    List(Vec<Vec<u8>>),
    Set(Vec<Vec<u8>>),
    ZSet(Vec<(Vec<u8>, f64)>),
    Hash(Vec<(Vec<u8>, Vec<u8>, Option<u64>)>),
}

pub(crate) fn says(value: ValueRef<'_>) -> Says {
    match value {
        ValueRef::Str(text) => Says::Str(text.to_vec()),
        ValueRef::List(list) => Says::List(list.iter().map(|e| e.to_vec()).collect()),
        ValueRef::Set(set) => {
            let mut all: Vec<_> = set.iter().map(|e| e.to_vec()).collect();
            all.sort();
            Says::Set(all)
        }
        ValueRef::ZSet(zset) => Says::ZSet(zset.iter().map(|(e, s)| (e.to_vec(), s)).collect()),
        ValueRef::Hash(hash) => {
            let all = hash.iter_with_ttl();
            let mut all: Vec<_> = all.map(|(f, v, t)| (f.to_vec(), v.to_vec(), t)).collect();
            all.sort();
            Says::Hash(all)
        }
    }
}

/// Limits so low that small collections already leave their packing, or so high that none does.
pub(crate) fn limits(packed: bool) -> Thresholds {
    let mut limits = Thresholds::default();
    if !packed {
        limits.list_max_listpack_size = 3;
        limits.set_max_intset_entries = 2;
        limits.set_max_listpack_entries = 2;
        limits.hash_max_listpack_entries = 2;
        limits.zset_max_listpack_entries = 2;
    }
    limits
}

/// Elements as they occur: words, integers, long and repetitive texts, noise.
pub(crate) fn element() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        "[a-z]{0,8}".prop_map(String::into_bytes),
        any::<i64>().prop_map(|n| n.to_string().into_bytes()),
        (-200i64..70000).prop_map(|n| n.to_string().into_bytes()),
        prop::collection::vec(any::<u8>(), 0..40),
        (0u8..4, 20usize..300).prop_map(|(byte, length)| vec![b'a' + byte; length]),
    ]
}

fn score() -> impl Strategy<Value = f64> {
    prop_oneof![
        (-1000i32..1000).prop_map(f64::from),
        any::<f64>().prop_filter("scores are numbers", |score| !score.is_nan()),
    ]
}

/// A value under given limits.
pub(crate) fn value(limits: Thresholds) -> impl Strategy<Value = Value> {
    let elements = || prop::collection::vec(element(), 1..12);
    prop_oneof![
        element().prop_map(|bytes| Value::string(&bytes)),
        elements().prop_map(move |elements| {
            let mut list = List::new();
            elements.iter().for_each(|e| list.push(End::Back, e, &limits));
            Value::List(list)
        }),
        elements().prop_map(move |elements| set(&elements, &limits)),
        prop::collection::vec(any::<i16>(), 1..12).prop_map(move |ints| {
            let elements: Vec<_> = ints.iter().map(|n| n.to_string().into_bytes()).collect();
            set(&elements, &limits)
        }),
        prop::collection::vec((element(), score()), 1..12).prop_map(move |members| {
            let mut zset = ZSet::new();
            for (member, score) in members {
                zset.insert(&member, score, &limits);
            }
            Value::ZSet(zset)
        }),
        prop::collection::vec(
            (element(), element(), prop::option::of(1u64..=store::FIELD_END_MAX)),
            1..12
        )
        .prop_map(move |fields| hash(&fields, &limits)),
        prop::collection::vec((element(), element()), 1..12).prop_map(move |fields| {
            let fields: Vec<_> = fields.into_iter().map(|(f, v)| (f, v, None)).collect();
            hash(&fields, &limits)
        }),
    ]
}

fn set(elements: &[Vec<u8>], limits: &Thresholds) -> Value {
    let mut set = Set::new();
    for element in elements {
        set.insert(element, limits);
    }
    Value::Set(set)
}

fn hash(fields: &[(Vec<u8>, Vec<u8>, Option<u64>)], limits: &Thresholds) -> Value {
    let mut hash = Hash::new();
    for (field, value, expires) in fields {
        hash.set(field, value, limits);
        if let Some(ms) = expires {
            hash.set_ttl(field, *ms, limits);
        }
    }
    Value::Hash(hash)
}

/// A key of a made-up dataset.
#[derive(Debug)]
pub(crate) struct Made {
    pub(crate) db: usize,
    pub(crate) value: Value,
    pub(crate) expires: Option<u64>,
    pub(crate) access: Access,
}

/// A dataset; the keys are `key:0`, `key:1` and so on.
pub(crate) fn dataset(limits: Thresholds) -> impl Strategy<Value = Vec<Made>> {
    let access = prop_oneof![
        (0u64..100_000).prop_map(Access::IdleSecs),
        any::<u8>().prop_map(Access::Frequency),
    ];
    let key = (0usize..3, value(limits), prop::option::of(1u64..1 << 50), access);
    let made = key.prop_map(|(db, value, expires, access)| Made { db, value, expires, access });
    prop::collection::vec(made, 0..10)
}

pub(crate) fn key_name(index: usize) -> Vec<u8> {
    format!("key:{index}").into_bytes()
}

/// The dataset as a file.
pub(crate) fn save(dataset: &[Made], compress: bool) -> Vec<u8> {
    let mut encoder = Encoder::new(EncodeOptions { access: true, ..Default::default() });
    let mut packer = Packer::new(compress);
    let mut file = Vec::new();
    encoder.about(&rdb::About {
        version: "7.2.4",
        ctime_secs: 1_700_000_000,
        used_memory: 1_000_000,
        replication: Some(rdb::Replication { stream_db: 0, id: &"ab".repeat(20), offset: 1234 }),
        aof_base: false,
    });
    encoder.begin_db(0, dataset.len(), 0);
    for (index, made) in dataset.iter().enumerate() {
        let key = key_name(index);
        let value = made.value.as_ref();
        let (expires, access) = (made.expires, made.access);
        encoder.record(Record { db: made.db, key: &key, value, expires, access });
        if index % 3 == 0 {
            packer.push(&encoder.take(), &mut file);
        }
    }
    encoder.end();
    // Whatever pieces the bytes come in.
    for piece in encoder.take().chunks(7) {
        packer.push(piece, &mut file);
    }
    packer.finish(true, &mut file);
    file
}

/// Everything in a file that is fed in pieces of this size, its keys apart.
pub(crate) fn load(file: &[u8], piece: usize) -> Result<(Vec<Item>, Vec<Key>), rdb::Corrupt> {
    let mut decoder = Decoder::new(DecodeOptions::default());
    let (mut items, mut keys) = (Vec::new(), Vec::new());
    for bytes in file.chunks(piece.max(1)) {
        decoder.feed(bytes);
        while let Some(item) = decoder.next()? {
            match item {
                Item::Key(key) => keys.push(*key),
                item => items.push(item),
            }
        }
    }
    decoder.finish()?;
    Ok((items, keys))
}
