//! Changes in the middle of a long list: which node takes an element, when nodes split, join and go.

use std::ops::Range;

use ds::listpack::Listpack;
use ds::{Element, Tree};

use super::segment::{Limit, PLAIN_FROM, Segment};
use super::{End, Side};

/// Adds an element beside the one at `index`.
pub(super) fn insert(
    nodes: &mut Tree<Segment>,
    index: usize,
    side: Side,
    value: &[u8],
    limit: Limit,
) {
    let (segment, start) = nodes.get(index).expect("an index within the list");
    let end = start + segment.count();
    // Where in the list the new element goes, and whether that is an edge of the node.
    let place = index + usize::from(side == Side::After);
    let is_edge = if side == Side::After { place == end } else { place == start };
    if segment.takes(value, limit) {
        nodes.update(index, |segment, _| segment.insert(place - start, value));
        return;
    }
    if !is_edge {
        split_at(nodes, place);
    }
    if value.len() >= PLAIN_FROM {
        nodes.insert_at(place, Segment::of(value));
        return;
    }
    if is_edge {
        // The neighbour beyond the edge may have room.
        let (neighbour, near) = match side {
            Side::After => (nodes.get(place), End::Front),
            Side::Before => (place.checked_sub(1).and_then(|p| nodes.get(p)), End::Back),
        };
        match neighbour.filter(|(segment, _)| segment.takes(value, limit)) {
            Some((_, start)) => {
                nodes.update(start, |segment, _| segment.push(near, value));
            }
            None => nodes.insert_at(place, Segment::of(value)),
        }
        return;
    }
    // The half on the side of the reference that was cut keeps the element, unless its size could not be counted.
    let (half, near) = match side {
        Side::After => (place, End::Front),
        Side::Before => (place - 1, End::Back),
    };
    let has_room = nodes
        .get(half)
        .and_then(|(segment, _)| segment.pack())
        .is_some_and(|pack| pack.has_room(value.len()));
    if has_room {
        nodes.update(half, |segment, _| segment.push(near, value));
    } else {
        nodes.insert_at(place, Segment::of(value));
    }
    let (_, center) = nodes.get(index).expect("the reference is still there");
    join_around(nodes, center, limit);
}

/// Cuts the node that holds `place`, so that another begins there.
fn split_at(nodes: &mut Tree<Segment>, place: usize) {
    let (_, start) = nodes.get(place).expect("an index within the list");
    if start < place {
        let tail = nodes.update(place, |segment, offset| segment.split_off(offset));
        nodes.insert_at(place, tail);
    }
}

/// Joins small nodes around the one that begins at `start`: two on either side, then those with it.
fn join_around(nodes: &mut Tree<Segment>, start: usize, limit: Limit) {
    if let Some((_, before)) = start.checked_sub(1).and_then(|place| nodes.get(place)) {
        join_at(nodes, before, limit);
    }
    let end_of = |nodes: &Tree<Segment>, start: usize| {
        nodes.get(start).map_or(nodes.weight(), |(segment, start)| start + segment.count())
    };
    let end = end_of(nodes, start);
    let after = end_of(nodes, end);
    join_at(nodes, after, limit);
    join_at(nodes, end, limit);
    join_at(nodes, start, limit);
}

/// Joins the node that begins at `place` with the one before it, where they fit into one.
fn join_at(nodes: &mut Tree<Segment>, place: usize, limit: Limit) {
    if place == 0 || place >= nodes.weight() {
        return;
    }
    let fits = match (nodes.get(place - 1), nodes.get(place)) {
        (Some((left, _)), Some((right, start))) => start == place && left.joins(right, limit),
        _ => false,
    };
    if fits {
        let right = nodes.remove_at(place);
        nodes.update(place - 1, |left, _| left.join(right));
    }
}

/// Puts a node of its own in the place of the element at `index`.
pub(super) fn replace_by_segment(nodes: &mut Tree<Segment>, index: usize, value: &[u8]) {
    remove_range(nodes, index..index + 1);
    if index < nodes.weight() {
        split_at(nodes, index);
    }
    nodes.insert_at(index, Segment::of(value));
}

/// Removes the elements of these indexes. Tells how many there were.
pub(super) fn remove_range(nodes: &mut Tree<Segment>, range: Range<usize>) -> usize {
    let end = range.end.min(nodes.weight());
    let mut left = end.saturating_sub(range.start);
    let removed = left;
    while left > 0 {
        let (segment, start) = nodes.get(range.start).expect("an index within the list");
        let (offset, count) = (range.start - start, segment.count());
        let gone = left.min(count - offset);
        if gone == count {
            nodes.remove_at(range.start);
        } else {
            nodes.update(range.start, |segment, offset| segment.remove(offset..offset + gone));
        }
        left -= gone;
    }
    removed
}

/// Removes up to `max` elements with these bytes, the ones nearest to `from` first. Tells how many.
pub(super) fn remove_matching(
    nodes: &mut Tree<Segment>,
    value: &[u8],
    max: usize,
    from: End,
) -> usize {
    let mut removed = 0;
    // How many elements at the end we begin from are done with.
    let mut done = 0;
    while removed < max && done < nodes.weight() {
        let place = match from {
            End::Front => done,
            End::Back => nodes.weight() - 1 - done,
        };
        let (segment, _) = nodes.get(place).expect("an index within the list");
        let count = segment.count();
        let matches = segment.slice(0..count).filter(|e| e.eq_bytes(value)).count();
        let gone = matches.min(max - removed);
        if gone == count {
            nodes.remove_at(place);
        } else if gone > 0 {
            nodes.update(place, |segment, _| segment.remove_matching(value, gone, from));
        }
        removed += gone;
        done += count - gone;
    }
    removed
}

/// Takes the element at an end of a listpack away after showing it to `f`.
pub(super) fn take_from_pack<R>(
    pack: &mut Listpack,
    end: End,
    f: impl FnOnce(Element<'_>) -> R,
) -> Option<R> {
    let at = match end {
        End::Front if pack.is_empty() => return None,
        End::Front => pack.first(),
        End::Back => pack.prev(pack.end())?,
    };
    let result = f(pack.at(at));
    pack.remove(at);
    Some(result)
}

/// Removes up to `max` elements with these bytes from one listpack. Tells how many.
pub(super) fn remove_from_pack(pack: &mut Listpack, value: &[u8], max: usize, from: End) -> usize {
    let mut removed = 0;
    match from {
        End::Front => {
            let mut at = pack.first();
            while removed < max {
                let Some(found) = pack.find(at, value, 1) else { break };
                pack.remove(found);
                at = found;
                removed += 1;
            }
        }
        End::Back => {
            let integer = Element::of(value);
            let mut at = pack.end();
            while removed < max {
                let Some(before) = pack.prev(at) else { break };
                if pack.at(before) == integer {
                    pack.remove(before);
                    removed += 1;
                }
                at = before;
            }
        }
    }
    removed
}
