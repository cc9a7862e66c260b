//! From bytes to requests.

use super::{Closing, Parked, Pause, ReplyMode};
use crate::commands::{self, Called};
use crate::sentinel::Sentinel;
use resp::{Limits, Owned, ProtocolError, Words};
use stdx::Instant;
use world::{ConnId, Level};

impl Sentinel {
    /// Bytes of a client: whole requests run, the rest is kept.
    pub(crate) fn client_input(&mut self, conn: ConnId, bytes: &[u8]) {
        let now = self.clock.now();
        let Some(session) = self.clients.get_mut(conn) else { return };
        session.active = now;
        if session.closing.is_some() {
            return;
        }
        session.inbox.keep(bytes);
        let counters = &mut self.clients.counters;
        counters.reads += 1;
        counters.bytes_in += bytes.len() as u64;
        counters.sample(now);
        self.client_goes_on(conn);
    }

    /// Runs what a session has sent, as far as it may.
    pub(crate) fn client_goes_on(&mut self, conn: ConnId) {
        while let Some(session) = self.clients.get_mut(conn).filter(|it| it.may_run()) {
            let limits =
                if session.is_let_in { Limits::default() } else { Limits::UNAUTHENTICATED };
            match session.inbox.next(&limits) {
                Ok(Some(request)) => self.run(conn, request),
                Ok(None) => break,
                Err(error) => return self.protocol_error(conn, error),
            }
        }
        let max = self.clients.limits.query_buffer_max;
        if let Some(session) = self.clients.get(conn).filter(|it| it.inbox.bytes.len() > max) {
            let id = session.id;
            self.log(
                Level::Warning,
                format!("Closing client that reached max query buffer length: id={id}"),
            );
            self.clients.close(conn, Closing::Now);
        }
    }

    fn protocol_error(&mut self, conn: ConnId, error: ProtocolError) {
        let Some(session) = self.clients.get(conn) else { return };
        let id = session.id;
        self.log(Level::Verbose, format!("Protocol error ({error}) from client: id={id}"));
        self.clients.counters.errors += 1;
        self.tell(conn, |w| w.error(format!("ERR {error}").as_bytes()));
        self.clients.close(conn, Closing::AfterSending);
    }

    fn run(&mut self, conn: ConnId, request: Owned) {
        if session::is_http(&request.words()) {
            return self.turn_away(conn);
        }
        if self.is_paused(&request.words())
            && let Some(session) = self.clients.get_mut(conn)
        {
            session.parked = Some(Parked::Pause(request));
            return;
        }
        let Some(session) = self.clients.get_mut(conn) else { return };
        if session.reply_mode == ReplyMode::SkipNext {
            session.reply_mode = ReplyMode::Skipping;
        }
        let mut bytes = Vec::new();
        let called = commands::execute(self, conn, request.words(), &mut bytes);
        self.clients.counters.commands += u64::from(called == Called::Ran);
        let Some(session) = self.clients.get_mut(conn) else { return };
        let silent = session.reply_mode.is_silent();
        if session.parked.is_none() {
            session.reply_mode = session.reply_mode.after_reply();
        }
        if !silent && !bytes.is_empty() {
            self.send(conn, bytes);
        }
    }

    /// A browser speaks: it gets no answer.
    fn turn_away(&mut self, conn: ConnId) {
        let now = self.clock.now();
        let Some(session) = self.clients.sessions.get(&conn) else { return };
        if let Some(line) = self.clients.browsers.seen(&session.peer, now) {
            self.log(Level::Warning, line);
        }
        self.clients.close(conn, Closing::Now);
    }

    /// True while CLIENT PAUSE holds this request back.
    fn is_paused(&self, words: &Words<'_>) -> bool {
        let Some((until, what)) = self.clients.pause else { return false };
        // What a hello says reaches others: it is the nearest to a write that there is here.
        let writes = words.get(0).is_some_and(|it| it.eq_ignore_ascii_case(b"publish"));
        self.clock.now() < until && (what == Pause::All || writes)
    }

    /// A session goes on that was parked.
    pub(crate) fn unpark(&mut self, conn: ConnId) {
        let Some(session) = self.clients.get_mut(conn) else { return };
        let parked = session.parked.take();
        session.reply_mode = session.reply_mode.after_reply();
        match parked {
            Some(Parked::Pause(request) | Parked::Look(request)) => {
                self.run(conn, request);
                self.client_goes_on(conn);
            }
            Some(_) => self.client_goes_on(conn),
            None => {}
        }
    }

    /// CLIENT PAUSE is over, or UNPAUSE was said.
    pub(crate) fn end_pause(&mut self) {
        self.clients.pause = None;
        let waits = |it: &&super::Session| matches!(it.parked, Some(Parked::Pause(_)));
        let conns: Vec<ConnId> = self.clients.iter().filter(waits).map(|it| it.conn).collect();
        conns.into_iter().for_each(|conn| self.unpark(conn));
    }

    /// Ends a pause whose time is up.
    pub(crate) fn end_pause_if_due(&mut self, now: Instant) {
        if self.clients.pause.is_some_and(|(until, _)| until <= now) {
            self.end_pause();
        }
    }
}
