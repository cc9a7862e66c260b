//! Strangers that say they are replicas: they ask for the whole dataset and do not read it, claim addresses that do not
//! exist, acknowledge what was never sent.

use super::foe::{Foe, request};
use std::io;

const HOSTS: &[&str] = &["nosuch.invalid", "127.0.0.1", "x y", "999.1.1.1"];
const PORTS: &[&str] = &["1", "2", "65536", "x"];

pub(super) fn round(foe: &mut Foe<'_>) -> io::Result<()> {
    let mut client = foe.intrude()?;
    let (host, port) = (foe.pick(HOSTS), foe.pick(PORTS));
    foe.ask(&mut client, &["REPLCONF", "listening-port", port])?;
    foe.ask(&mut client, &["REPLCONF", "ip-address", host])?;
    foe.ask(&mut client, &["REPLCONF", "capa", "eof", "capa", "psync2"])?;
    let id = "f".repeat(40);
    let words = foe.pick(&[
        &["PSYNC", "?", "-1"][..],
        &["PSYNC", "?", "9223372036854775807"],
        &["PSYNC", "ffffffffffffffffffffffffffffffffffffffff", "1"],
        &["SYNC"],
    ]);
    let acknowledges = foe.pick(&["0", "-1", "9223372036854775807", "18446744073709551615", "x"]);
    let bytes = [
        request(words),
        request(&["REPLCONF", "ACK", acknowledges]),
        request(&["REPLCONF", "GETACK", "*"]),
        request(&["PSYNC", &id, acknowledges]),
        request(&["PING"]).repeat(100),
    ]
    .concat();
    foe.send(&mut client, &bytes, 104)?;
    if foe.prng.chance(1, 3) {
        foe.drain(&mut client, 500)?;
    }
    let ms = foe.prng.below(2000);
    foe.rest(ms);
    Ok(())
}
