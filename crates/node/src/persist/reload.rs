//! DEBUG RELOAD: the dataset goes to its file and comes back from it, to see that nothing is lost on the way.
//!
//! Redis stands still meanwhile. Here the disk takes its time, so everybody is held back until the file is there: what
//! was written after it would be gone. It is loaded beside the dataset and takes its place when it is whole, so that a
//! disk that fails leaves everything as it was.

use super::{LoadingWhy, SavingId};
use crate::node::{Node, new_keyspace};
use script::Restore;
use stdx::Instant;
use world::ConnId;

/// A dataset that is to be loaded when it has been saved.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reload {
    saving: SavingId,
    conn: ConnId,
    pub(crate) how: How,
}

/// What becomes of what is there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct How {
    /// It goes first.
    pub(crate) flush: bool,
    /// What is there twice may be replaced.
    pub(crate) merge: bool,
}

impl Node {
    /// Saves, and loads what was saved, with or without flushing first. The session at `conn` gets the answer.
    pub(crate) fn save_and_reload(&mut self, conn: ConnId, how: How) {
        self.blocking.set_reload_pause(Instant(u64::MAX));
        let saving = self.start_saving_at_once(Some(conn));
        self.persist.reload = Some(Reload { saving, conn, how });
    }

    /// The file that a reload waits for is there, or will never be: who was held goes on in the next turn.
    pub(super) fn take_reload(&mut self, saving: SavingId) -> Option<Reload> {
        let reload = self.persist.reload.take_if(|it| it.saving == saving)?;
        self.blocking.set_reload_pause(self.now.instant);
        Some(reload)
    }

    /// The file is there.
    pub(super) fn reload(&mut self, reload: Reload) {
        self.load_again(reload.conn, reload.how);
    }

    /// Loads the dataset's file, over what there is or in the place of it.
    pub(crate) fn load_again(&mut self, conn: ConnId, how: How) {
        if how.flush {
            let settings = self.keyspace.settings().clone();
            self.beside = Some(Box::new(new_keyspace(settings, &mut self.secrets)));
        }
        let path = self.config.values.text("dbfilename");
        let libraries = match how {
            How { flush: true, .. } => Restore::Flush,
            How { merge: true, .. } => Restore::Replace,
            _ => Restore::Append,
        };
        self.load_file(LoadingWhy::Reload { reply: Some(conn), libraries }, path);
    }

    /// True while the dataset's file is loaded again.
    pub(crate) fn is_reloading(&self) -> bool {
        let loading = self.persist.loading.as_ref();
        loading.is_some_and(|it| matches!(it.why, LoadingWhy::Reload { .. }))
    }

    /// It was, or could not be. What the master did meanwhile follows.
    pub(super) fn reloaded(&mut self, conn: Option<ConnId>, ok: bool) {
        if ok {
            self.put_in_place();
            self.settle_replication();
        }
        self.beside = None;
        if let Some(conn) = conn {
            self.answer(conn, |w| match ok {
                true => w.ok(),
                false => w.error(b"ERR Error trying to load the RDB dump, check server logs."),
            });
        }
        self.resume_stream();
    }

    /// The dataset is about to be another: the old one need not come back.
    pub(crate) fn give_up_reload(&mut self) {
        if let Some(saving) = self.persist.reload.as_ref().map(|it| it.saving) {
            // The file is written all the same, and who asked for it hears of that.
            self.take_reload(saving);
        }
        if self.is_reloading()
            && let Some(loading) = self.persist.loading.take()
            && let LoadingWhy::Reload { reply, .. } = loading.why
        {
            self.close_loaded(&loading);
            self.reloaded(reply, false);
        }
    }

    /// What was loaded beside the dataset takes its place. False: nothing was.
    pub(crate) fn put_in_place(&mut self) -> bool {
        self.end_slow_script();
        let Some(mut fresh) = self.beside.take() else { return false };
        self.abandon_views();
        fresh.observers = self.keyspace.observers;
        fresh.stats = self.keyspace.stats;
        fresh.dirty = self.keyspace.dirty;
        self.keyspace = *fresh;
        self.configure();
        self.invalidate_all();
        true
    }
}

#[cfg(test)]
mod tests {
    use crate::check::Player;
    use world::DiskOp;

    #[test]
    fn nothing_is_written_between_the_file_and_its_loading() {
        let mut player = Player::new(&[]);
        player.request("", "SET a 1");
        player.disk_stands = true;
        assert_eq!(player.request("", "DEBUG RELOAD"), "");
        assert_eq!(player.request("w", "SET b 2"), "");
        assert_eq!(player.disk_goes_on(), ": OK\n");
        player.pass(200);
        assert_eq!(player.request("", "DBSIZE"), "(integer) 2\nw: OK\n");
    }

    #[test]
    fn a_disk_that_fails_leaves_the_dataset_as_it_was() {
        let mut player = Player::new(&[]);
        player.request("", "SET a 1");
        player.disk_fails = |op| matches!(op, DiskOp::Read { .. });
        let heard = player.request("", "DEBUG RELOAD");
        assert!(heard.starts_with("(error) ERR Error trying to load the RDB dump"), "{heard}");
        assert_eq!(player.request("", "GET a"), "\"1\"\n");
        player.disk_fails = |op| matches!(op, DiskOp::Rename { .. });
        assert_eq!(player.request("", "DEBUG RELOAD"), "(error) ERR\n");
        player.disk_fails = |_| false;
        player.pass(200);
        assert_eq!(player.request("", "DEBUG RELOAD"), "OK\n");
        assert_eq!(player.request("", "GET a"), "\"1\"\n");
    }
}
