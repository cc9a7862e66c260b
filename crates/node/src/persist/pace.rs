//! A snapshot that takes its time: `rdb-key-save-delay` and `key-load-delay`, with which tests stretch what is over too
//! soon to be looked at. Redis sleeps after every key; here a key is due when its turn has come, and what comes before
//! the turn rests.

use stdx::Instant;

/// How fast keys go by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    since: Instant,
    /// Microseconds for `keys` keys; zero for no pace at all.
    us: u64,
    keys: u64,
}

impl Pace {
    /// From now on: so many microseconds a key, or, where negative, so many keys a microsecond.
    pub(crate) fn new(now: Instant, delay: i64) -> Pace {
        let (us, keys) = match delay {
            0.. => (delay.unsigned_abs(), 1),
            _ => (1, delay.unsigned_abs()),
        };
        Pace { since: now, us, keys }
    }

    /// False where keys go by as fast as they can.
    pub(crate) fn is_set(&self) -> bool {
        self.us > 0
    }

    /// Until when nothing more may go by, where so many keys have and that is ahead of time.
    pub(crate) fn rests_until(&self, now: Instant, keys: u64) -> Option<Instant> {
        let due = Instant(self.since.0.saturating_add(keys.saturating_mul(self.us) / self.keys));
        (due > now).then_some(due)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_their_turns() {
        let at = |us: u64| Instant(1_000 + us);
        for (delay, keys, now, want) in [
            (0, 1_000_000, 0, None),
            (100, 0, 0, None),
            (100, 1, 0, Some(100)),
            (100, 1, 99, Some(100)),
            (100, 1, 100, None),
            (100, 20_000, 5, Some(2_000_000)),
            (-10, 9, 0, None),
            (-10, 20, 0, Some(2)),
        ] {
            let pace = Pace::new(at(0), delay);
            assert_eq!(pace.is_set(), delay != 0);
            assert_eq!(pace.rests_until(at(now), keys), want.map(at), "{delay} {keys} {now}");
        }
    }
}
