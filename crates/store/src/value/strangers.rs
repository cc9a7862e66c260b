//! Collections made of listpacks that are sound but strange: integers in wider encodings than they need, or as
//! strings, scores that are words, members twice. They are refused, or behave.

use ds::listpack::Listpack;
use proptest::prelude::*;
use stdx::Prng;

use super::{End, Hash, List, Set, ZSet};
use crate::Thresholds;

/// One entry in an encoding nobody would choose.
fn entry() -> impl Strategy<Value = Vec<u8>> {
    let text = prop_oneof![
        (-20i64..20).prop_map(|n| n.to_string()),
        "[ab]{0,2}",
        Just("1.5".to_owned()),
        Just("nan".to_owned()),
        Just("0x10".to_owned()),
        Just("1e999".to_owned()),
    ];
    prop_oneof![
        text.clone().prop_map(|t| [&[0x80 | t.len() as u8], t.as_bytes()].concat()),
        text.clone().prop_map(|t| [&[0xe0, t.len() as u8], t.as_bytes()].concat()),
        text.prop_map(|t| [&[0xf0, t.len() as u8, 0, 0, 0], t.as_bytes()].concat()),
        (0u8..20).prop_map(|n| vec![n]),
        (0u8..20).prop_map(|n| vec![0xc0, n]),
        (0i16..20).prop_map(|n| [&[0xf1], &n.to_le_bytes()[..]].concat()),
        (-20i64..20).prop_map(|n| [&[0xf4], &n.to_le_bytes()[..]].concat()),
    ]
}

fn pack(entries: &[Vec<u8>], counted: bool) -> Listpack {
    let mut bytes = vec![0; 6];
    for entry in entries {
        bytes.extend_from_slice(entry);
        bytes.push(entry.len() as u8);
    }
    bytes.push(0xff);
    let len = bytes.len() as u32;
    bytes[..4].copy_from_slice(&len.to_le_bytes());
    let count = if counted { entries.len() as u16 } else { u16::MAX };
    bytes[4..6].copy_from_slice(&count.to_le_bytes());
    Listpack::from_bytes(bytes).expect("strange, but sound")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn strange_listpacks_are_refused_or_behave(
        entries in proptest::collection::vec(entry(), 0..12),
        counted in any::<bool>(),
        max in prop_oneof![Just(3usize), Just(100)],
    ) {
        let limits = Thresholds {
            set_max_listpack_entries: max,
            hash_max_listpack_entries: max,
            zset_max_listpack_entries: max,
            ..Thresholds::default()
        };
        let mut prng = Prng::new(1);
        if let Some(mut set) = Set::from_listpack(pack(&entries, counted), &limits) {
            set.insert(b"5", &limits);
            set.insert(b"new", &limits);
            set.to_intset_if_fits(&limits);
            let members: Vec<_> = set.iter().map(|m| m.to_vec()).collect();
            prop_assert!(members.iter().all(|m| set.contains(m)));
            prop_assert!(members.iter().all(|m| set.remove(m)));
            prop_assert!(set.random(&mut prng).is_none());
        }
        if let Some(mut hash) = Hash::from_listpack(pack(&entries, counted), &limits) {
            hash.set(b"5", b"five", &limits);
            hash.set_ttl(b"5", 1, &limits);
            hash.take_due(1, 10, |_| ());
            let fields: Vec<_> = hash.iter().map(|(f, _)| f.to_vec()).collect();
            prop_assert!(fields.iter().all(|f| hash.contains(f)));
            prop_assert!(fields.iter().all(|f| hash.remove(f)));
            prop_assert!(hash.random(&mut prng).is_none());
        }
        if let Some(mut zset) = ZSet::from_listpack(pack(&entries, counted), &limits) {
            zset.insert(b"5", 0.5, &limits);
            zset.insert(b"new", -0.5, &limits);
            zset.to_listpack_if_fits(&limits);
            let members: Vec<_> = zset.iter().map(|(m, s)| (m.to_vec(), s)).collect();
            prop_assert!(members.is_sorted_by(|a, b| a.1 <= b.1));
            for (rank, (member, _)) in members.iter().enumerate() {
                prop_assert_eq!(zset.rank(member), Some(rank));
            }
            prop_assert!(members.iter().all(|(m, _)| zset.remove(m).is_some()));
            prop_assert!(zset.random(&mut prng).is_none());
        }
        let mut list = List::new();
        list.push_packed(pack(&entries, counted));
        list.loaded(&limits);
        prop_assert_eq!(list.len(), entries.len());
        list.push(End::Front, b"first", &limits);
        while list.pop(End::Back, &limits).is_some() {}
        prop_assert!(list.is_empty());
    }
}
