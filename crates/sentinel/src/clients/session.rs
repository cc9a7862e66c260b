//! A session: what we know about a connected peer.

use crate::ledger::Lane;
use resp::{Proto, RequestParser};
use stdx::Instant;
use world::{ConnId, Peer};

/// One connected peer.
#[derive(Debug)]
pub(crate) struct Session {
    /// Unique for the life of the process, as CLIENT ID tells it.
    pub(crate) id: u64,
    pub(crate) conn: ConnId,
    pub(crate) peer: Peer,
    pub(crate) local: Peer,
    pub(crate) created: Instant,
    /// When it last sent something.
    pub(crate) active: Instant,
    pub(crate) authenticated: bool,
    pub(crate) proto: Proto,
    /// What CLIENT SETNAME said. A Sentinel is called `sentinel-` and the beginning of its id.
    pub(crate) name: Vec<u8>,
    pub(crate) parser: RequestParser,
    pub(crate) unread: Vec<u8>,
    pub(crate) out: Lane,
    pub(crate) closing: Option<Closing>,
    /// It has asked for a vote.
    pub(crate) awaits_vote: bool,
}

/// A session that is about to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Closing {
    AfterSending,
    Now,
}

impl Session {
    pub(crate) fn new(id: u64, conn: ConnId, peer: Peer, local: Peer, now: Instant) -> Session {
        Session {
            id,
            conn,
            peer,
            local,
            created: now,
            active: now,
            authenticated: false,
            proto: Proto::Resp2,
            name: Vec::new(),
            parser: RequestParser::default(),
            unread: Vec::new(),
            out: Lane::default(),
            closing: None,
            awaits_vote: false,
        }
    }

    /// The beginning of the id of the Sentinel that this is, if it is one.
    pub(crate) fn peer_id(&self) -> Option<&str> {
        let name = std::str::from_utf8(&self.name).ok()?;
        name.strip_prefix("sentinel-")?.strip_suffix("-cmd").filter(|id| id.len() == 8)
    }
}
