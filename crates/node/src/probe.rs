//! What somebody outside may compare servers by: the simulator looks at it between turns.

use crate::node::Node;
use crate::persist::LoadingWhy;

/// A server at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// The name of its history; none where its data belongs to none.
    pub id: Option<String>,
    /// How far it is in it.
    pub offset: u64,
    /// True for a master.
    pub primary: bool,
    /// True for a replica whose link is up.
    pub following: bool,
    /// Changes since the start, and keys by now: while both stay, the digest does.
    pub changes: u64,
    pub keys: usize,
}

impl Node {
    /// Where the server stands; costs nothing.
    pub fn probe(&self) -> Probe {
        // Before its file is read a server has no history, whatever it will have.
        let starting = !self.cron.started
            || self.persist.loading.as_ref().is_some_and(|it| it.why == LoadingWhy::Start);
        let place = if starting { None } else { self.repl.place() };
        Probe {
            id: place.map(|(id, _)| id.to_string()),
            offset: place.map_or(0, |(_, offset)| offset.0),
            primary: !self.is_replica(),
            following: self.link_is_up(),
            changes: self.keyspace.dirty,
            keys: self.keyspace.len(),
        }
    }

    /// The fingerprint of the data: what DEBUG DIGEST shows, and one of when its keys expire and of the libraries of
    /// functions. Reads all of it.
    pub fn digest(&self) -> ([u8; 20], u64) {
        let libraries = self.scripting.libraries.iter();
        let libraries = libraries.fold(0, |sum, library| stdx::crc64(sum, &library.source));
        (self.keyspace.digest(), self.keyspace.digest_of_deadlines() ^ libraries)
    }

    /// Every key on a line, with database, a fingerprint of its value, and when it expires: to find what
    /// differs.
    pub fn listing(&self) -> Vec<String> {
        let line = |(db, key, sum, expires): (usize, Vec<u8>, [u8; 20], Option<u64>)| {
            let key = String::from_utf8_lossy(&key).into_owned();
            let sum: String = sum[..4].iter().map(|byte| format!("{byte:02x}")).collect();
            format!("{db} {key} {sum} {expires:?}")
        };
        self.keyspace.listing().into_iter().map(line).collect()
    }

    /// Stops the process where what must hold does not.
    pub fn check_invariants(&self) {
        self.repl.check_invariants();
    }
}
