//! How long a command waits: one reading for all timeouts, so that none is taken that the calendar does not hold.

use crate::Error;
use stdx::{Instant, Now, float};

/// When a wait ends that a client gave in seconds, perhaps with a fraction; none for zero, which means never.
pub fn deadline_secs(text: &[u8], now: Now) -> Result<Option<Instant>, Error> {
    let seconds = match text.first() {
        Some(first) if !first.is_ascii_whitespace() => float::parse_f64_bound(text),
        _ => None,
    };
    let ms = (seconds.ok_or(Error::TIMEOUT_NOT_A_FLOAT)? * 1000.0).ceil();
    if ms < 0.0 {
        return Err(Error::NEGATIVE_TIMEOUT);
    }
    if ms > latest(now) as f64 {
        return Err(Error::TIMEOUT_OUT_OF_RANGE);
    }
    Ok((ms > 0.0).then(|| now.instant.after_ms(ms as u64)))
}

/// When a wait ends that a client gave in whole milliseconds; none for zero.
pub fn deadline_ms(text: &[u8], now: Now) -> Result<Option<Instant>, Error> {
    let ms = stdx::integer::parse_i64(text).ok_or(Error::TIMEOUT_NOT_AN_INTEGER)?;
    let ms = u64::try_from(ms).map_err(|_| Error::NEGATIVE_TIMEOUT)?;
    if ms > latest(now) {
        return Err(Error::TIMEOUT_OUT_OF_RANGE);
    }
    Ok((ms > 0).then(|| now.instant.after_ms(ms)))
}

/// The sum must stay on the calendar, as Redis counts it: milliseconds in a signed 64-bit integer.
fn latest(now: Now) -> u64 {
    (i64::MAX as u64).saturating_sub(now.wall.ms())
}

#[cfg(test)]
mod tests {
    use super::*;
    use stdx::WallTime;

    #[test]
    fn timeouts_are_read_as_redis_reads_them() {
        let now = Now { instant: Instant(1000), wall: WallTime::from_ms(1_700_000_000_000) };
        let at = |ms: u64| Ok(Some(now.instant.after_ms(ms)));
        let last = (i64::MAX - 1_700_000_000_000).to_string();
        for (text, want) in [
            ("0", Ok(None)),
            ("1500", at(1500)),
            (last.as_str(), at(i64::MAX as u64 - 1_700_000_000_000)),
            ("9223372036854775807", Err(Error::TIMEOUT_OUT_OF_RANGE)),
            ("9223372036854775808", Err(Error::TIMEOUT_NOT_AN_INTEGER)),
            ("1.5", Err(Error::TIMEOUT_NOT_AN_INTEGER)),
            ("-1", Err(Error::NEGATIVE_TIMEOUT)),
        ] {
            assert_eq!(deadline_ms(text.as_bytes(), now), want, "{text}");
        }
        for (text, want) in [
            ("0", Ok(None)),
            ("1.5", at(1500)),
            ("9223372036854775807", Err(Error::TIMEOUT_OUT_OF_RANGE)),
            ("-1", Err(Error::NEGATIVE_TIMEOUT)),
            (" 1", Err(Error::TIMEOUT_NOT_A_FLOAT)),
        ] {
            assert_eq!(deadline_secs(text.as_bytes(), now), want, "{text}");
        }
    }
}
