//! Persistence on one side only, passwords, priorities, and how many replicas a write needs: rows 10 to 12.

use std::process::Command;

use testkit::{Server, until};

use crate::{names, of, start};

#[test]
fn row_10_persistence_only_on_a_replica_and_full_syncs_both_ways() {
    for (diskless, target) in [("yes", "replicas sockets"), ("no", "disk")] {
        let master = start(&["save \"\"", &format!("repl-diskless-sync {diskless}")]);
        for at in 0..300 {
            master.say(&format!("set key:{at} {}", "v".repeat(at + 1)));
        }
        let mut keeper = start(&["save 900 1", "dbfilename kept.rdb"]);
        keeper.follow(master.port());
        let line = format!("Starting BGSAVE for SYNC with target: {target}");
        assert!(master.log().contains(&line), "{line} is not in\n{}", master.log());
        assert_eq!(master.say("rpush list a b c"), "(integer) 3");
        master.assert_same(&[&keeper]);
        keeper.shutdown("");
        assert!(keeper.file("kept.rdb").exists());
        assert!(!master.file("dump.rdb").exists() || diskless == "no");
        // All is lost on the master; the replica has it on its disk.
        let digest = master.position().1;
        drop(master);
        keeper.start_again();
        assert_eq!(keeper.say("dbsize"), "(integer) 301");
        assert_eq!(keeper.position().1, digest);
    }
}

#[test]
fn row_11_a_password_between_master_and_replica() {
    let master = start(&["requirepass redis", "masterauth redis"]);
    master.say("set k v");
    let port = master.port();
    let unknown =
        testkit::Client::connect(("127.0.0.1", port)).expect("it listens").command(&["GET", "k"]);
    let refusal = "NOAUTH Authentication required.";
    assert_eq!(unknown.expect("it answers").text(), refusal);
    let lines = ["slave-priority 90", "requirepass redis"];
    let follow = format!("slaveof 127.0.0.1 {port}");
    let replica = start(&[&lines[..], &["masterauth redis", &follow]].concat());
    replica.wait_link("up");
    assert_eq!(of(&replica, "slave_priority"), "90");
    assert_eq!(replica.say("get k"), "\"v\"");
    let shown = replica.say("config get slave-priority");
    assert_eq!(shown, "1) \"slave-priority\"\n2) \"90\"");
    // Without the password, and with a wrong one, the link stays down and the log says why.
    let forgetful = start(&[&lines[..], &[&follow]].concat());
    forgetful.wait_log("NOAUTH");
    assert_eq!(of(&forgetful, "master_link_status"), "down");
    assert_eq!(forgetful.say("config set masterauth wrong"), "OK");
    forgetful.wait_log("Unable to AUTH to MASTER: -WRONGPASS");
    assert_eq!(forgetful.say("config set masterauth redis"), "OK");
    forgetful.wait_link("up");
    assert_eq!(of(&master, "connected_slaves"), "2");
    assert_eq!(forgetful.say("config set slave-priority 10"), "OK");
    assert_eq!(of(&forgetful, "slave_priority"), "10");
    master.assert_same(&[&replica, &forgetful]);
}

#[track_caller]
fn signal(server: &Server, name: &str) {
    let status = Command::new("kill").args([name, &server.pid().to_string()]).status();
    assert!(status.is_ok_and(|status| status.success()));
}

#[test]
fn row_12_a_master_with_too_few_good_replicas_refuses_writes() {
    const REFUSAL: &str = "(error) NOREPLICAS Not enough good replicas to write.";
    let master = start(&["min-slaves-to-write 2", "min-slaves-max-lag 10"]);
    assert_eq!(master.say("set age 221"), REFUSAL);
    let follow = format!("slaveof 127.0.0.1 {}", master.port());
    let mut replicas = [(); 4].map(|()| start(&[&follow]));
    master.wait_field("replication", "min_slaves_good_slaves", "4");
    let info = master.info("replication");
    assert_eq!(
        names(&info)[2..5],
        ["connected_slaves", "min_slaves_good_slaves", "slave0"],
        "{info}"
    );
    assert_eq!(master.say("set age 222"), "OK");
    for replica in &mut replicas[..3] {
        replica.shutdown("nosave");
    }
    master.wait_field("replication", "min_slaves_good_slaves", "1");
    assert_eq!(master.say("set age 223"), REFUSAL);
    assert_eq!(master.say("get age"), "\"222\"");
    // One comes back, and that is enough.
    replicas[0].start_again();
    master.wait_field("replication", "min_slaves_good_slaves", "2");
    assert_eq!(master.say("set age 223"), "OK");
    master.assert_same(&[&replicas[0], &replicas[3]]);
    // One that is connected and silent counts only until its lag is too long.
    assert_eq!(master.say("config set min-replicas-max-lag 1"), "OK");
    signal(&replicas[3], "-STOP");
    until("a refusal", || master.say("set age 224") == REFUSAL);
    assert_eq!(of(&master, "connected_slaves"), "2");
    signal(&replicas[3], "-CONT");
    until("writes again", || master.say("set age 224") == "OK");
    assert_eq!(master.say("config set min-slaves-to-write 0"), "OK");
    assert_eq!(of(&master, "min_slaves_good_slaves"), "");
}
