//! The server and the Sentinel under siege: how they are set up, what they may take, and whether they are well.

use client::{Client, Value, field};
use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use stdx::Instant;
use sys::signal::{self, Kind};
use testkit::{Program, Sentinel, Server};

/// What guests and the keeper log in with.
const PASSWORD: &str = "welcome";

/// The user that attacks log in as, where they do: everything but what an administrator does, within keys of its own.
const INTRUDER: &str = "user intruder on >intruder ~siege:* &* +@all -@admin -shutdown -flushall \
     -flushdb -swapdb -script|flush -function|flush +psync +sync +replconf +client|kill +client|list +client|info \
     +client|pause +slowlog|get +monitor";

/// What the server's process may use of addresses. A quarter of what is left of it is what Lua may allocate.
const ADDRESS_SPACE: u64 = 3 << 30;
/// What clients may take together before the largest are closed.
const CLIENTS_BYTES: u64 = 64 << 20;
/// What a replica may be owed.
const REPLICA_BYTES: u64 = 16 << 20;
/// Attacks have no more than this stored at a time, by their own design.
const STORED_BYTES: u64 = 64 << 20;
/// A connection that has not logged in may be owed 16 KiB and have sent as much, for each of those that attacks hold.
const STRANGERS_BYTES: u64 = 2000 * (32 << 10);

/// Commands that held the server longer than this are told at the end, in microseconds.
pub const SLOW_US: u64 = 2000;

/// A process has so long to end after SIGTERM.
const END_WITHIN_MS: u64 = 2000;

/// A PING of the keeper may take so long.
const PING_WITHIN: Duration = Duration::from_secs(30);

/// Where one of the two listens, and how to get in.
#[derive(Clone, Copy, Debug)]
pub struct Address {
    port: u16,
}

impl Address {
    /// A connection whose replies may take so long.
    pub fn connect(self, timeout: Duration) -> io::Result<Client> {
        Client::connect_within(("127.0.0.1", self.port), timeout)
    }

    /// Logs in with the password that guests know.
    pub fn log_in(self, client: &mut Client) -> io::Result<()> {
        ok(client, &["AUTH", PASSWORD])
    }

    /// Logs in as the user that attacks have.
    pub fn break_in(self, client: &mut Client) -> io::Result<()> {
        ok(client, &["AUTH", "intruder", "intruder"])
    }

    /// The port.
    pub fn port(self) -> u16 {
        self.port
    }
}

fn ok(client: &mut Client, words: &[&str]) -> io::Result<()> {
    let reply = client.command(words)?;
    if reply.is_error() { Err(io::Error::other(reply.text())) } else { Ok(()) }
}

/// Both processes.
pub struct Target {
    server: Server,
    sentinel: Sentinel,
    /// The run id of the server and the id of the Sentinel, by which one sees that they are the same still.
    ids: (String, String),
    resident: Resident,
}

/// Memory seen in the server and the Sentinel.
#[derive(Default)]
struct Resident {
    server: Extremes,
    sentinel: Extremes,
}

#[derive(Default)]
struct Extremes {
    most: AtomicU64,
    now: AtomicU64,
}

/// How much memory the server may occupy.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// While attacks leave Lua's memory alone.
    pub storm: u64,
    /// While they do not.
    pub held: u64,
    /// The Sentinel, at any time.
    pub sentinel: u64,
}

impl Target {
    /// Starts both and waits until the Sentinel sees the server.
    pub fn start(bin: &str) -> Target {
        let limits = format!("maxmemory-clients {CLIENTS_BYTES}");
        let replicas = format!("client-output-buffer-limit replica {REPLICA_BYTES} 8mb 10");
        let password = format!("requirepass {PASSWORD}");
        let slow = format!("slowlog-log-slower-than {SLOW_US}");
        let program = Program::regent(bin).within(ADDRESS_SPACE);
        let server = Server::start(
            &program,
            &[
                &password,
                INTRUDER,
                &limits,
                &replicas,
                "client-output-buffer-limit normal 8mb 4mb 2",
                "client-output-buffer-limit pubsub 8mb 2mb 5",
                "client-query-buffer-limit 4mb",
                "busy-reply-threshold 100",
                "repl-backlog-size 1mb",
                // No value is larger than what attacks are meant to store.
                "proto-max-bulk-len 4mb",
                &slow,
                "slowlog-max-len 10000",
                // So that SIGTERM saves.
                "save 3600 1",
                "enable-debug-command no",
            ],
        );
        let monitor = format!("sentinel monitor target 127.0.0.1 {} 1", server.port());
        let knows = format!("sentinel auth-pass target {PASSWORD}");
        let program = Program::regent_sentinel(bin);
        let sentinel = Sentinel::start(&program, &[&password, "bind 127.0.0.1", &monitor, &knows]);
        let ids = (server.field("server", "run_id"), sentinel.id());
        Target { server, sentinel, ids, resident: Resident::default() }
    }

    /// Where the server listens.
    pub fn server(&self) -> Address {
        Address { port: self.server.port() }
    }

    /// Where the Sentinel listens.
    pub fn sentinel(&self) -> Address {
        Address { port: self.sentinel.port() }
    }

    /// What both occupy now, in bytes: the server, the Sentinel. It goes into the extremes if `counts`.
    pub fn sample(&self, counts: bool) -> (u64, u64) {
        let look = |pid, seen: &Extremes| {
            let now = sys::facts::resident_bytes_of(pid).unwrap_or(0);
            seen.now.store(now, Ordering::Relaxed);
            if counts {
                seen.most.fetch_max(now, Ordering::Relaxed);
            }
            now
        };
        let Resident { server, sentinel } = &self.resident;
        (look(self.server.pid(), server), look(self.sentinel.pid(), sentinel))
    }

    /// The most that both occupied since the last time that this was asked.
    pub fn take_most(&self) -> (u64, u64) {
        let take = |seen: &Extremes| seen.most.swap(0, Ordering::Relaxed);
        (take(&self.resident.server), take(&self.resident.sentinel))
    }

    /// What they may occupy, if they occupy so much without any attack.
    ///
    /// The sum of all that a setting, or an attack's own design, bounds, and a quarter more for what the allocator
    /// keeps between uses.
    pub fn bounds(quiet: (u64, u64)) -> Bounds {
        let replicas = 4 * REPLICA_BYTES;
        let storm = quiet.0 + CLIENTS_BYTES + replicas + STORED_BYTES + STRANGERS_BYTES;
        let roomy = |bytes: u64| bytes + bytes / 4;
        Bounds {
            storm: roomy(storm),
            held: roomy(storm + ADDRESS_SPACE / 4),
            sentinel: roomy(quiet.1 + STRANGERS_BYTES),
        }
    }

    /// What is wrong with them now: not the same processes any more, no answer.
    pub fn ailments(&self) -> Vec<String> {
        let mut found = Vec::new();
        for (name, address) in [("server", self.server()), ("Sentinel", self.sentinel())] {
            let asked = sys::clock::instant();
            let answered = address.connect(PING_WITHIN).and_then(|mut client| {
                address.log_in(&mut client)?;
                // BUSY is an answer.
                client.command(&["PING"])
            });
            if let Err(error) = answered {
                let ms = sys::clock::instant().ms_since(asked);
                found.push(format!("the {name} does not answer a PING, after {ms} ms: {error}"));
            }
        }
        found
    }

    /// The same when everybody has left: who they are, what the Sentinel believes, what the logs say.
    pub fn last_ailments(&self) -> Vec<String> {
        let mut found = Vec::new();
        for (name, log) in [("server", self.server.log()), ("Sentinel", self.sentinel.log())] {
            let bad = ["panicked", "REDIS BUG REPORT START"];
            let lines = log.lines().filter(|line| bad.iter().any(|word| line.contains(word)));
            found.extend(lines.map(|line| format!("log of the {name}: {line}")));
        }
        let ailments = self.ailments();
        if !ailments.is_empty() {
            found.extend(ailments);
            return found;
        }
        if self.server.field("server", "run_id") != self.ids.0 || self.sentinel.id() != self.ids.1 {
            found.push("these are not the processes that were started".to_owned());
        }
        let master = self.sentinel.master_port("target");
        if master != self.server.port() {
            found.push(format!("the Sentinel takes the server at port {master} for the primary"));
        }
        let flags = self.sentinel.fields("master target").get("flags").to_owned();
        if flags != "master" {
            found.push(format!("the Sentinel sees the server as {flags}"));
        }
        found
    }

    /// Ends both as `kill` does and starts them again: they obey at once, the data is saved, their files are good.
    pub fn end_and_return(&mut self) -> Vec<String> {
        let mut found = Vec::new();
        let keys = self.server.field("keyspace", "db0");
        let count = |text: &str| text.split(',').next().unwrap_or_default().to_owned();
        for (name, server) in [("server", &mut self.server), ("Sentinel", &mut *self.sentinel)] {
            let asked: Instant = sys::clock::instant();
            if let Err(error) = signal::send(server.pid(), Kind::Terminate) {
                found.push(format!("no SIGTERM to the {name}: {error}"));
            }
            server.wait_end();
            let ms = sys::clock::instant().ms_since(asked);
            if ms > END_WITHIN_MS {
                found.push(format!("the {name} ended {ms} ms after SIGTERM"));
            }
            if name == "server" && !server.log().contains("DB saved on disk") {
                found.push("the server did not save at SIGTERM".to_owned());
            }
            server.start_again();
        }
        let after = self.server.field("keyspace", "db0");
        if count(&keys) != count(&after) {
            found.push(format!("the data was {keys} and is {after} after a restart"));
        }
        found
    }

    /// The commands that held the server longer than [`SLOW_US`]: their names, how many, and the longest of each in
    /// microseconds; the longest first.
    pub fn slow_commands(&self) -> Vec<(String, u64, u64)> {
        let mut by_name: BTreeMap<String, (u64, u64)> = BTreeMap::new();
        let Value::Array(entries) = self.server.ask(&["SLOWLOG", "GET", "-1"]) else {
            return Vec::new();
        };
        for entry in &entries {
            let Value::Array(parts) = entry else { continue };
            let [_, _, Value::Int(us), Value::Array(words), ..] = &parts[..] else { continue };
            let name = words.first().map(Value::text).unwrap_or_default().to_uppercase();
            let (count, most) = by_name.entry(name).or_default();
            (*count, *most) = (*count + 1, (*most).max(*us as u64));
        }
        let mut slow: Vec<_> =
            by_name.into_iter().map(|(name, (count, us))| (name, count, us)).collect();
        slow.sort_unstable_by_key(|(_, _, us)| std::cmp::Reverse(*us));
        slow
    }

    /// How many clients the server knows, for the reports on the way.
    pub fn clients(&self) -> u64 {
        let ask = || -> io::Result<String> {
            let mut client = self.server().connect(PING_WITHIN)?;
            self.server().log_in(&mut client)?;
            Ok(client.command(&["INFO", "clients"])?.text())
        };
        let info = ask().unwrap_or_default();
        field(&info, "connected_clients").and_then(|text| text.parse().ok()).unwrap_or(0)
    }
}
