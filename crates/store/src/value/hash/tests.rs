//! Hashes against std's ordered map, in every encoding and across conversions.

use std::collections::BTreeMap;

use super::*;
use proptest::prelude::*;

type Model = BTreeMap<Vec<u8>, (Vec<u8>, Option<u64>)>;

fn limits() -> Thresholds {
    Thresholds {
        hash_max_listpack_entries: 10,
        hash_max_listpack_value: 24,
        ..Thresholds::default()
    }
}

fn word() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        8 => (-20i64..20).prop_map(|n| n.to_string().into_bytes()),
        8 => "[a-e]{0,2}".prop_map(String::into_bytes),
        1 => (20usize..300).prop_map(|n| vec![b'x'; n]),
    ]
}

fn check(hash: &Hash, model: &Model) -> Result<(), TestCaseError> {
    prop_assert_eq!(hash.len(), model.len());
    prop_assert_eq!(hash.iter().len(), model.len());
    let all: Model = hash.iter_with_ttl().map(|(f, v, t)| (f.to_vec(), (v.to_vec(), t))).collect();
    prop_assert_eq!(&all, model);
    let mut scanned = BTreeMap::new();
    let mut cursor = 0;
    loop {
        cursor = hash.scan(cursor, 3, |f, v| {
            scanned.insert(f.to_vec(), v.to_vec());
        });
        if cursor == 0 {
            break;
        }
    }
    prop_assert!(scanned.iter().eq(model.iter().map(|(f, (v, _))| (f, v))));
    let soonest = model.values().filter_map(|(_, ttl)| *ttl).min();
    prop_assert!(soonest.is_none_or(|at| hash.next_expiry().is_some_and(|bound| bound <= at)));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn behaves_as_a_map(
        steps in proptest::collection::vec((0u8..14, word(), word(), 1u64..20), 0..200),
        seed in any::<u64>(),
    ) {
        let limits = limits();
        let mut prng = Prng::new(seed);
        let (mut hash, mut model) = (Hash::new(), Model::new());
        for (kind, field, value, second) in steps {
            let unix_ms = second * 1000 + 7;
            match kind {
                0..=5 => {
                    let is_new = model.insert(field.clone(), (value.clone(), None)).is_none();
                    prop_assert_eq!(hash.set(&field, &value, &limits), is_new);
                }
                6 => {
                    let slot = model.get_mut(&field);
                    prop_assert_eq!(hash.set_keeping_ttl(&field, &value, &limits), slot.is_none());
                    match slot {
                        Some(slot) => slot.0 = value.clone(),
                        None => drop(model.insert(field.clone(), (value.clone(), None))),
                    }
                }
                7 | 8 => prop_assert_eq!(hash.remove(&field), model.remove(&field).is_some()),
                9 | 10 if seed % 2 == 0 => {
                    let slot = model.get_mut(&field);
                    prop_assert_eq!(hash.set_ttl(&field, unix_ms, &limits), slot.is_some());
                    if let Some(slot) = slot {
                        slot.1 = Some(unix_ms);
                    }
                }
                11 => {
                    let had = model.get_mut(&field).and_then(|slot| slot.1.take());
                    prop_assert_eq!(hash.clear_ttl(&field), had.is_some());
                }
                12 => {
                    let mut taken = Vec::new();
                    hash.take_due(second * 500, 3, |field| taken.push(field.to_vec()));
                    prop_assert!(taken.len() <= 3);
                    for field in taken {
                        let (_, ttl) = model.remove(&field).expect("only what is there is due");
                        prop_assert!(ttl.is_some_and(|at| at <= second * 500));
                    }
                }
                _ => hash.expect([field.as_slice(), &value].into_iter(), &limits),
            }
            prop_assert_eq!(hash.get(&field).map(|v| v.to_vec()), model.get(&field).map(|s| s.0.clone()));
            prop_assert_eq!(hash.ttl(&field), model.get(&field).map(|s| s.1));
            match hash.random(&mut prng) {
                Some((f, v)) => prop_assert_eq!(&model[&f.to_vec()].0, &v.to_vec()),
                None => prop_assert!(model.is_empty()),
            }
        }
        check(&hash, &model)?;
        check(&hash.clone(), &model)?;
        if let Some(bytes) = hash.as_listpack() {
            let pack = Listpack::from_bytes(bytes.to_vec()).expect("ours is sound");
            check(&Hash::from_listpack(pack, &limits).expect("ours is distinct"), &model)?;
        }
        // Everything due goes in the end, and nothing else.
        while hash.take_due(1 << 40, 5, |_| ()) > 0 {}
        model.retain(|_, slot| slot.1.is_none());
        check(&hash, &model)?;
    }
}

#[test]
fn encodings_change_where_redis_changes_them() {
    let limits = limits();
    let mut hash = Hash::new();
    for n in 0..10 {
        hash.set(format!("f{n}").as_bytes(), b"v", &limits);
    }
    assert_eq!(hash.encoding().name(), "listpack");
    let mut other = hash.clone();
    assert!(other.set_ttl(b"f3", 1, &limits));
    assert_eq!(other.encoding().name(), "listpackex");
    hash.set(b"f10", b"v", &limits);
    assert_eq!(hash.encoding().name(), "hashtable");
    other.set(b"f1", &[b'x'; 25], &limits);
    assert_eq!(other.encoding().name(), "hashtable");
    assert_eq!(other.ttl(b"f3"), Some(Some(1)));
}
