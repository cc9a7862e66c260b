//! A Sentinel as a process: its file, what it knows, its events and its log.

use std::ops::{Deref, DerefMut};
use std::time::Duration;

use client::{Client, Value};

use crate::program::Program;
use crate::server::Server;
use crate::wait::poll;

/// A running Sentinel; all that a [`Server`] can do, and more questions. Its file is `sentinel.conf`.
pub struct Sentinel {
    server: Server,
}

impl Deref for Sentinel {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.server
    }
}

impl DerefMut for Sentinel {
    fn deref_mut(&mut self) -> &mut Server {
        &mut self.server
    }
}

impl Sentinel {
    /// Starts `program` with `lines` in its file and waits until it answers.
    #[track_caller]
    pub fn start(program: &Program, lines: &[&str]) -> Sentinel {
        let mut sentinel = Sentinel::prepare(program, lines);
        sentinel.start_again();
        sentinel
    }

    /// A Sentinel with its folder and file, not started.
    pub fn prepare(program: &Program, lines: &[&str]) -> Sentinel {
        Sentinel { server: Server::prepare_file(program, "sentinel.conf", lines) }
    }

    /// The fields that one instance is described by: the reply to SENTINEL `question`, `master NAME` for one.
    #[track_caller]
    pub fn fields(&self, question: &str) -> Fields {
        Fields::of(&self.question(question))
    }

    /// The same where many are described, by `masters` or `replicas NAME`.
    #[track_caller]
    pub fn list(&self, question: &str) -> Vec<Fields> {
        let reply = self.question(question);
        let Value::Array(instances) = reply else { panic!("SENTINEL {question}: {reply:?}") };
        instances.iter().map(Fields::of).collect()
    }

    /// The port of the master `name` as clients are told it.
    #[track_caller]
    pub fn master_port(&self, name: &str) -> u16 {
        let reply = self.question(&format!("get-master-addr-by-name {name}"));
        let Value::Array(address) = &reply else { panic!("{reply:?}") };
        address[1].text().parse().expect("a port is a number")
    }

    /// Its id.
    #[track_caller]
    pub fn id(&self) -> String {
        self.question("myid").text()
    }

    #[track_caller]
    fn question(&self, question: &str) -> Value {
        let reply = self.ask(&crate::words(&format!("SENTINEL {question}")));
        assert!(!reply.is_error(), "SENTINEL {question}: {}", reply.text());
        reply
    }

    /// Its events from now on.
    #[track_caller]
    pub fn events(&self) -> Events {
        let mut client = self.client();
        client.command(&["PSUBSCRIBE", "*"]).expect("it answers");
        Events { client, seen: Vec::new() }
    }

    /// What its log says, without process and time: each line as its sign and its message.
    pub fn messages(&self) -> Vec<String> {
        let log = self.log();
        // `1:X 20 Nov 2026 13:16:57.757 # +monitor ...`
        let message = |line: &str| line.splitn(6, ' ').nth(5).map(str::to_owned);
        log.lines().filter(|line| line.contains(":X ")).filter_map(message).collect()
    }

    /// The events in its log whose names are among `names`, in order: sign, name and text.
    pub fn history(&self, names: &[&str]) -> Vec<String> {
        let is_named =
            |message: &String| message.split(' ').nth(1).is_some_and(|name| names.contains(&name));
        self.messages().into_iter().filter(is_named).collect()
    }
}

/// What a Sentinel published, since somebody began to listen.
pub struct Events {
    client: Client,
    seen: Vec<(String, String)>,
}

impl Events {
    /// Waits for the next event `name` whose text contains `part`; its text. What came before it is passed over.
    #[track_caller]
    pub fn wait(&mut self, name: &str, part: &str) -> String {
        poll(&format!("event {name} {part}"), || {
            let (seen, text) = self.next(Duration::from_millis(50))?;
            (seen == name && text.contains(part)).then_some(text)
        })
    }

    /// All events so far: name and text.
    pub fn seen(&mut self) -> &[(String, String)] {
        while self.next(Duration::from_millis(1)).is_some() {}
        &self.seen
    }

    fn next(&mut self, wait: Duration) -> Option<(String, String)> {
        let push = self.client.receive_within(wait).expect("the Sentinel is there")?;
        let (Value::Array(words) | Value::Push(words)) = &push else { panic!("{push:?}") };
        let [.., channel, text] = &words[..] else { panic!("{push:?}") };
        self.seen.push((channel.text(), text.text()));
        self.seen.last().cloned()
    }
}

/// Names and values in the order in which they were told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// Of a reply that is a map, or a list of names and values by turns.
    #[track_caller]
    pub fn of(reply: &Value) -> Fields {
        let pair = |name: &Value, value: &Value| (name.text(), value.text());
        match reply {
            Value::Map(pairs) => {
                Fields(pairs.iter().map(|(name, value)| pair(name, value)).collect())
            }
            Value::Array(words) if words.len() % 2 == 0 => {
                Fields(words.chunks(2).map(|words| pair(&words[0], &words[1])).collect())
            }
            other => panic!("not names and values: {other:?}"),
        }
    }

    /// The names.
    pub fn names(&self) -> Vec<&str> {
        self.0.iter().map(|(name, _)| name.as_str()).collect()
    }

    /// The value of a field; empty if it is not there.
    pub fn get(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(other, _)| other == name);
        found.map(|(_, value)| value.as_str()).unwrap_or_default()
    }

    /// A number.
    #[track_caller]
    pub fn number(&self, name: &str) -> i64 {
        self.get(name).parse().unwrap_or_else(|_| panic!("{name} is not a number in {self:?}"))
    }
}
