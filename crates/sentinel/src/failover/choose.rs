//! Which replica is promoted: a pure ordering, with a reason for everybody.

use crate::group::InstanceId;
use std::cmp::Reverse;
use std::fmt;

/// A replica as it stands for promotion. Ages in milliseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    pub(crate) id: InstanceId,
    pub(crate) name: String,
    pub(crate) down: bool,
    pub(crate) connected: bool,
    /// Since it last answered a PING well.
    pub(crate) silent_ms: u64,
    /// Since its last INFO; none if there never was one.
    pub(crate) info_age_ms: Option<u64>,
    pub(crate) loading: bool,
    /// It has, or had, a whole dataset of its primary.
    pub(crate) synced: bool,
    /// It has been seen to belong to the group.
    pub(crate) verified: bool,
    pub(crate) link_down_ms: u64,
    /// It calls itself a primary, and may have gone its own way for long: a last resort.
    pub(crate) astray: bool,
    pub(crate) priority: u32,
    pub(crate) offset: u64,
    pub(crate) run_id: Option<String>,
}

/// What a candidate must not exceed. Milliseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) silent_ms: u64,
    pub(crate) info_age_ms: u64,
    /// The time for which the primary has been down, and ten times `down-after-milliseconds`.
    pub(crate) link_down_ms: u64,
    pub(crate) synced_only: bool,
}

/// Why a replica is not promoted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    Down,
    Disconnected,
    Silent,
    NoPriority,
    OldNews,
    Loading,
    NeverSynced,
    Foreign,
    CutOff,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Refusal::Down => "it is down",
            Refusal::Disconnected => "there is no connection to it",
            Refusal::Silent => "it has not answered a PING lately",
            Refusal::NoPriority => "its priority is 0: it is never to be promoted",
            Refusal::OldNews => "its last INFO is too old",
            Refusal::Loading => "it is loading its dataset",
            Refusal::NeverSynced => "it never finished its first synchronization",
            Refusal::Foreign => "it does not follow this master",
            Refusal::CutOff => "its link to the master was down for too long",
        })
    }
}

/// Whether a replica may be promoted at all.
pub(crate) fn refusal(candidate: &Candidate, limits: Limits) -> Option<Refusal> {
    let too_old = candidate.info_age_ms.is_none_or(|age| age > limits.info_age_ms);
    [
        (candidate.down, Refusal::Down),
        (!candidate.connected, Refusal::Disconnected),
        (candidate.silent_ms > limits.silent_ms, Refusal::Silent),
        (candidate.priority == 0, Refusal::NoPriority),
        (too_old, Refusal::OldNews),
        (candidate.loading, Refusal::Loading),
        (!candidate.verified, Refusal::Foreign),
        (limits.synced_only && !candidate.synced, Refusal::NeverSynced),
        (candidate.link_down_ms > limits.link_down_ms, Refusal::CutOff),
    ]
    .into_iter()
    .find_map(|(applies, refusal)| applies.then_some(refusal))
}

/// The best of those who may be promoted: lowest priority, then most data, then the smallest run id. A replica comes
/// before everybody who is none.
pub(crate) fn best(candidates: &[Candidate], limits: Limits) -> Option<&Candidate> {
    let order = |it: &&Candidate| {
        let run_id = it.run_id.as_ref().map(|id| id.to_ascii_lowercase());
        // No run id comes last: an instance that does not tell is very old.
        (it.astray, it.priority, Reverse(it.offset), run_id.is_none(), run_id)
    };
    candidates.iter().filter(|it| refusal(it, limits).is_none()).min_by_key(order)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits =
        Limits { silent_ms: 5000, info_age_ms: 5000, link_down_ms: 10_000, synced_only: true };

    fn good(name: &str) -> Candidate {
        Candidate {
            id: InstanceId(0),
            name: name.into(),
            down: false,
            connected: true,
            silent_ms: 0,
            info_age_ms: Some(0),
            loading: false,
            synced: true,
            verified: true,
            link_down_ms: 0,
            astray: false,
            priority: 100,
            offset: 1000,
            run_id: Some(name.into()),
        }
    }

    #[test]
    fn each_refusal_has_its_reason() {
        type Change = fn(&mut Candidate);
        let cases: [(Change, Option<Refusal>); 12] = [
            (|_| {}, None),
            (|it| it.down = true, Some(Refusal::Down)),
            (|it| it.connected = false, Some(Refusal::Disconnected)),
            (|it| it.silent_ms = 5001, Some(Refusal::Silent)),
            (|it| it.priority = 0, Some(Refusal::NoPriority)),
            (|it| it.info_age_ms = Some(5001), Some(Refusal::OldNews)),
            (|it| it.info_age_ms = None, Some(Refusal::OldNews)),
            (|it| it.loading = true, Some(Refusal::Loading)),
            (|it| it.synced = false, Some(Refusal::NeverSynced)),
            (|it| it.verified = false, Some(Refusal::Foreign)),
            (|it| it.link_down_ms = 10_001, Some(Refusal::CutOff)),
            (|it| it.link_down_ms = 10_000, None),
        ];
        for (change, want) in cases {
            let mut candidate = good("a");
            change(&mut candidate);
            assert_eq!(refusal(&candidate, LIMITS), want, "{candidate:?}");
        }
    }

    #[test]
    fn priority_then_offset_then_run_id() {
        let with = |name, priority, offset| Candidate { priority, offset, ..good(name) };
        let nameless = Candidate { run_id: None, ..good("0") };
        for (candidates, want) in [
            (vec![with("a", 100, 5), with("b", 90, 1)], Some("b")),
            (vec![with("a", 100, 5), with("b", 100, 6)], Some("b")),
            (vec![with("b", 100, 5), with("A", 100, 5)], Some("A")),
            (vec![nameless, with("z", 100, 1000)], Some("z")),
            (vec![Candidate { down: true, ..good("a") }, with("b", 200, 0)], Some("b")),
            (vec![Candidate { astray: true, ..with("a", 1, 9) }, with("b", 200, 0)], Some("b")),
            (vec![Candidate { astray: true, ..good("a") }], Some("a")),
            (vec![Candidate { loading: true, ..good("a") }], None),
            (vec![], None),
        ] {
            let best = best(&candidates, LIMITS).map(|it| it.name.as_str());
            assert_eq!(best, want, "{candidates:?}");
        }
    }
}
