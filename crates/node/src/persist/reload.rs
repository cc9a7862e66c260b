//! DEBUG RELOAD: the dataset goes to its file and comes back from it, to see that nothing is lost on the way.

use super::{LoadingWhy, SavingId};
use crate::node::Node;
use world::ConnId;

/// A dataset that is to be loaded when it has been saved.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reload {
    pub(super) saving: SavingId,
    conn: ConnId,
    flush: bool,
}

impl Node {
    /// Saves, and loads what was saved, with or without flushing first. The session at `conn` gets the answer.
    pub(crate) fn save_and_reload(&mut self, conn: ConnId, flush: bool) {
        let saving = self.start_saving_at_once(Some(conn));
        self.persist.reload = Some(Reload { saving, conn, flush });
    }

    /// The file is there.
    pub(super) fn reload(&mut self, reload: Reload) {
        self.load_again(reload.conn, reload.flush);
    }

    /// Loads the dataset's file, over what there is or in the place of it.
    pub(crate) fn load_again(&mut self, conn: ConnId, flush: bool) {
        if flush {
            self.keyspace.flush_all(false);
            // What comes back is what there was: nobody who watches or listens has anything to hear.
            self.keyspace.changes.clear();
        }
        let path = self.config.values.text("dbfilename");
        self.load_file(LoadingWhy::Reload { reply: Some(conn) }, path);
    }
}
