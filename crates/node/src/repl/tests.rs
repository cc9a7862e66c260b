//! A server between its master and its replicas, in a made-up world: what each of them is told.

use crate::check::Player;

/// A snapshot with one key: `k`, which is `old`.
const SNAPSHOT: &[u8] = b"REDIS0009\xfe\x00\x00\x01k\x03old\xff\0\0\0\0\0\0\0\0";
const ID: &str = "0123456789abcdef0123456789abcdef01234567";
const MARK: &[u8] = b"oooooooooooooooooooooooooooooooooooooooo";

fn request(words: &str) -> Vec<u8> {
    let words: Vec<&str> = words.split(' ').collect();
    let mut bytes = format!("*{}\r\n", words.len()).into_bytes();
    for word in words {
        bytes.extend_from_slice(format!("${}\r\n{word}\r\n", word.len()).as_bytes());
    }
    bytes
}

/// A server that has asked its master to synchronize.
fn asking(parameters: &[(&str, &str)]) -> Player {
    let mut player = Player::new(parameters);
    player.reaches = true;
    let heard = player.request("", "REPLICAOF 127.0.0.1 7000");
    assert!(heard.contains("PING"), "{heard}");
    introduced(&mut player, "to0");
    player
}

/// The master is well; what we want of it.
fn introduced(player: &mut Player, link: &str) -> String {
    player.bytes(link, b"+PONG\r\n");
    player.bytes(link, b"+OK\r\n+OK\r\n")
}

/// A server that follows its master from offset 100 on.
fn following(parameters: &[(&str, &str)]) -> Player {
    let mut player = asking(parameters);
    let answer = format!("+FULLRESYNC {ID} 100\r\n${}\r\n", SNAPSHOT.len());
    player.bytes("to0", answer.as_bytes());
    player.bytes("to0", SNAPSHOT);
    assert_eq!(player.request("", "GET k"), "\"old\"\n");
    player
}

fn logged(player: &Player, text: &str) -> usize {
    player.log.iter().filter(|line| line.contains(text)).count()
}

#[test]
fn a_transaction_without_its_exec_is_forgotten() {
    let mut player = following(&[]);
    let whole = [request("SELECT 0"), request("SET k new")].concat();
    let begun = [request("MULTI"), request("SET k half")].concat();
    player.bytes("to0", &[whole.clone(), begun.clone()].concat());
    player.hang_up("to0");
    assert_eq!(player.request("", "GET k"), "\"new\"\n");
    // We go on behind what was applied, and get the transaction again.
    let heard = introduced(&mut player, "to1");
    let next_byte = 100 + whole.len() + 1;
    assert!(heard.contains(ID) && heard.contains(&format!("\"{next_byte}\"")), "{heard}");
    player.bytes("to1", b"+CONTINUE\r\n");
    player.bytes("to1", &[begun, request("INCR n"), request("EXEC")].concat());
    assert_eq!(player.request("", "GET k"), "\"half\"\n");
    assert_eq!(player.request("", "GET n"), "\"1\"\n");
}

#[test]
fn who_may_have_data_of_its_own_bears_errors_in_the_stream() {
    for (read_only, panics) in [("yes", 1), ("no", 0)] {
        let parameters =
            [("propagation-error-behavior", "panic"), ("replica-read-only", read_only)];
        let mut player = following(&parameters);
        player.bytes("to0", &[request("SELECT 0"), request("INCR k")].concat());
        assert_eq!(logged(&player, "This replica is sending an error to its master"), 1);
        let panicked = "This replica panicked sending an error to its master after processing the \
                        command 'incr'";
        assert_eq!(logged(&player, panicked), panics, "{read_only}");
    }
}

#[test]
fn clients_that_track_hear_of_what_the_master_does() {
    for load in ["disabled", "swapdb"] {
        let mut player = asking(&[("repl-diskless-load", load)]);
        player.request("t", "HELLO 3");
        player.request("t", "CLIENT TRACKING on");
        player.bytes("to0", format!("+FULLRESYNC {ID} 7\r\n$EOF:").as_bytes());
        let heard = player.bytes("to0", &[MARK, b"\r\n", SNAPSHOT, MARK].concat());
        assert_eq!(
            heard.matches("t: 1> \"invalidate\"\n   2> (nil)\n").count(),
            1,
            "{load}: {heard}"
        );
        player.request("t", "MGET k other");
        let heard = player.bytes("to0", &[request("SELECT 0"), request("APPEND k er")].concat());
        assert_eq!(heard, "t: 1> \"invalidate\"\n   2> 1) \"k\"\n", "{load}");
        let heard = player.bytes("to0", &request("FLUSHALL"));
        assert_eq!(heard, "t: 1> \"invalidate\"\n   2> (nil)\n", "{load}");
    }
}

#[test]
fn a_snapshot_ends_with_its_mark_however_late_it_comes() {
    for load in ["disabled", "on-empty-db", "swapdb"] {
        let mut player = asking(&[("repl-diskless-load", load)]);
        player.bytes("to0", format!("+FULLRESYNC {ID} 7\r\n$EOF:").as_bytes());
        player.bytes("to0", &[MARK, b"\r\n", SNAPSHOT].concat());
        player.bytes("to0", &MARK[..10]);
        player.bytes("to0", &MARK[10..]);
        player.bytes("to0", &[request("SELECT 0"), request("APPEND k er")].concat());
        assert_eq!(player.request("", "GET k"), "\"older\"\n", "{load}");
        assert_eq!(logged(&player, "Finished with success"), 1, "{load}");
    }
}

#[test]
fn old_data_stays_until_new_data_is_whole() {
    let mut player = following(&[("repl-diskless-load", "swapdb")]);
    player.hang_up("to0");
    introduced(&mut player, "to1");
    // Another history: the old data is kept, but not shown.
    let other = ID.replace('0', "f");
    player.bytes("to1", format!("+FULLRESYNC {other} 7\r\n$EOF:").as_bytes());
    player.bytes("to1", &[MARK, b"\r\n", &SNAPSHOT[..20]].concat());
    assert!(player.request("", "GET k").starts_with("(error) LOADING"));
    player.hang_up("to1");
    assert_eq!(logged(&player, "Internal error in RDB reading"), 1);
    assert_eq!(player.request("", "GET k"), "\"old\"\n");
    // Our own history: it is shown, too.
    let heard = introduced(&mut player, "to2");
    assert!(heard.contains(ID), "our place is kept: {heard}");
    player.bytes("to2", format!("+FULLRESYNC {ID} 900\r\n$EOF:").as_bytes());
    player.bytes("to2", &[MARK, b"\r\n", &SNAPSHOT[..20]].concat());
    assert_eq!(player.request("", "GET k"), "\"old\"\n");
    assert!(player.request("", "REPLICAOF no one").starts_with("(error) LOADING"));
    player.bytes("to2", &[&SNAPSHOT[20..], MARK, b"*2\r\n$4\r\nINCR\r\n$1\r\nn\r\n"].concat());
    assert_eq!(player.request("", "GET n"), "\"1\"\n");
}

#[test]
fn loading_rests_where_a_pace_is_set() {
    let mut player =
        asking(&[("repl-diskless-load", "on-empty-db"), ("key-load-delay", "1500000")]);
    player.bytes("to0", format!("+FULLRESYNC {ID} 7\r\n$EOF:").as_bytes());
    player.bytes("to0", &[MARK, b"\r\n", SNAPSHOT, MARK].concat());
    assert!(player.request("", "GET k").starts_with("(error) LOADING"));
    player.pass(1400);
    assert!(player.request("", "GET k").starts_with("(error) LOADING"));
    player.pass(200);
    assert!(player.request("", "GET k").starts_with("\"old\"\n"));
}

#[test]
fn what_fails_on_a_link_is_told_to_the_log() {
    let mut player = following(&[]);
    player.bytes("to0", &[request("SELECT 0"), request("INCR k"), request("NONSENSE 1")].concat());
    assert_eq!(
        logged(
            &player,
            "== CRITICAL == This replica is sending an error to its master: 'ERR value"
        ),
        1
    );
    assert_eq!(logged(&player, "unknown command 'NONSENSE'"), 1);
    let info = player.request("", "INFO stats");
    assert!(info.contains("unexpected_error_replies:2"), "{info}");
}

#[test]
fn a_replica_that_wants_a_reply_is_hung_up_on() {
    let mut player = Player::new(&[]);
    player.request("replica", "PSYNC ? -1");
    let heard = player.request("replica", "GET k");
    assert!(heard.contains("replica: (closed)"), "{heard}");
    for text in [
        "Replica generated a reply to command 'get', disconnecting it: id=",
        "This master is sending an error to its replica: 'ERR Replica can't interact",
    ] {
        assert_eq!(logged(&player, text), 1, "{text}");
    }
}

#[test]
fn keys_that_clients_write_here_end_here() {
    let mut player = following(&[("replica-read-only", "no")]);
    player.bytes("to0", &[request("SELECT 0"), request("SET theirs v PX 1000")].concat());
    player.request("", "SET ours v PX 1000");
    player.request("", "SET stays v");
    assert!(player.request("", "INFO stats").contains("slave_expires_tracked_keys:1"));
    player.pass(1200);
    // Theirs is only hidden: the master decides.
    assert!(player.request("", "EXISTS ours theirs").starts_with("(integer) 0\n"));
    assert_eq!(player.request("", "DBSIZE"), "(integer) 3\n");
    assert!(player.request("", "INFO stats").contains("slave_expires_tracked_keys:0"));
}

#[test]
fn the_file_for_replicas_is_that_of_the_dataset() {
    for (remove, save, there) in
        [("no", "", true), ("yes", "", false), ("yes", "900 1", true), ("no", "900 1", true)]
    {
        let mut player =
            Player::new(&[("repl-diskless-sync", "no"), ("rdb-del-sync-files", remove)]);
        player.request("", &format!("CONFIG SET save '{save}'"));
        player.request("", "SET k v");
        player.request("replica", "PSYNC ? -1");
        player.pass(2000);
        let left: Vec<&String> = player.files.keys().filter(|path| path.contains(".rdb")).collect();
        assert_eq!(left, if there { vec!["dump.rdb"] } else { vec![] }, "{remove} {save}");
        assert_eq!(logged(&player, "Synchronization with replica"), 1);
    }
}

#[test]
fn a_flush_gives_up_the_snapshot_of_what_was_there() {
    let mut player = Player::new(&[
        ("repl-diskless-sync", "no"),
        ("save", ""),
        ("rdb-key-save-delay", "1000000"),
    ]);
    player.request("", "SET k v");
    player.request("replica", "PSYNC ? -1");
    assert!(player.request("", "INFO persistence").contains("rdb_bgsave_in_progress:1"));
    let heard = player.request("", "FLUSHALL");
    assert!(heard.contains("replica: (closed)"), "{heard}");
    assert!(player.request("", "INFO persistence").contains("rdb_bgsave_in_progress:0"));
    assert!(!player.files.keys().any(|path| path.contains(".rdb")), "{:?}", player.files.keys());
}

#[test]
fn commands_of_the_primary_are_measured_from_their_own_beginning() {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NS: AtomicU64 = AtomicU64::new(0);
    let mut player = following(&[("slowlog-log-slower-than", "1000")]);
    player.node.senses.stopwatch = || NS.fetch_add(1000, Ordering::Relaxed);
    player.request("", "CONFIG RESETSTAT");
    for _ in 0..10 {
        player.bytes("to0", &[request("SELECT 0"), request("SET k v")].concat());
        NS.fetch_add(200_000_000, Ordering::Relaxed);
    }
    let stats = player.request("", "INFO commandstats");
    let spent = stats.split("cmdstat_set:calls=10,usec=").nth(1).expect("SET ran ten times");
    let us: u64 = spent.split(',').next().and_then(|it| it.parse().ok()).expect("a number");
    assert!(us < 100, "{stats}");
    assert_eq!(player.request("", "SLOWLOG LEN"), "(integer) 0\n");
}

#[test]
fn monitors_of_a_replica_see_the_address_of_its_primary() {
    let mut player = following(&[]);
    player.request("m", "MONITOR");
    let heard = player.bytes("to0", &[request("SELECT 0"), request("SET k v")].concat());
    assert!(heard.contains(" [0 127.0.0.1:6379] \"SET\" \"k\" \"v\""), "{heard}");
}

#[test]
fn an_offset_that_cannot_be_is_no_place_to_go_on_from() {
    for offset in ["18446744073709551615", "9223372036854775807", "-1", "x"] {
        let mut player = asking(&[]);
        let answer = format!("+FULLRESYNC {ID} {offset}\r\n${}\r\n", SNAPSHOT.len());
        player.bytes("to0", answer.as_bytes());
        player.bytes("to0", SNAPSHOT);
        assert_eq!(logged(&player, "wrong +FULLRESYNC syntax"), 1, "{offset}");
        player.bytes("to0", &[request("SELECT 0"), request("SET k new")].concat());
        assert_eq!(player.request("", "GET k"), "\"new\"\n", "{offset}");
        player.hang_up("to0");
        let heard = introduced(&mut player, "to1");
        assert!(heard.contains("\"?\""), "{offset}: {heard}");
    }
}

/// How often a master is called in a minute that ends every connection with this answer to what it is asked.
fn calls_in_a_minute(parameters: &[(&str, &str)], answers: &[&[u8]]) -> (usize, Player) {
    let mut player = Player::new(parameters);
    player.reaches = true;
    player.request("", "REPLICAOF 127.0.0.1 7000");
    let mut calls = 0;
    for _ in 0..600 {
        while player.knows(&format!("to{calls}")) {
            let link = format!("to{calls}");
            calls += 1;
            for answer in answers {
                if player.is_open(&link) {
                    player.bytes(&link, answer);
                }
            }
            if player.is_open(&link) {
                player.hang_up(&link);
            }
            assert!(calls < 1000, "an endless loop");
        }
        player.pass(100);
    }
    (calls, player)
}

#[test]
fn a_master_that_does_not_let_us_in_is_called_later_each_time() {
    let noauth: &[&[u8]] = &[b"-NOAUTH Authentication required.\r\n"];
    let wrong: &[&[u8]] = &[b"-NOAUTH x\r\n", b"-WRONGPASS x\r\n"];
    let noperm: &[&[u8]] = &[b"+PONG\r\n", b"+OK\r\n+OK\r\n", b"-NOPERM x\r\n"];
    let loading: &[&[u8]] = &[b"+PONG\r\n", b"+OK\r\n+OK\r\n", b"-LOADING x\r\n"];
    let no_link: &[&[u8]] = &[b"+PONG\r\n", b"+OK\r\n+OK\r\n", b"-NOMASTERLINK x\r\n"];
    let garbage: &[&[u8]] = &[b"+PONG\r\n", b"+OK\r\n+OK\r\n", b"what\r\n", b"what\r\n"];
    let goes: &[&[u8]] = &[b"+PONG\r\n", b"+OK\r\n+OK\r\n", b"+FULLRESYNC x 1\r\n$9\r\n"];
    let password = [("masterauth", "x")];
    for (parameters, answers, most, remedy) in [
        (&[][..], noauth, 18, "set masterauth"),
        (&password, wrong, 18, "check masterauth"),
        (&[], noperm, 18, "+psync"),
        (&[], loading, 62, ""),
        (&[], no_link, 62, ""),
        (&[], garbage, 66, ""),
        (&[], goes, 66, ""),
    ] {
        let (calls, player) = calls_in_a_minute(parameters, answers);
        assert!((10..=most).contains(&calls), "{answers:?}: {calls} calls");
        assert!(logged(&player, remedy) >= calls / 2, "{remedy}: {:?}", player.log);
    }
}

#[test]
fn other_credentials_are_tried_at_once() {
    let (calls, mut player) = calls_in_a_minute(&[], &[b"-NOAUTH x\r\n"]);
    player.request("", "CONFIG SET masterauth x");
    player.pass(1100);
    assert!(player.knows(&format!("to{calls}")));
}
