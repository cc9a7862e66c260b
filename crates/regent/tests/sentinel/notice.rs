//! What Sentinel does to a healthy group, and what it says when a replica goes: rows 13 and 17.

use testkit::{Sentinel, Server, poll};

use crate::group::{Plan, shape};
use crate::{Kinds, NAME};

pub(crate) fn row_13_a_watched_server_sees_what_it_is_asked(kinds: &Kinds) {
    let server = Server::start(&kinds.server, &[]);
    let mut monitor = server.client();
    monitor.command(&["MONITOR"]).expect("it answers");
    let line = format!("sentinel monitor {NAME} 127.0.0.1 {} 1", server.port());
    let sentinel = Sentinel::start(&kinds.sentinel, &[&line]);
    let mut wait = |word: &str| {
        let is_it = |line: &String| line.contains(&format!("] \"{word}\""));
        poll(word, || monitor.receive().ok().map(|line| line.text()).filter(is_it))
    };
    // `1482317315.788890 [0 192.168.126.128:40190] "PING"`
    let (info, ping, hello) = (wait("INFO"), wait("PING"), wait("PUBLISH"));
    let place = "#.# [# #.#.#.#:#]";
    assert_eq!(shape(&info), format!("{place} \"INFO\""));
    assert_eq!(shape(&ping), format!("{place} \"PING\""));
    let id = sentinel.id();
    let words = format!(
        "\"PUBLISH\" \"__sentinel__:hello\" \"127.0.0.1,{},{id},0,{NAME},127.0.0.1,{},0\"",
        sentinel.port(),
        server.port()
    );
    assert!(hello.ends_with(&format!("] {words}")), "{hello}\n{words}");
    // All by one connection.
    let from = |line: &str| line.split(['[', ']']).nth(1).map(str::to_owned);
    assert_eq!([from(&info), from(&ping)], [from(&hello), from(&hello)]);
    // Again and again: a PING every second.
    let at = |line: &str| line.split(' ').next().and_then(|at| at.parse::<f64>().ok());
    let times: Vec<f64> = (0..3).filter_map(|_| at(&wait("PING"))).collect();
    for pair in times.windows(2) {
        let gap = pair[1] - pair[0];
        assert!((0.3..3.0).contains(&gap), "{gap} s between two PINGs");
    }
}

pub(crate) fn row_17_a_replica_goes_and_comes_back(kinds: &Kinds) {
    let mut group = Plan::of(kinds, 2, 1).start();
    // As if the replica had been away for longer than the ten seconds between two INFOs.
    group.hurry("INFO-PERIOD 200");
    let (master, port) = (group.port(0), group.port(2));
    let who = format!("slave 127.0.0.1:{port} 127.0.0.1 {port} @ {NAME} 127.0.0.1 {master}");
    let mut events = group.sentinels[0].events();
    group.servers[2].shutdown("nosave");
    assert_eq!(events.wait("+sdown", ""), who);
    let seen = group.sentinels[0].list(&format!("replicas {NAME}"));
    let seen = seen.iter().find(|replica| replica.number("port") == i64::from(port));
    let seen = seen.expect("it is still known");
    assert!(seen.get("flags").starts_with("s_down,slave"), "{seen:?}");
    assert!(seen.number("s-down-time") >= 0);
    group.servers[2].start_again();
    assert_eq!(events.wait("-sdown", ""), who);
    let names = ["+sdown", "+reboot", "-sdown"];
    let mut history = poll("the reboot in the log", || {
        let history = group.sentinels[0].history(&names);
        (history.len() == 3).then_some(history)
    });
    // Which of the last two comes first is a matter of a tenth of a second.
    history[1..].sort();
    let want = [format!("# +sdown {who}"), format!("# -sdown {who}"), format!("* +reboot {who}")];
    assert_eq!(history, want);
    group.servers[2].wait_link("up");
    group.wait_replicas(0, &[1, 2]);
}
