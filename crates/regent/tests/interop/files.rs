//! Snapshot files: theirs start us, ours start them, and both checkers are content with both.

use std::path::Path;
use std::process::Command;

use testkit::{Family, Program, Random, Server, peer_tool};

use crate::{PROGRAM, deadlines, fill, for_both_ways};

/// Starts `program` with a snapshot.
fn with_file(program: &Program, file: &Path) -> Server {
    let mut server = Server::prepare(program, &[]);
    std::fs::copy(file, server.file("dump.rdb")).expect("both are there");
    server.start_again();
    server
}

fn assert_sound(file: &Path) {
    let Some(theirs) = peer_tool("redis-check-rdb") else { return };
    let mut check = Command::new(theirs);
    let output = check.arg(file).output().expect("it is installed");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && text.contains("RDB looks OK!"), "{text}");
    let output = Command::new(PROGRAM).arg("check-rdb").arg(file).output().expect("it starts");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && text.contains("RDB looks OK!"), "{text}");
}

#[test]
fn snapshots_are_interchangeable() {
    for_both_ways(|writer, reader| {
        for compression in ["yes", "no"] {
            let server = Server::start(writer, &[&format!("rdbcompression {compression}")]);
            fill(&server);
            // Nothing that ends while the files are copied.
            let families = [Family::Lists, Family::Sets, Family::Hashes, Family::SortedSets];
            let mut random = Random::plain(5, &families);
            let mut client = server.client();
            for _ in 0..500 {
                client.command(&random.command()).expect("it answers");
            }
            assert_eq!(server.say("SAVE"), "OK");
            let (_, digest) = server.position();
            let file = server.file("dump.rdb");
            assert_sound(&file);
            let other = with_file(reader, &file);
            assert_eq!(deadlines(&server), deadlines(&other));
            assert_eq!(other.position().1, digest);
        }
    });
}

#[test]
fn values_move_by_dump_and_restore() {
    for_both_ways(|first, second| {
        let (from, to) = (Server::start(first, &[]), Server::start(second, &[]));
        fill(&from);
        let (mut client, mut other) = (from.client(), to.client());
        let keys = ["int", "", "huge", "list:small", "list:big", "list:wide", "set:ints"];
        let more = ["set:small", "set:big", "hash:small", "hash:big", "zset:small", "zset:big"];
        for key in keys.into_iter().chain(more) {
            // A digest of a value tells whether it has a deadline, a payload does not.
            client.command(&["PERSIST", key]).expect("it answers");
            let dumped = client.command(&["DUMP", key]).expect("it answers");
            let payload = dumped.as_bytes().expect("the key is there");
            let restore = [b"RESTORE", key.as_bytes(), b"0", payload];
            let reply = other.command(&restore).expect("it answers");
            assert_eq!(testkit::print(&reply), "OK", "{key}");
            let ask = ["DEBUG", "DIGEST-VALUE", key];
            assert_eq!(client.command(&ask).ok(), other.command(&ask).ok(), "{key}");
        }
    });
}
