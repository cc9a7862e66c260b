//! Floating point numbers as Redis reads and writes them: doubles, and the 80-bit extended numbers that
//! INCRBYFLOAT adds with.

mod extended;
mod format;
mod grisu;
mod parse;

pub use extended::Extended;
pub use format::{FloatText, fixed_point, general_17, shortest, shortest_by_digits};
pub use parse::{parse_f64, parse_f64_bound};

/// The integer a double is, where it lies within half the range of 64 bits: such scores are printed and packed
/// as integers.
pub fn as_integer(value: f64) -> Option<i64> {
    let integer = value as i64;
    ((i64::MIN / 2) as f64 <= value && value <= (i64::MAX / 2) as f64 && integer as f64 == value)
        .then_some(integer)
}
