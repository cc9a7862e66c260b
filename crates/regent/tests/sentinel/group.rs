//! A master, its replicas and those who watch them, as one thing that a test can start and ask.

use testkit::{Program, Sentinel, Server, until};

use crate::{Kinds, NAME};

/// What to start.
pub(crate) struct Plan<'a> {
    /// One line per server: what only its file has. The first becomes the master.
    pub(crate) servers: Vec<(Program, &'a str)>,
    /// What the files of all servers have.
    pub(crate) server_lines: &'a [&'a str],
    pub(crate) sentinels: Vec<Program>,
    pub(crate) quorum: usize,
    /// What the files of all Sentinels have. `NAME` stands for the name of the master.
    pub(crate) sentinel_lines: &'a [&'a str],
}

impl<'a> Plan<'a> {
    /// A master with as many replicas, so many Sentinels, of which a majority must agree; all of one kind.
    pub(crate) fn of(kinds: &Kinds, replicas: usize, sentinels: usize) -> Plan<'a> {
        Plan {
            servers: vec![(kinds.server.clone(), ""); replicas + 1],
            server_lines: &[],
            sentinels: vec![kinds.sentinel.clone(); sentinels],
            quorum: sentinels / 2 + 1,
            sentinel_lines: QUICK,
        }
    }

    /// Starts all of it and waits until everybody knows everybody.
    #[track_caller]
    pub(crate) fn start(&self) -> Group {
        let mut servers: Vec<Server> = Vec::new();
        for (program, line) in &self.servers {
            let master =
                servers.first().map(|master| format!("slaveof 127.0.0.1 {}", master.port()));
            let own = [*line, master.as_deref().unwrap_or_default()];
            servers.push(Server::start(program, &[self.server_lines, &own].concat()));
        }
        for replica in &servers[1..] {
            replica.wait_link("up");
        }
        let monitor =
            format!("sentinel monitor NAME 127.0.0.1 {} {}", servers[0].port(), self.quorum);
        let start = |program: &Program| {
            let lines: Vec<String> = [monitor.as_str()]
                .iter()
                .chain(self.sentinel_lines)
                .map(|line| soothed(program, line).replace("NAME", NAME))
                .collect();
            let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
            Sentinel::start(program, &lines)
        };
        let group = Group { servers, sentinels: self.sentinels.iter().map(start).collect() };
        for sentinel in &group.sentinels {
            soothe(sentinel);
        }
        group.wait_known();
        group
    }
}

/// Redis's Sentinel waits up to a second before it connects to a new master, and condemns it if `down-after` is less:
/// it fails over again and again. Ours must not, and is left as it is. A fifth of a second would be too short again:
/// Redis does not promote whose INFO is older than five periods, and asks for it once a second then.
pub(crate) fn soothe(sentinel: &Sentinel) {
    if !crate::is_ours(sentinel.program()) {
        assert_eq!(sentinel.say("SENTINEL DEBUG PING-PERIOD 250"), "OK");
    }
}

/// A line of a Sentinel's file. Redis's own may take longer to greet a new master than such a short time, even so: it
/// has to have a second.
pub(crate) fn soothed<'a>(program: &Program, line: &'a str) -> &'a str {
    const DOWN_AFTER: &str = "sentinel down-after-milliseconds NAME ";
    let time = line.strip_prefix(DOWN_AFTER).and_then(|time| time.parse::<u64>().ok());
    match time {
        Some(ms) if ms < 1000 && !crate::is_ours(program) => {
            "sentinel down-after-milliseconds NAME 1000"
        }
        _ => line,
    }
}

/// Half a second until a silent instance counts as down.
pub(crate) const QUICK: &[&str] =
    &["sentinel down-after-milliseconds NAME 500", "sentinel failover-timeout NAME 6000"];

/// Running servers, of which the first was the master in the beginning, and running Sentinels.
pub(crate) struct Group {
    pub(crate) servers: Vec<Server>,
    pub(crate) sentinels: Vec<Sentinel>,
}

impl Group {
    /// Waits until every Sentinel sees all replicas and all other Sentinels, well.
    #[track_caller]
    fn wait_known(&self) {
        for sentinel in &self.sentinels {
            until("a Sentinel that knows all", || {
                let replicas = sentinel.list(&format!("replicas {NAME}"));
                let is_well =
                    |flags: &str| !flags.contains("down") && !flags.contains("disconnected");
                let peers = sentinel.list(&format!("sentinels {NAME}"));
                replicas.len() == self.servers.len() - 1
                    && peers.len() == self.sentinels.len() - 1
                    && replicas.iter().all(|replica| {
                        is_well(replica.get("flags")) && replica.get("master-link-status") == "ok"
                    })
                    && peers.iter().all(|peer| is_well(peer.get("flags")))
                    && is_well(sentinel.fields(&format!("master {NAME}")).get("flags"))
            });
        }
    }

    pub(crate) fn port(&self, at: usize) -> u16 {
        self.servers[at].port()
    }

    /// Waits until all Sentinels name another master than `old`, and the same; which server it is.
    #[track_caller]
    pub(crate) fn wait_other_master(&self, old: usize) -> usize {
        let old = self.port(old);
        until("another master, known to all", || {
            let ports = self.sentinels.iter().map(|sentinel| sentinel.master_port(NAME));
            let ports: Vec<u16> = ports.collect();
            ports.iter().all(|port| *port == ports[0] && *port != old)
        });
        let port = self.sentinels[0].master_port(NAME);
        self.servers.iter().position(|server| server.port() == port).expect("it is one of ours")
    }

    /// Waits until `master` is one, every other server of `at` is its replica with a link that is up, and all have the
    /// same data.
    #[track_caller]
    pub(crate) fn wait_replicas(&self, master: usize, at: &[usize]) {
        let master = &self.servers[master];
        assert_eq!(master.field("replication", "role"), "master");
        let replicas: Vec<&Server> = at.iter().map(|at| &self.servers[*at]).collect();
        for replica in &replicas {
            replica.wait_field("replication", "role", "slave");
            replica.wait_field("replication", "master_port", &master.port().to_string());
            replica.wait_link("up");
        }
        assert_eq!(master.say(&format!("SET mark {}", master.port())), "OK");
        master.assert_same(&replicas);
    }

    /// Asserts that ours changed the master no more than `times`.
    #[track_caller]
    pub(crate) fn assert_switches(&self, times: usize) {
        for sentinel in self.sentinels.iter().filter(|one| crate::is_ours(one.program())) {
            let switches = sentinel.history(&["+switch-master"]);
            assert!(switches.len() <= times, "{switches:?}");
        }
    }

    /// Gives all Sentinels other periods than the documented ones: what a document shows after a quarter of an hour is
    /// seen after a second.
    #[track_caller]
    pub(crate) fn hurry(&self, periods: &str) {
        for sentinel in &self.sentinels {
            assert_eq!(sentinel.say(&format!("SENTINEL DEBUG {periods}")), "OK");
        }
    }
}

/// Numbers as `#`, so that a line's format can be compared.
pub(crate) fn shape(text: &str) -> String {
    let mut shape = String::new();
    for letter in text.chars() {
        if !letter.is_ascii_digit() {
            shape.push(letter);
        } else if !shape.ends_with('#') {
            shape.push('#');
        }
    }
    shape
}
