//! Going on after a break: cut links and changes of role between ours and theirs, without a second full sync.

use std::sync::atomic::{AtomicBool, Ordering};

use testkit::{Family, Link, Random, Server, until};

use crate::{fill, for_both_ways, send};

fn of(server: &Server, name: &str) -> String {
    server.field("replication", name)
}

fn syncs(server: &Server) -> [String; 3] {
    ["sync_full", "sync_partial_ok", "sync_partial_err"].map(|name| server.field("stats", name))
}

#[test]
fn after_a_cut_a_replica_gets_what_it_missed() {
    for_both_ways(|first, second| {
        let (master, replica) = (Server::start(first, &[]), Server::start(second, &[]));
        fill(&master);
        let link = Link::to(master.port());
        replica.follow(link.port());
        let before = syncs(&master);
        let mut client = master.client();
        for round in 0..3 {
            link.cut();
            replica.wait_link("down");
            send(&mut client, (0..500).map(|at| format!("RPUSH round:{round} {at}")));
            send(&mut client, ["MULTI", "INCR a", "SELECT 3", "INCR b", "SELECT 0", "EXEC"]);
            link.mend();
            replica.wait_link("up");
            master.assert_same(&[&replica]);
        }
        let after = syncs(&master);
        assert_eq!((&after[0], &after[1], &after[2]), (&before[0], &"3".to_owned(), &before[2]));
    });
}

#[test]
fn cuts_in_the_middle_of_the_stream_lose_and_repeat_nothing() {
    for_both_ways(|first, second| {
        let big = ["repl-backlog-size 64mb"];
        let (master, replica) = (Server::start(first, &big), Server::start(second, &big));
        let link = Link::to(master.port());
        replica.follow(link.port());
        let is_over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let mut random = Random::plain(3, Family::ALL);
                let mut client = master.client();
                while !is_over.load(Ordering::Relaxed) {
                    let batch: Vec<_> = (0..100).map(|_| random.command()).collect();
                    client.pipeline(&batch).expect("it answers");
                    // Twice the same is not the same.
                    send(
                        &mut client,
                        [format!("RPUSH log {}", "x".repeat(3000)), "INCR count".into()],
                    );
                }
            });
            for _ in 0..4 {
                let offset = replica.number("replication", "slave_repl_offset");
                until("progress", || {
                    replica.number("replication", "slave_repl_offset") > offset + 10_000
                });
                link.cut();
                replica.wait_link("down");
                link.mend();
                replica.wait_link("up");
            }
            is_over.store(true, Ordering::Relaxed);
        });
        master.assert_same(&[&replica]);
        assert_eq!(syncs(&master)[..2], ["1", "4"]);
    });
}

#[test]
fn a_planned_failover_changes_the_roles_and_loses_nothing() {
    for_both_ways(|first, second| {
        let quiet = ["repl-ping-replica-period 3600"];
        let [a, b, c] = [first, second, first].map(|program| Server::start(program, &quiet));
        fill(&a);
        for replica in [&b, &c] {
            replica.follow(a.port());
        }
        send(&mut a.client(), (0..100).map(|at| format!("INCRBY n {at}")));
        assert_eq!(a.say(&format!("FAILOVER TO 127.0.0.1 {}", b.port())), "OK");
        b.wait_field("replication", "role", "master");
        a.wait_field("replication", "master_failover_state", "no-failover");
        a.wait_link("up");
        assert_eq!(of(&a, "master_port"), b.port().to_string());
        c.follow(b.port());
        b.say("INCR n");
        b.assert_same(&[&a, &c]);
        assert_eq!(syncs(&b)[0], "0");
    });
}

#[test]
fn killed_connections_come_back() {
    for_both_ways(|first, second| {
        let (master, replica) = (Server::start(first, &[]), Server::start(second, &[]));
        replica.follow(master.port());
        for (server, line) in
            [(&master, "CLIENT KILL TYPE replica"), (&replica, "CLIENT KILL TYPE master")]
        {
            assert_eq!(server.say(line), "(integer) 1");
            master.say("INCR killed");
            master.assert_same(&[&replica]);
        }
        assert_eq!(syncs(&master)[..2], ["1", "2"]);
    });
}

#[test]
fn a_break_longer_than_the_backlog_takes_a_full_sync() {
    for_both_ways(|first, second| {
        let master = Server::start(first, &["repl-backlog-size 16384"]);
        let replica = Server::start(second, &[]);
        let link = Link::to(master.port());
        replica.follow(link.port());
        link.cut();
        replica.wait_link("down");
        let value = "x".repeat(1000);
        send(&mut master.client(), (0..100).map(|at| format!("SET k{at} {value}")));
        link.mend();
        replica.wait_link("up");
        master.assert_same(&[&replica]);
        assert_eq!(syncs(&master)[..2], ["2", "0"]);
    });
}

#[test]
fn a_promoted_server_is_followed_without_a_full_sync() {
    for_both_ways(|first, second| {
        let quiet = ["repl-ping-replica-period 3600"];
        let [a, b, c, d] =
            [first, second, first, second].map(|program| Server::start(program, &quiet));
        fill(&a);
        for replica in [&b, &c, &d] {
            replica.follow(a.port());
        }
        a.say("SET k 1");
        a.assert_same(&[&b, &c, &d]);
        let id = of(&a, "master_replid");
        assert_eq!(b.say("SLAVEOF NO ONE"), "OK");
        assert_eq!(of(&b, "master_replid2"), id);
        for server in [&c, &d, &a] {
            server.follow(b.port());
        }
        assert_eq!(syncs(&b)[..2], ["0", "3"]);
        b.say("SET k 2");
        b.assert_same(&[&c, &d, &a]);
        // And back again.
        assert_eq!(a.say("SLAVEOF NO ONE"), "OK");
        for server in [&b, &c, &d] {
            server.follow(a.port());
        }
        a.say("SET k 3");
        a.assert_same(&[&b, &c, &d]);
        assert_eq!(syncs(&a)[1], "3");
    });
}

#[test]
fn a_restarted_server_goes_on_from_its_snapshot() {
    for_both_ways(|first, second| {
        let mut master = Server::start(first, &["save 3600 1"]);
        fill(&master);
        let mut replica = Server::start(
            second,
            &["save 3600 1", &format!("slaveof 127.0.0.1 {}", master.port())],
        );
        replica.wait_link("up");
        master.assert_same(&[&replica]);
        replica.shutdown("");
        master.say("SET k 1");
        replica.start_again();
        replica.wait_link("up");
        master.assert_same(&[&replica]);
        assert_eq!(syncs(&master)[..2], ["1", "1"]);
        master.shutdown("");
        replica.wait_link("down");
        master.start_again();
        replica.wait_link("up");
        master.say("SET k 2");
        master.assert_same(&[&replica]);
        assert_eq!(syncs(&master)[..2], ["0", "1"]);
    });
}
