//! Those who have logged in and listen to everything without reading: MONITOR, tracking of all keys, subscriptions, and
//! pipelines without end.

use super::foe::{Foe, request};
use std::io;

pub(super) fn round(foe: &mut Foe<'_>) -> io::Result<()> {
    let mut client = foe.intrude()?;
    let words = foe.pick(&[
        &["MONITOR"][..],
        &["CLIENT", "TRACKING", "on", "BCAST"],
        &["PSUBSCRIBE", "siege:*"],
        &["SSUBSCRIBE", "siege:channel"],
    ]);
    foe.ask(&mut client, &["HELLO", "3"])?;
    foe.ask(&mut client, words)?;
    if foe.prng.chance(1, 2) {
        let requests = [request(&["PING"]), request(&["GET", "siege:nothing"])].concat();
        return foe.flood(&mut client, &requests.repeat(1000), 2000, 3000);
    }
    let mut speaker = foe.intrude()?;
    let bytes = request(&["PUBLISH", "siege:channel", &"x".repeat(5000)]).repeat(50);
    for _ in 0..50 {
        foe.send(&mut speaker, &bytes, 50)?;
        foe.drain(&mut speaker, 10)?;
    }
    Ok(())
}
