//! One guest's connections, what it has stored, and what it asks: each step knows its replies beforehand.
//!
//! Nobody else writes the keys of a guest, so its copy of them is the truth. BUSY means that nothing was done, so a
//! request that heard it is sent again as it is; a transaction among whose requests one heard it has only requests that
//! can be repeated.

use crate::target::Address;
use client::{Client, Value};
use std::collections::BTreeMap;
use std::io;
use std::time::Duration;
use stdx::Prng;

/// Longer than the server is held by anything: a reply that has not come by then is lost.
const PATIENCE: Duration = Duration::from_secs(60);

/// The pause before a request that heard BUSY is sent again.
const BUSY_PAUSE: Duration = Duration::from_millis(2);

/// So many keys of a type, or members of a value, does a guest have.
const NAMES: u64 = 16;

const VALUE_BYTES_MAX: u64 = 512;

/// What can happen to a guest.
pub(super) enum Trouble {
    /// No reply to this.
    Lost(String, io::Error),
    /// Another reply than there must be.
    Wrong(String),
}

/// A guest's stay, from its first connection to the first trouble.
pub(super) struct Visit {
    prefix: String,
    /// What is asked in turns with replies.
    main: Client,
    /// What waits in BLPOP.
    waiter: Client,
    /// What has subscribed.
    listener: Client,
    /// How often it heard BUSY.
    pub(super) busy: u64,
    strings: BTreeMap<u64, String>,
    fields: BTreeMap<u64, String>,
    scores: BTreeMap<u64, i64>,
    list: Vec<String>,
    counter: i64,
    serial: u64,
}

impl Visit {
    pub(super) fn begin(number: usize, generation: u64, address: Address) -> io::Result<Visit> {
        let enter = || -> io::Result<Client> {
            let mut client = address.connect(PATIENCE)?;
            address.log_in(&mut client)?;
            Ok(client)
        };
        let prefix = format!("guest:{number}:{generation}:");
        let (main, waiter, mut listener) = (enter()?, enter()?, enter()?);
        let channel = format!("{prefix}news");
        let reply = listener.command(&["SUBSCRIBE", &channel])?;
        if reply.is_error() {
            return Err(io::Error::other(reply.text()));
        }
        Ok(Visit {
            prefix,
            main,
            waiter,
            listener,
            busy: 0,
            strings: BTreeMap::new(),
            fields: BTreeMap::new(),
            scores: BTreeMap::new(),
            list: Vec::new(),
            counter: 0,
            serial: 0,
        })
    }

    /// One thing that a client does; how many replies it had.
    pub(super) fn step(&mut self, prng: &mut Prng) -> Result<u64, Trouble> {
        self.serial += 1;
        match prng.below(12) {
            0..=2 => self.read_string(prng),
            3..=4 => self.write_string(prng),
            5 => self.count_up(),
            6 => self.use_hash(prng),
            7 => self.use_sorted_set(prng),
            8 => self.use_list(prng),
            9 => self.hand_over(),
            10 => match prng.below(2) {
                0 => self.transact(prng),
                _ => self.run_script(prng),
            },
            _ => self.publish(),
        }
    }

    fn key(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    fn value(&self, prng: &mut Prng) -> String {
        let len = prng.below(VALUE_BYTES_MAX) as usize;
        format!("{}-{}", self.serial, prng.hex(len / 2))
    }

    /// Sends a request until something else than BUSY comes back, and compares it.
    fn ask(&mut self, words: &[&str], want: &Value) -> Result<u64, Trouble> {
        loop {
            let reply = self.main.command(words).map_err(|error| lost(words, error))?;
            if is_busy(&reply) {
                self.pause();
                continue;
            }
            return compare(words, &reply, want).map(|()| 1);
        }
    }

    fn pause(&mut self) {
        self.busy += 1;
        sys::thread::sleep(BUSY_PAUSE);
    }

    fn write_string(&mut self, prng: &mut Prng) -> Result<u64, Trouble> {
        let (name, value) = (prng.below(NAMES), self.value(prng));
        let key = self.key(&format!("string:{name}"));
        self.ask(&["SET", &key, &value], &ok())?;
        self.strings.insert(name, value);
        Ok(1)
    }

    fn read_string(&mut self, prng: &mut Prng) -> Result<u64, Trouble> {
        let name = prng.below(NAMES);
        let want = self.strings.get(&name).map_or(Value::Null, |value| bulk(value));
        self.ask(&["GET", &self.key(&format!("string:{name}"))], &want)
    }

    fn count_up(&mut self) -> Result<u64, Trouble> {
        self.counter += 1;
        self.ask(&["INCR", &self.key("counter")], &Value::Int(self.counter))
    }

    fn use_hash(&mut self, prng: &mut Prng) -> Result<u64, Trouble> {
        let (field, value) = (prng.below(NAMES), self.value(prng));
        let (key, name) = (self.key("hash"), format!("field:{field}"));
        let is_new = self.fields.insert(field, value.clone()).is_none();
        self.ask(&["HSET", &key, &name, &value], &Value::Int(i64::from(is_new)))?;
        self.ask(&["HGET", &key, &name], &bulk(&value)).map(|_| 2)
    }

    fn use_sorted_set(&mut self, prng: &mut Prng) -> Result<u64, Trouble> {
        let (member, score) = (prng.below(NAMES), prng.below(1000) as i64);
        let (key, name) = (self.key("sorted"), format!("member:{member:02}"));
        let is_new = self.scores.insert(member, score).is_none();
        self.ask(&["ZADD", &key, &score.to_string(), &name], &Value::Int(i64::from(is_new)))?;
        let mut order: Vec<(i64, u64)> =
            self.scores.iter().map(|(name, at)| (*at, *name)).collect();
        order.sort_unstable();
        let names = order.iter().map(|(_, name)| bulk(&format!("member:{name:02}"))).collect();
        self.ask(&["ZRANGE", &key, "0", "-1"], &Value::Array(names)).map(|_| 2)
    }

    fn use_list(&mut self, prng: &mut Prng) -> Result<u64, Trouble> {
        let key = self.key("list");
        if self.list.len() >= NAMES as usize {
            let value = self.list.remove(0);
            return self.ask(&["RPOP", &key], &bulk(&value));
        }
        let value = self.value(prng);
        self.list.push(value.clone());
        let len = self.list.len() as i64;
        self.ask(&["LPUSH", &key, &value], &Value::Int(len))?;
        self.ask(&["LINDEX", &key, "0"], &bulk(&value)).map(|_| 2)
    }

    /// One of its connections waits for what the other pushes.
    fn hand_over(&mut self) -> Result<u64, Trouble> {
        let (key, value) = (self.key("queue"), format!("errand {}", self.serial));
        let waits = ["BLPOP", &key, "0"];
        self.waiter.send(&waits).map_err(|error| lost(&waits, error))?;
        self.ask(&["LPUSH", &key, &value], &Value::Int(1))?;
        loop {
            let reply = self.waiter.receive().map_err(|error| lost(&waits, error))?;
            if is_busy(&reply) {
                self.pause();
                self.waiter.send(&waits).map_err(|error| lost(&waits, error))?;
                continue;
            }
            let want = Value::Array(vec![bulk(&key), bulk(&value)]);
            return compare(&waits, &reply, &want).map(|()| 2);
        }
    }

    fn transact(&mut self, prng: &mut Prng) -> Result<u64, Trouble> {
        let (name, value) = (prng.below(NAMES), self.value(prng));
        let key = self.key(&format!("string:{name}"));
        let requests: Vec<Vec<&str>> =
            vec![vec!["MULTI"], vec!["SET", &key, &value], vec!["GET", &key], vec!["EXEC"]];
        let queued = || Value::Simple(b"QUEUED".to_vec());
        let done = Value::Array(vec![ok(), bulk(&value)]);
        loop {
            let sent = self.main.pipeline(&requests);
            let replies = sent.map_err(|error| lost(&requests[0], error))?;
            if !replies.iter().any(is_busy) {
                for (request, (reply, want)) in
                    requests.iter().zip(replies.iter().zip([ok(), queued(), queued(), done]))
                {
                    compare(request, reply, &want)?;
                }
                self.strings.insert(name, value);
                return Ok(4);
            }
            self.pause();
            self.discard()?;
        }
    }

    /// Leaves a transaction of which some requests heard BUSY, if it has not ended already.
    fn discard(&mut self) -> Result<(), Trouble> {
        loop {
            let reply =
                self.main.command(&["DISCARD"]).map_err(|error| lost(&["DISCARD"], error))?;
            if !is_busy(&reply) {
                return Ok(());
            }
            self.pause();
        }
    }

    fn run_script(&mut self, prng: &mut Prng) -> Result<u64, Trouble> {
        const BODY: &str =
            "redis.call('SET', KEYS[1], ARGV[1]) return {redis.call('GET', KEYS[1]), #ARGV[1]}";
        let (name, value) = (prng.below(NAMES), self.value(prng));
        let key = self.key(&format!("string:{name}"));
        let want = Value::Array(vec![bulk(&value), Value::Int(value.len() as i64)]);
        self.ask(&["EVAL", BODY, "1", &key, &value], &want)?;
        self.strings.insert(name, value);
        Ok(1)
    }

    fn publish(&mut self) -> Result<u64, Trouble> {
        let (channel, text) = (self.key("news"), format!("message {}", self.serial));
        self.ask(&["PUBLISH", &channel, &text], &Value::Int(1))?;
        let words = ["SUBSCRIBE", &channel];
        let message = self.listener.receive().map_err(|error| lost(&words, error))?;
        let want = Value::Array(vec![bulk("message"), bulk(&channel), bulk(&text)]);
        compare(&words, &message, &want).map(|()| 2)
    }
}

fn ok() -> Value {
    Value::Simple(b"OK".to_vec())
}

fn bulk(text: &str) -> Value {
    Value::Bulk(text.as_bytes().to_vec())
}

fn is_busy(reply: &Value) -> bool {
    matches!(reply, Value::Error(text) if text.starts_with(b"BUSY ") || text.starts_with(b"EXECABORT "))
}

fn lost(words: &[&str], error: io::Error) -> Trouble {
    Trouble::Lost(asked(words), error)
}

fn compare(words: &[&str], reply: &Value, want: &Value) -> Result<(), Trouble> {
    if reply == want {
        return Ok(());
    }
    Err(Trouble::Wrong(format!("{}: {}, and not {}", asked(words), shown(reply), shown(want))))
}

fn asked(words: &[&str]) -> String {
    shortened(words.join(" "))
}

fn shown(value: &Value) -> String {
    shortened(format!("{value}"))
}

/// Enough of a text to find it by.
fn shortened(mut text: String) -> String {
    const CHARS_MAX: usize = 100;
    if let Some((at, _)) = text.char_indices().nth(CHARS_MAX) {
        text.truncate(at);
        text.push_str("...");
    }
    text
}
