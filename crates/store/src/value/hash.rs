//! A hash: a place kept for it.

/// A hash.
#[derive(Clone, Debug, Default)]
pub struct Hash {
    _private: (),
}

impl Hash {
    /// An empty one.
    pub fn new() -> Hash {
        Hash::default()
    }

    /// How many elements.
    pub fn len(&self) -> usize {
        0
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
