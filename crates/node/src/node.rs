//! What a server is made of. Each part owns its fields; this struct only holds the parts together.

use crate::admin;
use crate::blocking::{Blocking, Waiting};
use crate::configure;
use crate::cron::Cron;
use crate::migration::{Kept, Migration};
use crate::monitor::Monitors;
use crate::oom::OomScore;
use crate::persist::{Persist, SavingId};
use crate::registry::Registry;
use crate::repl::{Link, OwnKeys, Receiving};
use crate::scripting::Scripting;
use crate::session::{Closing, Role, Session, Sessions};
use crate::settings::Settings;
use crate::shutdown::Shutdown;
use crate::stats::Stats;
use crate::tracking::Tracking;
use crate::transaction::Watches;
use crate::unit::Unit;
use crate::waking::Waking;
use acl::{Refusals, Users};
use command::Propagation;
use commands::Parking;
use config::{Config, OutputLimit, OutputLimits};
use replication::Replication;
use resp::{Proto, Writer};
use session::{Browsers, Pubsub, Verdict};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use stdx::{Now, Prng};
use store::Keyspace;
use world::{ConnId, DiskOp, Effect, FileId, Level, Secrets, Senses, Ticket};

/// The server.
pub struct Node {
    pub(crate) now: Now,
    pub(crate) senses: Senses,
    pub(crate) prng: Prng,
    pub(crate) secrets: Secrets,
    pub(crate) run_id: String,
    pub(crate) config: Config,
    /// What `config` comes to, for hot paths; see `configure`.
    pub(crate) settings: Settings,
    pub(crate) registry: Registry,
    pub(crate) keyspace: Keyspace,
    pub(crate) sessions: Sessions,
    pub(crate) browsers: Browsers,
    pub(crate) users: Users,
    /// What was refused to them.
    pub(crate) refusals: Refusals,
    pub(crate) pubsub: Pubsub,
    pub(crate) watches: Watches,
    /// Bytes that were ever taken for messages that wait to be told.
    pub(crate) message_room: usize,
    pub(crate) tracking: Tracking,
    pub(crate) blocking: Blocking,
    pub(crate) waking: Waking,
    pub(crate) monitors: Monitors,
    pub(crate) stats: Stats,
    pub(crate) scripting: Scripting,
    pub(crate) unit: Unit,
    pub(crate) propagation: Propagation,
    pub(crate) parking: Parking,
    pub(crate) effects: VecDeque<Effect>,
    /// Connections with something to send that the world was not told of yet.
    pub(crate) ready: VecDeque<ConnId>,
    /// Sessions that are to be closed at the end of the turn.
    pub(crate) doomed: Vec<ConnId>,
    pub(crate) repl: Replication,
    pub(crate) link: Link,
    pub(crate) receiving: Option<Receiving>,
    /// Keys that clients of a replica gave a TTL.
    pub(crate) own_keys: OwnKeys,
    /// A dataset that is loaded beside the present one, to take its place.
    pub(crate) beside: Option<Box<Keyspace>>,
    /// Files of snapshots that replicas read.
    pub(crate) replica_files: BTreeMap<replication::SnapshotId, FileId>,
    pub(crate) persist: Persist,
    pub(crate) shutdown: Option<Shutdown>,
    pub(crate) cron: Cron,
    /// There may be keys whose time is up.
    pub(crate) wants_sweep: bool,
    /// Kept between uses, for effects that have to be written out.
    pub(crate) feed_buffer: Vec<u8>,
    pub(crate) migration: Option<Box<Migration>>,
    /// Connections kept for the next MIGRATE.
    pub(crate) kept: Vec<Kept>,
    pub(crate) oom: OomScore,
    /// The request that runs has put something into the stream.
    pub(crate) wrote: bool,
    /// When the request just before ended, on the stopwatch, where the next one follows at once.
    pub(crate) lap_ns: Option<u64>,
    pub(crate) errands: BTreeMap<Ticket, Errand>,
    pub(crate) config_pending: admin::PendingConfig,
    /// What DEBUG has switched.
    pub(crate) debug: admin::DebugSwitches,
    next_ticket: u64,
    pub(crate) next_file: u64,
}

/// What work that was handed out is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Errand {
    /// Nobody waits for it.
    Ignored,
    /// A connection for MIGRATE.
    Migrating,
    /// A step on the file of a snapshot.
    Saving(SavingId),
    /// A piece of a snapshot is being packed.
    Packing(SavingId),
    /// A step on the file that is loaded.
    Loading(FileId),
    /// A connection to the master.
    Dial { attempt: u64 },
    /// A step on the file of a snapshot from the master.
    Receiving(FileId),
    /// A piece of a snapshot for a replica.
    ReadSnapshot { id: replication::SnapshotId, conn: ConnId },
    /// Listening at the addresses of the start.
    Listening,
    /// Freeing a large value.
    Freeing,
    /// A step of CONFIG SET.
    Changing(u64),
    /// A step towards another `oom-score-adj`.
    OomScore,
    /// A step of CONFIG REWRITE.
    Rewriting(u64),
    /// The file of users is read or written.
    Users(admin::UsersTask),
}

/// What a node is born with.
pub struct Options {
    /// The parameters, as files and arguments gave them.
    pub config: Config,
    /// Seeds chance.
    pub seed: u64,
    /// What ids and the keys of hash functions are made of.
    pub secrets: Secrets,
    /// What the process can tell of itself.
    pub senses: Senses,
    /// Both clocks at the start.
    pub now: Now,
}

/// A keyspace that hashes as nobody outside can foresee.
pub(crate) fn new_keyspace(settings: store::Settings, secrets: &mut Secrets) -> Keyspace {
    let mut part = secrets.part();
    let mut seed = || ds::Seed::new(part.next_u64(), part.next_u64());
    let (collections, keys) = (seed(), seed());
    let prng = Prng::new(part.next_u64());
    Keyspace::with_seeds(settings, store::Seeds { keys, collections, prng })
}

impl Node {
    /// A server with an empty dataset.
    pub fn new(options: Options) -> Node {
        let mut secrets = options.secrets;
        let values = &options.config.values;
        let settings = configure::node(values);
        let keyspace = new_keyspace(configure::store(values, ds::Seed::default()), &mut secrets);
        let tracking = Tracking::new(keyspace.settings().thresholds.seed);
        let registry = Registry::new(commands::all(), admin::all());
        let mut users = Users::new(Arc::new(registry.catalog()));
        users.set_default_password(values.bytes("requirepass"));
        let repl = Replication::new(configure::replication(values), secrets.part(), options.now);
        let mut node = Node {
            now: options.now,
            senses: options.senses,
            run_id: secrets.hex(20),
            prng: Prng::new(options.seed),
            secrets,
            registry,
            settings,
            config: options.config,
            keyspace,
            sessions: Sessions::default(),
            users,
            browsers: Browsers::default(),
            refusals: Refusals::default(),
            pubsub: Pubsub::default(),
            watches: Watches::default(),
            message_room: 0,
            tracking,
            blocking: Blocking::default(),
            waking: Waking::default(),
            monitors: Monitors::default(),
            stats: Stats::new(options.now),
            scripting: Scripting::new((options.senses.facts)().memory_room),
            unit: Unit::default(),
            propagation: Propagation::default(),
            parking: Parking::default(),
            effects: VecDeque::new(),
            ready: VecDeque::new(),
            doomed: Vec::new(),
            repl,
            link: Link::default(),
            receiving: None,
            own_keys: OwnKeys::default(),
            beside: None,
            replica_files: BTreeMap::new(),
            persist: Persist::new(options.now.wall),
            shutdown: None,
            cron: Cron::new(options.now.instant),
            wants_sweep: false,
            feed_buffer: Vec::new(),
            migration: None,
            kept: Vec::new(),
            oom: OomScore::default(),
            lap_ns: None,
            wrote: false,
            errands: BTreeMap::new(),
            config_pending: Default::default(),
            debug: Default::default(),
            next_ticket: 0,
            next_file: 0,
        };
        for (old, new) in &node.config.renames {
            // Loading has refused names that are unknown or taken, as far as it knows them.
            node.registry.rename(old, new);
        }
        node.configure();
        node
    }

    /// A ticket that was not used before.
    pub(crate) fn ticket(&mut self) -> Ticket {
        self.next_ticket += 1;
        Ticket(self.next_ticket)
    }

    /// A ticket for work of which we want to hear.
    pub(crate) fn errand(&mut self, errand: Errand) -> Ticket {
        let ticket = self.ticket();
        self.errands.insert(ticket, errand);
        ticket
    }

    /// An operation on a disk.
    pub(crate) fn disk(&mut self, errand: Errand, op: DiskOp) {
        let ticket = self.errand(errand);
        self.effects.push_back(Effect::Disk { ticket, op });
    }

    /// A session that waits for work gets its answer.
    pub(crate) fn answer(&mut self, conn: ConnId, write: impl FnOnce(&mut Writer<'_>)) {
        let waits = self.sessions.get(conn).and_then(|it| it.parked.as_ref());
        if waits.is_some_and(|parked| matches!(parked.what, Waiting::Ticket)) {
            let Some(parked) = self.unpark(conn) else { return };
            let proto = self.sessions.get(conn).map_or(Proto::Resp2, |it| it.proto);
            let mut reply = Vec::new();
            write(&mut Writer::new(&mut reply, proto));
            let spent_ns = (self.senses.stopwatch)().saturating_sub(parked.started_ns);
            self.count_parked(conn, &parked, spent_ns, reply.first() == Some(&b'-'));
            reply.extend_from_slice(&parked.behind);
            self.send(conn, |w| w.raw(&reply));
            self.wake(conn);
        }
    }

    /// Whether a line of that level gets into the log.
    pub(crate) fn would_log(&self, level: Level) -> bool {
        self.settings.log_level.is_some_and(|least| level >= least)
    }

    /// A line for the log.
    pub(crate) fn log(&mut self, level: Level, text: impl Into<String>) {
        if self.would_log(level) {
            self.effects.push_back(Effect::Log { level, text: text.into() });
        }
    }

    /// Writes to a session's outbox outside of its own commands: messages, events, answers to what it waited for.
    pub(crate) fn send(&mut self, conn: ConnId, write: impl FnOnce(&mut Writer<'_>)) {
        let Some(session) = self.sessions.get_mut(conn) else { return };
        if session.closing == Some(Closing::Now) || session.role == Role::Master {
            return;
        }
        if session.role == Role::Replica {
            // What a replica gets comes from the machine alone.
            return;
        }
        let proto = session.proto;
        let room = session.out.capacity();
        session.out.push(|buffer| write(&mut Writer::new(buffer, proto)));
        // A buffer that is full gives back what it has too much.
        self.message_room += session.out.capacity().saturating_sub(room);
        self.announce(conn);
        self.weigh(conn);
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
        // So much is within every limit.
        if session.out.len() > session::KEEP_BYTES || session.soft_limit_since.is_some() {
            self.judge_output(conn);
        }
    }

    #[cold]
    fn judge_output(&mut self, conn: ConnId) {
        let Some(session) = self.sessions.get_mut(conn) else { return };
        let limit = output_limit_of(session, &self.settings.output);
        let (bytes, since) = (session.out.len(), &mut session.soft_limit_since);
        if session::judge(limit, bytes, since, self.now.instant) == Verdict::TooMuch {
            self.close_for_output(conn);
        }
    }

    /// Closes a session for which too much output waits.
    #[cold]
    pub(crate) fn close_for_output(&mut self, conn: ConnId) {
        let Some(session) = self.sessions.get(conn) else { return };
        let id = session.id;
        if session.closing == Some(Closing::Now) {
            return;
        }
        self.stats.output_limit_disconnections += 1;
        self.close(conn, Closing::Now);
        self.log(
            Level::Warning,
            format!("Client id={id} closed for overcoming of output buffer limits."),
        );
    }

    /// Ends a session: at once, or when what waits was sent. It takes part in nothing from now on; its place in the
    /// table stays until the end of the turn, since its own request may be the one that runs.
    pub(crate) fn close(&mut self, conn: ConnId, how: Closing) {
        let Some(session) = self.sessions.get(conn) else { return };
        let before = session.closing;
        if before == Some(Closing::Now) || before == Some(how) {
            return;
        }
        self.sessions.condemn(conn, how);
        self.doomed.push(conn);
        if before.is_none() {
            self.forget(conn);
        }
        self.weigh(conn);
    }

    /// Removes the sessions that were closed. The world is asked to hang up; the connection's number is free from then
    /// on. A session that has something to be sent first is removed in `sent`.
    pub(crate) fn bury(&mut self) {
        if !self.doomed.is_empty() {
            self.bury_doomed();
        }
    }

    #[cold]
    fn bury_doomed(&mut self) {
        while let Some(conn) = self.doomed.pop() {
            let Some(session) = self.sessions.get(conn) else { continue };
            if session.closing == Some(Closing::AfterSending) && !session.out.is_empty() {
                continue;
            }
            self.sessions.remove(conn);
            self.effects.push_back(Effect::Hangup { conn, after_sending: false });
        }
    }

    /// Takes a session out of every list it is in.
    pub(crate) fn forget(&mut self, conn: ConnId) {
        if self.is_replica_conn(conn) {
            self.repl.handle_replica_closed(self.now, conn);
        }
        self.link_lost(conn);
        self.unwatch(conn);
        self.unsubscribe_all(conn);
        self.stop_tracking(conn);
        self.unpark(conn);
        self.monitors.remove(conn);
        if let Some(session) = self.sessions.get_mut(conn) {
            session.transaction = None;
        }
    }
}

/// How much output may wait for a session, by its role.
pub(crate) fn output_limit_of(session: &Session, limits: &OutputLimits) -> OutputLimit {
    match session.role {
        Role::Replica | Role::Master => OutputLimit::default(),
        Role::Client | Role::Monitor => {
            session::output_limit(limits, session.is_let_in, session.subscription_count() > 0)
        }
    }
}
