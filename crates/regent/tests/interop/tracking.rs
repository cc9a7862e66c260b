//! Sessions that track keys hear the same in the same order.
//!
//! A few sessions of every kind run random commands at both servers, one after another. After each, every session is
//! asked for a sign of life, so that all it has been told before has arrived.

use testkit::{Client, Family, Program, Random, Server, Value, print, words};

use crate::regent;

/// The sessions: three with RESP3, one with RESP2, and two that only listen, the first with RESP2. What sessions that
/// ask for something are told on behalf of others comes before their reply in Redis 7.0, and in 7.2 after it.
const SESSIONS: usize = 6;
const ASKING: u64 = 4;
const RESP2: [usize; 2] = [3, LISTENER];
const LISTENER: usize = 4;

/// What sessions say of tracking; `@` and a digit is the id of a session.
const TALK: &[&str] = &[
    "CLIENT TRACKING ON",
    "CLIENT TRACKING ON",
    "CLIENT TRACKING ON NOLOOP",
    "CLIENT TRACKING ON OPTIN",
    "CLIENT TRACKING ON OPTOUT NOLOOP",
    "CLIENT TRACKING ON BCAST",
    "CLIENT TRACKING ON BCAST NOLOOP PREFIX k PREFIX l",
    "CLIENT TRACKING ON BCAST PREFIX a PREFIX k1",
    "CLIENT TRACKING ON REDIRECT @4",
    "CLIENT TRACKING ON REDIRECT @5 NOLOOP",
    "CLIENT TRACKING ON BCAST REDIRECT @4",
    "CLIENT TRACKING ON BCAST OPTIN",
    "CLIENT TRACKING ON OPTIN OPTOUT",
    "CLIENT TRACKING ON PREFIX k",
    "CLIENT TRACKING ON REDIRECT 0",
    "CLIENT TRACKING ON REDIRECT @0 REDIRECT @1",
    "CLIENT TRACKING OFF",
    "CLIENT TRACKING OFF",
    "CLIENT TRACKING MAYBE",
    "CLIENT CACHING YES",
    "CLIENT CACHING YES",
    "CLIENT CACHING NO",
    "CLIENT CACHING MAYBE",
    "CLIENT TRACKINGINFO",
    "CLIENT GETREDIR",
];

/// A server and its sessions.
struct Side {
    server: Server,
    clients: Vec<Client>,
    ids: Vec<i64>,
    /// What each session was told since it was last compared: pushes, and a mark for each reply.
    heard: Vec<Vec<String>>,
}

impl Side {
    fn new(program: &Program) -> Side {
        let server = Server::start(program, &["databases 2"]);
        let mut clients: Vec<Client> = (0..SESSIONS).map(|_| server.client()).collect();
        let mut ids = Vec::new();
        for (at, client) in clients.iter_mut().enumerate() {
            let Ok(Value::Int(id)) = client.command(&["CLIENT", "ID"]) else { panic!("no id") };
            ids.push(id);
            if !RESP2.contains(&at) {
                client.command(&["HELLO", "3"]).expect("it answers");
            }
        }
        clients[LISTENER].command(&["SUBSCRIBE", "__redis__:invalidate"]).expect("it answers");
        Side { server, clients, ids, heard: vec![Vec::new(); SESSIONS] }
    }

    /// Sends a request, and hears everything up to its reply.
    fn ask(&mut self, at: usize, request: &[Vec<u8>]) -> Value {
        let named = |word: &Vec<u8>| match word.as_slice() {
            [b'@', digit] => self.ids[usize::from(digit - b'0')].to_string().into_bytes(),
            _ => word.clone(),
        };
        let request: Vec<Vec<u8>> = request.iter().map(named).collect();
        self.clients[at].send(&request).expect("it listens");
        loop {
            let value = self.clients[at].receive().expect("it answers");
            let is_message = match &value {
                Value::Push(_) => true,
                Value::Array(parts) => {
                    at == LISTENER && parts.first().and_then(Value::as_bytes) == Some(b"message")
                }
                _ => false,
            };
            if !is_message {
                self.heard[at].push("(reply)".to_owned());
                return value;
            }
            let value = self.without_ids(value);
            self.heard[at].push(print(&value));
        }
    }

    /// Ids as positions of sessions.
    fn without_ids(&self, value: Value) -> Value {
        let all = |values: Vec<Value>| values.into_iter().map(|it| self.without_ids(it)).collect();
        match value {
            Value::Int(n) => {
                Value::Int(self.ids.iter().position(|id| *id == n).map_or(n, |at| at as i64 + 1000))
            }
            Value::Array(values) => Value::Array(all(values)),
            Value::Push(values) => Value::Push(all(values)),
            Value::Map(pairs) => Value::Map(
                pairs.into_iter().map(|(key, value)| (key, self.without_ids(value))).collect(),
            ),
            value => value,
        }
    }
}

fn compare(seed: u64, redis: &Program, families: &[Family]) {
    let mut sides = [Side::new(redis), Side::new(&regent())];
    let mut random = Random::odd(seed, families);
    let mut queues = [false; SESSIONS];
    let mut told = Vec::new();
    for _ in 0..1500 {
        let at = random.below(ASKING) as usize;
        let talks = random.below(6) == 0;
        let request = if talks {
            words(TALK[random.below(TALK.len() as u64) as usize])
        } else {
            random.command()
        };
        let text: Vec<_> = request.iter().map(|it| String::from_utf8_lossy(it)).collect();
        let name = text[0].to_ascii_uppercase();
        // See docs/compatibility.md for SWAPDB. How a session tracks when its EXEC ends decides at Redis about what the
        // EXEC has changed before.
        let changes_mode = request.len() > 2 && text[1] == "TRACKING";
        if name == "SWAPDB" || changes_mode && queues[at] {
            continue;
        }
        told.push(format!("{at}> {}", text.join(" ")));
        let replies = sides.each_mut().map(|side| {
            let reply = side.ask(at, &request);
            side.without_ids(reply)
        });
        let before = || told.iter().rev().take(60).rev().cloned().collect::<Vec<_>>().join("\n");
        if talks {
            let [theirs, ours] = replies.each_ref().map(print);
            assert_eq!(theirs, ours, "seed {seed}, theirs and ours, after\n{}", before());
        }
        if changes_mode && text[2] == "OFF" {
            // What was read before counts there when the session tracks again, though it was not told meanwhile.
            sides
                .iter_mut()
                .for_each(|side| assert_eq!(print(&side.server.ask(&["FLUSHALL"])), "OK"));
        }
        match name.as_str() {
            "MULTI" => queues[at] = true,
            "EXEC" | "DISCARD" => queues[at] = false,
            _ => {}
        }
        for session in (0..SESSIONS).filter(|session| !queues[*session]) {
            let [theirs, ours] = sides.each_mut().map(|side| {
                side.ask(session, &[b"PING".to_vec()]);
                let mut heard = std::mem::take(&mut side.heard[session]);
                if session as u64 >= ASKING {
                    // It hears for several, and of what one of these has changed itself later there.
                    heard.sort();
                }
                heard
            });
            assert_eq!(theirs, ours, "seed {seed}, session {session}, after\n{}", before());
        }
    }
}

/// `REGENT_SEEDS` says how many seeds, for a longer look.
fn compare_families(first: u64, families: &[Family]) {
    let Some(redis) = Program::redis() else { return };
    let count = std::env::var("REGENT_SEEDS").ok().and_then(|text| text.parse().ok()).unwrap_or(4);
    for seed in first..first + count {
        compare(seed, &redis, families);
    }
}

#[test]
fn strings_and_lists() {
    compare_families(0, &[Family::Strings, Family::Keys, Family::Lists, Family::Transactions]);
}

#[test]
fn sets_hashes_and_sorted_sets() {
    compare_families(1000, &[Family::Sets, Family::Hashes, Family::SortedSets, Family::Keys]);
}
