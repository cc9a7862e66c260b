//! Full or partial? The decision that PSYNC asks for, as a pure function.
//!
//! A replica names the history that it knows and the first byte that it lacks. It may go on from there if the name
//! is ours, or was ours until past that byte, and if we still keep the bytes from there on.

use crate::{History, Log, Offset};

/// What a replica asks for with PSYNC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request<'a> {
    /// The history it knows, or `?`.
    pub id: &'a [u8],
    /// The number of the first byte it lacks, counting from 1, or -1.
    pub first_byte: i64,
}

/// What it gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resync {
    /// The stream from here on.
    Partial { from: Offset },
    /// A snapshot and the stream from there on.
    Full(FullReason),
}

/// Why a replica could not go on from where it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FullReason {
    /// It asked for it: it knows no history.
    Requested,
    /// It used SYNC, which knows no other way.
    OldProtocol,
    /// It knows a history that is not ours.
    UnknownHistory,
    /// It knows our former history, but went further in it than we did.
    PartedHistory,
    /// We keep no history.
    NoBacklog,
    /// What it lacks first is not kept any more.
    TooOld,
    /// It claims to have what we have not written.
    AheadOfUs,
}

impl FullReason {
    /// Each of them, in the order of their numbers.
    pub const ALL: [FullReason; 7] = [
        FullReason::Requested,
        FullReason::OldProtocol,
        FullReason::UnknownHistory,
        FullReason::PartedHistory,
        FullReason::NoBacklog,
        FullReason::TooOld,
        FullReason::AheadOfUs,
    ];

    /// As a field of INFO.
    pub fn name(self) -> &'static str {
        match self {
            FullReason::Requested => "requested",
            FullReason::OldProtocol => "old_protocol",
            FullReason::UnknownHistory => "unknown_history",
            FullReason::PartedHistory => "parted_history",
            FullReason::NoBacklog => "no_backlog",
            FullReason::TooOld => "too_old",
            FullReason::AheadOfUs => "ahead_of_us",
        }
    }
}

/// Decides a PSYNC.
pub fn decide(request: Request<'_>, history: &History, log: &Log) -> Resync {
    let at = Offset::before_byte(request.first_byte);
    if !history.id.is(request.id) {
        if request.id.first() == Some(&b'?') {
            return Resync::Full(FullReason::Requested);
        }
        if !history.id2.is(request.id) {
            return Resync::Full(FullReason::UnknownHistory);
        }
        if at.is_none() || at > history.parted_at {
            return Resync::Full(FullReason::PartedHistory);
        }
    }
    let reason = match at {
        Some(from) if log.holds(from) => return Resync::Partial { from },
        Some(at) if at > log.end() => FullReason::AheadOfUs,
        _ if !log.is_open() => FullReason::NoBacklog,
        _ => FullReason::TooOld,
    };
    Resync::Full(reason)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ReplicationId;
    use world::Secrets;

    #[test]
    fn the_decision_by_name_and_position() {
        let mut secrets = Secrets::made_up(1);
        let mut history = History::new(&mut secrets);
        let former = history.id;
        history.shift(Offset(1000), ReplicationId::fresh(&mut secrets));
        let mut log = Log::new(16 << 10);
        log.restart(Offset(900));
        log.append(&[0; 200]);
        let (ours, strange) = (history.id.to_string(), "x".repeat(40));
        let former = former.to_string();
        use FullReason::*;
        let full = Resync::Full;
        for (what, id, first_byte, want) in [
            ("asks for a full one", "?", -1, full(Requested)),
            ("knows nothing of us", &strange, 950, full(UnknownHistory)),
            ("has everything", &ours, 1101, Resync::Partial { from: Offset(1100) }),
            ("lacks all we keep", &ours, 901, Resync::Partial { from: Offset(900) }),
            ("lacks one byte more", &ours, 900, full(TooOld)),
            ("is ahead of us", &ours, 1102, full(AheadOfUs)),
            ("sends nonsense", &ours, -7, full(TooOld)),
            ("knows the former name", &former, 1001, Resync::Partial { from: Offset(1000) }),
            ("went further in it", &former, 1002, full(PartedHistory)),
            ("former name, nonsense", &former, -1, full(PartedHistory)),
            (
                "the name in capitals",
                &ours.to_uppercase(),
                1000,
                Resync::Partial { from: Offset(999) },
            ),
        ] {
            let request = Request { id: id.as_bytes(), first_byte };
            assert_eq!(decide(request, &history, &log), want, "a replica that {what}");
        }
        let closed = Log::new(16 << 10);
        let request = Request { id: ours.as_bytes(), first_byte: 0 };
        assert_eq!(decide(request, &history, &closed), full(NoBacklog));
    }

    #[test]
    fn every_reason_has_its_place() {
        assert!(FullReason::ALL.iter().enumerate().all(|(i, reason)| *reason as usize == i));
    }
}
