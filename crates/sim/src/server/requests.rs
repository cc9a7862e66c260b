//! What clients of the story send: commands of all types on few keys, so that they meet; and what an operator sends.

use crate::{Request, address};
use stdx::Prng;

/// Each is a request. `K` is a key, `F` a field, `M` a member, `V` a value, `N` a small number, `Z` a score, `D` a
/// database, `H` the host of a process, `P` a time to live in milliseconds, `A` a moment to expire at, `S` a script, `L`
/// a library; any other word is itself.
const PHRASES: &[&str] = &[
    // Strings.
    "SET K V",
    "SET K V",
    "SET K V PX P",
    "SET K V EX 2",
    "SET K V KEEPTTL",
    "SET K V NX GET",
    "MSET K V K V",
    "APPEND K V",
    "INCRBY K N",
    "INCRBYFLOAT K 0.5",
    "GETEX K PX P",
    "GETDEL K",
    "GETSET K V",
    "SETRANGE K N V",
    "SETBIT K N 1",
    "BITFIELD K INCRBY u8 N N",
    "PFADD K M M",
    "GET K",
    // Lists.
    "RPUSH K M V M",
    "LPUSH K M M",
    "LPOP K",
    "RPOP K 2",
    "LMOVE K K LEFT RIGHT",
    "RPOPLPUSH K K",
    "LINSERT K BEFORE M V",
    "LREM K 0 M",
    "LSET K 0 V",
    "LTRIM K 0 5",
    "LMPOP 2 K K LEFT COUNT 2",
    "BLPOP K K 0.05",
    "BLMOVE K K RIGHT LEFT 0.05",
    // Sets.
    "SADD K M M M",
    "SADD K N N",
    "SREM K M M",
    "SPOP K",
    "SPOP K 3",
    "SMOVE K K M",
    "SUNIONSTORE K K K",
    "SDIFFSTORE K K K",
    "SINTERSTORE K K K",
    // Hashes.
    "HSET K F V F M",
    "HINCRBY K F N",
    "HINCRBYFLOAT K F 0.25",
    "HDEL K F F",
    "HSETNX K F V",
    "HPEXPIRE K P FIELDS 2 F F",
    "HEXPIRE K 1 FIELDS 1 F",
    "HPEXPIREAT K A GT FIELDS 1 F",
    "HPERSIST K FIELDS 1 F",
    "HSETEX K PX P FIELDS 1 F V",
    "HSETEX K KEEPTTL FIELDS 2 F V F M",
    "HGETEX K PX P FIELDS 1 F",
    "HGETEX K PERSIST FIELDS 1 F",
    "HGETDEL K FIELDS 2 F F",
    "HGETALL K",
    "HLEN K",
    // Sorted sets.
    "ZADD K Z M Z M",
    "ZADD K GT CH Z M",
    "ZADD K INCR Z M",
    "ZINCRBY K Z M",
    "ZREM K M M",
    "ZPOPMIN K",
    "ZPOPMAX K 2",
    "ZREMRANGEBYRANK K 0 1",
    "ZREMRANGEBYSCORE K -3 0",
    "ZUNIONSTORE K 2 K K",
    "ZINTERSTORE K 2 K K",
    "ZDIFFSTORE K 2 K K",
    "ZRANGESTORE K K 0 3",
    "BZPOPMIN K 0.05",
    "GEOADD K N N M",
    // Keys.
    "DEL K",
    "DEL K K",
    "UNLINK K",
    "EXPIRE K 1",
    "PEXPIRE K P",
    "PEXPIREAT K A",
    "PERSIST K",
    "RENAME K K",
    "RENAMENX K K",
    "COPY K K REPLACE",
    "COPY K K DB D REPLACE",
    "MOVE K D",
    "SORT K ALPHA STORE K",
    "EXISTS K",
    "TTL K",
    "TOUCH K",
    "SELECT D",
    "SELECT D",
    "MIGRATE H 6379 K D 300 REPLACE",
    "MIGRATE H 6379 K D 300 COPY REPLACE",
    "MIGRATE H 6379 K D 300",
    "MIGRATE H 6379 \"\" D 300 REPLACE KEYS K K K",
    // Scripts and functions.
    "EVAL S 2 K K V N",
    "EVAL S 2 K K M P",
    "EVAL S 2 K K N N",
    "EVAL S 2 K K N N",
    "FCALL book 2 K K V N",
    "FCALL book 2 K K N N",
    "FUNCTION LOAD REPLACE L",
    "FUNCTION LOAD L",
];

/// What scripts do: they change several keys, or give up in the middle of it; what they did until then stays.
const SCRIPTS: &[&str] = &[
    "redis.call('SET', KEYS[1], ARGV[1]) return redis.pcall('INCR', KEYS[2])",
    "for i = 1, ARGV[2] do redis.call('RPUSH', KEYS[1], i) end return redis.call('LLEN', KEYS[1])",
    "redis.call('SADD', KEYS[1], 'a', 'b', 'c') redis.call('SPOP', KEYS[1]) error('halfway')",
    "redis.call('PEXPIRE', KEYS[1], ARGV[2]) return redis.call('RENAME', KEYS[1], KEYS[2])",
    "redis.call('SELECT', 1) redis.call('HSET', KEYS[1], 'f', ARGV[1]) return redis.call('DBSIZE')",
    "return redis.call('ZADD', KEYS[2], 1, redis.call('GET', KEYS[1]) or math.random(9))",
];

/// Two of the same name.
const LIBRARIES: &[&str] = &[
    "#!lua name=library\nredis.register_function('book', function(keys, args)\n\
     redis.call('SET', keys[1], args[1]) return redis.call('INCRBY', keys[2], args[2]) end)",
    "#!lua name=library\nredis.register_function('book', function(keys, args)\n\
     return redis.call('HSET', keys[1], args[1], redis.call('TIME')[1]) end)",
];

/// Rarely, since they leave little.
const DRASTIC: &[&str] = &[
    "FLUSHDB",
    "FLUSHALL",
    "FLUSHALL ASYNC",
    "SWAPDB D D",
    "FUNCTION FLUSH",
    "FUNCTION DELETE library",
];

/// What is sent at a time: a request, or a transaction.
pub(super) fn some(prng: &mut Prng, value_max: u64) -> Vec<Request> {
    if prng.chance(1, 150) {
        return vec![make(prng, DRASTIC, value_max)];
    }
    if !prng.chance(1, 8) {
        return (0..1 + prng.below(3)).map(|_| make(prng, PHRASES, value_max)).collect();
    }
    let mut requests: Vec<Request> = Vec::new();
    if prng.chance(1, 4) {
        requests.push(expand(prng, "WATCH K", value_max));
    }
    requests.push(expand(prng, "MULTI", value_max));
    (0..1 + prng.below(4)).for_each(|_| requests.push(make(prng, PHRASES, value_max)));
    if prng.chance(1, 30) {
        requests.push(make(prng, DRASTIC, value_max));
    }
    let end = if prng.chance(1, 10) { "DISCARD" } else { "EXEC" };
    requests.push(expand(prng, end, value_max));
    requests
}

/// What an operator sends, knowing what it does or not.
pub(super) fn meddling(prng: &mut Prng) -> Request {
    const WHIMS: &[&str] = &[
        "SAVE",
        "BGSAVE",
        "BGSAVE",
        "CONFIG REWRITE",
        "CONFIG REWRITE",
        "SHUTDOWN NOSAVE",
        "SHUTDOWN SAVE",
        "CONFIG SET repl-diskless-sync yes",
        "CONFIG SET repl-diskless-sync no",
        "CONFIG SET repl-diskless-load swapdb",
        "CONFIG SET repl-diskless-load disabled",
        "CONFIG SET repl-backlog-size 20000",
        "CLIENT PAUSE 300 WRITE",
        "CONFIG SET maxmemory 0",
        "CONFIG SET maxmemory 2000",
        "CONFIG SET maxmemory-policy allkeys-lru",
        "CONFIG SET maxmemory-policy volatile-ttl",
        "DEBUG RELOAD",
        "DEBUG RELOAD",
        "CLIENT KILL TYPE replica",
        "CLIENT KILL TYPE master",
        "INFO",
        "ROLE",
        "WAIT 1 50",
    ];
    make(prng, WHIMS, 1)
}

fn make(prng: &mut Prng, among: &[&str], value_max: u64) -> Request {
    let phrase = among[prng.below(among.len() as u64) as usize];
    expand(prng, phrase, value_max)
}

fn expand(prng: &mut Prng, phrase: &str, value_max: u64) -> Request {
    phrase.split(' ').map(|word| expand_word(prng, word, value_max)).collect()
}

fn expand_word(prng: &mut Prng, word: &str, value_max: u64) -> Vec<u8> {
    let text = match word {
        // Several keys for every type, so that commands mostly find what they want.
        "K" => format!("key:{}", prng.below(25)),
        "F" => format!("f{}", prng.below(8)),
        "M" => match prng.below(3) {
            0 => prng.below(20).to_string(),
            _ => char::from(b'a' + prng.below(12) as u8).to_string(),
        },
        "N" => prng.below(30).to_string(),
        "Z" => (prng.below(20) as f64 / 4.0 - 2.0).to_string(),
        "D" => prng.below(4).to_string(),
        "H" => address(prng.below(5) as usize),
        "S" => SCRIPTS[prng.below(SCRIPTS.len() as u64) as usize].to_owned(),
        "L" => LIBRARIES[prng.below(LIBRARIES.len() as u64) as usize].to_owned(),
        "\"\"" => String::new(),
        "P" => (1 + prng.below(3000)).to_string(),
        // About the moment at which stories play, before and after.
        "A" => (1_700_000_000_000 + prng.below(120_000)).to_string(),
        "V" => {
            let len = 1 + prng.below(value_max) as usize;
            return vec![b'a' + prng.below(26) as u8; len];
        }
        word => word.to_string(),
    };
    text.into_bytes()
}
