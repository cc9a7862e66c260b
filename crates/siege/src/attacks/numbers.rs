//! Numbers from both ends of their range and beyond, wherever a command takes one: ids, times, offsets, counts, limits.

use super::foe::Foe;
use std::io;

const NUMBERS: &[&str] = &[
    "0",
    "-1",
    "1",
    "-0",
    "2147483648",
    "4294967296",
    "70368744177663",
    "9223372036854775807",
    "-9223372036854775808",
    "9223372036854775808",
    "18446744073709551615",
    "99999999999999999999999",
    "1e308",
    "-1e308",
    "nan",
    "inf",
    "0x10",
    "1.5",
    "",
    "x",
];

/// `#` stands for a number.
const COMMANDS: &[&str] = &[
    "CLIENT KILL ID #",
    "CLIENT KILL MAXAGE #",
    "CLIENT KILL ADDR #",
    "CLIENT KILL LADDR 127.0.0.1:#",
    "CLIENT UNBLOCK #",
    "CLIENT NO-EVICT #",
    "CLIENT TRACKING on REDIRECT #",
    "CLIENT LIST ID # #",
    "EXPIRE siege:string #",
    "PEXPIREAT siege:string # GT",
    "GETEX siege:string PX #",
    "SET siege:other x EX #",
    "HEXPIRE siege:hash # FIELDS 1 a",
    "HPEXPIREAT siege:hash # FIELDS 1 a",
    "HPEXPIREAT siege:hash 1 FIELDS # a",
    "GETRANGE siege:string # #",
    "SETBIT siege:bits # 5",
    "GETBIT siege:string #",
    "BITCOUNT siege:string # # BIT",
    "BITPOS siege:string 1 # #",
    "BITFIELD siege:string GET u63 # INCRBY i64 # 5",
    "INCRBY siege:number #",
    "DECRBY siege:number #",
    "INCRBYFLOAT siege:number #",
    "HINCRBY siege:hash b #",
    "LRANGE siege:list # #",
    "LINDEX siege:list #",
    "LSET siege:list # x",
    "LREM siege:list # a",
    "LPOP siege:empty #",
    "LPOS siege:list a RANK # COUNT #",
    "LMPOP # siege:list LEFT",
    "BLPOP siege:string #",
    "SPOP siege:empty #",
    "SRANDMEMBER siege:empty #",
    "SINTERCARD # siege:set",
    "SINTERCARD 1 siege:set LIMIT #",
    "ZADD siege:sorted # x",
    "ZINCRBY siege:sorted # x",
    "ZRANGE siege:sorted # #",
    "ZRANGE siege:sorted # # BYSCORE LIMIT # #",
    "ZUNION # siege:sorted WEIGHTS #",
    "ZDIFF # siege:sorted",
    "GEOADD siege:geo # # x",
    "GEOSEARCH siege:geo FROMLONLAT # # BYRADIUS # m",
    "SCAN # COUNT #",
    "SELECT #",
    "COPY siege:string siege:other DB #",
    "RESTORE siege:restored # x",
    "SORT siege:list LIMIT # #",
    "OBJECT FREQ #",
    "LCS siege:string siege:string MINMATCHLEN # IDX",
    "SLOWLOG GET #",
    "EVAL x #",
    "FCALL x #",
    "HELLO #",
    "WAIT # -1",
    "LOLWUT VERSION #",
    "MEMORY USAGE siege:list SAMPLES #",
];

/// Keys that the commands find.
const KEYS: &[&str] = &[
    "SET siege:string some-text",
    "SET siege:number 5",
    "HSET siege:hash a 1 b 2",
    "DEL siege:list",
    "RPUSH siege:list a b c",
    "SADD siege:set a b c",
    "ZADD siege:sorted 1 a 2 b",
];

pub(super) fn round(foe: &mut Foe<'_>) -> io::Result<()> {
    let mut client = foe.intrude()?;
    for line in KEYS {
        foe.ask(&mut client, &line.split(' ').collect::<Vec<_>>())?;
    }
    // The others of its user lose their connections now and then.
    if foe.prng.chance(1, 100) {
        foe.ask(&mut client, &["CLIENT", "KILL", "USER", "intruder", "SKIPME", "yes"])?;
    }
    for _ in 0..50 {
        let line = foe.pick(COMMANDS);
        let mut words: Vec<String> = Vec::new();
        for word in line.split(' ') {
            words.push(match word.split_once('#') {
                Some((before, after)) => format!("{before}{}{after}", foe.pick(NUMBERS)),
                None => word.to_owned(),
            });
        }
        foe.ask(&mut client, &words)?;
    }
    foe.rest(20);
    Ok(())
}
