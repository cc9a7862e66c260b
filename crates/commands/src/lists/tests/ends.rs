//! Pushes and pops, at once and waiting.

use expect_test::expect;

use crate::check::{check, check_encodings};

#[test]
fn pushes_grow_a_list_at_its_ends() {
    check_encodings(expect![[r#"
        @ events
        @ dirty
        > LPUSH l a
        (integer) 1
        ! ready l
        ! n new l
        ! l lpush l
        +1
        > LPUSH l b c
        (integer) 3
        ! l lpush l
        +2
        > RPUSH l 1 22
        (integer) 5
        ! l rpush l
        +2
        > LRANGE l 0 -1
        1) "c"
        2) "b"
        3) "a"
        4) "1"
        5) "22"
        > LLEN l
        (integer) 5
        > LPUSHX l d
        (integer) 6
        ! l lpush l
        +1
        > RPUSHX l -7
        (integer) 7
        ! l rpush l
        +1
        > LRANGE l 0 -1
        1) "d"
        2) "c"
        3) "b"
        4) "a"
        5) "1"
        6) "22"
        7) "-7"
        > LPUSHX none x
        (integer) 0
        > RPUSHX none x y
        (integer) 0
        > LLEN none
        (integer) 0
        ! m keymiss none
        > LPUSH l
        (error) ERR wrong number of arguments for 'lpush' command
        > RPUSHX none
        (error) ERR wrong number of arguments for 'rpushx' command
        > LPUSH l ""
        (integer) 8
        ! l lpush l
        +1
        > LINDEX l 0
        ""
    "#]]);
}

#[test]
fn pops_shrink_a_list_and_delete_it_in_the_end() {
    check_encodings(expect![[r#"
        @ events
        @ dirty
        @ propagated
        > RPUSH l a b c 4 e f
        (integer) 6
        ! ready l
        ! n new l
        ! l rpush l
        => RPUSH l a b c 4 e f
        +6
        > LPOP l
        "a"
        ! l lpop l
        => LPOP l
        +1
        > RPOP l
        "f"
        ! l rpop l
        => RPOP l
        +1
        > LPOP l 2
        1) "b"
        2) "c"
        ! l lpop l
        => LPOP l 2
        +2
        > RPOP l 0
        (empty array)
        > RPOP l 5
        1) "e"
        2) "4"
        ! l rpop l
        ! g del l
        => RPOP l 5
        +2
        > LPOP l
        (nil)
        > LPOP l 3
        (nil)
        > RPOP l 0
        (nil)
        > RPUSH l x
        (integer) 1
        ! ready l
        ! n new l
        ! l rpush l
        => RPUSH l x
        +1
        > LPOP l
        "x"
        ! l lpop l
        ! g del l
        => LPOP l
        +1
        > LLEN l
        (integer) 0
        ! m keymiss l
        > LPOP l -1
        (error) ERR value is out of range, must be positive
        > LPOP l many
        (error) ERR value is out of range, must be positive
        > LPOP l 1 2
        (error) ERR wrong number of arguments for 'lpop' command
        > RPOP l 1 2
        (error) ERR wrong number of arguments for 'rpop' command
        > HELLO 3
        OK
        > LPOP l
        (nil)
        > LPOP l 1
        (nil)
    "#]]);
}

#[test]
fn elements_move_between_lists() {
    check_encodings(expect![[r#"
        @ events
        @ dirty
        @ propagated
        > RPUSH a 1 2 3
        (integer) 3
        ! ready a
        ! n new a
        ! l rpush a
        => RPUSH a 1 2 3
        +3
        > RPOPLPUSH a b
        "3"
        ! ready b
        ! n new b
        ! l lpush b
        ! l rpop a
        => RPOPLPUSH a b
        +1
        > LMOVE a b LEFT RIGHT
        "1"
        ! l rpush b
        ! l lpop a
        => LMOVE a b LEFT RIGHT
        +1
        > LMOVE a b right left
        "2"
        ! l lpush b
        ! l rpop a
        ! g del a
        => LMOVE a b right left
        +1
        > LLEN a
        (integer) 0
        ! m keymiss a
        > LRANGE b 0 -1
        1) "2"
        2) "3"
        3) "1"
        > RPOPLPUSH b b
        "1"
        ! l lpush b
        ! l rpop b
        => RPOPLPUSH b b
        +1
        > LMOVE b b LEFT LEFT
        "1"
        ! l lpush b
        ! l lpop b
        => LMOVE b b LEFT LEFT
        +1
        > LRANGE b 0 -1
        1) "1"
        2) "2"
        3) "3"
        > RPOPLPUSH none b
        (nil)
        > LMOVE none b LEFT LEFT
        (nil)
        > LMOVE b c UP LEFT
        (error) ERR syntax error
        > SADD s x
        (integer) 1
        ! n new s
        ! s sadd s
        => SADD s x
        +1
        > LMOVE b s LEFT LEFT
        (error) WRONGTYPE Operation against a key holding the wrong kind of value
        > RPOPLPUSH s b
        (error) WRONGTYPE Operation against a key holding the wrong kind of value
        > LRANGE b 0 -1
        1) "1"
        2) "2"
        3) "3"
    "#]]);
}

#[test]
fn the_first_list_with_elements_is_popped() {
    check(expect![[r#"
        @ events
        @ dirty
        @ propagated
        > RPUSH b 1 2 3 4
        (integer) 4
        ! ready b
        ! n new b
        ! l rpush b
        => RPUSH b 1 2 3 4
        +4
        > LMPOP 2 a b LEFT
        1) "b"
        2) 1) "1"
        ! l lpop b
        => LPOP b 1
        +1
        > LMPOP 2 a b RIGHT COUNT 2
        1) "b"
        2) 1) "4"
           2) "3"
        ! l rpop b
        => RPOP b 2
        +2
        > LMPOP 1 b LEFT COUNT 10
        1) "b"
        2) 1) "2"
        ! l lpop b
        ! g del b
        => LPOP b 1
        +1
        > LMPOP 1 b LEFT
        (nil)
        > LMPOP 0 b LEFT
        (error) ERR numkeys should be greater than 0
        > LMPOP x b LEFT
        (error) ERR numkeys should be greater than 0
        > LMPOP 2 b LEFT
        (error) ERR syntax error
        > LMPOP 1 b UP
        (error) ERR syntax error
        > LMPOP 1 b LEFT COUNT 0
        (error) ERR count should be greater than 0
        > LMPOP 1 b LEFT COUNT
        (error) ERR syntax error
        > LMPOP 1 b LEFT COUNT 1 COUNT 1
        (error) ERR syntax error
        > SADD s x
        (integer) 1
        ! n new s
        ! s sadd s
        => SADD s x
        +1
        > LMPOP 2 b s LEFT
        (error) WRONGTYPE Operation against a key holding the wrong kind of value
    "#]]);
}

#[test]
fn blocking_pops_serve_at_once_where_they_can() {
    check(expect![[r#"
        @ events
        @ dirty
        @ propagated
        > RPUSH b 1 2 3 4 5 6 7
        (integer) 7
        ! ready b
        ! n new b
        ! l rpush b
        => RPUSH b 1 2 3 4 5 6 7
        +7
        > BLPOP a b 0
        1) "b"
        2) "1"
        ! l lpop b
        => LPOP b
        +1
        > BRPOP a b 0.01
        1) "b"
        2) "7"
        ! l rpop b
        => RPOP b
        +1
        > BLMPOP 0 2 a b LEFT
        1) "b"
        2) 1) "2"
        ! l lpop b
        => LPOP b 1
        +1
        > BLMPOP 0 2 a b RIGHT COUNT 2
        1) "b"
        2) 1) "6"
           2) "5"
        ! l rpop b
        => RPOP b 2
        +2
        > BLMOVE b c LEFT RIGHT 0
        "3"
        ! ready c
        ! n new c
        ! l rpush c
        ! l lpop b
        => LMOVE b c LEFT RIGHT
        +1
        > BRPOPLPUSH b c 0
        "4"
        ! l lpush c
        ! l rpop b
        ! g del b
        => RPOPLPUSH b c
        +1
        > LRANGE c 0 -1
        1) "4"
        2) "3"
        > LLEN b
        (integer) 0
        ! m keymiss b
    "#]]);
}

#[test]
fn blocking_pops_wait_for_all_their_keys() {
    check(expect![[r#"
        @ waiting
        > BLPOP a b 0
        (parked on a b)
        > BRPOP a 1.5
        (parked on a)
        > BLMPOP 0 2 a b LEFT
        (parked on a b)
        > BLMOVE a b LEFT RIGHT 0
        (parked on a)
        > BRPOPLPUSH a b 0
        (parked on a)
        > BLPOP a -1
        (error) ERR timeout is negative
        > BLPOP a x
        (error) ERR timeout is not a float or out of range
        > BLPOP a inf
        (error) ERR timeout is out of range
        > BLPOP a 9223372036854775807
        (error) ERR timeout is out of range
        > BLMPOP x 1 a LEFT
        (error) ERR timeout is not a float or out of range
        > BLMPOP x 0 a LEFT
        (error) ERR numkeys should be greater than 0
        > BLMOVE a b LEFT UP 0
        (error) ERR syntax error
        > BRPOPLPUSH a b -0.1
        (error) ERR timeout is negative
        > SADD s x
        (integer) 1
        > BLPOP a s 0
        (error) WRONGTYPE Operation against a key holding the wrong kind of value
        > BLMPOP 0 2 a s LEFT
        (error) WRONGTYPE Operation against a key holding the wrong kind of value
        > BLMOVE s a LEFT LEFT 0
        (error) WRONGTYPE Operation against a key holding the wrong kind of value
        > BLMOVE a s LEFT LEFT 0
        (parked on a)
    "#]]);
}

#[test]
fn blocking_pops_time_out_at_once_where_waiting_is_not_allowed() {
    check(expect![[r#"
        > BLPOP a b 0
        (nil)
        > BRPOP a 1
        (nil)
        > BLMPOP 0 1 a LEFT
        (nil)
        > BLMOVE a b LEFT LEFT 0
        (nil)
        > BRPOPLPUSH a b 0
        (nil)
    "#]]);
}
