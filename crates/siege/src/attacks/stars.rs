//! Patterns with many stars against names that nearly match, wherever patterns are taken: KEYS, SCAN and its kin,
//! PSUBSCRIBE, the rules that ACL DRYRUN tries, SORT BY.

use super::foe::{Foe, request};
use std::io;

/// Long names of one letter, against which each star can be anywhere.
const LETTERS: usize = 300;
const KEYS: usize = 8;

pub(super) fn round(foe: &mut Foe<'_>) -> io::Result<()> {
    let mut client = foe.intrude()?;
    let key = |number: usize| format!("siege:{number}{}", "a".repeat(LETTERS));
    for number in 0..KEYS {
        foe.ask(&mut client, &["SET", &key(number), "x"])?;
        foe.ask(&mut client, &["SADD", "siege:letters", &key(number)])?;
    }
    let stars = foe.prng.below(60) as usize + 1;
    let part = foe.pick(&["*a", "*?", "*[a]", "*\\a", "*[^b]", "**"]);
    let pattern = format!("siege:{}b", part.repeat(stars));
    let requests = [
        request(&["KEYS", &pattern]),
        request(&["SCAN", "0", "MATCH", &pattern, "COUNT", "100"]),
        request(&["SSCAN", "siege:letters", "0", "MATCH", &pattern]),
        request(&["SORT", "siege:letters", "ALPHA", "BY", &pattern, "GET", &pattern]),
        request(&["PUBSUB", "CHANNELS", &pattern]),
        request(&["COMMAND", "LIST", "FILTERBY", "PATTERN", &pattern]),
    ];
    for _ in 0..4 {
        let bytes = &requests[foe.prng.below(requests.len() as u64) as usize];
        foe.send(&mut client, &bytes.repeat(3), 3)?;
        foe.drain(&mut client, 50)?;
    }
    let mut listener = foe.intrude()?;
    foe.ask(&mut listener, &["PSUBSCRIBE", &pattern, &format!("{pattern}*b")])?;
    foe.ask(&mut client, &["PUBLISH", &key(0), "x"])?;
    foe.rest(20);
    Ok(())
}
