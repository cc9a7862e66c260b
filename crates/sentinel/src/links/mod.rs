//! Connections to everybody we watch or talk to: one command connection, and for servers one that listens to hellos.
//!
//! # Design
//! A link belongs to a place and the way in (address, credentials, renamed commands), not to a watched group: two
//! groups that name the same server share it, and ping it once. Who uses a link says how often it wants to ping and to
//! ask; the link keeps to the most impatient of them.

mod health;
mod link;
mod pipe;

pub(crate) use health::Health;
pub(crate) use link::{Kind, Link, LinkKey, User, Which};

use crate::group::{GroupId, InstanceId};
use crate::ledger::Ledger;
use crate::periods::Periods;
use resp::Value;
use std::collections::{BTreeMap, VecDeque};
use std::io::IoSlice;
use stdx::Instant;
use world::{ConnId, Effect, Peer, Ticket};

/// A link, as long as it lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct LinkId(u64);

#[cfg(test)]
impl LinkId {
    pub(crate) fn for_tests() -> LinkId {
        LinkId(0)
    }
}

/// What a reply will be the answer to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// AUTH.
    Auth,
    Ping,
    Info,
    /// Whatever comes, it does not matter.
    Nothing,
    /// A hello was published for this instance.
    Hello {
        group: GroupId,
        instance: InstanceId,
    },
    /// SENTINEL IS-MASTER-DOWN-BY-ADDR about this primary.
    IsDown {
        group: GroupId,
        peer: InstanceId,
        primary: InstanceId,
        asked: Instant,
    },
    /// The transaction that makes an instance follow another.
    Reconfigured {
        group: GroupId,
        instance: InstanceId,
    },
    /// A look at what a failover would need, for SENTINEL CKQUORUM.
    Trial {
        trial: u64,
    },
}

/// What the links have to tell.
#[derive(Debug)]
pub(crate) enum Heard {
    Connected(LinkId),
    Lost(LinkId),
    /// It answered a PING, or did not answer well: with this error.
    Pong(LinkId, Option<Vec<u8>>),
    Info(LinkId, Vec<u8>),
    /// Somebody's hello came over this link.
    Hello(Vec<u8>),
    /// Our credentials were refused, in these words.
    Refused(LinkId, String),
    Reply(Asked, Value),
    /// The connection was lost before the answer came.
    Unanswered(Asked),
}

/// Tickets of dials have this bit, so that they can be told from others.
const DIALS: u64 = 1 << 62;

/// All links.
#[derive(Default)]
pub(crate) struct Links {
    links: BTreeMap<LinkId, Link>,
    by_key: BTreeMap<LinkKey, LinkId>,
    by_conn: BTreeMap<ConnId, (LinkId, Which)>,
    dials: BTreeMap<Ticket, (LinkId, Which)>,
    made: u64,
    dialed: u64,
    due: std::collections::BTreeSet<(Instant, LinkId)>,
    ready: VecDeque<ConnId>,
    effects: VecDeque<Effect>,
    heard: VecDeque<Heard>,
    /// Hosts whose addresses are wanted: of new links, and of links that could not be made.
    lookups: VecDeque<String>,
    /// The local address to call from; empty for any.
    pub(crate) source: String,
    pub(crate) periods: Periods,
    /// How we introduce ourselves: `sentinel-` and the beginning of our id.
    pub(crate) client_name: String,
}

impl Links {
    /// The link to a place, which is made if there is none, and who wants it from now on.
    pub(crate) fn attach(&mut self, key: LinkKey, user: User, now: Instant) -> LinkId {
        let id = match self.by_key.get(&key) {
            Some(id) => *id,
            None => {
                self.made += 1;
                self.lookups.push_back(key.address.host.clone());
                let id = LinkId(self.made);
                self.by_key.insert(key.clone(), id);
                self.links.insert(id, Link::new(key, now));
                id
            }
        };
        self.get_mut(id).users.push(user);
        self.schedule(id);
        id
    }

    /// `instance` needs the link no more. The last one closes it.
    pub(crate) fn detach(&mut self, id: LinkId, instance: InstanceId) {
        let link = self.get_mut(id);
        link.users.retain(|user| user.instance != instance);
        if link.users.is_empty() {
            self.close(id);
            let link = self.links.remove(&id).expect("it was there");
            self.due.remove(&(link.scheduled, id));
            self.by_key.remove(&link.key);
        } else {
            self.schedule(id);
        }
    }

    /// Ends both connections of a link; new ones are made at `again`.
    pub(crate) fn reconnect(&mut self, id: LinkId, now: Instant, again: Instant) {
        self.close(id);
        let link = self.get_mut(id);
        link.health.lost(now);
        link.dial_at = again;
        link.refused = false;
        self.schedule(id);
    }

    /// How often this user pings and asks from now on.
    pub(crate) fn set_pace(&mut self, id: LinkId, user: User) {
        let link = self.get_mut(id);
        let known = link.users.iter_mut().find(|it| it.instance == user.instance);
        let known = known.expect("only users have wishes");
        if *known != user {
            *known = user;
            self.schedule(id);
        }
    }

    /// Who uses a link; nobody, where it is gone.
    pub(crate) fn users(&self, id: LinkId) -> Vec<User> {
        self.links.get(&id).map(|link| link.users.clone()).unwrap_or_default()
    }

    pub(crate) fn get(&self, id: LinkId) -> &Link {
        &self.links[&id]
    }

    fn get_mut(&mut self, id: LinkId) -> &mut Link {
        self.links.get_mut(&id).expect("a link lives while somebody uses it")
    }

    /// All of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (LinkId, &Link)> {
        self.links.iter().map(|(id, link)| (*id, link))
    }

    /// Sends a request. False where there is no connection to send it over.
    pub(crate) fn send(
        &mut self,
        id: LinkId,
        words: &[&[u8]],
        asked: Asked,
        ledger: &Ledger,
    ) -> bool {
        let link = self.get_mut(id);
        if !link.command.is_open() {
            return false;
        }
        let request = link.encode(words);
        if link.command.send(request, asked, ledger) {
            self.ready.extend(self.links[&id].command.conn());
        }
        true
    }

    /// Pings now, whatever the period says.
    pub(crate) fn ping(&mut self, id: LinkId, now: Instant, ledger: &Ledger) -> bool {
        let sent = self.send(id, &[b"PING"], Asked::Ping, ledger);
        if sent {
            self.get_mut(id).health.pinged(now);
            self.schedule(id);
        }
        sent
    }

    /// Asks for INFO now, unless an answer is under way already.
    pub(crate) fn ask_info(&mut self, id: LinkId, now: Instant, ledger: &Ledger) -> bool {
        if self.get(id).info_asked.is_some() {
            return true;
        }
        self.ask_info_again(id, now, ledger)
    }

    /// Asks for INFO now: an answer under way may be from before what we want to see.
    pub(crate) fn ask_info_again(&mut self, id: LinkId, now: Instant, ledger: &Ledger) -> bool {
        let sent = self.send(id, &[b"INFO"], Asked::Info, ledger);
        if sent {
            self.get_mut(id).info_asked = Some(now);
            self.schedule(id);
        }
        sent
    }

    /// A dial has succeeded. False: it was not ours.
    pub(crate) fn handle_dialed(
        &mut self,
        ticket: Ticket,
        conn: ConnId,
        local: &Peer,
        now: Instant,
        ledger: &Ledger,
    ) -> bool {
        if ticket.0 & DIALS == 0 {
            return false;
        }
        let Some((id, which)) = self.dials.remove(&ticket) else {
            // Given up meanwhile.
            self.effects.push_back(Effect::Hangup { conn, after_sending: false });
            return true;
        };
        self.by_conn.insert(conn, (id, which));
        let name = format!("{}-{}", self.client_name, which.word());
        let link = self.get_mut(id);
        link.pipe(which).open(conn, local, now);
        link.attempts = 0;
        link.greet(which, &name, now, ledger);
        if link.is_connected() {
            self.heard.push_back(Heard::Connected(id));
        }
        self.ready.push_back(conn);
        self.schedule(id);
        true
    }

    /// A dial has failed. False: it was not ours.
    pub(crate) fn handle_dial_failed(&mut self, ticket: Ticket, now: Instant) -> bool {
        if ticket.0 & DIALS == 0 {
            return false;
        }
        if let Some((id, which)) = self.dials.remove(&ticket) {
            let link = self.get_mut(id);
            link.pipe(which).abandon();
            link.failed(now);
            let host = link.key.address.host.clone();
            self.lookups.push_back(host);
            self.schedule(id);
        }
        true
    }

    /// A connection has gone. False: it was not ours.
    pub(crate) fn handle_closed(&mut self, conn: ConnId, now: Instant) -> bool {
        let Some((id, which)) = self.by_conn.remove(&conn) else { return false };
        self.drop_pipe(id, which);
        let link = self.get_mut(id);
        link.lost(which, now);
        self.schedule(id);
        true
    }

    fn drop_pipe(&mut self, id: LinkId, which: Which) {
        let was = self.get(id).is_connected();
        let link = self.get_mut(id);
        if which == Which::Command {
            link.info_asked = None;
        }
        let lost = link.pipe(which).abandon();
        self.heard.extend(lost.into_iter().map(Heard::Unanswered));
        if was {
            self.heard.push_back(Heard::Lost(id));
        }
    }

    /// Hangs up both connections and forgets what was being dialed.
    fn close(&mut self, id: LinkId) {
        for which in [Which::Command, Which::Pubsub] {
            self.hang_up(id, which);
        }
    }

    fn hang_up(&mut self, id: LinkId, which: Which) {
        let pipe = self.get_mut(id).pipe(which);
        if let Some(ticket) = pipe.dialing() {
            self.dials.remove(&ticket);
            self.effects.push_back(Effect::CancelDial(ticket));
        }
        if let Some(conn) = self.get_mut(id).pipe(which).conn() {
            self.by_conn.remove(&conn);
            self.effects.push_back(Effect::Hangup { conn, after_sending: false });
        }
        self.drop_pipe(id, which);
    }

    /// Bytes have come. False: the connection is not ours.
    pub(crate) fn handle_input(&mut self, conn: ConnId, bytes: &[u8], now: Instant) -> bool {
        let Some(&(id, which)) = self.by_conn.get(&conn) else { return false };
        self.get_mut(id).pipe(which).feed(bytes);
        loop {
            // A reply may have led to the connection's end.
            if self.by_conn.get(&conn) != Some(&(id, which)) {
                return true;
            }
            match self.get_mut(id).pipe(which).next() {
                Ok(Some(value)) => self.heard_value(id, which, value, now),
                Ok(None) => break,
                Err(_) => {
                    // What talks like this is no server of ours.
                    self.hang_up(id, which);
                    self.get_mut(id).lost(which, now);
                    break;
                }
            }
        }
        self.schedule(id);
        true
    }

    fn heard_value(&mut self, id: LinkId, which: Which, value: Value, now: Instant) {
        let link = self.get_mut(id);
        if which == Which::Pubsub {
            link.pubsub_active = now;
            if let Some(message) = link::hello_of(&value) {
                self.heard.push_back(Heard::Hello(message));
                return;
            }
        }
        let asked = link.pipe(which).answered();
        match asked {
            Some(Asked::Auth) => {
                if let Value::Error(text) = &value {
                    self.refused(id, text);
                }
            }
            Some(Asked::Ping) => {
                let error = match &value {
                    Value::Error(text) => Some(text.clone()),
                    _ => None,
                };
                let link = self.get_mut(id);
                link.health.answered(now, error.as_deref());
                if let Some(text) = error.as_ref().filter(|text| link::is_refusal(text)) {
                    self.refused(id, &text.clone());
                } else {
                    self.get_mut(id).refused = false;
                }
                self.heard.push_back(Heard::Pong(id, error));
            }
            Some(Asked::Info) => {
                link.info_asked = None;
                if let Some(text) = value.as_bytes() {
                    link.info_at = Some(now);
                    self.heard.push_back(Heard::Info(id, text.to_vec()));
                }
            }
            Some(Asked::Nothing) | None => {}
            Some(asked) => self.heard.push_back(Heard::Reply(asked, value)),
        }
    }

    /// Said once, until it lets us in again.
    fn refused(&mut self, id: LinkId, text: &[u8]) {
        let link = self.get_mut(id);
        if !std::mem::replace(&mut link.refused, true) {
            let text = String::from_utf8_lossy(text).into_owned();
            self.heard.push_back(Heard::Refused(id, text));
        }
    }

    /// Does what is due: dials, pings, asks, gives up silent connections.
    pub(crate) fn handle_timeout(&mut self, now: Instant, ledger: &Ledger) {
        while let Some(&(at, id)) = self.due.first() {
            if at > now {
                return;
            }
            self.tend(id, now, ledger);
            let link = self.get(id);
            // Whatever is not done now waits a little: a deadline is never met twice.
            let next = link.next_deadline(&self.periods).max(now.after_ms(1));
            self.reschedule(id, next);
        }
    }

    fn tend(&mut self, id: LinkId, now: Instant, ledger: &Ledger) {
        if self.get(id).command_is_stuck(now, &self.periods) {
            self.hang_up(id, Which::Command);
        }
        if self.get(id).pubsub_is_silent(now, &self.periods) {
            self.hang_up(id, Which::Pubsub);
        }
        if self.get(id).dial_at <= now {
            for which in self.get(id).missing() {
                self.dial(id, which);
            }
        }
        if self.get(id).ping_at().is_some_and(|at| at <= now) {
            self.ping(id, now, ledger);
        }
        if self.get(id).info_due().is_some_and(|at| at <= now) {
            self.ask_info(id, now, ledger);
        }
    }

    fn dial(&mut self, id: LinkId, which: Which) {
        self.dialed += 1;
        let ticket = Ticket(DIALS | self.dialed);
        self.dials.insert(ticket, (id, which));
        let link = self.links.get_mut(&id).expect("a link lives while somebody uses it");
        link.pipe(which).dial(ticket);
        let (host, port) = (link.key.address.host.clone(), link.key.address.port);
        let source = self.source.clone();
        self.effects.push_back(Effect::Dial(world::Dial { ticket, host, port, source }));
    }

    /// The disk has caught up: what waited for it may go.
    pub(crate) fn release(&mut self, ledger: &Ledger) {
        for link in self.links.values_mut() {
            for pipe in [&mut link.command, &mut link.pubsub] {
                if pipe.release(ledger) {
                    self.ready.extend(pipe.conn());
                }
            }
        }
    }

    fn schedule(&mut self, id: LinkId) {
        let next = self.get(id).next_deadline(&self.periods);
        self.reschedule(id, next);
    }

    fn reschedule(&mut self, id: LinkId, next: Instant) {
        let link = self.links.get_mut(&id).expect("a link lives while somebody uses it");
        if link.scheduled != next || !self.due.contains(&(next, id)) {
            self.due.remove(&(link.scheduled, id));
            link.scheduled = next;
            self.due.insert((next, id));
        }
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.due.first().map(|(at, _)| *at)
    }

    pub(crate) fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    pub(crate) fn poll_heard(&mut self) -> Option<Heard> {
        self.heard.pop_front()
    }

    /// Wants the address of a host.
    pub(crate) fn look_up(&mut self, host: String) {
        self.lookups.push_back(host);
    }

    /// A host whose address is wanted.
    pub(crate) fn poll_lookup(&mut self) -> Option<String> {
        self.lookups.pop_front()
    }

    pub(crate) fn poll_ready(&mut self) -> Option<ConnId> {
        self.ready.pop_front()
    }

    /// The bytes that wait for `conn`; none where it is not ours.
    pub(crate) fn pending<'a>(&'a self, conn: ConnId, slices: &mut [IoSlice<'a>]) -> usize {
        let Some((id, which)) = self.by_conn.get(&conn) else { return 0 };
        let link = self.get(*id);
        let pipe = if *which == Which::Command { &link.command } else { &link.pubsub };
        match (slices.first_mut(), pipe.pending()) {
            (Some(first), bytes) if !bytes.is_empty() => {
                *first = IoSlice::new(bytes);
                1
            }
            _ => 0,
        }
    }

    /// None: the connection is not ours.
    pub(crate) fn sent(&mut self, conn: ConnId, count: usize) -> Option<bool> {
        let (id, which) = *self.by_conn.get(&conn)?;
        Some(self.get_mut(id).pipe(which).sent(count))
    }
}
