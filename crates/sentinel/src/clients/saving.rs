//! Those who wait to hear whether the file could be written.

use super::{Parked, Session};
use crate::ledger::Version;
use crate::sentinel::Sentinel;
use world::ConnId;

impl Sentinel {
    /// The disk has this version of the state, or could not be given it: who waits is told.
    pub(crate) fn answer_saved(&mut self, version: Version, saved: bool) {
        let waits =
            |it: &&Session| matches!(it.parked, Some(Parked::Saving(wanted)) if wanted <= version);
        let conns: Vec<ConnId> = self.clients.iter().filter(waits).map(|it| it.conn).collect();
        for conn in conns {
            self.answer(conn, |w| match saved {
                true => w.ok(),
                false => w.error(b"ERR Failed to save config file. Check server logs."),
            });
            self.unpark(conn);
        }
    }

    /// The reply to a command that had to wait.
    pub(crate) fn answer(&mut self, conn: ConnId, write: impl FnOnce(&mut resp::Writer<'_>)) {
        let silent = self.clients.get(conn).is_some_and(|it| it.reply_mode.is_silent());
        if !silent {
            self.tell(conn, write);
        }
    }
}
