//! An integer of any width at any bit of a string, and what becomes of one that does not fit.

/// How wide an integer is, and whether it has a sign: `u8`, `i16`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Width {
    is_signed: bool,
    /// 1 to 64, or to 63 without a sign: replies are signed.
    bits: u32,
}

/// What becomes of an integer that does not fit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Overflow {
    /// The bits that have no room are lost.
    #[default]
    Wrap,
    /// The nearest one that fits takes its place.
    Saturate,
    /// Nothing is written.
    Fail,
}

/// As many bytes hold any integer, wherever in the first of them it begins.
pub(super) const WINDOW: usize = 9;

impl Width {
    /// Reads `i` or `u` with the number of bits.
    pub(super) fn parse(word: &[u8]) -> Option<Width> {
        let (is_signed, max) = match word.first()? {
            b'i' => (true, 64),
            b'u' => (false, 63),
            _ => return None,
        };
        let bits = stdx::integer::parse_i64(&word[1..])?;
        (1..=max).contains(&bits).then_some(Width { is_signed, bits: bits as u32 })
    }

    /// How many bits.
    pub(super) fn bits(self) -> u32 {
        self.bits
    }

    /// The integer that begins at the bit `shift`, less than 8, of the window.
    pub(super) fn read(self, window: [u8; WINDOW], shift: u32) -> i64 {
        self.cut(number(window) >> self.behind(shift))
    }

    /// Writes an integer that fits over the one that [`Width::read`] gives.
    pub(super) fn write(self, window: [u8; WINDOW], shift: u32, value: i64) -> [u8; WINDOW] {
        let mask = (1u128 << self.bits) - 1;
        let behind = self.behind(shift);
        let number = number(window) & !(mask << behind) | (value as u128 & mask) << behind;
        let mut window = [0; WINDOW];
        window.copy_from_slice(&number.to_be_bytes()[16 - WINDOW..]);
        window
    }

    /// Makes any integer fit, or says that it does not.
    pub(super) fn fit(self, value: i128, overflow: Overflow) -> Option<i64> {
        let (min, max) = self.limits();
        if (min..=max).contains(&value) {
            return Some(value as i64);
        }
        match overflow {
            Overflow::Wrap => Some(self.cut(value as u128)),
            Overflow::Saturate => Some(value.clamp(min, max) as i64),
            Overflow::Fail => None,
        }
    }

    /// The least and the greatest that fits.
    fn limits(self) -> (i128, i128) {
        match self.is_signed {
            true => (-(1i128 << (self.bits - 1)), (1i128 << (self.bits - 1)) - 1),
            false => (0, (1i128 << self.bits) - 1),
        }
    }

    /// What a number that is to be set means in this width. Without a sign, a negative one is very large.
    pub(super) fn meaning(self, value: i64) -> i128 {
        let (_, max) = self.limits();
        // compat(7.2): how far it is to the greatest one is counted in 64 bits. Those that are further below it than
        // such a number can say are taken for large as well.
        let is_far = self.bits < 64 && max - i128::from(value) > i128::from(i64::MAX);
        if !self.is_signed || is_far { i128::from(value as u64) } else { i128::from(value) }
    }

    /// The integer in the lowest bits.
    fn cut(self, bits: u128) -> i64 {
        let unused = 128 - self.bits;
        let high = bits << unused;
        if self.is_signed { (high as i128 >> unused) as i64 } else { (high >> unused) as i64 }
    }

    /// How many bits of the window follow the integer.
    fn behind(self, shift: u32) -> u32 {
        8 * WINDOW as u32 - shift - self.bits
    }
}

fn number(window: [u8; WINDOW]) -> u128 {
    window.iter().fold(0, |number, byte| number << 8 | u128::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn width(word: &str) -> Width {
        Width::parse(word.as_bytes()).expect("a width")
    }

    #[test]
    fn widths_are_read() {
        for word in ["i1", "i64", "u1", "u63", "i08"] {
            let known = Width::parse(word.as_bytes()).is_some();
            assert_eq!(known, word != "i08", "{word}");
        }
        for word in ["", "i", "u64", "i65", "i0", "u-1", "x8", "I8", "8", "u8 "] {
            assert_eq!(Width::parse(word.as_bytes()), None, "{word}");
        }
    }

    #[test]
    fn what_does_not_fit_is_wrapped_cut_off_or_refused() {
        for (word, value, wrapped, saturated) in [
            ("u8", 256, 0, 255),
            ("u8", -1, 255, 0),
            ("i8", 128, -128, 127),
            ("i8", -129, 127, -128),
            ("u63", 1 << 63, 0, i64::MAX),
            ("i64", 1 << 63, i64::MIN, i64::MAX),
            ("i1", 1, -1, 0),
            ("u1", 2, 0, 1),
        ] {
            let width = width(word);
            assert_eq!(width.fit(value, Overflow::Wrap), Some(wrapped), "{word} {value}");
            assert_eq!(width.fit(value, Overflow::Saturate), Some(saturated), "{word} {value}");
            assert_eq!(width.fit(value, Overflow::Fail), None, "{word} {value}");
        }
        for (word, value, saturated) in [
            ("u8", -1, 255),
            ("i8", i64::MIN, 127),
            ("i8", -1 << 62, -128),
            ("i64", i64::MIN, i64::MIN),
        ] {
            let width = width(word);
            let value = width.meaning(value);
            assert_eq!(width.fit(value, Overflow::Saturate), Some(saturated), "{word} {value}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_and_nothing_else_changes(
            window: [u8; WINDOW], is_signed: bool, bits in 1u32..=64, shift in 0u32..8, value: i64,
        ) {
            let width = Width { is_signed, bits: bits.min(if is_signed { 64 } else { 63 }) };
            let value = width.fit(i128::from(value), Overflow::Wrap).expect("wrapped");
            let written = width.write(window, shift, value);
            prop_assert_eq!(width.read(written, shift), value);
            let old = width.read(window, shift);
            prop_assert_eq!(width.write(written, shift, old), window);
        }
    }
}
