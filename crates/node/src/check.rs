//! Plays transcripts: conversations of several sessions with a whole server, in a world that is made up.
//!
//! ```text
//! > SET k v               a request of the first session, and below it the reply
//! OK
//! b> BLPOP q 0            another session; it waits, so nothing is shown
//! > RPUSH q x
//! (integer) 1
//! b: 1) "q"               what other sessions get meanwhile
//!    2) "x"
//! ~ 1500 ms               the clock moves
//! # a remark
//! ```
//!
//! Files live in a map, 20032 of them may be open, listening always succeeds except at port 1, and work for other
//! threads is done at once. With
//! `UPDATE_EXPECT=1` the true answers are written into the files under `tests/transcripts`.

use crate::{Node, Options};
use config::Config;
use resp::ReplyParser;
use std::collections::BTreeMap;
use std::io::IoSlice;
use stdx::{Instant, Now, WallTime};
use world::{
    ConnId, Dial, DiskError, DiskErrorKind, DiskOp, DiskReply, Effect, Event, FileId, Machine,
    Peer, Secrets, Senses, Ticket,
};

/// How many files the invented system lets a process have open.
const OPEN_FILES_MAX: u64 = 20_032;

/// A server with its sessions, and the world around them.
pub(crate) struct Player {
    pub(crate) node: Node,
    now: Now,
    sessions: BTreeMap<String, (ConnId, ReplyParser)>,
    /// How many connections there ever were: their numbers are not used again.
    opened: u32,
    pub(crate) files: BTreeMap<String, Vec<u8>>,
    open: BTreeMap<FileId, String>,
    /// What is asked of the disk waits until this is false.
    pub(crate) disk_stands: bool,
    /// No background work is done until this is false.
    pub(crate) idle_stands: bool,
    delayed: Vec<(Ticket, DiskOp)>,
    /// Which operations end in an error.
    pub(crate) disk_fails: fn(&DiskOp) -> bool,
    pub(crate) log: Vec<String>,
    /// Calls to other servers that nobody has answered yet.
    pub(crate) dials: Vec<Dial>,
    /// Connections that the server wants are there at once, as the sessions `to0`, `to1` and so on.
    pub(crate) reaches: bool,
    dialed: usize,
    /// What happened apart from replies, since it was last shown.
    events: String,
}

impl Player {
    /// A server whose parameters are at their defaults but for these.
    pub(crate) fn new(parameters: &[(&str, &str)]) -> Player {
        Player::with(parameters, &[], &[])
    }

    /// The same with users that the configuration declares, and with more files.
    pub(crate) fn with(
        parameters: &[(&str, &str)],
        users: &[&str],
        files: &[(&str, &str)],
    ) -> Player {
        let mut config = Config::default();
        config.values.set("dir", &["/data"]).expect("a folder");
        config.values.set("enable-debug-command", &["yes"]).expect("a choice");
        config.values.set("enable-protected-configs", &["yes"]).expect("a choice");
        config.file = Some("/etc/regent.conf".to_owned());
        for (name, value) in parameters {
            config.values.set(name, &[value]).expect("a value that the parameter takes");
        }
        let words = |line: &&str| line.split(' ').map(Vec::from).collect();
        config.users = users.iter().map(words).collect();
        let now = Now { instant: Instant(1_000_000), wall: WallTime::from_ms(1_700_000_000_000) };
        let mut node = Node::new(Options {
            config,
            seed: 1,
            secrets: Secrets::made_up(1),
            senses: Senses::NUMB,
            now,
        });
        node.start(now);
        let files = files.iter().chain(&[("/etc/regent.conf", "port 6379\n")]);
        let files = files.map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec()));
        let files = files.collect();
        let mut player = Player {
            node,
            now,
            sessions: BTreeMap::new(),
            opened: 0,
            files,
            open: BTreeMap::new(),
            disk_stands: false,
            idle_stands: false,
            delayed: Vec::new(),
            disk_fails: |_| false,
            log: Vec::new(),
            dials: Vec::new(),
            reaches: false,
            dialed: 0,
            events: String::new(),
        };
        player.settle();
        player
    }

    /// What happened apart from replies, since it was last shown.
    pub(crate) fn take_events(&mut self) -> String {
        std::mem::take(&mut self.events)
    }

    /// Plays the requests of a transcript, whatever answers it has, and gives it back with the true ones.
    pub(crate) fn play(&mut self, transcript: &str) -> String {
        let mut played = String::new();
        for line in transcript.lines() {
            if let Some((name, request)) = request(line) {
                played.push_str(line);
                played.push('\n');
                played.push_str(&self.request(name, request));
            } else if let Some(ms) = line.strip_prefix("~ ") {
                played.push_str(line);
                played.push('\n');
                self.pass(ms.trim_end_matches(" ms").parse().expect("`~ <number> ms`"));
                played.push_str(&self.heard(None));
            } else if line.starts_with('#') || line.is_empty() {
                played.push_str(line);
                played.push('\n');
            }
        }
        played
    }

    /// One request, and everything that is heard then.
    pub(crate) fn request(&mut self, name: &str, request: &str) -> String {
        self.open(name);
        let words = config::words::split(request.as_bytes()).expect("quotes that close");
        let mut bytes = format!("*{}\r\n", words.len()).into_bytes();
        for word in &words {
            bytes.extend_from_slice(format!("${}\r\n", word.len()).as_bytes());
            bytes.extend_from_slice(word);
            bytes.extend_from_slice(b"\r\n");
        }
        self.bytes(name, &bytes)
    }

    /// A session of that name, unless it is there already.
    pub(crate) fn open(&mut self, name: &str) {
        let next = ConnId(self.opened);
        if !self.sessions.contains_key(name) {
            self.opened += 1;
            let peer =
                Peer::Ip(format!("127.0.0.1:{}", 50_000 + next.0).parse().expect("an address"));
            let local = Peer::Ip("127.0.0.1:6379".parse().expect("an address"));
            self.node.handle_event(self.now, Event::Accepted { conn: next, peer, local });
            self.sessions.insert(name.to_owned(), (next, ReplyParser::default()));
        }
    }

    /// The session is closed: the next one of its name is another.
    pub(crate) fn forget(&mut self, name: &str) {
        self.sessions.remove(name);
    }

    /// Bytes from a peer that is there already, and everything that is heard then.
    pub(crate) fn bytes(&mut self, name: &str, bytes: &[u8]) -> String {
        self.input(name, bytes);
        self.settle();
        self.heard(Some(name))
    }

    /// Bytes from a peer that is there already. What they lead to is heard later.
    pub(crate) fn input(&mut self, name: &str, bytes: &[u8]) {
        let (conn, _) = self.sessions[name];
        self.node.handle_input(self.now, conn, bytes);
    }

    /// Something happens out in the world; what everybody hears then.
    pub(crate) fn event(&mut self, event: Event) -> String {
        self.node.handle_event(self.now, event);
        self.settle();
        self.heard(None)
    }

    /// Whether there was ever a session of this name.
    pub(crate) fn knows(&self, name: &str) -> bool {
        self.sessions.contains_key(name)
    }

    /// Whether its connection is still there.
    pub(crate) fn is_open(&self, name: &str) -> bool {
        let (conn, _) = self.sessions[name];
        self.node.sessions.get(conn).is_some()
    }

    /// The peer hangs up.
    pub(crate) fn hang_up(&mut self, name: &str) -> String {
        let (conn, _) = self.sessions[name];
        self.node.handle_event(self.now, Event::Closed { conn, reason: String::new() });
        self.settle();
        self.heard(None)
    }

    /// Takes what waits to be sent to another server, and lets it answer; what everybody hears then.
    pub(crate) fn answer(&mut self, conn: ConnId, answer: &[u8]) -> (Vec<u8>, String) {
        let mut slices = [IoSlice::new(&[]); 4];
        let count = self.node.pending(conn, &mut slices);
        let bytes =
            slices[..count].iter().flat_map(|slice| slice.iter().copied()).collect::<Vec<u8>>();
        self.node.sent(self.now, conn, bytes.len());
        self.node.handle_input(self.now, conn, answer);
        self.settle();
        (bytes, self.heard(None))
    }

    /// The clock moves; whatever was due on the way has happened.
    pub(crate) fn pass(&mut self, ms: u64) {
        let end = self.now.instant.after_ms(ms);
        loop {
            let due = self.node.poll_timeout().filter(|at| *at <= end);
            let at = due.unwrap_or(end).max(self.now.instant);
            let passed_us = at.us_since(self.now.instant);
            self.now = Now { instant: at, wall: WallTime(self.now.wall.0 + passed_us) };
            self.node.handle_timeout(self.now);
            self.settle();
            if due.is_none() {
                break;
            }
            // A deadline that was acted on moves; one that did not would hold the clock for ever.
            self.now.instant = self.now.instant.max(at);
            if self.node.poll_timeout().is_some_and(|next| next <= at) {
                self.now.instant = Instant(self.now.instant.0 + 1000);
                self.now.wall = WallTime(self.now.wall.0 + 1000);
            }
        }
    }

    /// The disk goes on; what everybody hears then.
    pub(crate) fn disk_goes_on(&mut self) -> String {
        self.disk_stands = false;
        for (ticket, op) in std::mem::take(&mut self.delayed) {
            self.carry_out(Effect::Disk { ticket, op });
        }
        self.settle();
        self.heard(None)
    }

    /// Carries out what the server asks for until it asks for nothing more.
    fn settle(&mut self) {
        loop {
            while let Some(effect) = self.node.poll_effect() {
                self.carry_out(effect);
            }
            let more = !self.idle_stands && self.node.idle(self.now, 1000);
            if let Some(effect) = self.node.poll_effect() {
                self.carry_out(effect);
            } else if !more {
                break;
            }
        }
        while self.node.poll_ready().is_some() {}
        let conns: Vec<(String, ConnId)> =
            self.sessions.iter().map(|(name, (conn, _))| (name.clone(), *conn)).collect();
        for (name, conn) in conns {
            loop {
                let mut slices = [IoSlice::new(&[]); 4];
                let count = self.node.pending(conn, &mut slices);
                let bytes: Vec<u8> =
                    slices[..count].iter().flat_map(|slice| slice.iter().copied()).collect();
                if bytes.is_empty() {
                    break;
                }
                // An empty line says that somebody is alive, and is no reply.
                if bytes != b"\n" {
                    self.sessions.get_mut(&name).expect("a session").1.feed(&bytes);
                }
                self.node.sent(self.now, conn, bytes.len());
            }
        }
    }

    fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::Listen { ticket, port, .. } => {
                let failed = "Failed listening on port 1 (tcp), aborting.".to_owned();
                let result = if port == 1 { Err(failed) } else { Ok(()) };
                self.node.handle_event(self.now, Event::Listened { ticket, result });
            }
            Effect::OpenFiles { ticket, wanted } => {
                let limit = wanted.min(OPEN_FILES_MAX);
                self.node.handle_event(self.now, Event::OpenFiles { ticket, limit });
            }
            Effect::Dial(dial) if self.reaches => {
                let conn = ConnId(self.opened);
                self.opened += 1;
                let name = format!("to{}", self.dialed);
                self.dialed += 1;
                self.sessions.insert(name, (conn, ReplyParser::default()));
                let peer = Peer::Ip("127.0.0.1:6379".parse().expect("an address"));
                let local = Peer::Ip("127.0.0.1:50000".parse().expect("an address"));
                let event = Event::Dialed { ticket: dial.ticket, conn, peer, local };
                self.node.handle_event(self.now, event);
            }
            Effect::Disk { ticket, op } if self.disk_stands => self.delayed.push((ticket, op)),
            Effect::Disk { ticket, op } => {
                let result = self.disk(op);
                self.node.handle_event(self.now, Event::DiskDone { ticket, result });
            }
            Effect::Offload { ticket, work } => {
                let result = (work.0)();
                self.node.handle_event(self.now, Event::WorkDone { ticket, result });
            }
            Effect::Dial(dial) => self.dials.push(dial),
            Effect::CancelDial(ticket) => self.dials.retain(|it| it.ticket != ticket),
            Effect::Log { text, .. } => self.log.push(text),
            Effect::Hangup { conn, .. } => {
                let name = self.sessions.iter().find(|(_, (it, _))| *it == conn);
                let name = name.map_or("?", |(name, _)| name).to_owned();
                self.events.push_str(&format!("{name}: (closed)\n"));
            }
            Effect::Exit(exit) => self.events.push_str(&format!("(exit {exit:?})\n")),
            Effect::Stall { ms } => {
                self.now.instant = self.now.instant.after_ms(ms);
                self.now.wall = WallTime(self.now.wall.0 + ms * 1000);
            }
            _ => {}
        }
    }

    fn disk(&mut self, op: DiskOp) -> Result<DiskReply, DiskError> {
        let missing = || DiskError {
            kind: DiskErrorKind::NotFound,
            text: "No such file or directory".to_owned(),
        };
        if (self.disk_fails)(&op) {
            return Err(DiskError {
                kind: DiskErrorKind::Other,
                text: "Input/output error".into(),
            });
        }
        match op {
            DiskOp::Open { file, path } | DiskOp::Update { file, path } => {
                let len = self.files.get(&path).ok_or_else(missing)?.len() as u64;
                self.open.insert(file, path);
                Ok(DiskReply::Opened { len })
            }
            DiskOp::Create { file, path } => {
                self.files.insert(path.clone(), Vec::new());
                self.open.insert(file, path);
                Ok(DiskReply::Opened { len: 0 })
            }
            DiskOp::OpenAppend { file, path } => {
                let len = self.files.entry(path.clone()).or_default().len() as u64;
                self.open.insert(file, path);
                Ok(DiskReply::Opened { len })
            }
            DiskOp::Read { file, offset, len } => {
                let path = self.open.get(&file).ok_or_else(missing)?;
                let bytes = self.files.get(path).ok_or_else(missing)?;
                let from = (offset as usize).min(bytes.len());
                Ok(DiskReply::Bytes(bytes[from..(from + len).min(bytes.len())].to_vec()))
            }
            DiskOp::Append { file, bytes } => {
                let path = self.open.get(&file).ok_or_else(missing)?;
                self.files.get_mut(path).ok_or_else(missing)?.extend_from_slice(&bytes);
                Ok(DiskReply::Done)
            }
            DiskOp::WriteAt { file, offset, bytes } => {
                let path = self.open.get(&file).ok_or_else(missing)?;
                let there = self.files.get_mut(path).ok_or_else(missing)?;
                let (from, to) = (offset as usize, offset as usize + bytes.len());
                there.resize(there.len().max(to), 0);
                there[from..to].copy_from_slice(&bytes);
                Ok(DiskReply::Done)
            }
            DiskOp::Runnable { .. } => unreachable!("a server runs no program"),
            DiskOp::Truncate { .. } | DiskOp::WriteOut { .. } | DiskOp::Sync { .. } => {
                Ok(DiskReply::Done)
            }
            DiskOp::Close { file } => {
                self.open.remove(&file);
                Ok(DiskReply::Done)
            }
            DiskOp::Rename { from, to } => {
                let bytes = self.files.remove(&from).ok_or_else(missing)?;
                self.files.insert(to, bytes);
                Ok(DiskReply::Done)
            }
            DiskOp::Remove { path } => {
                self.files.remove(&path);
                Ok(DiskReply::Done)
            }
            DiskOp::Replace { path, bytes } => {
                self.files.insert(path, bytes);
                Ok(DiskReply::Done)
            }
            DiskOp::Slurp { path } => {
                self.files.get(&path).cloned().map(DiskReply::Bytes).ok_or_else(missing)
            }
            DiskOp::ChangeDir { path } if path.contains("nowhere") => Err(missing()),
            DiskOp::ChangeDir { .. } => Ok(DiskReply::Done),
        }
    }

    /// What has arrived: at the one who asked, at the others, and what else happened.
    fn heard(&mut self, asker: Option<&str>) -> String {
        let mut own = String::new();
        let mut others = String::new();
        for (name, (_, parser)) in &mut self.sessions {
            loop {
                let reply = match parser.next() {
                    Ok(Some(reply)) => reply,
                    Ok(None) => break,
                    // SYNC is asked for without a frame.
                    Err(_) if name.starts_with("to") => break,
                    Err(error) => panic!("the server writes replies: {error:?}"),
                };
                if asker == Some(name) {
                    own.push_str(&format!("{reply}\n"));
                } else {
                    let head = format!("{name}: ");
                    others.push_str(&format!("{head}{}\n", reply.show(head.len())));
                }
            }
        }
        own + &others + &std::mem::take(&mut self.events)
    }
}

/// `name> words`; the first session has no name.
fn request(line: &str) -> Option<(&str, &str)> {
    let (head, words) = line.split_once("> ")?;
    // A push is shown as `1> ...`.
    let is_push = head.starts_with(|c: char| c.is_ascii_digit());
    let is_name = head.chars().all(|c| c.is_ascii_alphanumeric()) && !is_push;
    is_name.then_some((head, words))
}

macro_rules! transcripts {
    ($($test:ident: $path:literal;)*) => {
        mod transcripts {
            $(
                #[test]
                fn $test() {
                    let file = expect_test::expect_file![concat!("../../../tests/transcripts/", $path)];
                    let played = super::Player::new(&[]).play(&file.data());
                    file.assert_eq(&played);
                }
            )*
        }
    };
}

transcripts! {
    client_reply: "connection/reply.txt";
    client_tracking: "connection/tracking.txt";
    command: "server/command.txt";
    config: "server/config.txt";
    counted: "server/counted.txt";
    debug: "server/debug.txt";
    dump: "keys/dump.txt";
    errorstats: "server/errorstats.txt";
    eval: "scripting/eval.txt";
    expired_while_waiting: "waiting/expired.txt";
    flush: "keys/flush.txt";
    function: "scripting/function.txt";
    http: "connection/http.txt";
    last: "connection/last.txt";
    latency: "server/latency.txt";
    listening: "pubsub/listening.txt";
    memory: "server/memory.txt";
    pause: "waiting/pause.txt";
    queued: "transactions/queued.txt";
    refused: "transactions/refused.txt";
    secrets: "server/secrets.txt";
    rules: "users/rules.txt";
    rules_in_scripts: "users/scripts.txt";
    sessions: "users/sessions.txt";
    silence: "pubsub/silence.txt";
    watch: "transactions/watch.txt";
    module: "server/module.txt";
    monitor: "server/monitor.txt";
    words: "server/words.txt";
}

#[cfg(test)]
mod tests {
    use super::Player;
    use world::DiskOp;

    #[test]
    fn a_rewritten_file_has_the_values_of_now() {
        let mut player = Player::new(&[]);
        assert_eq!(player.request("", "CONFIG SET maxmemory 100mb"), "OK\n");
        assert_eq!(player.request("", "CONFIG REWRITE"), "OK\n");
        let file = String::from_utf8_lossy(&player.files["/etc/regent.conf"]).into_owned();
        assert!(file.starts_with("port 6379\n") && file.contains("\nmaxmemory 100mb\n"), "{file}");
        player.node.config.file = None;
        let reply = player.request("", "CONFIG REWRITE");
        assert_eq!(reply, "(error) ERR The server is running without a config file\n");
    }

    #[test]
    fn lines_below_the_level_are_not_made() {
        let mut player = Player::new(&[]);
        player.request("", "DEBUG LOG one");
        player.request("", "CONFIG SET loglevel nothing");
        player.request("", "DEBUG LOG two");
        assert_eq!(player.log.last().map(String::as_str), Some("DEBUG LOG: one"));
    }

    #[test]
    fn the_heaviest_client_goes_when_there_is_too_much() {
        let mut player = Player::new(&[]);
        player.request("big", &format!("CLIENT SETNAME {}", "n".repeat(300_000)));
        player.request("small", "PING");
        player.request("", "CLIENT NO-EVICT on");
        let reply = player.request("", "CONFIG SET maxmemory-clients 200kb");
        assert_eq!(reply, "OK\nbig: (closed)\n");
        assert_eq!(player.request("small", "PING"), "PONG\n");
        assert_eq!(player.node.stats.evicted_clients, 1);
    }

    #[test]
    fn who_cannot_save_refuses_writes_and_is_not_well() {
        let mut player = Player::new(&[]);
        player.request("", "SET k 1");
        player.disk_fails = |op| matches!(op, DiskOp::Create { .. });
        // Who saved by SAVE knows that it failed; nobody heard of what BGSAVE came to.
        assert_eq!(player.request("", "SAVE"), "(error) ERR\n");
        assert_eq!(player.request("", "PING"), "PONG\n");
        player.request("", "BGSAVE");
        for request in ["SET k 2", "PING", "DEL k"] {
            let reply = player.request("", request);
            assert!(reply.starts_with("(error) MISCONF Redis is configured"), "{request}: {reply}");
        }
        assert_eq!(player.request("", "GET k"), "\"1\"\n");
        player.request("", "CONFIG SET stop-writes-on-bgsave-error no");
        assert_eq!(player.request("", "PING"), "PONG\n");
    }

    #[test]
    fn debug_is_for_those_who_may() {
        for (permission, allowed) in [("no", false), ("local", true), ("yes", true)] {
            let mut player = Player::new(&[("enable-debug-command", permission)]);
            let reply = player.request("", "DEBUG DIGEST");
            assert_eq!(!reply.starts_with("(error)"), allowed, "{permission}: {reply}");
        }
    }

    #[test]
    fn debug_object_tells_of_nodes() {
        let mut player = Player::new(&[("list-max-listpack-size", "2")]);
        player.request("", "RPUSH l a b c d e");
        let reply = player.request("", "DEBUG OBJECT l");
        assert!(reply.starts_with("Value at:0x"), "{reply}");
        let rest = " ql_nodes:3 ql_avg_node:1.67 ql_listpack_max:2 ql_compressed:0 ";
        assert!(reply.contains(" refcount:1 encoding:quicklist serializedlength:"), "{reply}");
        assert!(reply.contains(" lru_seconds_idle:0 ql_nodes") && reply.contains(rest), "{reply}");
    }

    #[test]
    fn what_is_dumped_can_be_restored() {
        let mut player = Player::new(&[]);
        player.request("", "RPUSH l a b c");
        let payload = player.request("", "DUMP l");
        let reply = player.request("", &format!("RESTORE copy 5000 {}", payload.trim_end()));
        assert_eq!(reply, "OK\n");
        assert_eq!(player.request("", "PTTL copy"), "(integer) 5000\n");
        assert_eq!(player.request("", "LINDEX copy 2"), "\"c\"\n");
    }
}
