//! The live stream: whatever is written on a master is the same on its replicas at the same offset, whoever they are.

use testkit::{Client, Family, Program, Random, Server, Value, until, words};

use crate::{fill, for_both_ways, regent, send};

/// Random commands, some of them in transactions. Errors are answers.
fn storm(client: &mut Client, random: &mut Random, count: usize) {
    let mut requests: Vec<Vec<Vec<u8>>> = Vec::new();
    let mut is_open = false;
    for _ in 0..count {
        match random.below(20) {
            0 if !is_open => {
                requests.push(words("MULTI"));
                is_open = true;
            }
            1..6 if is_open => {
                requests.push(words("EXEC"));
                is_open = false;
            }
            6 => requests.push(words("SPOP k3 2")),
            7 => requests.push(words("DEL k0 k1 k2")),
            _ => requests.push(random.command()),
        }
    }
    if is_open {
        requests.push(words("EXEC"));
    }
    client.pipeline(&requests).expect("it answers");
}

#[test]
fn random_commands_have_the_same_effect_at_the_same_offset() {
    for_both_ways(|first, second| {
        let (master, replica) = (Server::start(first, &[]), Server::start(second, &[]));
        replica.follow(master.port());
        let mut client = master.client();
        for seed in 0..8 {
            let mut random = Random::plain(seed, Family::ALL);
            println!("seed {seed}");
            for _ in 0..3 {
                storm(&mut client, &mut random, 400);
                master.assert_same(&[&replica]);
            }
        }
        assert_eq!(master.field("stats", "sync_full"), "1");
    });
}

#[test]
fn a_masters_strings_may_be_longer_than_those_of_clients() {
    for_both_ways(|first, second| {
        let master = Server::start(first, &[]);
        let replica = Server::start(second, &["proto-max-bulk-len 1mb"]);
        replica.follow(master.port());
        let lines = [
            "SETRANGE k 2000000 x",
            "APPEND k y",
            "SETBIT k 20000000 1",
            "MULTI",
            "BITFIELD k SET u8 24000000 9",
            "SETRANGE k 4000000 z",
            "EXEC",
        ];
        let requests = lines.map(words);
        let replies = master.client().pipeline(&requests).expect("it answers");
        assert!(replies.iter().all(|reply| !reply.is_error()), "{replies:?}");
        master.assert_same(&[&replica]);
        let refused = replica.client().command(&words("GETBIT k 20000000")).expect("it answers");
        assert!(refused.is_error(), "{refused:?}");
    });
}

#[test]
fn a_chain_of_four_has_one_history() {
    for_both_ways(|first, second| {
        let programs = [first, second, first, second];
        let chain = programs.map(|program| Server::start(program, &["repl-ping-replica-period 1"]));
        fill(&chain[0]);
        for pair in chain.windows(2) {
            pair[1].follow(pair[0].port());
        }
        let [a, b, c, d] = &chain;
        let mut client = a.client();
        let mut random = Random::plain(11, Family::ALL);
        storm(&mut client, &mut random, 1000);
        a.assert_same(&[b, c, d]);
        // A link in the middle breaks; what is below catches up by itself.
        let (before, full) = (c.field("stats", "sync_full"), b.field("stats", "sync_full"));
        b.say("CLIENT KILL TYPE replica");
        storm(&mut client, &mut random, 1000);
        c.wait_link("up");
        a.assert_same(&[b, c, d]);
        assert_eq!((c.field("stats", "sync_full"), b.field("stats", "sync_full")), (before, full));
        assert_eq!(b.field("stats", "sync_partial_ok"), "1");
        let ids = chain.each_ref().map(|server| server.field("replication", "master_replid"));
        assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    });
}

#[test]
fn blocked_clients_are_served_with_effects_that_replicas_understand() {
    for_both_ways(|first, second| {
        let (master, replica) = (Server::start(first, &[]), Server::start(second, &[]));
        replica.follow(master.port());
        let mut client = master.client();
        let waiting = [
            ("BLPOP q other 0", "RPUSH q a b c", "1) \"q\"\n2) \"a\""),
            ("BRPOP q 0", "LPUSH q x", "1) \"q\"\n2) \"c\""),
            ("BLMOVE q2 q3 LEFT RIGHT 0", "RPUSH q2 moved", "\"moved\""),
            ("BRPOPLPUSH q2 q3 0", "RPUSH q2 again", "\"again\""),
            ("BLMPOP 0 1 q4 LEFT COUNT 2", "RPUSH q4 1 2 3", "1) \"q4\"\n2) 1) \"1\"\n   2) \"2\""),
            ("BZPOPMIN z 0", "ZADD z 1 a 2 b", "1) \"z\"\n2) \"a\"\n3) \"1\""),
            ("BZPOPMAX z2 0", "ZADD z2 1 a 2 b", "1) \"z2\"\n2) \"b\"\n3) \"2\""),
        ];
        for (wait, push, want) in waiting {
            let mut blocked = master.client();
            let waits_for_nothing = wait == "BRPOP q 0";
            blocked.send(&words(wait)).expect("it is open");
            if !waits_for_nothing {
                master.wait_field("clients", "blocked_clients", "1");
            }
            send(&mut client, [push]);
            assert_eq!(testkit::print(&blocked.receive().expect("it answers")), want, "{wait}");
        }
        // In a transaction the push comes first, whole, and then the pop.
        let mut blocked = master.client();
        blocked.send(&words("BLPOP t 0")).expect("it is open");
        master.wait_field("clients", "blocked_clients", "1");
        send(&mut client, ["MULTI", "RPUSH t 1 2", "SET t2 x", "EXEC"]);
        assert_eq!(testkit::print(&blocked.receive().expect("it answers")), "1) \"t\"\n2) \"1\"");
        master.assert_same(&[&replica]);
        // A client that waits at the replica is served by what arrives there.
        assert_eq!(replica.say("CONFIG SET slave-read-only no"), "OK");
        let mut blocked = replica.client();
        blocked.send(&words("BLPOP r 0")).expect("it is open");
        replica.wait_field("clients", "blocked_clients", "1");
        send(&mut client, ["RPUSH r 1"]);
        assert_eq!(testkit::print(&blocked.receive().expect("it answers")), "1) \"r\"\n2) \"1\"");
    });
}

#[test]
fn what_expires_is_deleted_by_the_master() {
    for_both_ways(|first, second| {
        let (master, replica) = (Server::start(first, &[]), Server::start(second, &[]));
        replica.follow(master.port());
        let mut client = master.client();
        send(&mut client, (0..200).map(|at| format!("SET k{at} v PX {}", 1 + at)));
        send(&mut client, ["SET stays v PX 100000", "EXPIRE stays 0", "SET kept v"]);
        until("the end of all deadlines", || replica.say("DBSIZE") == "(integer) 1");
        assert_eq!(replica.say("KEYS *"), "1) \"kept\"");
        master.assert_same(&[&replica]);
    });
}

#[test]
fn what_is_evicted_is_deleted_by_the_master() {
    for_both_ways(|first, second| {
        // What waits for replicas and the backlog are memory too; the keys get nearly all of it here.
        let policy = ["maxmemory-policy allkeys-random", "repl-backlog-size 16384"];
        let (master, replica) =
            (Server::start(first, &policy), Server::start(second, &["maxmemory 1mb"]));
        replica.follow(master.port());
        let used = master.number("memory", "used_memory");
        master.say(&format!("CONFIG SET maxmemory {}", used + 2_000_000));
        let mut client = master.client();
        let value = "x".repeat(1000);
        for at in 0..3000 {
            send(&mut client, [format!("SET k{at} {value}")]);
        }
        assert!(master.number("stats", "evicted_keys") > 1000);
        assert_eq!(replica.number("stats", "evicted_keys"), 0);
        master.assert_same(&[&replica]);
    });
}

#[test]
fn messages_reach_those_who_listen_at_replicas() {
    for_both_ways(|first, second| {
        let servers = [first, second, first].map(|program| Server::start(program, &[]));
        for pair in servers.windows(2) {
            pair[1].follow(pair[0].port());
        }
        let mut listener = servers[2].client();
        for line in ["SUBSCRIBE news", "PSUBSCRIBE n*"] {
            listener.command(&words(line)).expect("it answers");
        }
        assert_eq!(servers[0].say("PUBLISH news hello"), "(integer) 0");
        for want in [&["message", "news", "hello"][..], &["pmessage", "n*", "news", "hello"]] {
            let Value::Array(words) = listener.receive().expect("a message") else {
                panic!("{want:?}")
            };
            assert_eq!(words.iter().map(Value::text).collect::<Vec<_>>(), want);
        }
        servers[0].assert_same(&[&servers[1], &servers[2]]);
    });
}

#[test]
fn wait_counts_replicas_of_either_kind() {
    let Some(redis) = Program::redis() else { return };
    for master in [regent(), redis.clone()] {
        let master = Server::start(&master, &[]);
        let replicas = [Server::start(&regent(), &[]), Server::start(&redis, &[])];
        for replica in &replicas {
            replica.follow(master.port());
        }
        let mut client = master.client();
        for round in 0..5 {
            send(&mut client, [format!("SET k {round}")]);
            assert_eq!(client.command(&words("WAIT 2 60000")).expect("it answers"), Value::Int(2));
            for replica in &replicas {
                assert_eq!(replica.say("GET k"), format!("\"{round}\""));
            }
        }
        assert_eq!(client.command(&words("WAIT 3 1")).expect("it answers"), Value::Int(2));
    }
}
