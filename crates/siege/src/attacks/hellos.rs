//! What Sentinels tell each other, told by a stranger: hosts that do not exist, epochs from the end of time, run ids and
//! fields that are none.
//!
//! One such message once moved the primary to a host that does not exist, another kept the Sentinel from ever starting
//! again, and a third ended it at its next election.

use super::foe::Foe;
use std::io;

const HOSTS: &[&str] = &["nosuch.invalid", "x y", "", "999.1.1.1", "127.0.0.1\r\nport 1", "\0"];
const PORTS: &[&str] = &["0", "-1", "65536", "99999999999", "x", "7000"];
const EPOCHS: &[&str] = &["18446744073709551615", "9223372036854775807", "-1", "x", "1e9", "0"];
const NAMES: &[&str] = &["target", "nosuch", "", "target\r\nsentinel monitor x"];

const MESSAGES: usize = 20;

pub(super) fn round(foe: &mut Foe<'_>) -> io::Result<()> {
    let address = if foe.prng.chance(1, 2) { foe.server } else { foe.sentinel };
    let mut client = foe.connect(address)?;
    address.log_in(&mut client)?;
    for _ in 0..MESSAGES {
        let hello = hello(foe);
        foe.ask(&mut client, &["PUBLISH", "__sentinel__:hello", &hello])?;
        foe.rest(5);
    }
    Ok(())
}

/// A message in which at least the primary's host cannot be believed, unless the epoch cannot.
fn hello(foe: &mut Foe<'_>) -> String {
    let run_id = match foe.prng.below(4) {
        0 => "zz".to_owned(),
        1 => "\u{e9}".repeat(20),
        // The same few again and again: a Sentinel knows no bound for the number of its peers.
        number => format!("{number:040}"),
    };
    let own_host = foe.pick(&["127.0.0.1", "nosuch.invalid", "x y"]);
    let port = foe.server.port().to_string();
    let own = format!("{own_host},{},{run_id}", foe.pick(PORTS));
    let (epoch, name) = (foe.pick(EPOCHS), foe.pick(NAMES));
    match foe.prng.below(4) {
        0 => format!("{own},{},{name},{},{port},{}", epoch, foe.pick(HOSTS), foe.pick(EPOCHS)),
        1 => format!("{own},{epoch},target,127.0.0.1,{port},0"),
        2 => format!("{own},1,target,{},{},1", foe.pick(HOSTS), foe.pick(PORTS)),
        _ => {
            let noise = foe.noise(100);
            String::from_utf8_lossy(&noise).into_owned() + &",".repeat(foe.prng.below(9) as usize)
        }
    }
}
