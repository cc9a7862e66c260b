//! The digits of a double, as Redis finds them: Grisu2 by Florian Loitsch ("Printing Floating-Point Numbers Quickly
//! and Accurately with Integers", 2010).
//!
//! The digits always read back as the same double, but about one double in five hundred gets more of them than it
//! needs: 73.945608 is printed as 73.94560799999999. The standard library would find the shortest ones; what is
//! replied, though, has to be what Redis replies.

/// Decimal digits, and the power of ten of the last one.
pub(super) struct Digits {
    pub(super) digits: [u8; 20],
    pub(super) count: usize,
    pub(super) power: i32,
}

/// A positive number `mantissa * 2^power`.
#[derive(Clone, Copy)]
struct Scaled {
    mantissa: u64,
    power: i32,
}

/// The power of ten of the first entry of [`POWERS`], and the distance between two.
const FIRST: i32 = -348;
const STEP: i32 = 8;

/// 10^-348, 10^-340, ... as 64-bit mantissas, rounded to nearest.
#[rustfmt::skip]
const POWERS: [u64; 87] = [
    0xfa8f_d5a0_081c_0288, 0xbaae_e17f_a23e_bf76, 0x8b16_fb20_3055_ac76, 0xcf42_894a_5dce_35ea,
    0x9a6b_b0aa_5565_3b2d, 0xe61a_cf03_3d1a_45df, 0xab70_fe17_c79a_c6ca, 0xff77_b1fc_bebc_dc4f,
    0xbe56_91ef_416b_d60c, 0x8dd0_1fad_907f_fc3c, 0xd351_5c28_3155_9a83, 0x9d71_ac8f_ada6_c9b5,
    0xea9c_2277_23ee_8bcb, 0xaecc_4991_4078_536d, 0x823c_1279_5db6_ce57, 0xc210_9436_4dfb_5637,
    0x9096_ea6f_3848_984f, 0xd774_85cb_2582_3ac7, 0xa086_cfcd_97bf_97f4, 0xef34_0a98_172a_ace5,
    0xb238_67fb_2a35_b28e, 0x84c8_d4df_d2c6_3f3b, 0xc5dd_4427_1ad3_cdba, 0x936b_9fce_bb25_c996,
    0xdbac_6c24_7d62_a584, 0xa3ab_6658_0d5f_daf6, 0xf3e2_f893_dec3_f126, 0xb5b5_ada8_aaff_80b8,
    0x8762_5f05_6c7c_4a8b, 0xc9bc_ff60_34c1_3053, 0x964e_858c_91ba_2655, 0xdff9_7724_7029_7ebd,
    0xa6df_bd9f_b8e5_b88f, 0xf8a9_5fcf_8874_7d94, 0xb944_7093_8fa8_9bcf, 0x8a08_f0f8_bf0f_156b,
    0xcdb0_2555_6531_31b6, 0x993f_e2c6_d07b_7fac, 0xe45c_10c4_2a2b_3b06, 0xaa24_2499_6973_92d3,
    0xfd87_b5f2_8300_ca0e, 0xbce5_0864_9211_1aeb, 0x8cbc_cc09_6f50_88cc, 0xd1b7_1758_e219_652c,
    0x9c40_0000_0000_0000, 0xe8d4_a510_0000_0000, 0xad78_ebc5_ac62_0000, 0x813f_3978_f894_0984,
    0xc097_ce7b_c907_15b3, 0x8f7e_32ce_7bea_5c70, 0xd5d2_38a4_abe9_8068, 0x9f4f_2726_179a_2245,
    0xed63_a231_d4c4_fb27, 0xb0de_6538_8cc8_ada8, 0x83c7_088e_1aab_65db, 0xc45d_1df9_4271_1d9a,
    0x924d_692c_a61b_e758, 0xda01_ee64_1a70_8dea, 0xa26d_a399_9aef_774a, 0xf209_787b_b47d_6b85,
    0xb454_e4a1_79dd_1877, 0x865b_8692_5b9b_c5c2, 0xc835_53c5_c896_5d3d, 0x952a_b45c_fa97_a0b3,
    0xde46_9fbd_99a0_5fe3, 0xa59b_c234_db39_8c25, 0xf6c6_9a72_a398_9f5c, 0xb7dc_bf53_54e9_bece,
    0x88fc_f317_f222_41e2, 0xcc20_ce9b_d35c_78a5, 0x9816_5af3_7b21_53df, 0xe2a0_b5dc_971f_303a,
    0xa8d9_d153_5ce3_b396, 0xfb9b_7cd9_a4a7_443c, 0xbb76_4c4c_a7a4_4410, 0x8bab_8eef_b640_9c1a,
    0xd01f_ef10_a657_842c, 0x9b10_a4e5_e991_3129, 0xe710_9bfb_a19c_0c9d, 0xac28_20d9_623b_f429,
    0x8044_4b5e_7aa7_cf85, 0xbf21_e440_03ac_dd2d, 0x8e67_9c2f_5e44_ff8f, 0xd433_179d_9c8c_b841,
    0x9e19_db92_b4e3_1ba9, 0xeb96_bf6e_badf_77d9, 0xaf87_023b_9bf0_ee6b,
];

/// The power of two that goes with the mantissa of 10^`decimal`.
fn binary_power(decimal: i32) -> i32 {
    // 1741647 / 2^19 is the binary logarithm of ten, near enough for this range.
    ((decimal * 1_741_647) >> 19) - 63
}

impl Scaled {
    /// The product, its 64 leading bits rounded.
    fn times(self, other: Scaled) -> Scaled {
        let product = u128::from(self.mantissa) * u128::from(other.mantissa) + (1 << 63);
        Scaled { mantissa: (product >> 64) as u64, power: self.power + other.power + 64 }
    }
}

/// A power of ten that brings a number of this power of two to one between -60 and -32: then its integer part has
/// at most ten digits. Where two would do, which one decides about the last digit, so the search begins where
/// Redis's does.
fn scale(power: i32) -> (Scaled, i32) {
    let guess = (f64::from(-(power + POWERS.len() as i32)) * std::f64::consts::LOG10_2) as i32;
    let mut index = (guess - FIRST) / STEP;
    loop {
        let decimal = FIRST + index * STEP;
        let candidate = binary_power(decimal);
        match power + candidate + 64 {
            ..-60 => index += 1,
            -31.. => index -= 1,
            -60..=-32 => {
                let mantissa = POWERS[index as usize];
                return (Scaled { mantissa, power: candidate }, decimal);
            }
        }
    }
}

/// The digits of a finite double above zero.
pub(super) fn digits(value: f64) -> Digits {
    const HIDDEN: u64 = 1 << 52;
    let bits = value.to_bits();
    let (exponent, fraction) = ((bits >> 52 & 0x7ff) as i32, bits & (HIDDEN - 1));
    let (mantissa, power) =
        if exponent == 0 { (fraction, -1074) } else { (fraction | HIDDEN, exponent - 1075) };

    // Everything between the middles to both neighbours reads back as this double. All three share one power of two.
    let upper = mantissa << 1 | 1;
    let zeros = upper.leading_zeros() as i32;
    let common = power - 1 - zeros;
    let at_common = |mantissa: u64, power: i32| mantissa << (power - common);
    // Below a power of two, doubles lie twice as close.
    let closeness = if mantissa == HIDDEN { 2 } else { 1 };
    let lower = at_common((mantissa << closeness) - 1, power - closeness);
    let [value, upper, lower] = [at_common(mantissa, power), upper << zeros, lower]
        .map(|mantissa| Scaled { mantissa, power: common });

    let (ten, decimal) = scale(common);
    let value = value.times(ten);
    // The products may be off by one in their last bit: draw the limits in by as much.
    let upper = Scaled { mantissa: upper.times(ten).mantissa - 1, ..value };
    let lower = lower.times(ten).mantissa + 1;
    generate(upper, upper.mantissa - value.mantissa, upper.mantissa - lower, -decimal)
}

/// Writes the digits of `upper` until what is left is less than `width`, the room between the limits; then walks the
/// last digit down towards the value, which lies `distance` below.
fn generate(upper: Scaled, mut distance: u64, mut width: u64, decimal: i32) -> Digits {
    let mut result = Digits { digits: [0; 20], count: 0, power: decimal };
    let shift = -upper.power as u32;
    let one = 1u64 << shift;
    let (mut whole, mut part) = (upper.mantissa >> shift, upper.mantissa & (one - 1));
    // Digits before the point.
    for place in (0..10).rev() {
        let unit = 10u64.pow(place);
        result.push(whole / unit);
        whole %= unit;
        let rest = (whole << shift) + part;
        if rest <= width {
            result.power += place as i32;
            result.approach(rest, unit << shift, distance, width);
            return result;
        }
    }
    // Digits after it: instead of dividing the unit, everything else grows.
    loop {
        part *= 10;
        width *= 10;
        distance = distance.wrapping_mul(10);
        result.power -= 1;
        result.push(part >> shift);
        part &= one - 1;
        if part < width {
            result.approach(part, one, distance, width);
            return result;
        }
    }
}

impl Digits {
    fn push(&mut self, digit: u64) {
        // No zeros at the front.
        if digit != 0 || self.count > 0 {
            self.digits[self.count] = b'0' + digit as u8;
            self.count += 1;
        }
    }

    /// Lowers the last digit while that brings the number nearer to the value and keeps it within the limits.
    fn approach(&mut self, mut rest: u64, unit: u64, distance: u64, width: u64) {
        while rest < distance
            && width - rest >= unit
            && (rest + unit < distance || distance - rest > rest + unit - distance)
        {
            self.digits[self.count - 1] -= 1;
            rest += unit;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_powers_are_those_of_ten() {
        for (index, &mantissa) in POWERS.iter().enumerate() {
            let decimal = FIRST + STEP * index as i32;
            let exact = crate::float::Extended::parse(format!("1e{decimal}").as_bytes());
            let want = exact.and_then(|number| number.parts());
            assert_eq!(want, Some((mantissa, i64::from(binary_power(decimal)))), "{decimal}");
        }
    }

    #[test]
    fn the_digits_read_back_as_the_same_double() {
        let mut prng = crate::Prng::new(5);
        for _ in 0..20_000 {
            let value = f64::from_bits(prng.next_u64() >> 1);
            if value.is_finite() && value > 0.0 {
                let digits = digits(value);
                let text =
                    std::str::from_utf8(&digits.digits[..digits.count]).expect("digits are ASCII");
                let text = format!("{text}e{}", digits.power);
                assert_eq!(text.parse(), Ok(value), "{text}");
            }
        }
    }
}
