//! Does it answer? The times that are judged when somebody seems to be down.

use stdx::Instant;

/// When an instance was asked, and when it answered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Health {
    /// Since when it has been silent: the first PING that was not answered well yet, or the end of the connection over
    /// which the last one was. A link that never came up counts from its beginning.
    pub(crate) awaiting_since: Option<Instant>,
    /// The last PING.
    pub(crate) pinged: Option<Instant>,
    /// The last answer that a living instance gives: PONG, LOADING, MASTERDOWN.
    pub(crate) ok: Instant,
    /// The last answer of any kind.
    pub(crate) pong: Instant,
}

impl Health {
    pub(crate) fn new(now: Instant) -> Health {
        Health { awaiting_since: Some(now), pinged: None, ok: now, pong: now }
    }

    /// A PING has been sent. One that is still unanswered goes on counting.
    pub(crate) fn pinged(&mut self, now: Instant) {
        self.pinged = Some(now);
        self.awaiting_since.get_or_insert(now);
    }

    /// A PING was answered: well, or with this error.
    pub(crate) fn answered(&mut self, now: Instant, error: Option<&[u8]>) {
        let alive = |text: &[u8]| text.starts_with(b"LOADING") || text.starts_with(b"MASTERDOWN");
        if error.is_none_or(alive) {
            self.ok = now;
            self.awaiting_since = None;
        }
        self.pong = now;
    }

    /// The connection has gone over which it answered. That it answered a while before says nothing against it: a
    /// server that restarts has all of `down-after-milliseconds` to come back, not what is left of a PING's period.
    pub(crate) fn lost(&mut self, now: Instant) {
        self.awaiting_since.get_or_insert(now);
    }

    /// For how long it has not answered.
    pub(crate) fn silent_ms(&self, now: Instant, not_before: Instant) -> u64 {
        self.silent_since(not_before).map_or(0, |since| now.ms_since(since))
    }

    /// From when on it has not answered, if it does not.
    pub(crate) fn silent_since(&self, not_before: Instant) -> Option<Instant> {
        Some(self.awaiting_since?.max(not_before))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const T: Instant = Instant::ZERO;

    #[test]
    fn silence_counts_from_the_first_ping_that_was_not_answered() {
        let mut health = Health::new(T);
        assert_eq!(health.silent_ms(T.after_ms(500), T), 500);
        health.pinged(T.after_ms(600));
        health.answered(T.after_ms(601), None);
        assert_eq!(health.silent_ms(T.after_ms(900), T), 0);
        health.pinged(T.after_ms(1000));
        health.pinged(T.after_ms(2000));
        assert_eq!(health.silent_ms(T.after_ms(2500), T), 1500);
        assert_eq!(health.silent_ms(T.after_ms(2500), T.after_ms(2400)), 100, "a new judgement");
    }

    #[test]
    fn silence_counts_from_the_end_of_the_connection_and_not_from_the_last_answer() {
        let mut health = Health::new(T);
        health.answered(T.after_ms(1), None);
        health.lost(T.after_ms(990));
        health.pinged(T.after_ms(1100));
        health.lost(T.after_ms(1200));
        assert_eq!(health.silent_since(T), Some(T.after_ms(990)));
        health.answered(T.after_ms(1300), None);
        assert_eq!(health.silent_since(T), None);
    }

    #[test]
    fn an_instance_that_loads_is_alive_and_one_that_is_busy_is_not() {
        for (text, alive) in [
            ("LOADING Redis is loading the dataset in memory", true),
            ("MASTERDOWN Link with MASTER is down", true),
            ("BUSY Redis is busy running a script", false),
            ("NOAUTH Authentication required.", false),
        ] {
            let mut health = Health::new(T);
            health.answered(T.after_ms(10), Some(text.as_bytes()));
            assert_eq!(health.awaiting_since.is_none(), alive, "{text}");
        }
    }
}
