//! From one member to all: up to the root, down to every replica, over to the Sentinels, and to whatever those know.

use std::collections::BTreeSet;

use super::member::{Address, Report, Server, State, Topology};
use super::probe::{Found, Prober, Trouble};
use super::sentinels;

/// Longer chains are loops.
const CHAIN_MAX: usize = 64;

/// What is remembered from one drawing to the next.
pub(super) struct Discovery {
    prober: Prober,
    asked: Address,
    /// Only the primary of this name is wanted; none: all.
    name: Option<String>,
    sentinels: BTreeSet<Address>,
    names: BTreeSet<String>,
    /// Servers that were reached once: any of them can tell of the others when the one that was asked is down.
    servers: BTreeSet<Address>,
}

impl Discovery {
    pub(super) fn new(prober: Prober, asked: Address, name: Option<String>) -> Discovery {
        let names = name.iter().cloned().collect();
        let (sentinels, servers) = (BTreeSet::new(), BTreeSet::new());
        Discovery { prober, asked, name, sentinels, names, servers }
    }

    /// Looks at everything once. An error: not even the first server answers, and no other is known.
    pub(super) fn run(&mut self) -> Result<Topology, String> {
        let mut topology = Topology::default();
        match self.prober.ask(&self.asked) {
            Ok(Found::Sentinel) => {
                self.sentinels.insert(self.asked.clone());
            }
            Ok(Found::Server(..)) => {
                let asked = self.asked.clone();
                self.add_tree(&mut topology, &asked);
            }
            Err(trouble) if self.sentinels.is_empty() && self.servers.is_empty() => {
                let asked = super::member::written(&self.asked);
                return Err(match trouble {
                    Trouble::Silent(reason) => {
                        format!("Could not connect to Redis at {asked}: {reason}")
                    }
                    Trouble::Refuses(words) => format!("Redis at {asked} refuses: {words}"),
                });
            }
            // It is down, but we know others who know.
            Err(_) => {}
        }
        self.hear_of_sentinels(&topology);
        self.ask_sentinels(&mut topology);
        self.add_what_sentinels_know(&mut topology);
        self.add_all(&mut topology, self.servers.iter().cloned());
        let reached = topology.trees.iter().flat_map(Server::all).filter(|it| it.facts().is_some());
        self.servers.extend(reached.map(|it| it.address.clone()));
        Ok(topology)
    }

    /// Sentinels say hello at every server that they watch.
    fn hear_of_sentinels(&mut self, topology: &Topology) {
        if !self.sentinels.is_empty() {
            return;
        }
        let servers = topology.trees.iter().flat_map(Server::all);
        let reached: Vec<Address> =
            servers.filter(|it| it.facts().is_some()).map(|it| it.address.clone()).collect();
        let heard = reached.iter().find_map(|address| sentinels::listen(&self.prober, address));
        if let Some((sentinel, name)) = heard {
            self.sentinels.insert(sentinel);
            self.names.insert(name);
        }
    }

    fn ask_sentinels(&mut self, topology: &mut Topology) {
        let mut waiting: Vec<Address> = self.sentinels.iter().cloned().collect();
        while let Some(sentinel) = waiting.pop() {
            if self.name.is_none() {
                self.names.extend(sentinels::names(&self.prober, &sentinel));
            }
            for name in &self.names {
                let (view, others) = sentinels::view(&self.prober, &sentinel, name);
                topology.views.push(view);
                for other in others {
                    if self.sentinels.insert(other.clone()) {
                        waiting.push(other);
                    }
                }
            }
        }
        topology.views.sort_by(|a, b| (&a.name, &a.sentinel).cmp(&(&b.name, &b.sentinel)));
    }

    /// A primary or a replica that only Sentinels know of: one that is down, or a tree that has split off.
    fn add_what_sentinels_know(&self, topology: &mut Topology) {
        let opinions = topology.views.iter().filter_map(|view| view.opinion.as_ref().ok());
        let known: Vec<Address> = opinions
            .flat_map(|it| [&it.primary].into_iter().chain(it.replicas.iter().map(|(it, _)| it)))
            .cloned()
            .collect();
        self.add_all(topology, known.into_iter());
    }

    /// Adds the trees of those that are in none yet.
    fn add_all(&self, topology: &mut Topology, known: impl Iterator<Item = Address>) {
        for address in known {
            if !topology.trees.iter().flat_map(Server::all).any(|it| it.address == address) {
                self.add_tree(topology, &address);
            }
        }
    }

    /// Adds the tree that the server at `address` belongs to, if it is new.
    fn add_tree(&self, topology: &mut Topology, address: &Address) {
        let mut seen = Seen::default();
        for server in topology.trees.iter().flat_map(Server::all) {
            seen.note(server);
        }
        let path = self.climb(address);
        let Some(top) = path.last() else { return };
        let mut tree = self.descend(top, None, &mut seen);
        // A server whose link is down is not listed by the one above, but says itself where it belongs.
        for pair in path.windows(2).rev() {
            let is_there = tree.all().iter().any(|it| it.address == pair[0]);
            if !is_there && !seen.addresses.contains(&pair[0]) {
                let below = self.descend(&pair[0], None, &mut seen);
                attach(&mut tree, &pair[1], below);
            }
        }
        let is_known = tree.replicas.is_empty() && is_duplicate(&topology.trees, &tree);
        if is_known {
            return;
        }
        let same_root = topology.trees.iter_mut().find(|it| it.address == tree.address);
        match same_root {
            Some(root) => root.replicas.extend(tree.replicas),
            None => topology.trees.push(tree),
        }
    }

    /// The servers from `address` upwards.
    fn climb(&self, address: &Address) -> Vec<Address> {
        let mut path = vec![address.clone()];
        while path.len() < CHAIN_MAX {
            let at = path.last().expect("it begins with one");
            let Ok(Found::Server(facts, _)) = self.prober.ask(at) else { break };
            match facts.upstream {
                Some(upstream) if !path.contains(&upstream.address) => path.push(upstream.address),
                _ => break,
            }
        }
        path
    }

    fn descend(&self, address: &Address, report: Option<Report>, seen: &mut Seen) -> Server {
        let address = address.clone();
        let (state, reports) = match self.prober.ask(&address) {
            Ok(Found::Server(facts, reports)) => (State::Reached(facts), reports),
            Ok(Found::Sentinel) => (State::Unreachable("a Sentinel".to_owned()), Vec::new()),
            Err(trouble) => (State::Unreachable(trouble.reason()), Vec::new()),
        };
        let mut server = Server { address, state, report, replicas: Vec::new() };
        if seen.note(&server) {
            for report in reports {
                // Clients that only look like replicas, such as those that fetch a snapshot, have no port.
                if report.address.1 != 0 && !seen.addresses.contains(&report.address) {
                    let address = report.address.clone();
                    server.replicas.push(self.descend(&address, Some(report), seen));
                }
            }
        }
        server
    }
}

/// Which servers have been looked at: by address, and by what they are, since one may have several addresses.
#[derive(Default)]
struct Seen {
    addresses: BTreeSet<Address>,
    run_ids: BTreeSet<String>,
}

impl Seen {
    /// False if it is one that was seen before.
    fn note(&mut self, server: &Server) -> bool {
        let is_new = self.addresses.insert(server.address.clone());
        match server.facts() {
            Some(facts) => self.run_ids.insert(facts.run_id.clone()),
            None => is_new,
        }
    }
}

/// True if the server is in `trees` under another address.
fn is_duplicate(trees: &[Server], server: &Server) -> bool {
    let Some(facts) = server.facts() else { return false };
    let mut known = trees.iter().flat_map(Server::all).filter_map(Server::facts);
    known.any(|it| it.run_id == facts.run_id)
}

/// Hangs `below` under the server at `above`.
fn attach(tree: &mut Server, above: &Address, below: Server) {
    if tree.address == *above {
        tree.replicas.push(below);
        return;
    }
    if let Some(branch) =
        tree.replicas.iter_mut().find(|it| it.all().iter().any(|it| it.address == *above))
    {
        attach(branch, above, below);
    }
}
