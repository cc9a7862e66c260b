//! Numbers as C programs read them from their arguments: what begins like one counts, everything else is zero.

/// The integer that `text` begins with. Beyond 64 bits it stays at the end of the range, and the lower half is taken, as
/// `atoi` does where it is made of `strtol`.
pub(crate) fn leading_integer(text: &[u8]) -> i32 {
    let text = text.trim_ascii_start();
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    let digits = digits.iter().take_while(|digit| digit.is_ascii_digit());
    let value = digits.fold(0i64, |value, digit| {
        let digit = i64::from(digit - b'0');
        let next = if negative { -digit } else { digit };
        value.saturating_mul(10).saturating_add(next)
    });
    value as i32
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
            ("12", 12),
            (" \t-7x", -7),
            ("+3", 3),
            ("", 0),
            ("-", 0),
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
