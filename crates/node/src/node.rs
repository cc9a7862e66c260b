//! What a server is made of. Each part owns its fields; this struct only holds the parts together.

use crate::admin;
use crate::blocking::Blocking;
use crate::configure;
use crate::monitor::Monitors;
use crate::pubsub::Pubsub;
use crate::registry::Registry;
use crate::session::{Closing, Role, Sessions};
use crate::settings::{OutputLimit, Settings};
use crate::stats::Stats;
use crate::transaction::Watches;
use crate::unit::Unit;
use command::Propagation;
use commands::Parking;
use config::Config;
use resp::Writer;
use std::collections::VecDeque;
use stdx::{Now, Prng};
use store::Keyspace;
use world::{ConnId, Effect, Level, Senses, Ticket};

/// The server.
pub struct Node {
    pub(crate) now: Now,
    pub(crate) senses: Senses,
    pub(crate) prng: Prng,
    pub(crate) run_id: String,
    pub(crate) config: Config,
    /// What `config` comes to, for hot paths; see `configure`.
    pub(crate) settings: Settings,
    pub(crate) registry: Registry,
    pub(crate) keyspace: Keyspace,
    pub(crate) sessions: Sessions,
    pub(crate) pubsub: Pubsub,
    pub(crate) watches: Watches,
    pub(crate) blocking: Blocking,
    pub(crate) monitors: Monitors,
    pub(crate) stats: Stats,
    pub(crate) unit: Unit,
    pub(crate) propagation: Propagation,
    pub(crate) parking: Parking,
    pub(crate) effects: VecDeque<Effect>,
    /// Connections with something to send that the world was not told of yet.
    pub(crate) ready: VecDeque<ConnId>,
    /// Sessions that are to be closed at the end of the turn.
    pub(crate) doomed: Vec<ConnId>,
    next_ticket: u64,
}

/// What a node is born with.
pub struct Options {
    /// The parameters, as files and arguments gave them.
    pub config: Config,
    /// Seeds chance and hashing.
    pub seed: u64,
    /// What the process can tell of itself.
    pub senses: Senses,
    /// Both clocks at the start.
    pub now: Now,
}

impl Node {
    /// A server with an empty dataset.
    pub fn new(options: Options) -> Node {
        let mut prng = Prng::new(options.seed);
        let values = &options.config.values;
        let settings = configure::node(values);
        let keyspace =
            Keyspace::new(configure::store(values, ds::Seed::default()), prng.next_u64());
        let mut node = Node {
            now: options.now,
            senses: options.senses,
            run_id: prng.hex(20),
            prng,
            registry: Registry::new(commands::all(), admin::all()),
            settings,
            config: options.config,
            keyspace,
            sessions: Sessions::default(),
            pubsub: Pubsub::default(),
            watches: Watches::default(),
            blocking: Blocking::default(),
            monitors: Monitors::default(),
            stats: Stats::new(options.now),
            unit: Unit::default(),
            propagation: Propagation::default(),
            parking: Parking::default(),
            effects: VecDeque::new(),
            ready: VecDeque::new(),
            doomed: Vec::new(),
            next_ticket: 0,
        };
        node.configure();
        node
    }

    /// A ticket that was not used before.
    pub(crate) fn ticket(&mut self) -> Ticket {
        self.next_ticket += 1;
        Ticket(self.next_ticket)
    }

    /// A line for the log.
    pub(crate) fn log(&mut self, level: Level, text: impl Into<String>) {
        self.effects.push_back(Effect::Log { level, text: text.into() });
    }

    /// Writes to a session's outbox outside of its own commands: messages, events, answers to what it waited for.
    pub(crate) fn send(&mut self, conn: ConnId, write: impl FnOnce(&mut Writer<'_>)) {
        let Some(session) = self.sessions.get_mut(conn) else { return };
        if session.closing == Some(Closing::Now) || session.role == Role::Master {
            return;
        }
        let proto = session.proto;
        write(&mut Writer::new(session.out.buffer(), proto));
        self.announce(conn);
    }

    /// Sees to it that what waits in a session's outbox is sent, and that it does not grow beyond its limits.
    pub(crate) fn announce(&mut self, conn: ConnId) {
        let Some(session) = self.sessions.get_mut(conn) else { return };
        if session.out.is_empty() {
            return;
        }
        if !session.out.announced {
            session.out.announced = true;
            self.ready.push_back(conn);
        }
        let limit = match session.role {
            Role::Replica | Role::Master => OutputLimit::default(),
            _ if session.subscription_count() > 0 => self.settings.output_pubsub,
            _ => self.settings.output_normal,
        };
        if limit == OutputLimit::default() {
            return;
        }
        let bytes = session.out.len() as u64;
        let hard = limit.hard > 0 && bytes > limit.hard;
        let mut soft = limit.soft > 0 && bytes > limit.soft;
        if soft {
            let since = *session.soft_limit_since.get_or_insert(self.now.instant);
            soft = self.now.instant.ms_since(since) >= limit.soft_secs * 1000;
        } else {
            session.soft_limit_since = None;
        }
        if hard || soft {
            let id = session.id;
            self.stats.output_limit_disconnections += 1;
            self.close(conn, Closing::Now);
            self.log(
                Level::Warning,
                format!("Client id={id} closed for overcoming of output buffer limits."),
            );
        }
    }

    /// Ends a session: at once, or when what waits was sent. The session stays until the end of the turn.
    pub(crate) fn close(&mut self, conn: ConnId, how: Closing) {
        let Some(session) = self.sessions.get_mut(conn) else { return };
        match session.closing {
            None => self.doomed.push(conn),
            Some(Closing::AfterSending) if how == Closing::Now => {}
            Some(_) => return,
        }
        session.closing = Some(how);
    }

    /// Closes what was doomed. The world is asked to hang up; the connection's number is free from then on.
    pub(crate) fn bury(&mut self) {
        while let Some(conn) = self.doomed.pop() {
            let Some(session) = self.sessions.get(conn) else { continue };
            let after_sending = session.closing == Some(Closing::AfterSending);
            if after_sending && !session.out.is_empty() {
                // What waits must go first: the session is forgotten by everybody else now, and freed in `sent`.
                self.forget(conn);
                continue;
            }
            self.forget(conn);
            self.sessions.remove(conn);
            self.effects.push_back(Effect::Hangup { conn, after_sending: false });
        }
    }

    /// Takes a session out of every list it is in.
    pub(crate) fn forget(&mut self, conn: ConnId) {
        self.unwatch(conn);
        self.unsubscribe_all(conn);
        self.unpark(conn);
        self.monitors.remove(conn);
        if let Some(session) = self.sessions.get_mut(conn) {
            session.transaction = None;
        }
    }
}
