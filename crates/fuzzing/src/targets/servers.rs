//! A whole server and its clients: before they are let in, and when they are.

use super::pieces;
use crate::rig::{Rig, beginning};
use crate::{Bounds, Target};
use config::Config;
use node::{Node, Options};
use std::collections::BTreeMap;
use world::{Secrets, Senses};

pub(super) const TARGETS: &[Target] = &[
    Target {
        name: "strangers",
        run: strangers,
        bounds: Bounds { bytes: 16 << 20, bytes_per_byte: 20_000, ms: 5000 },
        words: &[
            b"*2\r\n$4\r\nAUTH\r\n$1\r\nx\r\n",
            b"*1\r\n$4\r\nPING\r\n",
            b"HELLO 3\r\n",
            b"AUTH secret\r\n",
            b"QUIT\r\n",
            b"RESET\r\n",
            b"\x0b\n",
            b"SYNC\r\n",
            b"GET k\r\n",
            b"\"",
            b"*1048577\r\n",
            b"$16385\r\n",
            b"POST / HTTP/1.1\r\n",
        ],
        len_max: 4 << 10,
    },
    Target {
        name: "commands",
        run: commands,
        bounds: Bounds { bytes: 512 << 20, bytes_per_byte: 1 << 20, ms: 20_000 },
        words: COMMANDS,
        len_max: 2 << 10,
    },
];

const COMMANDS: &[&[u8]] = &[
    b"SET k v\r\n",
    b"GET k\r\n",
    b"LPUSH l a b c 12\r\n",
    b"LSET l 1 x\r\n",
    b"LINSERT l BEFORE b y\r\n",
    b"LPOS l a RANK -1\r\n",
    b"SADD s a b 1 2\r\n",
    b"SRANDMEMBER s -9\r\n",
    b"SPOP s 2\r\n",
    b"HSET h f v g 1\r\n",
    b"HPEXPIRE h 1 FIELDS 1 f\r\n",
    b"HINCRBY h g 9223372036854775807\r\n",
    b"ZADD z 1 a 2 b inf c\r\n",
    b"ZINCRBY z -inf c\r\n",
    b"ZRANGE z 0 -1 WITHSCORES\r\n",
    b"ZUNIONSTORE d 2 z s WEIGHTS 1e308 -1e308\r\n",
    b"SETRANGE k 100 x\r\n",
    b"SETBIT k 1000 1\r\n",
    b"BITFIELD k SET u8 0 255\r\n",
    b"GETRANGE k -5 9223372036854775807\r\n",
    b"EXPIRE k 9223372036854775807\r\n",
    b"PEXPIREAT k 1\r\n",
    b"MULTI\r\n",
    b"EXEC\r\n",
    b"WATCH k\r\n",
    b"DISCARD\r\n",
    b"SUBSCRIBE c\r\n",
    b"PSUBSCRIBE c*\r\n",
    b"UNSUBSCRIBE\r\n",
    b"PUBLISH c m\r\n",
    b"BLPOP l 0.01\r\n",
    b"SCAN 0 COUNT 9\r\n",
    b"SORT l ALPHA LIMIT 0 2\r\n",
    b"OBJECT ENCODING l\r\n",
    b"DUMP l\r\n",
    b"CLIENT LIST\r\n",
    b"CLIENT TRACKING on\r\n",
    b"INFO\r\n",
    b"CONFIG GET *\r\n",
    b"PFADD p a b c\r\n",
    b"PFCOUNT p\r\n",
    b"GEOADD g 13.3 38.1 a\r\n",
    b"GEOSEARCH g FROMMEMBER a BYRADIUS 9 km ASC\r\n",
    b"LCS k k IDX\r\n",
    b"COPY l m\r\n",
    b"RENAME l n\r\n",
    b"MOVE l 1\r\n",
    b"SWAPDB 0 1\r\n",
    b"FLUSHALL\r\n",
    b"HELLO 3\r\n",
    b"RESET\r\n",
    b"EVAL \"return redis.call('GET', KEYS[1])\" 1 k\r\n",
    b"ACL SETUSER a on ~k +get\r\n",
    b"LATENCY RESET\r\n",
    b"SLOWLOG GET\r\n",
];

/// A server whose parameters are at their defaults but for these.
pub(super) fn server(parameters: &[(&str, &str)], files: BTreeMap<String, Vec<u8>>) -> Rig<Node> {
    let mut config = Config::default();
    for (name, value) in [("dir", "/data"), ("proto-max-bulk-len", "1mb"), ("save", "")] {
        config.values.set(name, &[value]).expect("a value that the parameter takes");
    }
    for (name, value) in parameters {
        let values: Vec<&str> = value.split(' ').collect();
        config.values.set(name, &values).expect("a value that the parameter takes");
    }
    let now = beginning();
    let mut node = Node::new(Options {
        config,
        seed: 1,
        secrets: Secrets::made_up(1),
        senses: Senses::NUMB,
        now,
    });
    node.start(now);
    Rig::new(node, files)
}

/// Whether the server still answers somebody who comes now.
pub(super) fn answers(rig: &mut Rig<Node>) -> Vec<u8> {
    let conn = rig.connect();
    rig.say(conn, &[b"PING"])
}

fn strangers(input: &[u8]) {
    let mut rig = server(&[("requirepass", "another-secret")], BTreeMap::new());
    let conn = rig.connect();
    pieces(input).for_each(|piece| rig.input(conn, piece));
    rig.pass(100);
    assert!(!rig.has_ended, "no stranger ends a server");
    let answer = answers(&mut rig);
    assert!(answer.starts_with(b"-NOAUTH"), "{}", answer.escape_ascii());
}

fn commands(input: &[u8]) {
    // HRANDFIELD of -2^48 answers until there is no room: as in Redis, only the limit of the output ends it.
    let limit = [("client-output-buffer-limit", "normal 1mb 0 0")];
    let mut rig = server(&limit, BTreeMap::new());
    let (one, two) = (rig.connect(), rig.connect());
    for (at, piece) in pieces(input).enumerate() {
        // Two clients take turns at line ends; a piece that is cut goes on with the same one.
        let conn = if at % 5 == 4 && piece.ends_with(b"\n") { two } else { one };
        rig.input(conn, piece);
    }
    rig.pass(100);
}
