//! Pipelines whose replies are never read, by those who have not logged in: each reply is short, and there is no end of
//! them. To the server and to the Sentinel.
//!
//! One such connection once took 500 MB in five seconds (CVE-2025-21605). It is to be closed at once.

use super::foe::{Foe, request};
use std::io;

/// A connection that is still open after so long has not been closed for what it is.
const CLOSED_WITHIN_MS: u64 = 20_000;

pub(super) fn round(foe: &mut Foe<'_>) -> io::Result<()> {
    let words = foe.pick(&["PING", "A", "GET", "NOSUCH", "HELLO"]);
    let bytes = request(&[words]).repeat(5000);
    let mut client = foe.connect_anywhere()?;
    foe.flood(&mut client, &bytes, 5000, CLOSED_WITHIN_MS)?;
    if !foe.is_over() {
        foe.find(format!("{words} without reading was not ended within {CLOSED_WITHIN_MS} ms"));
    }
    Ok(())
}
