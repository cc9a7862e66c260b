//! Web browsers at the wrong door. A page can make a browser send us HTTP with our commands in its body, so whoever
//! begins as a browser does is neither answered nor listened to any longer.

use resp::Words;
use stdx::Instant;
use world::Peer;

/// The log has one line about them in so many milliseconds at most.
const QUIET_MS: u64 = 60_000;

/// True for lines that HTTP requests have and that are no commands.
pub fn is_http(words: &Words<'_>) -> bool {
    let name = words.get(0).unwrap_or_default();
    name.eq_ignore_ascii_case(b"post") || name.eq_ignore_ascii_case(b"host:")
}

/// When the log was last told of one.
#[derive(Debug, Default)]
pub struct Browsers {
    told: Option<Instant>,
}

impl Browsers {
    /// The line for the log about one more, unless it had one lately.
    pub fn seen(&mut self, peer: &Peer, now: Instant) -> Option<String> {
        if self.told.is_some_and(|told| now.ms_since(told) <= QUIET_MS) {
            return None;
        }
        self.told = Some(now);
        // The sentence is Redis's: tools look for it.
        Some(format!(
            "Possible SECURITY ATTACK detected. It looks like somebody is sending POST or Host: commands to Redis. \
             This is likely due to an attacker attempting to use Cross Protocol Scripting to compromise your Redis \
             instance. Connection from {peer} aborted."
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_hears_of_one_in_a_minute() {
        let peer = Peer::Unix("/tmp/socket".into());
        let mut browsers = Browsers::default();
        let start = Instant(1);
        assert!(browsers.seen(&peer, start).is_some_and(|line| line.contains("/tmp/socket:0")));
        assert_eq!(browsers.seen(&peer, start.after_ms(59_000)), None);
        assert!(browsers.seen(&peer, start.after_ms(60_001)).is_some());
    }
}
