//! Sets against std's, in every encoding and across conversions.

use std::collections::BTreeSet;

use super::*;
use proptest::prelude::*;

fn member() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        (-30i64..30).prop_map(|n| n.to_string().into_bytes()),
        any::<i64>().prop_map(|n| n.to_string().into_bytes()),
        "[a-f]{0,2}".prop_map(String::into_bytes),
        (0u8..30).prop_map(|n| vec![b'x'; usize::from(n)]),
    ]
}

fn ints() -> impl Strategy<Value = Vec<u8>> {
    (-300i64..300).prop_map(|n| n.to_string().into_bytes())
}

fn limits() -> Thresholds {
    Thresholds {
        set_max_intset_entries: 20,
        set_max_listpack_entries: 12,
        set_max_listpack_value: 24,
        ..Thresholds::default()
    }
}

fn check(set: &Set, model: &BTreeSet<Vec<u8>>) -> Result<(), TestCaseError> {
    prop_assert_eq!(set.len(), model.len());
    let mut all: Vec<_> = set.iter().map(|m| m.to_vec()).collect();
    prop_assert_eq!(set.iter().len(), all.len());
    all.sort();
    prop_assert!(all.iter().eq(model.iter()));
    let mut scanned = BTreeSet::new();
    let mut cursor = 0;
    loop {
        cursor = set.scan(cursor, 3, |m| {
            scanned.insert(m.to_vec());
        });
        if cursor == 0 {
            break;
        }
    }
    prop_assert_eq!(&scanned, model);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn behaves_as_a_set(
        steps in prop_oneof![
            proptest::collection::vec((0u8..10, ints()), 0..60),
            proptest::collection::vec((0u8..10, member()), 0..200),
        ],
        seed in any::<u64>(),
    ) {
        let limits = limits();
        let mut prng = Prng::new(seed);
        let (mut set, mut model) = (Set::new(), BTreeSet::new());
        for (kind, member) in steps {
            match kind {
                0..=5 => prop_assert_eq!(set.insert(&member, &limits), model.insert(member.clone())),
                6 | 7 => prop_assert_eq!(set.remove(&member), model.remove(&member)),
                8 => {
                    if let Some(popped) = set.pop_random(&mut prng) {
                        prop_assert!(model.remove(&popped));
                    }
                }
                _ => set.expect(&member, usize::from(member.len() % 3 == 0) * 15, &limits),
            }
            prop_assert_eq!(set.contains(&member), model.contains(&member));
            let any = set.random(&mut prng).map(|m| m.to_vec());
            prop_assert!(any.map_or(model.is_empty(), |any| model.contains(&any)));
        }
        check(&set, &model)?;
        check(&set.clone(), &model)?;
        if let Some(bytes) = set.as_listpack() {
            let pack = Listpack::from_bytes(bytes.to_vec()).expect("ours is sound");
            check(&Set::from_listpack(pack, &limits).expect("ours is distinct"), &model)?;
        }
        if let Some(bytes) = set.as_intset() {
            let ints = Intset::from_bytes(bytes.to_vec()).expect("ours is sound");
            check(&Set::from_intset(ints, &limits), &model)?;
        }
        set.to_intset_if_fits(&limits);
        check(&set, &model)?;
        if model.len() <= 20 && model.iter().all(|m| parse_i64(m).is_some()) {
            prop_assert_eq!(set.encoding(), Encoding::Intset);
        }
    }
}

#[test]
fn encodings_change_where_redis_changes_them() {
    let limits = limits();
    let encodings = |members: &[&str]| {
        let mut set = Set::new();
        members
            .iter()
            .map(|member| {
                set.insert(member.as_bytes(), &limits);
                set.encoding().name()
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(encodings(&["1", "2", "a", "b"]), ["intset", "intset", "listpack", "listpack"]);
    assert_eq!(encodings(&["1", "abcdefghijklmnopqrstuvwxyz"]), ["intset", "hashtable"]);
    let many: Vec<String> = (0..21).map(|n| n.to_string()).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(encodings(&many)[19..], ["intset", "hashtable"]);
    // Too many integers for a listpack, so the first word makes it a table.
    assert_eq!(encodings(&[&many[..12], &["a"]].concat())[11..], ["intset", "hashtable"]);
    let words: Vec<String> = (0..13).map(|n| format!("w{n}")).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    assert_eq!(encodings(&words)[11..], ["listpack", "hashtable"]);
}

#[test]
fn a_listpack_with_a_member_twice_is_no_set() {
    // The second `5` is spelled as a string, which no honest listpack does.
    let bytes = b"\x0c\0\0\0\x02\0\x05\x01\x815\x02\xff".to_vec();
    let pack = Listpack::from_bytes(bytes).expect("sound in every entry");
    assert!(Set::from_listpack(pack, &limits()).is_none());
}
