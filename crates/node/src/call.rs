//! One command, start to finish: look up, allow, run, count, propagate.

use crate::admin::NodeCx;
use crate::gate;
use crate::input::Incoming;
use crate::node::{Node, output_limit_of};
use crate::registry::{CommandId, Entry, Missing};
use crate::session::{Closing, ReplyMode, Role};
use command::{Args, Error, Flags, Flow, Outcome, Writer};
use commands::DataCx;
use resp::{WORD_BYTES_MAX, Words};
use world::{ConnId, Level};

/// How a command came to be run; decides whether it may wait, and what follows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Context {
    /// A session sent it.
    Client,
    /// EXEC runs it; the transaction is one unit.
    Exec,
    /// A parked session runs it again.
    Again,
    /// It came down the link from the master.
    Master,
    /// A script runs it.
    Script,
}

impl Node {
    /// A request has arrived: it is refused, queued or run, and answered.
    pub(crate) fn process(&mut self, conn: ConnId, request: Incoming<'_>) {
        let Some(session) = self.sessions.get_mut(conn) else { return };
        if session.reply_mode == ReplyMode::SkipNext {
            session.reply_mode = ReplyMode::Skipping;
        }
        let proto = session.proto;
        let role = session.role;
        let mut out = session.out.take();
        let mark = out.len();
        let flow = self.admit(conn, request, &mut out);
        if role == Role::Replica && (out.len() > mark || flow.is_err()) {
            self.hang_up_on_reply(conn, &request.words);
        }
        let Some(session) = self.sessions.get_mut(conn) else { return };
        let silent = session.reply_mode.is_silent() || matches!(role, Role::Master | Role::Replica);
        if session.reply_mode == ReplyMode::Skipping {
            session.reply_mode = ReplyMode::On;
        }
        if let Err(error) = flow {
            Writer::new(&mut out, proto).error(error.text());
        }
        if silent {
            out.truncate(mark);
        }
        session.out.restore(out);
        if self.wrote && !self.unit.in_exec {
            // Its effects go out first: the offset behind them is what this session has written up to. Sessions that
            // it serves write for themselves.
            self.flush_unit();
            self.set_write_offset(conn);
        }
        self.end_unit();
    }

    /// The session whose effects were last put into the stream has written up to here.
    pub(crate) fn set_write_offset(&mut self, conn: ConnId) {
        if std::mem::take(&mut self.wrote) {
            let offset = self.repl.offset();
            if let Some(session) = self.sessions.get_mut(conn) {
                session.wrote_up_to = offset;
            }
        }
    }

    /// Everything that happens before a command runs. An error is the reply.
    fn admit(
        &mut self,
        conn: ConnId,
        request: Incoming<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        let words = request.words;
        let id = match self.registry.resolve_found(request.found, &words) {
            Ok(row) if row.spec.arity.accepts(words.len()) => row.id,
            Ok(row) => {
                let error = Error::arity(&row.full_name);
                return Err(self.refused_command(conn, row.id, error));
            }
            Err(_) if session::is_http(&words) => {
                self.turn_away(conn);
                return Ok(());
            }
            Err(missing) => {
                let error = self.unknown(&words, missing);
                self.note_command(conn, None);
                self.tell_link_error(conn, None, &error);
                return Err(self.refused(conn, error));
            }
        };
        if let Err(error) = gate::check(self, conn, id, &words, out) {
            return Err(self.refused_command(conn, id, error));
        }
        if gate::is_paused(self, conn, id, &words) {
            self.note_command(conn, Some(id));
            self.park_for_pause(conn, &words);
            return Ok(());
        }
        let session = self.sessions.get(conn).expect("a session whose request is processed");
        let from_master = session.role == Role::Master;
        if session.transaction.is_some()
            && !gate::is_transaction_control(self.registry.row(id).command_name())
        {
            self.note_command(conn, Some(id));
            self.enqueue(conn, id, &words);
            out.extend_from_slice(b"+QUEUED\r\n");
            return Ok(());
        }
        let context = if from_master { Context::Master } else { Context::Client };
        self.call(conn, id, request, out, context);
        Ok(())
    }

    /// What CLIENT LIST shows as the last command, where it did not come to run. An unknown one is none.
    fn note_command(&mut self, conn: ConnId, id: Option<CommandId>) {
        if let Some(session) = self.sessions.get_mut(conn) {
            session.last_command = id;
        }
    }

    /// A browser speaks: it gets no answer.
    #[cold]
    fn turn_away(&mut self, conn: ConnId) {
        let Some(session) = self.sessions.get(conn) else { return };
        if let Some(line) = self.browsers.seen(&session.peer, self.now.instant) {
            self.log(Level::Warning, line);
        }
        self.close(conn, Closing::Now);
    }

    /// A request was refused before it ran: counted, and a transaction in the making is spoiled.
    fn refused(&mut self, conn: ConnId, error: Error) -> Error {
        self.stats.count_error(error.code());
        self.end_caching(conn);
        if let Some(transaction) =
            self.sessions.get_mut(conn).and_then(|it| it.transaction.as_mut())
        {
            transaction.refused = true;
        }
        error
    }

    /// The same of a command that is known. An EXEC that may not run ends its transaction, and its error says why.
    fn refused_command(&mut self, conn: ConnId, id: CommandId, error: Error) -> Error {
        self.stats.command_mut(id).rejected += 1;
        self.note_command(conn, Some(id));
        self.tell_link_error(conn, Some(id), &error);
        if self.registry.row(id).spec.name != "exec" {
            return self.refused(conn, error);
        }
        self.discard(conn);
        let why = error.text().strip_prefix(b"ERR ").unwrap_or(error.text());
        let head = b"EXECABORT Transaction discarded because of: ";
        self.refused(conn, Error::bytes([head, why].concat()))
    }

    fn unknown(&self, words: &Words<'_>, missing: Missing) -> Error {
        match missing {
            Missing::Subcommand(parent) => {
                Error::unknown_subcommand(self.registry.row(parent).spec.name, &words[1])
            }
            Missing::Command => Error::unknown_command(words),
        }
    }

    /// Runs a command that was admitted, and counts what it cost. Its reply, or its error, is in `out`. True if the
    /// session is parked now.
    pub(crate) fn call(
        &mut self,
        conn: ConnId,
        id: CommandId,
        request: Incoming<'_>,
        out: &mut Vec<u8>,
        context: Context,
    ) -> bool {
        let words = request.words;
        let row = self.registry.row(id);
        let (entry, depth, spec) = (row.entry, row.depth(), row.spec);
        let session = self.sessions.get_mut(conn).expect("a session whose request is run");
        if context != Context::Exec {
            session.last_command = Some(id);
        }
        let is_master = session.role == Role::Master;
        let (db, proto, reads_any_key) = (session.db, session.proto, session.reads_any_key);
        let reply_len_max = match context {
            // A reply to a script is read by the script, and nothing waits for a primary.
            Context::Script | Context::Master => usize::MAX,
            _ => session::hard_limit_bytes(output_limit_of(session, &self.settings.output)),
        };
        self.keyspace.no_touch = session.no_touch;
        self.keyspace.begin(self.now, self.expiry_for(context));
        let dirty = self.keyspace.dirty;
        let mark = out.len();
        // A request that follows another at once begins where that one ended: a pipeline reads the clock once for each.
        let follows = matches!(context, Context::Client | Context::Master);
        let lap = if follows { self.lap_ns.take() } else { None };
        let started = lap.unwrap_or_else(self.senses.stopwatch);
        self.parking.allowed = matches!(context, Context::Client | Context::Again);
        let args = Args::new(words, depth);
        // What a master has done must be possible here too, whatever clients may do.
        let bulk_len_max = if is_master { WORD_BYTES_MAX } else { self.settings.bulk_len_max };
        let outcome: Outcome = match entry {
            Entry::Data(command) => {
                let mut cx = DataCx {
                    db: self.keyspace.db(db),
                    reply: Writer::new(out, proto),
                    now: self.now,
                    prng: &mut self.prng,
                    propagation: &mut self.propagation,
                    parking: &mut self.parking,
                    bulk_len_max,
                    reply_len_max,
                    reads_any_key,
                    is_script: context == Context::Script,
                    lazy: self.settings.lazy,
                };
                (command.run)(&mut cx, args)
            }
            Entry::Node(command) => {
                let reply = Writer::new(out, proto);
                (command.run)(&mut NodeCx { node: self, conn, reply, context }, args)
            }
        };
        let parked = matches!(outcome, Ok(Flow::Parked));
        if let Ok(Flow::Cut) = outcome {
            self.close_for_output(conn);
        }
        // EXEC is shown behind what it runs, SELECT in the database that it chose. A request that waited was shown when
        // it came.
        if !self.monitors.is_empty() && context != Context::Again {
            self.show_monitors(conn, id, &words);
        }
        if let Err(error) = &outcome {
            out.truncate(mark);
            Writer::new(out, proto).error(error.text());
            self.stats.count_error(error.code());
            self.stats.command_mut(id).failed += 1;
            self.tell_link_error(conn, Some(id), error);
        }
        let ended = (self.senses.stopwatch)();
        if follows {
            self.lap_ns = Some(ended);
        }
        let spent_ns = ended.saturating_sub(started) + std::mem::take(&mut self.debug.stalled_ns);
        if !parked {
            self.count(conn, id, spec, &words, spent_ns);
        }
        let changed = self.keyspace.dirty != dirty;
        let is_write = spec.flags.has(Flags::WRITE);
        if changed && is_write && context != Context::Master && self.is_replica() {
            self.note_own_keys(db, spec, &words);
        }
        let caller = if context == Context::Script { self.caller_of(conn) } else { conn };
        self.after(caller, db, request, changed);
        if spec.flags.has(Flags::ARBITRARY_KEYS) && !self.unit.in_exec {
            self.flush_unit_unwrapped();
        }
        if parked {
            self.park(conn, &words);
            if let Some(parked) = self.sessions.get_mut(conn).and_then(|it| it.parked.as_mut()) {
                (parked.started_ns, parked.spent_ns) = (started, spent_ns);
            }
        }
        if !self.tracking.is_idle() {
            self.track(caller, id, &words, context);
        }
        parked
    }

    pub(crate) fn count(
        &mut self,
        conn: ConnId,
        id: CommandId,
        spec: &command::Spec,
        words: &Words<'_>,
        spent_ns: u64,
    ) {
        self.stats.commands += 1;
        self.stats.turns.commands_ns += spent_ns;
        self.stats.command_mut(id).count(spent_ns, self.settings.latency_tracking);
        let spent_us = spent_ns / 1000;
        let slower_than = self.settings.slowlog_slower_than_us;
        if slower_than >= 0
            && spent_us >= slower_than as u64
            && !spec.flags.has(Flags::SKIP_SLOWLOG)
        {
            self.log_slow(self.caller_of(conn), id, words, spent_us);
        }
        let threshold = self.settings.latency_threshold_ms;
        if threshold > 0 && spent_us / 1000 >= threshold && !spec.flags.has(Flags::BLOCKING) {
            let event = if spec.flags.has(Flags::FAST) { "fast-command" } else { "command" };
            self.stats.latency.sample(event, self.now.wall, spent_us / 1000);
        }
    }
}
