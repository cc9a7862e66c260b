//! Following: asking a source for its history, copying it where that is needed, and counting along.

use super::{Data, StandIn};
use resp::{ReplyParser, Value};
use stdx::Instant;
use world::{ConnId, Dial, Effect, Ticket};

/// Between two attempts to reach a source.
const RETRY_MS: u64 = 500;
/// A source that says nothing for so long is given up.
const SILENCE_MS: u64 = 5000;

/// Whom we follow, and how far that has come.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) link: Link,
    /// When the link was lost; none if it was never up in the life of the process.
    pub(crate) down_since: Option<Instant>,
    pub(crate) out: Vec<u8>,
    parser: ReplyParser,
}

/// The link to it.
#[derive(Debug)]
pub(crate) enum Link {
    /// It is called at this moment.
    Waiting(Instant),
    Dialing(Ticket, Instant),
    /// It has been asked for its history.
    Asking(ConnId, Instant),
    /// Its dataset arrives, until this moment.
    Copying {
        conn: ConnId,
        until: Instant,
        data: Data,
    },
    /// It is being loaded, until this moment: ours is gone. The connection may be, too.
    Loading {
        conn: Option<ConnId>,
        until: Instant,
        data: Data,
    },
    Up {
        conn: ConnId,
        heard: Instant,
    },
}

impl Source {
    pub(crate) fn new(host: String, port: u16, now: Instant) -> Source {
        Source {
            host,
            port,
            link: Link::Waiting(now),
            down_since: None,
            out: Vec::new(),
            parser: ReplyParser::default(),
        }
    }

    pub(crate) fn conn(&self) -> Option<ConnId> {
        match self.link {
            Link::Waiting(_) | Link::Dialing(..) => None,
            Link::Asking(conn, _) | Link::Copying { conn, .. } | Link::Up { conn, .. } => {
                Some(conn)
            }
            Link::Loading { conn, .. } => conn,
        }
    }

    pub(super) fn deadline(&self) -> Instant {
        match self.link {
            Link::Waiting(at) => at,
            Link::Dialing(_, since) | Link::Asking(_, since) => since.after_ms(SILENCE_MS),
            Link::Copying { until, .. } | Link::Loading { until, .. } => until,
            Link::Up { heard, .. } => heard.after_ms(SILENCE_MS),
        }
    }

    /// The link is lost, or never came to be.
    fn lost(&mut self, now: Instant) {
        if matches!(self.link, Link::Up { .. }) {
            self.down_since = Some(now);
        }
        self.out.clear();
        self.parser = ReplyParser::default();
        self.link = match std::mem::replace(&mut self.link, Link::Waiting(now.after_ms(RETRY_MS))) {
            // What is here already can be loaded without anybody.
            Link::Loading { until, data, .. } => Link::Loading { conn: None, until, data },
            _ => Link::Waiting(now.after_ms(RETRY_MS)),
        };
    }
}

impl StandIn {
    /// Follows somebody, or somebody else.
    pub(super) fn follow(&mut self, host: String, port: u16, now: Instant) {
        self.leave();
        self.drop_replicas();
        self.log(format!("follows {host}"));
        self.source = Some(Source::new(host, port, now));
    }

    /// Follows nobody any more.
    pub(super) fn promote(&mut self, now: Instant) {
        if self.source.is_none() {
            return;
        }
        self.leave();
        self.source = None;
        self.drop_replicas();
        self.promoted_empty |= !self.synced;
        self.synced = true;
        let id = self.prng.hex(20);
        self.data.id2 = std::mem::replace(&mut self.data.id, id);
        self.data.offset2 = self.data.offset;
        self.write_at = now;
        self.log(format!("is a primary now, at {}", self.data.encode()));
    }

    fn leave(&mut self) {
        let Some(source) = &self.source else { return };
        if let Link::Dialing(ticket, _) = source.link {
            self.effects.push_back(Effect::CancelDial(ticket));
        }
        if let Some(conn) = source.conn() {
            self.effects.push_back(Effect::Hangup { conn, after_sending: false });
        }
    }

    fn give_up(&mut self, now: Instant) {
        self.leave();
        if let Some(source) = &mut self.source {
            source.lost(now);
        }
    }

    pub(super) fn link_timeout(&mut self, now: Instant) {
        let Some(source) = &mut self.source else { return };
        if source.deadline() > now {
            return;
        }
        let nothing = Link::Waiting(now);
        match std::mem::replace(&mut source.link, nothing) {
            Link::Waiting(_) => {
                let (host, port) = (source.host.clone(), source.port);
                let ticket = self.ticket();
                let dial = Dial { ticket, host, port, source: String::new() };
                self.effects.push_back(Effect::Dial(dial));
                self.set_link(Link::Dialing(ticket, now));
            }
            Link::Copying { conn, data, .. } => {
                self.synced = false;
                let until = now.after_ms(1 + self.settings.sync_ms);
                self.set_link(Link::Loading { conn: Some(conn), until, data });
            }
            Link::Loading { conn, data, .. } => {
                self.data = data;
                self.synced = true;
                self.drop_replicas();
                self.set_link(match conn {
                    Some(conn) => Link::Up { conn, heard: now },
                    None => Link::Waiting(now),
                });
            }
            silent => {
                self.set_link(silent);
                self.give_up(now);
            }
        }
    }

    fn set_link(&mut self, link: Link) {
        if let Some(source) = &mut self.source {
            source.link = link;
        }
    }

    pub(super) fn link_dialed(&mut self, ticket: Ticket, conn: ConnId, now: Instant) {
        let ours =
            |source: &&mut Source| matches!(source.link, Link::Dialing(it, _) if it == ticket);
        let Some(source) = self.source.as_mut().filter(ours) else {
            self.effects.push_back(Effect::Hangup { conn, after_sending: false });
            return;
        };
        source.link = Link::Asking(conn, now);
        let id = if self.synced { self.data.id.as_str() } else { "?" };
        let me = crate::address(self.process);
        let words = ["PSYNC", id, &self.data.offset.to_string(), &me].map(str::to_owned);
        let mut bytes = Vec::new();
        resp::Owned::new(words).words().encode(&mut bytes);
        self.say(conn, &bytes);
    }

    pub(super) fn link_dial_failed(&mut self, ticket: Ticket, now: Instant) {
        let ours =
            |source: &&mut Source| matches!(source.link, Link::Dialing(it, _) if it == ticket);
        if let Some(source) = self.source.as_mut().filter(ours) {
            source.lost(now);
        }
    }

    pub(super) fn link_closed(&mut self, conn: ConnId, now: Instant) {
        if let Some(source) = self.source.as_mut().filter(|it| it.conn() == Some(conn)) {
            source.lost(now);
        }
    }

    pub(super) fn link_input(&mut self, now: Instant, bytes: &[u8]) {
        let Some(source) = &mut self.source else { return };
        source.parser.feed(bytes);
        loop {
            let Some(source) = &mut self.source else { return };
            match source.parser.next() {
                Ok(Some(value)) => self.link_value(now, &value),
                Ok(None) => return,
                Err(_) => return self.give_up(now),
            }
        }
    }

    fn link_value(&mut self, now: Instant, value: &Value) {
        let text = value.text();
        let (word, rest) = text.split_once(' ').unwrap_or((&text, ""));
        let Some(source) = &mut self.source else { return };
        match (&mut source.link, word) {
            (Link::Asking(conn, _), "CONTINUE") => {
                let conn = *conn;
                if rest != self.data.id {
                    // Its history goes on under another name.
                    self.data.id2 = std::mem::replace(&mut self.data.id, rest.to_owned());
                    self.data.offset2 = self.data.offset;
                    self.drop_replicas();
                }
                self.set_link(Link::Up { conn, heard: now });
            }
            (Link::Asking(conn, _), "FULLRESYNC") => match Data::decode(rest) {
                Some(data) => {
                    let (conn, until) = (*conn, now.after_ms(1 + self.settings.sync_ms));
                    self.set_link(Link::Copying { conn, until, data });
                }
                None => self.give_up(now),
            },
            (Link::Up { heard, .. }, "W") => {
                *heard = now;
                if self.count_along(rest) {
                    self.pass_on();
                }
            }
            (Link::Copying { data, .. } | Link::Loading { data, .. }, "W") => {
                if let Some((offset, count)) = parse_place(rest) {
                    (data.offset, data.count) = (offset, count);
                }
            }
            _ => self.give_up(now),
        }
    }

    fn count_along(&mut self, place: &str) -> bool {
        let Some((offset, count)) = parse_place(place) else { return false };
        let news = self.data.offset != offset;
        (self.data.offset, self.data.count) = (offset, count);
        news
    }
}

fn parse_place(text: &str) -> Option<(u64, u64)> {
    let (offset, count) = text.split_once(' ')?;
    Some((offset.parse().ok()?, count.parse().ok()?))
}
