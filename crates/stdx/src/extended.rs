//! Floating-point numbers with a mantissa of 64 bits: what `long double` is on x86, and therefore what Redis adds in
//! INCRBYFLOAT and HINCRBYFLOAT. With the 53 bits of an `f64`, 10.5 + 0.1 would come out as 10.59999999999999964.
//!
//! Only what these commands need: reading decimal text, adding, and writing with up to 17 decimals, each rounded
//! once, to nearest with ties to even.

/// A number `mantissa * 2^exponent`, or an infinity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extended {
    negative: bool,
    /// Invariant: the top bit is set, save for zero.
    mantissa: u64,
    exponent: i32,
}

/// The exponent of an infinity.
const INFINITE: i32 = i32::MAX;
/// The largest exponent of the top bit.
const TOP_MAX: i32 = 16_383;
/// The smallest exponent of the lowest bit.
const BOTTOM_MIN: i32 = -16_445;
/// Longer texts are no numbers.
const TEXT_MAX: usize = 5 * 1024;

impl Extended {
    /// Zero.
    pub const ZERO: Extended = Extended { negative: false, mantissa: 0, exponent: 0 };

    /// An integer, exactly.
    pub fn from_i64(value: i64) -> Extended {
        Extended::rounded(value < 0, u128::from(value.unsigned_abs()), 0, false)
    }

    /// Reads decimal text, as `strtold` does: `-1.5`, `3e8`, `.5`, `inf`, but no blanks, no NaN, and nothing that is
    /// too large or too small to be told from infinity or zero.
    pub fn parse(text: &[u8]) -> Option<Extended> {
        if text.len() >= TEXT_MAX {
            return None;
        }
        let (negative, text) = match text {
            [b'-', rest @ ..] => (true, rest),
            [b'+', rest @ ..] => (false, rest),
            _ => (false, text),
        };
        if text.eq_ignore_ascii_case(b"inf") || text.eq_ignore_ascii_case(b"infinity") {
            return Some(Extended { negative, mantissa: 1 << 63, exponent: INFINITE });
        }
        let (digits, scale) = decimal(text)?;
        let mut natural = Natural::default();
        digits.iter().for_each(|digit| natural.multiply_add(10, u32::from(*digit)));
        if natural.bits() == 0 {
            return Some(Extended { negative, ..Extended::ZERO });
        }
        let magnitude = digits.len() as i64 + scale;
        if !(-5_100..=5_000).contains(&magnitude) {
            return None;
        }
        let (mut shift, mut sticky) = (0, false);
        if scale >= 0 {
            (0..scale).for_each(|_| natural.multiply_add(10, 0));
        } else {
            // Ten takes less than 10/3 bits, so that 96 and more are left of the quotient.
            let limbs = (scale.unsigned_abs() as usize * 10 / 3 + 96).div_ceil(32);
            natural.shift_limbs(limbs);
            shift = -(32 * limbs as i32);
            for _ in 0..-scale {
                sticky |= natural.divide(10) != 0;
            }
        }
        let (top, dropped, lost) = natural.top();
        let value = Extended::rounded(negative, top, shift + dropped as i32, sticky || lost);
        (value.is_finite() && value.mantissa != 0).then_some(value)
    }

    /// Whether it is no infinity.
    pub fn is_finite(self) -> bool {
        self.exponent != INFINITE
    }

    /// The sum; nothing where it is not a number, or infinite.
    pub fn plus(self, other: Extended) -> Option<Extended> {
        if !self.is_finite() || !other.is_finite() {
            return None;
        }
        if self.mantissa == 0 {
            return Some(other);
        }
        if other.mantissa == 0 {
            return Some(self);
        }
        let key = |it: Extended| (it.exponent, it.mantissa);
        let (large, small) = if key(self) >= key(other) { (self, other) } else { (other, self) };
        // 63 bits below the mantissa, and one above for the carry. What the smaller number has below them only
        // decides about ties, so that one bit can stand for it.
        let distance = large.exponent.abs_diff(small.exponent);
        let a = u128::from(large.mantissa) << 63;
        let b = u128::from(small.mantissa) << 63;
        let shifted = b.checked_shr(distance).unwrap_or(0);
        let lost = shifted.checked_shl(distance).unwrap_or(0) != b;
        let exponent = large.exponent - 63;
        let sum = if large.negative == small.negative {
            Extended::rounded(large.negative, a + shifted, exponent, lost)
        } else {
            // Of a smaller number that lost bits, one unit more is taken away than it has; the sticky bit tells so.
            let difference = a - shifted - u128::from(lost);
            Extended::rounded(large.negative && difference != 0, difference, exponent, lost)
        };
        sum.is_finite().then_some(sum)
    }

    /// The number without an exponent, rounded to 17 decimals, of which no trailing zero is written.
    pub fn to_text(self) -> String {
        if !self.is_finite() {
            return if self.negative { "-inf".into() } else { "inf".into() };
        }
        let (whole, decimals) = if self.exponent >= 0 {
            let mut natural = Natural::from_u64(self.mantissa);
            natural.shift_limbs(self.exponent as usize / 32);
            natural.multiply_add(1 << (self.exponent % 32), 0);
            (natural.digits(), 0)
        } else {
            let scaled = u128::from(self.mantissa) * 100_000_000_000_000_000;
            let rounded = shift_right_rounding(scaled, self.exponent.unsigned_abs(), false);
            let unit = 100_000_000_000_000_000;
            ((rounded / unit).to_string(), (rounded % unit) as u64)
        };
        let mut text = whole;
        if decimals != 0 {
            text.push('.');
            text.push_str(format!("{decimals:017}").trim_end_matches('0'));
        }
        if self.negative && text != "0" {
            text.insert(0, '-');
        }
        text
    }

    /// Brings `value * 2^exponent` into shape; `sticky` says that there was something below the lowest bit.
    fn rounded(negative: bool, value: u128, exponent: i32, sticky: bool) -> Extended {
        if value == 0 {
            return Extended { negative, ..Extended::ZERO };
        }
        let spare = value.leading_zeros() as i32;
        let value = (value << spare) | u128::from(sticky);
        let exponent = exponent - spare + 64;
        // Below the smallest exponent, bits are lost: numbers there are less exact.
        let denormal = (BOTTOM_MIN - exponent).max(0) as u32;
        let mantissa = shift_right_rounding(value, 64 + denormal, false);
        if mantissa == 0 {
            return Extended { negative, ..Extended::ZERO };
        }
        let up = mantissa.leading_zeros() as i32 - 64;
        let exponent = exponent + denormal as i32 - up;
        if exponent + 63 > TOP_MAX {
            return Extended { negative, mantissa: 1 << 63, exponent: INFINITE };
        }
        let mantissa = if up >= 0 { mantissa << up } else { mantissa >> -up };
        Extended { negative, mantissa: mantissa as u64, exponent }
    }
}

/// `value / 2^bits`, rounded to nearest, ties to even; `sticky` says that there was something below.
fn shift_right_rounding(value: u128, bits: u32, sticky: bool) -> u128 {
    if bits == 0 {
        return value;
    }
    let quotient = value.checked_shr(bits).unwrap_or(0);
    let Some(half) = 1u128.checked_shl(bits - 1) else {
        return quotient;
    };
    let rest = value & (half - 1 | half);
    let up = rest > half || rest == half && (sticky || quotient & 1 == 1);
    quotient + u128::from(up)
}

/// The significant digits of a decimal text as numbers, and the power of ten that they are to be multiplied by.
fn decimal(text: &[u8]) -> Option<(Vec<u8>, i64)> {
    let mut digits = Vec::new();
    let mut scale = 0;
    let mut point = false;
    let mut rest = text;
    let mut any = false;
    while let [byte, tail @ ..] = rest {
        match byte {
            b'0'..=b'9' => {
                any = true;
                scale -= i64::from(point);
                if *byte != b'0' || !digits.is_empty() {
                    digits.push(byte - b'0');
                }
            }
            b'.' if !point => point = true,
            _ => break,
        }
        rest = tail;
    }
    if !any {
        return None;
    }
    if let [b'e' | b'E', exponent @ ..] = rest {
        let (sign, exponent) = match exponent {
            [b'-', rest @ ..] => (-1, rest),
            [b'+', rest @ ..] => (1, rest),
            _ => (1, exponent),
        };
        if exponent.is_empty() || !exponent.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let add = |sum: i64, digit: &u8| (sum * 10 + i64::from(digit - b'0')).min(1_000_000);
        scale += sign * exponent.iter().fold(0, add);
        rest = &[];
    }
    rest.is_empty().then_some((digits, scale))
}

/// A natural number of any size, in limbs of 32 bits, the lowest first.
#[derive(Debug, Default)]
struct Natural(Vec<u32>);

impl Natural {
    fn from_u64(value: u64) -> Natural {
        Natural(vec![value as u32, (value >> 32) as u32])
    }

    fn multiply_add(&mut self, factor: u32, addend: u32) {
        let mut carry = u64::from(addend);
        for limb in &mut self.0 {
            carry += u64::from(*limb) * u64::from(factor);
            *limb = carry as u32;
            carry >>= 32;
        }
        if carry != 0 {
            self.0.push(carry as u32);
        }
    }

    /// Divides by a small number, and gives the remainder.
    fn divide(&mut self, divisor: u32) -> u32 {
        let mut rest = 0;
        for limb in self.0.iter_mut().rev() {
            let value = rest << 32 | u64::from(*limb);
            *limb = (value / u64::from(divisor)) as u32;
            rest = value % u64::from(divisor);
        }
        while self.0.last() == Some(&0) {
            self.0.pop();
        }
        rest as u32
    }

    fn shift_limbs(&mut self, count: usize) {
        self.0.splice(0..0, std::iter::repeat_n(0, count));
    }

    fn bits(&self) -> usize {
        let last = self.0.iter().rposition(|limb| *limb != 0);
        last.map_or(0, |at| 32 * at + 32 - self.0[at].leading_zeros() as usize)
    }

    /// The top four limbs, how many bits lie below them, and whether any of those is set.
    fn top(&self) -> (u128, usize, bool) {
        let end = self.bits().div_ceil(32);
        let start = end.saturating_sub(4);
        let top =
            self.0[start..end].iter().rev().fold(0, |sum, limb| sum << 32 | u128::from(*limb));
        (top, 32 * start, self.0[..start].iter().any(|limb| *limb != 0))
    }

    fn digits(mut self) -> String {
        let mut parts = Vec::new();
        while self.bits() > 0 {
            parts.push(self.divide(1_000_000_000));
        }
        let mut text = parts.pop().unwrap_or(0).to_string();
        parts.iter().rev().for_each(|part| text.push_str(&format!("{part:09}")));
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(a: &str, b: &str) -> Option<String> {
        let read = |text: &str| Extended::parse(text.as_bytes()).expect("a number");
        read(a).plus(read(b)).map(Extended::to_text)
    }

    #[test]
    fn sums_are_those_of_long_double() {
        for (a, b, want) in [
            ("10.5", "0.1", "10.6"),
            ("1", "0.25", "1.25"),
            ("3", "1.1", "4.1"),
            ("5.0e3", "2.0e2", "5200"),
            ("-1", "1", "0"),
            ("-0", "-0", "0"),
            ("1.5", "-3", "-1.5"),
            ("1.23456789", "0.1", "1.33456789"),
            ("17179869184", "1.5", "17179869185.5"),
            ("9223372036854775807", "1", "9223372036854775808"),
            // One more than 64 bits hold: rounded to even.
            ("18446744073709551615", "0.5", "18446744073709551616"),
            ("1e17", "0.001", "100000000000000000"),
            ("1e17", "0.01", "100000000000000000.0078125"),
            ("1", "1e-30", "1"),
            ("1e30", "-1", "1000000000000000000024696061952"),
            ("0", "1e-18", "0"),
            ("0.1", "0.2", "0.3"),
        ] {
            assert_eq!(sum(a, b).as_deref(), Some(want), "{a} + {b}");
        }
        assert_eq!(sum("inf", "1"), None);
        assert_eq!(sum("1.1e4932", "1.1e4932"), None, "too large");
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in ["", " 1", "1 ", "abc", "1e", "1e+", ".", "-", "nan", "1.2.3", "1e5000", "0x"] {
            assert_eq!(Extended::parse(text.as_bytes()), None, "{text:?}");
        }
        assert_eq!(Extended::parse(b"1e-6000"), None);
        assert_eq!(Extended::parse(b"0e9999"), Some(Extended::ZERO));
    }

    #[test]
    fn integers_and_doubles_agree_with_the_standard_library() {
        for value in [0, 1, -1, 10, i64::MAX, i64::MIN] {
            assert_eq!(Extended::from_i64(value).to_text(), value.to_string());
            assert_eq!(
                Extended::parse(value.to_string().as_bytes()),
                Some(Extended::from_i64(value))
            );
        }
        let mut x = 0.001_f64;
        while x < 1e12 {
            let text = format!("{x}");
            let back = Extended::parse(text.as_bytes()).expect("a number").to_text();
            let back: f64 = back.parse().expect("a number");
            assert!((back - x).abs() <= 1e-17_f64.max(x * 1e-15), "{text}");
            x *= 1.37;
        }
    }
}
