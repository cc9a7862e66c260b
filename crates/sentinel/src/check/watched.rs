//! Conversations about what is watched.

use super::Player;
use expect_test::{Expect, expect};

const PEER: &str = "17607179ad13102b1561dcd6a999cff732ac0f98";

fn check(player: &mut Player, want: Expect) {
    let played = player.play(want.data());
    want.assert_eq(&played);
}

/// A Sentinel that knows a replica and a peer, all of which it is connected to.
fn connected() -> Player {
    let lines = format!(
        "sentinel monitor m 10.0.0.1 6379 2\nsentinel known-replica m 10.0.0.2 6379\n\
         sentinel known-sentinel m 10.0.0.9 26379 {PEER}\nsentinel deny-scripts-reconfig no\n"
    );
    let mut player = Player::new(&lines);
    player.pass(10);
    player.answer_calls();
    player
}

/// What a server says of itself.
fn info(role: &str) -> Vec<u8> {
    let text = format!(
        "run_id:{}\r\nrole:{role}\r\nslave0:ip=10.0.0.2,port=6379,state=online,offset=1,lag=0\r\n\
         master_host:10.0.0.1\r\nmaster_port:6379\r\nmaster_link_status:up\r\nslave_repl_offset:7\r\n\
         slave_priority:100\r\n",
        "a".repeat(40)
    );
    format!("${}\r\n{text}\r\n", text.len()).into_bytes()
}

/// The servers answer what they were asked first: SETNAME, INFO, PING.
fn answer_all(player: &mut Player) {
    for (name, role) in [("10.0.0.1:6379/0", "master"), ("10.0.0.2:6379/0", "slave")] {
        player.bytes(name, &[b"+OK\r\n", info(role).as_slice(), b"+PONG\r\n"].concat());
    }
    player.bytes("10.0.0.9:26379/0", b"+OK\r\n+PONG\r\n");
}

#[test]
fn everything_that_is_known_is_shown() {
    let mut player = connected();
    answer_all(&mut player);
    check(
        &mut player,
        expect![[r##"
            > SENTINEL MASTERS
            [["name" "m" "ip" "10.0.0.1" "port" "6379" "runid" "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" "flags" "master" "link-pending-commands" "0" "link-refcount" "1" "last-ping-sent" "0" "last-ok-ping-reply" "0" "last-ping-reply" "0" "down-after-milliseconds" "30000" "info-refresh" "0" "role-reported" "master" "role-reported-time" "10" "config-epoch" "0" "num-slaves" "1" "num-other-sentinels" "1" "quorum" "2" "failover-timeout" "180000" "parallel-syncs" "1"]]
            > HELLO 3
            {"server": "redis" "version": "7.2.6" "proto": 3 "id": 1 "mode": "sentinel" "modules": []}
            > SENTINEL MASTER m
            {"name": "m" "ip": "10.0.0.1" "port": "6379" "runid": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" "flags": "master" "link-pending-commands": "0" "link-refcount": "1" "last-ping-sent": "0" "last-ok-ping-reply": "0" "last-ping-reply": "0" "down-after-milliseconds": "30000" "info-refresh": "0" "role-reported": "master" "role-reported-time": "10" "config-epoch": "0" "num-slaves": "1" "num-other-sentinels": "1" "quorum": "2" "failover-timeout": "180000" "parallel-syncs": "1"}
            > SENTINEL REPLICAS m
            [{"name": "10.0.0.2:6379" "ip": "10.0.0.2" "port": "6379" "runid": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" "flags": "slave" "link-pending-commands": "0" "link-refcount": "1" "last-ping-sent": "0" "last-ok-ping-reply": "0" "last-ping-reply": "0" "down-after-milliseconds": "30000" "info-refresh": "0" "role-reported": "slave" "role-reported-time": "10" "master-link-down-time": "0" "master-link-status": "ok" "master-host": "10.0.0.1" "master-port": "6379" "slave-priority": "100" "slave-repl-offset": "7" "replica-announced": "1"}]
            > SENTINEL SENTINELS m
            [{"name": "17607179ad13102b1561dcd6a999cff732ac0f98" "ip": "10.0.0.9" "port": "26379" "runid": "17607179ad13102b1561dcd6a999cff732ac0f98" "flags": "sentinel" "link-pending-commands": "0" "link-refcount": "1" "last-ping-sent": "0" "last-ok-ping-reply": "0" "last-ping-reply": "0" "down-after-milliseconds": "30000" "last-hello-message": "10" "voted-leader": "?" "voted-leader-epoch": "0"}]
            > SENTINEL SLAVES nobody
            (error) ERR No such master with that name
            > SENTINEL GET-MASTER-ADDR-BY-NAME m
            ["10.0.0.1" "6379"]
            > SENTINEL GET-MASTER-ADDR-BY-NAME nobody
            (nil)
            > SENTINEL INFO-CACHE m nobody m
            ["m" [[0 "run_id:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\nrole:master\r\nslave0:ip=10.0.0.2,port=6379,state=online,offset=1,lag=0\r\nmaster_host:10.0.0.1\r\nmaster_port:6379\r\nmaster_link_status:up\r\nslave_repl_offset:7\r\nslave_priority:100\r\n"] [0 "run_id:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\nrole:slave\r\nslave0:ip=10.0.0.2,port=6379,state=online,offset=1,lag=0\r\nmaster_host:10.0.0.1\r\nmaster_port:6379\r\nmaster_link_status:up\r\nslave_repl_offset:7\r\nslave_priority:100\r\n"]]]
            > SENTINEL PENDING-SCRIPTS
            []
            > SENTINEL FAILOVERS m
            []
            > SENTINEL MYID
            "cfc5d07f6f03c29bbf424132963fe08d19a37d57"
            > INFO sentinel
            "# Sentinel\r\nsentinel_masters:1\r\nsentinel_tilt:0\r\nsentinel_tilt_since_seconds:-1\r\nsentinel_running_scripts:0\r\nsentinel_scripts_queue_length:0\r\nsentinel_simulate_failure_flags:0\r\nmaster0:name=m,status=ok,address=10.0.0.1:6379,slaves=1,sentinels=2\r\n"
        "##]],
    );
}

#[test]
fn names_come_and_go() {
    let mut player = connected();
    check(
        &mut player,
        expect![[r#"
            news> PSUBSCRIBE *
            ["psubscribe" "*" 1]
            > SENTINEL MONITOR n 10.0.0.5 6380 1
            OK
            news: ["pmessage" "*" "+monitor" "master n 10.0.0.5 6380 quorum 1"]
            > SENTINEL MONITOR n 10.0.0.5 6380 1
            (error) ERR Duplicate master name.
            > SENTINEL MONITOR o 10.0.0.5 6380 x
            (error) ERR Invalid quorum
            > SENTINEL MONITOR o 10.0.0.5 x 1
            (error) ERR Invalid port
            > SENTINEL MONITOR o 10.0.0.5 70000 1
            (error) ERR Invalid port number.
            > SENTINEL MONITOR o 10.0.0.5 1 0
            (error) ERR Quorum must be 1 or greater.
            > SENTINEL MONITOR o localhost 1 1
            (error) ERR Invalid IP address or hostname specified
            > SENTINEL GET-MASTER-ADDR-BY-NAME n
            ["10.0.0.5" "6380"]
            > SENTINEL REMOVE n
            OK
            news: ["pmessage" "*" "-monitor" "master n 10.0.0.5 6380"]
            > SENTINEL REMOVE n
            (error) ERR No such master with that name
            > SENTINEL RESET *
            1
            news: ["pmessage" "*" "+reset-master" "master m 10.0.0.1 6379"]
            10.0.0.9:26379/0: (closed)
            10.0.0.1:6379/0: (closed)
            10.0.0.1:6379/1: (closed)
            > SENTINEL REPLICAS m
            []
            > SENTINEL SENTINELS m
            []
            > SENTINEL FLUSHCONFIG
            OK
        "#]],
    );
    let file = String::from_utf8(player.file.clone()).expect("text");
    assert!(!file.contains("10.0.0.5") && !file.contains(PEER), "{file}");
}

#[test]
fn settings_change_all_or_none() {
    let mut player = connected();
    check(
        &mut player,
        expect![[r#"
            news> PSUBSCRIBE *
            ["psubscribe" "*" 1]
            > SENTINEL SET m quorum 3 down-after-milliseconds 5000
            OK
            news: ["pmessage" "*" "+set" "master m 10.0.0.1 6379 quorum 3"]
            news: ["pmessage" "*" "+set" "master m 10.0.0.1 6379 down-after-milliseconds 5000"]
            > SENTINEL SET m quorum 1 down-after-milliseconds -20
            (error) ERR Invalid argument '-20' for SENTINEL SET 'down-after-milliseconds'
            > SENTINEL SET m quorum 1 fakeoption x
            (error) ERR Unknown option or number of arguments for SENTINEL SET 'fakeoption'
            > SENTINEL SET m fakeoption
            (error) ERR wrong number of arguments for 'sentinel|set' command
            > SENTINEL SET m rename-command config
            (error) ERR Unknown option or number of arguments for SENTINEL SET 'rename-command'
            > SENTINEL SET m rename-command config ""
            (error) ERR Invalid argument '' for SENTINEL SET 'rename-command'
            > SENTINEL SET m rename-command config secret
            OK
            news: ["pmessage" "*" "+set" "master m 10.0.0.1 6379 rename-command config secret"]
            10.0.0.1:6379/0: (closed)
            10.0.0.1:6379/1: (closed)
            10.0.0.2:6379/0: (closed)
            10.0.0.2:6379/1: (closed)
            > SENTINEL SET m auth-pass hush auth-user u
            OK
            news: ["pmessage" "*" "+set" "master m 10.0.0.1 6379 auth-pass ******"]
            news: ["pmessage" "*" "+set" "master m 10.0.0.1 6379 auth-user u"]
            > SENTINEL SET m notification-script /nowhere
            (error) ERR Notification script seems non existing or non executable
            > SENTINEL SET m notification-script /bin/true parallel-syncs 2
            OK
            news: ["pmessage" "*" "+set" "master m 10.0.0.1 6379 notification-script /bin/true"]
            news: ["pmessage" "*" "+set" "master m 10.0.0.1 6379 parallel-syncs 2"]
            > SENTINEL SET m reboot-policy compatible
            OK
            news: ["pmessage" "*" "+set" "master m 10.0.0.1 6379 reboot-policy compatible"]
            > SENTINEL SET nobody quorum 1
            (error) ERR No such master with that name
            > SENTINEL MASTER m
            ["name" "m" "ip" "10.0.0.1" "port" "6379" "runid" "" "flags" "master,disconnected" "link-pending-commands" "0" "link-refcount" "1" "last-ping-sent" "0" "last-ok-ping-reply" "0" "last-ping-reply" "0" "down-after-milliseconds" "5000" "info-refresh" "0" "role-reported" "master" "role-reported-time" "10" "config-epoch" "0" "num-slaves" "1" "num-other-sentinels" "1" "quorum" "3" "failover-timeout" "180000" "parallel-syncs" "2" "notification-script" "/bin/true"]
        "#]],
    );
    let file = String::from_utf8(player.file.clone()).expect("text");
    for line in [
        "sentinel monitor m 10.0.0.1 6379 3\n",
        "sentinel down-after-milliseconds m 5000\n",
        "sentinel auth-pass m hush\n",
        "sentinel auth-user m u\n",
        "sentinel rename-command m config secret\n",
        "sentinel notification-script m /bin/true\n",
        "sentinel parallel-syncs m 2\n",
        "sentinel reboot-policy m compatible\n",
    ] {
        assert!(file.contains(line), "{line}{file}");
    }
    // The way in is another: both connections to each server were made anew, that to the peer was not.
    let mut called: Vec<String> = player.dials.iter().map(|it| it.host.clone()).collect();
    called.sort();
    called.dedup();
    assert_eq!(called, [] as [String; 0], "not before a moment has passed");
    player.pass(60);
    let mut called: Vec<String> = player.dials.iter().map(|it| it.host.clone()).collect();
    called.sort();
    assert_eq!(called, ["10.0.0.1", "10.0.0.1", "10.0.0.2", "10.0.0.2"]);
}

#[test]
fn what_concerns_all_names() {
    check(
        &mut connected(),
        expect![[r##"
            > SENTINEL CONFIG GET *
            ["resolve-hostnames" "no" "announce-hostnames" "no" "announce-ip" "" "announce-port" "0" "sentinel-user" "" "sentinel-pass" "" "loglevel" "notice"]
            > SENTINEL CONFIG SET resolve-hostnames yes announce-port 1234 loglevel warning
            OK
            > SENTINEL CONFIG GET announce* resolve-hostnames announce-port nothing
            ["announce-hostnames" "no" "announce-ip" "" "announce-port" "1234" "resolve-hostnames" "yes"]
            > SENTINEL CONFIG SET announce-port 1 announce-port 2
            (error) ERR Duplicate argument 'announce-port' to SENTINEL CONFIG SET
            > SENTINEL CONFIG SET announce-port 1 other 2
            (error) ERR Invalid argument 'other' to SENTINEL CONFIG SET
            > SENTINEL CONFIG SET announce-port -1
            (error) ERR Invalid value '-1' to SENTINEL CONFIG SET 'announce-port'
            > SENTINEL CONFIG SET resolve-hostnames no announce-ip
            (error) ERR Missing argument 'announce-ip' value
            > SENTINEL CONFIG SET sentinel-user u sentinel-pass p
            OK
            10.0.0.9:26379/0: (closed)
            > SENTINEL CONFIG OTHER x y
            (error) ERR Only SENTINEL CONFIG GET <param> [<param> <param> ...]/ SET <param> <value> [<param> <value> ...] are supported.
            > SENTINEL DEBUG info-period 8888 tilt-period 5000
            OK
            > SENTINEL DEBUG
            ["INFO-PERIOD" "8888" "PING-PERIOD" "1000" "ASK-PERIOD" "1000" "PUBLISH-PERIOD" "2000" "DEFAULT-DOWN-AFTER" "30000" "DEFAULT-FAILOVER-TIMEOUT" "180000" "TILT-TRIGGER" "2000" "TILT-PERIOD" "5000" "SLAVE-RECONF-TIMEOUT" "10000" "MIN-LINK-RECONNECT-PERIOD" "15000" "ELECTION-TIMEOUT" "10000" "SCRIPT-MAX-RUNTIME" "60000" "SCRIPT-RETRY-DELAY" "30000"]
            > SENTINEL DEBUG info-period 0
            (error) ERR Invalid argument '0' for SENTINEL DEBUG 'info-period'
            > SENTINEL DEBUG other 1
            (error) ERR Unknown option or number of arguments for SENTINEL DEBUG 'other'
            > SENTINEL DEBUG info-period
            (error) ERR Unknown option or number of arguments for SENTINEL DEBUG 'info-period'
            > SENTINEL SIMULATE-FAILURE help
            ["crash-after-election" "crash-after-promotion"]
            > SENTINEL SIMULATE-FAILURE crash-after-election crash-after-promotion
            OK
            > INFO sentinel
            "# Sentinel\r\nsentinel_masters:1\r\nsentinel_tilt:0\r\nsentinel_tilt_since_seconds:-1\r\nsentinel_running_scripts:0\r\nsentinel_scripts_queue_length:0\r\nsentinel_simulate_failure_flags:3\r\nmaster0:name=m,status=ok,address=10.0.0.1:6379,slaves=1,sentinels=2\r\n"
            > SENTINEL SIMULATE-FAILURE nonsense
            (error) ERR Unknown failure simulation specified
        "##]],
    );
}

#[test]
fn whoever_changes_something_hears_whether_it_was_written() {
    let mut player = connected();
    player.disk_waits = true;
    assert_eq!(player.say("SENTINEL SET m quorum 3"), "");
    assert_eq!(player.say("PING"), "", "in the order in which they were asked");
    assert_eq!(player.write(), ": OK\n: PONG\n");
    player.disk_works = false;
    assert_eq!(player.say("SENTINEL FLUSHCONFIG"), "");
    let reply = player.write();
    // Every way of writing is tried.
    let reply = reply + &(0..10).map(|_| player.write()).collect::<String>();
    assert_eq!(reply, ": (error) ERR Failed to save config file. Check server logs.\n");
}

#[test]
fn a_failover_wants_a_replica_and_one_at_a_time() {
    let mut player = connected();
    assert_eq!(
        player.say("SENTINEL FAILOVER m"),
        "(error) NOGOODSLAVE No suitable replica to promote\n"
    );
    answer_all(&mut player);
    player.says("news", "PSUBSCRIBE *");
    check(
        &mut player,
        expect![[r#"
            > SENTINEL FAILOVER m
            OK
            news: ["pmessage" "*" "+new-epoch" "1"]
            news: ["pmessage" "*" "+try-failover" "master m 10.0.0.1 6379"]
            news: ["pmessage" "*" "+vote-for-leader" "cfc5d07f6f03c29bbf424132963fe08d19a37d57 1"]
            news: ["pmessage" "*" "+elected-leader" "master m 10.0.0.1 6379"]
            news: ["pmessage" "*" "+failover-state-select-slave" "master m 10.0.0.1 6379"]
            > SENTINEL FAILOVER m
            (error) INPROG Failover already in progress
            > SENTINEL FAILOVER nobody
            (error) ERR No such master with that name
            > SENTINEL MASTER m
            ["name" "m" "ip" "10.0.0.1" "port" "6379" "runid" "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" "flags" "master,failover_in_progress,force_failover" "link-pending-commands" "0" "link-refcount" "1" "failover-state" "select_slave" "last-ping-sent" "0" "last-ok-ping-reply" "0" "last-ping-reply" "0" "down-after-milliseconds" "30000" "info-refresh" "0" "role-reported" "master" "role-reported-time" "10" "config-epoch" "0" "num-slaves" "1" "num-other-sentinels" "1" "quorum" "2" "failover-timeout" "180000" "parallel-syncs" "1"]
            > SENTINEL RESET m
            1
            news: ["pmessage" "*" "+reset-master" "master m 10.0.0.1 6379"]
            10.0.0.9:26379/0: (closed)
            10.0.0.1:6379/0: (closed)
            10.0.0.1:6379/1: (closed)
            > SENTINEL FAILOVERS m
            [["epoch" 1 "role" "leader" "from" "10.0.0.1:6379" "to" (nil) "began-at" 1700000000010 "steps" [["elected" "" 0] ["ended" "" 0]]]]
        "#]],
    );
}

#[test]
fn ckquorum_asks_everybody() {
    let mut player = connected();
    answer_all(&mut player);
    for name in ["10.0.0.2:6379/0", "10.0.0.9:26379/0"] {
        player.asked(name);
    }
    assert_eq!(player.say("SENTINEL CKQUORUM m"), "", "it has to ask");
    assert_eq!(player.asked("10.0.0.9:26379/0"), ["SENTINEL MASTER m"]);
    assert_eq!(
        player.asked("10.0.0.2:6379/0"),
        [
            "PING",
            "ACL DRYRUN default MULTI",
            "ACL DRYRUN default SLAVEOF NO ONE",
            "ACL DRYRUN default CONFIG REWRITE",
            "ACL DRYRUN default CLIENT KILL TYPE normal"
        ]
    );
    player.bytes("10.0.0.9:26379/0", b"*0\r\n");
    let said =
        player.bytes("10.0.0.2:6379/0", b"+PONG\r\n+OK\r\n+OK\r\n$2\r\nno\r\n-ERR unknown\r\n");
    assert_eq!(
        said,
        ": OK 2 usable Sentinels. Quorum and failover authorization can be reached. replica 10.0.0.2:6379: no\n"
    );
    assert_eq!(player.say("SENTINEL CKQUORUM m"), "");
    player.bytes("10.0.0.2:6379/0", b"+PONG\r\n+OK\r\n+OK\r\n+OK\r\n+OK\r\n");
    assert_eq!(player.pass(500), "");
    assert_eq!(
        player.pass(501),
        ": (error) NOQUORUM 1 usable Sentinels. Not enough available Sentinels to reach the specified quorum for this \
         master. Not enough available Sentinels to reach the majority and authorize a failover. Sentinel \
         10.0.0.9:26379: it did not answer within 1000 ms\n"
    );
    assert_eq!(player.say("PING"), "PONG\n");
}

/// Somebody whom the Sentinel has called answers everything that it was asked.
fn serve(player: &mut Player, name: &str, info: &str) {
    for request in player.asked(name) {
        let answer = match request.split(' ').next() {
            Some("PING") => "+PONG\r\n".to_owned(),
            Some("INFO") => format!("${}\r\n{info}\r\n", info.len()),
            _ => "+OK\r\n".to_owned(),
        };
        player.bytes(name, answer.as_bytes());
    }
}

#[test]
fn an_empty_primary_is_down_as_long_as_somebody_has_more() {
    let mut player = connected();
    let primary = |run_id: &str, history: &str, offset: u64| {
        let run_id = run_id.repeat(40);
        format!(
            "run_id:{run_id}\r\nrole:master\r\nmaster_replid:{history}\r\nmaster_repl_offset:{offset}\r\n"
        )
    };
    let replica = |history: &str, offset: u64| {
        format!(
            "run_id:{}\r\nrole:slave\r\nmaster_host:10.0.0.1\r\nmaster_port:6379\r\nmaster_link_status:up\r\n\
             slave_repl_offset:{offset}\r\nslave_priority:100\r\nmaster_replid:{history}\r\n",
            "b".repeat(40)
        )
    };
    let round = |player: &mut Player, primary: &str, replica: &str| {
        for _ in 0..11 {
            player.pass(1000);
            serve(player, "10.0.0.1:6379/0", primary);
            serve(player, "10.0.0.2:6379/0", replica);
        }
        player.says("news", "PING");
        std::mem::take(&mut player.log)
    };
    let has = |log: &[String], line: &str| log.iter().any(|it| it.starts_with(line));
    round(&mut player, &primary("a", "old", 100), &replica("old", 100));
    let log = round(&mut player, &primary("c", "new", 0), &replica("old", 100));
    assert!(has(&log, "+sdown master m") && !has(&log, "-sdown master m"), "{log:?}");
    let log = round(&mut player, &primary("c", "new", 10), &replica("new", 10));
    assert!(has(&log, "-sdown master m"), "{log:?}");
}

#[test]
fn a_primary_that_is_well_is_asked_for_info_every_ten_seconds() {
    let mut player = connected();
    answer_all(&mut player);
    let quiet = String::from_utf8(info("master")).expect("text");
    let text = quiet.split_once("\r\n").expect("a bulk").1.trim_end().to_owned() + "\r\n";
    let slave = text.replace("role:master", "role:slave");
    player.asked("10.0.0.1:6379/0");
    let mut counts = [0; 2];
    for _ in 0..40 {
        player.pass(500);
        for (count, (name, text)) in
            counts.iter_mut().zip([("10.0.0.1:6379/0", &text), ("10.0.0.2:6379/0", &slave)])
        {
            let asked = player.asked(name);
            *count += asked.iter().filter(|it| *it == "INFO").count();
            for request in asked {
                let answer = match request.as_str() {
                    "PING" => "+PONG\r\n".to_owned(),
                    "INFO" => format!("${}\r\n{text}\r\n", text.len()),
                    _ => "+OK\r\n".to_owned(),
                };
                player.bytes(name, answer.as_bytes());
            }
        }
    }
    assert_eq!(counts[0], 2, "the primary, in twenty seconds");
    assert!(counts[1] <= 3, "the replica, in twenty seconds: {}", counts[1]);
}

#[test]
fn a_replica_that_is_watched_as_a_primary_stays_with_its_own() {
    let mut player =
        Player::new("sentinel monitor m 10.0.0.1 6379 1\nsentinel down-after-milliseconds m 300\n");
    player.pass(10);
    player.answer_calls();
    let text = |link: &str| {
        format!(
            "run_id:{}\r\nrole:slave\r\nmaster_host:10.0.0.7\r\nmaster_port:6379\r\n\
             master_link_status:{link}\r\nslave_repl_offset:100\r\nslave_priority:100\r\n\
             master_replid:{}\r\nmaster_repl_offset:100\r\n\
             slave0:ip=10.0.0.2,port=6379,state=online,offset=100,lag=0\r\n",
            "a".repeat(40),
            "b".repeat(40)
        )
    };
    let mut orders = Vec::new();
    let mut live = |player: &mut Player, link: &str| {
        for _ in 0..600 {
            player.pass(100);
            player.answer_calls();
            for name in ["10.0.0.1:6379/0", "10.0.0.2:6379/0"] {
                if !player.knows(name) {
                    continue;
                }
                for request in player.asked(name) {
                    let answer = match request.as_str() {
                        "PING" => "+PONG\r\n".to_owned(),
                        "INFO" => format!("${}\r\n{}\r\n", text(link).len(), text(link)),
                        _ => "+OK\r\n".to_owned(),
                    };
                    if request.starts_with("SLAVEOF") {
                        orders.push(request);
                    }
                    player.bytes(name, answer.as_bytes());
                }
            }
        }
    };
    live(&mut player, "up");
    let said = "m: 10.0.0.1:6379 is a replica of 10.0.0.7:6379; monitor that";
    assert_eq!(player.log.iter().filter(|it| *it == said).count(), 1, "{:?}", player.log);
    assert!(player.log.iter().any(|it| it.starts_with("+odown")), "{:?}", player.log);
    assert!(!player.log.iter().any(|it| it.starts_with("+try-failover")), "{:?}", player.log);
    live(&mut player, "down");
    assert!(player.log.iter().any(|it| it.starts_with("+try-failover")), "{:?}", player.log);
    assert!(!orders.is_empty(), "a primary that is gone is replaced");
}
