//! A session: what we know about a connected peer.

mod table;

pub(crate) use table::Sessions;

use crate::blocking::Parked;
use crate::registry::CommandId;
use crate::tracking::Tracker;
use crate::transaction::{Transaction, Watched};
use ::session::{Inbox, Outbox, Subscriptions};
use acl::User;
use resp::Proto;
use std::sync::Arc;
use stdx::{Instant, Now};
use world::{ConnId, Peer};

/// One connected peer.
pub(crate) struct Session {
    /// Unique for the life of the process, as CLIENT ID tells it.
    pub(crate) id: u64,
    pub(crate) conn: ConnId,
    pub(crate) peer: Peer,
    pub(crate) local: Peer,
    pub(crate) created: Instant,
    /// When the peer last sent something.
    pub(crate) active: Instant,
    pub(crate) role: Role,
    /// Who speaks here, `default` until somebody else has logged in. Nobody is the master: it may do everything.
    pub(crate) user: Option<Arc<User>>,
    /// Somebody has logged in, or nobody had to when the session began.
    pub(crate) authenticated: bool,
    /// Requests run without anybody logging in, or somebody has.
    pub(crate) is_let_in: bool,
    /// Nothing has to be asked before a request runs: let in, with a user who may do everything.
    pub(crate) is_free: bool,
    /// The request that runs may read keys that it does not name.
    pub(crate) reads_any_key: bool,
    pub(crate) proto: Proto,
    pub(crate) db: usize,
    /// What CLIENT SETNAME and CLIENT SETINFO said.
    pub(crate) name: Vec<u8>,
    pub(crate) lib_name: Vec<u8>,
    pub(crate) lib_version: Vec<u8>,
    /// Present but while a request of this session runs.
    pub(crate) inbox: Option<Box<Inbox>>,
    /// Bytes of the input that runs while the inbox is lent out.
    pub(crate) running: usize,
    pub(crate) out: Outbox,
    /// Bytes of the words of the request that runs, where it shows its own session.
    pub(crate) argv_bytes: usize,
    /// The commands that EXEC runs, and their bytes, while it runs.
    pub(crate) executing: Option<Queued>,
    /// So much output waits that its requests wait as well.
    pub(crate) held: bool,
    /// It has used up its share of the turn, and goes on when it is given the next.
    pub(crate) awaits_share: bool,
    /// Nothing is read from it until some of what it has sent has run.
    pub(crate) is_unread: bool,
    pub(crate) reply_mode: ReplyMode,
    pub(crate) closing: Option<Closing>,
    /// MULTI was said, and these commands wait for EXEC.
    pub(crate) transaction: Option<Box<Transaction>>,
    pub(crate) watches: Watched,
    /// A watched key has changed: EXEC will answer null.
    pub(crate) watch_broken: bool,
    /// The session waits: for a key, for replicas, for a disk.
    pub(crate) parked: Option<Box<Parked>>,
    pub(crate) subscriptions: Option<Box<Subscriptions>>,
    /// CLIENT TRACKING was said: somebody is told when keys change.
    pub(crate) tracker: Option<Box<Tracker>>,
    pub(crate) last_command: Option<CommandId>,
    /// CLIENT NO-EVICT: not closed to make room.
    pub(crate) no_evict: bool,
    /// CLIENT NO-TOUCH: reads leave LRU and LFU alone.
    pub(crate) no_touch: bool,
    /// Where the stream was after this session's last write: what WAIT waits for.
    pub(crate) wrote_up_to: replication::Offset,
    pub(crate) net_in: u64,
    /// Bytes of memory, as they were when it was last weighed.
    pub(crate) weight: usize,
    pub(crate) net_out: u64,
    /// When the soft limit of the output buffer was first exceeded, while it is.
    pub(crate) soft_limit_since: Option<Instant>,
}

/// What a peer is to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// A client.
    Client,
    /// A client that watches every command.
    Monitor,
    /// A replica of ours.
    Replica,
    /// The master that we replicate: its commands are applied, not answered.
    Master,
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
    /// True where the running command's reply goes nowhere. Pushes go out all the same.
    pub(crate) fn is_silent(self) -> bool {
        matches!(self, ReplyMode::Off | ReplyMode::Skipping)
    }
}

/// How much a transaction holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Queued {
    pub(crate) commands: usize,
    pub(crate) bytes: usize,
}

/// A session that is about to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Closing {
    AfterSending,
    Now,
}

impl Session {
    pub(crate) fn new(id: u64, conn: ConnId, peer: Peer, local: Peer, now: Now) -> Session {
        Session {
            id,
            conn,
            peer,
            local,
            created: now.instant,
            active: now.instant,
            role: Role::Client,
            user: None,
            authenticated: false,
            is_let_in: false,
            is_free: false,
            reads_any_key: false,
            proto: Proto::Resp2,
            db: 0,
            name: Vec::new(),
            lib_name: Vec::new(),
            lib_version: Vec::new(),
            inbox: Some(Box::default()),
            running: 0,
            out: Outbox::default(),
            argv_bytes: 0,
            executing: None,
            held: false,
            awaits_share: false,
            is_unread: false,
            reply_mode: ReplyMode::On,
            closing: None,
            transaction: None,
            watches: Watched::default(),
            watch_broken: false,
            parked: None,
            subscriptions: None,
            tracker: None,
            last_command: None,
            no_evict: false,
            no_touch: false,
            wrote_up_to: replication::Offset::ZERO,
            net_in: 0,
            weight: 0,
            net_out: 0,
            soft_limit_since: None,
        }
    }

    /// Speaks for this user from now on; `authenticated` says whether it has shown that it may.
    pub(crate) fn speak_for(&mut self, user: Arc<User>, authenticated: bool, open: bool) {
        self.user = Some(user);
        self.authenticated = authenticated;
        self.weigh_rights(open);
    }

    /// Works out anew what has to be asked before requests. `open`: nobody has to log in.
    pub(crate) fn weigh_rights(&mut self, open: bool) {
        let may_everything = match &self.user {
            Some(user) => user.is_unrestricted(),
            // Nobody speaks for the stream of a master.
            None => self.role == Role::Master,
        };
        self.is_let_in = self.authenticated || open;
        self.is_free = self.is_let_in && may_everything;
        self.reads_any_key = self.is_free;
    }

    /// True if the user of this name speaks here.
    pub(crate) fn speaks_for(&self, name: &[u8]) -> bool {
        self.user.as_ref().is_some_and(|user| user.name() == name)
    }

    /// What is queued since MULTI, or runs since EXEC.
    pub(crate) fn queued(&self) -> Option<Queued> {
        let waits = |it: &Transaction| Queued { commands: it.queue.len(), bytes: it.bytes };
        self.transaction.as_deref().map(waits).or(self.executing)
    }

    /// True while the next request may run.
    pub(crate) fn may_run(&self) -> bool {
        self.closing.is_none() && self.parked.is_none()
    }

    /// How many channels, patterns and shard channels the session listens to.
    pub(crate) fn subscription_count(&self) -> usize {
        self.subscriptions.as_ref().map_or(0, |it| it.count())
    }

    /// Under RESP2 a subscribed session may only manage its subscriptions.
    pub(crate) fn is_listening_only(&self) -> bool {
        self.proto == Proto::Resp2 && self.subscription_count() > 0
    }
}
