//! Doubles to text, in each of the forms clients of Redis see.

use std::fmt::{self, Write};

use super::grisu;

/// The text of a number, on the stack.
#[derive(Clone, Copy)]
pub struct FloatText {
    bytes: [u8; 40],
    len: u8,
}

impl FloatText {
    fn new() -> FloatText {
        FloatText { bytes: [0; 40], len: 0 }
    }

    fn of(text: &str) -> FloatText {
        let mut result = FloatText::new();
        result.push(text.as_bytes());
        result
    }

    fn push(&mut self, bytes: &[u8]) {
        let at = usize::from(self.len);
        self.bytes[at..at + bytes.len()].copy_from_slice(bytes);
        self.len += bytes.len() as u8;
    }

    fn push_zeros(&mut self, count: usize) {
        (0..count).for_each(|_| self.push(b"0"));
    }

    /// The text.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }
}

impl std::ops::Deref for FloatText {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl Write for FloatText {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if usize::from(self.len) + text.len() > self.bytes.len() {
            return Err(fmt::Error);
        }
        self.push(text.as_bytes());
        Ok(())
    }
}

impl fmt::Debug for FloatText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.as_bytes().escape_ascii())
    }
}

/// The digits of a number and the power of ten of the first, as `{:e}` tells them.
struct Digits {
    digits: [u8; 20],
    count: usize,
    exponent: i32,
}

impl Digits {
    /// Takes `d.ddde-x` apart.
    fn of(scientific: &[u8]) -> Digits {
        let mut result = Digits { digits: [0; 20], count: 0, exponent: 0 };
        let mut parts = scientific.split(|&b| b == b'e');
        for &digit in parts.next().unwrap_or_default().iter().filter(|b| b.is_ascii_digit()) {
            result.digits[result.count] = digit;
            result.count += 1;
        }
        let exponent = parts.next().unwrap_or_default();
        result.exponent = std::str::from_utf8(exponent)
            .ok()
            .and_then(|text| text.parse().ok())
            .expect("the formatter writes an exponent");
        result
    }

    fn as_bytes(&self) -> &[u8] {
        &self.digits[..self.count]
    }

    fn strip_zeros(&mut self) {
        while self.count > 1 && self.digits[self.count - 1] == b'0' {
            self.count -= 1;
        }
    }

    /// Without an exponent, however long that gets.
    fn plain(&self, text: &mut FloatText) {
        let digits = self.as_bytes();
        match usize::try_from(self.exponent) {
            Ok(exponent) if digits.len() <= exponent + 1 => {
                text.push(digits);
                text.push_zeros(exponent + 1 - digits.len());
            }
            Ok(exponent) => {
                text.push(&digits[..=exponent]);
                text.push(b".");
                text.push(&digits[exponent + 1..]);
            }
            Err(_) => {
                text.push(b"0.");
                text.push_zeros((-self.exponent - 1) as usize);
                text.push(digits);
            }
        }
    }

    /// With an exponent of at least `width` digits.
    fn scientific(&self, width: usize, text: &mut FloatText) {
        let digits = self.as_bytes();
        text.push(&digits[..1]);
        if digits.len() > 1 {
            text.push(b".");
            text.push(&digits[1..]);
        }
        let sign = if self.exponent < 0 { '-' } else { '+' };
        write!(text, "e{sign}{:0width$}", self.exponent.unsigned_abs())
            .expect("a double's text is shorter than the buffer");
    }
}

fn special(value: f64) -> Option<FloatText> {
    if value.is_nan() {
        Some(FloatText::of("nan"))
    } else if value.is_infinite() {
        Some(FloatText::of(if value < 0.0 { "-inf" } else { "inf" }))
    } else if value == 0.0 {
        Some(FloatText::of(if value.is_sign_negative() { "-0" } else { "0" }))
    } else {
        None
    }
}

/// A short text (almost always the shortest) that reads back as the same double, the very one Redis 7.2 replies for
/// scores: integers without a point, small exponents written out, others as `1.5e+30`.
pub fn shortest(value: f64) -> FloatText {
    if let Some(text) = special(value) {
        return text;
    }
    let Some(integer) = super::as_integer(value) else { return shortest_by_digits(value) };
    let mut text = FloatText::new();
    write!(text, "{integer}").expect("an integer's text is shorter than the buffer");
    text
}

/// As [`shortest`], but round integers are written by their digits too: `1e+9`. Redis 7.2 digests scores so.
pub fn shortest_by_digits(value: f64) -> FloatText {
    if let Some(text) = special(value) {
        return text;
    }
    let mut text = FloatText::new();
    let found = grisu::digits(value.abs());
    let (count, last) = (found.count, found.power);
    let digits = Digits { digits: found.digits, count, exponent: last + count as i32 - 1 };
    if value < 0.0 {
        text.push(b"-");
    }
    // The power of ten of the last digit decides as much as that of the first.
    let distance = digits.exponent.abs();
    let is_plain_integer = last >= 0 && distance < digits.count as i32 + 7;
    let is_plain_fraction = last < 0 && (last > -7 || distance < 4);
    if is_plain_integer || is_plain_fraction {
        digits.plain(&mut text);
    } else {
        digits.scientific(1, &mut text);
    }
    text
}

/// Seventeen significant digits without trailing zeros, as C's `%.17g`: what ZSCAN replies.
pub fn general_17(value: f64) -> FloatText {
    if let Some(text) = special(value) {
        return text;
    }
    let mut scientific = FloatText::new();
    write!(scientific, "{:.16e}", value.abs()).expect("a double's text is shorter than the buffer");
    let mut digits = Digits::of(&scientific);
    digits.strip_zeros();
    let mut text = FloatText::new();
    if value < 0.0 {
        text.push(b"-");
    }
    if (-4..17).contains(&digits.exponent) {
        digits.plain(&mut text);
    } else {
        digits.scientific(2, &mut text);
    }
    text
}

/// A number with exactly so many digits after the point (1 to 17), halves rounded to even after scaling: how GEO
/// distances are replied. The scaled number must fit 64 bits; it saturates where it does not.
pub fn fixed_point(value: f64, digits: u32) -> FloatText {
    let scaled = (value * 10f64.powi(digits as i32)).round_ties_even() as i64;
    let unit = 10u64.pow(digits);
    let magnitude = scaled.unsigned_abs();
    let mut text = FloatText::new();
    let sign = if scaled < 0 { "-" } else { "" };
    write!(
        text,
        "{sign}{}.{:0width$}",
        magnitude / unit,
        magnitude % unit,
        width = digits as usize
    )
    .expect("21 digits, a sign and a point fit");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: FloatText) -> String {
        String::from_utf8(text.as_bytes().to_vec()).expect("numbers are ASCII")
    }

    #[test]
    fn round_integers_by_their_digits_have_exponents() {
        for (value, want) in [
            (12.0, "12"),
            (-4.0, "-4"),
            (1e7, "10000000"),
            (1e8, "1e+8"),
            (-1e9, "-1e+9"),
            (9_007_199_254_740_992.0, "9007199254740992"),
            (9_007_199_254_740_994.0, "9007199254740994"),
            (1e18, "1e+18"),
            (2.5, "2.5"),
            (-0.0, "-0"),
            (f64::INFINITY, "inf"),
        ] {
            assert_eq!(text(shortest_by_digits(value)), want);
        }
    }

    #[test]
    fn the_shortest_form_is_laid_out_as_redis_does() {
        for (value, want) in [
            (0.0, "0"),
            (-0.0, "-0"),
            (3.0, "3"),
            (-3.5, "-3.5"),
            (0.1, "0.1"),
            (0.1 + 0.2, "0.30000000000000004"),
            (1e17, "100000000000000000"),
            (1e18, "1000000000000000000"),
            (4.6e18, "4600000000000000000"),
            (1e19, "1e+19"),
            (1e20, "1e+20"),
            (1.5e300, "1.5e+300"),
            (f64::MAX, "1.7976931348623157e+308"),
            (f64::MIN_POSITIVE, "2.2250738585072014e-308"),
            (5e-324, "5e-324"),
            (0.001, "0.001"),
            (0.0001, "0.0001"),
            (0.000001, "0.000001"),
            (0.0000001, "1e-7"),
            (1.25e-7, "1.25e-7"),
            // Its last digit lies beyond 1e-7 and its first below 1e-3.
            (0.00012345678, "1.2345678e-4"),
            (0.0012345678901, "0.0012345678901"),
            (123.4567, "123.4567"),
            // Not the shortest there is, but what Redis replies.
            (73.945608, "73.94560799999999"),
            (123456.789012345, "1.23456789012345e+5"),
            (f64::INFINITY, "inf"),
            (f64::NEG_INFINITY, "-inf"),
        ] {
            assert_eq!(text(shortest(value)), want);
        }
    }

    #[test]
    fn seventeen_digits_are_those_of_c() {
        for (value, want) in [
            (1.0, "1"),
            (0.1, "0.10000000000000001"),
            (1e16, "10000000000000000"),
            (1e17, "1e+17"),
            (1.5e-5, "1.5e-05"),
            (1.1e-5, "1.1e-05"),
            (123456.7, "123456.7"),
            (0.0001, "0.0001"),
            (1e100, "1e+100"),
            // Exactly between two: the even one.
            (1000000000000000.0 + 0.25, "1000000000000000.2"),
            (-2.5, "-2.5"),
        ] {
            assert_eq!(text(general_17(value)), want);
        }
    }

    #[test]
    fn fixed_point_pads_and_rounds() {
        for (value, digits, want) in [
            (166274.1515696004, 4, "166274.1516"),
            (0.0, 4, "0.0000"),
            (0.00005, 4, "0.0000"),
            (-1.25, 1, "-1.2"),
            (0.775, 4, "0.7750"),
        ] {
            assert_eq!(text(fixed_point(value, digits)), want);
        }
    }
}
