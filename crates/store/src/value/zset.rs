//! A sorted set: a place kept for it.

/// A sorted set.
#[derive(Clone, Debug, Default)]
pub struct ZSet {
    _private: (),
}

impl ZSet {
    /// An empty one.
    pub fn new() -> ZSet {
        ZSet::default()
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
