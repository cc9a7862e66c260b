//! What lies between the ends, and keys of other types.

use expect_test::expect;

use crate::check::{check, check_encodings};

#[test]
fn ranges_and_indexes_count_from_both_ends() {
    check_encodings(expect![[r#"
        > RPUSH l 0 1 2 three 4
        (integer) 5
        > LRANGE l 0 0
        1) "0"
        > LRANGE l -2 -1
        1) "three"
        2) "4"
        > LRANGE l 1 -2
        1) "1"
        2) "2"
        3) "three"
        > LRANGE l -100 100
        1) "0"
        2) "1"
        3) "2"
        4) "three"
        5) "4"
        > LRANGE l 3 2
        (empty array)
        > LRANGE l 5 9
        (empty array)
        > LRANGE none 0 -1
        (empty array)
        > LRANGE l a 1
        (error) ERR value is not an integer or out of range
        > LRANGE none 0 z
        (error) ERR value is not an integer or out of range
        > LINDEX l 0
        "0"
        > LINDEX l -1
        "4"
        > LINDEX l -5
        "0"
        > LINDEX l -6
        (nil)
        > LINDEX l 5
        (nil)
        > LINDEX l x
        (error) ERR value is not an integer or out of range
        # The index of a list that is not there is not looked at.
        > LINDEX none x
        (nil)
    "#]]);
}

#[test]
fn positions_are_told_as_lindex_counts() {
    check_encodings(expect![[r#"
        > RPUSH l a b c 1 2 3 c c
        (integer) 8
        > LPOS l c
        (integer) 2
        > LPOS l z
        (nil)
        > LPOS l 2
        (integer) 4
        > LPOS l c RANK 2
        (integer) 6
        > LPOS l c RANK -1
        (integer) 7
        > LPOS l c RANK -3
        (integer) 2
        > LPOS l c RANK 4
        (nil)
        > LPOS l c COUNT 2
        1) (integer) 2
        2) (integer) 6
        > LPOS l c COUNT 0
        1) (integer) 2
        2) (integer) 6
        3) (integer) 7
        > LPOS l c RANK -1 COUNT 2
        1) (integer) 7
        2) (integer) 6
        > LPOS l c RANK 2 COUNT 0
        1) (integer) 6
        2) (integer) 7
        > LPOS l c COUNT 0 MAXLEN 7
        1) (integer) 2
        2) (integer) 6
        > LPOS l c RANK -1 COUNT 0 MAXLEN 2
        1) (integer) 7
        2) (integer) 6
        > LPOS l c MAXLEN 1
        (nil)
        > LPOS l z COUNT 2
        (empty array)
        > LPOS none c
        (nil)
        > LPOS none c COUNT 1
        (empty array)
        > LPOS l c RANK 0
        (error) ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use negative to start from the end of the list
        > LPOS l c RANK -9223372036854775808
        (error) ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807
        > LPOS l c RANK x
        (error) ERR value is not an integer or out of range
        > LPOS l c COUNT -1
        (error) ERR COUNT can't be negative
        > LPOS l c MAXLEN -1
        (error) ERR MAXLEN can't be negative
        > LPOS l c RANK
        (error) ERR syntax error
        > LPOS l c SIZE 1
        (error) ERR syntax error
    "#]]);
}

#[test]
fn elements_inside_are_replaced_inserted_and_removed() {
    check_encodings(expect![[r#"
        @ events
        @ dirty
        > RPUSH l a b c b a
        (integer) 5
        ! ready l
        ! n new l
        ! l rpush l
        +5
        > LSET l 1 B
        OK
        ! l lset l
        +1
        > LSET l -1 9
        OK
        ! l lset l
        +1
        > LRANGE l 0 -1
        1) "a"
        2) "B"
        3) "c"
        4) "b"
        5) "9"
        > LSET l 5 x
        (error) ERR index out of range
        > LSET l x x
        (error) ERR value is not an integer or out of range
        > LSET none 0 x
        (error) ERR no such key
        > LINSERT l BEFORE c 7
        (integer) 6
        ! l linsert l
        +1
        > LINSERT l after 9 end
        (integer) 7
        ! l linsert l
        +1
        > LINSERT l AFTER none x
        (integer) -1
        > LINSERT none AFTER a x
        (integer) 0
        > LINSERT l BESIDE a x
        (error) ERR syntax error
        > LRANGE l 0 -1
        1) "a"
        2) "B"
        3) "7"
        4) "c"
        5) "b"
        6) "9"
        7) "end"
        > RPUSH m x y x y x
        (integer) 5
        ! ready m
        ! n new m
        ! l rpush m
        +5
        > LREM m 2 x
        (integer) 2
        ! l lrem m
        +2
        > LRANGE m 0 -1
        1) "y"
        2) "y"
        3) "x"
        > LREM m -1 y
        (integer) 1
        ! l lrem m
        +1
        > LRANGE m 0 -1
        1) "y"
        2) "x"
        > LREM m 0 none
        (integer) 0
        > LREM m x x
        (error) ERR value is not an integer or out of range
        > LREM m 0 x
        (integer) 1
        ! l lrem m
        +1
        > LREM m 0 y
        (integer) 1
        ! l lrem m
        ! g del m
        +1
        > LLEN m
        (integer) 0
        ! m keymiss m
        > LREM none 0 x
        (integer) 0
    "#]]);
}

#[test]
fn trimming_keeps_a_range() {
    check_encodings(expect![[r#"
        @ events
        @ dirty
        > RPUSH l 0 1 2 3 4 5
        (integer) 6
        ! ready l
        ! n new l
        ! l rpush l
        +6
        > LTRIM l 1 -2
        OK
        ! l ltrim l
        +2
        > LRANGE l 0 -1
        1) "1"
        2) "2"
        3) "3"
        4) "4"
        > LTRIM l 0 -1
        OK
        ! l ltrim l
        > LTRIM l -2 100
        OK
        ! l ltrim l
        +2
        > LRANGE l 0 -1
        1) "3"
        2) "4"
        > LTRIM l 5 6
        OK
        ! l ltrim l
        ! g del l
        +2
        > LLEN l
        (integer) 0
        ! m keymiss l
        > LTRIM l 0 1
        OK
        > LTRIM l a b
        (error) ERR value is not an integer or out of range
    "#]]);
}

#[test]
fn other_types_are_refused() {
    check(expect![[r#"
        > SADD s x
        (integer) 1
        > LPUSH s a
        (error) WRONGTYPE Operation against a key holding the wrong kind of value
        > RPUSHX s a
        (error) WRONGTYPE Operation against a key holding the wrong kind of value
        > LPOP s
        (error) WRONGTYPE Operation against a key holding the wrong kind of value
        > RPOP s 1
        (error) WRONGTYPE Operation against a key holding the wrong kind of value
        > LLEN s
        (error) WRONGTYPE Operation against a key holding the wrong kind of value
        > LINDEX s 0
        (error) WRONGTYPE Operation against a key holding the wrong kind of value
        > LRANGE s 0 -1
        (error) WRONGTYPE Operation against a key holding the wrong kind of value
        > LPOS s x
        (error) WRONGTYPE Operation against a key holding the wrong kind of value
        > LSET s 0 x
        (error) WRONGTYPE Operation against a key holding the wrong kind of value
        > LINSERT s BEFORE x y
        (error) WRONGTYPE Operation against a key holding the wrong kind of value
        > LREM s 0 x
        (error) WRONGTYPE Operation against a key holding the wrong kind of value
        > LTRIM s 0 1
        (error) WRONGTYPE Operation against a key holding the wrong kind of value
    "#]]);
}
