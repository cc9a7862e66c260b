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
            chain(&mut pair, stdx::float::shortest_by_digits(score).as_bytes());
            join(sum, &pair);
        }),
    }
    if expires {
        join(sum, b"!!expire!!");
    }
}

/// Database, key, digest of the value, deadline in Unix milliseconds.
type Listed = (usize, Vec<u8>, [u8; 20], Option<u64>);

impl Keyspace {
    /// The fingerprint of the whole dataset (DEBUG DIGEST), expired keys that are still held included.
    pub fn digest(&self) -> [u8; 20] {
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

    /// Every key with its database, its value's fingerprint and when it expires, in order: to find what differs.
    pub fn listing(&self) -> Vec<Listed> {
        let mut all: Vec<_> = (self.spaces.iter().enumerate())
            .flat_map(|(index, space)| space.table.iter().map(move |entry| (index, entry)))
            .map(|(index, entry)| {
                let sum = of_value(entry.value(), false);
                (index, entry.key().to_vec(), sum, entry.deadline())
            })
            .collect();
        all.sort();
        all
    }

    /// A fingerprint of the times at which keys expire, which `digest` leaves out.
    pub fn digest_of_deadlines(&self) -> u64 {
        let mut sum = 0u64;
        for (index, space) in self.spaces.iter().enumerate() {
            for entry in space.table.iter() {
                let Some(deadline) = entry.deadline() else { continue };
                let place = (index as u64).to_le_bytes();
                let bytes = entry.key().iter().chain(&place);
                // FNV-1a: quick, and nobody attacks it here.
                let step =
                    |sum: u64, byte: u8| (sum ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
                let seed = step(0xcbf2_9ce4_8422_2325, 0) ^ deadline;
                sum ^= bytes.fold(seed, |sum, byte| step(sum, *byte)).rotate_left(17);
            }
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use stdx::{Instant, Now, WallTime};

    use crate::value::End;
    use crate::{Expiry, Keyspace, Settings, Ttl};

    fn hex(sum: [u8; 20]) -> String {
        sum.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn redis_computes_the_same() {
        let mut keyspace = Keyspace::new(Settings::default(), 1);
        let now = Now { instant: Instant::ZERO, wall: WallTime::from_ms(1_000) };
        keyspace.begin(now, Expiry::Delete);
        let mut db = keyspace.db(0);
        for (key, text) in [("text", "hello"), ("number", "12345"), ("empty", "")] {
            db.put_bytes(key.as_bytes(), text.as_bytes(), Ttl::Clear);
        }
        db.put_bytes(b"gone", b"soon", Ttl::At(100_000));
        let mut list = db.list_or_create(b"list").expect("new");
        ["a", "b", "3"].iter().for_each(|e| list.push(End::Back, e.as_bytes()));
        for (key, members) in [("ints", ["1", "2", "3"]), ("words", ["x", "y", "7"])] {
            let mut set = db.set_or_create(key.as_bytes()).expect("new");
            members.iter().for_each(|m| assert!(set.insert(m.as_bytes())));
        }
        let mut hash = db.hash_or_create(b"hash").expect("new");
        hash.set(b"f1", b"v1");
        hash.set(b"f2", b"22");
        let mut zset = db.zset_or_create(b"zset").expect("new");
        for (score, member) in [(1.0, "one"), (2.5, "two"), (f64::INFINITY, "three"), (-4.0, "12")]
        {
            zset.insert(member.as_bytes(), score);
        }
        db.at(3).put_bytes(b"other", b"db", Ttl::Clear);
        // DEBUG DIGEST-VALUE and DEBUG DIGEST of Redis 7.0.15, for the same commands.
        for (key, want) in [
            ("text", "36b23a1456b2dce2c3ed252c456761301dba8060"),
            ("number", "e1cf90774e995ae03de66e8109dc5cb9d9c2dc83"),
            ("empty", "8b3447c33a834b810e3e181b6fd6a2ee1020921c"),
            ("gone", "3165200877d3190912cace229788627a60a379ef"),
            ("list", "09eb1fc9381ee92790d59930ab462945f8cd948b"),
            ("ints", "2a462a3f51a1db89738ebbeef0c47ce1bbc85246"),
            ("words", "a6afcc473373536adb071da403abcb70a693d104"),
            ("hash", "ace09efefee43cefd37d4713a6e8cf46c6e14058"),
            ("zset", "2223894bb73b2cc297649706cb15d85208b6bb8e"),
        ] {
            assert_eq!(db.digest_value(key.as_bytes()).map(hex).as_deref(), Some(want), "{key}");
        }
        assert_eq!(hex(keyspace.digest()), "f8f48bb84090ff31cadd7913ea7f1e3438f13345");
    }
}
