//! Structures against models: each input is a list of steps.

use crate::{Bounds, Target};
use ds::intset::Intset;
use ds::listpack::Listpack;
use ds::{Cell, Element, Seed, Table};
use std::collections::{BTreeMap, BTreeSet};
use stdx::Prng;

pub(super) const TARGETS: &[Target] = &[
    Target {
        name: "listpack",
        run: listpack,
        bounds: Bounds { bytes: 1 << 20, bytes_per_byte: 100_000, ms: 5000 },
        words: &[b"\x00\x05hello", b"\x03\xff\xff\xff\xff\xff\xff\xff\xff", b"\x04", b"\x05"],
        len_max: 2 << 10,
    },
    Target {
        name: "intset",
        run: intset,
        bounds: Bounds { bytes: 1 << 20, bytes_per_byte: 20_000, ms: 5000 },
        words: &[b"\x00\x7f\xff", b"\x02\xff\xff\xff\xff\xff\xff\xff\x7f"],
        len_max: 2 << 10,
    },
    Target {
        name: "table",
        run: table,
        bounds: Bounds { bytes: 4 << 20, bytes_per_byte: 400_000, ms: 5000 },
        words: &[b"\x00\x01\x02", b"\x05\xff", b"\x06\xff", b"\x07", b"\x08"],
        len_max: 1 << 10,
    },
];

/// Takes bytes off an input; zeros where it has ended.
struct Steps<'a>(&'a [u8]);

impl<'a> Steps<'a> {
    fn next(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn byte(&mut self) -> u8 {
        self.next().unwrap_or(0)
    }

    fn int(&mut self, width: usize) -> i64 {
        let mut bytes = [0; 8];
        (0..width).for_each(|at| bytes[at] = self.byte());
        i64::from_le_bytes(bytes) << (64 - 8 * width) >> (64 - 8 * width)
    }

    fn bytes(&mut self) -> &'a [u8] {
        let len = usize::from(self.byte() % 80).min(self.0.len());
        let (bytes, rest) = self.0.split_at(len);
        self.0 = rest;
        bytes
    }
}

fn listpack(input: &[u8]) {
    // As it is, it may be a listpack: if so, all of it can be walked and changed.
    if let Ok(mut pack) = Listpack::from_bytes(input.to_vec()) {
        let forth: Vec<Vec<u8>> = pack.iter().map(|element| element.to_vec()).collect();
        let mut back: Vec<Vec<u8>> = pack.iter().rev().map(|element| element.to_vec()).collect();
        back.reverse();
        assert_eq!((forth.len(), &forth), (pack.len(), &back));
        pack.push_front(Element::Int(7));
        assert_eq!(Listpack::validate(pack.as_bytes()), Ok(()));
    }
    let (mut pack, mut model) = (Listpack::new(), Vec::<Vec<u8>>::new());
    let mut steps = Steps(input);
    while let Some(step) = steps.next() {
        let index = usize::from(steps.byte());
        let at = |pack: &Listpack| pack.seek(index).unwrap_or(pack.end());
        match step % 8 {
            0..=2 => {
                let bytes = steps.bytes();
                pack.insert(at(&pack), Element::Bytes(bytes));
                model.insert(index.min(model.len()), bytes.to_vec());
            }
            3 => {
                let number = steps.int([1, 2, 3, 4, 8][index % 5]);
                pack.push_back(Element::Int(number));
                model.push(number.to_string().into_bytes());
            }
            4 if index < model.len() => {
                let bytes = steps.bytes();
                pack.replace(at(&pack), Element::Bytes(bytes));
                model[index] = bytes.to_vec();
            }
            5 => {
                let count = usize::from(steps.byte() % 5);
                let end = (index + count).min(model.len());
                let removed = model.drain(index.min(end)..end).count();
                assert_eq!(pack.remove_many(at(&pack), count), removed);
            }
            6 => {
                let tail = pack.split_off(at(&pack));
                let other = model.split_off(index.min(model.len()));
                assert!(tail.iter().map(|e| e.to_vec()).eq(other.iter().cloned()));
                pack.append(&tail);
                model.extend(other);
            }
            _ => {
                let bytes = steps.bytes();
                let found = pack.find(pack.first(), bytes, 1).map(|at| pack.at(at).to_vec());
                assert_eq!(found.is_some(), model.iter().any(|own| own == bytes));
            }
        }
        assert_eq!(pack.len(), model.len());
    }
    assert_eq!(Listpack::validate(pack.as_bytes()), Ok(()));
    assert!(pack.iter().map(|e| e.to_vec()).eq(model.iter().cloned()));
    assert!(pack.iter().rev().map(|e| e.to_vec()).eq(model.iter().rev().cloned()));
}

fn intset(input: &[u8]) {
    if let Ok(mut set) = Intset::from_bytes(input.to_vec()) {
        set.insert(i64::MIN);
        assert!(set.contains(i64::MIN) && Intset::validate(set.as_bytes()) == Ok(()));
    }
    let (mut set, mut model) = (Intset::new(), BTreeSet::new());
    let mut steps = Steps(input);
    while let Some(step) = steps.next() {
        let number = steps.int([2, 4, 8, 1][usize::from(step >> 2) % 4]);
        match step % 4 {
            0 | 1 => assert_eq!(set.insert(number), model.insert(number)),
            2 => assert_eq!(set.remove(number), model.remove(&number)),
            _ => assert_eq!(set.contains(number), model.contains(&number)),
        }
    }
    assert!(set.iter().eq(model.iter().copied()));
    assert_eq!(Intset::validate(set.as_bytes()), Ok(()));
}

fn table(input: &[u8]) {
    let mut table: Table<Cell> = Table::with_chunks(Seed::new(1, 2), 2, 0);
    let mut model = BTreeMap::<Vec<u8>, u64>::new();
    let mut prng = Prng::new(1);
    let mut steps = Steps(input);
    let mut written = 0u64;
    while let Some(step) = steps.next() {
        let first = u32::from(steps.byte());
        // Steps 5 and 6 are about many keys.
        let count = if matches!(step % 9, 5 | 6) { u32::from(steps.byte()) } else { 1 };
        for key in (first..first + count).map(|key| key.to_be_bytes()) {
            written += 1;
            match step % 9 {
                0..=2 | 5 => {
                    let old = table.insert(Cell::new(&key, None, Some(written)));
                    let old = old.and_then(|old| old.as_ref().extra());
                    assert_eq!(old, model.insert(key.to_vec(), written));
                }
                3 | 4 | 6 => {
                    let old = table.remove(&key).and_then(|old| old.as_ref().extra());
                    assert_eq!(old, model.remove(&key[..]));
                }
                7 => match table.random(&mut prng) {
                    Some(any) => assert_eq!(model.get(any.key()).copied(), any.extra()),
                    None => assert!(model.is_empty()),
                },
                _ => {
                    let found = table.get(&key).and_then(|found| found.extra());
                    assert_eq!(found, model.get(&key[..]).copied());
                }
            }
        }
        assert_eq!(table.len(), model.len());
    }
    let mut scanned = BTreeMap::new();
    let mut cursor = 0;
    loop {
        cursor = table.scan(cursor, 3, |cell| {
            scanned.insert(cell.key().to_vec(), cell.extra().unwrap_or(0));
        });
        if cursor == 0 {
            break;
        }
    }
    assert_eq!(scanned, model);
    let all: BTreeMap<Vec<u8>, u64> =
        table.iter().map(|cell| (cell.key().to_vec(), cell.extra().unwrap_or(0))).collect();
    assert_eq!(all, model);
}
