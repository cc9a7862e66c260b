//! The phases of the link to our primary, and which follows which.
//!
//! ```text
//!   Idle -> Dialing -> Handshaking -+-> Following                       (+CONTINUE)
//!    ^                              +-> Receiving -> Loading -> Following (+FULLRESYNC)
//!    +---- whatever goes wrong, in any phase; the tick dials again
//! ```

use super::follow::Follow;
use super::handshake::Handshake;
use super::transfer::Transfer;
use crate::{Offset, ReplicationId};
use stdx::Instant;

/// Where the link stands, without the details.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkPhase {
    /// Not connected; the next tick dials.
    Idle,
    /// A connection is being made.
    Dialing,
    /// Introducing ourselves.
    Handshaking,
    /// A snapshot arrives.
    Receiving,
    /// A snapshot is complete and the owner loads it.
    Loading,
    /// The stream arrives.
    Following,
}

impl LinkPhase {
    /// As ROLE spells it.
    pub fn name(self) -> &'static str {
        match self {
            LinkPhase::Idle => "connect",
            LinkPhase::Dialing => "connecting",
            LinkPhase::Handshaking => "handshake",
            LinkPhase::Receiving | LinkPhase::Loading => "sync",
            LinkPhase::Following => "connected",
        }
    }
}

/// What moves the link on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkInput {
    /// We asked for a connection.
    Dial,
    /// It is there.
    Dialed,
    /// The primary lets us go on from where we were.
    Continue,
    /// The primary sends a snapshot.
    FullResync,
    /// The last byte of the snapshot is here.
    Received,
    /// The snapshot is loaded.
    Loaded,
    /// Anything went wrong: refused, lost, timed out, not loadable.
    Broken,
}

/// Where `phase` goes on `input`; `None` where that cannot happen or means nothing.
pub fn next(phase: LinkPhase, input: LinkInput) -> Option<LinkPhase> {
    use LinkInput::*;
    use LinkPhase::*;
    Some(match (phase, input) {
        (Idle, Dial) => Dialing,
        (Dialing, Dialed) => Handshaking,
        (Handshaking, Continue) => Following,
        (Handshaking, FullResync) => Receiving,
        (Receiving, Received) => Loading,
        (Loading, Loaded) => Following,
        (Dialing | Handshaking | Receiving | Loading | Following, Broken) => Idle,
        _ => return None,
    })
}

/// A snapshot that the owner loads.
#[derive(Debug)]
pub(super) struct Loading {
    pub(super) transfer: Transfer,
    /// What came after the snapshot: the beginning of the stream.
    pub(super) early: Vec<u8>,
    /// We have left our old history: the old data is going or gone.
    pub(super) adopted: bool,
    /// The connection is gone.
    pub(super) lost: bool,
}

/// A phase with what only it needs.
#[derive(Debug)]
pub(super) enum Phase {
    Idle,
    Dialing,
    Handshaking(Handshake),
    Receiving(Transfer),
    Loading(Loading),
    Following(Follow),
}

impl Phase {
    pub(super) fn kind(&self) -> LinkPhase {
        match self {
            Phase::Idle => LinkPhase::Idle,
            Phase::Dialing => LinkPhase::Dialing,
            Phase::Handshaking(_) => LinkPhase::Handshaking,
            Phase::Receiving(_) => LinkPhase::Receiving,
            Phase::Loading(_) => LinkPhase::Loading,
            Phase::Following(_) => LinkPhase::Following,
        }
    }
}

/// Where we were when we lost our primary: what we ask to go on from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) id: ReplicationId,
    pub(super) offset: Offset,
}

/// Deadlines are counted in whole seconds of silence, as Redis does.
pub(super) fn silent_for_secs(now: Instant, since: Instant) -> u64 {
    now.ms_since(since) / 1000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transitions() {
        use LinkInput::*;
        use LinkPhase::*;
        let mut matrix = String::new();
        for phase in [Idle, Dialing, Handshaking, Receiving, Loading, Following] {
            for input in [Dial, Dialed, Continue, FullResync, Received, Loaded, Broken] {
                if let Some(to) = next(phase, input) {
                    matrix += &format!("{phase:?} --{input:?}--> {to:?}\n");
                }
            }
        }
        expect_test::expect![[r#"
            Idle --Dial--> Dialing
            Dialing --Dialed--> Handshaking
            Dialing --Broken--> Idle
            Handshaking --Continue--> Following
            Handshaking --FullResync--> Receiving
            Handshaking --Broken--> Idle
            Receiving --Received--> Loading
            Receiving --Broken--> Idle
            Loading --Loaded--> Following
            Loading --Broken--> Idle
            Following --Broken--> Idle
        "#]]
        .assert_eq(&matrix);
    }
}
