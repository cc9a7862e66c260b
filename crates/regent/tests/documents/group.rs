//! A master and its replicas while all is well: rows 3, 4, 7, 8 and 9.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::process::{Command, Stdio};

use testkit::{Server, peer_tool, until};

use crate::{NO_ID, master_names, names, of, replica_names, start};

const READ_ONLY: &str = "(error) READONLY You can't write against a read only replica.";

/// The lines `slaveN:` of a master, as maps from their fields.
fn replica_line(master: &Server, at: usize, port: u16) -> bool {
    let line = of(master, &format!("slave{at}"));
    let fields: Vec<(&str, &str)> =
        line.split(',').filter_map(|part| part.split_once('=')).collect();
    let [
        ("ip", "127.0.0.1"),
        ("port", shown),
        ("state", "online"),
        ("offset", offset),
        ("lag", lag),
    ] = fields[..]
    else {
        return false;
    };
    let is_offset = offset.parse::<u64>().is_ok_and(|offset| offset > 0);
    shown == port.to_string() && is_offset && matches!(lag, "0" | "1")
}

#[test]
fn row_3_slaveof_at_run_time_and_in_the_file() {
    let master = start(&["repl-ping-replica-period 1"]);
    assert_eq!(master.say("SET k1 k1"), "OK");
    let first = start(&[]);
    assert_eq!(first.say(&format!("SLAVEOF 127.0.0.1 {}", master.port())), "OK");
    first.wait_link("up");
    let second = start(&[&format!("slaveof 127.0.0.1 {}", master.port())]);
    second.wait_link("up");
    // Acknowledged, which replicas do every second.
    until("two replicas online", || {
        replica_line(&master, 0, first.port()) && replica_line(&master, 1, second.port())
    });
    let info = master.info("replication");
    assert_eq!(names(&info), master_names(2), "{info}");
    assert_eq!(of(&master, "connected_slaves"), "2");
    let id = of(&master, "master_replid");
    for replica in [&first, &second] {
        let info = replica.info("replication");
        assert_eq!(names(&info), replica_names(0, true), "{info}");
        let port = master.port().to_string();
        for (name, want) in [
            ("role", "slave"),
            ("master_host", "127.0.0.1"),
            ("master_port", &port),
            ("master_link_status", "up"),
            ("master_sync_in_progress", "0"),
            ("slave_priority", "100"),
            ("slave_read_only", "1"),
            ("replica_announced", "1"),
            ("connected_slaves", "0"),
            ("master_failover_state", "no-failover"),
            ("master_replid", &id),
            ("master_replid2", NO_ID),
            ("second_repl_offset", "-1"),
            ("repl_backlog_active", "1"),
            ("repl_backlog_size", "1048576"),
        ] {
            assert_eq!(of(replica, name), want, "{name} in {info}");
        }
        let ago: u64 = of(replica, "master_last_io_seconds_ago").parse().expect("a number");
        assert!(ago <= 10, "{info}");
        assert_eq!(replica.say("get k1"), "\"k1\"");
    }
    master.assert_same(&[&first, &second]);
    for line in ["Connecting to MASTER", "MASTER <-> REPLICA sync started", "Finished with success"]
    {
        let log = first.log();
        assert_eq!(log.matches(line).count(), 1, "{line} in\n{log}");
    }
    for line in ["asks for synchronization", "Synchronization with replica", "succeeded"] {
        assert!(master.log().contains(line), "{line} is not in\n{}", master.log());
    }
}

#[test]
fn row_3_redis_cli_talks_to_it() {
    let Some(cli) = peer_tool("redis-cli") else { return };
    let master = start(&["requirepass redis"]);
    let port = master.port().to_string();
    let session = |arguments: &[&str], typed: &str| {
        let mut command = Command::new(cli);
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = command.spawn().expect("it is installed");
        let mut input = process.stdin.take().expect("it is piped");
        input.write_all(typed.as_bytes()).expect("it reads");
        drop(input);
        let output = process.wait_with_output().expect("it ends");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let login = ["-h", "127.0.0.1", "-p", &port, "-a", "redis"];
    assert_eq!(session(&["-p", &port], "ping\n"), "NOAUTH Authentication required.\n\n");
    assert_eq!(session(&login, "set name leilei\nget name\nkeys *\n"), "OK\nleilei\nname\n");
    let info = session(&[&login[..], &["info", "replication"]].concat(), "");
    assert_eq!(names(info.trim_end()), master_names(0), "{info}");
    let pretty = [&login[..], &["--no-raw"]].concat();
    let typed = "lpush l b a\nlrange l 0 -1\nget none\nhset h f v\nhgetall h\nset\n";
    let want = "(integer) 2\n1) \"a\"\n2) \"b\"\n(nil)\n(integer) 1\n1) \"f\"\n2) \"v\"\n\
                (error) ERR wrong number of arguments for 'set' command\n";
    assert_eq!(session(&pretty, typed).replace("\n\n", "\n"), want);
    // RESP3, as `-3` asks: maps are maps, doubles doubles.
    let typed = "hgetall h\nzadd z 1.5 m\nzscore z m\nsmembers none\n";
    let want = "1# \"f\" => \"v\"\n(integer) 1\n(double) 1.5\n(empty set)\n";
    assert_eq!(session(&[&pretty[..], &["-3"]].concat(), typed), want);
}

#[test]
fn row_4_a_replica_refuses_writes_unless_told_otherwise() {
    let master = start(&[]);
    let replicas = [start(&[]), start(&[])];
    for (at, replica) in replicas.iter().enumerate() {
        replica.follow(master.port());
        assert_eq!(replica.say(&format!("set k{at} v")), READ_ONLY);
    }
    let [first, second] = &replicas;
    assert_eq!(first.say("config set slave-read-only no"), "OK");
    assert_eq!(of(first, "slave_read_only"), "0");
    assert_eq!(first.say("config get replica-read-only"), "1) \"replica-read-only\"\n2) \"no\"");
    let offset = of(first, "slave_repl_offset");
    assert_eq!(first.say("set local here"), "OK");
    assert_eq!(first.say("get local"), "\"here\"");
    assert_eq!(of(first, "slave_repl_offset"), offset, "a local write is no part of the history");
    // What is written afterwards arrives everywhere; the local key is nowhere else.
    assert_eq!(master.say("set after all"), "OK");
    for replica in &replicas {
        until("the write", || replica.say("get after") == "\"all\"");
    }
    assert_eq!([&master, second].map(|server| server.say("get local")), ["(nil)", "(nil)"]);
    assert_eq!(first.say("config set slave-read-only yes"), "OK");
    assert_eq!(first.say("set local there"), READ_ONLY);
}

#[test]
fn row_7_a_chain_has_one_history() {
    let (a, b, c) = (start(&["repl-ping-replica-period 1"]), start(&[]), start(&[]));
    a.say("set before 1");
    b.follow(a.port());
    c.follow(a.port());
    assert_eq!(of(&a, "connected_slaves"), "2");
    assert_eq!(c.say(&format!("SLAVEOF 127.0.0.1 {}", b.port())), "OK");
    c.wait_link("up");
    // To its sibling it goes on where it was.
    assert_eq!(b.field("stats", "sync_partial_ok"), "1");
    assert_eq!(b.field("stats", "sync_full"), "0");
    a.wait_field("replication", "connected_slaves", "1");
    until("a replica of the replica", || replica_line(&b, 0, c.port()));
    let info = b.info("replication");
    assert_eq!(names(&info), replica_names(1, true), "{info}");
    assert_eq!(of(&b, "role"), "slave");
    assert_eq!(of(&c, "master_port"), b.port().to_string());
    assert_eq!(a.say("set k3 v3"), "OK");
    for replica in [&b, &c] {
        until("the write", || replica.say("get k3") == "\"v3\"");
        assert_eq!(of(replica, "master_replid"), of(&a, "master_replid"));
    }
    assert_eq!(c.say("set k3 v4"), READ_ONLY);
    a.assert_same(&[&b, &c]);
}

#[test]
fn row_8_a_promoted_replica_keeps_the_history_of_its_master() {
    // A master that says nothing by itself: its history ends with the last write.
    let quiet = ["repl-ping-replica-period 3600"];
    let (a, b, c) = (start(&quiet), start(&quiet), start(&quiet));
    for replica in [&b, &c] {
        replica.follow(a.port());
    }
    a.say("set k v");
    a.assert_same(&[&b, &c]);
    let (id, offset) = (of(&a, "master_replid"), a.number("replication", "master_repl_offset"));
    assert_eq!(b.say("SLAVEOF NO ONE"), "OK");
    assert_eq!(names(&b.info("replication")), master_names(0));
    for (name, want) in [
        ("role", "master".to_owned()),
        ("master_replid2", id.clone()),
        ("master_repl_offset", offset.to_string()),
        ("second_repl_offset", (offset + 1).to_string()),
    ] {
        assert_eq!(of(&b, name), want, "{name}");
    }
    assert_ne!(of(&b, "master_replid"), id);
    // The other replica, and then the old master itself, go on from there.
    for (at, server) in [&c, &a].into_iter().enumerate() {
        server.follow(b.port());
        assert_eq!(b.field("stats", "sync_partial_ok"), (at + 1).to_string());
        assert_eq!(of(server, "master_replid"), of(&b, "master_replid"));
    }
    assert_eq!(b.field("stats", "sync_full"), "0");
    assert_eq!(of(&b, "connected_slaves"), "2");
    assert_eq!(b.say("set k w"), "OK");
    b.assert_same(&[&c, &a]);
    assert_eq!(a.say("get k"), "\"w\"");
    assert_eq!(a.say("set k x"), READ_ONLY);
}

/// A master that begins a full sync and does not go on: it answers the handshake, announces a snapshot, and sends
/// nothing of it until the returned connection is dropped.
fn stuck_master(listener: &TcpListener) -> BufReader<std::net::TcpStream> {
    let (stream, _) = listener.accept().expect("the replica connects");
    let mut stream = BufReader::new(stream);
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).expect("the replica speaks");
        let answer = match line.trim_end().to_ascii_uppercase().as_str() {
            "PING" => "+PONG\r\n".to_owned(),
            "REPLCONF" => "+OK\r\n".to_owned(),
            "PSYNC" => format!("+FULLRESYNC {} 1\r\n$100000\r\nREDIS0011", "a".repeat(40)),
            _ => continue,
        };
        stream.get_mut().write_all(answer.as_bytes()).expect("the replica listens");
        if answer.starts_with("+FULL") {
            return stream;
        }
    }
}

#[test]
fn row_9_while_it_syncs_it_serves_what_it_has_or_says_that_it_does_not() {
    let replica = start(&["repl-timeout 3600"]);
    replica.say("set k old");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let port = listener.local_addr().expect("it is bound").port();
    assert_eq!(replica.say(&format!("slaveof 127.0.0.1 {port}")), "OK");
    let stuck = stuck_master(&listener);
    replica.wait_field("replication", "master_sync_in_progress", "1");
    let info = replica.info("replication");
    for name in ["master_sync_total_bytes:100000", "master_sync_read_bytes:9"] {
        assert!(info.contains(name), "{name} is not in {info}");
    }
    assert_eq!(of(&replica, "master_link_status"), "down");
    assert_eq!(replica.say("get k"), "\"old\"");
    assert_eq!(replica.say("config set slave-serve-stale-data no"), "OK");
    let refusal =
        "(error) MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.";
    assert_eq!(replica.say("get k"), refusal);
    assert!(replica.info("server").contains("redis_version:7.2"), "INFO is always answered");
    assert_eq!(replica.say("config set slave-serve-stale-data yes"), "OK");
    // The sync fails; nothing of what was there is lost.
    drop((stuck, listener));
    replica.wait_field("replication", "master_sync_in_progress", "0");
    assert_eq!(replica.say("get k"), "\"old\"");
    // A real one replaces it.
    let master = start(&[]);
    master.say("set k new");
    replica.follow(master.port());
    assert_eq!(replica.say("get k"), "\"new\"");
}
