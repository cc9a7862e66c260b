//! The nodes of a counted tree: how they split, join, and keep account of what lies below them.

use std::cmp::Ordering;

use super::Item;
use crate::Shared;

/// How many items a leaf holds at most.
const LEAF: usize = 64;
/// How many children an inner node has at most.
const FAN_OUT: usize = 32;

#[derive(Clone)]
pub(super) enum Node<T: Item> {
    Leaf(Vec<T>),
    Inner(Vec<Child<T>>),
}

#[derive(Clone)]
pub(super) struct Child<T: Item> {
    /// The weight of all items below.
    pub(super) weight: usize,
    /// The key of the first item below.
    pub(super) first: T::Key,
    pub(super) node: Shared<Node<T>>,
}

/// Leads a walk from the root to a place.
pub(super) trait Guide<T: Item> {
    /// Which child to go into.
    fn child(&mut self, children: &[Child<T>]) -> usize;
    /// Which slot of the leaf is meant; to insert, the one to insert before.
    fn slot(&mut self, items: &[T]) -> usize;
}

/// To the item at a place.
pub(super) struct ByPlace {
    rest: usize,
    /// To insert: a place at the very end of a subtree is in it.
    boundary: bool,
}

impl ByPlace {
    pub(super) fn of(place: usize) -> ByPlace {
        ByPlace { rest: place, boundary: false }
    }

    pub(super) fn boundary(place: usize) -> ByPlace {
        ByPlace { rest: place, boundary: true }
    }

    /// After the walk: how far behind the beginning of the item the place is.
    pub(super) fn rest(&self) -> usize {
        self.rest
    }

    fn walk(&mut self, weights: impl Iterator<Item = usize>) -> usize {
        let mut index = 0;
        for weight in weights {
            if self.rest < weight || self.boundary && self.rest == weight {
                break;
            }
            self.rest -= weight;
            index += 1;
        }
        index
    }

    /// As [`Guide::child`], which needs no exclusive hold on the tree.
    pub(super) fn child<T: Item>(&mut self, children: &[Child<T>]) -> usize {
        // The last child takes whatever is left: then its weight need not be looked at.
        let last = children.len() - 1;
        self.walk(children[..last].iter().map(|child| child.weight))
    }

    /// As [`Guide::slot`].
    pub(super) fn slot<T: Item>(&mut self, items: &[T]) -> usize {
        if T::UNIT {
            return std::mem::take(&mut self.rest);
        }
        // Inside a leaf, a boundary belongs to the item that begins there.
        self.boundary = false;
        self.walk(items.iter().map(T::weight))
    }
}

impl<T: Item> Guide<T> for ByPlace {
    fn child(&mut self, children: &[Child<T>]) -> usize {
        ByPlace::child(self, children)
    }

    fn slot(&mut self, items: &[T]) -> usize {
        ByPlace::slot(self, items)
    }
}

/// To the item that compares equal, or to where it would be.
pub(super) struct ByOrder<C>(pub(super) C);

impl<T: Item, C: FnMut(T::Key) -> Ordering> Guide<T> for ByOrder<C> {
    fn child(&mut self, children: &[Child<T>]) -> usize {
        children.partition_point(|child| (self.0)(child.first).is_le()).saturating_sub(1)
    }

    fn slot(&mut self, items: &[T]) -> usize {
        items.partition_point(|item| (self.0)(item.key()).is_lt())
    }
}

impl<T: Item> Child<T> {
    fn of(node: Node<T>) -> Child<T> {
        Child { weight: node.weight(), first: node.first(), node: Shared::new(node) }
    }
}

impl<T: Item> Node<T> {
    pub(super) fn weight(&self) -> usize {
        match self {
            Node::Leaf(items) if T::UNIT => items.len(),
            Node::Leaf(items) => items.iter().map(T::weight).sum(),
            Node::Inner(children) => children.iter().map(|child| child.weight).sum(),
        }
    }

    /// The key of the first item; the node must not be empty.
    fn first(&self) -> T::Key {
        match self {
            Node::Leaf(items) => items[0].key(),
            Node::Inner(children) => children[0].first,
        }
    }

    fn len(&self) -> usize {
        match self {
            Node::Leaf(items) => items.len(),
            Node::Inner(children) => children.len(),
        }
    }

    pub(super) fn insert_at_root(&mut self, guide: &mut impl Guide<T>, item: T) {
        if let Some(right) = self.insert(guide, item, true, true) {
            let left = std::mem::replace(self, Node::Inner(Vec::with_capacity(4)));
            if let Node::Inner(children) = self {
                children.push(Child::of(left));
                children.push(right);
            }
        }
    }

    /// Adds an item below this node; gives back what had to be split off to the right. `leftmost` and
    /// `rightmost` tell whether the node lies at an edge of the tree.
    fn insert(
        &mut self,
        guide: &mut impl Guide<T>,
        item: T,
        leftmost: bool,
        rightmost: bool,
    ) -> Option<Child<T>> {
        match self {
            Node::Leaf(items) => {
                let slot = guide.slot(items);
                let right = insert_splitting(items, slot, item, LEAF, leftmost, rightmost);
                right.map(|right| Child::of(Node::Leaf(right)))
            }
            Node::Inner(children) => {
                let index = guide.child(children);
                let (first, last) = (index == 0, index + 1 == children.len());
                let child = &mut children[index];
                let weight = item.weight();
                let split = child.node.insert(guide, item, leftmost && first, rightmost && last);
                child.first = child.node.first();
                let Some(new) = split else {
                    child.weight += weight;
                    return None;
                };
                child.weight = child.node.weight();
                let right =
                    insert_splitting(children, index + 1, new, FAN_OUT, leftmost, rightmost);
                right.map(|right| Child::of(Node::Inner(right)))
            }
        }
    }

    pub(super) fn remove_at_root(&mut self, guide: &mut impl Guide<T>) -> T {
        let item = self.remove(guide);
        loop {
            match self {
                Node::Inner(children) if children.len() == 1 => {
                    let only = children.pop().expect("there is one");
                    *self = only.node.into_inner();
                }
                Node::Inner(children) if children.is_empty() => {
                    *self = Node::Leaf(Vec::new());
                }
                _ => return item,
            }
        }
    }

    fn remove(&mut self, guide: &mut impl Guide<T>) -> T {
        match self {
            Node::Leaf(items) => {
                let slot = guide.slot(items);
                let item = items.remove(slot);
                if items.capacity() > 2 * items.len() + 8 {
                    items.shrink_to(items.len() + 4);
                }
                item
            }
            Node::Inner(children) => {
                let index = guide.child(children);
                let child = &mut children[index];
                let item = child.node.remove(guide);
                child.weight -= item.weight();
                if child.node.len() == 0 {
                    children.remove(index);
                } else {
                    child.first = child.node.first();
                    if child.node.is_low() {
                        join_around(children, index);
                    }
                }
                item
            }
        }
    }

    fn is_low(&self) -> bool {
        match self {
            Node::Leaf(items) => items.len() < LEAF / 3,
            Node::Inner(children) => children.len() < FAN_OUT / 3,
        }
    }

    /// Changes an item; gives its weight before and after besides the result.
    pub(super) fn update<R>(
        &mut self,
        guide: &mut ByPlace,
        change: impl FnOnce(&mut T, usize) -> R,
    ) -> (R, usize, usize) {
        match self {
            Node::Leaf(items) => {
                let slot = guide.slot(items);
                let item = &mut items[slot];
                let before = item.weight();
                let result = change(item, guide.rest());
                (result, before, item.weight())
            }
            Node::Inner(children) => {
                let index = guide.child(children);
                let child = &mut children[index];
                let (result, before, after) = child.node.update(guide, change);
                child.weight = child.weight - before + after;
                child.first = child.node.first();
                (result, before, after)
            }
        }
    }

    pub(super) fn heap_bytes(&self) -> usize {
        match self {
            Node::Leaf(items) => items.capacity() * size_of::<T>(),
            Node::Inner(children) => {
                let own = children.capacity() * size_of::<Child<T>>();
                let below: usize =
                    children.iter().map(|c| size_of::<Node<T>>() + c.node.heap_bytes()).sum();
                own + below
            }
        }
    }

    /// Checks the accounts of everything below; gives weight and number of items.
    #[cfg(test)]
    pub(super) fn check(&self, is_root: bool) -> (usize, usize) {
        match self {
            Node::Leaf(items) => {
                assert!(is_root || !items.is_empty());
                assert!(items.len() <= LEAF);
                (self.weight(), items.len())
            }
            Node::Inner(children) => {
                assert!(children.len() <= FAN_OUT && (!is_root || children.len() > 1));
                let sums: Vec<_> = children
                    .iter()
                    .map(|child| {
                        let (weight, items) = child.node.check(false);
                        assert_eq!(weight, child.weight);
                        (weight, items)
                    })
                    .collect();
                (sums.iter().map(|s| s.0).sum(), sums.iter().map(|s| s.1).sum())
            }
        }
    }
}

/// Puts a thing into a node's sequence. A full one splits: in the middle, or, at an edge of the tree, beside what
/// is added there, so that filling a tree in order leaves full nodes behind.
fn insert_splitting<X>(
    things: &mut Vec<X>,
    slot: usize,
    thing: X,
    max: usize,
    leftmost: bool,
    rightmost: bool,
) -> Option<Vec<X>> {
    if things.len() < max {
        if things.len() == things.capacity() {
            // A quarter at a time, and less while there are few: half-empty nodes should not cost what full ones
            // do, and most lists have two or three.
            let more = things.len().clamp(2, max / 4);
            things.reserve_exact(more.min(max - things.len()));
        }
        things.insert(slot, thing);
        return None;
    }
    let at = match slot {
        slot if slot == things.len() && rightmost => slot,
        0 if leftmost => 0,
        _ => things.len() / 2,
    };
    let mut right = Vec::with_capacity((things.len() - at + max / 4).min(max));
    right.extend(things.drain(at..));
    if slot >= at && at > 0 {
        right.insert(slot - at, thing);
    } else {
        things.insert(slot, thing);
    }
    things.shrink_to(things.len() + max / 8);
    Some(right)
}

/// Joins the child at `index` with a neighbour, where both fit into one node.
fn join_around<T: Item>(children: &mut Vec<Child<T>>, index: usize) {
    let fits = |left: usize| {
        children.get(left + 1).is_some_and(|right| match (&*children[left].node, &*right.node) {
            (Node::Leaf(a), Node::Leaf(b)) => a.len() + b.len() <= LEAF,
            (Node::Inner(a), Node::Inner(b)) => a.len() + b.len() <= FAN_OUT,
            _ => false,
        })
    };
    let left = match index {
        index if fits(index) => index,
        index if index > 0 && fits(index - 1) => index - 1,
        _ => return,
    };
    let right = children.remove(left + 1);
    let into = &mut children[left];
    into.weight += right.weight;
    match (&mut *into.node, right.node.into_inner()) {
        (Node::Leaf(a), Node::Leaf(b)) => a.extend(b),
        (Node::Inner(a), Node::Inner(b)) => a.extend(b),
        _ => unreachable!("all leaves lie equally deep"),
    }
}
