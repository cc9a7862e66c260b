//! The small form of a sorted set: a listpack of members, each followed by its score, in order.

use std::cmp::Ordering;

use ds::listpack::Listpack;
use ds::{Element, ElementBuf};
use stdx::float;

use super::order::compare;

/// The score an element of a listpack says; `None` where it says none, which only a stranger's does.
pub(super) fn score(element: Element<'_>) -> Option<f64> {
    match element {
        Element::Int(value) => Some(value as f64),
        Element::Bytes(text) => float::parse_f64_bound(text),
    }
}

/// The members with scores; a score that is none, which loading refuses, would read as zero.
pub(super) fn pairs(
    pack: &Listpack,
) -> impl DoubleEndedIterator<Item = (Element<'_>, f64)> + Clone + '_ {
    pack.pairs().map(|(member, text)| (member, score(text).unwrap_or(0.0)))
}

/// Where a member is, with its score.
pub(super) fn find(pack: &Listpack, member: &[u8]) -> Option<(usize, f64)> {
    let at = pack.find(pack.first(), member, 2)?;
    Some((at, score(pack.at(pack.next(at))).unwrap_or(0.0)))
}

/// Puts a member that is not there in its place.
pub(super) fn insert(pack: &mut Listpack, member: &[u8], new: f64) {
    let mut at = pack.end();
    // From the back: members are often added in order.
    while let Some(score_at) = pack.prev(at) {
        let member_at = pack.prev(score_at).expect("a score follows its member");
        let own = score(pack.at(score_at)).unwrap_or(0.0);
        let order = compare(own, new).then_with(|| pack.at(member_at).cmp_bytes(member));
        if order == Ordering::Less {
            break;
        }
        at = member_at;
    }
    pack.insert(at, Element::Bytes(member));
    let at = pack.next(at);
    match float::as_integer(new) {
        Some(integer) => pack.insert(at, Element::Int(integer)),
        None => pack.insert(at, Element::Bytes(&float::shortest(new))),
    }
}

/// The same members with their scores, in order. A stranger may send a million in descending order: to put them in
/// their places one by one would take hours.
pub(super) fn sorted(pack: &Listpack) -> Listpack {
    let mut all: Vec<(Element<'_>, f64)> = pairs(pack).collect();
    all.sort_by(|(a, least), (b, most)| {
        let mut buf = ElementBuf::new();
        compare(*least, *most).then_with(|| a.cmp_bytes(b.bytes(&mut buf)))
    });
    let mut sorted = Listpack::new();
    for (member, score) in all {
        push_back(&mut sorted, member, score);
    }
    sorted
}

fn push_back(pack: &mut Listpack, member: Element<'_>, score: f64) {
    pack.push_back(member);
    match float::as_integer(score) {
        Some(integer) => pack.push_back(Element::Int(integer)),
        None => pack.push_back(Element::Bytes(&float::shortest(score))),
    }
}

/// Whether all scores are numbers, and members in order.
pub(super) enum Soundness {
    Sorted,
    Unsorted,
    /// Some score is none.
    Broken,
}

/// Looks at a stranger's listpack.
pub(super) fn soundness(pack: &Listpack) -> Soundness {
    let mut sorted = true;
    let mut before: Option<(Element<'_>, f64)> = None;
    for (member, text) in pack.pairs() {
        let Some(score) = score(text) else { return Soundness::Broken };
        if let Some((other, least)) = before {
            let mut buf = ElementBuf::new();
            let bytes = member.bytes(&mut buf);
            sorted &= compare(least, score).then_with(|| other.cmp_bytes(bytes)).is_lt();
        }
        before = Some((member, score));
    }
    if sorted { Soundness::Sorted } else { Soundness::Unsorted }
}
