//! Single rules of databases: expiry, eviction, encodings, what is freed where.

use super::*;

#[test]
fn hidden_keys_are_absent_but_held() {
    let mut world = World::new(3);
    world.put(0, 1, 5, Some(10));
    let late = Now { instant: Instant::ZERO, wall: WallTime::from_ms(world.now_ms + 11) };
    world.keyspace.begin(late, Expiry::Hide);
    let mut db = world.keyspace.db(0);
    assert!(db.get(&name(1)).is_none());
    assert!(db.holds(&name(1)) && db.is_expired(&name(1)));
    assert!(!db.remove(&name(1)));
    assert_eq!(db.len(), 1);
    // A writable replica may replace it: it is new for the client, and there is still one.
    assert!(db.put_bytes(&name(1), b"again", Ttl::Keep));
    assert_eq!((db.len(), db.len_volatile(), db.ttl(&name(1))), (1, 0, Some(None)));
    world.put(0, 2, 5, Some(10));
    world.keyspace.begin(late, Expiry::Ignore);
    assert!(world.keyspace.db(0).get(&name(2)).is_some());
}

#[test]
fn the_sweep_finds_what_nobody_asks_for() {
    let mut world = World::new(3);
    (0..50).for_each(|key| world.put(1, key, 3, Some(1_000 + u64::from(key))));
    (50..60).for_each(|key| world.put(1, key, 3, None));
    while world.keyspace.expire_slice(7) == Progress::More {}
    assert_eq!(world.keyspace.db(1).len(), 60);
    world.wait(1_025);
    // Deleting shrinks the table; what a merge carries behind the sweep is found by the next one.
    (0..2).for_each(|_| while world.keyspace.expire_slice(7) == Progress::More {});
    assert_eq!(world.keyspace.db(1).len(), 35);
    let stale = world.keyspace.stats.expired_stale_percent;
    assert!((1.0..3.0).contains(&stale), "{stale}: a twentieth of one half, and a round after");
    world.wait(10_000);
    (0..2).for_each(|_| while world.keyspace.expire_slice(7) == Progress::More {});
    assert_eq!(world.keyspace.db(1).len(), 10);
    assert_eq!(world.keyspace.stats.expired_keys, 50);
    let told = world.keyspace.changes.iter();
    assert_eq!(told.filter(|change| matches!(change, Change::Expired { .. })).count(), 50);
}

#[test]
fn every_policy_takes_what_it_may() {
    for (label, policy) in Policy::ALL {
        let mut world = World::new(3);
        world.keyspace.settings_mut().policy = policy;
        for key in 0..40 {
            world.put(usize::from(key) % DBS, key, 3, (key % 4 == 0).then_some(1_000_000));
        }
        let mut evicted = 0;
        while world.keyspace.evict_one() {
            evicted += 1;
        }
        let want = match policy {
            Policy::NoEviction => 0,
            _ if policy.only_volatile() => 10,
            _ => 40,
        };
        assert_eq!(evicted, want, "{label}");
        assert_eq!(world.keyspace.len(), 40 - want, "{label}");
    }
}

#[test]
fn the_longest_unused_goes_first_and_the_next_to_expire() {
    let mut world = World::new(3);
    for key in 0..30 {
        world.put(0, key, 3, Some(100_000 - u64::from(key)));
        world.wait(1_000);
    }
    world.keyspace.settings_mut().samples = 64;
    world.keyspace.evict_one();
    assert!(!world.keyspace.db(0).holds(&name(0)), "used longest ago");
    world.keyspace.settings_mut().policy = Policy::VolatileTtl;
    let mut last = (0..30).map(|key| (world.keyspace.db(0).ttl(&name(key)).flatten(), key));
    let first = last.by_ref().filter(|(at, _)| at.is_some()).min().expect("keys");
    world.keyspace.evict_one();
    assert!(!world.keyspace.db(0).holds(&name(first.1)));
}

#[test]
fn encodings_are_named_as_redis_does() {
    let mut world = World::new(3);
    let mut db = world.keyspace.db(0);
    let name = |db: &mut Db<'_>, key: &[u8]| db.info(key).expect("a key").encoding;
    db.put_bytes(b"int", b"12", Ttl::Clear);
    db.put_bytes(b"short", &[b'x'; 44], Ttl::Clear);
    db.put_bytes(b"long", &[b'x'; 45], Ttl::Clear);
    assert_eq!(
        [name(&mut db, b"int"), name(&mut db, b"short"), name(&mut db, b"long")],
        ["int", "embstr", "raw"]
    );
    db.append(b"int", b"3").expect("a string");
    db.append(b"fresh", b"3").expect("a string");
    db.write_range(b"ranged", 0, b"3").expect("a string");
    assert_eq!(
        [name(&mut db, b"int"), name(&mut db, b"fresh"), name(&mut db, b"ranged")],
        ["raw", "int", "raw"]
    );
}

#[test]
fn large_values_are_left_to_somebody_else() {
    let mut world = World::new(3);
    world.put(0, 1, 5, None);
    let big = vec![0; 2 << 20];
    world.keyspace.db(0).put_bytes(&name(2), &big, Ttl::Clear);
    world.keyspace.db(0).remove_lazily(&name(1));
    assert!(world.keyspace.take_garbage().is_none());
    world.keyspace.db(0).remove_lazily(&name(2));
    assert!(world.keyspace.take_garbage().is_some());
}

#[test]
fn the_sweep_takes_fields_and_then_the_hash() {
    let mut world = World::new(3);
    for (key, fields) in [(1, 3), (2, 600)] {
        let (key, at) = (name(key), world.now_ms + 2_000);
        let mut db = world.keyspace.db(0);
        let mut hash = db.hash_or_create(&key).expect("new");
        for n in 0..fields {
            let field = format!("f{n}").into_bytes();
            hash.set(&field, b"v");
            hash.set_ttl(&field, if n % 3 == 0 { at } else { at + 60_000 });
        }
        db.field_deadlines_set(&key);
    }
    let sweep = |world: &mut World| {
        world.keyspace.changes.clear();
        (0..20).for_each(|_| while world.keyspace.expire_slice(50) == Progress::More {});
        let told = world.keyspace.changes.iter().map(|change| match change {
            Change::FieldsExpired { fields, .. } => fields.len(),
            _ => 0,
        });
        told.sum::<usize>()
    };
    assert_eq!(sweep(&mut world), 0);
    world.wait(3_500);
    assert_eq!(sweep(&mut world), 1 + 200);
    let mut len = |key| world.keyspace.db(0).hash(&name(key)).expect("a hash").map(Hash::len);
    assert_eq!((len(1), len(2)), (Some(2), Some(400)));
    world.wait(61_000);
    assert_eq!(sweep(&mut world), 2 + 400);
    assert!(world.keyspace.db(0).is_empty());
}

#[test]
fn it_is_known_whether_fields_may_expire() {
    let mut world = World::new(3);
    let key = name(1);
    world.keyspace.db(0).hash_or_create(&key).expect("new").set(b"f", b"v");
    assert!(!world.keyspace.has_field_ttls());
    world.keyspace.db(0).hash_or_create(&key).expect("a hash").set_ttl(b"f", 1 << 41);
    world.keyspace.db(0).field_deadlines_set(&key);
    assert!(world.keyspace.has_field_ttls());
    let copy = world.keyspace.db(0).peek(&key).expect("a key").to_value();
    world.keyspace.flush_all(false);
    assert!(!world.keyspace.has_field_ttls());
    world.keyspace.db(2).put(&key, copy, Ttl::Clear);
    assert!(world.keyspace.has_field_ttls());
}

#[test]
fn nobody_waits_for_what_is_replaced_or_flushed() {
    let mut world = World::new(3);
    let fill = |world: &mut World| {
        for n in 0..100 {
            let mut db = world.keyspace.db(0);
            db.set_or_create(b"set").expect("a set").insert(format!("{n}").as_bytes());
        }
    };
    fill(&mut world);
    world.keyspace.db(0).put_bytes(b"set", b"small", Ttl::Clear);
    assert!(world.keyspace.take_garbage().is_some());
    world.keyspace.db(0).flush(false);
    assert!(world.keyspace.take_garbage().is_none(), "freed where it was");
    fill(&mut world);
    world.keyspace.db(0).flush(false);
    assert!(world.keyspace.take_garbage().is_some());
}
