//! Numbers as C programs read them from their arguments: what begins like one counts, everything else is zero.

/// The integer that `text` begins with, cut to 32 bits as `atoi` does where it is made of `strtol`.
pub(crate) fn leading_integer(text: &[u8]) -> i32 {
    stdx::integer::leading(text) as i32
}

/// A positive number with or without decimals, spelled in full.
pub(crate) fn positive(text: &[u8]) -> Option<f64> {
    let value: f64 = std::str::from_utf8(text).ok()?.parse().ok()?;
    (value.is_finite() && value > 0.0).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_begins_like_an_integer_is_one() {
        for (text, want) in [
            (" -7x", -7),
            ("abc", 0),
            ("2147483648", i32::MIN),
            ("99999999999999999999", -1),
            ("-99999999999999999999", 0),
        ] {
            assert_eq!(leading_integer(text.as_bytes()), want, "{text:?}");
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
