//! Registers of six bits, one behind the other, from the lowest bit of each byte on.

use super::REGISTERS;

/// How many bytes they take.
pub(super) const LEN: usize = REGISTERS * 6 / 8;

/// Bytes to be written at an offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change<const N: usize> {
    /// Where.
    pub offset: usize,
    /// What.
    pub bytes: [u8; N],
}

/// The two bytes that hold a register, as the offset of the first and how far up in them it lies. The last register
/// fills the last byte, which is then the second.
fn locate(index: usize) -> (usize, u32) {
    let offset = (index * 6 / 8).min(LEN - 2);
    (offset, (index * 6 - offset * 8) as u32)
}

fn pair(registers: &[u8], offset: usize) -> u16 {
    match registers.get(offset..offset + 2) {
        Some(&[low, high]) => u16::from_le_bytes([low, high]),
        _ => 0,
    }
}

/// The value of a register.
pub(super) fn get(registers: &[u8], index: usize) -> u8 {
    let (offset, shift) = locate(index);
    (pair(registers, offset) >> shift & 63) as u8
}

/// What gives a register a value.
pub(super) fn set(registers: &[u8], index: usize, value: u8) -> Change<2> {
    let (offset, shift) = locate(index);
    let pair = pair(registers, offset) & !(63 << shift) | u16::from(value & 63) << shift;
    Change { offset, bytes: pair.to_le_bytes() }
}

/// All registers, four from each three bytes.
pub(super) fn all(registers: &[u8]) -> impl Iterator<Item = u8> {
    registers.as_chunks::<3>().0.iter().flat_map(|&[a, b, c]| {
        let four = u32::from_le_bytes([a, b, c, 0]);
        [0, 6, 12, 18].map(|shift| (four >> shift & 63) as u8)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_register_is_its_own() {
        let mut registers = vec![0; LEN];
        let value = |index: usize, round: usize| ((index * 37 + round * 11) % 64) as u8;
        for round in 0..3 {
            for index in 0..REGISTERS {
                let change = set(&registers, index, value(index, round));
                registers[change.offset..change.offset + 2].copy_from_slice(&change.bytes);
            }
            assert!((0..REGISTERS).all(|index| get(&registers, index) == value(index, round)));
            assert!(all(&registers).eq((0..REGISTERS).map(|index| value(index, round))));
        }
    }
}
