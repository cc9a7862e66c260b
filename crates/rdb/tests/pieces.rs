//! Large values are written in pieces while they and everything around them change, and what is read back is the
//! moment of the start.

use std::cell::RefCell;
use std::rc::Rc;

use rdb::{Decoder, EncodeOptions, Encoder, Item, Packer};
use store::{End, Expiry, Keyspace, LargeFrom, Progress, Settings, Ttl};

fn keyspace() -> Keyspace {
    let large_from = LargeFrom { elements: 8, bytes: 200, text: 300 };
    let mut keyspace = Keyspace::new(Settings { large_from, ..Settings::default() }, 1);
    let wall = stdx::WallTime::from_ms(1_700_000_000_000);
    keyspace.begin(stdx::Now { instant: stdx::Instant::ZERO, wall }, Expiry::Ignore);
    keyspace
}

/// A large value of every kind in two databases, and small keys.
fn fill(keyspace: &mut Keyspace) {
    for index in 0..2 {
        let mut db = keyspace.db(index);
        for n in 0..600u32 {
            let text = n.to_string().repeat(1 + n as usize % 9).into_bytes();
            let at = 1_800_000_000_000 + u64::from(n) * 977;
            db.put_bytes(&[b"key:", &text[..]].concat(), &text, Ttl::At(at));
            db.set_or_create(b"set").expect("a set").insert(&[b"m", &text[..]].concat());
            db.hash_or_create(b"hash").expect("a hash").set(&text, b"some value");
            let mut timed = db.hash_or_create(b"timed").expect("a hash");
            timed.set(&text, b"some value");
            if n.is_multiple_of(3) {
                timed.set_ttl(&text, at);
            }
            db.zset_or_create(b"zset").expect("a zset").insert(&text, f64::from(n) / 8.0);
            db.list_or_create(b"list").expect("a list").push(End::Back, &text);
        }
        db.put_bytes(b"text", &vec![b'x'; 5000], Ttl::Clear);
        db.field_deadlines_set(b"timed");
    }
}

/// Changes something of everything, another thing each time.
fn disturb(keyspace: &mut Keyspace, round: u32) {
    let mut db = keyspace.db(round as usize % 3);
    let n = round.wrapping_mul(7919) % 700;
    let text = n.to_string().repeat(1 + n as usize % 9).into_bytes();
    db.put_bytes(&[b"key:", &text[..]].concat(), b"changed", Ttl::Clear);
    db.hash_or_create(b"hash").expect("a hash").set(&text, b"another value");
    db.hash_or_create(b"timed").expect("a hash").remove(&text);
    db.set_or_create(b"set").expect("a set").insert(&text);
    db.zset_or_create(b"zset").expect("a zset").insert(&text, 1.5);
    let mut list = db.list_or_create(b"list").expect("a list");
    let middle = list.len() / 2;
    list.insert(middle, &text);
    list.pop(End::Front);
    db.remove_if_empty(b"list");
    db.write_range(b"text", n as usize * 7, b"other").expect("a string");
    if round == 40 {
        db.remove(b"zset");
        let (value, _) = db.take(b"hash").expect("it is there");
        db.put(b"renamed", value, Ttl::Clear);
    }
    if round == 80 {
        db.flush(true);
    }
}

#[test]
fn large_values_are_written_as_they_were() {
    let mut ours = keyspace();
    fill(&mut ours);
    let digest = ours.digest();
    let shared = Rc::new(RefCell::new(Encoder::new(EncodeOptions::default())));
    let id = ours.start_snapshot(Box::new(shared.clone()));
    let (mut packer, mut file, mut round) = (Packer::new(true), Vec::new(), 0);
    while ours.snapshot_slice(id, 20) == Progress::More {
        disturb(&mut ours, round);
        round += 1;
        packer.push(&shared.borrow_mut().take(), &mut file);
    }
    shared.borrow_mut().end();
    packer.push(&shared.borrow_mut().take(), &mut file);
    packer.finish(true, &mut file);
    assert!(round > 100, "the snapshot took {round} slices");
    assert_ne!(ours.digest(), digest);

    let mut loaded = keyspace();
    let mut decoder = Decoder::new(rdb::DecodeOptions::default());
    decoder.feed(&file);
    let mut keys = 0;
    while let Some(item) = decoder.next().expect("our own file is sound") {
        if let Item::Key(key) = item {
            let ttl = key.expires.map_or(Ttl::Clear, Ttl::At);
            assert!(loaded.db(key.db).put(&key.key, key.value, ttl), "a key comes once");
            keys += 1;
        }
    }
    assert!(decoder.is_done());
    assert_eq!(keys, 2 * 606);
    assert_eq!(loaded.digest(), digest);
}
