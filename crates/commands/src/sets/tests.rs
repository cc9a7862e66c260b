//! What set commands answer, tell and propagate, as conversations.

use std::collections::BTreeSet;

use expect_test::expect;
use store::Settings;

use crate::check::{Player, check, check_encodings};

#[test]
fn members_come_and_go() {
    check_encodings(expect![[r#"
        @ events
        @ dirty
        > SADD s 1 2 3
        (integer) 3
        ! n new s
        ! s sadd s
        +3
        > SADD s 3 4
        (integer) 1
        ! s sadd s
        +1
        > SADD s 1
        (integer) 0
        > SADD s five
        (integer) 1
        ! s sadd s
        +1
        > SCARD s
        (integer) 5
        > SISMEMBER s 1
        (integer) 1
        > SISMEMBER s five
        (integer) 1
        > SISMEMBER s six
        (integer) 0
        > SMISMEMBER s 1 x 4
        1) (integer) 1
        2) (integer) 0
        3) (integer) 1
        > SMISMEMBER none a b
        1) (integer) 0
        2) (integer) 0
        ! m keymiss none
        > SISMEMBER none a
        (integer) 0
        ! m keymiss none
        > SCARD none
        (integer) 0
        ! m keymiss none
        > SREM s 1 x 2
        (integer) 2
        ! s srem s
        +2
        > SREM s x
        (integer) 0
        > SREM none x
        (integer) 0
        > SREM s 3 4 five
        (integer) 3
        ! s srem s
        ! g del s
        +3
        > SCARD s
        (integer) 0
        ! m keymiss s
        > SMEMBERS s
        (empty array)
        ! m keymiss s
        > SADD s a
        (integer) 1
        ! n new s
        ! s sadd s
        +1
        > SMEMBERS s
        1) "a"
        > SADD s
        (error) ERR wrong number of arguments for 'sadd' command
        > HELLO 3
        OK
        > SMEMBERS s
        1~ "a"
        > SMEMBERS none
        (empty set)
        ! m keymiss none
    "#]]);
}

#[test]
fn members_move_between_sets() {
    check_encodings(expect![[r#"
        @ events
        @ dirty
        @ propagated
        > SADD a 1 x
        (integer) 2
        ! n new a
        ! s sadd a
        => SADD a 1 x
        +2
        > SADD b 2
        (integer) 1
        ! n new b
        ! s sadd b
        => SADD b 2
        +1
        > SMOVE a b 1
        (integer) 1
        ! s srem a
        ! s sadd b
        => SMOVE a b 1
        +2
        > SMISMEMBER b 1 2
        1) (integer) 1
        2) (integer) 1
        > SMOVE a b none
        (integer) 0
        > SMOVE a a x
        (integer) 1
        > SMOVE a a y
        (integer) 0
        > SMOVE a c x
        (integer) 1
        ! s srem a
        ! g del a
        ! n new c
        ! s sadd c
        => SMOVE a c x
        +2
        > SCARD a
        (integer) 0
        ! m keymiss a
        > SADD a 2
        (integer) 1
        ! n new a
        ! s sadd a
        => SADD a 2
        +1
        > SMOVE a b 2
        (integer) 1
        ! s srem a
        ! g del a
        => SMOVE a b 2
        +1
        > SMOVE none b x
        (integer) 0
        > LPUSH l x
        (integer) 1
        ! ready l
        ! n new l
        ! l lpush l
        => LPUSH l x
        +1
        # Without a source nobody asks what the destination is.
        > SMOVE none l x
        (integer) 0
        > SMOVE b l 1
        (error) WRONGTYPE Operation against a key holding the wrong kind of value
        > SMOVE l b x
        (error) WRONGTYPE Operation against a key holding the wrong kind of value
    "#]]);
}

#[test]
fn members_by_chance_are_propagated_by_name() {
    check_encodings(expect![[r#"
        @ events
        @ dirty
        @ propagated
        > SADD s a
        (integer) 1
        ! n new s
        ! s sadd s
        => SADD s a
        +1
        > SPOP s
        "a"
        ! s spop s
        ! g del s
        => SREM s a
        +1
        > SPOP s
        (nil)
        > SADD s a
        (integer) 1
        ! n new s
        ! s sadd s
        => SADD s a
        +1
        > SPOP s 5
        1) "a"
        ! s spop s
        ! g del s
        => DEL s
        +1
        > SCARD s
        (integer) 0
        ! m keymiss s
        > SADD s a
        (integer) 1
        ! n new s
        ! s sadd s
        => SADD s a
        +1
        > SPOP s 0
        (empty array)
        > SPOP none 3
        (empty array)
        > SPOP s -1
        (error) ERR value is out of range, must be positive
        > SPOP s x
        (error) ERR value is out of range, must be positive
        > SPOP s 1 2
        (error) ERR syntax error
        > HELLO 3
        OK
        > SPOP s 1
        1~ "a"
        ! s spop s
        ! g del s
        => DEL s
        +1
        > SPOP s 1
        (empty set)
    "#]]);
}

#[test]
fn chance_shows_what_is_there() {
    check_encodings(expect![[r#"
        > SADD s a
        (integer) 1
        > SRANDMEMBER s
        "a"
        > SRANDMEMBER s 5
        1) "a"
        > SRANDMEMBER s -3
        1) "a"
        2) "a"
        3) "a"
        > SRANDMEMBER s 0
        (empty array)
        > SRANDMEMBER none
        (nil)
        > SRANDMEMBER none 2
        (empty array)
        > SRANDMEMBER s x
        (error) ERR value is not an integer or out of range
        > SRANDMEMBER s -9223372036854775808
        (error) ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807
        > SRANDMEMBER s 1 2
        (error) ERR syntax error
    "#]]);
}

#[test]
fn sets_are_intersected_united_and_subtracted() {
    check_encodings(expect![[r#"
        > SADD a 1 2 3 x
        (integer) 4
        > SADD b 2 3 4 y
        (integer) 4
        > SADD c 3 z
        (integer) 2
        > SINTER a b c
        1) "3"
        > SINTER a none
        (empty array)
        > SINTER a c
        1) "3"
        > SINTERCARD 2 a b
        (integer) 2
        > SINTERCARD 2 a b LIMIT 1
        (integer) 1
        > SINTERCARD 2 a b LIMIT 0
        (integer) 2
        > SINTERCARD 2 a none
        (integer) 0
        > SDIFF c a
        1) "z"
        > SDIFF c b a
        1) "z"
        > SDIFF none a
        (empty array)
        > SDIFF c c
        (empty array)
        > SUNION none
        (empty array)
        > SINTERCARD 0 a
        (error) ERR numkeys should be greater than 0
        > SINTERCARD x a
        (error) ERR numkeys should be greater than 0
        > SINTERCARD 3 a b
        (error) ERR Number of keys can't be greater than number of args
        > SINTERCARD 2 a b LIMIT -1
        (error) ERR LIMIT can't be negative
        > SINTERCARD 2 a b LIMIT
        (error) ERR syntax error
        > SINTERCARD 2 a b 7
        (error) ERR syntax error
        > LPUSH l x
        (integer) 1
        > SINTER none l
        (error) WRONGTYPE Operation against a key holding the wrong kind of value
        > SUNION a l
        (error) WRONGTYPE Operation against a key holding the wrong kind of value
        > SDIFF l a
        (error) WRONGTYPE Operation against a key holding the wrong kind of value
        > SINTERCARD 2 a l
        (error) WRONGTYPE Operation against a key holding the wrong kind of value
        > HELLO 3
        OK
        > SINTER a c
        1~ "3"
        > SINTER none
        (empty set)
    "#]]);
}

#[test]
fn results_are_stored_over_whatever_was_there() {
    check_encodings(expect![[r#"
        @ events
        @ dirty
        > SADD a 1 2 3 x
        (integer) 4
        ! n new a
        ! s sadd a
        +4
        > SADD b 2 3 4 y
        (integer) 4
        ! n new b
        ! s sadd b
        +4
        > SINTERSTORE d a b
        (integer) 2
        ! n new d
        ! s sinterstore d
        +1
        > SCARD d
        (integer) 2
        > SMISMEMBER d 2 3 4
        1) (integer) 1
        2) (integer) 1
        3) (integer) 0
        > SUNIONSTORE d a b
        (integer) 6
        ! s sunionstore d
        +1
        > SMISMEMBER d 1 2 3 4 x y z
        1) (integer) 1
        2) (integer) 1
        3) (integer) 1
        4) (integer) 1
        5) (integer) 1
        6) (integer) 1
        7) (integer) 0
        > SDIFFSTORE d a b
        (integer) 2
        ! s sdiffstore d
        +1
        > SMISMEMBER d 1 2 3 4 x y
        1) (integer) 1
        2) (integer) 0
        3) (integer) 0
        4) (integer) 0
        5) (integer) 1
        6) (integer) 0
        > SDIFFSTORE a a b
        (integer) 2
        ! s sdiffstore a
        +1
        > SCARD a
        (integer) 2
        > LPUSH l x
        (integer) 1
        ! ready l
        ! n new l
        ! l lpush l
        +1
        > SUNIONSTORE l b none
        (integer) 4
        ! m keymiss none
        ! s sunionstore l
        +1
        > SCARD l
        (integer) 4
        > SINTERSTORE l b none
        (integer) 0
        ! m keymiss none
        ! g del l
        +1
        > SCARD l
        (integer) 0
        ! m keymiss l
        > SINTERSTORE l b none
        (integer) 0
        ! m keymiss none
        > SUNIONSTORE d none
        (integer) 0
        ! m keymiss none
        ! g del d
        +1
        > SDIFFSTORE d none b
        (integer) 0
        ! m keymiss none
        > LPUSH l x
        (integer) 1
        ! ready l
        ! n new l
        ! l lpush l
        +1
        > SUNIONSTORE d l
        (error) WRONGTYPE Operation against a key holding the wrong kind of value
    "#]]);
}

#[test]
fn a_scan_shows_all_members_in_the_end() {
    check_encodings(expect![[r#"
        > SADD s a
        (integer) 1
        > SSCAN s 0
        1) "0"
        2) 1) "a"
        > SSCAN s 0 MATCH b*
        1) "0"
        2) (empty array)
        > SSCAN s 0 MATCH a* COUNT 100
        1) "0"
        2) 1) "a"
        > SSCAN none 0
        1) "0"
        2) (empty array)
        # Options of a set that is not there are not looked at.
        > SSCAN none 0 COUNT 0
        1) "0"
        2) (empty array)
        > SSCAN s 0 COUNT 0
        (error) ERR syntax error
        > SSCAN s 0 COUNT x
        (error) ERR value is not an integer or out of range
        > SSCAN s 0 MATCH
        (error) ERR syntax error
        > SSCAN s 0 TYPE set
        (error) ERR syntax error
        > SSCAN s x
        (error) ERR invalid cursor
    "#]]);
}

#[test]
fn other_types_are_refused() {
    check(expect![[r#"
        > LPUSH l x
        (integer) 1
        > SADD l a
        (error) WRONGTYPE Operation against a key holding the wrong kind of value
        > SREM l a
        (error) WRONGTYPE Operation against a key holding the wrong kind of value
        > SISMEMBER l a
        (error) WRONGTYPE Operation against a key holding the wrong kind of value
        > SMISMEMBER l a
        (error) WRONGTYPE Operation against a key holding the wrong kind of value
        > SMEMBERS l
        (error) WRONGTYPE Operation against a key holding the wrong kind of value
        > SCARD l
        (error) WRONGTYPE Operation against a key holding the wrong kind of value
        > SPOP l
        (error) WRONGTYPE Operation against a key holding the wrong kind of value
        > SPOP l 1
        (error) WRONGTYPE Operation against a key holding the wrong kind of value
        > SRANDMEMBER l
        (error) WRONGTYPE Operation against a key holding the wrong kind of value
        > SRANDMEMBER l 1
        (error) WRONGTYPE Operation against a key holding the wrong kind of value
        > SSCAN l 0
        (error) WRONGTYPE Operation against a key holding the wrong kind of value
    "#]]);
}

/// The lines of a reply that hold members.
fn members(reply: &str) -> Vec<&str> {
    reply.lines().filter_map(|line| line.split_once('"')).map(|(_, member)| member).collect()
}

#[test]
fn chance_draws_distinct_members_of_large_sets() {
    for unpacked in [false, true] {
        let mut settings = Settings::default();
        if unpacked {
            settings.thresholds.set_max_intset_entries = 0;
            settings.thresholds.set_max_listpack_entries = 0;
        }
        let mut player = Player::new(settings);
        let all: Vec<String> = (0..200).map(|n| format!("m{n}")).collect();
        player.request(["SADD", "s"].into_iter().chain(all.iter().map(String::as_str)));
        for count in [1, 10, 66, 67, 100, 199, 200, 500] {
            let reply = player.request(["SRANDMEMBER", "s", &count.to_string()]);
            let drawn = members(&reply);
            assert_eq!(drawn.len(), count.min(200));
            assert_eq!(drawn.iter().collect::<BTreeSet<_>>().len(), drawn.len());
        }
        let reply = player.request(["SRANDMEMBER", "s", "-1000"]);
        let drawn = members(&reply);
        assert_eq!(drawn.len(), 1000);
        assert!(drawn.iter().collect::<BTreeSet<_>>().len() > 150, "every member has its chance");
        let mut popped = BTreeSet::new();
        for count in [1, 60, 138] {
            let reply = player.request(["SPOP", "s", &count.to_string()]);
            popped.extend(members(&reply).into_iter().map(String::from));
        }
        assert_eq!(popped.len(), 199, "no member is popped twice");
        assert_eq!(player.request(["SCARD", "s"]), "(integer) 1\n");
    }
}

#[test]
fn many_sets_are_united_as_few_are() {
    let mut player = Player::new(Settings::default());
    let keys: Vec<String> = (0..20).map(|n| format!("s{n}")).collect();
    for (n, key) in keys.iter().enumerate() {
        player.request(["SADD", key, "shared", &format!("own{n}")]);
    }
    let reply = player.request(["SUNION"].into_iter().chain(keys.iter().map(String::as_str)));
    assert_eq!(members(&reply).into_iter().collect::<BTreeSet<_>>().len(), 21);
    assert_eq!(members(&reply).len(), 21);
}
