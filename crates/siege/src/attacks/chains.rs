//! Chains of blocked clients: each waits for a list, and has sent a push to the next one's list behind it. One push to
//! the first serves them all.
//!
//! Serving one from within another once overflowed the stack at 8,000.

use super::foe::{Foe, request};
use std::io;
use std::time::Duration;

/// Links of the chain, where the system lets us open so many files; otherwise what is left of them.
const LINKS: u64 = 8000;
const FILES_OF_OTHERS: u64 = 2000;

/// The last of the chain has to be served so soon.
const SERVED_WITHIN: Duration = Duration::from_secs(30);

/// Between two chains.
const PAUSE_MS: u64 = 10_000;

pub(super) fn round(foe: &mut Foe<'_>) -> io::Result<()> {
    let files = sys::limits::open_files().map_or(0, |(files, _)| files);
    let links = LINKS.min(files.saturating_sub(FILES_OF_OTHERS));
    let name = format!("siege:chain:{}:", foe.prng.next_u64());
    let login = request(&["AUTH", "intruder", "intruder"]);
    let mut chain = Vec::new();
    for link in 0..links {
        if foe.is_over() {
            return Ok(());
        }
        let waits = request(&["BLPOP", &format!("{name}{link}"), "0"]);
        let pushes = request(&["LPUSH", &format!("{name}{}", link + 1), "x"]);
        let mut client = foe.connect(foe.server)?;
        foe.send(&mut client, &[&login[..], &waits, &pushes].concat(), 3)?;
        chain.push(client);
    }
    let mut first = foe.intrude()?;
    foe.ask(&mut first, &["LPUSH", &format!("{name}0"), "x"])?;
    first.set_timeout(Some(SERVED_WITHIN))?;
    // Some may have been killed by another attack, and the chain is broken there.
    foe.ask(&mut first, &["BLPOP", &format!("{name}{links}"), "2"])?;
    foe.ask(&mut first, &["DEL", &format!("{name}{links}")])?;
    drop(chain);
    foe.rest(PAUSE_MS);
    Ok(())
}
