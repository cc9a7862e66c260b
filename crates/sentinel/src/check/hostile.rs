//! Messages from somebody who wishes a Sentinel ill: they change nothing, and the file that is left can be read.

use super::Player;

const MONITOR: &str =
    "sentinel monitor m 10.0.0.1 6379 1\nsentinel down-after-milliseconds m 1000\n";

fn hello(host: &str, epoch: u64, primary: &str, config_epoch: u64) -> String {
    let id = "d".repeat(40);
    format!(
        "PUBLISH __sentinel__:hello \"{host},32005,{id},{epoch},m,{primary},6379,{config_epoch}\""
    )
}

/// What the file says that was not there at the beginning.
fn memory(player: &Player) -> Vec<String> {
    let text = String::from_utf8_lossy(&player.file).into_owned();
    let is_of_interest = |line: &&str| line.contains("known-") || line.contains("monitor");
    text.lines().filter(is_of_interest).map(str::to_owned).collect()
}

/// The Sentinel starts again with the file that it has written.
fn restart(player: &Player) -> Player {
    let text = String::from_utf8_lossy(&player.file).into_owned();
    let lines = text.lines().filter(|line| line.starts_with("sentinel "));
    Player::new(&lines.map(|line| format!("{line}\n")).collect::<String>())
}

#[test]
fn hosts_that_are_no_addresses_are_not_believed() {
    let mut player = Player::new(MONITOR);
    for message in [
        hello("nosuch.invalid", 1, "10.0.0.1", 0),
        hello("x y", 1, "10.0.0.1", 0),
        hello("", 1, "10.0.0.1", 0),
        hello("10.0.0.9", 5, "nosuch.invalid", 99),
    ] {
        player.say(&message);
    }
    player.pass(10);
    player.answer_calls();
    let info = "role:master\r\nslave0:ip=nosuch.invalid,port=32007,state=online,offset=1,lag=0\r\n\
                slave1:ip=10.0.0.2,port=0,state=online,offset=1,lag=0\r\n";
    let info = format!("+OK\r\n${}\r\n{info}\r\n+PONG\r\n", info.len());
    player.bytes("10.0.0.1:6379/0", info.as_bytes());
    player.say("SENTINEL FLUSHCONFIG");
    assert_eq!(memory(&player), ["sentinel monitor m 10.0.0.1 6379 1"]);
    let said = player.log.iter().filter(|line| line.contains("is ignored")).count();
    assert_eq!(said, 1, "once, however many there are: {:?}", player.log);
    restart(&player);
}

#[test]
fn a_name_is_no_primary_before_it_is_found() {
    let mut player = Player::new(&format!("{MONITOR}sentinel resolve-hostnames yes\n"));
    player.say(&hello("10.0.0.9", 5, "nosuch.invalid", 5));
    assert_eq!(player.say("SENTINEL GET-MASTER-ADDR-BY-NAME m"), "[\"10.0.0.1\" \"6379\"]\n");
    let ip = Ok("10.0.0.7".parse().expect("an address"));
    player.resolve("nosuch.invalid", ip);
    player.say(&hello("10.0.0.9", 5, "nosuch.invalid", 5));
    assert_eq!(player.say("SENTINEL GET-MASTER-ADDR-BY-NAME m"), "[\"10.0.0.7\" \"6379\"]\n");
}

#[test]
fn an_epoch_beyond_all_measure_stops_no_failover() {
    let mut player = Player::new(&format!("{MONITOR}sentinel known-replica m 10.0.0.2 6379\n"));
    player.pass(10);
    player.answer_calls();
    let info = "role:slave\r\nmaster_host:10.0.0.1\r\nmaster_port:6379\r\nmaster_link_status:up\r\n\
                slave_repl_offset:7\r\nslave_priority:100\r\n";
    let info = format!("+OK\r\n${}\r\n{info}\r\n+PONG\r\n", info.len());
    player.bytes("10.0.0.2:6379/0", info.as_bytes());
    for (epoch, config_epoch) in [(u64::MAX, 0), (u64::MAX, u64::MAX), (1, u64::MAX)] {
        player.say(&hello("10.0.0.9", epoch, "10.0.0.1", config_epoch));
    }
    let id = "e".repeat(40);
    for epoch in ["9223372036854775807", "-1", "4294967297"] {
        player.say(&format!("SENTINEL IS-MASTER-DOWN-BY-ADDR 10.0.0.1 6379 {epoch} {id}"));
    }
    player.say("SENTINEL IS-MASTER-DOWN-BY-ADDR 10.0.0.1 6379 1 \"x\\n+switch-master\"");
    assert_eq!(player.say("SENTINEL FAILOVER m"), "OK\n");
    player.say("SENTINEL FLUSHCONFIG");
    let file = String::from_utf8_lossy(&player.file).into_owned();
    assert!(file.contains("sentinel current-epoch 1\n"), "{file}");
}

#[test]
fn a_file_with_an_epoch_beyond_all_measure_is_read_and_counted_on_from() {
    let max = u64::MAX;
    for line in ["current-epoch", "config-epoch m", "leader-epoch m"] {
        let mut player = Player::new(&format!("{MONITOR}sentinel {line} {max}\n"));
        // Nobody answers: it finds the primary down, and stands again and again.
        player.pass(60_000);
        assert!(player.log.iter().any(|it| it.starts_with("+vote-for-leader")), "{:?}", player.log);
        player.say("SENTINEL IS-MASTER-DOWN-BY-ADDR 10.0.0.1 6379 7 *");
        restart(&player).pass(60_000);
    }
}
