//! Asking a Sentinel, and listening to it: rows 16, 21 and 22.

use testkit::{Client, Fields, Sentinel, Server, Value, until};

use crate::group::{Plan, QUICK};
use crate::{Kinds, NAME};

/// What is said of any instance, in the beginning.
const HEAD: [&str; 7] =
    ["name", "ip", "port", "runid", "flags", "link-pending-commands", "link-refcount"];

const PINGS: [&str; 4] =
    ["last-ping-sent", "last-ok-ping-reply", "last-ping-reply", "down-after-milliseconds"];

const ROLE: [&str; 3] = ["info-refresh", "role-reported", "role-reported-time"];

const OF_MASTER: [&str; 6] = [
    "config-epoch",
    "num-slaves",
    "num-other-sentinels",
    "quorum",
    "failover-timeout",
    "parallel-syncs",
];

const OF_REPLICA: [&str; 7] = [
    "master-link-down-time",
    "master-link-status",
    "master-host",
    "master-port",
    "slave-priority",
    "slave-repl-offset",
    "replica-announced",
];

const OF_SENTINEL: [&str; 3] = ["last-hello-message", "voted-leader", "voted-leader-epoch"];

pub(crate) fn row_16_every_field_in_order(kinds: &Kinds) {
    let mut plan = Plan::of(kinds, 2, 2);
    plan.servers[1].1 = "slave-priority 90";
    plan.sentinel_lines = &["sentinel parallel-syncs NAME 2"];
    let group = plan.start();
    let sentinel = &group.sentinels[0];
    let master = sentinel.fields(&format!("master {NAME}"));
    assert_eq!(master.names(), [&HEAD[..], &PINGS, &ROLE, &OF_MASTER].concat());
    let port = group.port(0).to_string();
    for (name, want) in [
        ("name", NAME),
        ("ip", "127.0.0.1"),
        ("port", &port),
        ("runid", &group.servers[0].field("server", "run_id")),
        ("flags", "master"),
        ("link-refcount", "1"),
        ("down-after-milliseconds", "30000"),
        ("role-reported", "master"),
        ("config-epoch", "0"),
        ("num-slaves", "2"),
        ("num-other-sentinels", "1"),
        ("quorum", "2"),
        ("failover-timeout", "180000"),
        ("parallel-syncs", "2"),
    ] {
        assert_eq!(master.get(name), want, "{name} in {master:?}");
    }
    for name in ["last-ping-sent", "last-ok-ping-reply", "last-ping-reply", "role-reported-time"] {
        assert!(master.number(name) < 60_000, "{name} in {master:?}");
    }
    let masters = sentinel.list("masters");
    assert_eq!(masters.len(), 1);
    assert_eq!(masters[0].names(), master.names());
    assert_replicas(sentinel, &group.servers);
    let peer = &sentinel.list(&format!("sentinels {NAME}"))[0];
    assert_eq!(peer.names(), [&HEAD[..], &PINGS, &OF_SENTINEL].concat());
    let id = group.sentinels[1].id();
    for (name, want) in [("name", &*id), ("runid", &id), ("flags", "sentinel")] {
        assert_eq!(peer.get(name), want, "{name} in {peer:?}");
    }
    assert_info(sentinel, &port);
    // To those who speak RESP3, the same as maps.
    let mut client = sentinel.client();
    client.command(&["HELLO", "3"]).expect("it answers");
    let reply = client.command(&["SENTINEL", "MASTER", NAME]).expect("it answers");
    assert!(matches!(reply, Value::Map(_)), "{reply:?}");
    assert_eq!(Fields::of(&reply).names(), master.names());
    for (line, want) in [
        ("SENTINEL master nobody", "(error) ERR No such master with that name"),
        ("SENTINEL replicas nobody", "(error) ERR No such master with that name"),
        ("SENTINEL get-master-addr-by-name nobody", "(nil)"),
        ("PING", "PONG"),
        ("ROLE", "1) \"sentinel\"\n2) 1) \"mymaster\""),
        (
            "SENTINEL ckquorum mymaster",
            "OK 2 usable Sentinels. Quorum and failover authorization can be reached",
        ),
    ] {
        assert_eq!(sentinel.say(line), want, "{line}");
    }
    let unknown = sentinel.say("SET k v");
    assert!(unknown.starts_with("(error) ERR unknown command 'SET'"), "{unknown}");
}

fn assert_replicas(sentinel: &Sentinel, servers: &[Server]) {
    for word in ["slaves", "replicas"] {
        let replicas = sentinel.list(&format!("{word} {NAME}"));
        assert_eq!(replicas.len(), servers.len() - 1);
        for replica in &replicas {
            assert_eq!(replica.names(), [&HEAD[..], &PINGS, &ROLE, &OF_REPLICA].concat());
            let at = |server: &&Server| i64::from(server.port()) == replica.number("port");
            let server = servers.iter().find(at).expect("it is one of them");
            let priority = server.field("replication", "slave_priority");
            for (name, want) in [
                ("name", format!("127.0.0.1:{}", server.port())),
                ("ip", "127.0.0.1".to_owned()),
                ("runid", server.field("server", "run_id")),
                ("flags", "slave".to_owned()),
                ("role-reported", "slave".to_owned()),
                ("master-link-down-time", "0".to_owned()),
                ("master-link-status", "ok".to_owned()),
                ("master-host", "127.0.0.1".to_owned()),
                ("master-port", servers[0].port().to_string()),
                ("slave-priority", priority),
                ("replica-announced", "1".to_owned()),
            ] {
                assert_eq!(replica.get(name), want, "{name} in {replica:?}");
            }
            assert!(replica.number("slave-repl-offset") >= 0);
        }
    }
}

fn assert_info(sentinel: &Sentinel, port: &str) {
    let info = sentinel.ask(&["INFO"]).text();
    let titles: Vec<&str> = info.lines().filter(|line| line.starts_with('#')).collect();
    // What only we know comes after all that Redis says.
    assert_eq!(titles[..5], ["# Server", "# Clients", "# Stats", "# CPU", "# Sentinel"]);
    // In the order of the document, whatever else stands between them.
    let mut rest = info.lines().map(|line| line.split(':').next().unwrap_or_default());
    for name in [
        "redis_version",
        "redis_git_sha1",
        "redis_git_dirty",
        "redis_build_id",
        "redis_mode",
        "os",
        "arch_bits",
        "multiplexing_api",
        "gcc_version",
        "process_id",
        "run_id",
        "tcp_port",
        "uptime_in_seconds",
        "uptime_in_days",
        "hz",
        "lru_clock",
        "config_file",
    ] {
        assert!(rest.any(|other| other == name), "{name} is missing or out of order in\n{info}");
    }
    assert_eq!(sentinel.field("server", "redis_mode"), "sentinel");
    assert_eq!(sentinel.field("server", "tcp_port"), sentinel.port().to_string());
    let file = sentinel.file("sentinel.conf").display().to_string();
    assert_eq!(sentinel.field("server", "config_file"), file);
    let want = format!(
        "# Sentinel\r\nsentinel_masters:1\r\nsentinel_tilt:0\r\nsentinel_tilt_since_seconds:-1\r\n\
         sentinel_running_scripts:0\r\nsentinel_scripts_queue_length:0\r\n\
         sentinel_simulate_failure_flags:0\r\n\
         master0:name={NAME},status=ok,address=127.0.0.1:{port},slaves=2,sentinels=2\r\n"
    );
    assert_eq!(sentinel.info("sentinel"), want);
    assert!(info.contains(&want), "{info}");
}

pub(crate) fn row_21_two_names_for_one_master(kinds: &Kinds) {
    let mut plan = Plan::of(kinds, 2, 0);
    plan.servers[2].1 = "slave-priority 90";
    let mut group = plan.start();
    let names = ["taotaoMaster", "taotaoMaster2"];
    let port = group.port(0);
    let mut lines = vec![];
    for name in names {
        lines.push(format!("sentinel monitor {name} 127.0.0.1 {port} 1"));
        lines.extend(QUICK.iter().map(|line| line.replace("NAME", name)));
    }
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    group.sentinels.push(Sentinel::start(&kinds.sentinel, &lines));
    let sentinel = &group.sentinels[0];
    assert_eq!(sentinel.list("masters").len(), 2);
    for name in names {
        sentinel.wait_log(&format!("+monitor master {name} 127.0.0.1 {port} quorum 1"));
        until("two replicas", || sentinel.list(&format!("slaves {name}")).len() == 2);
        let info = sentinel.info("sentinel");
        let line = format!("name={name},status=ok,address=127.0.0.1:{port},slaves=2,sentinels=1");
        assert!(info.contains(&line), "{line} is not in\n{info}");
    }
    group.servers[0].kill();
    let new = group.port(2);
    for name in names {
        let sentinel = &group.sentinels[0];
        until("another master", || sentinel.master_port(name) == new);
        sentinel.wait_log(&format!("+switch-master {name} 127.0.0.1 {port} 127.0.0.1 {new}"));
        for event in ["+sdown", "+odown"] {
            sentinel.wait_log(&format!("{event} master {name} 127.0.0.1 {port}"));
        }
        sentinel.wait_log(&format!("+slave slave 127.0.0.1:{port} 127.0.0.1 {port} @ {name}"));
    }
    group.wait_replicas(2, &[1]);
}

pub(crate) fn row_22_listening_and_publishing(kinds: &Kinds) {
    let mut group = Plan::of(kinds, 1, 1).start();
    let sentinel = &group.sentinels[0];
    let mut one = sentinel.client();
    let reply = one.command(&["SUBSCRIBE", "+sdown"]).expect("it answers");
    assert_eq!(testkit::print(&reply), "1) \"subscribe\"\n2) \"+sdown\"\n3) (integer) 1");
    let mut all = sentinel.client();
    let reply = all.command(&["PSUBSCRIBE", "*"]).expect("it answers");
    assert_eq!(testkit::print(&reply), "1) \"psubscribe\"\n2) \"*\"\n3) (integer) 1");
    assert_eq!(
        sentinel.say("PUBLISH +sdown nonsense"),
        "(error) ERR Only HELLO messages are accepted by Sentinel instances."
    );
    let (master, port) = (group.port(0), group.port(1));
    group.servers[1].kill();
    let who = format!("slave 127.0.0.1:{port} 127.0.0.1 {port} @ {NAME} 127.0.0.1 {master}");
    let next = |client: &mut Client| testkit::print(&client.receive().expect("it comes"));
    let want = format!("1) \"message\"\n2) \"+sdown\"\n3) \"{who}\"");
    assert_eq!(next(&mut one), want);
    let want = format!("1) \"pmessage\"\n2) \"*\"\n3) \"+sdown\"\n4) \"{who}\"");
    until("the same by pattern", || next(&mut all) == want);
    // What a person changes is told as well.
    let mut events = group.sentinels[0].events();
    assert_eq!(group.sentinels[0].say("SENTINEL SET mymaster down-after-milliseconds 700"), "OK");
    let want = format!("master {NAME} 127.0.0.1 {master} down-after-milliseconds 700");
    assert_eq!(events.wait("+set", ""), want);
    let other = group.sentinels[0].say(&format!("SENTINEL MONITOR other 127.0.0.1 {port} 1"));
    assert_eq!(other, "OK");
    assert_eq!(events.wait("+monitor", ""), format!("master other 127.0.0.1 {port} quorum 1"));
    assert_eq!(group.sentinels[0].say("SENTINEL REMOVE other"), "OK");
    assert_eq!(events.wait("-monitor", ""), format!("master other 127.0.0.1 {port}"));
}
