//! What Sentinels, and other stand-ins, say to a stand-in.

use super::StandIn;
use super::link::Link;
use resp::{Limits, Owned, Proto, RequestParser, Words, Writer};
use stdx::Instant;
use world::ConnId;

/// A connection that somebody else opened.
#[derive(Debug, Default)]
pub(crate) struct Session {
    pub(super) out: Vec<u8>,
    input: Vec<u8>,
    parser: RequestParser,
    listens: bool,
    transaction: Option<Transaction>,
}

/// What was queued since MULTI.
#[derive(Debug, Default)]
struct Transaction {
    requests: Vec<Owned>,
    /// One of them was refused.
    spoiled: bool,
}

impl StandIn {
    pub(super) fn session_input(&mut self, now: Instant, conn: ConnId, bytes: &[u8]) {
        let Some(session) = self.sessions.get_mut(&conn) else { return };
        let mut input = std::mem::take(&mut session.input);
        let mut parser = std::mem::take(&mut session.parser);
        input.extend_from_slice(bytes);
        loop {
            match parser.next(&input, &Limits::default()) {
                Ok(Some(request)) => {
                    let mut reply = Vec::new();
                    self.run(now, conn, parser.words(&request, &input), &mut reply);
                    self.say(conn, &reply);
                }
                Ok(None) => break,
                Err(_) => return self.hang_up(conn),
            }
        }
        let consumed = parser.consumed();
        parser.forget(consumed);
        input.drain(..consumed);
        if let Some(session) = self.sessions.get_mut(&conn) {
            (session.input, session.parser) = (input, parser);
        }
    }

    fn run(&mut self, now: Instant, conn: ConnId, words: Words<'_>, reply: &mut Vec<u8>) {
        let loading = self.is_loading();
        let Some(session) = self.sessions.get_mut(&conn) else { return };
        let mut w = Writer::new(reply, Proto::Resp2);
        let name = words[0].to_ascii_lowercase();
        if let Some(transaction) = &mut session.transaction
            && name != b"exec"
        {
            if name == b"slaveof" && loading {
                transaction.spoiled = true;
                return w.error(b"LOADING Redis is loading the dataset in memory");
            }
            transaction.requests.push(words.to_owned());
            return w.simple("QUEUED");
        }
        match name.as_slice() {
            b"multi" => {
                session.transaction = Some(Transaction::default());
                w.ok();
            }
            b"exec" => match session.transaction.take() {
                None => w.error(b"ERR EXEC without MULTI"),
                Some(Transaction { spoiled: true, .. }) => {
                    w.error(b"EXECABORT Transaction discarded because of previous errors.");
                }
                Some(Transaction { requests, .. }) => {
                    w.array(requests.len());
                    for request in requests {
                        self.execute(now, conn, request.words(), reply);
                    }
                }
            },
            _ => self.execute(now, conn, words, reply),
        }
    }

    fn execute(&mut self, now: Instant, conn: ConnId, words: Words<'_>, reply: &mut Vec<u8>) {
        let mut w = Writer::new(reply, Proto::Resp2);
        let text = |at: usize| {
            words.get(at).map(|it| String::from_utf8_lossy(it).to_lowercase()).unwrap_or_default()
        };
        match (text(0).as_str(), text(1).as_str()) {
            ("ping" | "slaveof", _) if self.is_loading() => {
                w.error(b"LOADING Redis is loading the dataset in memory");
            }
            ("ping", _) => w.simple("PONG"),
            ("info", _) => w.bulk(self.info(now).as_bytes()),
            ("slaveof", "no") => {
                self.promote(now);
                w.ok();
            }
            ("slaveof", host) => {
                let same = self.source.as_ref().is_some_and(|it| it.host == host);
                if !same {
                    self.follow(host.to_owned(), text(2).parse().unwrap_or(0), now);
                }
                w.ok();
            }
            ("config", "rewrite") => {
                self.rewrite_configuration();
                w.ok();
            }
            ("client", "kill") => {
                let listeners = text(3) == "pubsub";
                let is_meant = |(it, session): &(&ConnId, &Session)| {
                    **it != conn && session.listens == listeners && !self.replicas.contains_key(it)
                };
                let meant: Vec<ConnId> =
                    self.sessions.iter().filter(is_meant).map(|(it, _)| *it).collect();
                w.int(meant.len() as i64);
                meant.into_iter().for_each(|it| self.hang_up(it));
            }
            ("subscribe", _) => {
                if let Some(session) = self.sessions.get_mut(&conn) {
                    session.listens = true;
                }
                w.array(3);
                w.bulk(b"subscribe");
                w.bulk(&words[1]);
                w.int(1);
            }
            ("publish", _) => {
                let listeners = self.sessions.iter().filter(|(_, it)| it.listens);
                let listeners: Vec<ConnId> = listeners.map(|(conn, _)| *conn).collect();
                w.int(listeners.len() as i64);
                let mut message = Vec::new();
                let mut m = Writer::new(&mut message, Proto::Resp2);
                m.array(3);
                m.bulk(b"message");
                m.bulk(&words[1]);
                m.bulk(&words[2]);
                listeners.into_iter().for_each(|conn| self.say(conn, &message));
            }
            ("psync", id) => self.sync(conn, id, &text(2), &text(3), &mut w),
            _ => w.ok(),
        }
    }

    /// A replica wants to follow, and has so much of this history.
    fn sync(&mut self, conn: ConnId, id: &str, offset: &str, ip: &str, w: &mut Writer<'_>) {
        let cut_off = self.source.as_ref().is_some_and(|it| !matches!(it.link, Link::Up { .. }));
        if cut_off {
            return w.error(b"NOMASTERLINK Can't SYNC while not connected with my master");
        }
        let offset: u64 = offset.parse().unwrap_or(0);
        let data = &self.data;
        let continues =
            (id == data.id && offset <= data.offset) || (id == data.id2 && offset <= data.offset2);
        if continues {
            w.simple(&format!("CONTINUE {}", data.id));
            w.simple(&format!("W {} {}", data.offset, data.count));
        } else {
            w.simple(&format!("FULLRESYNC {}", data.encode()));
        }
        self.replicas.insert(conn, ip.to_owned());
    }
}
