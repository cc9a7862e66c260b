//! One link: where it goes, who uses it, and when it has something to do.

use super::pipe::Pipe;
use super::{Asked, Health};
use crate::address::Address;
use crate::group::{GroupId, InstanceId};
use crate::hello::CHANNEL;
use crate::ledger::Ledger;
use crate::periods::Periods;
use resp::{Owned, Value};
use stdx::Instant;

/// Between attempts to connect: it doubles up to the second.
const RETRY_MS: (u64, u64) = (50, 1000);
/// Who answered a moment ago is looked for more often: a primary that comes back empty has to be seen before its
/// replicas, which try every second, have copied the emptiness.
const RETRY_SOON_MS: u64 = 100;
/// For how long.
const SOON_MS: u64 = 5000;
/// No more requests than this wait for an answer.
const UNANSWERED_MAX: usize = 100;

/// Whom a link leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Server,
    Peer,
}

/// A place, and how we get in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct LinkKey {
    pub(crate) kind: Kind,
    pub(crate) address: Address,
    pub(crate) user: String,
    pub(crate) password: String,
    /// Commands that have other names there.
    pub(crate) renamed: Vec<(Vec<u8>, Vec<u8>)>,
}

/// An instance that uses the link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct User {
    pub(crate) group: GroupId,
    pub(crate) instance: InstanceId,
    pub(crate) down_after_ms: u64,
    /// How often INFO is wanted; never, of peers.
    pub(crate) info_ms: Option<u64>,
    /// How often a PING is sent at the least.
    pub(crate) ping_ms: u64,
}

/// Which of the two connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Which {
    Command,
    Pubsub,
}

impl Which {
    /// The end of the name that CLIENT LIST shows on the other side.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Which::Command => "cmd",
            Which::Pubsub => "pubsub",
        }
    }
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) key: LinkKey,
    pub(crate) users: Vec<User>,
    pub(crate) command: Pipe,
    pub(crate) pubsub: Pipe,
    pub(crate) health: Health,
    /// When something last came over the Pub/Sub connection.
    pub(crate) pubsub_active: Instant,
    pub(super) info_asked: Option<Instant>,
    pub(super) info_at: Option<Instant>,
    /// When to dial what is missing.
    pub(super) dial_at: Instant,
    pub(super) attempts: u32,
    /// Our credentials were refused, and it has been said.
    pub(crate) refused: bool,
    pub(super) scheduled: Instant,
}

impl Link {
    pub(super) fn new(key: LinkKey, now: Instant) -> Link {
        Link {
            key,
            users: Vec::new(),
            command: Pipe::default(),
            pubsub: Pipe::default(),
            health: Health::new(now),
            pubsub_active: now,
            info_asked: None,
            info_at: None,
            dial_at: now,
            attempts: 0,
            refused: false,
            scheduled: now,
        }
    }

    pub(super) fn pipe(&mut self, which: Which) -> &mut Pipe {
        match which {
            Which::Command => &mut self.command,
            Which::Pubsub => &mut self.pubsub,
        }
    }

    /// All connections that it needs are there.
    pub(crate) fn is_connected(&self) -> bool {
        self.command.is_open() && (self.key.kind == Kind::Peer || self.pubsub.is_open())
    }

    /// Requests that wait for their replies.
    pub(crate) fn pending_commands(&self) -> usize {
        self.command.unanswered()
    }

    /// The connections that are not there and are not being made.
    pub(super) fn missing(&self) -> Vec<Which> {
        let pubsub = self.key.kind == Kind::Server && self.pubsub.is_closed();
        let command = self.command.is_closed().then_some(Which::Command);
        command.into_iter().chain(pubsub.then_some(Which::Pubsub)).collect()
    }

    /// A connection could not be had or kept: the next attempt waits, longer each time.
    pub(super) fn failed(&mut self, now: Instant) {
        let longest = match now.ms_since(self.health.ok) {
            ..SOON_MS => RETRY_SOON_MS,
            SOON_MS.. => RETRY_MS.1,
        };
        let wait = RETRY_MS.0.checked_shl(self.attempts).unwrap_or(longest).min(longest);
        self.attempts = (self.attempts + 1).min(10);
        self.dial_at = now.after_ms(wait);
    }

    /// A connection has gone.
    pub(super) fn lost(&mut self, which: Which, now: Instant) {
        if which == Which::Command {
            self.health.lost(now);
        }
        self.failed(now);
    }

    /// The words as bytes, the command under the name that it has there.
    pub(super) fn encode(&self, words: &[&[u8]]) -> Vec<u8> {
        let mut request = Owned::new(std::iter::empty::<&[u8]>());
        for (at, word) in words.iter().enumerate() {
            let renamed = self
                .key
                .renamed
                .iter()
                .find(|(name, _)| at == 0 && name.eq_ignore_ascii_case(word));
            request.push(renamed.map_or(word, |(_, name)| name.as_slice()));
        }
        let mut bytes = Vec::new();
        request.words().encode(&mut bytes);
        bytes
    }

    /// What is said first on a new connection.
    pub(super) fn greet(&mut self, which: Which, name: &str, now: Instant, ledger: &Ledger) {
        let (user, password) = (self.key.user.clone(), self.key.password.clone());
        let auth: &[&[u8]] = match (user.is_empty(), password.is_empty()) {
            (_, true) => &[],
            (true, false) => &[b"AUTH", password.as_bytes()],
            (false, false) => &[b"AUTH", user.as_bytes(), password.as_bytes()],
        };
        let mut hello: Vec<(Vec<u8>, Asked)> = Vec::new();
        if !auth.is_empty() {
            hello.push((self.encode(auth), Asked::Auth));
        }
        hello.push((self.encode(&[b"CLIENT", b"SETNAME", name.as_bytes()]), Asked::Nothing));
        match which {
            Which::Command => {
                if self.key.kind == Kind::Server {
                    // What it is and where it stands is wanted first of all: if it was started again, that is known
                    // before the answer to PING says that it is well.
                    hello.push((self.encode(&[b"INFO"]), Asked::Info));
                    self.info_asked = Some(now);
                }
                hello.push((self.encode(&[b"PING"]), Asked::Ping));
                self.health.pinged(now);
            }
            Which::Pubsub => {
                self.pubsub_active = now;
                hello.push((self.encode(&[b"SUBSCRIBE", CHANNEL]), Asked::Nothing));
            }
        }
        for (request, asked) in hello {
            self.pipe(which).send(request, asked, ledger);
        }
    }

    fn down_after_ms(&self) -> u64 {
        self.users.iter().map(|user| user.down_after_ms).min().unwrap_or(u64::MAX)
    }

    /// A connection that looks fine but over which nothing comes is made anew: what lies between may have forgotten
    /// it.
    pub(super) fn command_is_stuck(&self, now: Instant, periods: &Periods) -> bool {
        self.stuck_at(periods).is_some_and(|at| at <= now)
    }

    fn stuck_at(&self, periods: &Periods) -> Option<Instant> {
        let since = self.command.since()?.after_ms(periods.min_reconnect_ms + 1);
        let half = self.down_after_ms() / 2 + 1;
        let awaiting = self.health.awaiting_since?.after_ms(half);
        Some(since.max(awaiting).max(self.health.pong.after_ms(half)))
    }

    pub(super) fn pubsub_is_silent(&self, now: Instant, periods: &Periods) -> bool {
        self.silent_at(periods).is_some_and(|at| at <= now)
    }

    fn silent_at(&self, periods: &Periods) -> Option<Instant> {
        let since = self.pubsub.since()?.after_ms(periods.min_reconnect_ms + 1);
        Some(since.max(self.pubsub_active.after_ms(periods.silence_ms() + 1)))
    }

    /// When the next PING is due.
    pub(super) fn ping_at(&self) -> Option<Instant> {
        if !self.command.is_open() || self.command.unanswered() >= UNANSWERED_MAX {
            return None;
        }
        let period = self.users.iter().map(|user| user.ping_ms).min()?;
        let again = self.health.pinged.map_or(Instant::ZERO, |at| at.after_ms(period / 2));
        Some(self.health.pong.after_ms(period).max(again))
    }

    /// When the next INFO is due.
    pub(super) fn info_due(&self) -> Option<Instant> {
        if !self.command.is_open() || self.info_asked.is_some() {
            return None;
        }
        let period = self.users.iter().filter_map(|user| user.info_ms).min()?;
        Some(self.info_at.map_or(Instant::ZERO, |at| at.after_ms(period)))
    }

    /// When it has to be tended next.
    pub(super) fn next_deadline(&self, periods: &Periods) -> Instant {
        let dial = (!self.missing().is_empty()).then_some(self.dial_at);
        let (stuck, silent) = (self.stuck_at(periods), self.silent_at(periods));
        let all = [dial, self.ping_at(), self.info_due(), stuck, silent];
        all.into_iter().flatten().min().unwrap_or(Instant(u64::MAX))
    }
}

/// The message of a hello that somebody published.
pub(super) fn hello_of(value: &Value) -> Option<Vec<u8>> {
    let (Value::Array(items) | Value::Push(items)) = value else { return None };
    match items.as_slice() {
        [kind, _, message] if kind.as_bytes() == Some(b"message") => {
            Some(message.as_bytes()?.to_vec())
        }
        _ => None,
    }
}

/// True for an error that says: not you.
pub(super) fn is_refusal(text: &[u8]) -> bool {
    [&b"NOAUTH"[..], b"WRONGPASS", b"NOPERM", b"ERR invalid password", b"DENIED"]
        .iter()
        .any(|it| text.starts_with(it))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_answered_a_moment_ago_is_looked_for_often() {
        let key = LinkKey {
            kind: Kind::Server,
            address: Address::new("h", 1),
            user: String::new(),
            password: String::new(),
            renamed: Vec::new(),
        };
        let start = Instant::ZERO;
        let mut link = Link::new(key, start);
        let mut waits = |ms: u64| {
            let now = start.after_ms(ms);
            link.failed(now);
            link.dial_at.ms_since(now)
        };
        assert_eq!([waits(0), waits(50), waits(150), waits(4999)], [50, 100, 100, 100]);
        assert_eq!([waits(5000), waits(60_000)], [800, 1000]);
    }
}
