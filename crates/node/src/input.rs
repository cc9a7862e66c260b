//! From bytes to requests: a pipeline is parsed a handful of requests ahead, so that their buckets and entries are
//! on their way from memory while earlier ones run.

use crate::node::Node;
use crate::registry::CommandId;
use crate::session::{Closing, Role};
use resp::{Limits, ProtocolError, Request, Words};
use session::Inbox;
use store::{Inside, Wanted};
use world::{ConnId, Level};

/// How many requests are parsed ahead at the most.
pub(crate) const AHEAD: usize = store::PREFETCH_MAX;

/// One request as it lies in the buffer.
#[derive(Clone, Copy)]
pub(crate) struct Incoming<'a> {
    pub(crate) words: Words<'a>,
    /// The command, where it was looked up ahead.
    pub(crate) found: Option<CommandId>,
    /// The canonical bytes, where the request came in that form: fit to be propagated as they are.
    pub(crate) raw: Option<&'a [u8]>,
}

/// Requests that are parsed and not run yet.
pub(crate) struct Batch {
    requests: [Option<Request>; AHEAD],
    foreseen: [Foreseen; AHEAD],
    len: usize,
    /// What is wrong behind them.
    pub(crate) broken: Option<ProtocolError>,
}

impl Batch {
    /// The requests in order, with what is known of each.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Request, Foreseen)> {
        self.requests[..self.len].iter().flatten().copied().zip(self.foreseen)
    }

    /// Whether there may be more requests in the buffer.
    pub(crate) fn may_have_followers(&self, ahead: usize) -> bool {
        self.len == ahead
    }
}

/// What is known of a request before it runs.
#[derive(Clone, Copy, Default)]
pub(crate) struct Foreseen {
    id: Option<CommandId>,
    /// Of its second word.
    hash: u64,
}

impl Node {
    /// `bytes` arrived for a session: whole requests run, the rest is kept.
    pub(crate) fn input(&mut self, conn: ConnId, bytes: &[u8]) {
        let Some(session) = self.sessions.get_mut(conn) else { return };
        session.active = self.now.instant;
        session.net_in += bytes.len() as u64;
        self.stats.net_in += bytes.len() as u64;
        if session.closing.is_some() {
            return;
        }
        // A session whose request is running right now is lent out; it cannot receive at the same time.
        let mut inbox = session.inbox.take().expect("input arrives between requests");
        session.running = inbox.bytes.len() + bytes.len();
        if inbox.bytes.is_empty() {
            // The usual case: requests run straight from the world's buffer, and nothing is left.
            let consumed = self.run(conn, &mut inbox, bytes);
            inbox.keep(&bytes[consumed..]);
        } else {
            inbox.keep(bytes);
            self.run_kept(conn, &mut inbox);
        }
        self.put_back(conn, inbox);
    }

    /// Goes on with what a session had sent while it could not run.
    pub(crate) fn resume(&mut self, conn: ConnId) {
        let Some(session) = self.sessions.get_mut(conn) else { return };
        if !session.may_run() {
            return;
        }
        // Resumed from within its own request: the loop there goes on by itself.
        let Some(mut inbox) = session.inbox.take() else { return };
        session.running = inbox.bytes.len();
        if !inbox.bytes.is_empty() {
            self.run_kept(conn, &mut inbox);
        }
        self.put_back(conn, inbox);
    }

    fn run_kept(&mut self, conn: ConnId, inbox: &mut Inbox) {
        let bytes = std::mem::take(&mut inbox.bytes);
        let consumed = self.run(conn, inbox, &bytes);
        inbox.bytes = bytes;
        inbox.drop_first(consumed);
    }

    fn put_back(&mut self, conn: ConnId, mut inbox: Box<Inbox>) {
        let kept = inbox.bytes.len();
        let Some(session) = self.sessions.get_mut(conn) else { return };
        inbox.note(session.running);
        session.inbox = Some(inbox);
        session.running = 0;
        if kept > self.settings.query_buffer_max && session.role != Role::Master {
            let id = session.id;
            self.stats.query_limit_disconnections += 1;
            self.close(conn, Closing::Now);
            self.log(
                Level::Warning,
                format!("Closing client that reached max query buffer length: id={id}"),
            );
        }
        self.announce(conn);
        self.weigh(conn);
    }

    /// Runs the requests in `buffer`; how many bytes of it are done with.
    fn run(&mut self, conn: ConnId, inbox: &mut Inbox, buffer: &[u8]) -> usize {
        loop {
            let Some(session) = self.sessions.get(conn) else { return buffer.len() };
            if !session.may_run() {
                break;
            }
            let (limits, ahead) = if session.is_let_in {
                (Limits { bulk_len_max: self.settings.bulk_len_max, ..Limits::default() }, AHEAD)
            } else {
                // The limits change with AUTH, so nothing is parsed beyond the next request.
                (Limits::UNAUTHENTICATED, 1)
            };
            let batch = self.parse_ahead(conn, inbox, buffer, &limits, ahead);
            self.lap_ns = None;
            for (request, foreseen) in batch.iter() {
                self.run_one(conn, inbox, buffer, &request, foreseen);
                let Some(session) = self.sessions.get(conn) else { return buffer.len() };
                if !session.may_run() {
                    // What was parsed ahead is parsed again when the session goes on.
                    inbox.parser = Default::default();
                    return request.end;
                }
            }
            let is_last = !batch.may_have_followers(ahead);
            if let Some(error) = batch.broken {
                self.protocol_error(conn, error);
                inbox.parser = Default::default();
                return buffer.len();
            }
            if is_last {
                break;
            }
            // Everything found so far has run; the parser may forget it without moving a byte.
            inbox.parser.forget_requests();
        }
        let consumed = inbox.parser.consumed();
        inbox.parser.forget(consumed);
        consumed
    }

    /// Parses up to `ahead` requests, and sees to it that what they need is near when they run.
    pub(crate) fn parse_ahead(
        &self,
        conn: ConnId,
        inbox: &mut Inbox,
        buffer: &[u8],
        limits: &Limits,
        ahead: usize,
    ) -> Batch {
        let mut requests = [None::<Request>; AHEAD];
        let mut len = 0;
        let mut broken = None;
        while len < ahead {
            match inbox.parser.next(buffer, limits) {
                Ok(Some(request)) => {
                    requests[len] = Some(request);
                    len += 1;
                }
                Ok(None) => break,
                Err(error) => {
                    broken = Some(error);
                    break;
                }
            }
        }
        let mut foreseen = [Foreseen::default(); AHEAD];
        if len > 1 {
            self.look_ahead(conn, inbox, buffer, &requests[..len], &mut foreseen);
        }
        Batch { requests, foreseen, len, broken }
    }

    /// Runs a request of a batch.
    pub(crate) fn run_one(
        &mut self,
        conn: ConnId,
        inbox: &Inbox,
        buffer: &[u8],
        request: &Request,
        Foreseen { id, hash }: Foreseen,
    ) {
        let words = inbox.parser.words(request, buffer);
        let raw = request.canonical.then(|| &buffer[request.start..request.end]);
        if let (Some(_), Some(key)) = (id, words.get(1)) {
            self.keyspace.foresee(key, hash);
        }
        self.process(conn, Incoming { words, found: id, raw });
        self.keyspace.forget();
    }

    /// Looks up which commands these are, and asks memory for what they will look at. Nearly every data command has its
    /// key at word 1.
    fn look_ahead(
        &self,
        conn: ConnId,
        inbox: &Inbox,
        buffer: &[u8],
        requests: &[Option<Request>],
        foreseen: &mut [Foreseen; AHEAD],
    ) {
        let Some(session) = self.sessions.get(conn) else { return };
        let mut wanted = [Wanted::default(); AHEAD];
        for ((request, foreseen), wanted) in
            requests.iter().flatten().zip(&mut *foreseen).zip(&mut wanted)
        {
            let words = inbox.parser.words(request, buffer);
            let (Some(name), Some(key)) = (words.get(0), words.get(1)) else { continue };
            let Some(id) = self.registry.find(name) else { continue };
            foreseen.id = Some(id);
            let inside = match self.registry.row(id).spec.inside {
                command::Inside::Nothing => Inside::Nothing,
                command::Inside::Value => Inside::Value,
                command::Inside::Word(at) => {
                    words.get(at.into()).map_or(Inside::Nothing, Inside::Member)
                }
            };
            *wanted = Wanted { key, inside };
        }
        let hashes = self.keyspace.prefetch(session.db, &wanted[..requests.len()]);
        foreseen.iter_mut().zip(hashes).for_each(|(foreseen, hash)| foreseen.hash = hash);
    }

    fn protocol_error(&mut self, conn: ConnId, error: ProtocolError) {
        let Some(session) = self.sessions.get(conn) else { return };
        let id = session.id;
        self.stats.count_error(b"ERR");
        self.log(Level::Verbose, format!("Protocol error ({error}) from client: id={id}"));
        self.send(conn, |w| w.error(format!("ERR {error}").as_bytes()));
        self.close(conn, Closing::AfterSending);
    }
}
