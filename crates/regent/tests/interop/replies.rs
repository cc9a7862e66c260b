//! The same commands get the same replies.
//!
//! Random sequences go to both servers. What a reply leaves open, the order of unordered things, is sorted before
//! replies are compared; what Redis 7.2 answers otherwise than the installed 7.0 is left out by name.

use testkit::{Family, Program, Random, Server, Value, print};

use crate::regent;

/// Commands whose replies have no order.
const UNORDERED: &[&str] = &[
    "KEYS",
    "SMEMBERS",
    "SINTER",
    "SUNION",
    "SDIFF",
    "SPOP",
    "SRANDMEMBER",
    "HKEYS",
    "HVALS",
    "HRANDFIELD",
    "ZRANDMEMBER",
];

/// Commands that answer pairs without an order.
const PAIRS: &[&str] = &["HGETALL"];

/// Commands whose second half is what [`UNORDERED`] and [`PAIRS`] are.
const CURSORS: &[&str] = &["SCAN", "HSCAN", "ZSCAN", "SSCAN"];

fn name(command: &[Vec<u8>]) -> String {
    command
        .first()
        .map(|word| String::from_utf8_lossy(word).to_ascii_uppercase())
        .unwrap_or_default()
}

/// The reply with its unordered parts in one order.
fn in_order(name: &str, reply: Value) -> Value {
    match reply {
        Value::Array(values) if CURSORS.contains(&name) => {
            let inner = if matches!(name, "SCAN" | "SSCAN") { "KEYS" } else { "HGETALL" };
            Value::Array(values.into_iter().map(|value| in_order(inner, value)).collect())
        }
        Value::Array(mut values) if UNORDERED.contains(&name) => {
            values.sort_by_key(print);
            Value::Array(values)
        }
        Value::Array(values) if PAIRS.contains(&name) => {
            let mut pairs: Vec<Vec<Value>> = values.chunks(2).map(<[Value]>::to_vec).collect();
            pairs.sort_by_key(|pair| pair.first().map(print));
            Value::Array(pairs.concat())
        }
        Value::Set(mut values) => {
            values.sort_by_key(print);
            Value::Set(values)
        }
        Value::Map(mut pairs) => {
            pairs.sort_by_key(|(key, _)| print(key));
            Value::Map(pairs)
        }
        reply => reply,
    }
}

/// Why the replies to a command may differ, if they may.
fn excuse(_name: &str) -> Option<&'static str> {
    None
}

/// Both servers, and what has been said to them.
struct Contest {
    theirs: Server,
    ours: Server,
    told: Vec<Vec<Vec<u8>>>,
    /// The names of commands in the open transaction.
    queued: Vec<String>,
}

impl Contest {
    /// Small limits make values change their encodings early.
    fn new(redis: &Program, small: bool) -> Contest {
        // Redis looks for waits that are over as often as `hz` says.
        let mut lines = vec!["databases 2", "hz 500", "slowlog-log-slower-than -1"];
        if small {
            lines.push("hll-sparse-max-bytes 60");
            lines.extend(["hash-max-listpack-entries 4", "zset-max-listpack-entries 4"]);
            lines.extend(["set-max-intset-entries 4", "list-max-listpack-size 3"]);
        }
        let (theirs, ours) = (Server::start(redis, &lines), Server::start(&regent(), &lines));
        Contest { theirs, ours, told: Vec::new(), queued: Vec::new() }
    }

    /// The reply to a command with its unordered parts in one order.
    fn in_order(&self, name: &str, reply: Value) -> Value {
        match reply {
            Value::Array(replies) if name == "EXEC" => {
                let each = replies.into_iter().zip(&self.queued);
                Value::Array(each.map(|(reply, name)| in_order(name, reply)).collect())
            }
            reply => in_order(name, reply),
        }
    }

    /// Complains if the replies to a command are not the same.
    fn judge(&mut self, command: Vec<Vec<u8>>, theirs: Value, ours: Value) -> Result<(), String> {
        let name = name(&command);
        let (theirs, ours) = (self.in_order(&name, theirs), self.in_order(&name, ours));
        if theirs != ours && excuse(&name).is_none() {
            let text = |command: &Vec<Vec<u8>>| {
                let words = command.iter().map(|word| print(&Value::Bulk(word.clone())));
                words.collect::<Vec<_>>().join(" ")
            };
            let before: Vec<_> = self.told.iter().rev().take(40).rev().map(text).collect();
            let before = before.join("\n");
            let (theirs, ours) = (print(&theirs), print(&ours));
            return Err(format!(
                "after\n{before}\n> {}\ntheirs: {theirs}\nours:   {ours}",
                text(&command)
            ));
        }
        match &theirs {
            Value::Simple(word) if word == b"QUEUED" => self.queued.push(name),
            _ if matches!(name.as_str(), "EXEC" | "DISCARD") => self.queued.clear(),
            _ => {}
        }
        self.told.push(command);
        Ok(())
    }
}

fn compare(seed: u64, families: &[Family], count: usize, redis: &Program) {
    let mut contest = Contest::new(redis, seed % 2 == 1);
    let (mut theirs, mut ours) = (contest.theirs.client(), contest.ours.client());
    if seed % 3 == 2 {
        // The greeting tells versions; only that it succeeds is the same.
        for client in [&mut theirs, &mut ours] {
            assert!(!client.command(&["HELLO", "3"]).expect("it answers").is_error());
        }
    }
    let mut random = Random::odd(seed, families);
    for _ in 0..count / 50 {
        let batch: Vec<_> = (0..50).map(|_| random.command()).collect();
        let their_replies = theirs.pipeline(&batch).expect("it answers");
        let our_replies = ours.pipeline(&batch).expect("it answers");
        let replies = their_replies.into_iter().zip(our_replies);
        for (command, (theirs, ours)) in batch.into_iter().zip(replies) {
            if let Err(why) = contest.judge(command, theirs, ours) {
                panic!("seed {seed}, {why}");
            }
        }
    }
    if contest.theirs.position().1 != contest.ours.position().1 {
        let keys = different_keys(&contest.theirs, &contest.ours);
        panic!("seed {seed}: keys differ:\n{}", keys.join("\n"));
    }
}

/// Requests that look something up, one by one, some for keys that are not there.
const LOOKUPS: &[&str] = &[
    "GET text",
    "GET none",
    "MGET text none list",
    "STRLEN none",
    "INCR number",
    "INCRBYFLOAT number 1.5",
    "APPEND text x",
    "SETRANGE none 0 x",
    "GETEX text PERSIST",
    "GETDEL none",
    "SET text x GET",
    "SET text x NX",
    "BITCOUNT none",
    "SETBIT none 1 1",
    "BITFIELD none GET u8 0",
    "PFCOUNT none",
    "EXISTS text none",
    "TYPE none",
    "TTL text",
    "TTL none",
    "EXPIRE text 10",
    "TOUCH text none",
    "DEL text none",
    "COPY text none",
    "COPY none text",
    "RENAME text none",
    "DUMP none",
    "RANDOMKEY",
    "SORT list ALPHA",
    "OBJECT ENCODING text",
    "OBJECT REFCOUNT text",
    "OBJECT IDLETIME none",
    "OBJECT FREQ none",
    "MEMORY USAGE text",
    "DEBUG OBJECT text",
    "LPOP none",
    "LPOP list",
    "LMOVE list none LEFT LEFT",
    "LSET none 0 a",
    "BLPOP none list 0",
    "LMPOP 2 none list LEFT",
    "SPOP none",
    "SMOVE set none a",
    "SINTER set none",
    "SUNIONSTORE new set none",
    "HGET none f",
    "HINCRBY none f 1",
    "ZADD zset 1 b",
    "ZRANK zset a",
    "ZPOPMIN none",
    "ZUNION 2 zset none",
    "ZRANGESTORE new zset 0 -1",
    "GEODIST none a b",
    "EVAL \"return redis.call('GET', KEYS[1])\" 1 none",
];

#[test]
fn lookups_count_the_same() {
    let Some(redis) = Program::redis() else { return };
    let servers = [redis, regent()].map(|program| Server::start(&program, &[]));
    let mut differences = Vec::new();
    for line in LOOKUPS {
        let [theirs, ours] = servers.each_ref().map(|server| {
            let mut client = server.client();
            crate::send(
                &mut client,
                [
                    "FLUSHALL",
                    "MSET text hello number 1",
                    "RPUSH list a b c",
                    "SADD set a b c",
                    "ZADD zset 1 a",
                    "CONFIG RESETSTAT",
                ],
            );
            client.command(&testkit::words(line)).expect("it answers");
            let stats = client.command(&["INFO", "stats"]).expect("it answers").text();
            let counts = stats.lines().filter(|line| line.starts_with("keyspace_"));
            counts.map(str::to_owned).collect::<Vec<_>>()
        });
        if theirs != ours {
            differences.push(format!("{line}\ntheirs: {theirs:?}\nours:   {ours:?}"));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// The keys that are not the same in both, and how.
fn different_keys(theirs: &Server, ours: &Server) -> Vec<String> {
    let look = |server: &Server| {
        let mut client = server.client();
        let mut found = std::collections::BTreeMap::new();
        for db in ["0", "1"] {
            client.command(&["SELECT", db]).expect("it answers");
            let keys = client.command(&["KEYS", "*"]).expect("it answers");
            let Value::Array(keys) = keys else { panic!("KEYS answers with an array") };
            for key in &keys {
                let key = key.as_bytes().expect("keys are strings");
                let asks = [&[&b"TYPE"[..]][..], &[b"PEXPIRETIME"], &[b"DEBUG", b"DIGEST-VALUE"]];
                let facts = asks.map(|ask| {
                    let words: Vec<&[u8]> = ask.iter().copied().chain([key]).collect();
                    print(&client.command(&words).expect("it answers"))
                });
                found.insert((db, String::from_utf8_lossy(key).into_owned()), facts);
            }
        }
        found
    };
    let (theirs, ours) = (look(theirs), look(ours));
    let keys: std::collections::BTreeSet<_> = theirs.keys().chain(ours.keys()).collect();
    let differ = keys.into_iter().filter(|key| theirs.get(key) != ours.get(key));
    differ.map(|key| format!("{key:?}: {:?} {:?}", theirs.get(key), ours.get(key))).collect()
}

/// Compares with some seeds from `first` on; `REGENT_SEEDS` says how many, for a longer look.
fn compare_families(first: u64, families: &[Family]) {
    let Some(redis) = Program::redis() else { return };
    let count = std::env::var("REGENT_SEEDS").ok().and_then(|text| text.parse().ok()).unwrap_or(8);
    for seed in first..first + count {
        compare(seed, families, 4000, &redis);
    }
}

#[test]
fn strings_and_keys() {
    compare_families(0, &[Family::Strings, Family::Keys, Family::Talk]);
}

#[test]
fn bitmaps() {
    compare_families(500, &[Family::Bitmaps, Family::Bitmaps, Family::Strings]);
}

#[test]
fn hyperloglogs() {
    compare_families(700, &[Family::HyperLogLogs, Family::HyperLogLogs, Family::Keys]);
}

#[test]
fn places() {
    compare_families(900, &[Family::Places]);
}

#[test]
fn lists_and_sets() {
    compare_families(1000, &[Family::Lists, Family::Sets, Family::Keys]);
}

#[test]
fn hashes_and_sorted_sets() {
    compare_families(2000, &[Family::Hashes, Family::SortedSets]);
}

#[test]
fn everything() {
    compare_families(3000, &[Family::ALL, &[Family::Transactions, Family::Blocking]].concat());
}
