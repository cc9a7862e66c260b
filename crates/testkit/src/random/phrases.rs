//! The phrases that random commands are made from, by family. [`Random`](super::Random) says what their words mean.

/// Commands on one type of values, or on keys of any type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// Strings and counters.
    Strings,
    /// Strings bit by bit.
    Bitmaps,
    /// How many distinct elements were seen.
    HyperLogLogs,
    /// Lists.
    Lists,
    /// Sets.
    Sets,
    /// Hashes.
    Hashes,
    /// Sorted sets.
    SortedSets,
    /// Places on the earth.
    Places,
    /// Keys, whatever they hold: names, deadlines, copies, sorting.
    Keys,
    /// Transactions, open and closed at any time.
    Transactions,
    /// Commands that wait, though not for long.
    Blocking,
    /// What does not concern data: the connection, the server.
    Talk,
}

impl Family {
    /// All of data.
    pub const ALL: &[Family] = &[
        Family::Strings,
        Family::Bitmaps,
        Family::HyperLogLogs,
        Family::Lists,
        Family::Sets,
        Family::Hashes,
        Family::SortedSets,
        Family::Places,
        Family::Keys,
    ];

    pub(super) fn phrases(self) -> &'static [&'static str] {
        match self {
            Family::Strings => STRINGS,
            Family::Bitmaps => BITMAPS,
            Family::HyperLogLogs => HYPERLOGLOGS,
            Family::Lists => LISTS,
            Family::Sets => SETS,
            Family::Hashes => HASHES,
            Family::SortedSets => SORTED_SETS,
            Family::Places => PLACES,
            Family::Keys => KEYS,
            Family::Transactions => TRANSACTIONS,
            Family::Blocking => BLOCKING,
            Family::Talk => TALK,
        }
    }
}

const STRINGS: &[&str] = &[
    "GET K",
    "SET K V",
    "SET K V [NX|XX] [GET] [EX T|PX P|PXAT 4000000000000|KEEPTTL]",
    "SETNX K V",
    "(SETEX K T|PSETEX K P) V",
    "(GETSET K V|GETDEL K)",
    "GETEX K [PERSIST|EX T|PX P|EXAT 4000000000|PXAT 1]",
    "MGET K+",
    "(MSET|MSETNX) (K V)+",
    "(INCR|DECR) K",
    "(INCRBY|DECRBY) K N",
    "INCRBYFLOAT K N",
    "APPEND K V",
    "STRLEN K",
    "(GETRANGE|SUBSTR) K I I",
    "SETRANGE K (0|5|-1|x|700000000) V",
    "SETRANGE K 3 V",
    "LCS K K [LEN|IDX] [WITHMATCHLEN] [MINMATCHLEN 2]",
];

const BITMAPS: &[&str] = &[
    "SETBIT K (0|7|9|30|100|333) (0|1|1)",
    "SETBIT K (N|4294967296) (0|1|2|x)",
    "GETBIT K (0|7|9|30|100|333|N|4294967296)",
    "BITCOUNT K [I|I I|I I (BIT|BYTE|x)|N N]",
    "BITCOUNT K (I|30|99) (I|50|200) BIT",
    "BITPOS K (0|1) [I|I I|I I (BIT|BYTE|x)|N N]",
    "BITPOS K (0|1|1|2|x) [(I|30|99) [(I|50|200) BIT]]",
    "BITOP (AND|OR|XOR) K K+",
    "BITOP (NOT|NOT|nonsense) K K",
    "BITOP NOT K K+",
    // With OVERFLOW FAIL a master that is Redis lets a string grow without telling its replicas.
    "BITFIELD K ([OVERFLOW (WRAP|SAT)] (SET|INCRBY) (u8|i8|u1|i1|u5|i13|u31|i64|u63) (0|3|8|77|#1|#3) N)+",
    "BITFIELD K (GET (u8|i8|u1|i5|u31|i64|u63|u64|x) (0|3|8|77|#1|N) [OVERFLOW (SAT|WRAP|x)])+",
    "BITFIELD_RO K (GET (u8|i8|i64|u63) (0|3|#1|1000))+",
    "(BITFIELD|BITFIELD_RO) K [GET|SET u8 0 1|V V V]",
];

// They have keys of their own: of a damaged one Redis may keep half of what an error has taken back here.
const HYPERLOGLOGS: &[&str] = &[
    "PFADD (p1|p2|p3) M+",
    "PFADD (p1|p2|p3) M+ V+ M+ V+ M+ V+ M+",
    "PFADD (p1|p2|p3|lex)",
    "PFCOUNT (p1|p2|p3|K)",
    "PFCOUNT (p1|p2|p3|p1|p2|K|lex)+",
    "PFMERGE (p1|p2|p3|lex) (p1|p2|p3|K)+",
    "PFMERGE (p1|p2|p3)",
    "PFDEBUG (ENCODING|DECODE|nonsense|DECODE) (p1|p2|p3|K)",
    "PFDEBUG TODENSE (p1|K)",
    "(GET|DEL|STRLEN) (p1|p2|p3)",
    "EXPIRE (p1|p2) T",
];

const LISTS: &[&str] = &[
    "(LPUSH|RPUSH|LPUSHX|RPUSHX) K M+",
    "RPUSH K M+ M+ M+ M+ M+ M+ M+ M+",
    "(LPOP|RPOP) K [C]",
    "LLEN K",
    "LINDEX K I",
    "LSET K I M",
    "LINSERT K (BEFORE|AFTER|x) M M",
    "LREM K (-2|-1|0|1|2) M",
    "LTRIM K I I",
    "LRANGE K I I",
    "LRANGE K 0 -1",
    "LPOS K M [RANK (1|-1|2|0)] [COUNT C] [MAXLEN C]",
    "LMOVE K K (LEFT|RIGHT) (LEFT|RIGHT)",
    "RPOPLPUSH K K",
    "LMPOP KS (LEFT|RIGHT) [COUNT C]",
];

const SETS: &[&str] = &[
    "SADD K M+",
    "SADD K M+ M+ M+ M+ M+ M+",
    "SREM K M+",
    "(SISMEMBER|SMISMEMBER) K M+",
    "(SMEMBERS|SCARD) K",
    "(SPOP|SRANDMEMBER) K 1000",
    "SMOVE K K M",
    "SSCAN K (0|x) COUNT 1000 [MATCH G]",
    "(SINTER|SUNION|SDIFF) K+",
    "(SINTERSTORE|SUNIONSTORE|SDIFFSTORE) K K+",
    "SINTERCARD KS [LIMIT C]",
];

const HASHES: &[&str] = &[
    "(HSET|HMSET) K (F V)+",
    "HSET K (M M)+ (F V)+ (M M)+",
    "HSETNX K F V",
    "(HGET|HSTRLEN|HEXISTS) K F",
    "HMGET K F+",
    "(HGETALL|HKEYS|HVALS|HLEN) K",
    "HDEL K (F|M)+",
    "(HINCRBY|HINCRBYFLOAT) K F N",
    "HSCAN K (0|x) COUNT 1000 [MATCH G]",
    "HRANDFIELD K (0|1000|x)",
];

const SORTED_SETS: &[&str] = &[
    "ZADD K [NX|XX] [GT|LT] [CH] [INCR] (S M)+",
    "ZADD K (S M)+",
    "ZADD K (S M)+ (S M)+ (S M)+ (S M)+",
    // Ranges by name have a meaning only where all scores are one.
    "ZADD lex 0 a 0 b 0 c 0 d 0 e 0 f",
    "ZADD lex (0 M)+",
    "ZINCRBY K S M",
    "(ZSCORE K M|ZMSCORE K M+|ZCARD K)",
    "ZCOUNT K B B",
    "ZLEXCOUNT lex L L",
    "ZRANGE K I I [REV] [WITHSCORES]",
    "ZRANGE K B B BYSCORE [REV] [LIMIT I C] [WITHSCORES]",
    "ZRANGE lex L L BYLEX [REV] [LIMIT I C]",
    "ZREVRANGE K I I [WITHSCORES]",
    "(ZRANGEBYSCORE|ZREVRANGEBYSCORE) K B B [WITHSCORES] [LIMIT I C]",
    "(ZRANGEBYLEX|ZREVRANGEBYLEX) lex L L [LIMIT I C]",
    "ZRANGESTORE K K I I [REV]",
    "ZRANGESTORE K K B B BYSCORE [LIMIT C C]",
    "(ZRANK|ZREVRANK) K M",
    "ZREM K M+",
    "ZREMRANGEBYRANK K I I",
    "ZREMRANGEBYSCORE K B B",
    "ZREMRANGEBYLEX lex L L",
    "(ZPOPMIN|ZPOPMAX) K [C]",
    "ZMPOP KS (MIN|MAX) [COUNT C]",
    "(ZUNION|ZINTER) KS [WEIGHTS (1|2|-1)*] [AGGREGATE (SUM|MIN|MAX)] [WITHSCORES]",
    "(ZUNIONSTORE|ZINTERSTORE) K KS [WEIGHTS (1|2|-1)*] [AGGREGATE (SUM|MIN|MAX)]",
    "ZDIFF KS [WITHSCORES]",
    "ZDIFFSTORE K KS",
    "ZINTERCARD KS [LIMIT C]",
    "ZRANDMEMBER K 1000",
    "ZSCAN K 0 COUNT 1000",
];

// They have keys of their own: the order of places that are equally far away is not the same in all versions. Nor is
// how distances are spelled for a digest, so that only none is stored.
const PLACES: &[&str] = &[
    "GEOADD (g1|g2|g3) [NX|XX] [CH] (X Y M)+",
    "GEOADD (g1|g2) (X Y M)+ (X Y M)+ (X Y M)+ (X Y M)+",
    "GEOADD (g1|p1) [NX XX] X (Y|86|x) M [1]",
    "(GEOPOS|GEOHASH) (g1|g2|g3|p1|gd) M+",
    "GEODIST (g1|g2|g3|p1) M M [m|KM|ft|mi|x]",
    "(GEORADIUS|GEORADIUS_RO) (g1|g2|g3) X Y (D|-1|x) (m|km|KM|ft|mi|x) [WITHDIST] [WITHCOORD] [WITHHASH] [COUNT (C|1|2)] [ASC|DESC]",
    "(GEORADIUSBYMEMBER|GEORADIUSBYMEMBER_RO) (g1|g2|g3) M D (m|km|mi) [ASC|DESC] [WITHDIST] [COUNT 2 [ANY]]",
    "GEORADIUS (g1|g2|g3) X Y D (km|mi) (STORE g3|STORE gd) [WITHDIST]",
    "GEORADIUSBYMEMBER (g1|g2|g3) M D (km|mi) (STORE g3|STORE gd) [COUNT 2]",
    "GEORADIUSBYMEMBER (g1|g2|g3) M 0 (km|x) STOREDIST gd",
    "GEOSEARCH (g1|g2|g3|p1) (FROMLONLAT X Y|FROMMEMBER M) (BYRADIUS D|BYBOX D D) (m|km|ft|mi) [ASC|DESC] [COUNT (C|1|2|3) [ANY]] [WITHDIST] [WITHCOORD] [WITHHASH]",
    "GEOSEARCH (g1|g2|g3) FROMLONLAT X Y (BYRADIUS D|BYBOX D D) km [WITHDIST]",
    "GEOSEARCH (g1|g2|p1) [FROMLONLAT X Y] [FROMMEMBER M] [BYRADIUS D km] [BYBOX D D km] [ANY] [STOREDIST] [ASC]",
    "GEOSEARCHSTORE (g3|gd) (g1|g2|g3|p1) (FROMLONLAT X Y|FROMMEMBER M) (BYRADIUS D|BYBOX D D) km [COUNT 2] [DESC] [WITHDIST]",
    "GEOSEARCHSTORE gd (g1|g2) FROMMEMBER M (BYRADIUS 0|BYBOX 0 0) km STOREDIST",
    "(ZRANGE (g1|g2|g3) 0 -1 WITHSCORES|ZRANGE gd 0 -1|ZREM (g1|g2) M)",
];

const KEYS: &[&str] = &[
    "(DEL|UNLINK|EXISTS|TOUCH) K+",
    "DEL K",
    "(TYPE|PERSIST) K",
    "(EXPIRE K T|PEXPIRE K P|EXPIREAT K 4000000000|PEXPIREAT K 4000000000000) [NX|XX|GT|LT]",
    "(RENAME|RENAMENX) K K",
    "COPY K K [REPLACE] [DB (0|1|99|x)]",
    "MOVE K (0|1|99|x)",
    "SELECT (0|0|1)",
    "DBSIZE",
    "KEYS G",
    "SCAN 0 COUNT 1000 [MATCH G] [TYPE (hash|string|list)]",
    "SORT K [ALPHA] [DESC] [LIMIT I I] [GET # GET k*->f1] [STORE K]",
    "SORT K ALPHA",
    "SWAPDB (0|1|x|99) (0|1)",
    "(SET|GET|HGET|OBJECT|EXPIRE|SORT|LPUSH|ZRANGE|SMOVE|nonsense) V+",
];

const TRANSACTIONS: &[&str] =
    &["MULTI", "MULTI", "EXEC", "EXEC", "EXEC", "DISCARD", "WATCH K+", "UNWATCH", "(EXEC|WATCH) V"];

const BLOCKING: &[&str] = &[
    "(BLPOP|BRPOP|BZPOPMIN|BZPOPMAX) K+ (0.001|0.001|-1|x)",
    "BLMOVE K K (LEFT|RIGHT|x) (LEFT|RIGHT) 0.001",
    "BRPOPLPUSH K K 0.001",
    "BLMPOP 0.001 KS (LEFT|RIGHT) [COUNT C]",
    "BZMPOP 0.001 KS (MIN|MAX) [COUNT C]",
];

const TALK: &[&str] = &[
    "PING [V]",
    "ECHO V+",
    "SELECT (0|0|1|2|-1|x)",
    "CLIENT (GETNAME|SETNAME V|NO-EVICT V|REPLY V|UNBLOCK V|KILL ID N|nonsense|PAUSE N V|SETNAME)",
    "CONFIG (GET|SET|nonsense|RESETSTAT V) [V]",
    "CONFIG GET (maxmemory|save|*ziplist*|slave-r*|appendonly)",
    "CONFIG SET (maxmemory -1|slave-priority x|nonsense 1|port 70000|databases 3)",
    "OBJECT (REFCOUNT|FREQ|nonsense) V",
    "PUBLISH V V",
    "PUBSUB (CHANNELS [G]|NUMSUB V+|NUMPAT|SHARDCHANNELS|SHARDNUMSUB V|nonsense)",
    "WAIT 0 0",
    "WAIT N",
    "SLOWLOG (LEN|GET V|nonsense|RESET V)",
    "AUTH V [V]",
    "HELLO (x|9|2 AUTH default|2 SETNAME)",
    "DEBUG (nonsense|DIGEST V)",
    "REPLICAOF V",
    "REPLICAOF 127.0.0.1 (x|-1|70000)",
    "FAILOVER (ABORT|TO x|TIMEOUT N|V)",
    "SHUTDOWN (nonsense|ABORT|SAVE NOSAVE)",
    "LATENCY (RESET|HISTORY V|nonsense)",
    "MEMORY (nonsense|USAGE|USAGE none)",
    "COMMAND (nonsense|GETKEYS V V+|GETKEYS SET k v|GETKEYS ZUNION KS)",
    "BGSAVE V",
    "SAVE V",
    "LASTSAVE V",
    "ROLE",
    "REPLCONF (V|nonsense V)",
    "PSYNC V",
    "RESTORE K T V",
    "DUMP none",
    "OBJECT ENCODING none",
    "FLUSHALL nonsense",
    "SWAPDB V V",
    "RANDOMKEY V",
];
