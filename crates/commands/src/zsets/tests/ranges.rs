//! Ranges: returned, stored and removed.

use expect_test::expect;

use crate::check::check_encodings;

#[test]
fn ranges_by_rank() {
    check_encodings(expect![[r#"
        > ZADD z 1 a 2 b 3 c 4 d
        (integer) 4
        > ZRANGE z 0 -1
        1) "a"
        2) "b"
        3) "c"
        4) "d"
        > ZRANGE z 1 2 WITHSCORES
        1) "b"
        2) "2"
        3) "c"
        4) "3"
        > ZRANGE z -2 100
        1) "c"
        2) "d"
        > ZRANGE z 3 1
        (empty array)
        > ZRANGE z 9 10
        (empty array)
        > ZRANGE z 0 1 REV
        1) "d"
        2) "c"
        > ZRANGE z -1 -1 REV WITHSCORES
        1) "a"
        2) "1"
        > ZREVRANGE z 0 1
        1) "d"
        2) "c"
        > ZREVRANGE z 1 -1 WITHSCORES
        1) "c"
        2) "3"
        3) "b"
        4) "2"
        5) "a"
        6) "1"
        > ZRANGE none 0 -1
        (empty array)
        > ZRANGE z 0 -1 LIMIT 0 1
        (error) ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX
        > ZRANGE z 0 -1 LIMIT 0 -1
        1) "a"
        2) "b"
        3) "c"
        4) "d"
        > ZREVRANGE z 0 1 LIMIT 1 2
        (error) ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX
        > ZRANGE z x 1
        (error) ERR value is not an integer or out of range
        > ZRANGE z 0 1 WHAT
        (error) ERR syntax error
        > ZRANGE z 0 1 REV REV
        (error) ERR syntax error
        > ZREVRANGE z 0 1 REV
        (error) ERR syntax error
        > ZREVRANGE z 0 1 BYSCORE
        (error) ERR syntax error
        > ZRANGE z 0 1 BYLEX BYSCORE
        (error) ERR syntax error
        > ZRANGE none (1 2
        (error) ERR value is not an integer or out of range
        > HELLO 3
        OK
        > ZRANGE z 0 1 WITHSCORES
        1) 1) "a"
           2) (double) 1
        2) 1) "b"
           2) (double) 2
        > ZRANGE z 0 1
        1) "a"
        2) "b"
        > ZREVRANGE z 9 10 WITHSCORES
        (empty array)
    "#]]);
}

#[test]
fn ranges_by_score() {
    check_encodings(expect![[r#"
        > ZADD z 1 a 2 b 2 c 3 d 4.5 e
        (integer) 5
        > ZRANGEBYSCORE z 2 3
        1) "b"
        2) "c"
        3) "d"
        > ZRANGEBYSCORE z (2 +inf WITHSCORES
        1) "d"
        2) "3"
        3) "e"
        4) "4.5"
        > ZRANGEBYSCORE z -inf (2
        1) "a"
        > ZRANGEBYSCORE z -inf +inf LIMIT 1 2
        1) "b"
        2) "c"
        > ZRANGEBYSCORE z -inf +inf LIMIT 1 -1
        1) "b"
        2) "c"
        3) "d"
        4) "e"
        > ZRANGEBYSCORE z -inf +inf LIMIT -1 2
        (empty array)
        > ZRANGEBYSCORE z -inf +inf LIMIT 9 2
        (empty array)
        > ZRANGEBYSCORE z -inf +inf LIMIT 1 0
        (empty array)
        > ZREVRANGEBYSCORE z 3 2
        1) "d"
        2) "c"
        3) "b"
        > ZREVRANGEBYSCORE z +inf -inf LIMIT 1 2 WITHSCORES
        1) "d"
        2) "3"
        3) "c"
        4) "2"
        > ZREVRANGEBYSCORE z 2 3
        (empty array)
        > ZRANGE z 2 3 BYSCORE
        1) "b"
        2) "c"
        3) "d"
        > ZRANGE z 3 2 BYSCORE REV
        1) "d"
        2) "c"
        3) "b"
        > ZRANGE z (4 2 BYSCORE REV LIMIT 1 1 WITHSCORES
        1) "c"
        2) "2"
        > ZRANGEBYSCORE z 1 2 LIMIT 1
        (error) ERR syntax error
        > ZRANGEBYSCORE z 1 2 LIMIT a b
        (error) ERR value is not an integer or out of range
        > ZRANGEBYSCORE z a 2
        (error) ERR min or max is not a float
        > ZRANGEBYSCORE z 1 2 REV
        (error) ERR syntax error
        > ZRANGEBYSCORE none 1 2
        (empty array)
        > HELLO 3
        OK
        > ZRANGEBYSCORE z 2 2 WITHSCORES
        1) 1) "b"
           2) (double) 2
        2) 1) "c"
           2) (double) 2
    "#]]);
}

#[test]
fn ranges_by_name() {
    check_encodings(expect![[r#"
        > ZADD z 0 a 0 b 0 bb 0 c 0 10
        (integer) 5
        > ZRANGEBYLEX z - +
        1) "10"
        2) "a"
        3) "b"
        4) "bb"
        5) "c"
        > ZRANGEBYLEX z [b (c
        1) "b"
        2) "bb"
        > ZRANGEBYLEX z (b +
        1) "bb"
        2) "c"
        > ZRANGEBYLEX z - + LIMIT 1 2
        1) "a"
        2) "b"
        > ZRANGEBYLEX z + -
        (empty array)
        > ZREVRANGEBYLEX z + -
        1) "c"
        2) "bb"
        3) "b"
        4) "a"
        5) "10"
        > ZREVRANGEBYLEX z (c [b
        1) "bb"
        2) "b"
        > ZREVRANGEBYLEX z + - LIMIT 1 2
        1) "bb"
        2) "b"
        > ZRANGE z [b [c BYLEX
        1) "b"
        2) "bb"
        3) "c"
        > ZRANGE z [c [b BYLEX REV LIMIT 0 1
        1) "c"
        > ZRANGEBYLEX z - + WITHSCORES
        (error) ERR syntax error, WITHSCORES not supported in combination with BYLEX
        > ZRANGE z - + BYLEX WITHSCORES
        (error) ERR syntax error, WITHSCORES not supported in combination with BYLEX
        > ZRANGEBYLEX z a b
        (error) ERR min or max not valid string range item
        > ZRANGEBYLEX none - +
        (empty array)
    "#]]);
}

#[test]
fn ranges_are_stored() {
    check_encodings(expect![[r#"
        @ events
        @ dirty
        > ZADD z 1 a 2 b 3 c
        (integer) 3
        ! ready z
        ! n new z
        ! z zadd z
        +3
        > ZRANGESTORE d z 0 1
        (integer) 2
        ! ready d
        ! n new d
        ! z zrangestore d
        +1
        > ZRANGE d 0 -1 WITHSCORES
        1) "a"
        2) "1"
        3) "b"
        4) "2"
        > ZRANGESTORE d z (1 +inf BYSCORE LIMIT 0 1
        (integer) 1
        ! ready d
        ! z zrangestore d
        +1
        > ZRANGE d 0 -1 WITHSCORES
        1) "b"
        2) "2"
        > ZRANGESTORE d z 0 0 REV
        (integer) 1
        ! ready d
        ! z zrangestore d
        +1
        > ZRANGE d 0 -1 WITHSCORES
        1) "c"
        2) "3"
        > ZRANGESTORE d z 5 6
        (integer) 0
        ! g del d
        +1
        > ZCARD d
        (integer) 0
        ! m keymiss d
        > ZRANGESTORE d none 0 -1
        (integer) 0
        ! m keymiss none
        > ZRANGESTORE z z 1 -1
        (integer) 2
        ! ready z
        ! z zrangestore z
        +1
        > ZRANGE z 0 -1
        1) "b"
        2) "c"
        > ZRANGESTORE d z 0 -1 WITHSCORES
        (error) ERR syntax error
        > ZRANGESTORE d z [a [c BYLEX REV
        (integer) 0
        > LPUSH l x
        (integer) 1
        ! ready l
        ! n new l
        ! l lpush l
        +1
        > ZRANGESTORE d l 0 -1
        (error) WRONGTYPE Operation against a key holding the wrong kind of value
        > ZRANGESTORE l z 0 -1
        (integer) 2
        ! ready l
        ! z zrangestore l
        +1
        > ZCARD l
        (integer) 2
    "#]]);
}

#[test]
fn members_are_removed_by_name_and_by_range() {
    check_encodings(expect![[r#"
        @ events
        @ dirty
        > ZADD z 1 a 2 b 3 c 4 d 5 e 6 f
        (integer) 6
        ! ready z
        ! n new z
        ! z zadd z
        +6
        > ZREM z a none
        (integer) 1
        ! z zrem z
        +1
        > ZREM z none
        (integer) 0
        > ZREM none a
        (integer) 0
        > ZREMRANGEBYRANK z 0 0
        (integer) 1
        ! z zremrangebyrank z
        +1
        > ZREMRANGEBYRANK z 9 10
        (integer) 0
        > ZREMRANGEBYSCORE z (3 4
        (integer) 1
        ! z zremrangebyscore z
        +1
        > ZREMRANGEBYLEX z [c [d
        (integer) 1
        ! z zremrangebylex z
        +1
        > ZRANGE z 0 -1 WITHSCORES
        1) "e"
        2) "5"
        3) "f"
        4) "6"
        > ZREMRANGEBYSCORE z -inf +inf
        (integer) 2
        ! z zremrangebyscore z
        ! g del z
        +2
        > ZCARD z
        (integer) 0
        ! m keymiss z
        > ZREMRANGEBYRANK z x 1
        (error) ERR value is not an integer or out of range
        > ZREMRANGEBYSCORE z x 1
        (error) ERR min or max is not a float
        > ZREMRANGEBYLEX z x y
        (error) ERR min or max not valid string range item
        > ZREMRANGEBYRANK z 0 -1
        (integer) 0
        > ZADD z 0 a
        (integer) 1
        ! ready z
        ! n new z
        ! z zadd z
        +1
        > ZREM z a
        (integer) 1
        ! z zrem z
        ! g del z
        +1
        > ZADD z 0 a
        (integer) 1
        ! ready z
        ! n new z
        ! z zadd z
        +1
        > ZREMRANGEBYRANK z 0 -1
        (integer) 1
        ! z zremrangebyrank z
        ! g del z
        +1
    "#]]);
}
