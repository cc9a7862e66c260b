//! What a server is to a story with Sentinels: a stand-in, or the real one.

use super::standin::{self, StandIn};
use crate::Disk;
use config::{CommandLine, Config};
use node::{Node, Options};
use stdx::Now;
use world::{Machine, Secrets, Senses};

/// What the rules look at in a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerSight {
    /// True for a primary.
    pub primary: bool,
    /// True for a replica whose link is up.
    pub following: bool,
    /// Its history, and how far it is in it.
    pub history: Option<String>,
    pub offset: u64,
    /// It was made a primary and had never had a dataset.
    pub promoted_empty: bool,
}

/// A kind of server.
pub trait Servers {
    type Machine: Machine;
    /// What lies on its disk before its first start. The first process is the primary at the beginning.
    fn files(&self, process: usize) -> Vec<(String, Vec<u8>)>;
    fn boot(&self, process: usize, seed: u64, now: Now, files: &Disk) -> Self::Machine;
    fn look(machine: &Self::Machine) -> ServerSight;
}

/// Light servers, each with its settings.
#[derive(Clone, Debug)]
pub struct StandIns(pub Vec<standin::Settings>);

impl Servers for StandIns {
    type Machine = StandIn;

    fn files(&self, process: usize) -> Vec<(String, Vec<u8>)> {
        let settings = &self.0[process];
        let mut files = vec![(standin::FILE.to_owned(), settings.text().into_bytes())];
        if settings.source.is_none() {
            let dump = format!("{:040x} - 0 1000 100", 0xda7a);
            files.push((standin::DUMP.to_owned(), dump.into_bytes()));
        }
        files
    }

    fn boot(&self, process: usize, seed: u64, now: Now, files: &Disk) -> StandIn {
        StandIn::boot(process, seed, now, files)
    }

    fn look(machine: &StandIn) -> ServerSight {
        let (history, offset) = machine.history();
        ServerSight {
            primary: machine.is_primary(),
            following: machine.follows().is_some(),
            history: Some(history.to_owned()),
            offset,
            promoted_empty: machine.was_promoted_empty(),
        }
    }
}

/// The real servers.
#[derive(Clone, Debug, Default)]
pub struct Nodes {
    /// Lines of their configuration file.
    pub settings: String,
}

const FILE: &str = "/etc/regent.conf";

impl Servers for Nodes {
    type Machine = Node;

    fn files(&self, process: usize) -> Vec<(String, Vec<u8>)> {
        let source =
            (process > 0).then(|| format!("replicaof {} {}\n", crate::address(0), crate::PORT));
        let text = format!(
            "{}replica-announce-ip {}\nbind *\nprotected-mode no\ndir /data\nrepl-timeout 5\n\
             repl-diskless-sync-delay 0\nrepl-ping-replica-period 1\n{}",
            source.unwrap_or_default(),
            crate::address(process),
            self.settings
        );
        vec![(FILE.to_owned(), text.into_bytes())]
    }

    fn boot(&self, _process: usize, seed: u64, now: Now, files: &Disk) -> Node {
        let line = CommandLine::parse(&[FILE.as_bytes().to_vec()]);
        let config: Config = config::load(&line, &mut super::file::Files(files))
            .expect("a server understands what it has written");
        let mut node = Node::new(Options {
            config,
            seed,
            secrets: Secrets::made_up(seed),
            senses: Senses::NUMB,
            now,
        });
        node.start(now);
        node
    }

    fn look(machine: &Node) -> ServerSight {
        let probe = machine.probe();
        ServerSight {
            primary: probe.primary,
            following: probe.following,
            history: probe.id,
            offset: probe.offset,
            promoted_empty: false,
        }
    }
}
