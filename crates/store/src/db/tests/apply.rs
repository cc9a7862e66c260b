//! A step is done to ours and to the plain one, and both say the same.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crate::value::End;
use crate::*;

use super::plain::Plain;
use super::seen::Seen;
use super::steps::{Step, name};
use super::{Moment, World};

impl World {
    pub(super) fn put(&mut self, db: usize, key: u16, len: u16, ttl: Option<u64>) {
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

    pub(super) fn apply(&mut self, step: &Step) {
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
                let id = self.keyspace.start_snapshot(Box::new(Rc::clone(&seen)));
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
}
