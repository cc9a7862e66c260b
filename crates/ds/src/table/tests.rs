//! The table against a standard map, scans while it grows and shrinks, deadlines, and chance.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use stdx::Prng;

use super::*;

/// An item for tests: a key of four bytes, a count, and a deadline.
struct Entry(Box<Content>);

struct Content {
    key: [u8; 4],
    value: u32,
    due: Option<u64>,
}

impl Entry {
    fn new(key: u32, value: u32) -> Entry {
        Entry(Box::new(Content { key: key.to_be_bytes(), value, due: None }))
    }
}

// SAFETY: addresses of boxes, on machines where those have 48 bits.
unsafe impl Item for Entry {
    type Ref<'a> = &'a Content;
    fn into_word(self) -> u64 {
        Box::into_raw(self.0).expose_provenance() as u64
    }
    unsafe fn from_word(word: u64) -> Entry {
        // SAFETY: the caller's promise.
        Entry(unsafe { Box::from_raw(std::ptr::with_exposed_provenance_mut(word as usize)) })
    }
    unsafe fn borrow<'a>(word: u64) -> &'a Content {
        // SAFETY: the caller's promise.
        unsafe { &*std::ptr::with_exposed_provenance(word as usize) }
    }
    fn key<'a>(item: Self::Ref<'a>) -> &'a [u8] {
        &item.key
    }
    fn deadline(item: Self::Ref<'_>) -> Option<u64> {
        item.due
    }
}

fn table() -> Table<Entry> {
    // Chunks of four buckets, so that a few dozen items cross their borders.
    Table::with_chunks(Seed::new(1, 2), 2, 0)
}

#[derive(Clone, Debug)]
enum Step {
    Insert(u32, u32),
    Remove(u32),
    Burst(u32, u32),
    Purge(u32, u32),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let key = 0..400u32;
    let step = prop_oneof![
        4 => (key.clone(), any::<u32>()).prop_map(|(k, v)| Step::Insert(k, v)),
        4 => key.clone().prop_map(Step::Remove),
        1 => (key.clone(), 0..200u32).prop_map(|(k, n)| Step::Burst(k, n)),
        1 => (key, 0..200u32).prop_map(|(k, n)| Step::Purge(k, n)),
    ];
    proptest::collection::vec(step, 1..60)
}

fn apply(table: &mut Table<Entry>, model: &mut BTreeMap<u32, u32>, step: &Step) {
    match *step {
        Step::Insert(key, value) => {
            let old = table.insert(Entry::new(key, value)).map(|old| old.0.value);
            assert_eq!(old, model.insert(key, value));
        }
        Step::Remove(key) => {
            let old = table.remove(&key.to_be_bytes()).map(|old| old.0.value);
            assert_eq!(old, model.remove(&key));
        }
        Step::Burst(from, n) => (from..from + n).for_each(|key| {
            table.insert(Entry::new(key, n));
            model.insert(key, n);
        }),
        Step::Purge(from, n) => (from..from + n).for_each(|key| {
            table.remove(&key.to_be_bytes());
            model.remove(&key);
        }),
    }
}

proptest! {
    #[test]
    fn it_is_a_map(steps in steps()) {
        let (mut table, mut model) = (table(), BTreeMap::new());
        for step in &steps {
            apply(&mut table, &mut model, step);
            table.check_invariants();
            prop_assert_eq!(table.len(), model.len());
        }
        for (key, value) in &model {
            prop_assert_eq!(table.get(&key.to_be_bytes()).map(|item| item.value), Some(*value));
        }
        let all: BTreeMap<u32, u32> =
            table.iter().map(|item| (u32::from_be_bytes(item.key), item.value)).collect();
        prop_assert_eq!(all, model);
    }

    /// Whatever was there from the first step of a scan to its last is handed out.
    #[test]
    fn scans_miss_nothing_that_stays(before in steps(), during in steps(), count in 1..20usize) {
        let (mut table, mut model) = (table(), BTreeMap::new());
        before.iter().for_each(|step| apply(&mut table, &mut model, step));
        let mut stays: BTreeSet<u32> = model.keys().copied().collect();
        let mut seen = BTreeSet::new();
        let mut cursor = 0;
        let mut changes = during.iter();
        loop {
            cursor = table.scan(cursor, count, |item| {
                seen.insert(u32::from_be_bytes(item.key));
            });
            if cursor == 0 {
                break;
            }
            if let Some(step) = changes.next() {
                apply(&mut table, &mut model, step);
                stays.retain(|key| model.contains_key(key));
            }
        }
        prop_assert!(stays.is_subset(&seen), "missed {:?}", stays.difference(&seen));
    }

    /// Due items are found however the table was split and merged since their deadlines were noted.
    #[test]
    fn no_deadline_is_forgotten(
        dues in proptest::collection::vec((0..400u32, 1..100u64), 1..200),
        steps in steps(),
        now in 1..100u64,
    ) {
        let (mut table, mut model) = (table(), BTreeMap::new());
        for (key, secs) in &dues {
            table.insert(Entry(Box::new(Content {
                key: key.to_be_bytes(), value: 0, due: Some(secs * 1000),
            })));
            table.note_deadline(table.hash(&key.to_be_bytes()), secs * 1000);
            model.insert(*key, 0);
        }
        steps.iter().for_each(|step| apply(&mut table, &mut model, step));
        let due = |table: &Table<Entry>| -> BTreeSet<u32> {
            let due = table.iter().filter(|item| item.due.is_some_and(|due| due <= now * 1000));
            due.map(|item| u32::from_be_bytes(item.key)).collect()
        };
        let mut found = BTreeSet::new();
        let want = due(&table);
        let mut from = 0;
        while let Some(index) = table.next_due(from, now * 1000) {
            found.extend(table
                .bucket(index)
                .filter(|item| item.due.is_some_and(|due| due <= now * 1000))
                .map(|item| item.key));
            from = index + 1;
        }
        prop_assert_eq!(found.len(), want.len());
        for key in &found {
            table.remove(key);
        }
        prop_assert!(due(&table).is_empty());
        // With everything due gone, visits make the bounds exact.
        (0..table.buckets()).for_each(|index| table.refresh_deadline(index));
        prop_assert_eq!(table.next_due(0, now * 1000), None);
    }

    /// Several views of several moments, served while the table changes, each whole and without repetition.
    #[test]
    fn snapshots_show_their_moment(steps in steps(), plan in proptest::collection::vec(0..8u8, 60)) {
        let (mut table, mut model) = (table(), BTreeMap::new());
        let mut views: Vec<View> = Vec::new();
        for (step, plan) in steps.iter().zip(plan) {
            if plan == 0 && views.iter().filter(|view| !view.done).count() < 4 {
                let id = views.len() as u32 + 1;
                views.push(View { id, cursor: 0, done: false, seen: BTreeMap::new(), want: model.clone() });
                table.protect(id);
            }
            if let Some(at) = views.iter().position(|view| !view.done && plan % 3 == 1) {
                slice(&mut table, &mut views, at, 3);
            }
            let keys: Vec<u32> = match *step {
                Step::Insert(key, _) | Step::Remove(key) => vec![key],
                Step::Burst(from, n) | Step::Purge(from, n) => (from..from + n).collect(),
            };
            // Element by element, as commands do it.
            for key in keys {
                let hash = table.hash(&key.to_be_bytes());
                if let Some(index) = table.unseen(hash) {
                    let last = views.len() as u32;
                    show(&mut table, &mut views, index, last);
                }
                let single = match *step {
                    Step::Insert(_, value) | Step::Burst(_, value) => Step::Insert(key, value),
                    _ => Step::Remove(key),
                };
                apply(&mut table, &mut model, &single);
            }
            table.check_invariants();
        }
        for at in 0..views.len() {
            while !views[at].done {
                slice(&mut table, &mut views, at, 10);
            }
        }
        for view in &views {
            prop_assert_eq!(&view.seen, &view.want, "view {}", view.id);
        }
    }
}

struct View {
    id: u32,
    cursor: usize,
    done: bool,
    seen: BTreeMap<u32, u32>,
    want: BTreeMap<u32, u32>,
}

fn show(table: &mut Table<Entry>, views: &mut [View], index: usize, upto: u32) {
    let stamp = table.stamp(index);
    for view in views.iter_mut().filter(|view| !view.done && stamp < view.id && view.id <= upto) {
        for item in table.bucket(index) {
            let old = view.seen.insert(u32::from_be_bytes(item.key), item.value);
            assert_eq!(old, None, "an item is shown once");
        }
    }
    table.set_stamp(index, upto);
}

fn slice(table: &mut Table<Entry>, views: &mut [View], at: usize, buckets: usize) {
    let id = views[at].id;
    for _ in 0..buckets {
        let index = views[at].cursor;
        if index >= table.buckets() {
            views[at].done = true;
            let protected = views.iter().filter(|view| !view.done).map(|view| view.id).max();
            table.protect(protected.unwrap_or(0));
            return;
        }
        if table.stamp(index) < id {
            show(table, views, index, id);
        }
        views[at].cursor += 1;
    }
}

#[test]
fn every_item_is_as_likely() {
    let mut table = table();
    (0..100).for_each(|key| drop(table.insert(Entry::new(key, 0))));
    let mut prng = Prng::new(1);
    let mut drawn = [0u32; 100];
    for _ in 0..100_000 {
        drawn[table.random(&mut prng).expect("not empty").key[3] as usize] += 1;
    }
    // A thousand each on average; a deviation of 20 % is more than six standard deviations.
    assert!(drawn.iter().all(|&n| (800..1200).contains(&n)), "{drawn:?}");
}

#[test]
fn what_was_emptied_under_a_snapshot_shrinks_when_that_is_over() {
    let mut table = table();
    (0..5000).for_each(|key| drop(table.insert(Entry::new(key, 0))));
    let buckets = table.buckets();
    table.protect(1);
    (0..buckets).for_each(|index| table.set_stamp(index, 1));
    (10..5000u32).for_each(|key| drop(table.remove(&key.to_be_bytes())));
    table.shrink(usize::MAX);
    assert_eq!(table.buckets(), buckets);
    table.protect(0);
    // Some at a time, or by what is taken out.
    table.shrink(100);
    assert_eq!(table.buckets(), buckets - 100);
    drop(table.remove(&0u32.to_be_bytes()));
    assert_eq!(table.buckets(), buckets - 102);
    table.shrink(usize::MAX);
    table.check_invariants();
    assert!(table.buckets() <= 3, "{}", table.buckets());
    assert!((1..10u32).all(|key| table.contains(&key.to_be_bytes())));
}

#[test]
fn a_small_table_is_one_cache_line() {
    let mut table: Table<Entry> = Table::new(Seed::default());
    (0..6).for_each(|key| drop(table.insert(Entry::new(key, 0))));
    assert_eq!(table.buckets(), 1);
    assert!(table.heap_bytes() < 128, "{}", table.heap_bytes());
    assert!(size_of::<Table<Entry>>() <= 128, "{}", size_of::<Table<Entry>>());
}

#[test]
fn samples_have_as_many_as_asked_where_there_are() {
    let mut table = table();
    (0..50).for_each(|key| drop(table.insert(Entry::new(key, 0))));
    let mut prng = Prng::new(3);
    for count in [1, 5, 50, 100] {
        let mut n = 0;
        table.sample(&mut prng, count, |_| n += 1);
        assert!(n >= count.min(50) && n <= 50, "{count}: {n}");
    }
}
