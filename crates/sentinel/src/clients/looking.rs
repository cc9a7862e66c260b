//! Those who wait to hear whether a script is there and may be run.

use super::Parked;
use crate::sentinel::Sentinel;
use world::{ConnId, DiskOp, Effect, Ticket};

impl Sentinel {
    /// Asks the disk about a script that a session has named.
    pub(crate) fn look_for_script(&mut self, conn: ConnId, path: String) {
        let Some(session) = self.clients.get(conn).map(|it| it.id) else { return };
        let ticket = self.ticket();
        self.clients.looks.insert(ticket, (conn, session, path.clone()));
        self.effects.push_back(Effect::Disk { ticket, op: DiskOp::Runnable { path } });
    }

    /// The disk has looked: the request runs again, and finds what was seen.
    pub(crate) fn looked(&mut self, ticket: Ticket, runnable: bool) {
        let Some((conn, id, path)) = self.clients.looks.remove(&ticket) else { return };
        let Some(session) = self.clients.get_mut(conn).filter(|it| it.id == id) else { return };
        if matches!(session.parked, Some(Parked::Look(_))) {
            session.looked.push((path, runnable));
            self.unpark(conn);
        }
    }
}
