//! Connections that come and go: dropped at once, in the middle of a request, while they wait, in a transaction, as
//! subscribers; many at a time.

use super::foe::{Foe, request};
use std::io;

/// So many are open at once.
const CROWD: usize = 100;

/// What may have been said before the end, in part or in whole.
const LAST_WORDS: &[&[&str]] = &[
    &["PING"],
    &["BLPOP", "siege:nothing", "0"],
    &["MULTI"],
    &["WATCH", "siege:nothing"],
    &["SUBSCRIBE", "siege:channel"],
    &["CLIENT", "TRACKING", "on"],
    &["EVAL", "return redis.call('incr', KEYS[1])", "1", "siege:counter"],
    &["HELLO", "3"],
    &["WAIT", "1", "0"],
    &["QUIT"],
];

pub(super) fn round(foe: &mut Foe<'_>) -> io::Result<()> {
    let login = request(&["AUTH", "intruder", "intruder"]);
    let mut crowd = Vec::new();
    for _ in 0..CROWD {
        let mut client = foe.connect_anywhere()?;
        let words = foe.pick(LAST_WORDS);
        let mut bytes = [login.clone(), request(words)].concat();
        if foe.prng.chance(1, 2) {
            bytes.truncate(foe.prng.below(bytes.len() as u64) as usize);
        }
        foe.send(&mut client, &bytes, 2)?;
        if foe.prng.chance(1, 2) {
            crowd.push(client);
        }
    }
    foe.rest(20);
    drop(crowd);
    foe.rest(50);
    Ok(())
}
