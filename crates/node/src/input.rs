//! From bytes to requests: a pipeline is parsed a handful of requests ahead, so that their buckets and entries are
//! on their way from memory while earlier ones run.

use crate::node::{Node, output_limit_of};
use crate::registry::CommandId;
use crate::session::{Closing, Role};
use crate::share::{SHARE_INPUT_BYTES, Share};
use arrayvec::ArrayVec;
use resp::{Limits, ProtocolError, Request, Words};
use session::Inbox;
use store::{Inside, Wanted};
use world::{ConnId, Effect, Level};

/// How many requests are parsed ahead at the most.
pub(crate) const AHEAD: usize = store::PREFETCH_MAX;

/// A session for which that many bytes of output wait has its requests held, until half of it is sent: a peer that
/// asks without reading fills only so much memory.
pub(crate) const HELD_OUTPUT_BYTES: usize = 64 << 20;

/// That many bytes of requests are held. A peer that sends more than this before it reads would wait for us while we
/// wait for it, so then its requests run; `client-output-buffer-limit` is what bounds such a peer.
const HELD_INPUT_BYTES: usize = 1 << 20;

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
#[derive(Default)]
pub(crate) struct Batch {
    requests: ArrayVec<(Request, Foreseen), AHEAD>,
    /// The buffer has no further whole request.
    pub(crate) is_last: bool,
    /// What is wrong behind them.
    pub(crate) broken: Option<ProtocolError>,
}

impl Batch {
    /// The requests in order, with what is known of each.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Request, Foreseen)> {
        self.requests.iter().copied()
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
        if session.awaits_share {
            // It has its next share when the others have had theirs, however much it sends meanwhile.
            inbox.keep(bytes);
        } else if inbox.bytes.is_empty() {
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
        // What it sends beyond the share that it waits for stays with the system, and so with the peer.
        let is_unread = session.awaits_share && kept >= SHARE_INPUT_BYTES;
        if session.is_unread != is_unread {
            session.is_unread = is_unread;
            self.effects.push_back(Effect::Reading { conn, on: !is_unread });
        }
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
        let Some(session) = self.sessions.get_mut(conn) else { return buffer.len() };
        session.held = session.out.len() >= HELD_OUTPUT_BYTES && buffer.len() < HELD_INPUT_BYTES;
        if session.held {
            return 0;
        }
        let mut share = Share::new(session.out.len(), &self.stats.turns);
        let mut batch = Batch::default();
        loop {
            let Some(session) = self.sessions.get(conn) else { return buffer.len() };
            if !session.may_run() {
                break;
            }
            // So much is within every limit; beyond it, the limits of this session are asked for.
            let mut brake = session::KEEP_BYTES;
            let (limits, ahead) = if session.is_let_in {
                (Limits { bulk_len_max: self.settings.bulk_len_max, ..Limits::default() }, AHEAD)
            } else {
                // The limits change with AUTH, so nothing is parsed beyond the next request.
                (Limits::UNAUTHENTICATED, 1)
            };
            self.parse_ahead(conn, inbox, buffer, (&limits, ahead), &mut batch);
            self.lap_ns = None;
            for (request, foreseen) in batch.iter() {
                self.run_one(conn, inbox, buffer, &request, foreseen);
                let Some(session) = self.sessions.get(conn) else { return buffer.len() };
                let goes_on = session.may_run()
                    && (session.out.len() < brake
                        || self.may_cause_more(conn, share.output, &mut brake))
                    && (self.stats.turns.commands_ns < share.until_ns
                        || request.end == buffer.len()
                        || self.may_take_longer(conn, &mut share));
                if !goes_on {
                    // What was parsed ahead is parsed again when the session goes on.
                    inbox.parser = Default::default();
                    return request.end;
                }
            }
            if let Some(error) = batch.broken {
                self.protocol_error(conn, error);
                inbox.parser = Default::default();
                return buffer.len();
            }
            if batch.is_last {
                break;
            }
            if inbox.parser.consumed() >= SHARE_INPUT_BYTES {
                self.share_is_used(conn);
                break;
            }
            // Everything found so far has run; the parser may forget it without moving a byte.
            inbox.parser.forget_requests();
        }
        let consumed = inbox.parser.consumed();
        inbox.parser.forget(consumed);
        consumed
    }

    /// Output waits that may be too much: judges it by the limits of the session, and by its share of the turn.
    /// `brake`: how much may wait before this has to be asked again.
    #[cold]
    fn may_cause_more(&mut self, conn: ConnId, share: usize, brake: &mut usize) -> bool {
        self.announce(conn);
        let Some(session) = self.sessions.get(conn).filter(|it| it.may_run()) else { return false };
        *brake =
            share.min(session::harmless_bytes(output_limit_of(session, &self.settings.output)));
        let has_share = session.out.len() < share;
        if !has_share {
            self.share_is_used(conn);
        }
        has_share
    }

    /// Its requests have taken a while: judges that by its share of the turn.
    #[cold]
    fn may_take_longer(&mut self, conn: ConnId, share: &mut Share) -> bool {
        let has_time = share.has_time(&self.stats.turns);
        if !has_time {
            self.share_is_used(conn);
        }
        has_time
    }

    /// Parses as many requests as the limits and the number with them allow, and sees to it that what they need is near
    /// when they run.
    pub(crate) fn parse_ahead(
        &self,
        conn: ConnId,
        inbox: &mut Inbox,
        buffer: &[u8],
        (limits, ahead): (&Limits, usize),
        batch: &mut Batch,
    ) {
        batch.requests.clear();
        batch.broken = None;
        while batch.requests.len() < ahead {
            match inbox.parser.next(buffer, limits) {
                Ok(Some(request)) => batch.requests.push((request, Foreseen::default())),
                Ok(None) => break,
                Err(error) => {
                    batch.broken = Some(error);
                    break;
                }
            }
        }
        batch.is_last = batch.requests.len() < ahead;
        if batch.requests.len() > 1 {
            self.look_ahead(conn, inbox, buffer, &mut batch.requests);
        }
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
        requests: &mut [(Request, Foreseen)],
    ) {
        let Some(session) = self.sessions.get(conn) else { return };
        let mut wanted = [Wanted::default(); AHEAD];
        for ((request, foreseen), wanted) in requests.iter_mut().zip(&mut wanted) {
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
        requests.iter_mut().zip(hashes).for_each(|((_, foreseen), hash)| foreseen.hash = hash);
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

#[cfg(test)]
mod tests {
    use crate::check::Player;
    use command::Owned;
    use stdx::Prng;

    const KEYS: &[&[u8]] =
        &[b"", b"a", b"b", b"key", b"kez", &[0, 255], b"a key that is longer than sixteen bytes"];
    const WORDS: &[&[u8]] = &[b"", b"m", b"n", b"7", b"-1", b"1.5", b"member", b"\r\n"];

    /// Commands of all types on few keys, so that they get in each other's way; some are wrong.
    fn request(chance: &mut Prng) -> Vec<u8> {
        const SHAPES: &str = "set k w|get k|append k w|incr k|del k|del k k k|exists k k k|getset k w|mset k w k w|\
            mget k k k|rename k k|copy k k replace|sadd k w|sadd k w w w|srem k w|sismember k w|smembers k|scard k|\
            spop k|sunionstore k k k|hset k w w|hset k w w w w|hget k w|hdel k w|hgetall k|hincrby k w 3|zadd k 1 w|\
            zadd k xx 2 w|zincrby k 1 w|zscore k w|zrem k w|zrange k 0 -1|zpopmin k|lpush k w w|rpop k|lrange k 0 -1|\
            lset k 0 w|ping|echo w|select 0|select 1|swapdb 0 1|multi|exec|discard|watch k|expire k 100|persist k|\
            flushdb|type k|object encoding k|nonsense k|get|get k k|randomkey|scan 0|sort k alpha|dump k";
        let shapes: Vec<&str> = SHAPES.split('|').collect();
        let pick = |chance: &mut Prng, from: &[&'static [u8]]| {
            from[chance.below(from.len() as u64) as usize].to_vec()
        };
        let shape = shapes[chance.below(shapes.len() as u64) as usize];
        let words: Vec<Vec<u8>> = shape
            .split(' ')
            .map(|word| match word {
                "k" => pick(chance, KEYS),
                "w" => pick(chance, WORDS),
                word => word.into(),
            })
            .collect();
        let mut bytes = Vec::new();
        Owned::new(&words).words().encode(&mut bytes);
        bytes
    }

    #[test]
    fn requests_that_come_together_do_what_they_do_one_by_one() {
        for seed in 0..60 {
            let mut chance = Prng::new(seed);
            let parameters =
                [("set-max-listpack-entries", "2"), ("hash-max-listpack-entries", "2")];
            let [mut alone, mut together] = [0; 2].map(|_| {
                let mut player = Player::new(&parameters);
                player.request("", "PING");
                player
            });
            for _ in 0..40 {
                let count = 1 + chance.below(40);
                let requests: Vec<Vec<u8>> = (0..count).map(|_| request(&mut chance)).collect();
                let one_by_one: String = requests.iter().map(|it| alone.bytes("", it)).collect();
                // Somewhere in the middle of a request there is a break.
                let mut bytes = requests.concat();
                let rest = bytes.split_off(chance.below(bytes.len() as u64) as usize);
                let at_once = together.bytes("", &bytes) + &together.bytes("", &rest);
                assert_eq!(
                    at_once,
                    one_by_one,
                    "seed {seed}: {:?}",
                    String::from_utf8_lossy(&bytes)
                );
            }
            for player in [&mut alone, &mut together] {
                player.request("", "DISCARD");
            }
            assert_eq!(
                together.node.keyspace.digest(),
                alone.node.keyspace.digest(),
                "seed {seed}"
            );
        }
    }
}
