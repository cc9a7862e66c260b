//! What a Sentinel reads: its file, and what its peers say of themselves.

use super::configuration::{Files, load};
use super::pieces;
use crate::rig::{Rig, beginning};
use crate::{Bounds, Target};
use sentinel::state::{self, directives};
use sentinel::{Options, Rules, Sentinel};
use std::collections::BTreeMap;
use world::{Secrets, Senses};

pub(super) const TARGETS: &[Target] = &[
    Target {
        name: "sentinel_state",
        run: sentinel_state,
        bounds: Bounds { bytes: 32 << 20, bytes_per_byte: 100_000, ms: 5000 },
        words: &[
            b"sentinel ", b"monitor m 127.0.0.1 7000 2\n", b"known-replica m 127.0.0.1 7001\n", b"current-epoch 3\n",
            b"known-sentinel m 127.0.0.1 5001 dddddddddddddddddddddddddddddddddddddddd\n", b"config-epoch m 1\n",
            b"leader-epoch m 1\n", b"myid dddddddddddddddddddddddddddddddddddddddd\n", b"down-after-milliseconds m 1\n",
            b"18446744073709551615", b"resolve-hostnames yes\n", b"announce-ip 127.0.0.1\n", b"auth-pass m \"x\\x00y\"\n",
            b"rename-command m CONFIG guarded\n", b"failover-timeout m 1\n", b"parallel-syncs m 1\n", b"port 26379\n",
        ],
        len_max: 4 << 10,
    },
    Target {
        name: "sentinel_hello",
        run: sentinel_hello,
        bounds: Bounds { bytes: 32 << 20, bytes_per_byte: 100_000, ms: 5000 },
        words: &[
            b"127.0.0.1,5001,dddddddddddddddddddddddddddddddddddddddd,1,m,127.0.0.1,7000,0\n",
            b"nosuch.invalid,5001,eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee,9,m,nosuch.invalid,7000,9\n", b",", b"m",
            b"18446744073709551615", b"::1", b"65536", b"0", b"\n",
        ],
        len_max: 2 << 10,
    },
];

const PATH: &str = "/data/sentinel.conf";

/// A Sentinel with this file; none where the file is refused.
fn sentinel(file: &[u8]) -> Result<Rig<Sentinel>, String> {
    let bytes = state::recover(file).into_owned();
    let mut files = Files(BTreeMap::from([(PATH.to_owned(), bytes.clone())]));
    let config = load(&mut files, &[PATH, "--sentinel"]).map_err(|error| error.to_string())?;
    let read = directives::read(&config.sentinel, &mut |_| true);
    let (saved, _) = read.map_err(|error| error.to_string())?;
    let now = beginning();
    let mut sentinel = Sentinel::new(Options {
        config,
        file: bytes,
        saved,
        seed: 1,
        secrets: Secrets::made_up(1),
        senses: Senses::NUMB,
        now,
        east_secs: 0,
        rules: Rules::default(),
    });
    sentinel.start(now);
    Ok(Rig::new(sentinel, files.0))
}

/// Lets a Sentinel run for a while; then its file must be one that it starts with.
fn run_and_start_again(mut rig: Rig<Sentinel>) {
    rig.pass(1500);
    while let Some(conn) = rig.answer_call() {
        rig.input(conn, b"+PONG\r\n-ERR unknown\r\n+OK\r\n");
    }
    rig.pass(12_000);
    let file = rig.files.get(PATH).cloned().unwrap_or_default();
    if let Err(error) = sentinel(&file) {
        panic!("it starts with what it has written: {error}\n{}", String::from_utf8_lossy(&file));
    }
}

fn sentinel_state(input: &[u8]) {
    if let Ok(rig) = sentinel(input) {
        run_and_start_again(rig);
    }
}

fn sentinel_hello(input: &[u8]) {
    let mut rig =
        sentinel(b"port 26379\nsentinel monitor m 127.0.0.1 7000 2\n").expect("a sound file");
    let (by_request, mut by_link) = (rig.connect(), Vec::new());
    rig.pass(1100);
    while let Some(conn) = rig.answer_call() {
        by_link.push(conn);
    }
    for line in input.split(|byte| *byte == b'\n') {
        rig.say(by_request, &[b"PUBLISH", b"__sentinel__:hello", line]);
        let mut message = b"*3\r\n$7\r\nmessage\r\n$18\r\n__sentinel__:hello\r\n".to_vec();
        message.extend(format!("${}\r\n", line.len()).into_bytes());
        message.extend_from_slice(line);
        message.extend_from_slice(b"\r\n");
        for conn in &by_link {
            pieces(&message).for_each(|piece| rig.input(*conn, piece));
        }
    }
    run_and_start_again(rig);
}
