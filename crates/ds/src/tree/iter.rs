//! Walking a counted tree from either end. An iterator holds one leaf at a time and finds the next from the root,
//! which costs little per item and needs no links between leaves.

use super::{Item, Tree};

/// Items of a tree between two places, from either end.
pub struct Iter<'a, T: Item> {
    tree: &'a Tree<T>,
    /// The items at the front not given yet, all within the range.
    front: &'a [T],
    /// The place behind `front`.
    from: usize,
    /// The items at the back not given yet.
    back: &'a [T],
    /// The place before `back`. Invariant: between `from` and `to` lies what neither slice holds.
    to: usize,
}

impl<T: Item> Clone for Iter<'_, T> {
    fn clone(&self) -> Self {
        Iter { ..*self }
    }
}

impl<'a, T: Item> Iter<'a, T> {
    pub(super) fn new(tree: &'a Tree<T>, from: usize, to: usize) -> Iter<'a, T> {
        Iter { tree, front: &[], from, back: &[], to }
    }

    /// Loads the leaf at the front into `front`.
    fn load_front(&mut self) {
        let (leaf, slot, start) = self.tree.leaf(self.from).expect("a place within the tree");
        let mut end = start;
        let mut count = 0;
        // Only up to the end of the range.
        if T::UNIT {
            count = (leaf.len() - slot).min(self.to - start);
            end += count;
        } else {
            while end < self.to && slot + count < leaf.len() {
                end += leaf[slot + count].weight();
                count += 1;
            }
        }
        self.front = &leaf[slot..slot + count];
        self.from = end.min(self.to);
    }

    /// Loads the leaf at the back into `back`.
    fn load_back(&mut self) {
        let (leaf, slot, start) = self.tree.leaf(self.to - 1).expect("a place within the tree");
        let mut begin = start;
        let mut first = slot;
        if T::UNIT {
            first = slot - slot.min(start - self.from);
            begin -= slot - first;
        } else {
            while begin > self.from && first > 0 {
                first -= 1;
                begin -= leaf[first].weight();
            }
        }
        self.back = &leaf[first..=slot];
        self.to = begin.max(self.from);
    }
}

impl<'a, T: Item> Iterator for Iter<'a, T> {
    type Item = &'a T;

    #[inline]
    fn next(&mut self) -> Option<&'a T> {
        if self.front.is_empty() && self.from < self.to {
            self.load_front();
        }
        // With nothing left in the middle, what remains is at the back.
        let items = if self.front.is_empty() { &mut self.back } else { &mut self.front };
        let (first, rest) = items.split_first()?;
        *items = rest;
        Some(first)
    }
}

impl<'a, T: Item> DoubleEndedIterator for Iter<'a, T> {
    #[inline]
    fn next_back(&mut self) -> Option<&'a T> {
        if self.back.is_empty() && self.from < self.to {
            self.load_back();
        }
        let items = if self.back.is_empty() { &mut self.front } else { &mut self.back };
        let (last, rest) = items.split_last()?;
        *items = rest;
        Some(last)
    }
}
