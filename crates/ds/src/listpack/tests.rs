//! Listpacks against a plain list of words, and against bytes that come from nowhere.

use super::*;
use proptest::prelude::*;

fn word() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        any::<i64>().prop_map(|n| n.to_string().into_bytes()),
        (-5000i64..5000).prop_map(|n| n.to_string().into_bytes()),
        (0u32..63, any::<bool>()).prop_map(|(b, n)| {
            let n = (1i64 << b) * if n { -1 } else { 1 };
            n.to_string().into_bytes()
        }),
        proptest::collection::vec(any::<u8>(), 0..70),
        (60usize..5000).prop_map(|n| vec![b'x'; n]),
    ]
}

#[derive(Clone, Debug)]
enum Step {
    Insert(usize, Vec<u8>),
    Replace(usize, Vec<u8>),
    Remove(usize, usize),
    SplitAndJoin(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (any::<usize>(), word()).prop_map(|(i, w)| Step::Insert(i, w)),
        2 => (any::<usize>(), word()).prop_map(|(i, w)| Step::Replace(i, w)),
        2 => (any::<usize>(), 0usize..4).prop_map(|(i, n)| Step::Remove(i, n)),
        1 => any::<usize>().prop_map(Step::SplitAndJoin),
    ]
}

fn position(pack: &Listpack, index: usize) -> usize {
    pack.seek(index).unwrap_or(pack.end())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn behaves_as_a_list_of_words(steps in proptest::collection::vec(step(), 1..60)) {
        let (mut pack, mut model) = (Listpack::new(), Vec::<Vec<u8>>::new());
        for step in steps {
            match step {
                Step::Insert(i, w) => {
                    let i = i % (model.len() + 1);
                    pack.insert(position(&pack, i), Element::Bytes(&w));
                    model.insert(i, w);
                }
                Step::Replace(i, w) if !model.is_empty() => {
                    let i = i % model.len();
                    pack.replace(position(&pack, i), Element::Bytes(&w));
                    model[i] = w;
                }
                Step::Remove(i, n) if !model.is_empty() => {
                    let i = i % model.len();
                    let n = n.min(model.len() - i);
                    prop_assert_eq!(pack.remove_many(position(&pack, i), n), n);
                    model.drain(i..i + n);
                }
                Step::SplitAndJoin(i) => {
                    let i = i % (model.len() + 1);
                    let tail = pack.split_off(position(&pack, i));
                    prop_assert_eq!(pack.len(), i);
                    pack.append(&tail);
                }
                _ => {}
            }
            prop_assert_eq!(Listpack::validate(pack.as_bytes()), Ok(()));
            prop_assert_eq!(pack.len(), model.len());
            prop_assert!(pack.iter().map(|e| e.to_vec()).eq(model.iter().cloned()));
            prop_assert!(pack.iter().rev().map(|e| e.to_vec()).eq(model.iter().rev().cloned()));
        }
        for (i, word) in model.iter().enumerate() {
            prop_assert!(pack.get(i).expect("it is there").eq_bytes(word));
            let found = pack.find(pack.first(), word, 1);
            let first = model.iter().position(|w| w == word).expect("it is there");
            prop_assert_eq!(found, pack.seek(first));
        }
        prop_assert_eq!(pack.find(pack.first(), b"nowhere to be found", 1), None);
    }

    #[test]
    fn strange_bytes_are_refused_or_walked_without_panic(
        mut bytes in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        let _ = Listpack::validate(&bytes);
        if bytes.len() >= 7 {
            let len = bytes.len() as u32;
            bytes[..4].copy_from_slice(&len.to_le_bytes());
            bytes[4..6].copy_from_slice(&[0xff, 0xff]);
            *bytes.last_mut().expect("it has seven") = END;
            if Listpack::validate(&bytes).is_ok() {
                let pack = Listpack::from_valid(bytes);
                prop_assert_eq!(pack.iter().count(), pack.iter().rev().count());
            }
        }
    }

    #[test]
    fn damaged_listpacks_are_refused_or_walked_without_panic(
        words in proptest::collection::vec(word(), 0..20),
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut pack = Listpack::new();
        words.iter().for_each(|w| pack.push_back(Element::Bytes(w)));
        let mut bytes = pack.into_bytes();
        for (at, value) in damage {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        if let Ok(mut pack) = Listpack::from_bytes(bytes) {
            prop_assert_eq!(pack.iter().count(), pack.iter().rev().count());
            pack.push_front(Element::Int(1));
            pack.remove(pack.first());
        }
    }
}

#[test]
fn a_count_too_large_for_the_header_is_found_by_walking() {
    let mut pack = Listpack::new();
    let mut one = Listpack::new();
    (0..1000).for_each(|n| one.push_back(Element::Int(n % 100)));
    (0..70).for_each(|_| pack.append(&one));
    assert_eq!(pack.len(), 70_000);
    pack.remove_many(pack.first(), 10_000);
    assert_eq!(pack.len(), 60_000);
    assert_eq!(Listpack::validate(pack.as_bytes()), Ok(()));
}

/// Bytes from their hexadecimal digits.
fn unhex(text: &str) -> Vec<u8> {
    let digit = |b: u8| (b as char).to_digit(16).expect("a hexadecimal digit") as u8;
    text.as_bytes().chunks(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect()
}

#[test]
fn integers_are_packed_as_redis_packs_them() {
    // DUMP of a hash, by redis-server 7.0.15: the fields count, the values stand on both sides of every width.
    let redis = unhex(
        "ab0000002e00000100010101010102017f010301c080020401dfff020501cfff020601f10010030701d0000208\
         01f1ffef030901f1ff7f030a01f2008000040b01f10080030c01f2ff7fff040d01f2ffff7f040e01f300008000\
         050f01f2000080041001f3ffff7fff051101f3ffffff7f051201f40000008000000000091301f3000000800514\
         01f4ffffff7fffffffff091501f4ffffffffffffff7f091601f4000000000000008009ff",
    );
    let values = [
        0,
        1,
        127,
        128,
        -1,
        4095,
        4096,
        -4096,
        -4097,
        32767,
        32768,
        -32768,
        -32769,
        8388607,
        8388608,
        -8388608,
        -8388609,
        2147483647,
        2147483648,
        -2147483648,
        -2147483649,
        i64::MAX,
        i64::MIN,
    ];
    let mut ours = Listpack::new();
    for (field, value) in values.into_iter().enumerate() {
        ours.push_back(Element::Int(field as i64));
        ours.push_back(Element::Bytes(value.to_string().as_bytes()));
    }
    assert_eq!(ours.as_bytes(), redis);
    let read = Listpack::from_bytes(redis).expect("Redis made it");
    assert!(read.pairs().map(|(_, value)| value).eq(values.map(Element::Int)));
}

#[test]
fn strings_are_packed_as_redis_packs_them() {
    let pack = |pairs: &[(&str, Vec<u8>)]| {
        let mut pack = Listpack::new();
        for (field, value) in pairs {
            pack.push_back(Element::Bytes(field.as_bytes()));
            pack.push_back(Element::Bytes(value));
        }
        pack
    };
    let short = pack(&[
        ("a", vec![]),
        ("b", vec![b'x'; 63]),
        ("c", vec![b'y'; 64]),
        ("d", b"01".to_vec()),
        ("e", b"-0".to_vec()),
        ("f", b"12345678901234567890".to_vec()),
    ]);
    let redis = [
        unhex("bd0000000c008161028001816202bf"),
        vec![b'x'; 63],
        unhex("40816302e040"),
        vec![b'y'; 64],
        unhex("4281640282303103816502822d300381660294"),
        b"12345678901234567890".to_vec(),
        unhex("15ff"),
    ];
    assert_eq!(short.as_bytes(), redis.concat());
    // Lengths that take two and three bytes to write backwards; the sum is that of Redis's bytes.
    let long = pack(&[
        ("a", vec![b'x'; 125]),
        ("b", vec![b'y'; 4095]),
        ("c", vec![b'z'; 4096]),
        ("d", vec![b'w'; 16380]),
    ]);
    assert_eq!(long.byte_len(), 24737);
    assert_eq!(stdx::crc64(0, long.as_bytes()), 0x3068_2059_a722_b590);
}
