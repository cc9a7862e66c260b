//! Few bytes that ask for many: pipelined reads of a large value, by a client that does not read the replies, or reads
//! them slowly.
//!
//! A pipeline of 57 KB once made the server hold a gigabyte of output, whatever its limits, and others waited for
//! seconds. Limits hold after every reply, and no pipeline has more than its share of a turn.

use super::foe::{Foe, request};
use std::io;
use std::time::Duration;

const LARGE_BYTES: usize = 1 << 20;
const MEDIUM_BYTES: usize = 100_000;

pub(super) fn round(foe: &mut Foe<'_>) -> io::Result<()> {
    let mut client = foe.intrude()?;
    let (key, len) = foe.pick(&[("siege:large", LARGE_BYTES), ("siege:medium", MEDIUM_BYTES)]);
    foe.ask(&mut client, &["SET", key, &"x".repeat(len)])?;
    let words = match foe.prng.below(4) {
        0 => vec!["MGET", key, key, key, key],
        1 => vec!["GETRANGE", key, "0", "-1"],
        2 => vec!["ECHO", key],
        _ => vec!["GET", key],
    };
    let bytes = request(&words).repeat(500);
    if foe.prng.chance(1, 3) {
        return read_slowly(foe, &mut client, &bytes);
    }
    foe.flood(&mut client, &bytes, 500, 3000)
}

/// Takes a little now and then: enough to keep the connection, never enough to keep up.
fn read_slowly(foe: &mut Foe<'_>, client: &mut client::Client, bytes: &[u8]) -> io::Result<()> {
    foe.send(client, bytes, 500)?;
    client.set_timeout(Some(Duration::from_secs(1)))?;
    let mut part = [0; 16 << 10];
    for _ in 0..200 {
        if foe.is_over() || client.read_raw(&mut part)? == 0 {
            break;
        }
        foe.rest(10);
    }
    Ok(())
}
