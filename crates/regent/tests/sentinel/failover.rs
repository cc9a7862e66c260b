//! The master goes, another takes its place, and the old one comes back: rows 18, 19, 20 and 24.

use testkit::{Sentinel, until};

use crate::group::{Group, Plan, QUICK, shape, soothed};
use crate::{Kinds, NAME, is_ours};

/// The events of a failover as the one shows them who led it.
const LEADING: &[&str] = &[
    "+sdown",
    "+odown",
    "+new-epoch",
    "+try-failover",
    "+vote-for-leader",
    "+elected-leader",
    "+failover-state-select-slave",
    "+selected-slave",
    "+failover-state-send-slaveof-noone",
    "+failover-state-wait-promotion",
    "+promoted-slave",
    "+failover-state-reconf-slaves",
    "+slave-reconf-sent",
    "+slave-reconf-inprog",
    "+slave-reconf-done",
    "+failover-end",
    "+switch-master",
    "+slave",
];

pub(crate) fn rows_18_to_20_one_sentinel_replaces_the_master_and_tames_the_old_one(kinds: &Kinds) {
    let mut plan = Plan::of(kinds, 2, 1);
    plan.servers[1].1 = "slave-priority 90";
    let lines = [QUICK, &["# What a person wrote stays.", "  ", "#sentinel quoted \"as it is\""]];
    let lines = lines.concat();
    plan.sentinel_lines = &lines;
    let mut group = plan.start();
    let id = group.sentinels[0].id();
    group.servers[0].say("SET k v");
    group.servers[0].assert_same(&[&group.servers[1], &group.servers[2]]);
    group.servers[0].shutdown("nosave");
    assert_eq!(group.wait_other_master(0), 1, "the lowest priority wins");
    let [old, new, other] = [0, 1, 2].map(|at| group.port(at));
    group.sentinels[0].wait_log(&format!("+sdown slave 127.0.0.1:{old}"));
    assert_eq!(group.servers[1].say("GET k"), "\"v\"");
    group.wait_replicas(1, &[2]);
    assert_eq!(group.servers[1].field("stats", "sync_full"), "0", "the history goes on");

    // Row 18: every event in order, with its sign and its words.
    let master = format!("master {NAME} 127.0.0.1 {old}");
    let chosen = format!("slave 127.0.0.1:{new} 127.0.0.1 {new} @ {NAME} 127.0.0.1 {old}");
    let follower = format!("slave 127.0.0.1:{other} 127.0.0.1 {other} @ {NAME} 127.0.0.1 {old}");
    let of_new =
        |port: u16| format!("slave 127.0.0.1:{port} 127.0.0.1 {port} @ {NAME} 127.0.0.1 {new}");
    let want = [
        format!("# +sdown {master}"),
        format!("# +odown {master} #quorum 1/1"),
        "# +new-epoch 1".to_owned(),
        format!("# +try-failover {master}"),
        format!("# +vote-for-leader {id} 1"),
        format!("# +elected-leader {master}"),
        format!("# +failover-state-select-slave {master}"),
        format!("# +selected-slave {chosen}"),
        format!("* +failover-state-send-slaveof-noone {chosen}"),
        format!("* +failover-state-wait-promotion {chosen}"),
        format!("# +promoted-slave {chosen}"),
        format!("# +failover-state-reconf-slaves {master}"),
        format!("* +slave-reconf-sent {follower}"),
        format!("* +slave-reconf-inprog {follower}"),
        format!("* +slave-reconf-done {follower}"),
        format!("# +failover-end {master}"),
        format!("# +switch-master {NAME} 127.0.0.1 {old} 127.0.0.1 {new}"),
        format!("* +slave {}", of_new(other)),
        format!("* +slave {}", of_new(old)),
        format!("# +sdown {}", of_new(old)),
    ];
    let history = group.sentinels[0].history(LEADING);
    // It had found the replicas before.
    let begin = history.iter().position(|event| event.contains("+sdown")).expect("it was down");
    let history = &history[begin..];
    // Ours waits a tenth of a second for the replicas, and tells clients then; the rest follows when it can.
    let told = want.iter().position(|event| event.contains("-reconf-sent")).expect("it is there");
    let is_slow = |event: &String| event.contains("+failover-end master ");
    let at = |events: &[String]| events.iter().position(is_slow);
    if !is_ours(&kinds.sentinel) || at(history) <= at(&want) {
        assert_eq!(history, want);
    } else {
        assert_eq!(history[..=told], want[..=told]);
        let names = |events: &[String]| -> Vec<String> {
            let name = |event: &String| event.split(' ').nth(1).unwrap_or_default().to_owned();
            let mut names: Vec<String> = events.iter().map(name).collect();
            names.sort();
            names
        };
        assert_eq!(names(history), names(&want), "{history:?}");
    }

    // Row 20: the files.
    assert_files(&group, [old, new, other], &id);

    // Row 19: the old master comes back, and is told whom to follow.
    group.hurry("PUBLISH-PERIOD 200 INFO-PERIOD 200");
    group.servers[0].start_again();
    let sentinel = &group.sentinels[0];
    sentinel.wait_log(&format!("-sdown {}", of_new(old)));
    sentinel.wait_log(&format!("+convert-to-slave {}", of_new(old)));
    assert_eq!(
        sentinel.history(&["-sdown", "+convert-to-slave"]),
        [format!("# -sdown {}", of_new(old)), format!("* +convert-to-slave {}", of_new(old))]
    );
    group.wait_replicas(1, &[0, 2]);
    until("a healthy replica", || {
        let seen = group.sentinels[0].list(&format!("slaves {NAME}"));
        seen.len() == 2
            && seen.iter().all(|replica| {
                replica.get("flags") == "slave"
                    && replica.get("master-link-status") == "ok"
                    && replica.number("master-port") == i64::from(new)
            })
    });
    let line = format!("of 127.0.0.1 {new}\n");
    until("the new master in its file", || group.servers[0].configuration().contains(&line));

    // All that is known, is known after a restart.
    let sentinel = &mut group.sentinels[0];
    sentinel.terminate();
    sentinel.start_again();
    assert_eq!(sentinel.id(), id);
    assert_eq!(sentinel.master_port(NAME), new);
    assert_eq!(sentinel.fields(&format!("master {NAME}")).get("config-epoch"), "1");
    let known = sentinel.list(&format!("replicas {NAME}"));
    assert_eq!(known.len(), 2, "{known:?}");
}

fn assert_files(group: &Group, [old, new, other]: [u16; 3], id: &str) {
    let promoted = group.servers[1].configuration();
    assert!(!promoted.contains("slaveof") && !promoted.contains("replicaof"), "{promoted}");
    let line = format!("of 127.0.0.1 {new}\n");
    until("the new master in the file", || group.servers[2].configuration().contains(&line));
    let file = group.sentinels[0].configuration();
    let down_after = soothed(group.sentinels[0].program(), QUICK[0]).replace("NAME", NAME);
    for line in [
        "# What a person wrote stays.",
        "#sentinel quoted \"as it is\"",
        &format!("sentinel monitor {NAME} 127.0.0.1 {new} 1"),
        &down_after,
        &format!("sentinel failover-timeout {NAME} 6000"),
        &format!("sentinel myid {id}"),
        &format!("sentinel config-epoch {NAME} 1"),
        &format!("sentinel leader-epoch {NAME} 1"),
        &format!("sentinel known-replica {NAME} 127.0.0.1 {other}"),
        &format!("sentinel known-replica {NAME} 127.0.0.1 {old}"),
        "sentinel current-epoch 1",
        "# Generated by CONFIG REWRITE",
    ] {
        assert_eq!(file.lines().filter(|other| *other == line).count(), 1, "{line} in\n{file}");
    }
}

pub(crate) fn row_18_observers_learn_of_it(kinds: &Kinds) {
    let mut plan = Plan::of(kinds, 2, 3);
    plan.servers[2].1 = "slave-priority 90";
    let mut group = plan.start();
    let [old, other, new] = [0, 1, 2].map(|at| group.port(at));
    let mut events: Vec<_> = group.sentinels.iter().map(Sentinel::events).collect();
    group.servers[0].kill();
    assert_eq!(group.wait_other_master(0), 2, "the lowest priority wins");
    let is_leader = |sentinel: &&Sentinel| sentinel.log().contains("+elected-leader");
    let leader = group.sentinels.iter().find(is_leader).expect("somebody led");
    let (id, port) = (leader.id(), leader.port());
    let switch = format!("{NAME} 127.0.0.1 {old} 127.0.0.1 {new}");
    let master = format!("master {NAME} 127.0.0.1 {old}");
    let of_new = |port: u16| {
        format!("* +slave slave 127.0.0.1:{port} 127.0.0.1 {port} @ {NAME} 127.0.0.1 {new}")
    };
    let epoch = leader.fields(&format!("master {NAME}")).get("config-epoch").to_owned();
    let want = [
        format!("# +new-epoch {epoch}"),
        format!("# +vote-for-leader {id} {epoch}"),
        format!("# +config-update-from sentinel {id} 127.0.0.1 {port} @ {NAME} 127.0.0.1 {old}"),
        format!("# +switch-master {switch}"),
        of_new(other),
        of_new(old),
    ];
    // An observer may hear of the new master before it has asked anybody.
    let mut suspected = 0;
    for (sentinel, events) in group.sentinels.iter().zip(&mut events) {
        assert_eq!(events.wait("+switch-master", ""), switch);
        let down = sentinel.history(&["+sdown", "+odown"]);
        let down: Vec<&String> = down.iter().filter(|line| line.contains(&master)).collect();
        suspected += usize::from(!down.is_empty());
        for line in &down {
            let (name, agreed) = (format!("# +sdown {master}"), format!("# +odown {master}"));
            let is_agreed = shape(line) == shape(&format!("{agreed} #quorum 2/2"));
            assert!(**line == name || is_agreed && line.ends_with("/2"), "{line}");
        }
        if sentinel.port() == port {
            continue;
        }
        sentinel.wait_log(&of_new(old)[2..]);
        let names =
            ["+new-epoch", "+vote-for-leader", "+config-update-from", "+switch-master", "+slave"];
        let seen = sentinel.history(&names);
        // It may have stood in the same epoch, and lost.
        let own = format!("# +vote-for-leader {} {epoch}", sentinel.id());
        let mut want = want.clone();
        if seen.contains(&own) {
            want[1] = own;
        }
        // Replicas were found before; an election may have been lost.
        let tail = &seen[seen.len().saturating_sub(want.len())..];
        assert_eq!(tail, want);
        let file = sentinel.configuration();
        let known = format!("sentinel known-sentinel {NAME} 127.0.0.1 {port} {id}");
        assert!(file.contains(&known), "{known} is not in\n{file}");
        let current = format!("sentinel current-epoch {epoch}");
        assert!(file.contains(&current), "{current} is not in\n{file}");
    }
    assert!(suspected >= 2, "two had to agree");
    group.wait_replicas(2, &[1]);
    group.assert_switches(1);
}

pub(crate) fn row_18_without_the_leader_they_wait(kinds: &Kinds) {
    let mut plan = Plan::of(kinds, 1, 3);
    plan.sentinel_lines =
        &["sentinel down-after-milliseconds NAME 500", "sentinel failover-timeout NAME 1500"];
    let mut group = plan.start();
    for sentinel in &group.sentinels {
        assert_eq!(sentinel.say("SENTINEL simulate-failure crash-after-election"), "OK");
    }
    let old = group.port(0);
    group.servers[0].kill();
    let is_leader = |sentinel: &Sentinel| sentinel.log().contains("+elected-leader");
    until("a leader", || group.sentinels.iter().any(is_leader));
    let at = group.sentinels.iter().position(is_leader).expect("it was found");
    for (_, sentinel) in group.sentinels.iter().enumerate().filter(|(other, _)| *other != at) {
        // The next one shall live: asking for help forgets what was asked before. It may have been elected already.
        let _ = sentinel.client().command(&["SENTINEL", "simulate-failure", "help"]);
    }
    let mut leader = group.sentinels.remove(at);
    leader.wait_end();
    assert!(!leader.log().contains("+switch-master"));
    drop(leader);
    // Who had voted and sees the master down says why it does not begin at once.
    let delay = "Next failover delay: I will not start a failover before ";
    until("a reason to wait", || group.sentinels.iter().any(|one| one.log().contains(delay)));
    assert_eq!(group.wait_other_master(0), 1);
    let down = format!("+odown master {NAME} 127.0.0.1 {old} #quorum ");
    assert!(group.sentinels.iter().any(|one| one.log().contains(&down)));
    group.wait_replicas(1, &[]);
}

pub(crate) fn row_24_four_replicas_with_passwords_in_a_hurry(kinds: &Kinds) {
    let mut plan = Plan::of(kinds, 4, 3);
    for (at, server) in plan.servers.iter_mut().enumerate() {
        // The first one does not expect to follow anybody.
        server.1 = if at == 0 { "" } else { "masterauth redis" };
    }
    plan.server_lines = &["requirepass redis"];
    plan.sentinel_lines = &[
        "sentinel auth-pass NAME redis",
        "sentinel down-after-milliseconds NAME 300",
        "sentinel failover-timeout NAME 3000",
    ];
    let mut group = plan.start();
    group.servers[0].say("SET age 222");
    let replicas: Vec<_> = group.servers[1..].iter().collect();
    group.servers[0].assert_same(&replicas);
    group.servers[0].kill();
    let new = group.wait_other_master(0);
    let others: Vec<usize> = (1..5).filter(|at| *at != new).collect();
    group.wait_replicas(new, &others);
    assert_eq!(group.servers[new].say("GET age"), "\"222\"");
    // The old one is sent after the new one and not let in.
    group.hurry("PUBLISH-PERIOD 200 INFO-PERIOD 200");
    group.servers[0].start_again();
    group.servers[0].wait_field("replication", "role", "slave");
    group.servers[0].wait_log("NOAUTH");
    assert_eq!(group.servers[0].field("replication", "master_link_status"), "down");
    assert_eq!(group.servers[0].say("CONFIG SET masterauth redis"), "OK");
    let all: Vec<usize> = (0..5).filter(|at| *at != new).collect();
    group.wait_replicas(new, &all);
    group.assert_switches(1);
}
