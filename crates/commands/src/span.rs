//! From the two indexes that users name, counted from either end, to a range of what there is.

use std::ops::Range;

/// The range from `start` to `end`, both included, of `len` elements; negative indexes count from the end. Empty
/// where nothing lies between them.
pub(crate) fn within(start: i64, end: i64, len: usize) -> Range<usize> {
    let len = len as i64;
    let from_front = |index: i64| if index < 0 { index.saturating_add(len) } else { index };
    let start = from_front(start).max(0);
    let end = from_front(end).min(len - 1);
    if start > end { 0..0 } else { start as usize..end as usize + 1 }
}

/// The place of one index among `len` elements, if there is such an element.
pub(crate) fn place(index: i64, len: usize) -> Option<usize> {
    let place = if index < 0 { index.checked_add(len as i64)? } else { index };
    usize::try_from(place).ok().filter(|place| *place < len)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indexes_count_from_either_end_and_are_cut_to_what_there_is() {
        for (start, end, want) in [
            (0, -1, 0..5),
            (1, 2, 1..3),
            (-3, -2, 2..4),
            (-100, 1, 0..2),
            (3, 100, 3..5),
            (4, 3, 0..0),
            (5, 9, 0..0),
            (0, -6, 0..0),
            (i64::MIN, i64::MAX, 0..5),
            (i64::MAX, i64::MIN, 0..0),
        ] {
            assert_eq!(within(start, end, 5), want, "{start} to {end}");
        }
        assert_eq!(within(0, -1, 0), 0..0);
    }

    #[test]
    fn a_place_is_one_that_there_is() {
        let cases =
            [(0, Some(0)), (-1, Some(4)), (-5, Some(0)), (5, None), (-6, None), (i64::MIN, None)];
        for (index, want) in cases {
            assert_eq!(place(index, 5), want, "{index}");
        }
    }
}
