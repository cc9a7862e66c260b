//! A session: what we know about a connected peer.

use crate::ledger::{Lane, Version};
use acl::User;
use resp::{Owned, Proto};
use session::{Inbox, Subscriptions};
use std::sync::Arc;
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
    /// Who speaks here, `default` until somebody else has logged in.
    pub(crate) user: Arc<User>,
    /// Somebody has logged in, or nobody had to when the session began.
    pub(crate) authenticated: bool,
    /// Requests run without anybody logging in, or somebody has.
    pub(crate) is_let_in: bool,
    /// Nothing has to be asked before a request runs: let in, with a user who may do everything.
    pub(crate) is_free: bool,
    pub(crate) proto: Proto,
    /// What CLIENT SETNAME and CLIENT SETINFO said. A Sentinel is called `sentinel-` and the beginning of its id.
    pub(crate) name: Vec<u8>,
    pub(crate) lib_name: Vec<u8>,
    pub(crate) lib_version: Vec<u8>,
    pub(crate) inbox: Inbox,
    pub(crate) out: Lane,
    pub(crate) reply_mode: ReplyMode,
    pub(crate) closing: Option<Closing>,
    /// It waits, and what it sends waits with it.
    pub(crate) parked: Option<Parked>,
    pub(crate) subscriptions: Option<Box<Subscriptions>>,
    /// `client|list` and its kind.
    pub(crate) last_command: String,
    /// It has asked for a vote.
    pub(crate) awaits_vote: bool,
    /// Scripts that its request names, and whether they may be run.
    pub(crate) looked: Vec<(String, bool)>,
    pub(crate) no_evict: bool,
    /// When the soft limit of what waits to be sent was first exceeded, while it is.
    pub(crate) soft_limit_since: Option<Instant>,
}

/// What a session waits for.
#[derive(Debug)]
pub(crate) enum Parked {
    /// The disk: whether it has this version of the state.
    Saving(Version),
    /// The answers to what SENTINEL CKQUORUM asks.
    Trial,
    /// The end of CLIENT PAUSE; then this request runs.
    Pause(Owned),
    /// The disk: whether a script may be run. Then this request runs again.
    Look(Owned),
}

/// A session that is about to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Closing {
    AfterSending,
    Now,
}

/// What becomes of replies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReplyMode {
    On,
    Off,
    /// CLIENT REPLY SKIP was said: the next command's reply is left out.
    SkipNext,
    /// This command is the next one.
    Skipping,
}

impl ReplyMode {
    /// True where the running command's reply goes nowhere. Messages go out all the same.
    pub(crate) fn is_silent(self) -> bool {
        matches!(self, ReplyMode::Off | ReplyMode::Skipping)
    }

    /// What is true for the next command.
    pub(super) fn after_reply(self) -> ReplyMode {
        if self == ReplyMode::Skipping { ReplyMode::On } else { self }
    }
}

impl Session {
    pub(crate) fn new(
        id: u64,
        conn: ConnId,
        peer: Peer,
        local: Peer,
        user: Arc<User>,
        now: Instant,
    ) -> Session {
        Session {
            id,
            conn,
            peer,
            local,
            created: now,
            active: now,
            user,
            authenticated: false,
            is_let_in: false,
            is_free: false,
            proto: Proto::Resp2,
            name: Vec::new(),
            lib_name: Vec::new(),
            lib_version: Vec::new(),
            inbox: Inbox::default(),
            out: Lane::default(),
            reply_mode: ReplyMode::On,
            closing: None,
            parked: None,
            subscriptions: None,
            last_command: "NULL".to_owned(),
            awaits_vote: false,
            looked: Vec::new(),
            no_evict: false,
            soft_limit_since: None,
        }
    }

    /// True while the next request may run.
    pub(crate) fn may_run(&self) -> bool {
        self.closing.is_none() && self.parked.is_none()
    }

    /// How many channels and patterns the session listens to.
    pub(crate) fn subscription_count(&self) -> usize {
        self.subscriptions.as_ref().map_or(0, |it| it.count())
    }

    /// Under RESP2 a subscribed session may only manage its subscriptions.
    pub(crate) fn is_listening_only(&self) -> bool {
        self.proto == Proto::Resp2 && self.subscription_count() > 0
    }

    /// The beginning of the id of the Sentinel that this is, if it is one.
    pub(crate) fn peer_id(&self) -> Option<&str> {
        let name = std::str::from_utf8(&self.name).ok()?;
        name.strip_prefix("sentinel-")?.strip_suffix("-cmd").filter(|id| id.len() == 8)
    }
}
