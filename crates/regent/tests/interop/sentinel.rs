//! The Sentinel that is installed watches our servers, and fails over.

use std::os::unix::fs::symlink;
use std::process::Command;

use testkit::{Program, Server, poll, until};

use crate::regent;

/// The installed Sentinel, which is the server by another name, in the folder of a server that is not started yet.
fn sentinel(master: u16) -> Option<Server> {
    Program::redis()?;
    let found = Command::new("sh").args(["-c", "command -v redis-server"]).output();
    let path = String::from_utf8(found.expect("there is a shell").stdout).expect("a path");
    let link = std::env::temp_dir().join(format!("redis-sentinel-{}", std::process::id()));
    symlink(path.trim(), &link).expect("the temporary folder is writable");
    let mut sentinel = Server::prepare(&Program::at(&link), &[]);
    let lines = format!(
        "port {}\nbind 127.0.0.1\ndir {}\nlogfile log\n\
         sentinel monitor mymaster 127.0.0.1 {master} 1\n\
         sentinel down-after-milliseconds mymaster 1000\n\
         sentinel failover-timeout mymaster 20000\nsentinel parallel-syncs mymaster 1\n",
        sentinel.port(),
        sentinel.folder().display()
    );
    std::fs::write(sentinel.file("redis.conf"), lines).expect("the folder is there");
    sentinel.start_again();
    std::fs::remove_file(&link).expect("it was made above");
    Some(sentinel)
}

#[test]
fn a_stock_sentinel_watches_and_promotes() {
    let mut a = Server::start(&regent(), &[]);
    let follow = format!("slaveof 127.0.0.1 {}", a.port());
    let b = Server::start(&regent(), &[&follow, "slave-priority 90"]);
    let c = Server::start(&regent(), &[&follow]);
    for replica in [&b, &c] {
        replica.wait_link("up");
    }
    a.say("SET k v");
    let Some(sentinel) = sentinel(a.port()) else { return };
    let known = |name: &str| {
        let reply = sentinel.ask(&["SENTINEL", "MASTER", "mymaster"]);
        let testkit::Value::Array(words) = reply else { panic!("{reply:?}") };
        let words: Vec<String> = words.iter().map(testkit::Value::text).collect();
        words.chunks(2).find(|pair| pair[0] == name).map(|pair| pair[1].clone())
    };
    until("two known replicas", || known("num-slaves").is_some_and(|number| number == "2"));
    // It asks every second and says hello every two.
    let mut monitor = a.client();
    monitor.command(&["MONITOR"]).expect("it answers");
    for want in ["\"PING\"", "\"PUBLISH\" \"__sentinel__:hello\" \"127.0.0.1,"] {
        poll(want, || monitor.receive().ok().filter(|line| line.text().contains(want)));
    }
    drop(monitor);
    a.assert_same(&[&b, &c]);
    a.shutdown("nosave");
    let promoted = b.port().to_string();
    until("another master", || known("port").is_some_and(|port| port == promoted));
    sentinel.wait_log("+switch-master mymaster");
    assert_eq!(b.field("replication", "role"), "master");
    assert_eq!(b.say("SET k w"), "OK");
    c.wait_field("replication", "master_port", &promoted);
    c.wait_link("up");
    b.assert_same(&[&c]);
    assert_eq!(b.field("stats", "sync_full"), "0", "the history goes on");
    // Their files tell the new roles.
    let file =
        |server: &Server| std::fs::read_to_string(server.file("redis.conf")).expect("it is there");
    assert!(!file(&b).contains("slaveof") && !file(&b).contains("replicaof"), "{}", file(&b));
    let line = format!("of 127.0.0.1 {promoted}\n");
    until("the new line", || file(&c).contains(&line));
    // The old master comes back, and is told.
    a.start_again();
    a.wait_field("replication", "role", "slave");
    a.wait_link("up");
    assert_eq!(a.field("replication", "master_port"), promoted);
    until("the write", || a.say("GET k") == "\"w\"");
    for event in ["+convert-to-slave", "+slave-reconf-done", "+promoted-slave"] {
        sentinel.wait_log(event);
    }
    b.assert_same(&[&a, &c]);
}
