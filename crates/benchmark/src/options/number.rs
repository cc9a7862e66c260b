//! Numbers from arguments, spelled in full: what only begins like one is a mistake.

/// A whole number of 32 bits, as `redis-benchmark` counts everything.
pub(crate) fn integer(text: &[u8]) -> Option<i32> {
    i32::try_from(stdx::integer::parse_i64(text)?).ok()
}

/// A positive number with or without decimals.
pub(crate) fn positive(text: &[u8]) -> Option<f64> {
    let value: f64 = std::str::from_utf8(text).ok()?.parse().ok()?;
    (value.is_finite() && value > 0.0).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_spelled_in_full() {
        for (text, want) in [
            ("-7", Some(-7)),
            ("0", Some(0)),
            ("2147483647", Some(i32::MAX)),
            ("2147483648", None),
            ("abc", None),
            ("7x", None),
            (" 7", None),
            ("", None),
        ] {
            assert_eq!(integer(text.as_bytes()), want, "{text:?}");
        }
    }

    #[test]
    fn positive_numbers_are_spelled_in_full() {
        for (text, want) in
            [("1000", Some(1000.0)), ("0.5", Some(0.5)), ("0", None), ("-1", None), ("1x", None)]
        {
            assert_eq!(positive(text.as_bytes()), want, "{text}");
        }
    }
}
