//! The keyspace as anybody would write it: what ours is compared with.

use std::collections::{BTreeMap, BTreeSet};

use crate::ValueRef;

/// A value as a naive keyspace holds it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Plain {
    Str(Vec<u8>),
    List(Vec<Vec<u8>>),
    Set(BTreeSet<Vec<u8>>),
    /// Fields with values and deadlines.
    Hash(BTreeMap<Vec<u8>, (Vec<u8>, Option<u64>)>),
    /// Scores in hundredths.
    ZSet(BTreeMap<Vec<u8>, i64>),
}

impl Plain {
    pub(super) fn of(value: ValueRef<'_>) -> Plain {
        match value {
            ValueRef::Str(text) => Plain::Str(text.to_vec()),
            ValueRef::List(list) => Plain::List(list.iter().map(|e| e.to_vec()).collect()),
            ValueRef::Set(set) => Plain::Set(set.iter().map(|e| e.to_vec()).collect()),
            ValueRef::Hash(hash) => {
                let fields = hash.iter_with_ttl();
                Plain::Hash(fields.map(|(f, v, ttl)| (f.to_vec(), (v.to_vec(), ttl))).collect())
            }
            ValueRef::ZSet(zset) => {
                Plain::ZSet(zset.iter().map(|(m, s)| (m.to_vec(), (s * 100.0) as i64)).collect())
            }
        }
    }
}

pub(super) type Keys = BTreeMap<Vec<u8>, (Plain, Option<u64>)>;
