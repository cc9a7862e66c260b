//! Numbers as the C library reads them from options: blanks before them, anything behind them, zero for nonsense.

pub(crate) use stdx::integer::leading as integer;

/// The decimal fraction that `text` begins with; zero if there is none.
pub(crate) fn fraction(text: &[u8]) -> f64 {
    leading_fraction(text).unwrap_or(0.0)
}

/// As [`fraction`], but none where there is no number.
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
        for (text, want) in [("0.5", 0.5), ("1.5s", 1.5), ("x", 0.0), ("1e3", 1000.0), ("2.", 2.0)]
        {
            assert_eq!(fraction(text.as_bytes()), want, "{text}");
        }
    }
}
