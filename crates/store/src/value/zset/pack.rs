//! The small form of a sorted set: a listpack of members, each followed by its score, in order.

use std::cmp::Ordering;

use ds::Element;
use ds::listpack::Listpack;
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
            let bytes = member.to_vec();
            sorted &= compare(least, score).then_with(|| other.cmp_bytes(&bytes)).is_lt();
        }
        before = Some((member, score));
    }
    if sorted { Soundness::Sorted } else { Soundness::Unsorted }
}
