//! Numbers: those of options are spelled in full; those of replies and requests are read as the C library does, with
//! blanks before them, anything behind them, and zero for nonsense.

pub(crate) use stdx::integer::leading as integer;

/// The decimal fraction that `text` begins with; none if there is none.
pub(crate) fn leading_fraction(text: &[u8]) -> Option<f64> {
    let text = stdx::words::skip_blanks(text);
    let is_part = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
    let mut len = text.iter().take_while(is_part).count();
    // The longest beginning that is a number: `1.5s` is 1.5.
    while len > 0 {
        let number = std::str::from_utf8(&text[..len]).ok().and_then(|text| text.parse().ok());
        if number.is_some() {
            return number;
        }
        len -= 1;
    }
    None
}

/// A whole number, spelled in full.
pub(crate) fn whole(text: &[u8]) -> Option<i64> {
    stdx::integer::parse_i64(text)
}

/// A number of seconds, spelled in full.
pub(crate) fn seconds(text: &[u8]) -> Option<f64> {
    let seconds: f64 = std::str::from_utf8(text).ok()?.parse().ok()?;
    (seconds.is_finite() && seconds >= 0.0).then_some(seconds)
}

/// True if `text` begins with an integer.
pub(crate) fn is_integer_ahead(text: &[u8]) -> bool {
    let text = stdx::words::skip_blanks(text);
    let digits = text.strip_prefix(b"-").or_else(|| text.strip_prefix(b"+")).unwrap_or(text);
    digits.first().is_some_and(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_far_as_they_go() {
        for (text, want) in [
            ("0.5", Some(0.5)),
            ("1.5s", Some(1.5)),
            ("x", None),
            ("1e3", Some(1000.0)),
            ("2.", Some(2.0)),
        ] {
            assert_eq!(leading_fraction(text.as_bytes()), want, "{text}");
        }
    }

    #[test]
    fn numbers_of_options_are_spelled_in_full() {
        for (text, want) in [("0.5", Some(0.5)), (".5", Some(0.5)), ("1.5s", None), ("-1", None)] {
            assert_eq!(seconds(text.as_bytes()), want, "{text}");
        }
        for (text, want) in [("-1", Some(-1)), ("5x", None), ("", None), ("abc", None)] {
            assert_eq!(whole(text.as_bytes()), want, "{text}");
        }
    }
}
