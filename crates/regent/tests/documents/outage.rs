//! The master goes away, and comes back: rows 5 and 6.

use testkit::until;

use crate::{names, of, replica_names, start};

#[test]
fn row_5_without_a_master_replicas_go_on_and_nobody_is_promoted() {
    let mut master = start(&[]);
    let replicas = [start(&[]), start(&[])];
    for replica in &replicas {
        replica.follow(master.port());
    }
    master.say("set k v");
    master.assert_same(&[&replicas[0], &replicas[1]]);
    let id = of(&master, "master_replid");
    master.shutdown("");
    assert!(master.log().contains("Redis is now ready to exit, bye bye..."));
    for replica in &replicas {
        replica.wait_link("down");
        let info = replica.info("replication");
        assert_eq!(names(&info), replica_names(0, false), "{info}");
        let port = master.port().to_string();
        for (name, want) in [
            ("role", "slave"),
            ("master_port", &port),
            ("master_last_io_seconds_ago", "-1"),
            ("master_sync_in_progress", "0"),
            ("master_replid", &id),
            ("connected_slaves", "0"),
        ] {
            assert_eq!(of(replica, name), want, "{name} in {info}");
        }
        let since = replica.number("replication", "master_link_down_since_seconds");
        assert!((0..60).contains(&since), "{info}");
        assert_eq!(replica.say("get k"), "\"v\"");
        let refusal = "(error) READONLY You can't write against a read only replica.";
        assert_eq!(replica.say("set k w"), refusal);
        replica.wait_log("Error condition on socket for SYNC: Connection refused");
    }
    assert_eq!(of(&replicas[0], "slave_repl_offset"), of(&replicas[1], "slave_repl_offset"));
}

#[test]
fn row_6_a_master_that_comes_back_with_its_snapshot_goes_on_where_it_was() {
    let mut master = start(&["save 900 1"]);
    let replicas = [start(&[]), start(&[])];
    for replica in &replicas {
        replica.follow(master.port());
    }
    master.say("set k v");
    let offset = master.number("replication", "master_repl_offset");
    master.shutdown("");
    assert!(master.file("dump.rdb").exists());
    master.start_again();
    for replica in &replicas {
        replica.wait_link("up");
        assert_eq!(of(replica, "master_replid"), of(&master, "master_replid"));
        assert!(replica.log().contains("Successful partial resynchronization with master."));
    }
    until("two replicas", || of(&master, "connected_slaves") == "2");
    assert_eq!(master.field("stats", "sync_full"), "0");
    assert_eq!(master.field("stats", "sync_partial_ok"), "2");
    assert!(master.number("replication", "master_repl_offset") >= offset);
    assert_eq!(master.say("set k2 v2"), "OK");
    for replica in &replicas {
        until("the write", || replica.say("get k2") == "\"v2\"");
    }
    master.assert_same(&[&replicas[0], &replicas[1]]);
}

#[test]
fn row_6_a_replica_that_comes_back_with_its_snapshot_gets_what_it_missed() {
    let master = start(&[]);
    let mut replica = start(&["save 900 1", &format!("slaveof 127.0.0.1 {}", master.port())]);
    replica.wait_link("up");
    master.say("set k v");
    master.assert_same(&[&replica]);
    replica.shutdown("");
    master.wait_field("replication", "connected_slaves", "0");
    master.say("set k2 v2");
    replica.start_again();
    replica.wait_link("up");
    master.assert_same(&[&replica]);
    assert_eq!(replica.say("get k2"), "\"v2\"");
    assert_eq!(master.field("stats", "sync_full"), "1");
    assert_eq!(master.field("stats", "sync_partial_ok"), "1");
}

#[test]
fn row_6_without_a_common_history_the_sync_is_a_full_one() {
    let mut master = start(&["save 900 1"]);
    master.say("set k v");
    master.say("save");
    let replica = start(&[]);
    replica.follow(master.port());
    master.say("set k lost");
    master.assert_same(&[&replica]);
    // The snapshot is older than the replica's data.
    master.kill();
    replica.wait_link("down");
    master.start_again();
    replica.wait_link("up");
    assert_eq!(master.field("stats", "sync_full"), "1");
    assert_eq!(replica.say("get k"), "\"v\"");
    master.assert_same(&[&replica]);
}
