//! Full syncs: what one writes the other reads, on the disk and past it.

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
