//! A server in miniature, for Sentinels to watch: it counts, and has replicas that count along.
//!
//! It does what Sentinel looks at or asks for as a server does: INFO, hellos, SLAVEOF in a transaction with CONFIG
//! REWRITE and CLIENT KILL, histories that are continued or copied, a dataset that a restart loses or brings back as
//! it was a while ago. Between themselves these servers speak a protocol of their own, in which a whole dataset is one
//! number: a hundred times faster than whole servers.

mod info;
mod link;
mod requests;
mod settings;

use crate::Disk;
use link::{Link, Source};
use requests::Session;
pub use settings::Settings;
use std::collections::{BTreeMap, VecDeque};
use std::io::IoSlice;
use stdx::{Instant, Now, Prng};
use world::{ConnId, DiskOp, Effect, Event, Level, Machine, Ticket};

/// Where the configuration lies.
pub(crate) const FILE: &str = "/etc/standin.conf";
/// Where the data is kept, by those who keep it.
pub(crate) const DUMP: &str = "/data/dump";
/// How often data is saved.
const SAVE_MS: u64 = 2000;

/// A dataset: how far it is in which history, and what the counter shows there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Data {
    pub(crate) id: String,
    /// The history that this one continues, and up to where the two are one.
    pub(crate) id2: String,
    pub(crate) offset2: u64,
    pub(crate) offset: u64,
    pub(crate) count: u64,
}

impl Data {
    pub(crate) fn empty(prng: &mut Prng) -> Data {
        Data { id: prng.hex(20), ..Data::default() }
    }

    pub(crate) fn encode(&self) -> String {
        let id2 = if self.id2.is_empty() { "-" } else { &self.id2 };
        format!("{} {id2} {} {} {}", self.id, self.offset2, self.offset, self.count)
    }

    fn decode(text: &str) -> Option<Data> {
        let words: Vec<&str> = text.split(' ').collect();
        let [id, id2, offset2, offset, count] = words[..] else { return None };
        Some(Data {
            id: id.to_owned(),
            id2: if id2 == "-" { String::new() } else { id2.to_owned() },
            offset2: offset2.parse().ok()?,
            offset: offset.parse().ok()?,
            count: count.parse().ok()?,
        })
    }
}

/// See the module.
pub struct StandIn {
    process: usize,
    settings: Settings,
    prng: Prng,
    run_id: String,
    data: Data,
    /// It has a dataset: from its disk, by a whole copy of its source's, or because it was a primary.
    synced: bool,
    /// Whom it follows; none for a primary.
    source: Option<Source>,
    /// It was made a primary without ever having had a dataset.
    promoted_empty: bool,
    sessions: BTreeMap<ConnId, Session>,
    /// Those who follow, with where they listen.
    replicas: BTreeMap<ConnId, String>,
    write_at: Instant,
    save_at: Instant,
    /// What was saved last.
    saved: u64,
    tickets: u64,
    effects: VecDeque<Effect>,
    ready: VecDeque<ConnId>,
}

impl StandIn {
    /// Starts it with what its disk holds.
    pub(crate) fn boot(process: usize, seed: u64, now: Now, files: &Disk) -> StandIn {
        let mut prng = Prng::new(seed);
        let text = |path: &str| files.read(path).map(|it| String::from_utf8_lossy(it).into_owned());
        let settings = Settings::parse(&text(FILE).unwrap_or_default());
        let kept = text(DUMP).and_then(|text| Data::decode(&text));
        let run_id = prng.hex(20);
        let at = now.instant;
        let source = settings.source.clone().map(|(host, port)| Source::new(host, port, at));
        let mut server = StandIn {
            process,
            run_id,
            synced: kept.is_some() || source.is_none(),
            data: kept.unwrap_or_else(|| Data::empty(&mut prng)),
            source,
            promoted_empty: false,
            sessions: BTreeMap::new(),
            replicas: BTreeMap::new(),
            write_at: at,
            save_at: at.after_ms(SAVE_MS),
            saved: 0,
            tickets: 0,
            effects: VecDeque::new(),
            ready: VecDeque::new(),
            settings,
            prng,
        };
        server.saved = server.data.offset;
        let ticket = server.ticket();
        server.effects.push_back(Effect::Listen {
            ticket,
            addresses: Vec::new(),
            port: crate::PORT,
            unix: None,
            backlog: 0,
        });
        if !server.settings.keeps_data {
            server.disk(DiskOp::Remove { path: DUMP.to_owned() });
        }
        server
    }

    fn ticket(&mut self) -> Ticket {
        self.tickets += 1;
        Ticket(self.tickets)
    }

    fn disk(&mut self, op: DiskOp) {
        let ticket = self.ticket();
        self.effects.push_back(Effect::Disk { ticket, op });
    }

    fn log(&mut self, text: String) {
        self.effects.push_back(Effect::Log { level: Level::Notice, text });
    }

    /// What is made durable with the configuration: whom it follows.
    fn rewrite_configuration(&mut self) {
        let source = self.source.as_ref().map(|it| (it.host.clone(), it.port));
        self.settings.source = source;
        let bytes = self.settings.text().into_bytes();
        self.disk(DiskOp::Replace { path: FILE.to_owned(), bytes });
    }

    fn hang_up(&mut self, conn: ConnId) {
        self.sessions.remove(&conn);
        self.replicas.remove(&conn);
        self.effects.push_back(Effect::Hangup { conn, after_sending: false });
    }

    /// Replicas have to ask again where they stand: the history is another one now.
    fn drop_replicas(&mut self) {
        let all: Vec<ConnId> = self.replicas.keys().copied().collect();
        all.into_iter().for_each(|conn| self.hang_up(conn));
    }

    fn say(&mut self, conn: ConnId, bytes: &[u8]) {
        let link = self.source.as_mut().filter(|it| it.conn() == Some(conn)).map(|it| &mut it.out);
        let Some(out) = link.or_else(|| self.sessions.get_mut(&conn).map(|it| &mut it.out)) else {
            return;
        };
        out.extend_from_slice(bytes);
        self.ready.push_back(conn);
    }

    /// A write by some client of ours.
    fn write(&mut self, now: Instant) {
        self.data.offset += 10;
        self.data.count += 1;
        self.pass_on();
        let about = self.settings.write_ms;
        self.write_at = now.after_ms(about / 2 + self.prng.below(about));
    }

    /// Tells the replicas where we are.
    fn pass_on(&mut self) {
        let text = format!("+W {} {}\r\n", self.data.offset, self.data.count);
        let all: Vec<ConnId> = self.replicas.keys().copied().collect();
        all.into_iter().for_each(|conn| self.say(conn, text.as_bytes()));
    }

    fn save(&mut self, now: Instant) {
        self.save_at = now.after_ms(SAVE_MS);
        let whole = self.synced && !self.is_loading();
        if self.settings.keeps_data && whole && self.saved != self.data.offset {
            self.saved = self.data.offset;
            let bytes = self.data.encode().into_bytes();
            self.disk(DiskOp::Replace { path: DUMP.to_owned(), bytes });
        }
    }

    fn is_loading(&self) -> bool {
        matches!(&self.source, Some(Source { link: Link::Loading { .. }, .. }))
    }

    // For the rules.

    pub(crate) fn is_primary(&self) -> bool {
        self.source.is_none()
    }

    /// The process that it follows with its link up.
    pub(crate) fn follows(&self) -> Option<&str> {
        let source = self.source.as_ref()?;
        matches!(source.link, Link::Up { .. }).then_some(&source.host)
    }

    pub(crate) fn history(&self) -> (&str, u64) {
        (&self.data.id, self.data.offset)
    }

    pub(crate) fn was_promoted_empty(&self) -> bool {
        self.promoted_empty
    }
}

impl Machine for StandIn {
    fn handle_input(&mut self, now: Now, conn: ConnId, bytes: &[u8]) {
        if self.source.as_ref().is_some_and(|it| it.conn() == Some(conn)) {
            self.link_input(now.instant, bytes);
        } else {
            self.session_input(now.instant, conn, bytes);
        }
    }

    fn handle_event(&mut self, now: Now, event: Event) {
        match event {
            Event::Accepted { conn, .. } => {
                self.sessions.insert(conn, Session::default());
            }
            Event::Closed { conn, .. } => {
                self.sessions.remove(&conn);
                self.replicas.remove(&conn);
                self.link_closed(conn, now.instant);
            }
            Event::Dialed { ticket, conn, .. } => self.link_dialed(ticket, conn, now.instant),
            Event::DialFailed { ticket, .. } => self.link_dial_failed(ticket, now.instant),
            _ => {}
        }
    }

    fn handle_timeout(&mut self, now: Now) {
        let now = now.instant;
        if self.source.is_none() && self.write_at <= now {
            self.write(now);
        }
        if self.save_at <= now {
            self.save(now);
        }
        self.link_timeout(now);
    }

    fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    fn poll_timeout(&self) -> Option<Instant> {
        let next = match &self.source {
            None => self.write_at,
            Some(source) => source.deadline(),
        };
        Some(next.min(self.save_at))
    }

    fn poll_ready(&mut self) -> Option<ConnId> {
        self.ready.pop_front()
    }

    fn pending<'a>(&'a self, conn: ConnId, slices: &mut [IoSlice<'a>]) -> usize {
        let link = self.source.as_ref().filter(|it| it.conn() == Some(conn)).map(|it| &it.out);
        match link.or_else(|| self.sessions.get(&conn).map(|it| &it.out)) {
            Some(out) if !out.is_empty() => {
                slices[0] = IoSlice::new(out);
                1
            }
            _ => 0,
        }
    }

    fn sent(&mut self, _now: Now, conn: ConnId, count: usize) -> bool {
        let link = self.source.as_mut().filter(|it| it.conn() == Some(conn)).map(|it| &mut it.out);
        match link.or_else(|| self.sessions.get_mut(&conn).map(|it| &mut it.out)) {
            Some(out) => {
                out.drain(..count);
                !out.is_empty()
            }
            None => false,
        }
    }

    fn idle(&mut self, _now: Now, _budget_us: u64) -> bool {
        false
    }
}
