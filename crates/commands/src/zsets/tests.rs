//! What commands of sorted sets answer, tell and propagate, as conversations.

use std::collections::BTreeSet;

use expect_test::expect;
use store::Settings;

use crate::check::{Player, check, check_encodings};

#[test]
fn scores_are_given_under_conditions() {
    check_encodings(expect![[r#"
        @ events
        @ dirty
        > ZADD z 1 a 2 b 3 c
        (integer) 3
        ! ready z
        ! n new z
        ! z zadd z
        +3
        > ZADD z 1 a
        (integer) 0
        > ZADD z 5 a 4 d
        (integer) 1
        ! z zadd z
        +2
        > ZADD z CH 6 a 4 d 1 e
        (integer) 2
        ! z zadd z
        +2
        > ZADD z NX 9 a 9 f
        (integer) 1
        ! z zadd z
        +1
        > ZADD z XX 7 a 7 g
        (integer) 0
        ! z zadd z
        +1
        > ZADD z XX CH 8 a 7 g
        (integer) 1
        ! z zadd z
        +1
        > ZADD z GT CH 7 a 9 b 5 h
        (integer) 2
        ! z zadd z
        +2
        > ZADD z LT CH 7 a 10 b 5 i
        (integer) 2
        ! z zadd z
        +2
        > ZADD z XX GT CH 100 a 100 none
        (integer) 1
        ! z zadd z
        +1
        > ZADD z INCR 2.5 a
        "102.5"
        ! z zincr z
        +1
        > ZADD z NX INCR 1 a
        (nil)
        > ZADD z XX INCR 1 none
        (nil)
        > ZADD z GT INCR -1 a
        (nil)
        > ZADD z LT INCR -1 a
        "101.5"
        ! z zincr z
        +1
        > ZADD z INCR 1 new
        "1"
        ! z zincr z
        +1
        > ZRANGE z 0 -1 WITHSCORES
         1) "e"
         2) "1"
         3) "new"
         4) "1"
         5) "c"
         6) "3"
         7) "d"
         8) "4"
         9) "h"
        10) "5"
        11) "i"
        12) "5"
        13) "b"
        14) "9"
        15) "f"
        16) "9"
        17) "a"
        18) "101.5"
        > ZADD none XX 1 a
        (integer) 0
        > ZCARD none
        (integer) 0
        ! m keymiss none
        > ZADD z NX XX 1 a
        (error) ERR XX and NX options at the same time are not compatible
        > ZADD z GT LT 1 a
        (error) ERR GT, LT, and/or NX options at the same time are not compatible
        > ZADD z GT NX 1 a
        (error) ERR GT, LT, and/or NX options at the same time are not compatible
        > ZADD z INCR 1 a 2 b
        (error) ERR INCR option supports a single increment-element pair
        > ZADD z 1
        (error) ERR wrong number of arguments for 'zadd' command
        > ZADD z CH 1
        (error) ERR syntax error
        > ZADD z 1 a 2
        (error) ERR syntax error
        > ZADD z x a
        (error) ERR value is not a valid float
        > ZADD z 1 fresh x a
        (error) ERR value is not a valid float
        > ZSCORE z fresh
        (nil)
        > ZADD z nan a
        (error) ERR value is not a valid float
        > ZADD z inf a -inf b +inf c
        (integer) 0
        ! z zadd z
        +3
        > ZADD z INCR -inf a
        (error) ERR resulting score is not a number (NaN)
        > ZINCRBY z +inf b
        (error) ERR resulting score is not a number (NaN)
        > ZMSCORE z a b c none
        1) "inf"
        2) "-inf"
        3) "inf"
        4) (nil)
    "#]]);
}

#[test]
fn scores_are_spelled_as_short_as_they_can_be() {
    check_encodings(expect![[r#"
        > ZADD z 0.1 a 3.0 b -7 c 1e21 d 1.5e-7 e 12345678901234567890 f 17179869184 g 3.141592653589793 h 0x10 i 1e17 j 5e-324 k
        (integer) 11
        > ZSCORE z a
        "0.1"
        > ZSCORE z b
        "3"
        > ZSCORE z c
        "-7"
        > ZSCORE z d
        "1e+21"
        > ZSCORE z e
        "1.5e-7"
        > ZSCORE z f
        "12345678901234567000"
        > ZSCORE z g
        "17179869184"
        > ZSCORE z h
        "3.141592653589793"
        > ZSCORE z i
        "16"
        > ZSCORE z j
        "100000000000000000"
        > ZSCORE z k
        "5e-324"
        > ZINCRBY z 0.2 a
        "0.30000000000000004"
        > HELLO 3
        OK
        > ZSCORE z a
        (double) 0.30000000000000004
        > ZMSCORE z b d none
        1) (double) 3
        2) (double) 1e+21
        3) (nil)
        > ZINCRBY z inf a
        (double) inf
    "#]]);
}

#[test]
fn increments_count_from_zero() {
    check_encodings(expect![[r#"
        @ events
        @ dirty
        @ propagated
        > ZINCRBY z 1.5 a
        "1.5"
        ! ready z
        ! n new z
        ! z zincr z
        => ZINCRBY z 1.5 a
        +1
        > ZINCRBY z -3 a
        "-1.5"
        ! z zincr z
        => ZINCRBY z -3 a
        +1
        > ZINCRBY z 0 a
        "-1.5"
        > ZINCRBY z x a
        (error) ERR value is not a valid float
        > ZINCRBY z nx a
        (error) ERR syntax error
        > ZINCRBY z 1
        (error) ERR wrong number of arguments for 'zincrby' command
    "#]]);
}

#[test]
fn ranks_count_from_either_end() {
    check_encodings(expect![[r#"
        > ZADD z 1 a 2 b 2 c 3 d
        (integer) 4
        > ZRANK z a
        (integer) 0
        > ZRANK z c
        (integer) 2
        > ZREVRANK z a
        (integer) 3
        > ZREVRANK z c
        (integer) 1
        > ZRANK z none
        (nil)
        > ZRANK none a
        (nil)
        > ZRANK z c WITHSCORE
        1) (integer) 2
        2) "2"
        > ZREVRANK z d WITHSCORE
        1) (integer) 0
        2) "3"
        > ZRANK z none WITHSCORE
        (nil)
        > ZRANK none a WITHSCORE
        (nil)
        > ZRANK z a SCORE
        (error) ERR syntax error
        > ZRANK z a WITHSCORE x
        (error) ERR wrong number of arguments for 'zrank' command
        > ZREVRANK z a WITHSCORE x
        (error) ERR wrong number of arguments for 'zrevrank' command
        > HELLO 3
        OK
        > ZRANK z c WITHSCORE
        1) (integer) 2
        2) (double) 2
        > ZCARD z
        (integer) 4
        > ZCARD none
        (integer) 0
        > ZSCORE none a
        (nil)
        > ZSCORE z none
        (nil)
    "#]]);
}

#[test]
fn members_are_counted_within_bounds() {
    check_encodings(expect![[r#"
        > ZADD z 1 a 2 b 2 c 3 d inf e -inf f
        (integer) 6
        > ZCOUNT z -inf +inf
        (integer) 6
        > ZCOUNT z (-inf (inf
        (integer) 4
        > ZCOUNT z 2 2
        (integer) 2
        > ZCOUNT z (1 (3
        (integer) 2
        > ZCOUNT z 3 1
        (integer) 0
        > ZCOUNT z 1.5 1e999
        (integer) 4
        > ZCOUNT z x 1
        (error) ERR min or max is not a float
        > ZCOUNT z (x 1
        (error) ERR min or max is not a float
        > ZCOUNT z nan 1
        (error) ERR min or max is not a float
        > ZCOUNT none 0 1
        (integer) 0
        > ZADD l 0 a 0 b 0 bb 0 c 0 10
        (integer) 5
        > ZLEXCOUNT l - +
        (integer) 5
        > ZLEXCOUNT l [b [c
        (integer) 3
        > ZLEXCOUNT l (b (c
        (integer) 1
        > ZLEXCOUNT l + -
        (integer) 0
        > ZLEXCOUNT l - -
        (integer) 0
        > ZLEXCOUNT l + +
        (integer) 0
        > ZLEXCOUNT l [c [b
        (integer) 0
        > ZLEXCOUNT l - [a
        (integer) 2
        > ZLEXCOUNT l b c
        (error) ERR min or max not valid string range item
        > ZLEXCOUNT l -x +
        (error) ERR min or max not valid string range item
        > ZLEXCOUNT none - +
        (integer) 0
    "#]]);
}

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

#[test]
fn the_ends_are_popped() {
    check_encodings(expect![[r#"
        @ events
        @ dirty
        @ propagated
        > ZADD z 1 a 2 b 3 c 4 d 5 e
        (integer) 5
        ! ready z
        ! n new z
        ! z zadd z
        => ZADD z 1 a 2 b 3 c 4 d 5 e
        +5
        > ZPOPMIN z
        1) "a"
        2) "1"
        ! z zpopmin z
        => ZPOPMIN z
        +1
        > ZPOPMAX z
        1) "e"
        2) "5"
        ! z zpopmax z
        => ZPOPMAX z
        +1
        > ZPOPMIN z 2
        1) "b"
        2) "2"
        3) "c"
        4) "3"
        ! z zpopmin z
        => ZPOPMIN z 2
        +2
        > ZPOPMAX z 0
        (empty array)
        > ZPOPMAX z 5
        1) "d"
        2) "4"
        ! z zpopmax z
        ! g del z
        => ZPOPMAX z 5
        +1
        > ZPOPMIN z
        (empty array)
        > ZPOPMIN z 2
        (empty array)
        > ZPOPMIN z -1
        (error) ERR value is out of range, must be positive
        > ZPOPMIN z x
        (error) ERR value is out of range, must be positive
        > ZPOPMIN z 1 2
        (error) ERR syntax error
        > ZADD z 1 a 2 b 3 c 4 d
        (integer) 4
        ! ready z
        ! n new z
        ! z zadd z
        => ZADD z 1 a 2 b 3 c 4 d
        +4
        > HELLO 3
        OK
        > ZPOPMIN z
        1) "a"
        2) (double) 1
        ! z zpopmin z
        => ZPOPMIN z
        +1
        > ZPOPMIN z 1
        1) 1) "b"
           2) (double) 2
        ! z zpopmin z
        => ZPOPMIN z 1
        +1
        > ZPOPMAX z 2
        1) 1) "d"
           2) (double) 4
        2) 1) "c"
           2) (double) 3
        ! z zpopmax z
        ! g del z
        => ZPOPMAX z 2
        +2
        > ZPOPMAX z
        (empty array)
    "#]]);
}

#[test]
fn the_first_sorted_set_with_members_is_popped() {
    check_encodings(expect![[r#"
        @ events
        @ dirty
        @ propagated
        > ZADD z 1 a 2 b 3 c 4 d 5 e 6 f 7 g
        (integer) 7
        ! ready z
        ! n new z
        ! z zadd z
        => ZADD z 1 a 2 b 3 c 4 d 5 e 6 f 7 g
        +7
        > ZMPOP 2 none z MIN
        1) "z"
        2) 1) 1) "a"
              2) "1"
        ! z zpopmin z
        => ZPOPMIN z 1
        +1
        > ZMPOP 2 none z MAX COUNT 2
        1) "z"
        2) 1) 1) "g"
              2) "7"
           2) 1) "f"
              2) "6"
        ! z zpopmax z
        => ZPOPMAX z 2
        +2
        > BZPOPMIN none z 0
        1) "z"
        2) "b"
        3) "2"
        ! z zpopmin z
        => ZPOPMIN z
        +1
        > BZPOPMAX none z 0
        1) "z"
        2) "e"
        3) "5"
        ! z zpopmax z
        => ZPOPMAX z
        +1
        > BZMPOP 0 2 none z MIN COUNT 9
        1) "z"
        2) 1) 1) "c"
              2) "3"
           2) 1) "d"
              2) "4"
        ! z zpopmin z
        ! g del z
        => ZPOPMIN z 2
        +2
        > ZMPOP 1 z MIN
        (nil)
        > ZMPOP 0 z MIN
        (error) ERR numkeys should be greater than 0
        > ZMPOP 2 z MIN
        (error) ERR syntax error
        > ZMPOP 1 z UP
        (error) ERR syntax error
        > ZMPOP 1 z MIN COUNT 0
        (error) ERR count should be greater than 0
        > ZMPOP 1 z MIN COUNT 1 COUNT 2
        (error) ERR syntax error
        > BZPOPMIN z 0
        (nil)
        > BZMPOP 0 1 z MAX
        (nil)
        > ZADD z 1 a 2 b
        (integer) 2
        ! ready z
        ! n new z
        ! z zadd z
        => ZADD z 1 a 2 b
        +2
        > HELLO 3
        OK
        > BZPOPMIN z 0
        1) "z"
        2) "a"
        3) (double) 1
        ! z zpopmin z
        => ZPOPMIN z
        +1
        > ZMPOP 1 z MIN
        1) "z"
        2) 1) 1) "b"
              2) (double) 2
        ! z zpopmin z
        ! g del z
        => ZPOPMIN z 1
        +1
        > ZMPOP 1 z MIN
        (nil)
    "#]]);
}

#[test]
fn blocking_pops_wait_for_all_their_keys() {
    check(expect![[r#"
        @ waiting
        > BZPOPMIN a b 0
        (parked on a b)
        > BZPOPMAX a 2.5
        (parked on a)
        > BZMPOP 1 2 a b MAX COUNT 3
        (parked on a b)
        > BZPOPMIN a x
        (error) ERR timeout is not a float or out of range
        > BZPOPMIN a -1
        (error) ERR timeout is negative
        > BZMPOP x 1 a MIN
        (error) ERR timeout is not a float or out of range
        > BZMPOP 0 1 a UP
        (error) ERR syntax error
        > LPUSH l x
        (integer) 1
        > BZPOPMIN a l 0
        (error) WRONGTYPE Operation against a key holding the wrong kind of value
        > BZMPOP 0 2 a l MIN
        (error) WRONGTYPE Operation against a key holding the wrong kind of value
    "#]]);
}

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
