//! A list: a place kept for it.

/// A list.
#[derive(Clone, Debug, Default)]
pub struct List {
    _private: (),
}

impl List {
    /// An empty one.
    pub fn new() -> List {
        List::default()
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
