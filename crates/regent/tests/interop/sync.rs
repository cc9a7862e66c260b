//! Full syncs: what one writes the other reads, on the disk and past it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use testkit::{Server, until};

use crate::{deadlines, fill, for_both_ways};

#[test]
fn a_full_sync_carries_every_type_encoding_and_deadline() {
    for_both_ways(|first, second| {
        let ways =
            [("yes", "disabled"), ("yes", "swapdb"), ("no", "on-empty-db"), ("no", "disabled")];
        for (diskless, loads) in ways {
            let master = Server::start(first, &[&format!("repl-diskless-sync {diskless}")]);
            fill(&master);
            let replica = Server::start(second, &[&format!("repl-diskless-load {loads}")]);
            replica.say("set stale data");
            replica.follow(master.port());
            master.assert_same(&[&replica]);
            assert_eq!(deadlines(&master), deadlines(&replica));
            assert_eq!(replica.say("get stale"), "(nil)");
            // What comes after the snapshot finds the right database.
            let mut client = master.client();
            for line in [&["SELECT", "9"][..], &["SET", "after", "sync"], &["DEL", "int"]] {
                client.command(line).expect("it answers");
            }
            master.assert_same(&[&replica]);
        }
    });
}

#[test]
fn replicas_that_come_during_a_full_sync_share_it() {
    for_both_ways(|first, second| {
        let master =
            Server::start(first, &["repl-diskless-sync yes", "repl-diskless-sync-delay 1"]);
        fill(&master);
        let replicas = [(); 3].map(|()| Server::start(second, &[]));
        for replica in &replicas {
            replica.say(&format!("SLAVEOF 127.0.0.1 {}", master.port()));
        }
        for replica in &replicas {
            replica.wait_link("up");
        }
        master.assert_same(&[&replicas[0], &replicas[1], &replicas[2]]);
        assert_eq!(master.field("stats", "sync_full"), "3");
    });
}

#[test]
fn writes_during_a_full_sync_arrive_after_it() {
    for_both_ways(|first, second| {
        let master = Server::start(first, &["rdb-key-save-delay 100"]);
        fill(&master);
        let replica = Server::start(second, &[]);
        replica.say(&format!("SLAVEOF 127.0.0.1 {}", master.port()));
        let mut client = master.client();
        let mut count = 0;
        until("the end of the sync", || {
            count += 1;
            let write = ["HSET".to_owned(), "during".into(), count.to_string(), "x".repeat(100)];
            client.command(&write).expect("it answers");
            client
                .command(&["DEL".to_owned(), format!("key:{}", 1000 + count)])
                .expect("it answers");
            replica.field("replication", "master_link_status") == "up"
        });
        master.assert_same(&[&replica]);
    });
}

/// What a replica from before PSYNC reads: lines that only say that somebody is there, a length, so many bytes, then
/// the stream.
struct OldReplica(BufReader<TcpStream>);

impl OldReplica {
    fn ask(master: &Server) -> OldReplica {
        let stream = TcpStream::connect(("127.0.0.1", master.port())).expect("it listens");
        stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a timeout");
        (&stream).write_all(b"SYNC\r\n").expect("it reads");
        OldReplica(BufReader::new(stream))
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        while line.trim_end().is_empty() {
            line.clear();
            assert_ne!(self.0.read_line(&mut line).expect("a line within the timeout"), 0);
        }
        line.trim_end().to_owned()
    }

    fn bulk(&mut self) -> Vec<u8> {
        let line = self.line();
        let len = line.strip_prefix('$').and_then(|len| len.parse().ok());
        let mut bytes = vec![0; len.unwrap_or_else(|| panic!("{line} is no length"))];
        self.0.read_exact(&mut bytes).expect("as many as were announced");
        bytes
    }

    fn request(&mut self) -> Vec<String> {
        let count: usize = self.line()[1..].parse().expect("a number of words");
        (0..count).map(|_| String::from_utf8_lossy(&self.bulk()).into_owned()).collect()
    }
}

#[test]
fn a_replica_from_before_psync_gets_the_snapshot_and_the_stream() {
    for_both_ways(|first, second| {
        let master =
            Server::start(first, &["repl-diskless-sync yes", "repl-diskless-sync-delay 0"]);
        fill(&master);
        let mut old = OldReplica::ask(&master);
        let snapshot = old.bulk();
        let mut reader = Server::prepare(second, &[]);
        std::fs::write(reader.file("dump.rdb"), snapshot).expect("the folder is there");
        reader.start_again();
        assert_eq!(master.say("debug digest"), reader.say("debug digest"));
        assert_eq!(deadlines(&master), deadlines(&reader));
        master.say("set after sync");
        let told = std::iter::repeat_with(|| old.request()).filter(|words| words[0] != "PING");
        let told: Vec<_> = told.take(2).map(|words| words.join(" ")).collect();
        assert_eq!(told, ["SELECT 0", "set after sync"]);
        assert_eq!(master.field("replication", "connected_slaves"), "1");
    });
}
