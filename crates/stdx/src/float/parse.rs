//! Text to doubles, with the spellings C's `strtod` takes and the refusals Redis adds.

use crate::words::skip_blanks;

/// What a text spells.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Spelled<'a> {
    /// `inf` or `infinity`, in any case.
    Infinite,
    /// Decimal, with the digits still to be read: checked to be what `f64::from_str` takes.
    Decimal(&'a str),
    /// Hexadecimal: the leading 128 bits at most (the lowest one also stands for all that follow), and the power
    /// of two of the lowest.
    Hexadecimal(u128, i64),
}

/// Takes a sign and a number apart; `None` for anything else, NaN included.
pub(super) fn spelled(text: &[u8]) -> Option<(bool, Spelled<'_>)> {
    let (negative, rest) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    let spelled = match rest {
        [b'0', b'x' | b'X', digits @ ..] => hexadecimal(digits)?,
        [b'0'..=b'9' | b'.', ..] => {
            Spelled::Decimal(std::str::from_utf8(rest).ok().filter(|t| is_decimal(t.as_bytes()))?)
        }
        _ if rest.eq_ignore_ascii_case(b"inf") || rest.eq_ignore_ascii_case(b"infinity") => {
            Spelled::Infinite
        }
        _ => return None,
    };
    Some((negative, spelled))
}

/// Digits with at most one point among them, at least one digit, and perhaps an exponent with at least one.
fn is_decimal(text: &[u8]) -> bool {
    let split = text.iter().position(|b| matches!(b, b'e' | b'E'));
    let (mantissa, exponent) = match split {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    let digits = mantissa.iter().filter(|b| b.is_ascii_digit()).count();
    let points = mantissa.iter().filter(|&&b| b == b'.').count();
    let exponent = match exponent {
        Some([b'+' | b'-', digits @ ..] | digits) => {
            !digits.is_empty() && digits.iter().all(u8::is_ascii_digit)
        }
        None => true,
    };
    digits > 0 && points <= 1 && digits + points == mantissa.len() && exponent
}

fn hexadecimal(text: &[u8]) -> Option<Spelled<'static>> {
    let (mut bits, mut power) = (0u128, 0i64);
    let (mut seen_digit, mut seen_point) = (false, false);
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        match (byte as char).to_digit(16) {
            Some(digit) => {
                seen_digit = true;
                if bits >> 124 == 0 {
                    bits = bits << 4 | u128::from(digit);
                    power -= if seen_point { 4 } else { 0 };
                } else {
                    bits |= u128::from(digit != 0);
                    power += if seen_point { 0 } else { 4 };
                }
            }
            None if byte == b'.' && !seen_point => seen_point = true,
            None => break,
        }
        at += 1;
    }
    if !seen_digit {
        return None;
    }
    match &text[at..] {
        [] => {}
        [b'p' | b'P', exponent @ ..] => {
            let (negative, digits) = match exponent {
                [b'-', digits @ ..] => (true, digits),
                [b'+', digits @ ..] => (false, digits),
                digits => (false, digits),
            };
            if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
                return None;
            }
            let exponent = digits
                .iter()
                .fold(0i64, |n, &d| n.saturating_mul(10).saturating_add(i64::from(d - b'0')))
                .min(1 << 40);
            power += if negative { -exponent } else { exponent };
        }
        _ => return None,
    }
    Some(Spelled::Hexadecimal(bits, power))
}

/// Rounds `bits * 2^power` to a double, halves to even.
fn to_f64(bits: u128, power: i64) -> f64 {
    if bits == 0 {
        return 0.0;
    }
    let length = i64::from(128 - bits.leading_zeros());
    // The power of two of the lowest bit kept: 53 bits, fewer among subnormals.
    let lowest = (power + length - 53).max(-1074);
    let drop = lowest - power;
    let kept = if drop <= 0 {
        bits << (-drop).min(127)
    } else if drop > 128 {
        0
    } else {
        let kept = bits.checked_shr(drop as u32).unwrap_or(0);
        let rest = bits ^ kept.checked_shl(drop as u32).unwrap_or(0);
        let half = 1u128 << (drop - 1);
        kept + u128::from(rest > half || rest == half && kept & 1 == 1)
    };
    // At most 53 bits (or exactly 2^53) are left: both steps below are exact, or overflow as they should.
    if lowest > 1100 {
        return f64::INFINITY;
    }
    let mut value = kept as f64;
    let mut rest = lowest;
    while rest != 0 {
        let step = rest.clamp(-500, 500);
        value *= 2f64.powi(step as i32);
        rest -= step;
    }
    value
}

/// Reads a double as Redis reads scores and increments: no blanks, no NaN, nothing that overflows, nothing but
/// zero that vanishes. `inf`, `infinity` and hexadecimal are fine.
pub fn parse_f64(text: &[u8]) -> Option<f64> {
    let (negative, spelled) = spelled(text)?;
    let (magnitude, is_zero) = match spelled {
        Spelled::Infinite => return Some(if negative { f64::NEG_INFINITY } else { f64::INFINITY }),
        Spelled::Decimal(text) => (text.parse::<f64>().ok()?, has_no_digit_but_zero(text)),
        Spelled::Hexadecimal(bits, power) => (to_f64(bits, power), bits == 0),
    };
    if magnitude.is_infinite() || magnitude == 0.0 && !is_zero {
        return None;
    }
    Some(if negative { -magnitude } else { magnitude })
}

/// Reads a double as Redis reads the bounds of a range of scores: blanks may come before it, what overflows is
/// infinite, what vanishes is zero.
pub fn parse_f64_bound(text: &[u8]) -> Option<f64> {
    let (negative, spelled) = spelled(skip_blanks(text))?;
    let magnitude = match spelled {
        Spelled::Infinite => f64::INFINITY,
        Spelled::Decimal(text) => text.parse().ok()?,
        Spelled::Hexadecimal(bits, power) => to_f64(bits, power),
    };
    Some(if negative { -magnitude } else { magnitude })
}

/// Whether the digits before any exponent are all zero.
pub(super) fn has_no_digit_but_zero(decimal: &str) -> bool {
    !decimal.bytes().take_while(|b| !matches!(b, b'e' | b'E')).any(|b| matches!(b, b'1'..=b'9'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_are_read_as_strtod_reads_them() {
        for (text, want) in [
            ("1", Some(1.0)),
            ("+1.5", Some(1.5)),
            ("-.5", Some(-0.5)),
            ("5.", Some(5.0)),
            ("1e3", Some(1000.0)),
            ("1E+3", Some(1000.0)),
            ("inf", Some(f64::INFINITY)),
            ("+INF", Some(f64::INFINITY)),
            ("-Infinity", Some(f64::NEG_INFINITY)),
            ("0x10", Some(16.0)),
            ("0x1.8p1", Some(3.0)),
            ("-0X.8P-1", Some(-0.25)),
            ("0x1p-1074", Some(5e-324)),
            ("0x1p-1075", None),
            ("0x1.8p-1075", Some(5e-324)),
            ("0x1p1023", Some(8.98846567431158e307)),
            ("0x1p1024", None),
            ("0x0p9999999999999999999", Some(0.0)),
            ("0x20000000000001", Some(9007199254740992.0)),
            ("0x20000000000003", Some(9007199254740996.0)),
            // One bit above a half rounds up, however far away it is.
            (
                "0x20000000000001000000000000000000000000000000000000000001p-168",
                Some(9007199254740994.0),
            ),
            ("1e308", Some(1e308)),
            ("1e309", None),
            ("1e-400", None),
            ("0e-400", Some(0.0)),
            ("4.9e-324", Some(5e-324)),
            ("", None),
            (".", None),
            ("e5", None),
            ("1e", None),
            ("1e+", None),
            ("0x", None),
            ("0x.", None),
            ("0x1p", None),
            ("nan", None),
            ("-nan", None),
            ("nan(1)", None),
            (" 1", None),
            ("1 ", None),
            ("1.2.3", None),
            ("infinit", None),
            ("--1", None),
            ("1_000", None),
        ] {
            assert_eq!(parse_f64(text.as_bytes()), want, "{text:?}");
        }
        assert!(parse_f64(b"-0").is_some_and(f64::is_sign_negative));
    }

    #[test]
    fn bounds_may_overflow_and_follow_blanks() {
        assert_eq!(parse_f64_bound(b" 1e400"), Some(f64::INFINITY));
        assert_eq!(parse_f64_bound(b"-1e400"), Some(f64::NEG_INFINITY));
        assert_eq!(parse_f64_bound(b"1e-400"), Some(0.0));
        assert_eq!(parse_f64_bound(b"1 "), None);
        assert_eq!(parse_f64_bound(b"nan"), None);
    }
}
