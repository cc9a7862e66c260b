//! The prefixes that one session has chosen, none of which lies below another.
//!
//! A session may choose very many, at once or one by one, so that overlaps are found by order: what lies below a
//! prefix follows it, and nothing else comes between.

use std::collections::BTreeSet;
use std::ops::Bound;

/// Prefixes that do not overlap, but for the empty one: a session that names none has it beside all others.
#[derive(Debug, Default)]
pub(crate) struct Chosen {
    /// Invariant: none begins with another, unless that is empty.
    prefixes: BTreeSet<Box<[u8]>>,
    bytes: usize,
}

/// What a prefix takes beyond itself, about.
const PREFIX_BYTES: usize = 48;

/// Two prefixes that overlap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Overlap<'a> {
    /// The first of those that are asked for, and one that the session has.
    Existing(&'a [u8], &'a [u8]),
    /// Two of those that are asked for.
    Provided(&'a [u8], &'a [u8]),
}

impl Chosen {
    /// These prefixes, or the empty one where there are none; beside `old` they must not overlap.
    pub(crate) fn new<'a>(
        wanted: &[&'a [u8]],
        old: Option<&'a Chosen>,
    ) -> Result<Chosen, Overlap<'a>> {
        let twice = first_that_overlaps(wanted);
        for (at, &prefix) in wanted.iter().enumerate() {
            if let Some(other) = old.and_then(|old| old.overlapping(prefix)) {
                return Err(Overlap::Existing(prefix, other));
            }
            if twice == Some(at) {
                let other = wanted[at + 1..].iter().find(|it| overlap(prefix, it));
                return Err(Overlap::Provided(
                    prefix,
                    other.expect("it overlaps with a later one"),
                ));
            }
        }
        let mut chosen = Chosen::default();
        wanted.iter().for_each(|prefix| chosen.insert((*prefix).into()));
        if wanted.is_empty() {
            chosen.insert(Box::default());
        }
        Ok(chosen)
    }

    /// Adds others, which do not overlap with these.
    pub(crate) fn extend(&mut self, others: Chosen) {
        others.prefixes.into_iter().for_each(|prefix| self.insert(prefix));
    }

    /// All of them, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.prefixes.iter().map(|prefix| &**prefix)
    }

    /// Bytes of memory, about.
    pub(crate) fn memory(&self) -> usize {
        self.bytes
    }

    fn insert(&mut self, prefix: Box<[u8]>) {
        let bytes = prefix.len() + PREFIX_BYTES;
        if self.prefixes.insert(prefix) {
            self.bytes += bytes;
        }
    }

    /// The first of these that overlaps with `prefix`: the last one before it may hold it, the next may lie below it.
    fn overlapping(&self, prefix: &[u8]) -> Option<&[u8]> {
        if let Some(empty) = self.prefixes.first().filter(|it| it.is_empty()) {
            return Some(empty);
        }
        let before = (Bound::Unbounded, Bound::Included(prefix));
        let behind = (Bound::Excluded(prefix), Bound::Unbounded);
        let last = self.prefixes.range::<[u8], _>(before).next_back();
        let next = self.prefixes.range::<[u8], _>(behind).next();
        [last, next].into_iter().flatten().map(|it| &**it).find(|it| overlap(prefix, it))
    }
}

/// Where the first is that overlaps with a later one.
fn first_that_overlaps(wanted: &[&[u8]]) -> Option<usize> {
    let mut sorted: Vec<(&[u8], usize)> = wanted.iter().copied().zip(0..).collect();
    sorted.sort_unstable();
    let mut top: Option<(&[u8], usize)> = None;
    let mut first: Option<usize> = None;
    for &(prefix, at) in &sorted {
        match top {
            // Everything from a prefix to the last that lies below it overlaps with it.
            Some((over, top_at)) if prefix.starts_with(over) => {
                let least = at.min(top_at);
                first = Some(first.map_or(least, |first| first.min(least)));
            }
            _ => top = Some((prefix, at)),
        }
    }
    first
}

fn overlap(a: &[u8], b: &[u8]) -> bool {
    a.starts_with(b) || b.starts_with(a)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::disallowed_methods)]

    use super::*;
    use std::time::{Duration, Instant};
    use stdx::Prng;

    /// The same by looking at all pairs.
    fn by_pairs<'a>(wanted: &[&'a [u8]], old: &'a Chosen) -> Option<Overlap<'a>> {
        for (at, &prefix) in wanted.iter().enumerate() {
            if let Some(other) = old.iter().find(|other| overlap(prefix, other)) {
                return Some(Overlap::Existing(prefix, other));
            }
            if let Some(other) = wanted[at + 1..].iter().find(|other| overlap(prefix, other)) {
                return Some(Overlap::Provided(prefix, other));
            }
        }
        None
    }

    #[test]
    fn overlaps_are_those_that_all_pairs_show() {
        let mut prng = Prng::new(7);
        let (mut found, mut none) = (0, 0);
        for _ in 0..20_000 {
            let mut words = || -> Vec<Vec<u8>> {
                let count = prng.below(4);
                (0..count)
                    .map(|_| (0..prng.below(5)).map(|_| b"ab"[prng.below(2) as usize]).collect())
                    .collect()
            };
            let (have, wanted) = (words(), words());
            let have: Vec<&[u8]> = have.iter().map(Vec::as_slice).collect();
            let wanted: Vec<&[u8]> = wanted.iter().map(Vec::as_slice).collect();
            let old = match Chosen::new(&have, None) {
                Ok(mut old) if !have.is_empty() => {
                    if prng.below(4) == 0 {
                        old.extend(Chosen::new(&[], Some(&old)).expect("it is not looked at"));
                    }
                    old
                }
                Ok(_) => Chosen::default(),
                Err(overlap) => {
                    assert_eq!(by_pairs(&have, &Chosen::default()), Some(overlap));
                    continue;
                }
            };
            let said = Chosen::new(&wanted, Some(&old)).err();
            assert_eq!(said, by_pairs(&wanted, &old), "{have:?} {wanted:?}");
            *(if said.is_some() { &mut found } else { &mut none }) += 1;
        }
        assert!(found > 1000 && none > 1000, "{found} {none}");
    }

    #[test]
    fn what_many_prefixes_cost_grows_with_their_number_and_no_faster() {
        let time = |count: u32| {
            let begin = Instant::now();
            let names: Vec<[u8; 4]> = (0..count).map(u32::to_be_bytes).collect();
            let wanted: Vec<&[u8]> = names.iter().map(|it| &it[..]).collect();
            let half = wanted.len() / 2;
            let mut chosen = Chosen::new(&wanted[..half], None).expect("no overlap");
            for prefix in &wanted[half..] {
                let one = Chosen::new(&[prefix], Some(&chosen)).expect("no overlap");
                chosen.extend(one);
            }
            assert_eq!(chosen.memory(), wanted.len() * (4 + PREFIX_BYTES));
            begin.elapsed()
        };
        let (few, many) = (time(10_000), time(160_000));
        assert!(many < few * 80 + Duration::from_secs(3), "{few:?}, then {many:?}");
    }
}
