//! Plays conversations with a whole Sentinel, in a world that is made up: whoever it calls does not answer unless the
//! test answers, and its disk is a map.

use crate::state::{Saved, directives};
use crate::{Options, Rules, Sentinel};
use config::{Config, SentinelLine};
use resp::{ReplyParser, Value};
use std::collections::BTreeMap;
use std::io::IoSlice;
use stdx::{Instant, Now, WallTime};
use world::{
    ConnId, Dial, DiskError, DiskErrorKind, DiskOp, DiskReply, Effect, Event, Exit, Machine, Peer,
    Senses,
};

/// A Sentinel with its clients, and the world around it.
pub(crate) struct Player {
    pub(crate) sentinel: Sentinel,
    pub(crate) now: Now,
    sessions: BTreeMap<String, (ConnId, ReplyParser)>,
    made: u32,
    /// What the file says.
    pub(crate) file: Vec<u8>,
    /// False: no write succeeds.
    pub(crate) disk_works: bool,
    /// Writes are not answered until the test lets them be.
    pub(crate) disk_waits: bool,
    writes: Vec<(world::Ticket, DiskOp)>,
    pub(crate) log: Vec<String>,
    /// Calls to others that nobody has answered yet.
    pub(crate) dials: Vec<Dial>,
    /// Names that nobody has looked up yet.
    lookups: Vec<(world::Ticket, String)>,
    pub(crate) exit: Option<Exit>,
    /// What happened apart from replies, since it was last shown.
    events: String,
}

/// The port that the Sentinel listens at.
const PORT: u16 = 26379;

impl Player {
    /// A Sentinel with these lines in its file.
    pub(crate) fn new(lines: &str) -> Player {
        Player::with(lines, &[])
    }

    /// A Sentinel with these `sentinel` lines, and with these parameters.
    pub(crate) fn with(lines: &str, parameters: &[(&str, &str)]) -> Player {
        let mut config = Config::default();
        config.values.set("dir", &["/data"]).expect("a folder");
        config.values.set("port", &["26379"]).expect("a port");
        config.file = Some("/etc/sentinel.conf".to_owned());
        for (name, value) in parameters {
            config.values.set(name, &[value]).expect("a value that the parameter takes");
        }
        let read: Vec<SentinelLine> = lines
            .lines()
            .enumerate()
            .map(|(at, text)| SentinelLine {
                number: at + 1,
                text: text.to_owned(),
                words: config::words::split(text.as_bytes())
                    .expect("quotes that close")
                    .split_off(1),
                is_in_file: true,
            })
            .collect();
        let (saved, _): (Saved, _) = directives::read(&read, &mut |_| true).expect("sound lines");
        let now = Now { instant: Instant(1_000_000), wall: WallTime::from_ms(1_700_000_000_000) };
        let file = lines.as_bytes().to_vec();
        let mut sentinel = Sentinel::new(Options {
            config,
            file: file.clone(),
            saved,
            seed: 1,
            secrets: world::Secrets::made_up(1),
            senses: Senses::NUMB,
            now,
            east_secs: 0,
            rules: Rules::default(),
        });
        sentinel.start(now);
        let mut player = Player {
            sentinel,
            now,
            sessions: BTreeMap::new(),
            made: 0,
            file,
            disk_works: true,
            disk_waits: false,
            writes: Vec::new(),
            log: Vec::new(),
            dials: Vec::new(),
            lookups: Vec::new(),
            exit: None,
            events: String::new(),
        };
        player.settle();
        player
    }

    /// A client comes from somewhere.
    pub(crate) fn connect(&mut self, name: &str, from: &str) -> String {
        let conn = self.fresh_conn();
        let peer = Peer::Ip(format!("{from}:{}", 50_000 + conn.0).parse().expect("an address"));
        let local = Peer::Ip(format!("127.0.0.1:{PORT}").parse().expect("an address"));
        self.sessions.insert(name.to_owned(), (conn, ReplyParser::default()));
        self.event(Event::Accepted { conn, peer, local })
    }

    fn fresh_conn(&mut self) -> ConnId {
        self.made += 1;
        ConnId(self.made)
    }

    /// A request of the client without a name, and everything that is heard then.
    pub(crate) fn say(&mut self, request: &str) -> String {
        self.says("", request)
    }

    /// A request of a client, and everything that is heard then.
    pub(crate) fn says(&mut self, name: &str, request: &str) -> String {
        if !self.sessions.contains_key(name) {
            let refusal = self.connect(name, "127.0.0.1");
            if !refusal.is_empty() {
                return refusal;
            }
        }
        let words = config::words::split(request.as_bytes()).expect("quotes that close");
        let mut bytes = Vec::new();
        resp::Owned::new(&words).words().encode(&mut bytes);
        self.bytes(name, &bytes)
    }

    /// Bytes of a client that is there already.
    pub(crate) fn bytes(&mut self, name: &str, bytes: &[u8]) -> String {
        let (conn, _) = self.sessions[name];
        self.sentinel.handle_input(self.now, conn, bytes);
        self.settle();
        self.heard(Some(name))
    }

    /// Something happens out in the world; what everybody hears then.
    pub(crate) fn event(&mut self, event: Event) -> String {
        self.sentinel.handle_event(self.now, event);
        self.settle();
        self.heard(None)
    }

    /// All calls are answered; the ends that the test holds are called `host:port/0`, and so on.
    pub(crate) fn answer_calls(&mut self) {
        for dial in std::mem::take(&mut self.dials) {
            let conn = self.fresh_conn();
            let taken = |at: &usize| {
                self.sessions.contains_key(&format!("{}:{}/{at}", dial.host, dial.port))
            };
            let at = (0..).find(|at| !taken(at)).expect("numbers do not end");
            let name = format!("{}:{}/{at}", dial.host, dial.port);
            self.sessions.insert(name, (conn, ReplyParser::default()));
            let peer = Peer::Ip(format!("127.0.0.1:{}", dial.port).parse().expect("an address"));
            let local = Peer::Ip("127.0.0.1:40000".parse().expect("an address"));
            self.event(Event::Dialed { ticket: dial.ticket, conn, peer, local });
        }
    }

    /// Somebody whom the Sentinel has called goes away.
    pub(crate) fn hang_up(&mut self, name: &str) {
        let (conn, _) = self.sessions.remove(name).expect("somebody who was called");
        self.event(Event::Closed { conn, reason: String::new() });
    }

    /// A name is looked up, which the Sentinel has asked for.
    pub(crate) fn resolve(&mut self, name: &str, result: Result<std::net::IpAddr, String>) {
        let at = self.lookups.iter().position(|(_, host)| host == name);
        let (ticket, _) = self.lookups.remove(at.expect("it was asked for"));
        self.event(Event::Resolved { ticket, result });
    }

    /// The clock moves; whatever was due on the way has happened.
    pub(crate) fn pass(&mut self, ms: u64) -> String {
        let end = self.now.after_ms(ms);
        while self.now.instant < end.instant {
            let due = self.sentinel.poll_timeout().unwrap_or(end.instant);
            let at = due.min(end.instant).max(Instant(self.now.instant.0 + 1000));
            let passed_us = at.us_since(self.now.instant);
            self.now = Now { instant: at, wall: WallTime(self.now.wall.0 + passed_us) };
            self.sentinel.handle_timeout(self.now);
            self.settle();
        }
        self.heard(None)
    }

    /// The disk does what it was asked for; what everybody hears then.
    pub(crate) fn write(&mut self) -> String {
        for (ticket, op) in std::mem::take(&mut self.writes) {
            let result = self.disk(op);
            self.sentinel.handle_event(self.now, Event::DiskDone { ticket, result });
        }
        self.settle();
        self.heard(None)
    }

    fn settle(&mut self) {
        while let Some(effect) = self.sentinel.poll_effect() {
            self.carry_out(effect);
        }
        while self.sentinel.poll_ready().is_some() {}
        for (conn, parser) in self.sessions.values_mut() {
            loop {
                let mut slices = [IoSlice::new(&[])];
                let count = self.sentinel.pending(*conn, &mut slices);
                let bytes: Vec<u8> =
                    slices[..count].iter().flat_map(|slice| slice.iter().copied()).collect();
                if bytes.is_empty() {
                    break;
                }
                parser.feed(&bytes);
                self.sentinel.sent(self.now, *conn, bytes.len());
            }
        }
        while let Some(effect) = self.sentinel.poll_effect() {
            self.carry_out(effect);
        }
    }

    fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::Listen { ticket, .. } => {
                self.sentinel.handle_event(self.now, Event::Listened { ticket, result: Ok(()) });
            }
            Effect::Disk { ticket, op } if self.disk_waits => self.writes.push((ticket, op)),
            Effect::Disk { ticket, op } => {
                let result = self.disk(op);
                self.sentinel.handle_event(self.now, Event::DiskDone { ticket, result });
            }
            Effect::Dial(dial) => self.dials.push(dial),
            Effect::CancelDial(ticket) => self.dials.retain(|it| it.ticket != ticket),
            Effect::Resolve { ticket, host } => self.lookups.push((ticket, host)),
            Effect::Log { text, .. } => self.log.push(text),
            Effect::Hangup { conn, .. } => {
                let gone = self.sessions.iter().find(|(_, (it, _))| *it == conn);
                if let Some(name) = gone.map(|(name, _)| name.clone()) {
                    self.events.push_str(&format!("{name}: (closed)\n"));
                }
            }
            Effect::Exit(exit) => self.exit = Some(exit),
            _ => {}
        }
    }

    fn disk(&mut self, op: DiskOp) -> Result<DiskReply, DiskError> {
        let failed = |kind, text: &str| Err(DiskError { kind, text: text.to_owned() });
        match op {
            _ if !self.disk_works => failed(DiskErrorKind::NoSpace, "No space left on device"),
            DiskOp::Replace { bytes, .. } => {
                self.file = bytes;
                Ok(DiskReply::Done)
            }
            DiskOp::Runnable { path } if !path.starts_with("/bin/") => {
                failed(DiskErrorKind::NotFound, "No such file or directory")
            }
            _ => Ok(DiskReply::Done),
        }
    }

    /// What has arrived: at the one who asked, at other clients, and what else happened.
    fn heard(&mut self, asker: Option<&str>) -> String {
        let (mut own, mut others) = (String::new(), String::new());
        for (name, (_, parser)) in &mut self.sessions {
            // Those whom the Sentinel has called get requests, which are of no interest here.
            if name.contains('/') {
                continue;
            }
            while let Some(reply) = parser.next().expect("a Sentinel writes replies") {
                match asker == Some(name) {
                    true => own += &format!("{}\n", show(&reply)),
                    false => others += &format!("{name}: {}\n", show(&reply)),
                }
            }
        }
        own + &others + &std::mem::take(&mut self.events)
    }

    /// Whether the Sentinel has called somebody.
    pub(crate) fn knows(&self, name: &str) -> bool {
        self.sessions.contains_key(name)
    }

    /// What somebody whom the Sentinel has called was asked, since this was last looked at.
    pub(crate) fn asked(&mut self, name: &str) -> Vec<String> {
        let (_, parser) = self.sessions.get_mut(name).expect("somebody who was called");
        let mut all = Vec::new();
        while let Some(Value::Array(words)) = parser.next().expect("requests look like replies") {
            all.push(words.iter().map(Value::text).collect::<Vec<_>>().join(" "));
        }
        all
    }
}

/// A reply in one line.
fn show(reply: &Value) -> String {
    let all = |items: &[Value]| items.iter().map(show).collect::<Vec<_>>().join(" ");
    match reply {
        Value::Error(_) => format!("(error) {}", reply.text()),
        Value::Bulk(_) | Value::Verbatim(..) => format!("\"{}\"", reply.text().escape_debug()),
        Value::Null => "(nil)".to_owned(),
        Value::Array(items) => format!("[{}]", all(items)),
        Value::Set(items) => format!("~[{}]", all(items)),
        Value::Push(items) => format!(">[{}]", all(items)),
        Value::Map(pairs) => {
            let pairs =
                pairs.iter().map(|(name, value)| format!("{}: {}", show(name), show(value)));
            format!("{{{}}}", pairs.collect::<Vec<_>>().join(" "))
        }
        Value::Bool(value) => value.to_string(),
        _ => reply.text(),
    }
}

impl Player {
    /// Plays the requests of a conversation, whatever answers it has, and gives it back with the true ones.
    ///
    /// ```text
    /// > PING                  a request of the client without a name, and below it the reply
    /// b> SUBSCRIBE +sdown     another client; what it gets while others speak stands behind `b: `
    /// ~ 1500 ms               the clock moves
    /// ```
    pub(crate) fn play(&mut self, conversation: &str) -> String {
        let mut played = String::new();
        for line in conversation.lines().map(str::trim_start) {
            let answer = if let Some((name, request)) = request(line) {
                self.says(name, request)
            } else if let Some(ms) = line.strip_prefix("~ ") {
                self.pass(ms.trim_end_matches(" ms").parse().expect("`~ <number> ms`"))
            } else {
                continue;
            };
            played += &format!("{line}\n{answer}");
        }
        played
    }
}

fn request(line: &str) -> Option<(&str, &str)> {
    let (head, words) = line.split_once("> ")?;
    head.chars().all(|c| c.is_ascii_alphanumeric()).then_some((head, words))
}

mod clients;
mod hostile;
mod restarts;
mod watched;
