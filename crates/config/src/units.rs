//! Sizes in memory as files spell them: digits and a unit.

const UNITS: &[(&str, u64)] = &[
    ("", 1),
    ("b", 1),
    ("k", 1000),
    ("kb", 1 << 10),
    ("m", 1_000_000),
    ("mb", 1 << 20),
    ("g", 1_000_000_000),
    ("gb", 1 << 30),
];

/// Reads `100`, `64k` (thousands), `64kb` (1024s) and so on, in any case. None for anything else, and for what
/// does not fit 64 bits.
pub fn parse_memory(text: &[u8]) -> Option<u64> {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (number, unit) = text.split_at(digits);
    let unit = std::str::from_utf8(unit).ok()?;
    let (_, factor) = UNITS.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit))?;
    // No digits at all is zero to Redis, but a lone unit is a slip of the hand.
    let number: u64 = std::str::from_utf8(number).ok()?.parse().ok()?;
    number.checked_mul(*factor)
}

/// The shortest spelling that divides evenly: `1gb`, `200mb`, `64kb`, or plain bytes.
pub fn format_memory(bytes: u64) -> String {
    for (unit, size) in [("gb", 1 << 30), ("mb", 1 << 20), ("kb", 1 << 10)] {
        if bytes != 0 && bytes.is_multiple_of(size) {
            return format!("{}{unit}", bytes / size);
        }
    }
    bytes.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_decimal_or_binary() {
        for (text, want) in [
            ("0", Some(0)),
            ("1k", Some(1000)),
            ("1KB", Some(1024)),
            ("200mb", Some(200 << 20)),
            ("3g", Some(3_000_000_000)),
            ("1gB", Some(1 << 30)),
            ("12b", Some(12)),
            ("-1", None),
            ("1 k", None),
            ("1tb", None),
            ("mb", None),
            ("18446744073709551615", Some(u64::MAX)),
            ("18446744073709551616", None),
            ("99999999999gb", None),
        ] {
            assert_eq!(parse_memory(text.as_bytes()), want, "{text}");
        }
    }

    #[test]
    fn sizes_are_written_with_the_largest_unit_that_fits() {
        for (bytes, want) in
            [(0, "0"), (1000, "1000"), (1024, "1kb"), (200 << 20, "200mb"), (1 << 31, "2gb")]
        {
            assert_eq!(format_memory(bytes), want);
            assert_eq!(parse_memory(want.as_bytes()), Some(bytes));
        }
    }
}
