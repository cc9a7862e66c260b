//! Fingerprints of values and of the whole dataset, equal to those that Redis computes for the same data.
//!
//! Everything is SHA-1 sums, joined in two ways: `join` where order does not matter (exclusive or), and `chain`
//! where it does (the sum of what there was, joined with what comes). Two servers with equal digests hold the same
//! data, up to the times at which keys expire: only whether they do is part of it.

use ds::ElementBuf;
use sha1::{Digest, Sha1};

use crate::{Keyspace, ValueRef};

type Sum = [u8; 20];

fn join(sum: &mut Sum, data: &[u8]) {
    let other: Sum = Sha1::digest(data).into();
    sum.iter_mut().zip(other).for_each(|(a, b)| *a ^= b);
}

fn chain(sum: &mut Sum, data: &[u8]) {
    join(sum, data);
    *sum = Sha1::digest(*sum).into();
}

/// The fingerprint of a value by itself.
pub(crate) fn of_value(value: ValueRef<'_>, expires: bool) -> Sum {
    let mut sum = [0; 20];
    add_value(&mut sum, value, expires);
    sum
}

fn add_value(sum: &mut Sum, value: ValueRef<'_>, expires: bool) {
    // compat(7.2): the numbers of the types as Redis has them inside.
    let number: u32 = match value {
        ValueRef::Str(_) => 0,
        ValueRef::List(_) => 1,
        ValueRef::Set(_) => 2,
        ValueRef::ZSet(_) => 3,
        ValueRef::Hash(_) => 4,
    };
    chain(sum, &number.to_be_bytes());
    let (mut buf, mut buf2) = (ElementBuf::new(), ElementBuf::new());
    match value {
        ValueRef::Str(text) => chain(sum, text.bytes(&mut buf)),
        ValueRef::List(list) => {
            list.iter().for_each(|element| chain(sum, element.bytes(&mut buf)));
        }
        ValueRef::Set(set) => set.iter().for_each(|member| join(sum, member.bytes(&mut buf))),
        ValueRef::Hash(hash) => hash.iter().for_each(|(field, value)| {
            let mut pair = [0; 20];
            chain(&mut pair, field.bytes(&mut buf));
            chain(&mut pair, value.bytes(&mut buf2));
            join(sum, &pair);
        }),
        ValueRef::ZSet(zset) => zset.iter().for_each(|(member, score)| {
            let mut pair = [0; 20];
            chain(&mut pair, member.bytes(&mut buf));
            chain(&mut pair, stdx::float::shortest(score).as_bytes());
            join(sum, &pair);
        }),
    }
    if expires {
        join(sum, b"!!expire!!");
    }
}

impl Keyspace {
    /// The fingerprint of the whole dataset (DEBUG DIGEST), expired keys that are still held included.
    pub fn digest(&mut self) -> [u8; 20] {
        let mut sum = [0; 20];
        for (index, space) in self.spaces.iter().enumerate() {
            if space.table.is_empty() {
                continue;
            }
            chain(&mut sum, &(index as u32).to_be_bytes());
            for entry in space.table.iter() {
                let mut key = [0; 20];
                chain(&mut key, entry.key());
                add_value(&mut key, entry.value(), entry.deadline().is_some());
                join(&mut sum, &key);
            }
        }
        sum
    }
}
