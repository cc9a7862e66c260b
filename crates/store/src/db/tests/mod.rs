//! Random commands against a naive keyspace, with overlapping snapshots that are compared with their moments.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use proptest::prelude::*;
use stdx::{Instant, Now, WallTime};

use crate::value::End;
use crate::*;

mod rules;

/// A value as a naive keyspace holds it.
#[derive(Clone, Debug, PartialEq)]
enum Plain {
    Str(Vec<u8>),
    List(Vec<Vec<u8>>),
    Set(BTreeSet<Vec<u8>>),
    /// Fields with values and deadlines.
    Hash(BTreeMap<Vec<u8>, (Vec<u8>, Option<u64>)>),
    /// Scores in hundredths.
    ZSet(BTreeMap<Vec<u8>, i64>),
}

impl Plain {
    fn of(value: ValueRef<'_>) -> Plain {
        match value {
            ValueRef::Str(text) => Plain::Str(text.to_vec()),
            ValueRef::List(list) => Plain::List(list.iter().map(|e| e.to_vec()).collect()),
            ValueRef::Set(set) => Plain::Set(set.iter().map(|e| e.to_vec()).collect()),
            ValueRef::Hash(hash) => {
                let fields = hash.iter_with_ttl();
                Plain::Hash(fields.map(|(f, v, ttl)| (f.to_vec(), (v.to_vec(), ttl))).collect())
            }
            ValueRef::ZSet(zset) => {
                Plain::ZSet(zset.iter().map(|(m, s)| (m.to_vec(), (s * 100.0) as i64)).collect())
            }
        }
    }
}

type Keys = BTreeMap<Vec<u8>, (Plain, Option<u64>)>;

const DBS: usize = 3;

struct World {
    keyspace: Keyspace,
    model: [Keys; DBS],
    now_ms: u64,
    snapshots: Vec<Moment>,
}

/// A snapshot, and what it has to come to.
struct Moment {
    id: SnapshotId,
    at_ms: u64,
    want: [Keys; DBS],
    seen: Rc<RefCell<Seen>>,
    done: bool,
}

#[derive(Default)]
struct Seen {
    keys: [Keys; DBS],
    announced: BTreeMap<usize, (usize, usize)>,
    finished: bool,
    twice: bool,
    /// The large value that is coming.
    open: Option<Coming>,
    /// How many large values came.
    large: usize,
}

/// A large value of which not all has come.
struct Coming {
    db: usize,
    key: Vec<u8>,
    plain: Plain,
    expires: Option<u64>,
    left: usize,
}

struct Sink(Rc<RefCell<Seen>>);

impl RecordSink for Sink {
    fn begin_db(&mut self, db: usize, keys: usize, expires: usize) {
        let old = self.0.borrow_mut().announced.insert(db, (keys, expires));
        assert_eq!(old, None, "a database is announced once");
    }

    fn record(&mut self, record: Record<'_>) {
        let mut seen = self.0.borrow_mut();
        assert!(!seen.finished);
        let plain = (Plain::of(record.value), record.expires);
        seen.twice |= seen.keys[record.db].insert(record.key.to_vec(), plain).is_some();
    }

    fn begin_value(&mut self, opening: Opening<'_>) {
        let mut seen = self.0.borrow_mut();
        assert!(seen.open.is_none() && !seen.finished);
        let plain = match opening.kind {
            Kind::String => Plain::Str(Vec::new()),
            Kind::List => Plain::List(Vec::new()),
            Kind::Set => Plain::Set(BTreeSet::new()),
            Kind::Hash => Plain::Hash(BTreeMap::new()),
            Kind::ZSet => Plain::ZSet(BTreeMap::new()),
        };
        let (db, key, left) = (opening.db, opening.key.to_vec(), opening.pieces);
        seen.open = Some(Coming { db, key, plain, expires: opening.expires, left });
    }

    fn piece(&mut self, piece: Piece<'_>) {
        let mut seen = self.0.borrow_mut();
        let Coming { plain, left, .. } = seen.open.as_mut().expect("a value was announced");
        let count = if let Piece::Text(bytes) = piece { bytes.len() } else { 1 };
        *left = left.checked_sub(count).expect("no more than announced");
        let new = match (piece, plain) {
            (Piece::Member(member), Plain::Set(set)) => set.insert(member.to_vec()),
            (Piece::Field { field, value, expires }, Plain::Hash(hash)) => {
                hash.insert(field.to_vec(), (value.to_vec(), expires)).is_none()
            }
            (Piece::Scored(member, score), Plain::ZSet(zset)) => {
                zset.insert(member.to_vec(), (score * 100.0) as i64).is_none()
            }
            (Piece::Text(bytes), Plain::Str(text)) => {
                text.extend_from_slice(bytes);
                true
            }
            (Piece::Node(Node::Packed(bytes)), Plain::List(list)) => {
                let pack = ds::listpack::Listpack::from_bytes(bytes.to_vec());
                list.extend(pack.expect("our own bytes").iter().map(|element| element.to_vec()));
                true
            }
            other => panic!("{other:?}"),
        };
        seen.twice |= !new;
    }

    fn end_value(&mut self) {
        let mut seen = self.0.borrow_mut();
        let coming = seen.open.take().expect("a value was announced");
        let Coming { db, key, plain, expires, left } = coming;
        assert_eq!(left, 0, "all that was announced");
        seen.large += 1;
        seen.twice |= seen.keys[db].insert(key, (plain, expires)).is_some();
    }

    fn finish(&mut self) {
        assert!(self.0.borrow().open.is_none());
        self.0.borrow_mut().finished = true;
    }
}

#[derive(Clone, Debug)]
enum Step {
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

fn steps() -> impl Strategy<Value = Vec<Step>> {
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

fn name(key: u16) -> Vec<u8> {
    // Some keys have lengths that need the wide form.
    let mut name = format!("key:{key}").into_bytes();
    if key.is_multiple_of(16) {
        name.resize(300, b'.');
    }
    name
}

impl World {
    fn new() -> World {
        // Nothing stays packed for long, and what is not is large.
        let thresholds = Thresholds {
            set_max_intset_entries: 3,
            set_max_listpack_entries: 3,
            hash_max_listpack_entries: 3,
            zset_max_listpack_entries: 3,
            list_max_listpack_size: 3,
            ..Thresholds::default()
        };
        let settings = Settings {
            databases: DBS,
            policy: Policy::AllKeysLru,
            thresholds,
            large_from: LargeFrom { elements: 4, bytes: 100, text: 32 },
            ..Settings::default()
        };
        let mut world = World {
            keyspace: Keyspace::new(settings, 7),
            model: Default::default(),
            now_ms: 1_700_000_000_000,
            snapshots: Vec::new(),
        };
        world.wait(0);
        world
    }

    fn wait(&mut self, ms: u64) {
        self.now_ms += ms;
        let now_ms = self.now_ms;
        let now = Now { instant: Instant::ZERO, wall: WallTime::from_ms(now_ms) };
        self.keyspace.begin(now, Expiry::Delete);
        for keys in &mut self.model {
            keys.retain(|_, (_, expires)| expires.is_none_or(|at| now_ms <= at));
        }
    }

    fn put(&mut self, db: usize, key: u16, len: u16, ttl: Option<u64>) {
        let (key, text) = (name(key), vec![b'v'; usize::from(len)]);
        let ttl = ttl.map(|ms| self.now_ms + ms);
        let new = self.keyspace.db(db).put_bytes(&key, &text, ttl.map_or(Ttl::Clear, Ttl::At));
        let old = self.model[db].insert(key, (Plain::Str(text), ttl));
        assert_eq!(new, old.is_none());
    }

    fn text(&mut self, db: usize, key: &[u8]) -> Option<&mut Vec<u8>> {
        let entry = self.model[db].entry(key.to_vec());
        match &mut entry.or_insert((Plain::Str(Vec::new()), None)).0 {
            Plain::Str(text) => Some(text),
            _ => None,
        }
    }

    fn apply(&mut self, step: &Step) {
        match *step {
            Step::Put(db, key, len, ttl) => self.put(db, key, len, ttl),
            Step::Burst(db, from, n) => (from..from + n).for_each(|key| self.put(db, key, n, None)),
            Step::Purge(db, from, n) => (from..from + n).for_each(|key| {
                let gone = self.keyspace.db(db).remove_lazily(&name(key));
                assert_eq!(gone, self.model[db].remove(&name(key)).is_some());
            }),
            Step::Increment(db, key, by) => {
                let key = name(key);
                let old = match self.model[db].get(&key) {
                    None => Some(0),
                    Some((Plain::Str(text), _)) => stdx::integer::parse_i64(text),
                    _ => None,
                };
                let got = self.keyspace.db(db).increment(&key, by).ok();
                assert_eq!(got, old.map(|old| old + by));
                if let Some(n) = got {
                    *self.text(db, &key).expect("a string") = n.to_string().into_bytes();
                }
            }
            Step::Append(db, key, n) => {
                let (key, tail) = (name(key), vec![b'a'; usize::from(n)]);
                let got = self.keyspace.db(db).append(&key, &tail);
                if let Some(text) = self.text(db, &key) {
                    text.extend_from_slice(&tail);
                    assert_eq!(got, Ok(text.len()));
                } else {
                    assert!(got.is_err());
                }
            }
            Step::WriteRange(db, key, offset) => {
                let (key, offset) = (name(key), usize::from(offset));
                let got = self.keyspace.db(db).write_range(&key, offset, b"xyz");
                if let Some(text) = self.text(db, &key) {
                    text.resize(text.len().max(offset + 3), 0);
                    text[offset..offset + 3].copy_from_slice(b"xyz");
                    assert_eq!(got, Ok(text.len()));
                } else {
                    assert!(got.is_err());
                }
            }
            Step::Push(db, key) => {
                let key = name(key);
                let entry = self.model[db].entry(key.clone());
                let list = &mut entry.or_insert((Plain::List(Vec::new()), None)).0;
                let mut found = self.keyspace.db(db);
                match (found.list_or_create(&key), list) {
                    (Ok(mut guard), Plain::List(list)) => {
                        guard.push(End::Back, b"element");
                        list.push(b"element".to_vec());
                    }
                    (Err(_), _) => {}
                    _ => panic!("types differ"),
                }
            }
            Step::PushMany(db, key, n) => {
                let key = name(key);
                for n in 0..n {
                    let value = format!("{n}").into_bytes();
                    let entry = self.model[db].entry(key.clone());
                    let list = &mut entry.or_insert((Plain::List(Vec::new()), None)).0;
                    match (self.keyspace.db(db).list_or_create(&key), list) {
                        (Ok(mut guard), Plain::List(list)) => {
                            guard.push(End::Back, &value);
                            list.push(value);
                        }
                        (Err(_), _) => {}
                        _ => panic!("types differ"),
                    }
                }
            }
            Step::Insert(db, key, at, n) => {
                let (key, value) = (name(key), format!("i{n}").into_bytes());
                if let Ok(Some(mut guard)) = self.keyspace.db(db).list_mut(&key)
                    && let Some((Plain::List(list), _)) = self.model[db].get_mut(&key)
                {
                    let at = at.min(list.len());
                    guard.insert(at, &value);
                    list.insert(at, value);
                }
            }
            Step::SetAt(db, key, at, n) => {
                let (key, value) = (name(key), format!("s{n}").into_bytes());
                if let Ok(Some(mut guard)) = self.keyspace.db(db).list_mut(&key)
                    && let Some((Plain::List(list), _)) = self.model[db].get_mut(&key)
                {
                    assert_eq!(guard.set(at, &value), at < list.len());
                    list.get_mut(at).into_iter().for_each(|own| own.clone_from(&value));
                }
            }
            Step::Cut(db, key, at, n) => {
                let key = name(key);
                let mut found = self.keyspace.db(db);
                if let Ok(Some(mut guard)) = found.list_mut(&key)
                    && let Some((Plain::List(list), _)) = self.model[db].get_mut(&key)
                {
                    guard.remove_range(at..at + n);
                    list.drain(at.min(list.len())..(at + n).min(list.len()));
                    let empty = list.is_empty();
                    assert_eq!(found.remove_if_empty(&key), empty);
                    if empty {
                        self.model[db].remove(&key);
                    }
                }
            }
            Step::Pop(db, key) => {
                let key = name(key);
                let mut found = self.keyspace.db(db);
                if let Ok(Some(mut guard)) = found.list_mut(&key) {
                    let got = guard.pop(End::Front);
                    found.remove_if_empty(&key);
                    let Some((Plain::List(list), _)) = self.model[db].get_mut(&key) else {
                        panic!("types differ")
                    };
                    assert_eq!(got, Some(list.remove(0)));
                    if list.is_empty() {
                        self.model[db].remove(&key);
                    }
                }
            }
            Step::Add(db, key, member) => {
                let (key, member) = (name(key), format!("m{member}").into_bytes());
                let entry = self.model[db].entry(key.clone());
                let set = &mut entry.or_insert((Plain::Set(BTreeSet::new()), None)).0;
                match (self.keyspace.db(db).set_or_create(&key), set) {
                    (Ok(mut guard), Plain::Set(set)) => {
                        assert_eq!(guard.insert(&member), set.insert(member));
                    }
                    (Err(_), _) => {}
                    _ => panic!("types differ"),
                }
            }
            Step::AddMany(db, key, from, n) => {
                for member in from..from + n {
                    self.apply(&Step::Add(db, key, member));
                }
            }
            Step::Discard(db, key, member) => {
                let (key, member) = (name(key), format!("m{member}").into_bytes());
                let mut found = self.keyspace.db(db);
                let Some((plain, _)) = self.model[db].get_mut(&key) else { return };
                let empty = match plain {
                    Plain::Set(set) => {
                        let mut guard = found.set_mut(&key).expect("a set").expect("there");
                        assert_eq!(guard.remove(&member), set.remove(&member));
                        set.is_empty()
                    }
                    Plain::ZSet(zset) => {
                        let mut guard = found.zset_mut(&key).expect("a zset").expect("there");
                        assert_eq!(guard.remove(&member).is_some(), zset.remove(&member).is_some());
                        zset.is_empty()
                    }
                    _ => return,
                };
                assert_eq!(found.remove_if_empty(&key), empty);
                if empty {
                    self.model[db].remove(&key);
                }
            }
            Step::SetField(db, key, from, n) => {
                let key = name(key);
                for member in from..from + n {
                    let (field, value) =
                        (format!("m{member}").into_bytes(), vec![b'v'; member.into()]);
                    let entry = self.model[db].entry(key.clone());
                    let hash = &mut entry.or_insert((Plain::Hash(BTreeMap::new()), None)).0;
                    match (self.keyspace.db(db).hash_or_create(&key), hash) {
                        (Ok(mut guard), Plain::Hash(hash)) => {
                            let new = guard.set(&field, &value);
                            assert_eq!(new, hash.insert(field, (value, None)).is_none());
                        }
                        (Err(_), _) => {}
                        _ => panic!("types differ"),
                    }
                }
            }
            Step::ExpireField(db, key, member, ms) => {
                let (key, field) = (name(key), format!("m{member}").into_bytes());
                let mut found = self.keyspace.db(db);
                // Late enough that no test waits so long: whose fields expire is tested elsewhere.
                let at = (1 << 42) + ms;
                if let Ok(Some(mut guard)) = found.hash_mut(&key) {
                    let done = guard.set_ttl(&field, at);
                    let Some((Plain::Hash(hash), _)) = self.model[db].get_mut(&key) else {
                        panic!("types differ")
                    };
                    assert_eq!(done, hash.get_mut(&field).map(|own| own.1 = Some(at)).is_some());
                    found.field_deadlines_set(&key);
                }
            }
            Step::RemoveFields(db, key, from, n) => {
                let key = name(key);
                let mut found = self.keyspace.db(db);
                if let Ok(Some(mut guard)) = found.hash_mut(&key) {
                    let Some((Plain::Hash(hash), _)) = self.model[db].get_mut(&key) else {
                        panic!("types differ")
                    };
                    for member in from..from + n {
                        let field = format!("m{member}").into_bytes();
                        assert_eq!(guard.remove(&field), hash.remove(&field).is_some());
                    }
                    let empty = hash.is_empty();
                    assert_eq!(found.remove_if_empty(&key), empty);
                    if empty {
                        self.model[db].remove(&key);
                    }
                }
            }
            Step::Score(db, key, member, score) => {
                // One step brings some, so that there are many.
                let key = name(key);
                for member in (0..4).map(|n| member + 7 * n) {
                    let member = format!("m{member}").into_bytes();
                    let entry = self.model[db].entry(key.clone());
                    let zset = &mut entry.or_insert((Plain::ZSet(BTreeMap::new()), None)).0;
                    match (self.keyspace.db(db).zset_or_create(&key), zset) {
                        (Ok(mut guard), Plain::ZSet(zset)) => {
                            guard.insert(&member, (score * 25) as f64 / 100.0);
                            zset.insert(member, score * 25);
                        }
                        (Err(_), _) => {}
                        _ => panic!("types differ"),
                    }
                }
            }
            Step::Unscore(db, key, from, n) => {
                let key = name(key);
                let mut found = self.keyspace.db(db);
                if let Ok(Some(mut guard)) = found.zset_mut(&key) {
                    let Some((Plain::ZSet(zset), _)) = self.model[db].get_mut(&key) else {
                        panic!("types differ")
                    };
                    let mut order: Vec<_> = zset.iter().map(|(m, s)| (*s, m.clone())).collect();
                    order.sort();
                    let gone = guard.remove_range(from..from + n);
                    let end = (from + n).min(order.len());
                    let range = &order[from.min(end)..end];
                    assert_eq!(gone, range.len());
                    zset.retain(|member, score| !range.contains(&(*score, member.clone())));
                    let empty = zset.is_empty();
                    assert_eq!(found.remove_if_empty(&key), empty);
                    if empty {
                        self.model[db].remove(&key);
                    }
                }
            }
            Step::Copy(from, to, old, new) => {
                let (old, new) = (name(old), name(new));
                let value = self.keyspace.db(from).peek(&old).map(|value| value.to_value());
                if let (Some(value), Some((plain, _))) = (value, self.model[from].get(&old)) {
                    let plain = plain.clone();
                    self.keyspace.db(to).put(&new, value, Ttl::Clear);
                    self.model[to].insert(new, (plain, None));
                }
            }
            Step::Rename(from, to, old, new) => {
                let (old, new) = (name(old), name(new));
                if let Some((value, _)) = self.keyspace.db(from).take(&old) {
                    let (plain, _) = self.model[from].remove(&old).expect("types differ");
                    self.keyspace.db(to).put(&new, value, Ttl::Clear);
                    self.model[to].insert(new, (plain, None));
                }
            }
            Step::Take(from, to, key) => {
                let key = name(key);
                let got = self.keyspace.db(from).take(&key);
                let want = self.model[from].remove(&key);
                assert_eq!(got.is_some(), want.is_some());
                if let (Some((value, expires)), Some(plain)) = (got, want) {
                    assert_eq!((Plain::of(value.as_ref()), expires), plain);
                    let ttl = expires.map_or(Ttl::Clear, Ttl::At);
                    self.keyspace.db(to).put(&key, value, ttl);
                    self.model[to].insert(key, plain);
                }
            }
            Step::SetTtl(db, key, ms) => {
                let (key, at) = (name(key), self.now_ms + ms);
                let done = self.keyspace.db(db).set_ttl(&key, at);
                let entry = self.model[db].get_mut(&key);
                assert_eq!(done, entry.map(|(_, expires)| *expires = Some(at)).is_some());
            }
            Step::Persist(db, key) => {
                let key = name(key);
                let done = self.keyspace.db(db).persist(&key);
                let entry = self.model[db].get_mut(&key);
                assert_eq!(done, entry.is_some_and(|(_, expires)| expires.take().is_some()));
            }
            Step::Wait(ms) => self.wait(ms),
            Step::Sweep(budget) => {
                self.keyspace.expire_slice(budget);
            }
            Step::Flush(db, lazy) => {
                self.keyspace.db(db).flush(lazy);
                self.model[db].clear();
            }
            Step::FlushAll => {
                self.keyspace.flush_all(true);
                self.model.iter_mut().for_each(BTreeMap::clear);
            }
            Step::Swap(a, b) => {
                self.keyspace.swap(a, b);
                self.model.swap(a, b);
            }
            Step::Start => {
                let seen = Rc::new(RefCell::new(Seen::default()));
                let id = self.keyspace.start_snapshot(Box::new(Sink(Rc::clone(&seen))));
                let (at_ms, want) = (self.now_ms, self.model.clone());
                self.snapshots.push(Moment { id, at_ms, want, seen, done: false });
            }
            Step::Slice(n, budget) => {
                let running = self.snapshots.iter_mut().filter(|moment| !moment.done);
                if let Some(moment) = running.into_iter().nth(n) {
                    let progress = self.keyspace.snapshot_slice(moment.id, budget);
                    moment.done = progress == Progress::Done;
                }
            }
            Step::Cancel(n) => {
                let running: Vec<usize> =
                    (0..self.snapshots.len()).filter(|&at| !self.snapshots[at].done).collect();
                if let Some(&at) = running.get(n) {
                    let moment = self.snapshots.remove(at);
                    self.keyspace.cancel_snapshot(moment.id);
                    assert!(!self.keyspace.has_snapshot(moment.id));
                }
            }
            Step::Evict => {
                self.keyspace.changes.clear();
                self.keyspace.evict_one();
                for change in &self.keyspace.changes {
                    if let Change::Evicted { db, key } = change {
                        self.model[*db].remove(&**key);
                    }
                }
            }
        }
    }

    fn check(&mut self) {
        for db in 0..DBS {
            let mut held = Keys::new();
            let mut found = self.keyspace.db(db);
            let mut cursor = 0;
            let mut keys = Vec::new();
            loop {
                cursor = found.scan(cursor, 5, |key, _| keys.push(key.to_vec()));
                if cursor == 0 {
                    break;
                }
            }
            for key in keys {
                let expires = found.ttl(&key).expect("it was just there");
                held.insert(key.clone(), (Plain::of(found.peek(&key).expect("as above")), expires));
            }
            assert_eq!(held, self.model[db]);
            let volatile = held.values().filter(|(_, expires)| expires.is_some()).count();
            assert_eq!(found.len_volatile(), volatile, "expired keys were deleted by the scan");
            assert_eq!(found.len(), held.len());
        }
    }

    fn finish(&mut self) {
        for at in 0..self.snapshots.len() {
            while self.keyspace.snapshot_slice(self.snapshots[at].id, 50) == Progress::More {}
        }
        assert!(self.keyspace.detached.is_empty(), "flushed tables go with the last snapshot");
        for moment in &self.snapshots {
            let mut seen = moment.seen.borrow_mut();
            assert!(seen.finished);
            assert!(!seen.twice, "a key is shown once");
            for db in 0..DBS {
                let n = seen.keys[db].len();
                assert_eq!(seen.announced.get(&db).map_or(0, |(keys, _)| *keys), n);
                // Keys that had expired but were not deleted yet may be there.
                let live = |expires: &Option<u64>| expires.is_none_or(|at| moment.at_ms <= at);
                seen.keys[db].retain(|_, (_, expires)| live(expires));
                assert_eq!(seen.keys[db], moment.want[db]);
            }
        }
    }
}

proptest! {
    #[test]
    fn it_is_a_keyspace_with_true_snapshots(steps in steps()) {
        let mut world = World::new();
        for step in &steps {
            world.apply(step);
        }
        world.check();
        world.finish();
        world.check();
    }
}
