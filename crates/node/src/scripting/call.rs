//! A script from its command to its reply, and the commands that it runs on the way.

use super::{Ended, Kind, Running, SCRIPT_CONN, Wants};
use crate::admin::NodeCx;
use crate::blocking::Waiting;
use crate::call::Context;
use crate::input::Incoming;
use crate::node::Node;
use crate::registry::CommandId;
use crate::session::Session;
use command::{Args, Categories, Error, Flags, Flow, Outcome, Proto, Spec, Writer};
use resp::Words;
use script::{Call, Done, ScriptFlags, Step};
use std::ops::ControlFlow;
use stdx::WallTime;
use world::{ConnId, Peer};

impl NodeCx<'_> {
    /// Runs the script that `begin` begins, and writes its reply; or lets the session wait for it.
    pub(crate) fn run_script(
        &mut self,
        args: Args<'_>,
        wants: Wants,
        name: String,
        begin: impl FnOnce(&mut Node, Proto) -> Step,
    ) -> Outcome {
        let (conn, context) = (self.conn, self.context);
        self.node.check_script(wants, context)?;
        let proto = self.session().proto;
        let step = self
            .node
            .begin_script(conn, context, &args.all(), wants, name, |node| begin(node, proto));
        match self.node.drive_script(step) {
            Ended::Done(done) => {
                let running = self.node.end_script();
                self.node.count_script_errors(running.id, &done);
                self.reply.raw(&done.reply);
                self.node.propagation.never();
                Ok(Flow::Done)
            }
            Ended::Left => {
                self.node.park_as(conn, &args.all(), Waiting::Script);
                Ok(Flow::Parked)
            }
        }
    }
}

impl Node {
    fn begin_script(
        &mut self,
        conn: ConnId,
        context: Context,
        words: &Words<'_>,
        wants: Wants,
        name: String,
        begin: impl FnOnce(&mut Node) -> Step,
    ) -> Step {
        let id = self.registry.resolve(words).expect("a command that runs").id;
        let compatible = wants.flags.has(ScriptFlags::COMPATIBLE);
        let running = Running {
            kind: wants.kind,
            name,
            conn,
            session: self.sessions.get(conn).expect("a session whose script runs").id,
            context,
            id,
            request: words.to_owned(),
            read_only: wants.read_only || !compatible && wants.flags.has(ScriptFlags::NO_WRITES),
            allow_oom: !compatible && wants.flags.has(ScriptFlags::ALLOW_OOM),
            full: self.memory_is_full() && context != Context::Master,
            dirty: false,
            now: self.now,
            started_ns: (self.senses.stopwatch)(),
            slice_ns: 0,
            slow: false,
            killed: None,
            waited_until: None,
            nested: std::mem::replace(&mut self.unit.in_exec, true),
            rest: None,
        };
        self.scripting.running = Some(Box::new(running));
        self.lend_session(conn);
        begin(self)
    }

    /// The script is over: its unit ends, unless a transaction has opened it.
    pub(super) fn end_script(&mut self) -> Box<Running> {
        let running = self.scripting.running.take().expect("a script that is at work");
        self.unit.in_exec = running.nested;
        running
    }

    /// Counts what failed, and was not counted where it did.
    pub(super) fn count_script_errors(&mut self, id: CommandId, done: &Done) {
        for (code, times) in &done.errors {
            self.stats.count_errors(code, *times);
        }
        if done.failed {
            self.stats.command_mut(id).failed += 1;
        }
    }

    /// The session of scripts becomes what they need of their caller's: its database, its rights, and whether its reads count.
    fn lend_session(&mut self, conn: ConnId) {
        let caller = self.sessions.get(conn).expect("a session whose script runs");
        let (db, no_touch, user) = (caller.db, caller.no_touch, caller.user.clone());
        let rights = (caller.authenticated, caller.is_let_in, caller.is_free);
        let now = self.now;
        let nobody = || Peer::Unix("lua".to_owned());
        let session =
            self.sessions.script_session(|| Session::new(0, SCRIPT_CONN, nobody(), nobody(), now));
        session.db = db;
        session.no_touch = no_touch;
        session.user = user;
        (session.authenticated, session.is_let_in, session.is_free) = rights;
        session.reads_any_key = session.is_free;
    }

    /// A command of the running script, and its reply.
    pub(super) fn call_from_script(&mut self, call: Call) -> Vec<u8> {
        let words = call.words.words();
        let mut out = Vec::new();
        let running = self.running_script();
        let (now, killed) = (running.now, running.killed.is_some());
        let admitted = self.admit_from_script(&words);
        match admitted {
            ControlFlow::Break(error) => {
                self.stats.count_error(error.code());
                Writer::new(&mut out, call.proto).error(error.text());
            }
            ControlFlow::Continue(_) if killed => {
                Writer::new(&mut out, call.proto).error(b"ERR Script killed by user");
            }
            ControlFlow::Continue(id) => {
                if let Some(session) = self.sessions.get_mut(SCRIPT_CONN) {
                    session.proto = call.proto;
                }
                // The time of a script stands still.
                let present = std::mem::replace(&mut self.now, now);
                self.unit.untold = !call.propagates;
                let request = Incoming { words, found: None, raw: None };
                self.call(SCRIPT_CONN, id, request, &mut out, Context::Script);
                self.unit.untold = false;
                self.now = present;
            }
        }
        out
    }

    /// Whether a script may run this command.
    fn admit_from_script(&mut self, words: &Words<'_>) -> ControlFlow<Error, CommandId> {
        let Ok(row) = self.registry.resolve(words) else {
            return ControlFlow::Break(Error::fixed(
                "ERR Unknown Redis command called from script",
            ));
        };
        let (id, spec) = (row.id, row.spec);
        let checked = if spec.arity.accepts(words.len()) {
            self.check_from_script(id, spec, words)
        } else {
            Err(Error::fixed("ERR Wrong number of args calling Redis command from script"))
        };
        match checked {
            Ok(()) => {
                self.running_script().dirty |= spec.flags.has(Flags::WRITE);
                ControlFlow::Continue(id)
            }
            Err(error) => {
                self.stats.command_mut(id).rejected += 1;
                ControlFlow::Break(error)
            }
        }
    }

    fn check_from_script(
        &mut self,
        id: CommandId,
        spec: &Spec,
        words: &Words<'_>,
    ) -> Result<(), Error> {
        let flags = spec.flags;
        // No interpreter runs two scripts, nor goes away under one, whatever a test may do.
        let may = self.scripting.may_all && !spec.categories.has(Categories::SCRIPTING);
        if flags.has(Flags::NO_SCRIPT) && !may {
            return Err(Error::fixed("ERR This Redis command is not allowed from script"));
        }
        let stale = self.is_replica() && !self.settings.replica_serve_stale && !self.link_is_up();
        if stale && !flags.has(Flags::STALE) {
            return Err(Error::fixed("ERR Can not execute the command on a stale replica"));
        }
        self.check_script_rights(id, words)?;
        let running = self.running_script();
        let (dirty, full) = (running.dirty, running.full && !running.allow_oom);
        let obeyed = running.context == Context::Master;
        let writes = flags.has(Flags::WRITE);
        if running.read_only && (writes || flags.has(Flags::MAY_REPLICATE)) {
            return Err(Error::fixed("ERR Write commands are not allowed from read-only scripts."));
        }
        // A script that has begun to write is not stopped half-way.
        if dirty || obeyed {
            return Ok(());
        }
        if writes {
            self.check_write()?;
        }
        if full && flags.has(Flags::DENY_OOM) { Err(Error::OUT_OF_MEMORY) } else { Ok(()) }
    }

    /// `redis.acl_check_cmd`. None: there is no such command.
    pub(crate) fn script_may_run(&mut self, words: &Words<'_>) -> Option<bool> {
        let row = self.registry.resolve(words).ok()?;
        let Some(session) = self.sessions.get(SCRIPT_CONN) else { return Some(false) };
        let request = acl::Request::new(row.id.0, row.spec, *words, row.depth());
        let may = |user: &std::sync::Arc<acl::User>| user.check(&request).is_ok();
        Some(session.is_free || session.user.as_ref().is_some_and(may))
    }

    /// A script may do what its caller may.
    fn check_script_rights(&mut self, id: CommandId, words: &Words<'_>) -> Result<(), Error> {
        let session = self.sessions.get(SCRIPT_CONN);
        if session.is_some_and(|session| session.is_free) {
            return Ok(());
        }
        let user = session.and_then(|session| session.user.as_ref());
        let name = user.map_or(Vec::new(), |user| user.name().to_vec());
        self.denied(SCRIPT_CONN, id, words, acl::Place::Script).map_err(|denied| {
            let text = denied.message(&name, &self.registry.row(id).full_name);
            Error::bytes([b"ERR ACL failure in script: ", text.as_slice()].concat())
        })
    }

    /// The time that TIME tells. A script's stands still, so that one that waits by it would never end: it goes on where
    /// the script takes long.
    pub(crate) fn clock(&self, context: Context) -> WallTime {
        let mut wall = self.now.wall;
        if context == Context::Script
            && let Some(running) = &self.scripting.running
        {
            let spent_us = (self.senses.stopwatch)().saturating_sub(running.started_ns) / 1000;
            let threshold_ms = self.settings.busy_reply_threshold_ms;
            if threshold_ms > 0 && spent_us / 1000 >= threshold_ms {
                wall.0 += spent_us;
            }
        }
        wall
    }

    /// In whose name a session acts: that of scripts in the name of who has called them.
    pub(crate) fn caller_of(&self, conn: ConnId) -> ConnId {
        match &self.scripting.running {
            Some(running) if conn == SCRIPT_CONN => {
                let caller = self.sessions.get(running.conn);
                caller.filter(|it| it.id == running.session).map_or(conn, |_| running.conn)
            }
            _ => conn,
        }
    }

    /// The command is shown to monitors before those that its script runs.
    pub(crate) fn show_script(&mut self, conn: ConnId, words: &Words<'_>) {
        if !self.monitors.is_empty()
            && let Ok(row) = self.registry.resolve(words)
        {
            let id = row.id;
            self.show_to_monitors(conn, id, words);
        }
    }
}

impl Kind {
    /// What the log says can end it.
    pub(super) fn killer(self) -> &'static str {
        match self {
            Kind::Script => "SCRIPT KILL",
            Kind::Function => "FUNCTION KILL",
        }
    }
}
