//! Epochs and votes: one vote per epoch, and it is never taken back.
//!
//! # Invariants
//! - A Sentinel votes once in an epoch of a group; the vote is on disk before anybody hears of it (`ledger`).
//! - The current epoch never goes back.
//! - Who is elected has the votes of more than half of all Sentinels ever seen, and at least `quorum` of them. Two
//!   majorities have a member in common, so an epoch has one leader at the most.

use std::collections::BTreeMap;

/// Whom we voted for last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ballot {
    pub(crate) leader: Option<String>,
    pub(crate) epoch: u64,
}

/// What a request for a vote has led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    /// The epoch has grown to that of the request.
    pub(crate) new_epoch: bool,
    /// We have voted just now.
    pub(crate) voted: bool,
}

/// Somebody wants our vote in `epoch`.
pub(crate) fn answer(
    ballot: &mut Ballot,
    current_epoch: &mut u64,
    epoch: u64,
    candidate: &str,
) -> Answer {
    // An epoch in which we have voted has been there, whatever the file says.
    let latest = epoch.max(ballot.epoch);
    let new_epoch = latest > *current_epoch;
    *current_epoch = latest.max(*current_epoch);
    let voted = ballot.epoch < epoch && *current_epoch <= epoch;
    if voted {
        *ballot = Ballot { leader: Some(candidate.to_owned()), epoch: *current_epoch };
    }
    Answer { new_epoch, voted }
}

/// The votes that were cast in one epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Count {
    /// The one with most votes, and how many.
    pub(crate) ahead: Option<(String, usize)>,
    /// How many have not voted, or we have not heard of it.
    pub(crate) open: usize,
    /// How many it takes.
    pub(crate) needed: usize,
}

impl Count {
    /// Counts. `votes` are those of our peers and our own; `voters` is everybody.
    pub(crate) fn of<'a>(
        votes: impl Iterator<Item = &'a str>,
        voters: usize,
        quorum: usize,
    ) -> Count {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        let mut cast = 0;
        for vote in votes {
            *counts.entry(vote).or_default() += 1;
            cast += 1;
        }
        let mut ahead: Option<(String, usize)> = None;
        for (candidate, count) in counts {
            if ahead.as_ref().is_none_or(|(_, most)| count > *most) {
                ahead = Some((candidate.to_owned(), count));
            }
        }
        Count { ahead, open: voters.saturating_sub(cast), needed: (voters / 2 + 1).max(quorum) }
    }

    /// Who has won.
    pub(crate) fn winner(&self) -> Option<&str> {
        let (candidate, count) = self.ahead.as_ref()?;
        (*count >= self.needed).then_some(candidate)
    }

    /// Who has most votes, as long as he may win or has won.
    pub(crate) fn possible_winner(&self) -> Option<&str> {
        let (candidate, count) = self.ahead.as_ref()?;
        (!self.is_lost(*count)).then_some(candidate)
    }

    /// True where `candidate`, who has so many votes, cannot win any more.
    pub(crate) fn is_lost(&self, own: usize) -> bool {
        own + self.open < self.needed
    }
}

/// In which order Sentinels stand for election: those who are up, sorted by a hash of their id and the epoch, so that
/// an order that failed is not the order of the next time. The place of `me`, counting from zero.
pub(crate) fn place<'a>(me: &str, others: impl Iterator<Item = &'a str>, epoch: u64) -> usize {
    let key = |id: &str| stdx::crc64(epoch, id.as_bytes());
    let mine = key(me);
    others.filter(|id| key(id) < mine).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_vote_is_given_once_an_epoch() {
        let (mut ballot, mut current) = (Ballot::default(), 3);
        let vote = |ballot: &mut Ballot, current: &mut u64, epoch, who| {
            let answer = answer(ballot, current, epoch, who);
            (answer.new_epoch, answer.voted, ballot.leader.clone().unwrap_or_default(), *current)
        };
        let mut ask = |epoch, who| vote(&mut ballot, &mut current, epoch, who);
        assert_eq!(ask(2, "a"), (false, false, String::new(), 3), "an epoch gone by");
        assert_eq!(ask(3, "a"), (false, true, "a".into(), 3));
        assert_eq!(ask(3, "b"), (false, false, "a".into(), 3));
        assert_eq!(ask(7, "b"), (true, true, "b".into(), 7));
        assert_eq!(ask(6, "a"), (false, false, "b".into(), 7));
    }

    #[test]
    fn a_majority_of_all_and_the_quorum_elect() {
        for (votes, voters, quorum, winner, lost) in [
            (&["a", "a"][..], 3, 2, Some("a"), false),
            (&["a", "b"], 3, 2, None, false),
            (&["a", "b", "b"], 3, 2, Some("b"), true),
            (&["a"], 1, 1, Some("a"), false),
            (&["a", "a"], 3, 3, None, false),
            (&["a", "a", "b"], 3, 3, None, true),
            (&["a", "a"], 4, 1, None, false),
            (&["b", "b", "c", "c", "a"], 5, 2, None, true),
        ] {
            let count = Count::of(votes.iter().copied(), voters, quorum);
            let own = votes.iter().filter(|vote| **vote == "a").count();
            assert_eq!(
                (count.winner(), count.is_lost(own)),
                (winner, lost),
                "{votes:?} of {voters}"
            );
        }
    }

    #[test]
    fn everybody_agrees_on_the_order_and_it_changes() {
        let ids = ["a", "b", "c", "d", "e"];
        let order = |epoch| -> Vec<usize> {
            ids.iter()
                .map(|me| place(me, ids.iter().copied().filter(|id| id != me), epoch))
                .collect()
        };
        let mut sorted = order(1);
        sorted.sort_unstable();
        assert_eq!(sorted, [0, 1, 2, 3, 4]);
        assert!((1..20).any(|epoch| order(epoch) != order(1)));
    }

    proptest! {
        #[test]
        fn epochs_only_grow_and_a_vote_stays(requests in prop::collection::vec((0u64..20, 0u8..5), 0..50)) {
            let (mut ballot, mut current) = (Ballot::default(), 0);
            let mut given: BTreeMap<u64, String> = BTreeMap::new();
            for (epoch, who) in requests {
                let before = current;
                answer(&mut ballot, &mut current, epoch, &who.to_string());
                prop_assert!(current >= before);
                if let Some(leader) = &ballot.leader {
                    let first = given.entry(ballot.epoch).or_insert_with(|| leader.clone());
                    prop_assert_eq!(first, leader);
                }
            }
        }
    }
}
