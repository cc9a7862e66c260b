//! `--hotkeys`: the keys that are used most, where the server counts that (maxmemory-policy with LFU).

use client::Value;
use config::words::quote;

use super::{count_keys, pause, scan_step};
use crate::exit::{Result, fail};
use crate::screen::{self, Progress};
use crate::session::{Patience, Session, reason};

/// How many are told.
const KEPT: usize = 16;
const TELL_EVERY: u64 = 1_000_000;

/// The hottest keys so far, the hottest last.
#[derive(Default)]
struct Hottest(Vec<(i64, String)>);

impl Hottest {
    /// Takes a key in if it is hotter than the coolest of those that are kept.
    fn offer(&mut self, count: i64, key: &[u8]) -> Option<&str> {
        let at = self.0.iter().take_while(|(kept, _)| count > *kept).count();
        if count <= 0 || at == 0 && self.0.len() == KEPT {
            return None;
        }
        let key = String::from_utf8_lossy(&quote(key)).into_owned();
        self.0.insert(at, (count, key));
        let mut at = at;
        if self.0.len() > KEPT {
            self.0.remove(0);
            at -= 1;
        }
        Some(&self.0[at].1)
    }
}

pub(super) fn run(session: &mut Session) -> Result<u8> {
    let mut patience = Patience::begin();
    let mut progress = Progress::new();
    let all = count_keys(session)?;
    screen::print(
        "\n# Scanning the entire keyspace to find hot keys as well as\n\
         # average sizes per key type.  You can use -i 0.1 to sleep 0.1 sec\n\
         # per 100 SCAN commands (not usually needed).\n\n",
    );
    let mut hottest = Hottest::default();
    let (mut cursor, mut steps, mut sampled) = (0, 0u64, 0u64);
    let percent = loop {
        let percent = 100.0 * sampled as f64 / all as f64;
        let keys = scan_step(session, &mut cursor)?;
        steps += 1;
        progress.clear();
        for (key, count) in keys.iter().zip(frequencies(session, &keys)?) {
            sampled += 1;
            if sampled.is_multiple_of(TELL_EVERY) {
                screen::print(format!("[{percent:05.2}%] Sampled {sampled} keys so far\n"));
            }
            if let Some(key) = hottest.offer(count, key) {
                screen::print(format!(
                    "[{percent:05.2}%] Hot key '{key}' found so far with counter {count}\n"
                ));
            }
        }
        progress.show(|| format!("{percent:05.2}% of {all} keys"));
        if session.options.interval_us > 0 && steps.is_multiple_of(100) {
            pause(session.options.interval_us);
        }
        if cursor == 0 || patience.is_over() {
            break percent;
        }
    };
    progress.clear();
    let mut text = String::from("\n-------- summary -------\n\n");
    if patience.is_over() {
        text += &format!("[{percent:05.2}%] ");
    }
    text += &format!("Sampled {sampled} keys in the keyspace!\n");
    for (count, key) in hottest.0.iter().rev() {
        text += &format!("hot key found with counter: {count}\tkeyname: {key}\n");
    }
    screen::print(text);
    Ok(0)
}

fn frequencies(session: &mut Session, keys: &[Vec<u8>]) -> Result<Vec<i64>> {
    let request = |key: &Vec<u8>| vec![b"OBJECT".to_vec(), b"FREQ".to_vec(), key.clone()];
    let requests: Vec<_> = keys.iter().map(request).collect();
    let replies = session
        .ask_all(&requests)
        .or_else(|error| fail(format!("Error getting freq for a key ({})", reason(&error))))?;
    let mut counts = Vec::with_capacity(keys.len());
    for (reply, key) in replies.iter().zip(keys) {
        counts.push(match reply {
            Value::Int(count) => *count,
            Value::Error(text) => {
                return fail(format!("Error: {}", String::from_utf8_lossy(text)));
            }
            _ => {
                let key = String::from_utf8_lossy(&quote(key)).into_owned();
                sys::complain!("Warning: OBJECT freq on '{key}' failed (may have been deleted)");
                0
            }
        });
    }
    Ok(counts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hottest_are_kept_in_order() {
        let mut hottest = Hottest::default();
        assert_eq!(hottest.offer(0, b"never"), None);
        for count in 1..=20 {
            let key = format!("k{count}");
            assert_eq!(hottest.offer(count, key.as_bytes()), Some(format!("\"{key}\"").as_str()));
        }
        assert_eq!(hottest.offer(2, b"cool"), None);
        let counts: Vec<i64> = hottest.0.iter().map(|(count, _)| *count).collect();
        assert_eq!(counts, (5..=20).collect::<Vec<_>>());
    }
}
