//! How members get their scores, and what they are told to be.

use expect_test::expect;

use crate::check::check_encodings;

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
