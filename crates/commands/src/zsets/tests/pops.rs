//! Pops, at once and waiting.

use expect_test::expect;

use crate::check::{check, check_encodings};

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
