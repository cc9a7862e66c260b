//! Clients that leave while their slow scripts run, alone or in a transaction with more of them behind.
//!
//! A transaction with two slow scripts whose client left once ended the server: the second script called a command for
//! a session that was gone. Such scripts hold the server by design, so they come in the last phase only.

use super::foe::{Foe, request};
use std::io;

/// Longer than `busy-reply-threshold`, and at an end by itself soon after.
const SLOW: &str = "for i = 1, 2e7 do end return redis.call('incr', KEYS[1])";

const WRITES_FIRST: &str = "redis.call('incr', KEYS[1]) for i = 1, 2e7 do end return 1";

pub(super) fn round(foe: &mut Foe<'_>) -> io::Result<()> {
    let mut client = foe.intrude()?;
    let slow = |body| request(&["EVAL", body, "1", "siege:slow"]);
    let other = foe.pick(&[
        &["CLIENT", "ID"][..],
        &["SUBSCRIBE", "siege:channel"],
        &["BLPOP", "siege:nothing", "0"],
        &["CLIENT", "KILL", "USER", "intruder"],
        &["RESET"],
        &["SELECT", "3"],
        &["CLIENT", "REPLY", "OFF"],
        &["PUBLISH", "siege:channel", "x"],
    ]);
    let bytes = match foe.prng.below(4) {
        0 => slow(SLOW),
        1 => slow(WRITES_FIRST),
        2 => [request(&["MULTI"]), slow(SLOW), slow(SLOW), request(&["EXEC"])].concat(),
        _ => [request(&["MULTI"]), slow(SLOW), request(other), slow(SLOW), request(&["EXEC"])]
            .concat(),
    };
    foe.send(&mut client, &bytes, 1)?;
    let ms = foe.prng.below(400);
    foe.rest(ms);
    drop(client);
    foe.rest(500);
    Ok(())
}
