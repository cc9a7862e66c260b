//! Those who take part in a story: servers, and the Sentinels that watch them.

use super::file::Files;
use super::servers::{ServerSight, Servers};
use crate::{Disk, Subject};
use config::CommandLine;
use sentinel::{Options, Probe, Rules, Sentinel, state};
use std::fmt::Write;
use std::io::IoSlice;
use stdx::{Instant, Now};
use world::{ConnId, Effect, Event, Machine, Senses};

/// Where the file of a Sentinel lies.
pub const FILE: &str = "/etc/sentinel.conf";
/// What the group is called.
pub const GROUP: &str = "mymaster";

/// The processes of a story: servers first, then Sentinels.
pub struct Quorum<K> {
    pub servers: K,
    pub server_count: usize,
    pub sentinel_count: usize,
    /// The Sentinels have met before.
    pub acquainted: bool,
    /// The lines about the group that come after `monitor`, and how many have to agree that it is down.
    pub lines: String,
    pub quorum: usize,
    /// What a test has taken away, if anything.
    pub rules: Rules,
}

/// A process of either kind.
pub enum Member<M> {
    Server(Box<M>),
    Sentinel(Box<Sentinel>),
}

/// What the rules look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sight {
    Server(ServerSight),
    Sentinel(Probe),
}

impl Sight {
    /// What a server shows.
    pub fn server(self) -> Option<ServerSight> {
        match self {
            Sight::Server(sight) => Some(sight),
            Sight::Sentinel(_) => None,
        }
    }

    /// What a Sentinel shows.
    pub fn sentinel(self) -> Option<Probe> {
        match self {
            Sight::Sentinel(probe) => Some(probe),
            Sight::Server(_) => None,
        }
    }
}

impl<K> Quorum<K> {
    /// The id of a Sentinel that the others know from the beginning.
    fn id(&self, process: usize) -> String {
        format!("{:016x}{:024x}", stdx::crc64(7, &[process as u8]), process)
    }
}

/// Starts a Sentinel as its binary does.
fn boot_sentinel(seed: u64, now: Now, files: &Disk, rules: Rules) -> Sentinel {
    let line =
        CommandLine { file: Some(FILE.to_owned()), sentinel: true, ..CommandLine::default() };
    let config = match config::load(&line, &mut Files(files)) {
        Ok(config) => config,
        Err(error) => panic!("a Sentinel does not understand what it has written: {error}"),
    };
    let saved = state::directives::read(&config.sentinel, &mut |_| true);
    let saved = match saved {
        Ok((saved, _)) => saved,
        Err(error) => panic!("a Sentinel does not understand what it has written: {error}"),
    };
    let file = state::recover(files.read(FILE).expect("it was just read")).into_owned();
    let mut sentinel = Sentinel::new(Options {
        config,
        file,
        saved,
        seed,
        secrets: world::Secrets::made_up(seed),
        senses: Senses::NUMB,
        now,
        east_secs: 0,
        rules,
    });
    sentinel.start(now);
    sentinel
}

impl<K: Servers> Subject for Quorum<K> {
    type Machine = Member<K::Machine>;
    type Seen = Sight;

    fn boot(&self, process: usize, seed: u64, now: Now, files: &Disk) -> Self::Machine {
        if process < self.server_count {
            return Member::Server(Box::new(self.servers.boot(process, seed, now, files)));
        }
        Member::Sentinel(Box::new(boot_sentinel(seed, now, files, self.rules)))
    }

    fn probe(&self, _process: usize, machine: &Self::Machine) -> Option<Sight> {
        Some(match machine {
            Member::Server(server) => Sight::Server(K::look(server)),
            Member::Sentinel(sentinel) => Sight::Sentinel(sentinel.probe()),
        })
    }

    fn files(&self, process: usize) -> Vec<(String, Vec<u8>)> {
        if process < self.server_count {
            return self.servers.files(process);
        }
        let mut acquaintance = String::new();
        if self.acquainted {
            acquaintance = format!("sentinel myid {}\n", self.id(process));
            let all = self.server_count..self.server_count + self.sentinel_count;
            for peer in all.filter(|it| *it != process) {
                let (ip, id) = (crate::address(peer), self.id(peer));
                writeln!(acquaintance, "sentinel known-sentinel {GROUP} {ip} 26379 {id}")
                    .expect("text grows");
            }
        }
        let text = format!(
            "port 26379\nsentinel monitor {GROUP} {} {} {}\n{}{acquaintance}",
            crate::address(0),
            crate::PORT,
            self.quorum,
            self.lines
        );
        vec![(FILE.to_owned(), text.into_bytes())]
    }
}

/// Calls the same of either.
macro_rules! either {
    ($member:expr, $machine:ident => $call:expr) => {
        match $member {
            Member::Server($machine) => $call,
            Member::Sentinel($machine) => $call,
        }
    };
}

impl<M: Machine> Machine for Member<M> {
    fn handle_input(&mut self, now: Now, conn: ConnId, bytes: &[u8]) {
        either!(self, machine => machine.handle_input(now, conn, bytes));
    }

    fn handle_event(&mut self, now: Now, event: Event) {
        either!(self, machine => machine.handle_event(now, event));
    }

    fn handle_timeout(&mut self, now: Now) {
        either!(self, machine => machine.handle_timeout(now));
    }

    fn poll_effect(&mut self) -> Option<Effect> {
        either!(self, machine => machine.poll_effect())
    }

    fn poll_timeout(&self) -> Option<Instant> {
        either!(self, machine => machine.poll_timeout())
    }

    fn poll_ready(&mut self) -> Option<ConnId> {
        either!(self, machine => machine.poll_ready())
    }

    fn pending<'a>(&'a self, conn: ConnId, slices: &mut [IoSlice<'a>]) -> usize {
        either!(self, machine => machine.pending(conn, slices))
    }

    fn sent(&mut self, now: Now, conn: ConnId, count: usize) -> bool {
        either!(self, machine => machine.sent(now, conn, count))
    }

    fn idle(&mut self, now: Now, budget_us: u64) -> bool {
        either!(self, machine => machine.idle(now, budget_us))
    }
}
