//! Our Sentinels and servers together with those of Redis, all with passwords: who leads, who follows, who comes back.

use testkit::{Program, Sentinel, Server, until};

use crate::group::{Group, Plan};
use crate::{NAME, ours, regent};

const SERVERS: &[&str] = &["requirepass redis", "masterauth redis"];

const SENTINELS: &[&str] = &[
    "requirepass secret",
    "sentinel sentinel-pass secret",
    "sentinel auth-pass NAME redis",
    // With less, servers and Sentinels of a loaded machine condemn each other, and who leads is anybody's guess.
    "sentinel down-after-milliseconds NAME 1000",
    "sentinel failover-timeout NAME 6000",
];

/// Three servers and three Sentinels, of these programs.
fn start(servers: [&Program; 3], sentinels: [&Program; 3]) -> Group {
    let plan = Plan {
        servers: servers.map(|program| (program.clone(), "")).to_vec(),
        server_lines: SERVERS,
        sentinels: sentinels.map(Program::clone).to_vec(),
        quorum: 2,
        sentinel_lines: SENTINELS,
    };
    let group = plan.start();
    group.hurry("PUBLISH-PERIOD 200 INFO-PERIOD 200");
    group
}

/// Kills `master` and lets the Sentinel `leader` replace it; then the old one comes back. The new master.
#[track_caller]
fn replace(group: &mut Group, master: usize, leader: usize) -> usize {
    // Who needs more agreement than there is never begins; it votes.
    for (at, sentinel) in group.sentinels.iter().enumerate() {
        let quorum = if at == leader { 2 } else { 9 };
        assert_eq!(sentinel.say(&format!("SENTINEL SET {NAME} quorum {quorum}")), "OK");
    }
    let mark = format!("{} before {master}", group.port(master));
    assert_eq!(group.servers[master].say(&format!("SET kept \"{mark}\"")), "OK");
    let others: Vec<usize> = (0..3).filter(|at| *at != master).collect();
    let replicas: Vec<&Server> = others.iter().map(|at| &group.servers[*at]).collect();
    group.servers[master].assert_same(&replicas);
    group.servers[master].kill();
    let new = group.wait_other_master(master);
    let switch = format!(
        "+switch-master {NAME} 127.0.0.1 {} 127.0.0.1 {}",
        group.port(master),
        group.port(new)
    );
    let led = |sentinel: &Sentinel| sentinel.history(&["+elected-leader", "+switch-master"]);
    for (at, sentinel) in group.sentinels.iter().enumerate() {
        sentinel.wait_log(&switch);
        let history = led(sentinel);
        let last = history.iter().rposition(|event| event.contains(&switch)).expect("it is there");
        let is_elected = last > 0 && history[last - 1].contains("+elected-leader");
        assert_eq!(is_elected, at == leader, "{history:?}");
    }
    let rest: Vec<usize> = others.into_iter().filter(|at| *at != new).collect();
    group.wait_replicas(new, &rest);
    assert_eq!(group.servers[new].say("GET kept"), format!("\"{mark}\""));
    group.servers[master].start_again();
    let all: Vec<usize> = (0..3).filter(|at| *at != new).collect();
    group.wait_replicas(new, &all);
    // Nobody believes anything else, and everybody is well again.
    let port = i64::from(group.port(new));
    for sentinel in &group.sentinels {
        until("one view", || {
            let replicas = sentinel.list(&format!("replicas {NAME}"));
            let peers = sentinel.list(&format!("sentinels {NAME}"));
            let master = sentinel.fields(&format!("master {NAME}"));
            master.number("port") == port
                && master.get("flags") == "master"
                && peers.len() == 2
                && peers.iter().all(|peer| peer.get("flags") == "sentinel")
                && replicas.len() == 2
                && replicas.iter().all(|replica| {
                    replica.get("flags") == "slave"
                        && replica.get("master-link-status") == "ok"
                        && replica.number("master-port") == port
                })
        });
    }
    new
}

#[test]
fn our_sentinels_over_redis_servers() {
    let Some(redis) = Program::redis() else { return };
    let mut group = start([&redis; 3], [&ours().sentinel; 3]);
    let new = replace(&mut group, 0, 1);
    replace(&mut group, new, 2);
    group.assert_switches(2);
}

#[test]
fn redis_sentinels_over_our_servers() {
    let Some(redis) = Program::redis_sentinel() else { return };
    let mut group = start([&regent(); 3], [&redis; 3]);
    let new = replace(&mut group, 0, 1);
    replace(&mut group, new, 2);
    group.assert_switches(2);
}

#[test]
fn two_of_ours_and_one_of_redis_lead_in_turn() {
    let (Some(redis), Some(theirs)) = (Program::redis(), Program::redis_sentinel()) else { return };
    let ours = ours().sentinel;
    let servers = [&regent(), &redis, &regent()];
    let mut group = start(servers, [&ours, &ours, &theirs]);
    let new = replace(&mut group, 0, 2);
    let new = replace(&mut group, new, 0);
    replace(&mut group, new, 2);
    group.assert_switches(3);
}
