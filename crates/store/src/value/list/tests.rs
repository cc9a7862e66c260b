//! Lists against a plain vector, with nodes of every kind of limit.

use super::*;
use proptest::prelude::*;

fn word() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        (-3i64..3).prop_map(|n| n.to_string().into_bytes()),
        "[ab]{0,1}".prop_map(String::into_bytes),
        (0usize..40).prop_map(|n| vec![b'x'; n]),
        (900usize..3000).prop_map(|n| vec![b'y'; n]),
    ]
}

fn check(list: &List, model: &[Vec<u8>]) -> Result<(), TestCaseError> {
    prop_assert_eq!(list.len(), model.len());
    prop_assert!(list.iter().map(|e| e.to_vec()).eq(model.iter().cloned()));
    prop_assert!(list.iter().rev().map(|e| e.to_vec()).eq(model.iter().rev().cloned()));
    let (a, b) = (model.len() / 3, model.len() * 2 / 3);
    let mut range = list.range(a..b);
    prop_assert_eq!(range.len(), b - a);
    let (mut front, mut back) = (Vec::new(), Vec::new());
    while let Some(element) = range.next() {
        front.push(element.to_vec());
        back.extend(range.next_back().map(|e| e.to_vec()));
    }
    front.extend(back.into_iter().rev());
    prop_assert_eq!(front, &model[a..b]);
    for (i, word) in model.iter().enumerate().step_by(5) {
        prop_assert!(list.get(i).is_some_and(|e| e.eq_bytes(word)));
    }
    prop_assert!(list.get(model.len()).is_none());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn behaves_as_a_vector(
        size in prop_oneof![Just(-1i64), Just(-2), Just(1), Just(2), Just(5), Just(128)],
        steps in proptest::collection::vec(
            (0u8..14, any::<prop::sample::Index>(), word(), word(), 0usize..12), 0..200),
    ) {
        let limits = Thresholds { list_max_listpack_size: size, ..Thresholds::default() };
        let (mut list, mut model) = (List::new(), Vec::<Vec<u8>>::new());
        for (kind, index, word, other, n) in steps {
            let at = index.index(model.len() + 1);
            match kind {
                0..=2 => {
                    list.push(End::Back, &word, &limits);
                    model.push(word);
                }
                3 | 4 => {
                    list.push(End::Front, &word, &limits);
                    model.insert(0, word);
                }
                5 => {
                    list.insert(at, &word, &limits);
                    model.insert(at, word);
                }
                6 | 7 => {
                    let side = if n % 2 == 0 { Side::Before } else { Side::After };
                    let pivot = model.iter().position(|w| *w == other);
                    prop_assert_eq!(list.insert_beside(&other, side, &word, &limits), pivot.is_some());
                    if let Some(pivot) = pivot {
                        model.insert(pivot + n % 2, word);
                    }
                }
                8 => {
                    prop_assert_eq!(list.set(at, &word, &limits), at < model.len());
                    if at < model.len() {
                        model[at] = word;
                    }
                }
                9 => prop_assert_eq!(list.pop(End::Back, &limits), model.pop()),
                10 => {
                    let popped = list.pop(End::Front, &limits);
                    prop_assert_eq!(popped, (!model.is_empty()).then(|| model.remove(0)));
                }
                11 => {
                    let mut left = n % 4;
                    let before = model.len();
                    let mut keep = |w: &Vec<u8>| *w != word || left == 0 || { left -= 1; false };
                    let from = if n < 6 {
                        model.retain(&mut keep);
                        End::Front
                    } else {
                        model.reverse();
                        model.retain(&mut keep);
                        model.reverse();
                        End::Back
                    };
                    let removed = list.remove_matching(&word, n % 4, from, &limits);
                    prop_assert_eq!(removed, before - model.len());
                }
                12 => {
                    let end = (at + n).min(model.len());
                    prop_assert_eq!(list.remove_range(at..at + n, &limits), end - at);
                    model.drain(at..end);
                }
                _ if n == 0 => {
                    let keep = at / 3..at;
                    list.trim(keep.clone(), &limits);
                    model = model[keep].to_vec();
                }
                _ => {}
            }
            prop_assert_eq!(list.len(), model.len());
            prop_assert_eq!(list.position(&other), model.iter().position(|w| *w == other));
        }
        check(&list, &model)?;
        check(&list.clone(), &model)?;
        let mut loaded = List::new();
        let mut count = 0;
        for node in list.nodes() {
            count += 1;
            match node {
                Node::Packed(bytes) => {
                    loaded.push_packed(Listpack::from_bytes(bytes.to_vec()).expect("ours is sound"))
                }
                Node::Plain(bytes) => loaded.push_plain(bytes.to_vec()),
            }
        }
        prop_assert_eq!(count, list.node_count());
        loaded.loaded(&limits);
        check(&loaded, &model)?;
    }
}

#[test]
fn encodings_change_where_redis_changes_them() {
    let limits = Thresholds { list_max_listpack_size: 4, ..Thresholds::default() };
    let mut list = List::new();
    (0..4).for_each(|n| list.push(End::Back, &[b'a' + n], &limits));
    assert_eq!(list.encoding().name(), "listpack");
    list.push(End::Back, b"e", &limits);
    assert_eq!(list.encoding().name(), "quicklist");
    assert_eq!(list.node_count(), 2);
    // One node again, but more than half full.
    list.pop(End::Back, &limits);
    assert_eq!(list.encoding().name(), "quicklist");
    list.pop(End::Back, &limits);
    assert_eq!(list.encoding().name(), "quicklist");
    list.pop(End::Back, &limits);
    assert_eq!(list.encoding().name(), "listpack");
    // One large element is enough, and only until it is small again.
    let limits = Thresholds::default();
    list.set(0, &[b'x'; 9000], &limits);
    assert_eq!(list.encoding().name(), "quicklist");
    list.set(0, b"x", &limits);
    assert_eq!(list.encoding().name(), "listpack");
}

#[test]
fn many_small_elements_take_few_bytes_each() {
    let limits = Thresholds::default();
    let mut list = List::new();
    (0..100_000).for_each(|n| list.push(End::Back, format!("element:{n:08}").as_bytes(), &limits));
    // 16 bytes, two of the listpack's, and little else.
    assert!(list.memory() < 100_000 * 20, "{}", list.memory());
}
