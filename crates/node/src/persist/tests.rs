//! A snapshot is the dataset at the moment of its start, whatever commands run meanwhile: several at once, over a
//! slow disk, with slow threads.

use super::{Destination, SavingId};
use crate::{Node, Options};
use config::Config;
use rdb::{DecodeOptions, Decoder, Item};
use replication::SnapshotId;
use std::collections::{BTreeMap, VecDeque};
use std::io::IoSlice;
use stdx::{Instant, Now, Prng, WallTime};
use store::{Expiry, Keyspace, Ttl};
use world::{ConnId, DiskOp, DiskReply, Effect, Event, FileId, Machine, Peer, Secrets, Senses};

const CLIENT: ConnId = ConnId(1);

/// `K` is a key, `M` a member, `N` a number, `D` a database; any other word is itself.
const PHRASES: &[&str] = &[
    "SET K M",
    "SET K N PX N",
    "APPEND K M",
    "INCR K",
    "RPUSH K M M M M",
    "LPOP K 2",
    "LINSERT K BEFORE M M",
    "LTRIM K 1 -2",
    "LMOVE K K LEFT RIGHT",
    "SADD K M M N N",
    "SPOP K 2",
    "SUNIONSTORE K K K",
    "SMOVE K K M",
    "HSET K M M M N",
    "HINCRBY K M N",
    "HDEL K M M",
    "ZADD K N M N M",
    "ZINCRBY K N M",
    "ZPOPMIN K 2",
    "ZUNIONSTORE K 2 K K",
    "SORT K ALPHA STORE K",
    "PEXPIRE K N",
    "EXPIRE K 100",
    "PERSIST K",
    "DEL K K",
    "UNLINK K",
    "RENAME K K",
    "RENAME K K",
    "COPY K K DB D REPLACE",
    "MOVE K D",
    "GET K",
    "SELECT D",
];

/// Rare, for they leave little, or turn everything about.
const DRASTIC: &[&str] = &["SWAPDB D D", "SWAPDB D D", "FLUSHDB", "FLUSHALL", "FLUSHDB ASYNC"];

/// A server, and a world that takes its time.
struct Slow {
    node: Node,
    now: Now,
    prng: Prng,
    effects: VecDeque<Effect>,
    open: BTreeMap<FileId, String>,
    files: BTreeMap<String, Vec<u8>>,
    /// Files that are complete.
    done: BTreeMap<String, Vec<u8>>,
    next_snapshot: u64,
}

impl Slow {
    fn new(seed: u64) -> Slow {
        let mut prng = Prng::new(seed);
        let mut config = Config::default();
        let compression = if prng.chance(1, 2) { "yes" } else { "no" };
        let parameters =
            [("save", ""), ("rdbcompression", compression), ("hash-max-listpack-entries", "6")];
        for (name, value) in parameters {
            config.values.set(name, &[value]).expect("a value that the parameter takes");
        }
        let now = Now { instant: Instant(1_000_000), wall: WallTime::from_ms(1_700_000_000_000) };
        let mut node = Node::new(Options {
            config,
            seed,
            secrets: Secrets::made_up(seed),
            senses: Senses::NUMB,
            now,
        });
        let address = |text: &str| Peer::Ip(text.parse().expect("an address"));
        let (peer, local) = (address("127.0.0.1:50000"), address("127.0.0.1:6379"));
        node.handle_event(now, Event::Accepted { conn: CLIENT, peer, local });
        let (open, files, done) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        let effects = VecDeque::new();
        Slow { node, now, prng, effects, open, files, done, next_snapshot: 0 }
    }

    fn command(&mut self, phrase: &str) {
        let mut bytes = format!("*{}\r\n", phrase.split(' ').count()).into_bytes();
        for word in phrase.split(' ') {
            let made = match word {
                "K" => format!("key:{}", self.prng.below(400)),
                "M" => match self.prng.below(12) {
                    0 => "x".repeat(self.prng.below(600) as usize),
                    n => format!("m{}", n * 7 + self.prng.below(20)),
                },
                "N" => self.prng.below(200).to_string(),
                "D" => self.prng.below(3).to_string(),
                word => word.to_string(),
            };
            bytes.extend_from_slice(format!("${}\r\n{made}\r\n", made.len()).as_bytes());
        }
        self.node.handle_input(self.now, CLIENT, &bytes);
        self.drain();
    }

    /// What the server asks for is queued; what it replies is thrown away.
    fn drain(&mut self) {
        while let Some(effect) = self.node.poll_effect() {
            self.effects.push_back(effect);
        }
        while self.node.poll_ready().is_some() {}
        loop {
            let mut slices = [IoSlice::new(&[]); 4];
            let filled = self.node.pending(CLIENT, &mut slices);
            let count: usize = slices[..filled].iter().map(|slice| slice.len()).sum();
            if count == 0 {
                return;
            }
            self.node.sent(self.now, CLIENT, count);
        }
    }

    /// Carries out the oldest thing that was asked for.
    fn carry_out(&mut self) {
        match self.effects.pop_front() {
            Some(Effect::Disk { ticket, op }) => {
                match op {
                    DiskOp::Create { file, path } => {
                        self.files.insert(path.clone(), Vec::new());
                        self.open.insert(file, path);
                    }
                    DiskOp::Append { file, bytes } => {
                        let path = &self.open[&file];
                        self.files.get_mut(path).expect("it was created").extend(bytes);
                    }
                    DiskOp::Rename { from, .. } => {
                        let bytes = self.files.remove(&from).expect("it was created");
                        self.done.insert(from, bytes);
                    }
                    _ => {}
                }
                let result = Ok(DiskReply::Done);
                self.node.handle_event(self.now, Event::DiskDone { ticket, result });
            }
            Some(Effect::Offload { ticket, work }) => {
                let result = (work.0)();
                self.node.handle_event(self.now, Event::WorkDone { ticket, result });
            }
            _ => {}
        }
        self.drain();
    }

    /// Begins a snapshot; the name of its file, and what it must hold.
    fn begin(&mut self) -> (String, Contents) {
        let contents = contents(&self.node.keyspace);
        self.next_snapshot += 1;
        let destination = match self.prng.below(3) {
            0 => Destination::File { reply: None },
            _ => Destination::ReplicaFile { id: SnapshotId(1000 + self.next_snapshot) },
        };
        let SavingId(id) = self.node.start_saving(destination);
        self.drain();
        (self.node.temp_name(id), contents)
    }

    fn idle(&mut self) -> bool {
        let more = self.node.idle(self.now, 1);
        self.drain();
        more
    }

    fn pass(&mut self) {
        let us = self.prng.below(4_000);
        self.now.instant.0 += us;
        self.now.wall.0 += us;
        // The sweep comes with the cron.
        self.node.handle_timeout(self.now);
        self.drain();
    }
}

type Contents = Vec<(usize, Vec<u8>, [u8; 20], Option<u64>)>;

fn contents(keyspace: &Keyspace) -> Contents {
    keyspace.listing()
}

fn decode(bytes: &[u8]) -> Contents {
    let mut keyspace = Keyspace::new(store::Settings::default(), 1);
    keyspace.begin(Now { instant: Instant(0), wall: WallTime(0) }, Expiry::Ignore);
    let thresholds = keyspace.settings().thresholds;
    let mut decoder = Decoder::new(DecodeOptions { thresholds, ..DecodeOptions::default() });
    decoder.feed(bytes);
    while let Some(item) = decoder.next().expect("the file is sound") {
        if let Item::Key(key) = item {
            let mut db = keyspace.db(key.db);
            assert!(!db.exists(&key.key), "no key is written twice");
            db.put(&key.key, key.value, key.expires.map_or(Ttl::Clear, Ttl::At));
        }
    }
    assert!(decoder.is_done(), "the file has an end");
    contents(&keyspace)
}

/// Plays one server's life; how many snapshots were compared.
fn play(seed: u64) -> usize {
    let mut slow = Slow::new(seed);
    for _ in 0..2500 {
        let phrase = PHRASES[slow.prng.below(PHRASES.len() as u64) as usize];
        slow.command(phrase);
    }
    let mut begun = Vec::new();
    for _ in 0..6000 {
        match slow.prng.below(20) {
            0 if begun.len() < 12 && slow.prng.chance(1, 8) => begun.push(slow.begin()),
            0..3 => slow.carry_out(),
            3 | 4 => {
                slow.idle();
            }
            5 => slow.pass(),
            6 if slow.prng.chance(1, 60) => {
                let phrase = DRASTIC[slow.prng.below(DRASTIC.len() as u64) as usize];
                slow.command(phrase);
            }
            _ => {
                let phrase = PHRASES[slow.prng.below(PHRASES.len() as u64) as usize];
                slow.command(phrase);
            }
        }
    }
    while slow.idle() || !slow.effects.is_empty() {
        slow.carry_out();
    }
    // A FLUSHALL gives up what was to become the file of the dataset: those have no file.
    let mut compared = 0;
    for (path, want) in begun {
        let Some(bytes) = slow.done.get(&path) else { continue };
        let got = decode(bytes);
        let lost = want.iter().filter(|it| !got.contains(it)).count();
        assert!(
            got == want,
            "seed {seed}: {path} has {} keys of {}, {lost} not as they were",
            got.len(),
            want.len()
        );
        compared += 1;
    }
    compared
}

#[test]
fn a_snapshot_is_the_dataset_at_its_start() {
    let compared: usize = (1..=12).map(play).sum();
    assert!(compared > 50, "only {compared} snapshots were completed");
}

#[test]
fn a_large_value_goes_on_however_much_lies_aside() {
    let mut slow = Slow::new(1);
    for hundred in 0..300 {
        let members: Vec<String> = (0..100).map(|n| format!("member:{hundred}:{n}")).collect();
        slow.command(&format!("SADD big {}", members.join(" ")));
    }
    slow.command("SELECT 1");
    let text = "x".repeat(10_000);
    (0..400).for_each(|n| slow.command(&format!("SET text:{n} {text}")));
    let (path, want) = slow.begin();
    // The large value is come to first; what writes force out then waits until its end.
    for _ in 0..10 {
        slow.idle();
    }
    (0..400).for_each(|n| slow.command(&format!("DEL text:{n}")));
    for _ in 0..20_000 {
        slow.idle();
        slow.carry_out();
    }
    let bytes = slow.done.get(&path).expect("the traversal comes to its end");
    assert!(decode(bytes) == want);
}
