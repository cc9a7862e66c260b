//! The network between a master and the rest goes: row 23.

use testkit::{Link, Sentinel, Server, until};

use crate::group::{QUICK, soothe};
use crate::{Kinds, NAME};

pub(crate) fn row_23_a_cut_off_master_refuses_writes_and_returns_as_a_replica(kinds: &Kinds) {
    let careful = ["min-slaves-to-write 1", "min-slaves-max-lag 2"];
    let mut master = Server::prepare(&kinds.server, &careful);
    // The others, and those who watch, know the master by the near end of a link; a client sits beside it.
    let link = Link::to(master.port());
    master.write_line(&format!("replica-announce-port {}", link.port()));
    master.start_again();
    let follow = format!("slaveof 127.0.0.1 {}", link.port());
    let lines = [&careful[..], &[&follow]].concat();
    let replicas = [Server::start(&kinds.server, &lines), Server::start(&kinds.server, &lines)];
    for replica in &replicas {
        replica.wait_link("up");
    }
    let monitor = format!("sentinel monitor NAME 127.0.0.1 {} 2", link.port());
    let lines: Vec<String> = [&[monitor.as_str()], QUICK]
        .concat()
        .iter()
        .map(|line| line.replace("NAME", NAME))
        .collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let sentinels = [(); 3].map(|()| Sentinel::start(&kinds.sentinel, &lines));
    for sentinel in &sentinels {
        soothe(sentinel);
        until("two replicas and two Sentinels", || {
            let of = |question| sentinel.list(&format!("{question} {NAME}")).len();
            [of("replicas"), of("sentinels")] == [2, 2]
        });
    }
    until("a write", || master.say("SET age 222") == "OK");
    master.assert_same(&[&replicas[0], &replicas[1]]);

    link.hold();
    let refusal = "(error) NOREPLICAS Not enough good replicas to write.";
    until("a refusal", || master.say("SET age 223") == refusal);
    assert!(master.say("GET age").starts_with("\"22"), "reads go on");
    until("another master", || {
        let ports: Vec<u16> = sentinels.iter().map(|one| one.master_port(NAME)).collect();
        ports.iter().all(|port| *port == ports[0] && *port != link.port())
    });
    let new = sentinels[0].master_port(NAME);
    let (one, two) = (&replicas[0], &replicas[1]);
    let (one, two) = if one.port() == new { (one, two) } else { (two, one) };
    two.wait_field("replication", "master_port", &new.to_string());
    until("a write", || one.say("SET age 333") == "OK");
    assert_eq!(master.field("replication", "role"), "master");
    assert_eq!(master.say("SET age 224"), refusal);

    for sentinel in &sentinels {
        assert_eq!(sentinel.say("SENTINEL DEBUG PUBLISH-PERIOD 200 INFO-PERIOD 200"), "OK");
    }
    link.mend();
    master.wait_field("replication", "role", "slave");
    master.wait_field("replication", "master_port", &new.to_string());
    master.wait_link("up");
    one.assert_same(&[two, &master]);
    assert_eq!(master.say("GET age"), "\"333\"");
    let told = |one: &Sentinel| one.log().contains("+convert-to-slave slave");
    assert!(sentinels.iter().any(told));
}
