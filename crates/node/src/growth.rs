//! What one client can make many of: sixteen times as much takes some sixteen times as long, and not 256 times.

use crate::check::Player;
use std::time::{Duration, Instant};

/// Plays `scene` with two counts and compares the times.
#[allow(clippy::disallowed_methods)]
fn assert_no_faster(what: &str, scene: impl Fn(&mut Player, u32)) {
    let time = |count: u32| {
        // What a session holds is asked for after every command.
        let mut player = Player::new(&[("maxmemory-clients", "1gb")]);
        let begin = Instant::now();
        scene(&mut player, count);
        begin.elapsed()
    };
    let (few, many) = (time(4_000), time(64_000));
    assert!(many < few * 70 + Duration::from_secs(3), "{what}: {few:?}, then {many:?}");
}

fn words(command: &str, count: u32, word: impl Fn(u32) -> String) -> String {
    (0..count).fold(command.to_owned(), |text, n| text + " " + &word(n))
}

#[test]
fn many_keys_that_one_client_waits_for() {
    for leaves in [true, false] {
        assert_no_faster("BLPOP", |player, count| {
            let wait = words("BLPOP", count, |n| format!("k{n}")) + " 0";
            assert_eq!(player.request("a", &wait), "");
            // None of them can be popped by it, and all of them come into being in one unit.
            player.request("b", "MULTI");
            for n in 0..count {
                player.request("b", &format!("ZADD k{n} 1 x"));
            }
            assert!(player.request("b", "EXEC").ends_with("(integer) 1\n"));
            if leaves {
                player.hang_up("a");
            } else {
                player.request("b", "FLUSHALL");
                let served = player.request("b", "LPUSH k7 v");
                assert!(served.contains("a: 1) \"k7\""), "{served}");
            }
        });
    }
}

#[test]
fn many_keys_that_one_client_watches() {
    assert_no_faster("WATCH", |player, count| {
        player.request("b", &words("MSET", count, |n| format!("k{n} v")));
        for n in 0..count {
            assert_eq!(player.request("a", &format!("WATCH k{n}")), "OK\n");
        }
        player.request("b", &words("MSET", count, |n| format!("k{n} w")));
        player.request("a", "MULTI");
        assert_eq!(player.request("a", "EXEC"), "(nil)\n");
        player.request("a", &words("WATCH", count, |n| format!("k{n}")));
        assert_eq!(player.request("a", "UNWATCH"), "OK\n");
    });
}

#[test]
fn many_channels_that_one_client_listens_to() {
    assert_no_faster("SUBSCRIBE", |player, count| {
        for n in 0..count {
            player.request("a", &format!("SUBSCRIBE c{n}"));
        }
        for n in 0..count / 2 {
            player.request("a", &format!("UNSUBSCRIBE c{n}"));
        }
        player.hang_up("a");
        assert_eq!(player.request("b", "PUBSUB CHANNELS"), "(empty array)\n");
    });
}

#[test]
fn many_prefixes_that_one_client_tracks() {
    assert_no_faster("CLIENT TRACKING", |player, count| {
        player.request("a", "HELLO 3");
        for n in 0..count {
            let one = format!("CLIENT TRACKING ON BCAST PREFIX {n:06}");
            assert_eq!(player.request("a", &one), "OK\n");
        }
        let more = words("CLIENT TRACKING ON BCAST", count, |n| format!("PREFIX x{n:06}"));
        assert_eq!(player.request("a", &more), "OK\n");
        player.hang_up("a");
    });
}
