//! What the toy's clients and replicas say to it.

use super::Toy;
use replication::{FailoverCommand, Replconf, ReplicaOf};
use resp::{Limits, RequestParser, Words};
use stdx::Now;
use world::{ConnId, Effect, Peer};

/// A connection that somebody else opened, or the one to our primary.
#[derive(Debug, Default)]
pub(super) struct Session {
    pub(super) ip: String,
    pub(super) input: Vec<u8>,
    pub(super) parser: RequestParser,
    pub(super) out: Vec<u8>,
    /// What was queued since MULTI.
    transaction: Option<Vec<(Vec<u8>, Vec<u8>)>>,
}

impl Session {
    pub(super) fn new(peer: &Peer) -> Session {
        let ip = match peer {
            Peer::Ip(address) => address.ip().to_string(),
            Peer::Unix(path) => path.clone(),
        };
        Session { ip, ..Session::default() }
    }
}

/// A request in RESP.
pub(super) fn request(words: &[&[u8]]) -> Vec<u8> {
    let mut bytes = format!("*{}\r\n", words.len()).into_bytes();
    for word in words {
        bytes.extend_from_slice(format!("${}\r\n", word.len()).as_bytes());
        bytes.extend_from_slice(word);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes
}

impl Toy {
    pub(super) fn say(&mut self, conn: ConnId, bytes: &[u8]) {
        if let Some(session) = self.sessions.get_mut(&conn)
            && !bytes.is_empty()
        {
            session.out.extend_from_slice(bytes);
            self.ready.push_back(conn);
        }
    }

    pub(super) fn session_input(&mut self, now: Now, conn: ConnId, bytes: &[u8]) {
        let Some(session) = self.sessions.get_mut(&conn) else { return };
        let mut input = std::mem::take(&mut session.input);
        let mut parser = std::mem::take(&mut session.parser);
        input.extend_from_slice(bytes);
        loop {
            match parser.next(&input, &Limits::default()) {
                Ok(Some(request)) => {
                    let reply = self.run(now, conn, parser.words(&request, &input));
                    self.say(conn, reply.as_bytes());
                    self.act(now);
                }
                Ok(None) => break,
                Err(_) => {
                    self.effects.push_back(Effect::Hangup { conn, after_sending: true });
                    break;
                }
            }
        }
        let consumed = parser.consumed();
        parser.forget(consumed);
        input.drain(..consumed);
        if let Some(session) = self.sessions.get_mut(&conn) {
            (session.input, session.parser) = (input, parser);
        }
    }

    /// Runs a request; the reply, if there is to be one.
    fn run(&mut self, now: Now, conn: ConnId, words: Words<'_>) -> String {
        let error = |text: &str| format!("-{text}\r\n");
        let name = words[0].to_ascii_uppercase();
        let text = |at: usize| {
            words.get(at).map(|w| String::from_utf8_lossy(w).into_owned()).unwrap_or_default()
        };
        match name.as_slice() {
            b"PING" => "+PONG\r\n".to_string(),
            b"SET" | b"MULTI" | b"EXEC" => self.run_write(conn, &name, words),
            b"SAVE" => {
                self.save();
                "+OK\r\n".to_string()
            }
            b"REPLICAOF" if text(1).eq_ignore_ascii_case("no") => {
                if self.repl.is_failing_over() {
                    return error("ERR REPLICAOF not allowed while failing over.");
                }
                self.repl.promote(now);
                "+OK\r\n".to_string()
            }
            b"REPLICAOF" => {
                let port = text(2).parse().unwrap_or(0);
                match self.repl.replicaof(now, &text(1), port) {
                    ReplicaOf::Started => {
                        self.save_role();
                        "+OK\r\n".to_string()
                    }
                    ReplicaOf::Already => {
                        "+OK Already connected to specified master\r\n".to_string()
                    }
                    ReplicaOf::FailingOver => {
                        error("ERR REPLICAOF not allowed while failing over.")
                    }
                }
            }
            b"FAILOVER" => {
                let done = FailoverCommand::parse(words)
                    .and_then(|command| self.repl.failover(now, command));
                done.map_or_else(|text| error(&text), |()| "+OK\r\n".to_string())
            }
            b"REPLCONF" => match self.repl.handle_replconf(now, conn, false, words) {
                Replconf::Ok => "+OK\r\n".to_string(),
                Replconf::Silent => String::new(),
                Replconf::Error(text) => error(&text),
            },
            b"SYNC" | b"PSYNC" => {
                let ip = self.sessions.get(&conn).map(|s| s.ip.clone()).unwrap_or_default();
                match self.repl.handle_sync(now, conn, &ip, words) {
                    Ok(()) => String::new(),
                    Err(text) => error(&text),
                }
            }
            _ => error("ERR unknown command"),
        }
    }

    fn run_write(&mut self, conn: ConnId, name: &[u8], words: Words<'_>) -> String {
        if !self.repl.is_primary() {
            return "-READONLY You can't write against a read only replica.\r\n".to_string();
        }
        if self.paused {
            return "-PAUSED try again\r\n".to_string();
        }
        let Some(session) = self.sessions.get_mut(&conn) else { return String::new() };
        match (name, &mut session.transaction) {
            (b"MULTI", transaction) => {
                *transaction = Some(Vec::new());
                "+OK\r\n".to_string()
            }
            (b"SET", _) if words.len() != 3 => "-ERR wrong number of arguments\r\n".to_string(),
            (b"SET", Some(pairs)) => {
                pairs.push((words[1].to_vec(), words[2].to_vec()));
                "+QUEUED\r\n".to_string()
            }
            (b"SET", None) => {
                self.write(&[(words[1].to_vec(), words[2].to_vec())]);
                "+OK\r\n".to_string()
            }
            (_, transaction) => match transaction.take() {
                Some(pairs) => {
                    self.write(&pairs);
                    "+OK\r\n".to_string()
                }
                None => "-ERR EXEC without MULTI\r\n".to_string(),
            },
        }
    }
}
