//! What is written comes back: files and payloads of every type and encoding, fed in any pieces.

mod values;

use proptest::prelude::*;
use rdb::{Checksum, Item};
use store::Thresholds;
use values::{dataset, key_name, limits, load, save, says, value};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn files_come_back(
        (packed, compress) in any::<(bool, bool)>(),
        piece in 1usize..200,
        (small, large) in (dataset(limits(false)), dataset(limits(true))),
    ) {
        let dataset = if packed { large } else { small };
        let file = save(&dataset, compress);
        let (items, keys) = load(&file, piece).expect("our own file is sound");
        prop_assert_eq!(keys.len(), dataset.len());
        for (index, (key, made)) in keys.iter().zip(&dataset).enumerate() {
            prop_assert_eq!(&key.key, &key_name(index));
            prop_assert_eq!(key.db, made.db);
            prop_assert_eq!(key.expires, made.expires);
            prop_assert_eq!(key.access, Some(made.access));
            prop_assert_eq!(says(key.value.as_ref()), says(made.value.as_ref()));
        }
        let good = matches!(items.last(), Some(Item::End { checksum: Checksum::Good }));
        prop_assert!(good);
    }

    #[test]
    fn payloads_come_back(
        (packed, compress) in any::<(bool, bool)>(),
        (small, large) in (value(limits(false)), value(limits(true))),
    ) {
        let value = if packed { large } else { small };
        let payload = rdb::dump(value.as_ref(), compress);
        let back = rdb::restore(&payload, true, &Thresholds::default()).expect("our own payload");
        prop_assert_eq!(says(back.as_ref()), says(value.as_ref()));
        for cut in 0..payload.len() {
            prop_assert!(rdb::restore(&payload[..cut], true, &Thresholds::default()).is_err());
        }
    }
}

#[test]
fn what_follows_the_file_is_given_back() {
    let mut file = save(&[], true);
    file.extend_from_slice(b"*1\r\n$4\r\nPING\r\n");
    let mut decoder = rdb::Decoder::new(rdb::DecodeOptions::default());
    decoder.feed(&file);
    while decoder.next().expect("sound").is_some() {}
    assert!(decoder.is_done());
    assert_eq!(decoder.rest(), b"*1\r\n$4\r\nPING\r\n");
}

/// A value of a million elements is understood while it arrives: nothing waits but the element under way.
#[test]
fn long_values_do_not_wait_for_their_end() {
    const PIECE: usize = 1000;
    const ELEMENT_MAX: usize = 300;
    let limits = Thresholds::default();
    let mut hash = store::Hash::new();
    let mut list = store::List::new();
    for n in 0..3000 {
        let text = format!("{n}:").repeat(1 + n % 20);
        hash.set(text.as_bytes(), text.as_bytes(), &limits);
        list.push(store::End::Back, text.as_bytes(), &limits);
    }
    let made =
        |value| values::Made { db: 0, value, expires: None, access: store::Access::Frequency(1) };
    let hash = made(store::Value::Hash(hash));
    let file = save(&[hash], false);
    let mut decoder = rdb::Decoder::new(rdb::DecodeOptions::default());
    let mut keys = 0;
    for piece in file.chunks(PIECE) {
        decoder.feed(piece);
        while let Some(item) = decoder.next().expect("sound") {
            keys += usize::from(matches!(item, Item::Key(_)));
        }
        assert!(decoder.rest().len() <= ELEMENT_MAX, "{} bytes wait", decoder.rest().len());
    }
    assert!(decoder.is_done() && keys == 1);
    // The nodes of a list, packed, come one by one as well.
    let file = save(&[made(store::Value::List(list))], true);
    assert_eq!(load(&file, PIECE).expect("sound").1.len(), 1);
}
