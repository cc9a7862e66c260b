//! Against Redis itself: it reads what we write and we read what it writes.
//!
//! Where no `redis-server` is installed these tests say so and pass; `REGENT_REQUIRE_PEERS=1` makes that a failure.

mod values;

use std::cell::RefCell;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::rc::Rc;

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use rdb::{EncodeOptions, Encoder, Packer};
use store::{
    Expiry, Keyspace, LargeFrom, Opening, Piece, Progress, Record, RecordSink, Settings,
    Thresholds, Ttl, Value, ValueRef,
};
use values::{Made, Says, dataset, key_name, limits, load, save, says, value};

/// A `redis-server` with a folder of its own, reached by a socket in it.
struct Peer {
    process: Child,
    stream: BufReader<UnixStream>,
    folder: tempfile::TempDir,
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Peer {
    /// Starts a server in `folder`, loading what lies there as `dump.rdb`.
    fn start(folder: tempfile::TempDir) -> Option<Peer> {
        let path = folder.path().join("socket");
        let started = Command::new("redis-server")
            .args(["--port", "0", "--save", "", "--enable-debug-command", "yes"])
            .args(["--set-max-intset-entries", "64", "--dbfilename", "dump.rdb", "--unixsocket"])
            .arg(&path)
            .arg("--dir")
            .arg(folder.path())
            .stdout(Stdio::null())
            .spawn();
        let Ok(mut process) = started else {
            missing("redis-server");
            return None;
        };
        let stream = loop {
            if let Ok(stream) = UnixStream::connect(&path) {
                break BufReader::new(stream);
            }
            let ended = process.try_wait().expect("a child can be asked");
            assert!(ended.is_none(), "redis-server did not start: {ended:?}");
            std::thread::yield_now();
        };
        let mut peer = Peer { process, stream, folder };
        while matches!(peer.ask(&[b"PING"]), Reply::Error(text) if text.starts_with("LOADING")) {}
        Some(peer)
    }

    fn ask(&mut self, words: &[&[u8]]) -> Reply {
        let mut request = format!("*{}\r\n", words.len()).into_bytes();
        for word in words {
            request.extend_from_slice(format!("${}\r\n", word.len()).as_bytes());
            request.extend_from_slice(word);
            request.extend_from_slice(b"\r\n");
        }
        self.stream.get_mut().write_all(&request).expect("the peer listens");
        self.reply()
    }

    fn reply(&mut self) -> Reply {
        let mut line = String::new();
        self.stream.read_line(&mut line).expect("the peer answers");
        let (first, rest) = line.trim_end().split_at(1);
        match first {
            "-" => Reply::Error(rest.into()),
            "$" if rest == "-1" => Reply::Text(Vec::new()),
            "$" => {
                let mut text = vec![0; rest.parse::<usize>().expect("a size") + 2];
                self.stream.read_exact(&mut text).expect("the peer answers");
                text.truncate(text.len() - 2);
                Reply::Text(text)
            }
            "*" => {
                let count = rest.parse().expect("a count");
                Reply::Many((0..count).map(|_| self.reply().text()).collect())
            }
            _ => Reply::Text(rest.as_bytes().to_vec()),
        }
    }

    /// What the peer says a key holds.
    fn says(&mut self, key: &[u8], like: ValueRef<'_>) -> Says {
        match like {
            ValueRef::Str(_) => Says::Str(self.ask(&[b"GET", key]).text()),
            ValueRef::List(_) => Says::List(self.ask(&[b"LRANGE", key, b"0", b"-1"]).many()),
            ValueRef::Set(_) => {
                let mut all = self.ask(&[b"SMEMBERS", key]).many();
                all.sort();
                Says::Set(all)
            }
            ValueRef::ZSet(_) => {
                let all = self.ask(&[b"ZRANGE", key, b"0", b"-1", b"WITHSCORES"]).many();
                let score = |text: &[u8]| {
                    std::str::from_utf8(text).ok().and_then(|t| t.parse().ok()).expect("a score")
                };
                Says::ZSet(all.chunks(2).map(|pair| (pair[0].clone(), score(&pair[1]))).collect())
            }
            ValueRef::Hash(_) => {
                let all = self.ask(&[b"HGETALL", key]).many();
                let pairs = all.chunks(2).map(|pair| (pair[0].clone(), pair[1].clone(), None));
                let mut all: Vec<_> = pairs.collect();
                all.sort();
                Says::Hash(all)
            }
        }
    }
}

#[derive(Debug, PartialEq)]
enum Reply {
    Text(Vec<u8>),
    Many(Vec<Vec<u8>>),
    Error(String),
}

impl Reply {
    fn text(self) -> Vec<u8> {
        match self {
            Reply::Text(text) => text,
            other => panic!("not a text: {other:?}"),
        }
    }

    fn many(self) -> Vec<Vec<u8>> {
        match self {
            Reply::Many(many) => many,
            other => panic!("not an array: {other:?}"),
        }
    }
}

fn missing(what: &str) {
    assert!(std::env::var_os("REGENT_REQUIRE_PEERS").is_none(), "{what} is not installed");
    println!("skipped: {what} is not installed");
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a scratch folder")
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
    let Some(mut peer) = Peer::start(folder()) else { return };
    for (index, value) in made_values().iter().enumerate() {
        let payload = rdb::dump(value.as_ref(), index % 2 == 0);
        let answer = peer.ask(&[b"RESTORE", b"key", b"0", &payload, b"REPLACE"]);
        assert_eq!(answer, Reply::Text(b"OK".to_vec()), "{value:?}");
        assert_eq!(peer.says(b"key", value.as_ref()), says(value.as_ref()));
        let theirs = peer.ask(&[b"DUMP", b"key"]).text();
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
    let folder = folder();
    let path = folder.path().join("dump.rdb");
    std::fs::write(&path, save(&dataset, true)).expect("a scratch file");
    check_with_redis(&path);
    let Some(mut peer) = Peer::start(folder) else { return };
    for (index, made) in dataset.iter().enumerate() {
        let key = key_name(index);
        peer.ask(&[b"SELECT", made.db.to_string().as_bytes()]);
        assert_eq!(peer.says(&key, made.value.as_ref()), says(made.value.as_ref()), "{made:?}");
        let expires = peer.ask(&[b"PEXPIRETIME", &key]).text();
        let want = made.expires.map_or("-1".into(), |ms| ms.to_string());
        assert_eq!(expires, want.into_bytes());
    }
    assert_eq!(peer.ask(&[b"SAVE"]), Reply::Text(b"OK".to_vec()));
    let theirs = std::fs::read(peer.folder.path().join("dump.rdb")).expect("SAVE wrote it");
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
fn check_with_redis(path: &Path) {
    let Ok(theirs) = Command::new("redis-check-rdb").arg(path).output() else {
        return missing("redis-check-rdb");
    };
    let bytes = std::fs::read(path).expect("a scratch file");
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
    let folder = folder();
    let path = folder.path().join("dump.rdb");
    for size in [0, 5, 9, 10, 200, file.len() / 2, file.len() - 8, file.len() - 1] {
        std::fs::write(&path, &file[..size]).expect("a scratch file");
        let Ok(theirs) = Command::new("redis-check-rdb").arg(&path).output() else {
            return missing("redis-check-rdb");
        };
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

/// The encoder of a snapshot, held from two sides.
#[derive(Clone)]
struct Shared(Rc<RefCell<Encoder>>);

impl RecordSink for Shared {
    fn begin_db(&mut self, db: usize, keys: usize, expires: usize) {
        self.0.borrow_mut().begin_db(db, keys, expires);
    }

    fn record(&mut self, record: Record<'_>) {
        self.0.borrow_mut().record(record);
    }

    fn begin_value(&mut self, opening: Opening<'_>) {
        self.0.borrow_mut().begin_value(opening);
    }

    fn piece(&mut self, piece: Piece<'_>) {
        self.0.borrow_mut().piece(piece);
    }

    fn end_value(&mut self) {
        self.0.borrow_mut().end_value();
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
    let encoder = Encoder::new(EncodeOptions::default());
    let shared = Shared(Rc::new(RefCell::new(encoder)));
    let id = ours.start_snapshot(Box::new(shared.clone()));
    let mut packer = Packer::new(true);
    let mut file = Vec::new();
    let mut round = 0;
    while ours.snapshot_slice(id, 3) == Progress::More {
        ours.db(round % 3).put_bytes(&key_name(round * 7 % 150), b"later", Ttl::Clear);
        ours.db(round % 3).remove(&key_name(round * 11 % 150));
        round += 1;
        packer.push(&shared.0.borrow_mut().take(), &mut file);
    }
    shared.0.borrow_mut().end();
    packer.push(&shared.0.borrow_mut().take(), &mut file);
    packer.finish(true, &mut file);
    assert!(round > 10, "the snapshot took {round} slices");

    let mut loaded = keyspace();
    for key in load(&file, 5000).expect("our own file").1 {
        let ttl = key.expires.map_or(Ttl::Clear, Ttl::At);
        loaded.db(key.db).put(&key.key, key.value, ttl);
    }
    assert_eq!(hex(loaded.digest()), digest);

    let folder = folder();
    std::fs::write(folder.path().join("dump.rdb"), &file).expect("a scratch file");
    let Some(mut peer) = Peer::start(folder) else { return };
    assert_eq!(peer.ask(&[b"DEBUG", b"DIGEST"]), Reply::Text(digest.into_bytes()));
}
