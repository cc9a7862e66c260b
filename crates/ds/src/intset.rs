//! The sorted integers of a small set, byte for byte as Redis's intset:
//! `<width in bytes: u32> <count: u32> <numbers ascending>`, little-endian, all numbers as wide as the widest.

use crate::block::Block;

/// Bytes before the first number.
const HEADER: usize = 8;

/// A sorted set of integers in the narrowest width that holds them all. It never narrows again, as in Redis.
pub struct Intset {
    /// Invariant: begins with an intset, whose header tells its length.
    block: Block,
}

impl PartialEq for Intset {
    fn eq(&self, other: &Intset) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for Intset {}

/// The bytes are no intset: a width other than 2, 4, 8, a size that does not fit, or numbers out of order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Corrupt;

impl Default for Intset {
    fn default() -> Intset {
        Intset::new()
    }
}

impl Clone for Intset {
    fn clone(&self) -> Intset {
        Intset { block: Block::of(self.as_bytes()) }
    }
}

impl std::fmt::Debug for Intset {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

impl Intset {
    /// No number yet, two bytes wide.
    pub fn new() -> Intset {
        Intset { block: Block::of(&[2, 0, 0, 0, 0, 0, 0, 0]) }
    }

    /// Takes bytes from a stranger, after checking them. An empty intset is accepted; Redis refuses it where it
    /// loads one.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Intset, Corrupt> {
        Intset::validate(&bytes)?;
        Ok(Intset { block: Block::from_vec(bytes) })
    }

    /// Takes bytes that [`Intset::validate`] has accepted.
    pub fn from_valid(bytes: Vec<u8>) -> Intset {
        debug_assert!(Intset::validate(&bytes).is_ok(), "these bytes are no intset");
        Intset { block: Block::from_vec(bytes) }
    }

    /// Whether these bytes are an intset: size, width, strict order. Never panics.
    pub fn validate(bytes: &[u8]) -> Result<(), Corrupt> {
        let (Some(width), Some(count)) = (word(bytes, 0), word(bytes, 4)) else {
            return Err(Corrupt);
        };
        let (width, count) = (width as usize, count as usize);
        if !matches!(width, 2 | 4 | 8) || count.checked_mul(width) != Some(bytes.len() - HEADER) {
            return Err(Corrupt);
        }
        let ascending = (1..count).all(|i| read(bytes, width, i - 1) < read(bytes, width, i));
        if ascending { Ok(()) } else { Err(Corrupt) }
    }

    /// The set as it goes into an RDB file.
    pub fn as_bytes(&self) -> &[u8] {
        &self.block[..self.byte_len()]
    }

    /// Starts loading the first integers into the cache.
    #[inline]
    pub fn prefetch(&self) {
        self.block.prefetch();
    }

    /// The bytes themselves.
    pub fn into_bytes(self) -> Vec<u8> {
        let len = self.byte_len();
        self.block.into_vec(len)
    }

    /// How many bytes are allocated for it.
    pub fn capacity(&self) -> usize {
        self.block.room()
    }

    /// How many numbers there are.
    pub fn len(&self) -> usize {
        word(&self.block, 4).map_or(0, |count| count as usize)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The `index`th number in ascending order.
    pub fn get(&self, index: usize) -> Option<i64> {
        (index < self.len()).then(|| read(&self.block, self.width(), index))
    }

    /// The smallest number.
    pub fn min(&self) -> Option<i64> {
        self.get(0)
    }

    /// The largest number.
    pub fn max(&self) -> Option<i64> {
        self.get(self.len().checked_sub(1)?)
    }

    /// Whether the number is in the set.
    pub fn contains(&self, value: i64) -> bool {
        self.search(value).is_ok()
    }

    /// The numbers in ascending order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = i64> + ExactSizeIterator + Clone + '_ {
        let width = self.width();
        (0..self.len()).map(move |i| read(&self.block, width, i))
    }

    /// Puts a number in; false where it was there.
    pub fn insert(&mut self, value: i64) -> bool {
        let needed = width_of(value);
        if needed > self.width() {
            self.widen(needed);
        }
        let Err(index) = self.search(value) else {
            return false;
        };
        let width = self.width();
        let (at, before) = (HEADER + index * width, self.byte_len());
        self.block.reserve(before + width);
        self.block.copy_within(at..before, at + width);
        self.block[at..at + width].copy_from_slice(&value.to_le_bytes()[..width]);
        self.write_count(self.len() + 1);
        true
    }

    /// Takes a number out; false where it was not there.
    pub fn remove(&mut self, value: i64) -> bool {
        let Ok(index) = self.search(value) else {
            return false;
        };
        let width = self.width();
        let at = HEADER + index * width;
        let after = self.byte_len() - width;
        self.block.copy_within(at + width..after + width, at);
        self.write_count(self.len() - 1);
        if self.block.room() > 2 * after + 64 {
            self.block.resize(after);
        }
        true
    }

    fn width(&self) -> usize {
        usize::from(self.block[0])
    }

    fn byte_len(&self) -> usize {
        HEADER + self.len() * self.width()
    }

    fn search(&self, value: i64) -> Result<usize, usize> {
        let width = self.width();
        if width_of(value) > width {
            return Err(if value < 0 { 0 } else { self.len() });
        }
        let bytes = &*self.block;
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = (low + high) / 2;
            match read(bytes, width, middle).cmp(&value) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
                std::cmp::Ordering::Equal => return Ok(middle),
            }
        }
        Err(low)
    }

    fn widen(&mut self, width: usize) {
        let mut wider = Block::zeroed(HEADER + (self.len() + 1) * width);
        wider[..4].copy_from_slice(&(width as u32).to_le_bytes());
        wider[4..HEADER].copy_from_slice(&self.block[4..HEADER]);
        for (slot, value) in wider[HEADER..].chunks_exact_mut(width).zip(self.iter()) {
            slot.copy_from_slice(&value.to_le_bytes()[..width]);
        }
        self.block = wider;
    }

    fn write_count(&mut self, count: usize) {
        self.block[4..HEADER].copy_from_slice(&(count as u32).to_le_bytes());
    }
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().expect("four bytes were asked for")))
}

fn read(bytes: &[u8], width: usize, index: usize) -> i64 {
    let at = HEADER + index * width;
    match width {
        2 => i64::from(i16::from_le_bytes([bytes[at], bytes[at + 1]])),
        4 => i64::from(i32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"))),
        _ => i64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes")),
    }
}

fn width_of(value: i64) -> usize {
    if i16::try_from(value).is_ok() {
        2
    } else if i32::try_from(value).is_ok() {
        4
    } else {
        8
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn number() -> impl Strategy<Value = i64> {
        prop_oneof![
            -20i64..20,
            any::<i16>().prop_map(i64::from),
            any::<i32>().prop_map(i64::from),
            any::<i64>()
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn behaves_as_a_sorted_set(steps in proptest::collection::vec((any::<bool>(), number()), 0..100)) {
            let (mut set, mut model) = (Intset::new(), BTreeSet::new());
            for (add, n) in steps {
                if add {
                    prop_assert_eq!(set.insert(n), model.insert(n));
                } else {
                    prop_assert_eq!(set.remove(n), model.remove(&n));
                }
                prop_assert_eq!(set.contains(n), model.contains(&n));
                prop_assert!(set.iter().eq(model.iter().copied()));
                prop_assert_eq!(Intset::validate(set.as_bytes()), Ok(()));
                prop_assert_eq!((set.min(), set.max()), (model.first().copied(), model.last().copied()));
            }
        }

        #[test]
        fn strange_bytes_never_panic(bytes in proptest::collection::vec(0u8..9, 0..60)) {
            if let Ok(mut set) = Intset::from_bytes(bytes) {
                set.insert(1);
                set.remove(1);
            }
        }
    }

    #[test]
    fn bytes_are_those_of_redis() {
        let mut set = Intset::new();
        [3, 1, 70000].into_iter().for_each(|n| assert!(set.insert(n)));
        assert_eq!(set.as_bytes(), b"\x04\0\0\0\x03\0\0\0\x01\0\0\0\x03\0\0\0\x70\x11\x01\0");
        // DUMP by redis-server 7.0.15, after widening twice and one SREM.
        let redis: Vec<u8> = [8i64 | 5 << 32, -100_000, -1, 2, 3, 1 << 40]
            .iter()
            .flat_map(|word| word.to_le_bytes())
            .collect();
        let mut set = Intset::new();
        [3, -1, 2, 100_000, -100_000, 1 << 40].into_iter().for_each(|n| assert!(set.insert(n)));
        set.remove(100_000);
        assert_eq!(set.as_bytes(), redis);
    }
}
