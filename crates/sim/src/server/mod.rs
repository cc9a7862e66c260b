//! The real server, as its binary would start it: from a configuration file on its disk, which it rewrites when told.

mod requests;
mod settings;

use crate::{Disk, Request, Seen, Subject, address};
use config::{CommandLine, Config, Host};
use node::{Node, Options, Probe};
use std::cell::RefCell;
use std::collections::BTreeMap;
use stdx::{Now, Prng};
use world::{Secrets, Senses};

/// Where the configuration lies.
const FILE: &str = "/etc/regent.conf";

/// Servers that are configured alike.
pub struct Servers {
    /// Lines of the configuration file.
    settings: String,
    /// What was looked at last, by process, and its digest, which is costly.
    digests: RefCell<BTreeMap<usize, (Probe, u64)>>,
    /// Who comes to this offset of this history shows its keys.
    pub watched: Option<(String, u64)>,
}

/// The file system, as reading a configuration needs it.
struct FileSystem<'a>(&'a Disk);

impl Host for FileSystem<'_> {
    fn read(&mut self, path: &str) -> Result<Vec<u8>, String> {
        let bytes = self.0.read(path).ok_or("No such file or directory")?;
        Ok(bytes.to_vec())
    }

    fn glob(&mut self, _pattern: &str) -> Vec<String> {
        Vec::new()
    }

    fn change_dir(&mut self, path: &str) -> Result<String, String> {
        Ok(path.to_string())
    }
}

fn configuration(files: &Disk) -> Config {
    let line = CommandLine::parse(&[FILE.as_bytes().to_vec()]);
    match config::load(&line, &mut FileSystem(files)) {
        Ok(config) => config,
        Err(error) => panic!("a server does not understand what it has written: {error}"),
    }
}

impl Subject for Servers {
    type Machine = Node;
    type Seen = Seen;

    fn files(&self, process: usize) -> Vec<(String, Vec<u8>)> {
        let text = format!("replica-announce-ip {}\n{}", address(process), self.settings);
        vec![(FILE.to_string(), text.into_bytes())]
    }

    fn boot(&self, process: usize, seed: u64, now: Now, files: &Disk) -> Node {
        self.digests.borrow_mut().remove(&process);
        let config = configuration(files);
        let mut node = Node::new(Options {
            config,
            seed,
            secrets: Secrets::made_up(seed),
            senses: Senses::MADE_UP,
            now,
        });
        node.start(now);
        node
    }

    fn probe(&self, process: usize, node: &Node) -> Option<Seen> {
        let probe = node.probe();
        let mut digests = self.digests.borrow_mut();
        let digest = match digests.get(&process) {
            Some((before, digest)) if *before == probe => *digest,
            // Nobody compares data without a history; that it is being loaded shows in no number, either.
            _ if probe.id.is_none() => 0,
            _ => {
                let (data, deadlines) = node.digest();
                let data = u64::from_le_bytes(*data.first_chunk().expect("twenty are eight"));
                let digest = data ^ deadlines;
                digests.insert(process, (probe.clone(), digest));
                let (id, offset) = (probe.id.as_deref(), probe.offset);
                if self.watched.as_ref().is_some_and(|it| (Some(&*it.0), it.1) == (id, offset)) {
                    println!("== [{process}] {digest:x} {probe:?}");
                    node.listing().iter().for_each(|line| println!("{line}"));
                }
                digest
            }
        };
        let Probe { id, offset, primary, following, .. } = probe;
        Some(Seen { id, offset, digest, primary, following })
    }

    fn check(&self, node: &Node) {
        node.check_invariants();
    }

    fn requests(&self, prng: &mut Prng, value_max: u64) -> Vec<Request> {
        requests::some(prng, value_max)
    }

    fn meddling(&self, prng: &mut Prng) -> Request {
        requests::meddling(prng)
    }

    fn asks_replicas(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::swarm::{Plan, run};

    fn play(seed: u64) -> Result<crate::Report, crate::Failure> {
        run(Servers::from_seed(seed), seed, &Plan::from_seed(seed))
    }

    #[test]
    fn a_handful_of_seeds() {
        for seed in 1..=6 {
            if let Err(failure) = play(seed) {
                panic!("seed {seed}: {}\n{}", failure.kind, failure.log.join("\n"));
            }
        }
    }

    #[test]
    fn the_same_seed_tells_the_same_story() {
        assert_eq!(play(3), play(3));
    }
}
