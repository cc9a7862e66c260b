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
