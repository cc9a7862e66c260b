//! Both ends of a replication link, each with a stranger at the other.

use super::{pieces, servers};
use crate::{Bounds, Target};
use std::collections::BTreeMap;

pub(super) const TARGETS: &[Target] = &[
    Target {
        name: "replica_link",
        run: replica_link,
        bounds: Bounds { bytes: 64 << 20, bytes_per_byte: 200_000, ms: 10_000 },
        words: &[
            b"+PONG\r\n",
            b"+OK\r\n",
            b"+CONTINUE\r\n",
            b"+CONTINUE 0123456789abcdef0123456789abcdef01234567\r\n",
            b"+FULLRESYNC 0123456789abcdef0123456789abcdef01234567 100\r\n",
            b"$EOF:oooooooooooooooooooooooooooooooooooooooo\r\n",
            b"oooooooooooooooooooooooooooooooooooooooo",
            b"$46\r\n",
            b"REDIS0009\xfe\x00\x00\x01k\x03old\xff\0\0\0\0\0\0\0\0",
            b"-NOAUTH x\r\n",
            b"-LOADING\r\n",
            b"\n",
            b"*1\r\n$4\r\nPING\r\n",
            b"*3\r\n$8\r\nREPLCONF\r\n$6\r\nGETACK\r\n$1\r\n*\r\n",
            b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n",
            b"*1\r\n$5\r\nMULTI\r\n",
            b"*1\r\n$4\r\nEXEC\r\n",
            b"18446744073709551615",
            b"*2\r\n$6\r\nSELECT\r\n$1\r\n1\r\n",
            b"*1\r\n$8\r\nFLUSHALL\r\n",
        ],
        len_max: 4 << 10,
    },
    Target {
        name: "primary_link",
        run: primary_link,
        bounds: Bounds { bytes: 64 << 20, bytes_per_byte: 200_000, ms: 10_000 },
        words: &[
            b"PING\r\n",
            b"SYNC\r\n",
            b"PSYNC ? -1\r\n",
            b"PSYNC 0123456789abcdef0123456789abcdef01234567 100\r\n",
            b"REPLCONF listening-port 7001\r\n",
            b"REPLCONF capa eof capa psync2\r\n",
            b"REPLCONF ack 100\r\n",
            b"REPLCONF ack 9223372036854775807\r\n",
            b"REPLCONF ip-address nosuch.invalid\r\n",
            b"REPLCONF rdb-only 1\r\n",
            b"REPLCONF rdb-filter-only functions\r\n",
            b"REPLCONF GETACK *\r\n",
            b"REPLCONF version 7.2.0\r\n",
            b"-1",
            b"18446744073709551615",
            b"SET k v\r\n",
            b"FAILOVER TO 127.0.0.1 7001\r\n",
            b"REPLICAOF NO ONE\r\n",
        ],
        len_max: 4 << 10,
    },
];

const SNAPSHOT: &[u8] = b"REDIS0009\xfe\x00\x00\x01k\x03old\xff\0\0\0\0\0\0\0\0";

/// Our primary says what it likes, from the handshake on or after it.
fn replica_link(input: &[u8]) {
    let Some((choice, input)) = input.split_first() else { return };
    let load = ["disabled", "on-empty-db", "swapdb"][usize::from(choice >> 4) % 3];
    let parameters = [("replicaof", "127.0.0.1 7000"), ("repl-diskless-load", load)];
    let mut rig = servers::server(&parameters, BTreeMap::new());
    rig.pass(1100);
    for round in 0..2 {
        let Some(conn) = rig.answer_call() else { break };
        if choice & 3 > 0 {
            rig.input(conn, b"+PONG\r\n");
            rig.input(conn, b"+OK\r\n+OK\r\n");
        }
        if choice & 3 > 1 && round == 0 {
            let head = "+FULLRESYNC 0123456789abcdef0123456789abcdef01234567 100";
            rig.input(conn, format!("{head}\r\n${}\r\n", SNAPSHOT.len()).as_bytes());
            rig.input(conn, SNAPSHOT);
        }
        pieces(input).for_each(|piece| rig.input(conn, piece));
        rig.pass(1500);
    }
    if !rig.has_ended {
        let answer = servers::answers(&mut rig);
        assert!(answer == b"+PONG\r\n" || answer.starts_with(b"-"), "{}", answer.escape_ascii());
    }
}

/// Replicas say what they like.
fn primary_link(input: &[u8]) {
    let mut rig = servers::server(&[("repl-diskless-sync-delay", "0")], BTreeMap::new());
    let (client, replica, other) = (rig.connect(), rig.connect(), rig.connect());
    rig.say(client, &[b"SET", b"k", b"v"]);
    for (at, piece) in pieces(input).enumerate() {
        rig.input(replica, piece);
        if at % 7 == 3 {
            rig.say(client, &[b"RPUSH", b"l", b"x"]);
            rig.input(other, piece);
        }
    }
    rig.pass(1500);
    if !rig.has_ended {
        let answer = servers::answers(&mut rig);
        assert!(answer == b"+PONG\r\n" || answer.starts_with(b"-"), "{}", answer.escape_ascii());
    }
}
