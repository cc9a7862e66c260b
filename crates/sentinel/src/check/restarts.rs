//! A primary that was started again, and what its replicas have then.

use super::Player;

const PRIMARY: &str = "10.0.0.1:6379/0";
const REPLICA: &str = "10.0.0.2:6379/0";

/// What a server says of itself: its run and its history are told by a letter each.
fn info(role: &str, run: &str, history: &str, loading: u8) -> String {
    format!(
        "run_id:{}\r\nloading:{loading}\r\nrole:{role}\r\n\
         slave0:ip=10.0.0.2,port=6379,state=online,offset=100,lag=0\r\n\
         master_host:10.0.0.1\r\nmaster_port:6379\r\nmaster_link_status:up\r\nslave_repl_offset:100\r\n\
         slave_priority:100\r\nmaster_replid:{}\r\nmaster_repl_offset:100\r\n",
        run.repeat(40),
        history.repeat(40)
    )
}

/// For so long, the two servers answer whatever they are asked.
fn live(player: &mut Player, ms: u64, primary: &str, replica: &str) {
    for _ in 0..ms / 100 {
        for (name, info) in [(PRIMARY, primary), (REPLICA, replica)] {
            for request in player.asked(name) {
                let reply = match request.as_str() {
                    "PING" => "+PONG\r\n".to_owned(),
                    "INFO" => format!("${}\r\n{info}\r\n", info.len()),
                    _ => "+OK\r\n".to_owned(),
                };
                player.bytes(name, reply.as_bytes());
            }
        }
        player.pass(100);
    }
}

/// A Sentinel that cannot fail over alone, and a primary with a replica.
fn watching() -> Player {
    let mut player = Player::new(
        "sentinel monitor m 10.0.0.1 6379 2\nsentinel known-replica m 10.0.0.2 6379\n\
         sentinel down-after-milliseconds m 2000\n",
    );
    player.pass(10);
    player.answer_calls();
    live(&mut player, 500, &info("master", "a", "b", 0), &info("slave", "c", "b", 0));
    player
}

fn is_down(player: &mut Player) -> bool {
    player.say("SENTINEL MASTER m").contains("s_down")
}

#[test]
fn who_comes_back_empty_is_down_until_its_replicas_are_as_empty() {
    let mut player = watching();
    let empty = info("master", "d", "e", 0);
    live(&mut player, 11_000, &empty, &info("slave", "c", "b", 0));
    assert!(is_down(&mut player), "{:?}", player.log);
    live(&mut player, 11_000, &empty, &info("slave", "c", "e", 0));
    assert!(!is_down(&mut player), "{:?}", player.log);
}

#[test]
fn who_loads_is_judged_when_it_has_loaded() {
    let mut player = watching();
    let replica = info("slave", "c", "b", 0);
    live(&mut player, 11_000, &info("master", "d", "e", 1), &replica);
    assert!(!is_down(&mut player), "{:?}", player.log);
    // It has the history that it had.
    live(&mut player, 1000, &info("master", "d", "b", 0), &replica);
    assert!(!is_down(&mut player), "{:?}", player.log);

    live(&mut player, 11_000, &info("master", "f", "e", 1), &replica);
    live(&mut player, 500, &info("master", "f", "e", 0), &replica);
    assert!(is_down(&mut player), "{:?}", player.log);
}

#[test]
fn replicas_without_keys_have_nothing_to_lose() {
    let mut player = watching();
    let with_keys = |run: &str, history: &str, keys: &str| {
        let (role, loading) = (if run == "c" { "slave" } else { "master" }, 0);
        info(role, run, history, loading) + "# Keyspace\r\n" + keys
    };
    let old = with_keys("c", "b", "");
    live(&mut player, 11_000, &info("master", "a", "b", 0), &old);
    live(&mut player, 11_000, &with_keys("d", "e", ""), &old);
    assert!(!is_down(&mut player), "{:?}", player.log);
    // What it said long ago may not be true any more: it is asked anew.
    let new = with_keys("c", "e", "db0:keys=1,expires=0,avg_ttl=0\r\n");
    live(&mut player, 11_000, &with_keys("f", "0", ""), &new);
    assert!(is_down(&mut player), "{:?}", player.log);
}

#[test]
fn that_it_was_started_again_is_told_before_it_is_up() {
    let mut player = watching();
    let replica = info("slave", "c", "b", 0);
    player.hang_up(PRIMARY);
    player.pass(3000);
    assert!(is_down(&mut player), "{:?}", player.log);
    player.log.clear();
    player.answer_calls();
    live(&mut player, 2500, &info("master", "d", "b", 0), &replica);
    let at = |event: &str| player.log.iter().position(|line| line.starts_with(event));
    let (reboot, up) = (at("+reboot"), at("-sdown master"));
    assert!(reboot.is_some() && up.is_some() && reboot < up, "{:?}", player.log);
}
