//! How much output may wait for a peer (`client-output-buffer-limit`), and for how long.

use crate::KEEP_BYTES;
use config::{OutputLimit, OutputLimits};
use stdx::Instant;

/// What is left of a limit: how long a session may stay as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Within the limit.
    Fine,
    /// The session has to be closed.
    TooMuch,
    /// Too much from this moment on, unless it gets less.
    Until(Instant),
}

/// The limit of a session that is not logged in and would have to be: what does not fit into the buffer that every
/// session has is too much. Otherwise a peer without a password could fill the memory with error replies.
const UNAUTHENTICATED: OutputLimit = OutputLimit { hard_bytes: 1, soft_bytes: 0, soft_seconds: 0 };

/// The limit of a session that is a client or a subscriber.
pub fn output_limit(limits: &OutputLimits, is_let_in: bool, is_subscribed: bool) -> OutputLimit {
    match (is_let_in, is_subscribed) {
        (false, _) => UNAUTHENTICATED,
        (true, true) => limits.pubsub,
        (true, false) => limits.normal,
    }
}

/// How many bytes may wait before [`judge`] has to be asked at all.
pub fn harmless_bytes(limit: OutputLimit) -> usize {
    let least = [limit.hard_bytes, limit.soft_bytes].into_iter().filter(|&bytes| bytes > 0).min();
    let least = usize::try_from(least.unwrap_or(u64::MAX)).unwrap_or(usize::MAX);
    least.saturating_add(KEEP_BYTES)
}

/// How many bytes may wait at the most, if nothing of them is sent meanwhile.
pub fn hard_limit_bytes(limit: OutputLimit) -> usize {
    match limit.hard_bytes {
        0 => usize::MAX,
        hard => usize::try_from(hard).unwrap_or(usize::MAX).saturating_add(KEEP_BYTES),
    }
}

/// Whether `bytes` may wait. `since`: when the soft limit was first exceeded, while it is.
///
/// compat(7.2): the first 16 KiB of every session are not counted, so a small limit does not close a session for each
/// reply.
pub fn judge(
    limit: OutputLimit,
    bytes: usize,
    since: &mut Option<Instant>,
    now: Instant,
) -> Verdict {
    let bytes = bytes.saturating_sub(KEEP_BYTES) as u64;
    if limit.hard_bytes > 0 && bytes >= limit.hard_bytes {
        return Verdict::TooMuch;
    }
    if limit.soft_bytes == 0 || bytes < limit.soft_bytes {
        *since = None;
        return Verdict::Fine;
    }
    let until = since.get_or_insert(now).after_ms(limit.soft_seconds.saturating_mul(1000));
    if until <= now { Verdict::TooMuch } else { Verdict::Until(until) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_little_too_much_is_borne_for_a_while() {
        let limit = OutputLimit { hard_bytes: 100, soft_bytes: 10, soft_seconds: 2 };
        let (start, mut since) = (Instant::ZERO, None);
        let until = start.after_ms(2000);
        for (bytes, ms, want) in [
            (9, 0, Verdict::Fine),
            (10, 0, Verdict::Until(until)),
            (50, 1999, Verdict::Until(until)),
            (50, 2000, Verdict::TooMuch),
            (5, 2001, Verdict::Fine),
            (50, 3000, Verdict::Until(start.after_ms(5000))),
            (100, 3000, Verdict::TooMuch),
        ] {
            let verdict = judge(limit, KEEP_BYTES + bytes, &mut since, start.after_ms(ms));
            assert_eq!(verdict, want, "{bytes} {ms}");
        }
        let mut since = None;
        let unlimited = OutputLimit::default();
        assert_eq!(judge(unlimited, usize::MAX, &mut since, start), Verdict::Fine);
        let forever = OutputLimit { soft_bytes: 1, soft_seconds: u64::MAX, ..unlimited };
        let verdict = judge(forever, usize::MAX, &mut since, start);
        assert!(matches!(verdict, Verdict::Until(_)));
    }

    #[test]
    fn a_session_that_is_not_logged_in_may_fill_one_buffer_whatever_the_limits_are() {
        let limit = output_limit(&OutputLimits::default(), false, false);
        assert_eq!(harmless_bytes(limit), KEEP_BYTES + 1);
        let mut since = None;
        assert_eq!(judge(limit, KEEP_BYTES, &mut since, Instant::ZERO), Verdict::Fine);
        assert_eq!(judge(limit, KEEP_BYTES + 1, &mut since, Instant::ZERO), Verdict::TooMuch);
    }
}
