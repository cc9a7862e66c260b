//! The 80-bit extended numbers of the x87: 64 bits of mantissa, which is why Redis says 0.1 + 0.2 is 0.3.
//!
//! INCRBYFLOAT and HINCRBYFLOAT read, add and print in this precision, and replicas and files hold what was
//! printed; so the sums must agree in every bit.

use super::parse::{self, Spelled};

/// The power of two of the lowest bit of the smallest number there is.
const LOWEST: i64 = -16445;
/// The largest power of two the lowest of 64 bits may have.
const HIGHEST: i64 = 16383 - 63;

/// An extended number, never NaN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extended {
    negative: bool,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Zero,
    /// `mantissa * 2^power`; the mantissa's top bit is set unless the power is [`LOWEST`].
    Finite {
        mantissa: u64,
        power: i64,
    },
    Infinite,
}

impl Extended {
    /// Zero.
    pub const ZERO: Extended = Extended { negative: false, kind: Kind::Zero };

    /// Reads a number as `strtold` does, with Redis's refusals: no blanks, no NaN, nothing that overflows or
    /// vanishes, nothing of 5 KiB.
    pub fn parse(text: &[u8]) -> Option<Extended> {
        if text.len() >= 5 * 1024 {
            return None;
        }
        let (negative, spelled) = parse::spelled(text)?;
        let (kind, is_zero) = match spelled {
            Spelled::Infinite => return Some(Extended { negative, kind: Kind::Infinite }),
            Spelled::Hexadecimal(bits, power) => (round(bits, power), bits == 0),
            Spelled::Decimal(text) => (decimal(text), parse::has_no_digit_but_zero(text)),
        };
        match kind {
            Kind::Infinite => None,
            Kind::Zero if !is_zero => None,
            kind => Some(Extended { negative, kind }),
        }
    }

    /// Whether it is neither infinity.
    pub fn is_finite(self) -> bool {
        self.kind != Kind::Infinite
    }

    /// The sum, rounded to 64 bits, halves to even; `None` where it is infinite or no number.
    pub fn checked_add(self, other: Extended) -> Option<Extended> {
        let (a, b) = match (self.kind, other.kind) {
            (Kind::Infinite, _) | (_, Kind::Infinite) => return None,
            (Kind::Zero, Kind::Zero) => {
                return Some(Extended { negative: self.negative && other.negative, ..self });
            }
            (Kind::Zero, _) => return Some(other),
            (_, Kind::Zero) => return Some(self),
            (Kind::Finite { mantissa: m, power: p }, Kind::Finite { mantissa: n, power: q }) => {
                ((self.negative, m, p), (other.negative, n, q))
            }
        };
        let (large, small) = if (a.2, a.1) >= (b.2, b.1) { (a, b) } else { (b, a) };
        // 63 spare bits below the larger, one above for the carry; what the smaller loses beyond them leaves a
        // mark in the lowest bit, which is enough to round.
        let wide = u128::from(large.1) << 63;
        let shift = large.2 - small.2;
        let other = u128::from(small.1) << 63;
        let aligned = if shift >= 127 {
            1
        } else {
            other >> shift | u128::from(other & ((1 << shift) - 1) != 0)
        };
        let sum = if large.0 == small.0 { wide + aligned } else { wide.wrapping_sub(aligned) };
        // The larger power does not mean the larger number where one of them is subnormal.
        let (sum, negative) = if sum >> 127 == 1 && large.0 != small.0 {
            (sum.wrapping_neg(), small.0)
        } else {
            (sum, large.0)
        };
        match round(sum, large.2 - 63) {
            Kind::Infinite => None,
            Kind::Zero => Some(Extended::ZERO),
            kind => Some(Extended { negative, kind }),
        }
    }

    /// Mantissa and power of two of a number that is neither zero nor infinite.
    #[cfg(test)]
    pub(super) fn parts(self) -> Option<(u64, i64)> {
        match self.kind {
            Kind::Finite { mantissa, power } => Some((mantissa, power)),
            _ => None,
        }
    }

    /// The text Redis calls human: up to 17 digits after the point, without trailing zeros, never an exponent.
    pub fn to_text(self) -> Vec<u8> {
        let mut text = Vec::new();
        let (mantissa, power) = match self.kind {
            Kind::Infinite => return if self.negative { b"-inf".into() } else { b"inf".into() },
            Kind::Zero => return b"0".into(),
            Kind::Finite { mantissa, power } => (mantissa, power),
        };
        if power >= 0 {
            let mut big = Big::from(u128::from(mantissa));
            big.shift_left(power as usize);
            text = big.into_decimal();
        } else {
            const UNIT: u128 = 10u128.pow(17);
            let drop = -power as u32;
            let whole = u128::from(mantissa.checked_shr(drop).unwrap_or(0));
            let part = u128::from(mantissa) - whole.checked_shl(drop).unwrap_or(0);
            // 64 bits times 57 bits fit; where 128 or more are dropped, nothing reaches the 17th digit.
            let scaled = part * UNIT;
            let digits = if drop > 127 {
                0
            } else {
                let (kept, rest, half) =
                    (scaled >> drop, scaled & ((1 << drop) - 1), 1 << (drop - 1));
                kept + u128::from(rest > half || rest == half && kept & 1 == 1)
            };
            let total = whole * UNIT + digits;
            text.extend_from_slice(format!("{}", total / UNIT).as_bytes());
            if !total.is_multiple_of(UNIT) {
                text.extend_from_slice(format!(".{:017}", total % UNIT).as_bytes());
                while text.last() == Some(&b'0') {
                    text.pop();
                }
            }
        }
        if self.negative && text != b"0" {
            text.insert(0, b'-');
        }
        text
    }
}

impl From<i64> for Extended {
    fn from(value: i64) -> Extended {
        Extended { negative: value < 0, kind: round(u128::from(value.unsigned_abs()), 0) }
    }
}

impl From<f64> for Extended {
    /// Exact. NaN, which has no place here, becomes zero.
    fn from(value: f64) -> Extended {
        let negative = value.is_sign_negative();
        if value.is_infinite() {
            return Extended { negative, kind: Kind::Infinite };
        }
        if value.is_nan() {
            return Extended::ZERO;
        }
        let bits = value.to_bits();
        let (exponent, fraction) = ((bits >> 52 & 0x7ff) as i64, bits & ((1 << 52) - 1));
        let (mantissa, power) =
            if exponent == 0 { (fraction, -1074) } else { (fraction | 1 << 52, exponent - 1075) };
        Extended { negative, kind: round(u128::from(mantissa), power) }
    }
}

/// The number nearest to `bits * 2^power`, halves to even.
fn round(bits: u128, power: i64) -> Kind {
    if bits == 0 {
        return Kind::Zero;
    }
    let zeros = bits.leading_zeros();
    // To the top of the word first; then 64 bits lie above the middle.
    let (bits, power) = (bits << zeros, power - i64::from(zeros));
    let lowest = (power + 64).max(LOWEST);
    let drop = lowest - power;
    let mantissa = if drop > 128 {
        0
    } else {
        let kept = bits.checked_shr(drop as u32).unwrap_or(0);
        let rest = bits ^ kept.checked_shl(drop as u32).unwrap_or(0);
        let half = 1u128 << (drop - 1);
        kept + u128::from(rest > half || rest == half && kept & 1 == 1)
    };
    let (mantissa, lowest) =
        if mantissa >> 64 == 1 { (mantissa >> 1, lowest + 1) } else { (mantissa, lowest) };
    match mantissa as u64 {
        0 => Kind::Zero,
        _ if lowest > HIGHEST => Kind::Infinite,
        mantissa => Kind::Finite { mantissa, power: lowest },
    }
}

/// The number nearest to a decimal text.
fn decimal(text: &str) -> Kind {
    let (digits, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let written = exponent
        .trim_start_matches(['+', '-'])
        .bytes()
        .fold(0i64, |n, d| (n * 10 + i64::from(d - b'0')).min(1 << 40));
    let mut exponent = if exponent.starts_with('-') { -written } else { written };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    exponent -= part.len() as i64;
    let significant: Vec<u8> =
        whole.bytes().chain(part.bytes()).skip_while(|&d| d == b'0').collect();
    if significant.is_empty() {
        return Kind::Zero;
    }
    // Far outside the range, nothing needs to be computed.
    match significant.len() as i64 + exponent {
        4934.. => return Kind::Infinite,
        ..-4970 => return Kind::Zero,
        _ => {}
    }
    let mut numerator = Big::from(0);
    for chunk in significant.chunks(9) {
        let value = chunk.iter().fold(0u32, |n, d| n * 10 + u32::from(d - b'0'));
        numerator.multiply_add(10u32.pow(chunk.len() as u32), value);
    }
    if exponent >= 0 {
        numerator.multiply_power_of_ten(exponent as usize);
        let (bits, power) = numerator.leading();
        return round(bits, power);
    }
    let mut denominator = Big::from(1);
    denominator.multiply_power_of_ten(-exponent as usize);
    // Align both so that the quotient has 1 before the point or 0; then draw 100 bits of it by subtraction.
    let shift = denominator.bits() as i64 - numerator.bits() as i64;
    if shift >= 0 {
        numerator.shift_left(shift as usize);
    } else {
        denominator.shift_left(-shift as usize);
    }
    let mut quotient = 0u128;
    for _ in 0..100 {
        quotient <<= 1;
        if numerator.subtract_if_not_less(&denominator) {
            quotient |= 1;
        }
        numerator.shift_left(1);
    }
    if !numerator.is_zero() {
        quotient = quotient << 1 | 1;
        return round(quotient, -shift - 100);
    }
    round(quotient, -shift - 99)
}

/// A natural number of any size, 32 bits a limb, the lowest first, no zero at the top.
struct Big {
    limbs: Vec<u32>,
}

impl From<u128> for Big {
    fn from(mut value: u128) -> Big {
        let mut limbs = Vec::new();
        while value > 0 {
            limbs.push(value as u32);
            value >>= 32;
        }
        Big { limbs }
    }
}

impl Big {
    fn is_zero(&self) -> bool {
        self.limbs.is_empty()
    }

    fn bits(&self) -> usize {
        match self.limbs.last() {
            Some(top) => self.limbs.len() * 32 - top.leading_zeros() as usize,
            None => 0,
        }
    }

    fn multiply_add(&mut self, factor: u32, addend: u32) {
        let mut carry = u64::from(addend);
        for limb in &mut self.limbs {
            carry += u64::from(*limb) * u64::from(factor);
            *limb = carry as u32;
            carry >>= 32;
        }
        if carry > 0 {
            self.limbs.push(carry as u32);
        }
    }

    fn multiply_power_of_ten(&mut self, mut power: usize) {
        while power > 0 {
            let step = power.min(9);
            self.multiply_add(10u32.pow(step as u32), 0);
            power -= step;
        }
    }

    fn shift_left(&mut self, bits: usize) {
        if self.is_zero() {
            return;
        }
        let (limbs, bits) = (bits / 32, bits % 32);
        if bits > 0 {
            self.multiply_add(1 << bits, 0);
        }
        self.limbs.splice(0..0, std::iter::repeat_n(0, limbs));
    }

    /// Subtracts `other` where the result is not negative; tells whether it did.
    fn subtract_if_not_less(&mut self, other: &Big) -> bool {
        let less = self
            .limbs
            .len()
            .cmp(&other.limbs.len())
            .then_with(|| self.limbs.iter().rev().cmp(other.limbs.iter().rev()))
            .is_lt();
        if less {
            return false;
        }
        let mut borrow = 0;
        for (i, limb) in self.limbs.iter_mut().enumerate() {
            let take = i64::from(other.limbs.get(i).copied().unwrap_or(0)) + borrow;
            let rest = i64::from(*limb) - take;
            *limb = rest as u32;
            borrow = i64::from(rest < 0);
        }
        self.trim();
        true
    }

    fn trim(&mut self) {
        while self.limbs.last() == Some(&0) {
            self.limbs.pop();
        }
    }

    /// The leading 96 to 128 bits, the lowest of which also stands for all that follow, and its power of two.
    fn leading(&self) -> (u128, i64) {
        let skipped = self.limbs.len().saturating_sub(4);
        let top = self.limbs[skipped..].iter().rev().fold(0u128, |n, &l| n << 32 | u128::from(l));
        let rest = self.limbs[..skipped].iter().any(|&l| l != 0);
        (top | u128::from(rest), 32 * skipped as i64)
    }

    fn into_decimal(mut self) -> Vec<u8> {
        let mut chunks = Vec::new();
        while !self.is_zero() {
            let mut rest = 0u64;
            for limb in self.limbs.iter_mut().rev() {
                rest = rest << 32 | u64::from(*limb);
                *limb = (rest / 1_000_000_000) as u32;
                rest %= 1_000_000_000;
            }
            self.trim();
            chunks.push(rest);
        }
        let mut text = chunks.pop().unwrap_or(0).to_string();
        while let Some(chunk) = chunks.pop() {
            text.push_str(&format!("{chunk:09}"));
        }
        text.into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(a: &str, b: &str) -> Option<String> {
        let (a, b) = (Extended::parse(a.as_bytes())?, Extended::parse(b.as_bytes())?);
        Some(String::from_utf8(a.checked_add(b)?.to_text()).expect("numbers are ASCII"))
    }

    #[test]
    fn sums_are_those_of_the_x87() {
        for (a, b, want) in [
            ("0.1", "0.2", Some("0.3")),
            ("10.50", "0.1", Some("10.6")),
            ("5.0e3", "2.0e2", Some("5200")),
            ("3.0e3", "1", Some("3001")),
            ("1", "1e-17", Some("1.00000000000000001")),
            ("1", "1e-18", Some("1")),
            ("1", "-1", Some("0")),
            ("-0.0", "-0", Some("0")),
            ("-1e-18", "0", Some("0")),
            ("17179869184", "1.5", Some("17179869185.5")),
            ("9223372036854775807", "9223372036854775807", Some("18446744073709551614")),
            ("18446744073709551615", "1", Some("18446744073709551616")),
            ("18446744073709551616", "1", Some("18446744073709551616")),
            ("18446744073709551616", "3", Some("18446744073709551620")),
            ("1e20", "1", Some("100000000000000000000")),
            ("1e22", "0", Some("10000000000000000000000")),
            ("3.14159265358979323846", "0", Some("3.14159265358979324")),
            ("0x1p3", "0", Some("8")),
            ("inf", "1", None),
            ("nan", "1", None),
            ("1e4933", "0", None),
            ("1e4932", "1e4932", None),
            ("3e-4951", "0", Some("0")),
            ("1e-5000", "0", None),
            ("", "1", None),
        ] {
            assert_eq!(sum(a, b).as_deref(), want, "{a} + {b}");
        }
        assert!(sum("1e4932", "0").is_some_and(|text| text.len() == 4933));
    }
}
