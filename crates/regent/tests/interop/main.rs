//! Together with Redis as it is installed: snapshots, streams and resynchronisations in both directions, its programs,
//! and the same replies to the same commands.
//!
//! Where no `redis-server` is installed these tests say so and pass; `REGENT_REQUIRE_PEERS=1` makes that a failure.

mod files;
mod programs;
mod replies;
mod resync;
mod scripts;
mod stream;
mod sync;
mod tracking;
mod users;

use testkit::{Client, Program, Server, words};

const PROGRAM: &str = env!("CARGO_BIN_EXE_regent");

fn regent() -> Program {
    Program::regent(PROGRAM)
}

/// Both orders of ours and theirs; none where theirs is missing.
fn both_ways() -> Vec<[Program; 2]> {
    let Some(redis) = Program::redis() else { return Vec::new() };
    vec![[regent(), redis.clone()], [redis, regent()]]
}

/// Runs `test` with both orders.
fn for_both_ways(mut test: impl FnMut(&Program, &Program)) {
    for [first, second] in both_ways() {
        test(&first, &second);
    }
}

/// Sends the lines at once. None may fail.
#[track_caller]
fn send(client: &mut Client, lines: impl IntoIterator<Item = impl AsRef<str>>) {
    let lines: Vec<_> = lines.into_iter().collect();
    let requests: Vec<_> = lines.iter().map(|line| words(line.as_ref())).collect();
    let replies = client.pipeline(&requests).expect("it answers");
    for (line, reply) in lines.iter().zip(replies) {
        assert!(!reply.is_error(), "{}: {}", line.as_ref(), reply.text());
    }
}

/// Fills a server with every type in every encoding, in three databases, with and without deadlines.
fn fill(server: &Server) {
    let mut client = server.client();
    let long = |len: usize| "abcdefgh ".repeat(len / 9 + 1);
    let numbered = |line: &str, at: usize| line.replace('#', &at.to_string());
    for db in [0, 1, 9] {
        send(&mut client, [format!("SELECT {db}")]);
        send(
            &mut client,
            [
                "SET int 123456789012".to_owned(),
                "SET negative -7".to_owned(),
                "SET short embedded".to_owned(),
                "SET \"\" \"\"".to_owned(),
                format!("SET long \"{}\"", long(100)),
                format!("SET huge \"{}\"", long(100_000)),
                "SETRANGE sparse 5000 x".to_owned(),
                "RPUSH list:small a b c 1 -2 300 70000 5000000000".to_owned(),
                "SADD set:ints 1 -2 70000 5000000000".to_owned(),
                "SADD set:small a b c 1".to_owned(),
                "HSET hash:small f v g 2 \"\" \"\"".to_owned(),
                "ZADD zset:small 1 a 2 b -3 c 0 \"\" inf d".to_owned(),
                format!("RPUSH list:wide \"{}\" b", long(9000)),
                format!("HSET hash:wide f \"{}\"", long(100)),
                format!("ZADD zset:wide 1 \"{}\"", long(100)),
                format!("SADD set:wide \"{}\"", long(100)),
            ],
        );
        for (key, line) in [
            ("keys", "SET key:# #"),
            ("list", "RPUSH list:big element:#"),
            ("ints", "SADD set:manyints #"),
            ("set", "SADD set:big member:#"),
            ("hash", "HSET hash:big field:# #"),
            ("zset", "ZADD zset:big # member:#"),
            ("near", "SET near:# v PX 60#"),
        ] {
            let count = if key == "keys" { 2000 } else { 700 };
            send(&mut client, (1000..1000 + count).map(|at| numbered(line, at)));
        }
        send(
            &mut client,
            [
                "EXPIRE list:small 10000",
                "PEXPIREAT set:big 4000000000123",
                "EXPIRE hash:big 20000",
                "EXPIRE zset:wide 30000",
            ],
        );
    }
}

/// Every key with its deadline, in all databases that [`fill`] writes to. A digest does not tell deadlines apart.
fn deadlines(server: &Server) -> Vec<(Vec<u8>, String)> {
    let mut client = server.client();
    let mut found = Vec::new();
    for db in ["0", "1", "9"] {
        client.command(&["SELECT", db]).expect("it answers");
        let testkit::Value::Array(keys) = client.command(&["KEYS", "*"]).expect("it answers")
        else {
            panic!("KEYS answers with an array");
        };
        let keys: Vec<Vec<u8>> =
            keys.iter().filter_map(|key| key.as_bytes().map(<[u8]>::to_vec)).collect();
        let requests: Vec<Vec<&[u8]>> =
            keys.iter().map(|key| vec![&b"PEXPIRETIME"[..], key]).collect();
        let times = client.pipeline(&requests).expect("it answers");
        let times = times.iter().map(testkit::Value::text);
        found.extend(keys.iter().cloned().zip(times));
    }
    found.sort();
    found
}
