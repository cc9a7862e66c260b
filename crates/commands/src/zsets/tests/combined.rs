//! Combinations, chance, scans, and keys of other types.

use std::collections::BTreeSet;

use expect_test::expect;
use store::Settings;

use crate::check::{Player, check, check_encodings};

#[test]
fn sorted_sets_are_combined() {
    check_encodings(expect![[r#"
        > ZADD a 1 x 2 y 3 z
        (integer) 3
        > ZADD b 10 y 20 z 30 w
        (integer) 3
        > SADD s y w 5
        (integer) 3
        > ZUNION 2 a b WITHSCORES
        1) "x"
        2) "1"
        3) "y"
        4) "12"
        5) "z"
        6) "23"
        7) "w"
        8) "30"
        > ZUNION 2 a b WEIGHTS 2 1 AGGREGATE MAX WITHSCORES
        1) "x"
        2) "2"
        3) "y"
        4) "10"
        5) "z"
        6) "20"
        7) "w"
        8) "30"
        > ZUNION 3 a b s AGGREGATE min WITHSCORES
         1) "5"
         2) "1"
         3) "w"
         4) "1"
         5) "x"
         6) "1"
         7) "y"
         8) "1"
         9) "z"
        10) "3"
        > ZINTER 2 a b
        1) "y"
        2) "z"
        > ZINTER 2 a b WITHSCORES
        1) "y"
        2) "12"
        3) "z"
        4) "23"
        > ZINTER 2 a b WEIGHTS 1 -1 WITHSCORES
        1) "z"
        2) "-17"
        3) "y"
        4) "-8"
        > ZINTER 3 a b s WITHSCORES AGGREGATE SUM
        1) "y"
        2) "13"
        > ZINTER 2 a none
        (empty array)
        > ZDIFF 2 a b
        1) "x"
        > ZDIFF 2 b a WITHSCORES
        1) "w"
        2) "30"
        > ZDIFF 2 s a WITHSCORES
        1) "5"
        2) "1"
        3) "w"
        4) "1"
        > ZDIFF 2 none a
        (empty array)
        > ZDIFF 2 a a
        (empty array)
        > ZINTERCARD 2 a b
        (integer) 2
        > ZINTERCARD 2 a b LIMIT 1
        (integer) 1
        > ZINTERCARD 2 a b LIMIT 0
        (integer) 2
        > ZUNION 1 a WEIGHTS inf AGGREGATE SUM WITHSCORES
        1) "x"
        2) "inf"
        3) "y"
        4) "inf"
        5) "z"
        6) "inf"
        > ZADD i inf x
        (integer) 1
        > ZADD j -inf x
        (integer) 1
        > ZUNION 2 i j WITHSCORES
        1) "x"
        2) "0"
        > ZINTER 2 i j WEIGHTS 0 0 WITHSCORES
        1) "x"
        2) "0"
        > ZUNION 0 a
        (error) ERR at least 1 input key is needed for 'zunion' command
        > ZINTERCARD 0 a
        (error) ERR at least 1 input key is needed for 'zintercard' command
        > ZUNION x a
        (error) ERR value is not an integer or out of range
        > ZUNION 3 a b
        (error) ERR syntax error
        > ZUNION 2 a b WEIGHTS 1
        (error) ERR syntax error
        > ZUNION 2 a b WEIGHTS 1 x
        (error) ERR weight value is not a float
        > ZUNION 2 a b AGGREGATE avg
        (error) ERR syntax error
        > ZUNION 2 a b AGGREGATE
        (error) ERR syntax error
        > ZDIFF 2 a b WEIGHTS 1 2
        (error) ERR syntax error
        > ZINTERCARD 2 a b LIMIT -1
        (error) ERR LIMIT can't be negative
        > ZINTERCARD 2 a b WITHSCORES
        (error) ERR syntax error
        > LPUSH l x
        (integer) 1
        > ZUNION 2 a l
        (error) WRONGTYPE Operation against a key holding the wrong kind of value
        > HELLO 3
        OK
        > ZUNION 2 a b WITHSCORES
        1) 1) "x"
           2) (double) 1
        2) 1) "y"
           2) (double) 12
        3) 1) "z"
           2) (double) 23
        4) 1) "w"
           2) (double) 30
        > ZINTER 2 a b
        1) "y"
        2) "z"
        > ZDIFF 2 a b WITHSCORES
        1) 1) "x"
           2) (double) 1
    "#]]);
}

#[test]
fn combinations_are_stored_over_whatever_was_there() {
    check_encodings(expect![[r#"
        @ events
        @ dirty
        > ZADD a 1 x 2 y
        (integer) 2
        ! ready a
        ! n new a
        ! z zadd a
        +2
        > ZADD b 10 y 20 z
        (integer) 2
        ! ready b
        ! n new b
        ! z zadd b
        +2
        > ZUNIONSTORE d 2 a b
        (integer) 3
        ! ready d
        ! n new d
        ! z zunionstore d
        +1
        > ZRANGE d 0 -1 WITHSCORES
        1) "x"
        2) "1"
        3) "y"
        4) "12"
        5) "z"
        6) "20"
        > ZINTERSTORE d 2 a b AGGREGATE MIN
        (integer) 1
        ! ready d
        ! z zinterstore d
        +1
        > ZRANGE d 0 -1 WITHSCORES
        1) "y"
        2) "2"
        > ZDIFFSTORE d 2 a b
        (integer) 1
        ! ready d
        ! z zdiffstore d
        +1
        > ZRANGE d 0 -1 WITHSCORES
        1) "x"
        2) "1"
        > ZDIFFSTORE d 2 a a
        (integer) 0
        ! g del d
        +1
        > ZCARD d
        (integer) 0
        ! m keymiss d
        > ZINTERSTORE d 2 a none
        (integer) 0
        ! m keymiss none
        > ZUNIONSTORE a 2 a b WEIGHTS 2 3
        (integer) 3
        ! ready a
        ! z zunionstore a
        +1
        > ZRANGE a 0 -1 WITHSCORES
        1) "x"
        2) "2"
        3) "y"
        4) "34"
        5) "z"
        6) "60"
        > LPUSH l x
        (integer) 1
        ! ready l
        ! n new l
        ! l lpush l
        +1
        > ZUNIONSTORE l 1 b
        (integer) 2
        ! ready l
        ! z zunionstore l
        +1
        > ZCARD l
        (integer) 2
        > ZUNIONSTORE d 2 a b WITHSCORES
        (error) ERR syntax error
        > ZUNIONSTORE d 0 a
        (error) ERR at least 1 input key is needed for 'zunionstore' command
        > ZUNIONSTORE d 1
        (error) ERR wrong number of arguments for 'zunionstore' command
    "#]]);
}

#[test]
fn chance_and_scans_show_what_is_there() {
    check_encodings(expect![[r#"
        > ZADD z 0.1 a
        (integer) 1
        > ZRANDMEMBER z
        "a"
        > ZRANDMEMBER z 5
        1) "a"
        > ZRANDMEMBER z -2
        1) "a"
        2) "a"
        > ZRANDMEMBER z -2 WITHSCORES
        1) "a"
        2) "0.1"
        3) "a"
        4) "0.1"
        > ZRANDMEMBER z 0
        (empty array)
        > ZRANDMEMBER none
        (nil)
        > ZRANDMEMBER none 2
        (empty array)
        > ZRANDMEMBER z x
        (error) ERR value is not an integer or out of range
        > ZRANDMEMBER z 1 WITH
        (error) ERR syntax error
        > ZRANDMEMBER z 1 WITHSCORES x
        (error) ERR syntax error
        > ZRANDMEMBER z -9223372036854775808
        (error) ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807
        > ZRANDMEMBER z -9223372036854775807 WITHSCORES
        (error) ERR value is out of range
        > ZSCAN z 0 MATCH b*
        1) "0"
        2) (empty array)
        > ZSCAN none 0
        1) "0"
        2) (empty array)
        > ZSCAN z x
        (error) ERR invalid cursor
        > ZSCAN z 0 COUNT 0
        (error) ERR syntax error
        > HELLO 3
        OK
        > ZRANDMEMBER z 1 WITHSCORES
        1) 1) "a"
           2) (double) 0.1
    "#]]);
}

#[test]
fn other_types_are_refused() {
    check(expect![[r#"
        > LPUSH l x
        (integer) 1
        > ZADD l 1 a
        (error) WRONGTYPE Operation against a key holding the wrong kind of value
        > ZADD l XX 1 a
        (error) WRONGTYPE Operation against a key holding the wrong kind of value
        > ZINCRBY l 1 a
        (error) WRONGTYPE Operation against a key holding the wrong kind of value
        > ZREM l a
        (error) WRONGTYPE Operation against a key holding the wrong kind of value
        > ZCARD l
        (error) WRONGTYPE Operation against a key holding the wrong kind of value
        > ZSCORE l a
        (error) WRONGTYPE Operation against a key holding the wrong kind of value
        > ZMSCORE l a
        (error) WRONGTYPE Operation against a key holding the wrong kind of value
        > ZRANK l a
        (error) WRONGTYPE Operation against a key holding the wrong kind of value
        > ZCOUNT l 0 1
        (error) WRONGTYPE Operation against a key holding the wrong kind of value
        > ZLEXCOUNT l - +
        (error) WRONGTYPE Operation against a key holding the wrong kind of value
        > ZRANGE l 0 1
        (error) WRONGTYPE Operation against a key holding the wrong kind of value
        > ZRANGEBYSCORE l 0 1
        (error) WRONGTYPE Operation against a key holding the wrong kind of value
        > ZPOPMIN l
        (error) WRONGTYPE Operation against a key holding the wrong kind of value
        > ZPOPMAX l 0
        (error) WRONGTYPE Operation against a key holding the wrong kind of value
        > ZMPOP 2 none l MIN
        (error) WRONGTYPE Operation against a key holding the wrong kind of value
        > ZREMRANGEBYRANK l 0 1
        (error) WRONGTYPE Operation against a key holding the wrong kind of value
        > ZRANDMEMBER l
        (error) WRONGTYPE Operation against a key holding the wrong kind of value
        > ZRANDMEMBER l 1
        (error) WRONGTYPE Operation against a key holding the wrong kind of value
        > ZSCAN l 0
        (error) WRONGTYPE Operation against a key holding the wrong kind of value
        > ZUNIONSTORE d 1 l
        (error) WRONGTYPE Operation against a key holding the wrong kind of value
    "#]]);
}

#[test]
fn chance_draws_distinct_members() {
    for packed in [0, 512] {
        let mut settings = Settings::default();
        settings.thresholds.zset_max_listpack_entries = packed;
        let mut player = Player::new(settings);
        let words: Vec<String> = (0..200).flat_map(|n| [n.to_string(), format!("m{n}")]).collect();
        player.request(["ZADD", "z"].into_iter().chain(words.iter().map(String::as_str)));
        for count in [1, 10, 100, 199, 200, 500] {
            let reply = player.request(["ZRANDMEMBER", "z", &count.to_string()]);
            let drawn: Vec<_> = reply.lines().filter_map(|line| line.split_once('"')).collect();
            let distinct: BTreeSet<_> = drawn.iter().map(|(_, member)| member).collect();
            assert_eq!((drawn.len(), distinct.len()), (count.min(200), count.min(200)));
        }
    }
}
