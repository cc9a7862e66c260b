//! A sequence in a B+tree that knows how much lies in every subtree: any place is found by its distance from the
//! front, or by a question that is first true and then false, in logarithmic time.
//!
//! Every item has a weight, how many places it takes: 1 in a sorted set, the number of elements in a node of a
//! list. A *place* is counted in weights. An item also has a key, a small copy of what it is searched by; inner
//! nodes keep the key of the first item below each child, so that a search touches one node per level.
//!
//! ```text
//! Inner:  [ 97 items, first a | 64 items, first k | ... ]     fan-out 32
//! Leaf:   [ item item item ... ]                              up to 64 items
//! ```
//!
//! Items added at either end leave full nodes behind, so a sequence built in order is packed tightly. A node that
//! runs low joins a neighbour when both fit into one; nodes are never empty.
//!
//! A copy of a tree shares all nodes with it. Who changes one of the two copies the nodes from the root to the change,
//! as far as they are still shared; so a snapshot of a sequence costs a little at a time, and only where it changes.

mod iter;
mod node;

pub use iter::Iter;
use std::cmp::Ordering;

use node::{ByOrder, ByPlace, Node};

/// Something to be kept in a [`Tree`]. Where copies of trees are made, a clone should be cheap: a node of the tree is
/// cloned with all its items by who changes one of them first.
pub trait Item: Clone {
    /// What items are searched by. It may refer to things the item owns elsewhere, as long as the item lives.
    type Key: Copy;
    /// Whether every item takes exactly one place: finding one within a leaf needs no sum then.
    const UNIT: bool;

    /// The key of this item.
    fn key(&self) -> Self::Key;

    /// How many places this item takes; at least 1.
    fn weight(&self) -> usize;
}

/// A sequence of items.
pub struct Tree<T: Item> {
    root: Node<T>,
    weight: usize,
    items: usize,
}

impl<T: Item> Clone for Tree<T> {
    /// A copy, in constant time: it shares everything below the root until one of the two changes.
    fn clone(&self) -> Tree<T> {
        Tree { root: self.root.clone(), weight: self.weight, items: self.items }
    }
}

impl<T: Item> Default for Tree<T> {
    fn default() -> Tree<T> {
        Tree::new()
    }
}

impl<T: Item> Tree<T> {
    /// An empty sequence.
    pub fn new() -> Tree<T> {
        Tree { root: Node::Leaf(Vec::new()), weight: 0, items: 0 }
    }

    /// How many places there are.
    pub fn weight(&self) -> usize {
        self.weight
    }

    /// How many items there are.
    pub fn items(&self) -> usize {
        self.items
    }

    /// Whether there is no item.
    pub fn is_empty(&self) -> bool {
        self.items == 0
    }

    /// The item at a place, and the place it begins at.
    pub fn get(&self, place: usize) -> Option<(&T, usize)> {
        let (leaf, slot, start) = self.leaf(place)?;
        Some((&leaf[slot], start))
    }

    /// The leaf that holds a place, the index of the item there, and the place that item begins at.
    fn leaf(&self, place: usize) -> Option<(&[T], usize, usize)> {
        if place >= self.weight {
            return None;
        }
        let mut guide = ByPlace::of(place);
        let mut node = &self.root;
        loop {
            match node {
                Node::Inner(children) => node = &children[guide.child(children)].node,
                Node::Leaf(items) => {
                    let slot = guide.slot(items);
                    return Some((items, slot, place - guide.rest()));
                }
            }
        }
    }

    /// How many places lie before the first item whose key the question answers with false. It must answer true
    /// up to some item and false from there on.
    pub fn partition(&self, mut question: impl FnMut(T::Key) -> bool) -> usize {
        let mut before = 0;
        let mut node = &self.root;
        loop {
            match node {
                Node::Inner(children) => {
                    // The first item answered with false is below the last child that begins with one
                    // answered with true, or right behind it.
                    let child =
                        children.partition_point(|child| question(child.first)).saturating_sub(1);
                    before += children[..child].iter().map(|c| c.weight).sum::<usize>();
                    node = &children[child].node;
                }
                Node::Leaf(items) => {
                    let slot = items.partition_point(|item| question(item.key()));
                    return before
                        + if T::UNIT { slot } else { items[..slot].iter().map(T::weight).sum() };
                }
            }
        }
    }

    /// Adds an item so that it begins at `place`, which must be where an item begins, or the end.
    pub fn insert_at(&mut self, place: usize, item: T) {
        assert!(place <= self.weight, "a place beyond the end");
        self.insert(ByPlace::boundary(place), item);
    }

    /// Adds an item where it belongs: `compare` orders other keys against its own, and the tree is in that order.
    pub fn insert_by(&mut self, compare: impl FnMut(T::Key) -> Ordering, item: T) {
        self.insert(ByOrder(compare), item);
    }

    fn insert(&mut self, mut guide: impl node::Guide<T>, item: T) {
        self.weight += item.weight();
        self.items += 1;
        self.root.insert_at_root(&mut guide, item);
    }

    /// Takes the item at a place out. There must be one.
    pub fn remove_at(&mut self, place: usize) -> T {
        assert!(place < self.weight, "a place beyond the end");
        self.remove(ByPlace::of(place))
    }

    /// Takes the item out whose key compares equal. There must be exactly one.
    pub fn remove_by(&mut self, compare: impl FnMut(T::Key) -> Ordering) -> T {
        self.remove(ByOrder(compare))
    }

    fn remove(&mut self, mut guide: impl node::Guide<T>) -> T {
        let item = self.root.remove_at_root(&mut guide);
        self.weight -= item.weight();
        self.items -= 1;
        item
    }

    /// Changes the item at a place (its second argument: the distance of the place from where the item begins).
    /// There must be one. Its weight and key may change, but not so that it would belong elsewhere.
    pub fn update<R>(&mut self, place: usize, change: impl FnOnce(&mut T, usize) -> R) -> R {
        assert!(place < self.weight, "a place beyond the end");
        let (result, before, after) = self.root.update(&mut ByPlace::of(place), change);
        self.weight = self.weight - before + after;
        result
    }

    /// The items from the one at a place on; walking backwards begins at the last.
    pub fn iter_from(&self, place: usize) -> Iter<'_, T> {
        Iter::new(self, place.min(self.weight), self.weight)
    }

    /// The items of a range of places whose ends are item boundaries.
    pub fn range(&self, range: std::ops::Range<usize>) -> Iter<'_, T> {
        let end = range.end.min(self.weight);
        Iter::new(self, range.start.min(end), end)
    }

    /// All items.
    pub fn iter(&self) -> Iter<'_, T> {
        Iter::new(self, 0, self.weight)
    }

    /// Bytes allocated by the tree itself, not counting what items own.
    pub fn heap_bytes(&self) -> usize {
        self.root.heap_bytes()
    }

    #[cfg(test)]
    fn check(&self) {
        let (weight, items) = self.root.check(true);
        assert_eq!((weight, items), (self.weight, self.items));
    }
}

impl<T: Item> FromIterator<T> for Tree<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Tree<T> {
        let mut tree = Tree::new();
        for item in items {
            tree.insert_at(tree.weight, item);
        }
        tree
    }
}

#[cfg(test)]
mod tests;
