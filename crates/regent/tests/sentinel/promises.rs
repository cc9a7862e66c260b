//! What only our Sentinel promises, with real processes.

use testkit::{Sentinel, Server, Value, until};

use crate::group::Plan;
use crate::{NAME, ours};

#[test]
fn an_empty_master_that_comes_back_at_once_does_not_wipe_the_data() {
    let kinds = ours();
    let mut plan = Plan::of(&kinds, 2, 3);
    plan.sentinel_lines = &["sentinel down-after-milliseconds NAME 30000"];
    let mut group = plan.start();
    group.servers[0].say("SET k v");
    group.servers[0].assert_same(&[&group.servers[1], &group.servers[2]]);
    group.servers[0].kill();
    // Nothing was saved. It answers long before anybody would call it silent, and its replicas are about to copy its
    // emptiness; the delay keeps them from being faster than anybody could look.
    group.servers[0].write_line("repl-diskless-sync-delay 5");
    group.servers[0].start_again();
    let new = group.wait_other_master(0);
    let all: Vec<usize> = (0..3).filter(|at| *at != new).collect();
    group.wait_replicas(new, &all);
    assert_eq!(group.servers[0].say("GET k"), "\"v\"");
    group.assert_switches(1);
}

#[test]
fn a_wrong_password_is_told_at_once() {
    let kinds = ours();
    let master = Server::start(&kinds.server, &["requirepass right"]);
    let monitor = format!("sentinel monitor {NAME} 127.0.0.1 {} 1", master.port());
    let auth = format!("sentinel auth-pass {NAME} wrong");
    let sentinel = Sentinel::start(&kinds.sentinel, &[&monitor, &auth]);
    sentinel.wait_log(&format!("+auth-refused master {NAME} 127.0.0.1 {}", master.port()));
    let mut events = sentinel.events();
    assert_eq!(sentinel.say(&format!("SENTINEL SET {NAME} auth-pass worse")), "OK");
    events.wait("+auth-refused", NAME);
    assert_eq!(sentinel.say(&format!("SENTINEL SET {NAME} auth-pass right")), "OK");
    until("a good link", || sentinel.fields(&format!("master {NAME}")).get("flags") == "master");
}

#[test]
fn a_failover_leaves_a_timeline() {
    let kinds = ours();
    let mut group = Plan::of(&kinds, 2, 1).start();
    group.servers[0].kill();
    let new = group.wait_other_master(0);
    let sentinel = &group.sentinels[0];
    sentinel.wait_log("Timeline of failover 1 of mymaster: suspected");
    let line = sentinel.messages().into_iter().find(|line| line.contains("Timeline of failover"));
    let line = line.expect("it was waited for");
    let port = group.port(new);
    let steps = ["suspected", "agreed", "elected", &format!("chosen 127.0.0.1:{port}"), "promoted"];
    let mut rest = line.as_str();
    for step in steps.iter().chain(&["announced"]) {
        let at = rest.find(step).unwrap_or_else(|| panic!("{step} is not in order in {line}"));
        rest = &rest[at..];
    }
    let reply = sentinel.ask(&["SENTINEL", "FAILOVERS", NAME]);
    let Value::Array(failovers) = &reply else { panic!("{reply:?}") };
    assert_eq!(failovers.len(), 1, "{reply:?}");
}
