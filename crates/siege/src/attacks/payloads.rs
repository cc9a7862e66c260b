//! Values that were damaged on their way: payloads of RESTORE with any byte changed and the checksum put right, and
//! strings that announce more than 4 GiB.
//!
//! A compressed member that unpacked to more than that once ended the server. What is accepted is used.

use super::foe::Foe;
use client::{Client, Value};
use std::io;

/// What payloads are made of.
const SEEDS: &[&[&str]] = &[
    &["SET", "siege:seed", "some text, some text, some text, some text, some text, some text"],
    &["SET", "siege:seed", "12345"],
    &["RPUSH", "siege:seed", "1", "22", "a text", "-70000", "12345678901234"],
    &["SADD", "siege:seed", "1", "2", "3", "70000"],
    &["SADD", "siege:seed", "a", "b", "3"],
    &["HSET", "siege:seed", "a", "1", "b", "two", "c", "3.5"],
    &["ZADD", "siege:seed", "1", "a", "2.5", "b", "-inf", "c"],
    &["PFADD", "siege:seed", "a", "b", "c"],
];

/// What is done with a value that was accepted. Most do not fit its type.
const USES: &[&[&str]] = &[
    &["DUMP", "siege:restored"],
    &["OBJECT", "ENCODING", "siege:restored"],
    &["APPEND", "siege:restored", "x"],
    &["INCR", "siege:restored"],
    &["PFCOUNT", "siege:restored"],
    &["LRANGE", "siege:restored", "0", "-1"],
    &["LINSERT", "siege:restored", "BEFORE", "22", "x"],
    &["RPOP", "siege:restored", "2"],
    &["SMEMBERS", "siege:restored"],
    &["SADD", "siege:restored", "x", "9"],
    &["SPOP", "siege:restored"],
    &["HGETALL", "siege:restored"],
    &["HSET", "siege:restored", "x", "y"],
    &["HDEL", "siege:restored", "a"],
    &["ZRANGE", "siege:restored", "0", "-1", "WITHSCORES"],
    &["ZADD", "siege:restored", "7", "x"],
    &["ZREMRANGEBYRANK", "siege:restored", "0", "0"],
    &["SORT", "siege:restored", "ALPHA"],
    &["COPY", "siege:restored", "siege:copied", "REPLACE"],
];

/// Bytes of a payload behind its value: the version, and the checksum of all before it.
const VERSION_BYTES: usize = 2;
const SUM_BYTES: usize = 8;

pub(super) fn round(foe: &mut Foe<'_>) -> io::Result<()> {
    let mut client = foe.intrude()?;
    let seed = foe.pick(SEEDS);
    foe.ask(&mut client, &["DEL", "siege:seed"])?;
    foe.ask(&mut client, seed)?;
    // Another thread may have taken it away meanwhile.
    let Value::Bulk(payload) = foe.ask(&mut client, &["DUMP", "siege:seed"])? else {
        return Ok(());
    };
    let version = payload[payload.len() - SUM_BYTES - VERSION_BYTES..][..VERSION_BYTES].to_vec();
    for _ in 0..50 {
        let mut value = payload[..payload.len() - SUM_BYTES - VERSION_BYTES].to_vec();
        for _ in 0..foe.prng.below(4) + 1 {
            let at = foe.prng.below(value.len() as u64) as usize;
            value[at] = foe.prng.next_u64() as u8;
        }
        restore(foe, &mut client, value, &version)?;
    }
    let value = giant(foe);
    restore(foe, &mut client, value, &version)?;
    foe.rest(20);
    Ok(())
}

fn restore(
    foe: &mut Foe<'_>,
    client: &mut Client,
    value: Vec<u8>,
    version: &[u8],
) -> io::Result<()> {
    let mut payload = [value, version.to_vec()].concat();
    let sum = stdx::crc64(0, &payload);
    payload.extend_from_slice(&sum.to_le_bytes());
    let words = [b"RESTORE".as_slice(), b"siege:restored", b"0", &payload, b"REPLACE"];
    if !foe.ask(client, &words)?.is_error() {
        for _ in 0..4 {
            let words = foe.pick(USES);
            foe.ask(client, words)?;
        }
    }
    Ok(())
}

/// A string, or a set with one member, whose compressed bytes announce what nobody could keep.
fn giant(foe: &mut Foe<'_>) -> Vec<u8> {
    const SET: u8 = 2;
    const COMPRESSED: u8 = 0xc3;
    const LEN_64: u8 = 0x81;
    // A byte, and then references to it that stand for 264 bytes each.
    let references = foe.prng.below(20_000) as usize;
    let packed = [b"\0a".to_vec(), b"\xe0\xff\x00".repeat(references)].concat();
    let unpacked = foe.pick(&[1 + 264 * references as u64, (1 << 32) + 1000, u64::MAX, 1 << 31]);
    let mut value = if foe.prng.chance(1, 2) { vec![SET, 1] } else { vec![0] };
    value.push(COMPRESSED);
    for len in [packed.len() as u64, unpacked] {
        value.push(LEN_64);
        value.extend_from_slice(&len.to_be_bytes());
    }
    value.extend_from_slice(&packed);
    value
}
