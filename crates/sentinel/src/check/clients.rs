//! Conversations about connections, news and the process.

use super::Player;
use expect_test::{Expect, expect};
use world::Exit;

const MONITOR: &str = "sentinel monitor m 10.0.0.1 6379 2\n";

fn check(player: &mut Player, want: Expect) {
    let played = player.play(want.data());
    want.assert_eq(&played);
}

#[test]
fn sessions_are_told_who_is_there() {
    check(
        &mut Player::new(MONITOR),
        expect![[r#"
            > PING
            PONG
            > PING x
            "x"
            > HELLO 3
            {"server": "redis" "version": "7.2.6" "proto": 3 "id": 1 "mode": "sentinel" "modules": []}
            > ROLE
            ["sentinel" ["m"]]
            > HELLO 2 SETNAME a
            ["server" "redis" "version" "7.2.6" "proto" 2 "id" 1 "mode" "sentinel" "modules" []]
            > CLIENT GETNAME
            "a"
            > CLIENT LIST
            "id=1 addr=127.0.0.1:50001 laddr=127.0.0.1:26379 fd=9 name=a age=0 idle=0 flags=N db=0 sub=0 psub=0 ssub=0 multi=-1 qbuf=0 qbuf-free=16384 argv-mem=26 multi-mem=0 rbs=16384 rbp=0 obl=0 oll=0 omem=0 tot-mem=576 events=r cmd=client|list user=default redir=-1 resp=2 lib-name= lib-ver=\n"
            > GET x
            (error) ERR unknown command 'GET', with args beginning with: 'x' 
            > SENTINEL nonsense
            (error) ERR unknown subcommand 'nonsense'. Try SENTINEL HELP.
            > SENTINEL MASTER
            (error) ERR wrong number of arguments for 'sentinel|master' command
            > ACL WHOAMI
            "default"
            > CLIENT REPLY OFF
            > PING
            > CLIENT REPLY ON
            OK
            > RESET
            RESET
            > AUTH x
            (error) ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?
            > QUIT
            OK
            : (closed)
        "#]],
    );
}

#[test]
fn news_reach_those_who_listen() {
    let mut player = Player::new(MONITOR);
    check(
        &mut player,
        expect![[r#"
            > SUBSCRIBE +sdown x
            ["subscribe" "+sdown" 1]
            ["subscribe" "x" 2]
            > UNSUBSCRIBE x y
            ["unsubscribe" "x" 1]
            ["unsubscribe" "y" 1]
            > PING
            ["pong" ""]
            > GET x
            (error) ERR unknown command 'GET', with args beginning with: 'x' 
            b> HELLO 3
            {"server": "redis" "version": "7.2.6" "proto": 3 "id": 2 "mode": "sentinel" "modules": []}
            b> PSUBSCRIBE *
            >["psubscribe" "*" 1]
            b> PING
            PONG
            c> PUBLISH x y
            (error) ERR Only HELLO messages are accepted by Sentinel instances.
            c> PUBLISH __sentinel__:hello 10.0.0.9,26379,17607179ad13102b1561dcd6a999cff732ac0f98,0,m,10.0.0.1,6379,0
            1
            b: >["pmessage" "*" "+sentinel" "sentinel 17607179ad13102b1561dcd6a999cff732ac0f98 10.0.0.9 26379 @ m 10.0.0.1 6379"]
            ~ 31000 ms
            : ["message" "+sdown" "master m 10.0.0.1 6379"]
            : ["message" "+sdown" "sentinel 17607179ad13102b1561dcd6a999cff732ac0f98 10.0.0.9 26379 @ m 10.0.0.1 6379"]
            b: >["pmessage" "*" "+sdown" "master m 10.0.0.1 6379"]
            b: >["pmessage" "*" "+sdown" "sentinel 17607179ad13102b1561dcd6a999cff732ac0f98 10.0.0.9 26379 @ m 10.0.0.1 6379"]
            > UNSUBSCRIBE
            ["unsubscribe" "+sdown" 0]
            > PUNSUBSCRIBE
            ["punsubscribe" (nil) 0]
            > PING
            PONG
        "#]],
    );
}

#[test]
fn users_may_do_what_their_rules_say() {
    let mut player = Player::new(MONITOR);
    check(
        &mut player,
        expect![[r#"
            > ACL SETUSER bob on >secret +ping +sentinel|masters +subscribe &+sdown
            OK
            b> AUTH bob wrong
            (error) WRONGPASS invalid username-password pair or user is disabled.
            b> AUTH bob secret
            OK
            b> PING
            PONG
            b> SENTINEL MASTER m
            (error) NOPERM User bob has no permissions to run the 'sentinel|master' command
            b> SUBSCRIBE +odown
            (error) NOPERM No permissions to access a channel
            > ACL DRYRUN bob SENTINEL REMOVE m
            "User bob has no permissions to run the \'sentinel|remove\' command"
            > ACL DRYRUN bob GET x
            (error) ERR Command 'GET' not found
            > ACL SETUSER bob +get
            (error) ERR Error in ACL SETUSER modifier '+get': Unknown command or category name in ACL
            > ACL SETUSER bob (+sentinel
            (error) ERR Unmatched parenthesis in acl selector starting at '(+sentinel'.
            b> SUBSCRIBE +sdown
            ["subscribe" "+sdown" 1]
            > ACL SETUSER bob resetchannels
            OK
            b: (closed)
            c> AUTH bob secret
            OK
            > ACL USERS
            ["bob" "default"]
            > ACL DELUSER bob nobody
            1
            c: (closed)
            > ACL SETUSER eve on nopass +@all
            OK
            > ACL SETUSER default off
            OK
            d> PING
            (error) NOAUTH Authentication required.
            d> AUTH eve x
            OK
            d> ACL WHOAMI
            "eve"
            d> CLIENT KILL USER default SKIPME no
            1
            : (closed)
            d> ACL SAVE
            (error) ERR This Redis instance is not configured to use an ACL file. You may want to specify users via the ACL SETUSER command and then issue a CONFIG REWRITE (assuming you have a Redis configuration file set) in order to store users in the Redis configuration.
        "#]],
    );
    let file = String::from_utf8_lossy(&player.file).into_owned();
    assert!(file.contains("\nuser default off nopass sanitize-payload ~* &* +@all\n"), "{file}");
    assert!(file.contains("\nuser eve on nopass sanitize-payload resetchannels +@all\n"), "{file}");
    assert!(!file.contains("bob"), "{file}");
}

#[test]
fn who_has_no_password_is_told_so() {
    let mut player = Player::with(MONITOR, &[("requirepass", "secret"), ("maxclients", "3")]);
    check(
        &mut player,
        expect![[r#"
            > PING
            (error) NOAUTH Authentication required.
            > HELLO 3
            (error) NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time
            > AUTH wrong
            (error) WRONGPASS invalid username-password pair or user is disabled.
            > AUTH default secret
            OK
            > PING
            PONG
            b> HELLO 3 AUTH default secret
            {"server": "redis" "version": "7.2.6" "proto": 3 "id": 2 "mode": "sentinel" "modules": []}
            c> AUTH secret
            OK
            d> PING
            d: (error) ERR max number of clients reached
            d: (closed)
        "#]],
    );
}

#[test]
fn nobody_comes_from_elsewhere_in_protected_mode() {
    let mut player = Player::with(MONITOR, &[("protected-mode", "yes")]);
    let reply = player.connect("far", "10.0.0.7");
    assert!(reply.starts_with("far: (error) DENIED"), "{reply}");
    assert!(reply.ends_with("far: (closed)\n"), "{reply}");
    let mut player = Player::with(MONITOR, &[("protected-mode", "no")]);
    assert_eq!(player.connect("far", "10.0.0.7"), "");
}

#[test]
fn a_protocol_error_ends_the_session() {
    let mut player = Player::new(MONITOR);
    player.connect("a", "127.0.0.1");
    assert_eq!(player.bytes("a", b"PING\r\nPI"), "PONG\n");
    assert_eq!(player.bytes("a", b"NG x\r\n"), "\"x\"\n");
    let reply = player.bytes("a", b"*1\r\nx\r\n");
    assert_eq!(reply, "(error) ERR Protocol error: expected '$', got 'x'\na: (closed)\n");
}

#[test]
fn idle_clients_go_and_listeners_stay() {
    let mut player = Player::with(MONITOR, &[("timeout", "10")]);
    player.says("b", "SUBSCRIBE x");
    player.says("a", "PING");
    assert_eq!(player.pass(9000), "");
    player.says("c", "PING");
    assert_eq!(player.pass(2000), "a: (closed)\n");
    assert_eq!(player.pass(10_000), "c: (closed)\n");
}

#[test]
fn the_process_ends_when_the_disk_has_the_state() {
    let mut player = Player::new(MONITOR);
    player.disk_waits = true;
    player.event(world::Event::Signal(world::Signal::Terminate));
    assert_eq!(player.exit, None);
    player.write();
    assert_eq!(player.exit, Some(Exit::Status(0)));
    let mut player = Player::new(MONITOR);
    player.disk_waits = true;
    assert_eq!(player.say("SHUTDOWN maybe"), "(error) ERR syntax error\n");
    player.say("SHUTDOWN NOSAVE");
    assert_eq!(player.exit, None);
    player.say("SHUTDOWN");
    assert_eq!(player.exit, Some(Exit::Status(0)), "asked twice: it does not wait");
}

#[test]
fn a_pause_holds_requests_back() {
    check(
        &mut Player::new(MONITOR),
        expect![[r#"
            > CLIENT PAUSE 1000 ALL
            OK
            b> PING
            b> PING x
            ~ 500 ms
            ~ 501 ms
            b: PONG
            b: "x"
            > CLIENT PAUSE 1000 WRITE
            OK
            b> PING
            PONG
            > CLIENT UNPAUSE
            OK
            > CLIENT KILL ID 1 SKIPME no
            1
            : (closed)
        "#]],
    );
}

#[test]
fn replies_are_left_out_on_request() {
    check(
        &mut Player::new(MONITOR),
        expect![[r#"
            > CLIENT REPLY SKIP
            > PING a
            > PING b
            "b"
            > CLIENT REPLY OFF
            > SUBSCRIBE x
            ["subscribe" "x" 1]
        "#]],
    );
}

#[test]
fn the_manual_knows_what_there_is() {
    check(
        &mut Player::new(MONITOR),
        expect![[r#"
            > COMMAND COUNT
            17
            > COMMAND LIST FILTERBY PATTERN s*
            ["sentinel" "sentinel|ckquorum" "sentinel|config" "sentinel|debug" "sentinel|failover" "sentinel|failovers" "sentinel|flushconfig" "sentinel|get-master-addr-by-name" "sentinel|help" "sentinel|info-cache" "sentinel|is-master-down-by-addr" "sentinel|master" "sentinel|masters" "sentinel|monitor" "sentinel|myid" "sentinel|pending-scripts" "sentinel|remove" "sentinel|replicas" "sentinel|reset" "sentinel|sentinels" "sentinel|set" "sentinel|simulate-failure" "sentinel|slaves" "shutdown" "subscribe"]
            > COMMAND INFO ping nothing sentinel|masters
            [["ping" -1 [fast] 0 0 0 [@fast @connection] ["request_policy:all_shards" "response_policy:all_succeeded"] [] []] (nil) ["sentinel|masters" 2 [admin] 0 0 0 [@admin @slow @dangerous] [] [] []]]
            > COMMAND DOCS role
            ["role" ["summary" "Tells that this is a Sentinel, and what it watches." "since" "2.8.12" "group" "server" "complexity" "O(1)"]]
            > COMMAND GETKEYS ping x
            (error) ERR The command has no key arguments
            > COMMAND GETKEYS get x
            (error) ERR Invalid command specified
        "#]],
    );
}

#[test]
fn browsers_are_turned_away() {
    check(
        &mut Player::new(MONITOR),
        expect![[r#"
            > POST / HTTP/1.1
            : (closed)
        "#]],
    );
}

#[test]
fn a_peer_that_is_not_logged_in_may_be_owed_one_buffer() {
    for (parameters, is_closed) in [(&[("requirepass", "secret")][..], true), (&[], false)] {
        let mut player = Player::with(MONITOR, parameters);
        player.say("PING");
        let heard = player.bytes("", &b"*1\r\n$4\r\nPING\r\n".repeat(5000));
        assert_eq!(heard.ends_with("(closed)\n"), is_closed, "{parameters:?}");
        let heard = player.says("other", "PING");
        assert!(heard.contains(if is_closed { "NOAUTH" } else { "PONG" }), "{heard}");
    }
}
