//! Sorted sets against a sorted vector, packed and ordered, and across the conversion.

use super::*;
use proptest::prelude::*;

type Model = Vec<(f64, Vec<u8>)>;

fn limits() -> Thresholds {
    Thresholds {
        zset_max_listpack_entries: 12,
        zset_max_listpack_value: 24,
        ..Thresholds::default()
    }
}

fn member() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        20 => (-30i64..30).prop_map(|n| n.to_string().into_bytes()),
        20 => "[a-f]{0,2}".prop_map(String::into_bytes),
        20 => (0u16..400).prop_map(|n| format!("m{n}").into_bytes()),
        1 => (0usize..40).prop_map(|n| vec![b'x'; n]),
    ]
}

fn score() -> impl Strategy<Value = f64> {
    prop_oneof![
        (-3i32..4).prop_map(f64::from),
        (-8i32..8).prop_map(|n| f64::from(n) / 4.0),
        any::<f64>().prop_filter("scores are numbers", |s| !s.is_nan()),
        Just(f64::INFINITY),
    ]
}

fn sort(model: &mut Model) {
    model.sort_by(|a, b| a.0.partial_cmp(&b.0).expect("no NaN").then_with(|| a.1.cmp(&b.1)));
}

fn owned(item: (Element<'_>, f64)) -> (f64, Vec<u8>) {
    (item.1, item.0.to_vec())
}

fn check(zset: &ZSet, model: &Model) -> Result<(), TestCaseError> {
    prop_assert_eq!(zset.len(), model.len());
    prop_assert!(zset.iter().map(owned).eq(model.iter().cloned()));
    prop_assert!(zset.iter().rev().map(owned).eq(model.iter().rev().cloned()));
    for (rank, (score, member)) in model.iter().enumerate() {
        prop_assert_eq!(zset.rank(member), Some(rank));
        prop_assert_eq!(zset.score(member), Some(*score));
        prop_assert_eq!(zset.at(rank).map(owned), Some((*score, member.clone())));
    }
    let (a, b) = (model.len() / 3, model.len() * 2 / 3);
    prop_assert!(zset.range(a..b).map(owned).eq(model[a..b].iter().cloned()));
    prop_assert!(zset.range(a..b).rev().map(owned).eq(model[a..b].iter().rev().cloned()));
    let mut scanned = Model::new();
    let mut cursor = 0;
    loop {
        cursor = zset.scan(cursor, 3, |member, score| scanned.push((score, member.to_vec())));
        if cursor == 0 {
            break;
        }
    }
    sort(&mut scanned);
    scanned.dedup();
    prop_assert_eq!(&scanned, model);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]

    #[test]
    fn behaves_as_a_sorted_vector(
        steps in proptest::collection::vec((0u8..16, member(), score(), score()), 0..400),
        seed in any::<u64>(),
    ) {
        let limits = limits();
        let mut prng = Prng::new(seed);
        let (mut zset, mut model) = (ZSet::new(), Model::new());
        for (kind, member, score, other) in steps {
            match kind {
                0..=9 => {
                    let place = model.iter().position(|(_, m)| *m == member);
                    let want = match place {
                        None => Inserted::Added,
                        Some(at) if model[at].0 == score => Inserted::Same,
                        Some(_) => Inserted::Updated,
                    };
                    prop_assert_eq!(zset.insert(&member, score, &limits), want);
                    match place {
                        Some(at) if model[at].0 != score => model[at].0 = score,
                        Some(_) => {}
                        None => model.push((score, member.clone())),
                    }
                    sort(&mut model);
                }
                10 | 11 => {
                    let place = model.iter().position(|(_, m)| *m == member);
                    prop_assert_eq!(zset.remove(&member), place.map(|at| model.remove(at).0));
                }
                12 => {
                    let popped = zset.pop(End::Front);
                    let want = (!model.is_empty()).then(|| model.remove(0));
                    prop_assert_eq!(popped.map(|(m, s)| (s, m)), want);
                }
                13 => {
                    let popped = zset.pop(End::Back);
                    prop_assert_eq!(popped.map(|(m, s)| (s, m)), model.pop());
                }
                14 => {
                    let (low, high) = (score.min(other), score.max(other));
                    let count = |f: &dyn Fn(f64) -> bool| model.iter().filter(|e| f(e.0)).count();
                    let before = count(&|s| s < low);
                    prop_assert_eq!(
                        zset.ranks_by_score(Bound::Included(low), Bound::Included(high)),
                        before..before + count(&|s| low <= s && s <= high)
                    );
                    let excluded = zset.ranks_by_score(Bound::Excluded(low), Bound::Excluded(high));
                    prop_assert_eq!(excluded.len(), count(&|s| low < s && s < high));
                    let all = zset.ranks_by_score(Bound::Unbounded, Bound::Unbounded);
                    prop_assert_eq!(all, 0..model.len());
                    let empty = zset.ranks_by_score(Bound::Excluded(high), Bound::Excluded(low));
                    prop_assert!(empty.is_empty());
                }
                _ => {
                    let from = member.len() % 7;
                    let end = (from + 2).min(model.len());
                    let from = from.min(end);
                    prop_assert_eq!(zset.remove_range(from..from + 2), end - from);
                    model.drain(from..end);
                }
            }
            prop_assert_eq!(zset.contains(&member), model.iter().any(|(_, m)| *m == member));
            match zset.random(&mut prng) {
                Some(any) => prop_assert!(model.contains(&owned(any))),
                None => prop_assert!(model.is_empty()),
            }
        }
        check(&zset, &model)?;
        check(&zset.clone(), &model)?;
        if let Some(bytes) = zset.as_listpack() {
            let pack = Listpack::from_bytes(bytes.to_vec()).expect("ours is sound");
            check(&ZSet::from_listpack(pack, &limits).expect("ours is distinct"), &model)?;
        }
        zset.to_listpack_if_fits(&limits);
        check(&zset, &model)?;
        let fits = model.len() <= 12 && model.iter().all(|(_, m)| m.len() <= 24);
        prop_assert!(!fits || zset.encoding() == Encoding::Listpack);
    }

    #[test]
    fn bounds_of_names_count_names(
        members in proptest::collection::btree_set("[a-d]{0,3}", 0..60),
        min in "[a-d]{0,3}",
        max in "[a-d]{0,3}",
    ) {
        let mut zset = ZSet::new();
        for member in &members {
            zset.insert(member.as_bytes(), 1.0, &limits());
        }
        let count = |f: &dyn Fn(&String) -> bool| members.iter().filter(|m| f(m)).count();
        let (low, high) = (min.as_bytes(), max.as_bytes());
        let both = zset.ranks_by_lex(Bound::Included(low), Bound::Included(high));
        prop_assert_eq!(both.len(), count(&|m| *m >= min && *m <= max));
        let neither = zset.ranks_by_lex(Bound::Excluded(low), Bound::Excluded(high));
        prop_assert_eq!(neither.len(), count(&|m| *m > min && *m < max));
        let upper = zset.ranks_by_lex(Bound::Included(low), Bound::Unbounded);
        prop_assert_eq!(upper, count(&|m| *m < min)..members.len());
    }
}

#[test]
fn a_strangers_listpack_is_sorted_or_refused() {
    let pack = |elements: &[&[u8]]| {
        let mut pack = Listpack::new();
        elements.iter().for_each(|e| pack.push_back(Element::Bytes(e)));
        pack
    };
    let limits = limits();
    let zset = ZSet::from_listpack(pack(&[b"a", b"2", b"b", b"1.5", b"c", b"-inf"]), &limits);
    let members: Vec<_> = zset.expect("it only has to be sorted").iter().map(owned).collect();
    let want = [(f64::NEG_INFINITY, "c"), (1.5, "b"), (2.0, "a")].map(|(s, m)| (s, m.into()));
    assert_eq!(members, want);
    assert!(ZSet::from_listpack(pack(&[b"a", b"1", b"a", b"2"]), &limits).is_none());
    assert!(ZSet::from_listpack(pack(&[b"a", b"nan"]), &limits).is_none());
    assert!(ZSet::from_listpack(pack(&[b"a", b"x"]), &limits).is_none());
    assert!(ZSet::from_listpack(pack(&[b"a"]), &limits).is_none());
}

#[test]
fn a_strangers_listpack_is_loaded_in_any_order_whatever_its_length() {
    // Put into their places one by one, they would take longer than anybody waits.
    let count = 200_000;
    let mut pack = Listpack::new();
    for n in 0..count {
        pack.push_back(Element::Int(n));
        pack.push_back(Element::Int(-n));
    }
    let wide = Thresholds { zset_max_listpack_entries: usize::MAX, ..Thresholds::default() };
    for limits in [Thresholds::default(), wide] {
        let zset = ZSet::from_listpack(pack.clone(), &limits).expect("members are distinct");
        assert_eq!(zset.len() as i64, count);
        let first = zset.iter().next().map(owned);
        assert_eq!(first, Some((1.0 - count as f64, (count - 1).to_string().into_bytes())));
    }
    let mut twice = pack.clone();
    [0, 1].into_iter().for_each(|n| twice.push_back(Element::Int(n)));
    assert!(ZSet::from_listpack(twice, &Thresholds::default()).is_none());
}

#[test]
fn a_member_of_a_large_set_costs_less_than_a_skiplist_would() {
    let limits = Thresholds::default();
    let mut zset = ZSet::new();
    for n in 0..10_000u32 {
        let score = n.wrapping_mul(2_654_435_761) % 100_000;
        zset.insert(format!("member:{n:05}").as_bytes(), f64::from(score), &limits);
    }
    let overhead = zset.memory() / 10_000 - 12;
    assert!(overhead < 50, "{overhead} bytes a member");
}

#[test]
fn a_small_sorted_set_is_packed_as_redis_packs_it() {
    // DUMP by redis-server 7.0.15. (Of other scores it keeps more digits than 7.2 does.)
    let redis = b"\x48\0\0\0\x10\0\x81a\x02\x84-inf\x05\x81f\x02\x85-73.5\x06\x81g\x02\0\x01\x81d\x02\x840.25\x05\
        \x82a2\x03\x831.5\x04\x81b\x02\x831.5\x04\x81c\x02\x03\x01\x81e\x02\x851e+20\x06\xff";
    let mut zset = ZSet::new();
    for (score, member) in [
        (1.5, "b"),
        (3.0, "c"),
        (f64::NEG_INFINITY, "a"),
        (0.25, "d"),
        (1e20, "e"),
        (-73.5, "f"),
        (-0.0, "g"),
        (1.5, "a2"),
    ] {
        zset.insert(member.as_bytes(), score, &limits());
    }
    assert_eq!(zset.as_listpack(), Some(redis.as_slice()));
}
