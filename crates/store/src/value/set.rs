//! A set: a place kept for it.

/// A set.
#[derive(Clone, Debug, Default)]
pub struct Set {
    _private: (),
}

impl Set {
    /// An empty one.
    pub fn new() -> Set {
        Set::default()
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
