//! Very many names: subscriptions to and from thousands of channels and patterns, watched keys, requests with
//! thousands of words, and what becomes of all that when the client leaves.
//!
//! Watching and subscribing once took time by the square of the number.

use super::foe::{Foe, request};
use std::io;

/// Names in a request. As long as it runs nobody else is served, so it has not more.
const NAMES: u64 = 1000;

const REQUESTS: usize = 10;

pub(super) fn round(foe: &mut Foe<'_>) -> io::Result<()> {
    let mut client = foe.intrude()?;
    let (name, prefix) = foe.pick(&[
        ("SUBSCRIBE", "siege:"),
        ("SSUBSCRIBE", "siege:"),
        ("PSUBSCRIBE", "siege:*"),
        ("UNSUBSCRIBE", "siege:"),
        ("PUNSUBSCRIBE", "siege:*"),
        ("WATCH", "siege:"),
        ("DEL", "siege:"),
        ("EXISTS", "siege:"),
        ("BLPOP", "siege:"),
        ("NOSUCH", ""),
    ]);
    let mut all = Vec::new();
    for _ in 0..REQUESTS {
        let first = foe.prng.below(1 << 40);
        let mut words = vec![name.to_owned()];
        words.extend((first..first + NAMES).map(|number| format!("{prefix}{number}")));
        if name == "BLPOP" {
            words.push("0.05".to_owned());
        }
        all.extend(request(&words));
    }
    if foe.prng.chance(1, 4) {
        all = [request(&["MULTI"]), all].concat();
    }
    foe.send(&mut client, &all, REQUESTS as u64)?;
    foe.drain(&mut client, 100)?;
    foe.rest(50);
    Ok(())
}
