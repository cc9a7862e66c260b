//! Those who ask us: clients, operators, and other Sentinels.
//!
//! `door` lets them in, `access` asks who they are, `input` makes requests of what they send, `output` sees to what they get, `listeners` tells
//! them the news, `saving` and `looking` answer those who wait for the disk. What they ask is answered in `commands`.

mod access;
mod counters;
mod door;
mod input;
mod listeners;
mod looking;
mod output;
mod saving;
mod session;

pub use access::UserLines;
pub(crate) use access::new_users;
pub(crate) use counters::Counters;
pub(crate) use session::{Closing, Parked, ReplyMode, Session};

use crate::commands::{Names, Trials};
use ::acl::{Refusals, Users};
use ::session::{Browsers, Pubsub};
use config::{Config, OutputLimits};
use std::collections::{BTreeMap, VecDeque};
use stdx::Instant;
use world::{ConnId, Level, Ticket};

/// All sessions, and what concerns them together.
pub(crate) struct Clients {
    sessions: BTreeMap<ConnId, Session>,
    ready: VecDeque<ConnId>,
    /// Those that end with this turn.
    doomed: Vec<ConnId>,
    made: u64,
    pub(crate) pubsub: Pubsub,
    pub(crate) names: Names,
    pub(crate) browsers: Browsers,
    pub(crate) users: Users,
    /// What was refused to them.
    pub(crate) refusals: Refusals,
    pub(crate) counters: Counters,
    pub(crate) limits: Limits,
    /// CLIENT PAUSE: until when, and whether it holds everything or only what changes something elsewhere.
    pub(crate) pause: Option<(Instant, Pause)>,
    /// What SENTINEL CKQUORUM has asked.
    pub(crate) trials: Trials,
    /// Scripts that the disk looks for, and who waits for it.
    looks: BTreeMap<Ticket, (ConnId, u64, String)>,
    /// When somebody may have been idle, or too slow, for too long.
    look_at: Option<Instant>,
    log_level: Option<Level>,
    /// The process ends as soon as the disk has the state.
    shutting_down: bool,
}

/// What CLIENT PAUSE holds back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pause {
    Writes,
    All,
}

/// What the file says about sessions.
#[derive(Clone, Debug)]
pub(crate) struct Limits {
    pub(crate) clients_max: usize,
    protected_mode: bool,
    keepalive_secs: u32,
    /// Zero: nobody is sent away for being silent.
    idle_secs: u64,
    query_buffer_max: usize,
    output: OutputLimits,
}

impl Clients {
    pub(crate) fn new(config: &Config) -> Clients {
        let values = &config.values;
        let limits = Limits {
            clients_max: values.count("maxclients") as usize,
            protected_mode: values.flag("protected-mode"),
            keepalive_secs: values.count("tcp-keepalive") as u32,
            idle_secs: values.count("timeout"),
            query_buffer_max: values.memory("client-query-buffer-limit") as usize,
            output: values.output_limits(),
        };
        Clients {
            sessions: BTreeMap::new(),
            ready: VecDeque::new(),
            doomed: Vec::new(),
            made: 0,
            pubsub: Pubsub::default(),
            names: Names::new(&config.renames),
            users: access::users(config),
            browsers: Browsers::default(),
            refusals: Refusals::default(),
            counters: Counters::default(),
            limits,
            pause: None,
            trials: Trials::default(),
            looks: BTreeMap::new(),
            look_at: None,
            log_level: level(values.choice("loglevel")),
            shutting_down: false,
        }
    }

    /// `loglevel` has changed.
    pub(crate) fn set_log_level(&mut self, word: &str) {
        self.log_level = level(word);
    }

    /// True where a line of this level is to be written.
    pub(crate) fn is_logged(&self, level: Level) -> bool {
        self.log_level.is_some_and(|least| level >= least)
    }

    pub(crate) fn get(&self, conn: ConnId) -> Option<&Session> {
        self.sessions.get(&conn)
    }

    pub(crate) fn get_mut(&mut self, conn: ConnId) -> Option<&mut Session> {
        self.sessions.get_mut(&conn)
    }

    pub(crate) fn len(&self) -> usize {
        self.sessions.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Session> {
        self.sessions.values()
    }

    /// Ends a session: at once, or when what waits was sent. The session stays until the end of the turn.
    pub(crate) fn close(&mut self, conn: ConnId, how: Closing) {
        let Some(session) = self.sessions.get_mut(&conn) else { return };
        match session.closing {
            None => self.doomed.push(conn),
            Some(Closing::AfterSending) if how == Closing::Now => self.doomed.push(conn),
            Some(_) => return,
        }
        session.closing = Some(how);
    }

    /// Forgets a session, whatever it listened to included.
    fn remove(&mut self, conn: ConnId) {
        if let Some(mut session) = self.sessions.remove(&conn) {
            self.pubsub.leave_all(&mut session.subscriptions);
        }
    }
}

/// The quietest line that this word lets through; none for `nothing`.
fn level(word: &str) -> Option<Level> {
    match word {
        "debug" => Some(Level::Debug),
        "verbose" => Some(Level::Verbose),
        "notice" => Some(Level::Notice),
        "warning" => Some(Level::Warning),
        _ => None,
    }
}
