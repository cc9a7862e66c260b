//! How much memory clients may take together (`maxmemory-clients`), and who goes when they take more.
//!
//! Every session is weighed after it has received or been sent something; the table of sessions keeps the sum. The
//! heaviest goes first: it is the one most likely to be at fault, and the one whose leaving helps most.

use crate::admin::client_memory;
use crate::node::Node;
use crate::session::{Closing, Role, Session};
use world::{ConnId, Level};

/// A limit below this would shut everybody out.
pub(crate) const LIMIT_MIN: u64 = 128 << 10;

impl Node {
    /// Weighs a session again, if weights matter.
    pub(crate) fn weigh(&mut self, conn: ConnId) {
        if self.settings.clients_memory_max > 0 {
            // Whoever goes anyway weighs nothing: nobody else has to make room for it.
            self.sessions.weigh(conn, |session| match session.closing {
                Some(Closing::Now) => 0,
                _ => client_memory(session),
            });
        }
    }

    /// Weighs everybody: the limit is new.
    pub(crate) fn weigh_all(&mut self) {
        let conns: Vec<ConnId> = self.sessions.iter().map(|session| session.conn).collect();
        conns.into_iter().for_each(|conn| self.weigh(conn));
    }

    /// Closes sessions until the others are within the limit.
    pub(crate) fn thin_out(&mut self) {
        let limit = self.settings.clients_memory_max;
        if limit == 0 {
            return;
        }
        while self.sessions.weight() as u64 >= limit {
            let may_go = |it: &&Session| {
                it.closing != Some(Closing::Now)
                    && !it.no_evict
                    && !matches!(it.role, Role::Replica | Role::Master)
            };
            let heaviest = self.sessions.iter().filter(may_go).max_by_key(|it| it.weight);
            let Some(heaviest) = heaviest else {
                self.log(
                    Level::Warning,
                    "Over client maxmemory after evicting all evictable clients",
                );
                break;
            };
            let (conn, line) = (heaviest.conn, crate::admin::client_line(self, heaviest));
            self.log(Level::Notice, format!("Evicting client: {}", String::from_utf8_lossy(&line)));
            self.sessions.weigh(conn, |_| 0);
            self.stats.evicted_clients += 1;
            self.close(conn, Closing::Now);
        }
    }
}
