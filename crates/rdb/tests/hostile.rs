//! Bytes from nowhere, cut files, flipped bits: an error with an offset, never a panic, never much memory.

mod values;

use proptest::prelude::*;
use rdb::{DecodeOptions, Decoder};
use store::{Thresholds, Value};
use values::{Made, dataset, limits, load, save, value};

/// Loads without minding the checksum, so that damage reaches the parsers.
fn provoke(file: &[u8], piece: usize) -> Option<u64> {
    let options = DecodeOptions { checksum: false, ..Default::default() };
    let mut decoder = Decoder::new(options);
    for bytes in file.chunks(piece) {
        decoder.feed(bytes);
        loop {
            match decoder.next() {
                Ok(Some(_)) => {}
                Ok(None) => break,
                Err(corrupt) => return Some(corrupt.at),
            }
        }
    }
    decoder.finish().err().map(|corrupt| corrupt.at)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn arbitrary_bytes_are_refused_quietly(bytes: Vec<u8>, kind in 0u8..26, piece in 1usize..50) {
        let file = [b"REDIS0012", &[kind][..], b"\x03key", &bytes].concat();
        if let Some(at) = provoke(&file, piece) {
            prop_assert!(at <= file.len() as u64);
        }
        let _ = rdb::restore(&[&[kind][..], &bytes, &[10, 0, 0, 0, 0, 0, 0, 0, 0, 0]].concat(), false,
            &Thresholds::default());
    }

    #[test]
    fn every_cut_is_noticed(dataset in dataset(limits(false)), cut in any::<prop::sample::Index>()) {
        let file = save(&dataset, true);
        let cut = cut.index(file.len());
        let corrupt = load(&file[..cut], 64).expect_err("the end is missing");
        prop_assert_eq!(corrupt.at, cut as u64);
        prop_assert_eq!(corrupt.what, rdb::Damage::Eof);
    }

    #[test]
    fn every_flipped_bit_is_noticed(
        dataset in dataset(limits(true)),
        place in any::<prop::sample::Index>(),
        bit in 0u8..8,
    ) {
        let mut file = save(&dataset, true);
        let place = place.index(file.len());
        file[place] ^= 1 << bit;
        prop_assert!(load(&file, 4096).is_err());
        provoke(&file, 4096);
    }

    #[test]
    fn flipped_bits_in_payloads_do_no_harm(
        value in value(limits(true)),
        place in any::<prop::sample::Index>(),
        bit in 0u8..8,
    ) {
        let mut payload = rdb::dump(value.as_ref(), false);
        let place = place.index(payload.len());
        payload[place] ^= 1 << bit;
        prop_assert!(rdb::restore(&payload, true, &Thresholds::default()).is_err());
        let _ = rdb::restore(&payload, false, &Thresholds::default());
    }
}

#[test]
fn promises_of_gigabytes_cost_nothing() {
    for kind in 0u8..26 {
        for length in [
            &[0x81, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff][..],
            &[0x80, 0xff, 0xff, 0xff, 0xff],
        ] {
            let file = [b"REDIS0012", &[kind][..], b"\x03key", length, &[0; 64]].concat();
            provoke(&file, 16);
            let late = [b"REDIS0012", &[kind][..], b"\x03key", &[0; 8], length, &[1; 64]].concat();
            provoke(&late, 16);
        }
    }
}

#[test]
fn databases_beyond_the_configured_are_refused() {
    let made =
        Made { db: 2, value: Value::Int(1), expires: None, access: store::Access::Frequency(0) };
    let file = save(&[made], false);
    let options = DecodeOptions { databases: 2, ..DecodeOptions::default() };
    let mut decoder = rdb::Decoder::new(options);
    decoder.feed(&file);
    let error = loop {
        match decoder.next() {
            Ok(item) => assert!(item.is_some(), "database 2 of 2 must be refused"),
            Err(error) => break error,
        }
    };
    assert_eq!(error.what, rdb::Damage::Database(2));
}
