//! `--lru-test`: writes and reads keys of which a fifth is wanted four fifths of the time, and counts the hits.

use client::Value;
use stdx::Prng;

use crate::exit::{Result, fail};
use crate::screen;
use crate::session::Session;

/// How many requests go out at once.
const BATCH: usize = 250;
const CYCLE_NS: u64 = 1_000_000_000;
/// With this exponent of the power law it is 80 to 20.
const SKEW: f64 = 6.2;

pub(super) fn run(session: &mut Session, keys: u64) -> Result<u8> {
    let mut prng = Prng::new(sys::clock::nanos() ^ u64::from(std::process::id()));
    loop {
        let (mut hits, mut misses) = (0u64, 0u64);
        let begun = sys::clock::nanos();
        while sys::clock::nanos() - begun < CYCLE_NS {
            let write = |_| {
                let letters = (0..5).map(|_| b'A' + prng.below(u64::from(b'z' - b'A')) as u8);
                let value: Vec<u8> = letters.collect();
                vec![b"SET".to_vec(), key(keys, &mut prng), value]
            };
            let writes: Vec<_> = (0..BATCH).map(write).collect();
            let reads: Vec<_> =
                (0..BATCH).map(|_| vec![b"GET".to_vec(), key(keys, &mut prng)]).collect();
            let replies = session.ask_all(&writes).and_then(|_| session.ask_all(&reads));
            let Ok(replies) = replies else { return fail("I/O error during LRU test") };
            for reply in replies {
                match reply {
                    Value::Error(text) => sys::complain!("{}", String::from_utf8_lossy(&text)),
                    Value::Null => misses += 1,
                    _ => hits += 1,
                }
            }
        }
        let all = hits + misses;
        // compat(7.2): without any reply to count, the shares are what the processor makes of zero by zero.
        let share = |part: u64| match all {
            0 => "-nan".to_owned(),
            all => format!("{:.2}", part as f64 / all as f64 * 100.0),
        };
        screen::print(format!(
            "{all} Gets/sec | Hits: {hits} ({}%) | Misses: {misses} ({}%)\n",
            share(hits),
            share(misses)
        ));
    }
}

fn key(keys: u64, prng: &mut Prng) -> Vec<u8> {
    let unit = prng.below(1 << 53) as f64 / (1u64 << 53) as f64;
    format!("lru:{}", skewed(keys, unit)).into_bytes()
}

/// A number from 1 to `max`, small ones more likely, from `unit` between 0 and 1.
fn skewed(max: u64, unit: f64) -> u64 {
    let end = (max + 1) as f64;
    let power = SKEW + 1.0;
    let drawn = ((end.powf(power) - 1.0) * unit + 1.0).powf(1.0 / power) as u64;
    (max + 1).saturating_sub(drawn).clamp(1, max.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fifth_of_the_keys_is_most_of_the_traffic() {
        let mut prng = Prng::new(1);
        let draws = 20_000;
        let mut draw = || skewed(1000, prng.below(1 << 53) as f64 / (1u64 << 53) as f64);
        let drawn: Vec<u64> = (0..draws).map(|_| draw()).collect();
        assert!(drawn.iter().all(|key| (1..=1000).contains(key)));
        let wanted = drawn.iter().filter(|key| **key <= 200).count();
        assert!((75..=85).contains(&(wanted * 100 / draws)), "{wanted}");
    }
}
