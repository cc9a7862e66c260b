//! Against Redis itself: it reads what we write and we read what it writes.
//!
//! Where no `redis-server` is installed these tests say so and pass; `REGENT_REQUIRE_PEERS=1` makes that a failure.

mod values;

use std::cell::RefCell;
use std::process::Command;
use std::rc::Rc;

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use rdb::{EncodeOptions, Encoder, Packer};
use store::{Expiry, Keyspace, LargeFrom, Progress, Settings, Thresholds, Ttl, Value, ValueRef};
use testkit::{Client, Program, Server, peer_tool};
use values::{Made, Says, dataset, key_name, limits, load, save, says, value};

/// The installed `redis-server` with a file to load, reached by one connection.
struct Peer {
    server: Server,
    client: Client,
}

impl Peer {
    /// Starts it, with `file` as its dataset. None where no Redis is installed.
    fn start(file: Option<&[u8]>) -> Option<Peer> {
        let mut server = Server::prepare(&Program::redis()?, &["set-max-intset-entries 64"]);
        if let Some(file) = file {
            std::fs::write(server.file("dump.rdb"), file).expect("a scratch file");
        }
        server.start_again();
        let client = server.client();
        Some(Peer { server, client })
    }

    fn ask<W: AsRef<[u8]>>(&mut self, words: &[W]) -> testkit::Value {
        self.client.command(words).expect("it answers")
    }

    fn bytes(&mut self, words: &[&[u8]]) -> Vec<u8> {
        bytes(&self.ask(words))
    }

    fn items(&mut self, words: &[&[u8]]) -> Vec<Vec<u8>> {
        match self.ask(words) {
            testkit::Value::Array(items) => items.iter().map(bytes).collect(),
            other => panic!("not an array: {other}"),
        }
    }

    /// What the peer says a key holds.
    fn says(&mut self, key: &[u8], like: ValueRef<'_>) -> Says {
        match like {
            ValueRef::Str(_) => Says::Str(self.bytes(&[b"GET", key])),
            ValueRef::List(_) => Says::List(self.items(&[b"LRANGE", key, b"0", b"-1"])),
            ValueRef::Set(_) => {
                let mut all = self.items(&[b"SMEMBERS", key]);
                all.sort();
                Says::Set(all)
            }
            ValueRef::ZSet(_) => {
                let all = self.items(&[b"ZRANGE", key, b"0", b"-1", b"WITHSCORES"]);
                let score = |text: &[u8]| {
                    std::str::from_utf8(text).ok().and_then(|t| t.parse().ok()).expect("a score")
                };
                Says::ZSet(all.chunks(2).map(|pair| (pair[0].clone(), score(&pair[1]))).collect())
            }
            ValueRef::Hash(_) => {
                let all = self.items(&[b"HGETALL", key]);
                let pairs = all.chunks(2).map(|pair| (pair[0].clone(), pair[1].clone(), None));
                let mut all: Vec<_> = pairs.collect();
                all.sort();
                Says::Hash(all)
            }
        }
    }
}

fn bytes(reply: &testkit::Value) -> Vec<u8> {
    reply.as_bytes().unwrap_or_else(|| panic!("not a text: {reply}")).to_vec()
}

/// Redis 7.0 knows no hashes whose fields expire.
fn is_classic(value: &Value) -> bool {
    !matches!(value, Value::Hash(hash) if hash.has_ttls())
}

/// Values of every type, the same in every run.
fn made_values() -> Vec<Value> {
    let mut runner = TestRunner::deterministic();
    let mut all = Vec::new();
    for packed in [true, false] {
        let values = value(limits(packed));
        for _ in 0..150 {
            all.push(values.new_tree(&mut runner).expect("a value").current());
        }
    }
    all.retain(is_classic);
    all
}

#[test]
fn payloads_travel_both_ways() {
    let Some(mut peer) = Peer::start(None) else { return };
    for (index, value) in made_values().iter().enumerate() {
        let payload = rdb::dump(value.as_ref(), index % 2 == 0);
        let answer = peer.ask(&[&b"RESTORE"[..], b"key", b"0", &payload, b"REPLACE"]);
        assert_eq!(answer.text(), "OK", "{value:?}");
        assert_eq!(peer.says(b"key", value.as_ref()), says(value.as_ref()));
        let theirs = peer.bytes(&[b"DUMP", b"key"]);
        let back = rdb::restore(&theirs, true, &Thresholds::default()).expect("Redis's payload");
        assert_eq!(says(back.as_ref()), says(value.as_ref()));
    }
}

fn made_dataset() -> Vec<Made> {
    let mut runner = TestRunner::deterministic();
    let mut all = Vec::new();
    for packed in [true, false] {
        let datasets = dataset(limits(packed));
        for _ in 0..20 {
            all.extend(datasets.new_tree(&mut runner).expect("a dataset").current());
        }
    }
    all.retain(|made| is_classic(&made.value));
    for made in &mut all {
        // In the far future, or Redis would drop it.
        made.expires = made.expires.map(|ms| (1 << 42) + ms % (1 << 42));
    }
    all
}

#[test]
fn redis_loads_our_file_and_we_load_its() {
    let dataset = made_dataset();
    let file = save(&dataset, true);
    check_with_redis(&file);
    let Some(mut peer) = Peer::start(Some(&file)) else { return };
    for (index, made) in dataset.iter().enumerate() {
        let key = key_name(index);
        peer.ask(&["SELECT", &made.db.to_string()]);
        assert_eq!(peer.says(&key, made.value.as_ref()), says(made.value.as_ref()), "{made:?}");
        let expires = peer.ask(&[&b"PEXPIRETIME"[..], &key]).text();
        assert_eq!(expires, made.expires.map_or("-1".into(), |ms| ms.to_string()));
    }
    assert_eq!(peer.ask(&["SAVE"]).text(), "OK");
    let theirs = std::fs::read(peer.server.file("dump.rdb")).expect("SAVE wrote it");
    let (_, keys) = load(&theirs, 1000).expect("Redis's file is sound");
    assert_eq!(keys.len(), dataset.len());
    for key in keys {
        let name = String::from_utf8(key.key).expect("our names are text");
        let index: usize = name["key:".len()..].parse().expect("our names end with numbers");
        let made = &dataset[index];
        assert_eq!(says(key.value.as_ref()), says(made.value.as_ref()));
        assert_eq!((key.db, key.expires), (made.db, made.expires));
    }
}

/// Has `redis-check-rdb` look at a file, and compares its report with ours.
fn check_with_redis(bytes: &[u8]) {
    let Some(tool) = peer_tool("redis-check-rdb") else { return };
    let folder = tempfile::tempdir().expect("a scratch folder");
    let path = folder.path().join("dump.rdb");
    std::fs::write(&path, bytes).expect("a scratch file");
    let theirs = Command::new(tool).arg(&path).output().expect("it is installed");
    let now = stdx::WallTime::from_ms(1_700_000_000_000);
    let (mut ours, name) = (Vec::new(), path.to_str().expect("a plain path"));
    let mut check = rdb::check::Check::new(name, now, &mut ours);
    for piece in bytes.chunks(100) {
        check.feed(piece, &mut ours);
    }
    let sound = check.finish(&mut ours);
    assert_eq!(theirs.status.success(), sound);
    assert_eq!(String::from_utf8_lossy(&ours), String::from_utf8_lossy(&theirs.stdout));
}

#[test]
fn our_report_on_a_cut_file_is_theirs() {
    let file = save(&made_dataset(), true);
    let Some(tool) = peer_tool("redis-check-rdb") else { return };
    let folder = tempfile::tempdir().expect("a scratch folder");
    let path = folder.path().join("dump.rdb");
    for size in [0, 5, 9, 10, 200, file.len() / 2, file.len() - 8, file.len() - 1] {
        std::fs::write(&path, &file[..size]).expect("a scratch file");
        let theirs = Command::new(tool).arg(&path).output().expect("it is installed");
        assert_eq!(theirs.status.code(), Some(1), "{size} bytes");
        let mut ours = Vec::new();
        let mut check = rdb::check::Check::new("x", stdx::WallTime::default(), &mut ours);
        check.feed(&file[..size], &mut ours);
        assert!(!check.finish(&mut ours), "{size} bytes");
        let said = |report: &[u8]| {
            let report = String::from_utf8_lossy(report).into_owned();
            let line =
                |text: &str| report.lines().find(|line| line.contains(text)).map(str::to_owned);
            // Before the first key, theirs shows a type that stands for none.
            let key = line("Reading key");
            let kind = key.as_ref().and(line("Reading type"));
            (line("While doing"), key, kind, line("keys read"))
        };
        assert_eq!(said(&ours), said(&theirs.stdout), "{size} bytes");
    }
}

fn keyspace() -> Keyspace {
    let large_from = LargeFrom { elements: 5, bytes: 50, text: 300 };
    let mut keyspace = Keyspace::new(Settings { large_from, ..Settings::default() }, 1);
    let wall = stdx::WallTime::from_ms(1_700_000_000_000);
    keyspace.begin(stdx::Now { instant: stdx::Instant::ZERO, wall }, Expiry::Ignore);
    keyspace
}

fn hex(sum: [u8; 20]) -> String {
    sum.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A snapshot with writes between its slices, saved, loaded by Redis and by us: three times the same digest.
#[test]
fn a_snapshot_has_the_same_digest_everywhere() {
    let mut ours = keyspace();
    let mut dataset = made_dataset();
    // Redis 7.0 and 7.2 spell scores in digests differently, except such plain ones.
    let is_plain = |score: f64| score.fract() == 0.0 && score.abs() < 1e15;
    dataset.retain(|made| match made.value.as_ref() {
        ValueRef::ZSet(zset) => zset.iter().all(|(_, score)| is_plain(score)),
        _ => true,
    });
    for (index, made) in dataset.iter().enumerate() {
        let ttl = made.expires.map_or(Ttl::Clear, Ttl::At);
        ours.db(made.db).put(&key_name(index), made.value.as_ref().to_value(), ttl);
    }
    let digest = hex(ours.digest());
    let shared = Rc::new(RefCell::new(Encoder::new(EncodeOptions::default())));
    let id = ours.start_snapshot(Box::new(shared.clone()));
    let mut packer = Packer::new(true);
    let mut file = Vec::new();
    let mut round = 0;
    while ours.snapshot_slice(id, 3) == Progress::More {
        ours.db(round % 3).put_bytes(&key_name(round * 7 % 150), b"later", Ttl::Clear);
        ours.db(round % 3).remove(&key_name(round * 11 % 150));
        round += 1;
        packer.push(&shared.borrow_mut().take(), &mut file);
    }
    shared.borrow_mut().end();
    packer.push(&shared.borrow_mut().take(), &mut file);
    packer.finish(true, &mut file);
    assert!(round > 10, "the snapshot took {round} slices");

    let mut loaded = keyspace();
    for key in load(&file, 5000).expect("our own file").1 {
        let ttl = key.expires.map_or(Ttl::Clear, Ttl::At);
        loaded.db(key.db).put(&key.key, key.value, ttl);
    }
    assert_eq!(hex(loaded.digest()), digest);

    let Some(mut peer) = Peer::start(Some(&file)) else { return };
    assert_eq!(peer.ask(&["DEBUG", "DIGEST"]).text(), digest);
}
