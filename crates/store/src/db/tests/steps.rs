//! What is done to both keyspaces: steps made up by chance, on keys so few that they meet.

use proptest::prelude::*;

use super::DBS;

/// One step, with the databases and keys it concerns.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Put(usize, u16, u16, Option<u64>),
    Burst(usize, u16, u16),
    Purge(usize, u16, u16),
    Increment(usize, u16, i64),
    Append(usize, u16, u16),
    WriteRange(usize, u16, u16),
    Push(usize, u16),
    PushMany(usize, u16, u16),
    Insert(usize, u16, usize, u16),
    SetAt(usize, u16, usize, u16),
    Cut(usize, u16, usize, usize),
    Pop(usize, u16),
    Add(usize, u16, u16),
    AddMany(usize, u16, u16, u16),
    Discard(usize, u16, u16),
    SetField(usize, u16, u16, u16),
    ExpireField(usize, u16, u16, u64),
    RemoveFields(usize, u16, u16, u16),
    Score(usize, u16, u16, i64),
    Unscore(usize, u16, usize, usize),
    Copy(usize, usize, u16, u16),
    Rename(usize, usize, u16, u16),
    Take(usize, usize, u16),
    SetTtl(usize, u16, u64),
    Persist(usize, u16),
    Wait(u64),
    Sweep(usize),
    Flush(usize, bool),
    FlushAll,
    Swap(usize, usize),
    Start,
    Slice(usize, usize),
    Cancel(usize),
    Evict,
}

pub(super) fn steps() -> impl Strategy<Value = Vec<Step>> {
    let db = 0..DBS;
    let key = 0..60u16;
    // Few keys, so that their collections become large: 60.. sets, 65.. hashes, 70.. sorted sets.
    let few = 60..75u16;
    let lists = 68..72u16;
    let len = prop_oneof![0..50u16, 200..400u16];
    let ttl = prop_oneof![Just(None), (1..30_000u64).prop_map(Some)];
    let at = (db.clone(), key.clone());
    let step = prop_oneof![
        6 => (db.clone(), key.clone(), len.clone(), ttl)
            .prop_map(|(d, k, n, t)| Step::Put(d, k, n, t)),
        2 => (db.clone(), key.clone(), 0..80u16).prop_map(|(d, k, n)| Step::Burst(d, k, n)),
        1 => (db.clone(), key.clone(), 0..80u16).prop_map(|(d, k, n)| Step::Purge(d, k, n)),
        2 => (db.clone(), key.clone(), -9..9i64).prop_map(|(d, k, n)| Step::Increment(d, k, n)),
        2 => (db.clone(), key.clone(), len.clone()).prop_map(|(d, k, n)| Step::Append(d, k, n)),
        2 => (db.clone(), key.clone(), len).prop_map(|(d, k, n)| Step::WriteRange(d, k, n)),
        4 => at.clone().prop_map(|(d, k)| Step::Push(d, k)),
        3 => (db.clone(), lists.clone(), 0..90u16).prop_map(|(d, k, n)| Step::PushMany(d, k, n)),
        4 => (db.clone(), lists.clone(), 0..90usize, 0..60u16)
            .prop_map(|(d, k, at, n)| Step::Insert(d, k, at, n)),
        4 => (db.clone(), lists.clone(), 0..90usize, 0..60u16)
            .prop_map(|(d, k, at, n)| Step::SetAt(d, k, at, n)),
        2 => (db.clone(), lists, 0..90usize, 0..30usize)
            .prop_map(|(d, k, at, n)| Step::Cut(d, k, at, n)),
        2 => at.clone().prop_map(|(d, k)| Step::Pop(d, k)),
        3 => (db.clone(), key.clone(), 0..5u16).prop_map(|(d, k, n)| Step::Add(d, k, n)),
        4 => (db.clone(), few.clone(), 0..60u16, 0..30u16)
            .prop_map(|(d, k, from, n)| Step::AddMany(d, k, from, n)),
        4 => (db.clone(), few.clone(), 0..60u16).prop_map(|(d, k, m)| Step::Discard(d, k, m)),
        6 => (db.clone(), few.clone(), 0..60u16, 0..30u16)
            .prop_map(|(d, k, from, n)| Step::SetField(d, k, from, n)),
        3 => (db.clone(), few.clone(), 0..60u16, 1..60_000u64)
            .prop_map(|(d, k, f, ms)| Step::ExpireField(d, k, f, ms)),
        3 => (db.clone(), few.clone(), 0..60u16, 0..30u16)
            .prop_map(|(d, k, from, n)| Step::RemoveFields(d, k, from, n)),
        8 => (db.clone(), few.clone(), 0..60u16, -3000..3000i64)
            .prop_map(|(d, k, m, s)| Step::Score(d, k, m, s)),
        2 => (db.clone(), few.clone(), 0..40usize, 0..20usize)
            .prop_map(|(d, k, from, n)| Step::Unscore(d, k, from, n)),
        1 => (db.clone(), db.clone(), few.clone(), few.clone())
            .prop_map(|(a, b, from, to)| Step::Copy(a, b, from, to)),
        2 => (db.clone(), db.clone(), few.clone(), few.clone())
            .prop_map(|(a, b, from, to)| Step::Rename(a, b, from, to)),
        1 => (db.clone(), few).prop_map(|(d, k)| Step::Purge(d, k, 1)),
        2 => (db.clone(), db.clone(), key.clone()).prop_map(|(a, b, k)| Step::Take(a, b, k)),
        3 => (db.clone(), key.clone(), 1..30_000u64).prop_map(|(d, k, t)| Step::SetTtl(d, k, t)),
        2 => at.prop_map(|(d, k)| Step::Persist(d, k)),
        2 => (1..5_000u64).prop_map(Step::Wait),
        2 => (1..20usize).prop_map(Step::Sweep),
        1 => (db.clone(), any::<bool>()).prop_map(|(d, lazy)| Step::Flush(d, lazy)),
        1 => Just(Step::FlushAll),
        1 => (db.clone(), db).prop_map(|(a, b)| Step::Swap(a, b)),
        3 => Just(Step::Start),
        6 => (0..4usize, 1..30usize).prop_map(|(n, budget)| Step::Slice(n, budget)),
        1 => (0..4usize).prop_map(Step::Cancel),
        1 => Just(Step::Evict),
    ];
    proptest::collection::vec(step, 1..160)
}

pub(super) fn name(key: u16) -> Vec<u8> {
    // Some keys have lengths that need the wide form.
    let mut name = format!("key:{key}").into_bytes();
    if key.is_multiple_of(16) {
        name.resize(300, b'.');
    }
    name
}
