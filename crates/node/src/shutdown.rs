//! The end of the process: replicas are given time to catch up, the dataset is saved, then nothing runs any more.

use crate::node::Node;
use crate::persist::{Destination, SavingId};
use command::Error;
use stdx::Instant;
use world::{ConnId, Effect, Exit, Level, Signal};

/// A shutdown under way.
#[derive(Debug)]
pub(crate) struct Shutdown {
    pub(crate) save: Save,
    /// A failed save does not stop it.
    pub(crate) force: bool,
    /// Who asked, and waits; nobody for a signal.
    pub(crate) askers: Vec<ConnId>,
    /// Until when replicas may catch up; none once they need not any more.
    waits_until: Option<Instant>,
    saving: Option<SavingId>,
}

/// How a shutdown was asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    pub(crate) save: Save,
    /// Replicas are not waited for.
    pub(crate) now: bool,
    /// A failed save does not stop it.
    pub(crate) force: bool,
}

/// Whether the dataset is saved first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Save {
    /// If there are save points.
    IfConfigured,
    Yes,
    No,
}

impl Node {
    /// SIGTERM and SIGINT.
    pub(crate) fn signalled(&mut self, signal: Signal) {
        let name = match signal {
            Signal::Terminate => "SIGTERM",
            Signal::Interrupt => "SIGINT",
        };
        let is_asked = self.shutdown.is_some() || self.cron.shutdown.is_some();
        if is_asked && signal == Signal::Interrupt {
            self.log(Level::Warning, "You insist... exiting now.");
            self.cancel_saving(|_| true);
            self.effects.push_back(Effect::Exit(Exit::Status(1)));
            return;
        }
        self.log(Level::Warning, format!("Received {name} scheduling shutdown..."));
        let row = match signal {
            Signal::Terminate => "shutdown-on-sigterm",
            Signal::Interrupt => "shutdown-on-sigint",
        };
        let values = &self.config.values;
        let has = |word: &str| values.chooses(row, word);
        let save = if has("save") {
            Save::Yes
        } else if has("nosave") {
            Save::No
        } else {
            Save::IfConfigured
        };
        let asked = Asked { save, now: has("now"), force: has("force") };
        if self.cron.paused || self.scripting.slow().is_some() {
            // Redis acts on signals in its cron: whoever pauses it can still change their mind, and a script comes to
            // its end before anything is saved.
            self.cron.shutdown = Some(asked);
            if self.scripting.slow().is_some() {
                self.end_script_for_shutdown();
            }
        } else {
            self.begin_shutdown(asked, None);
        }
    }

    /// Acts on a signal that came while the cron stood still.
    pub(crate) fn begin_asked_shutdown(&mut self) {
        if let Some(asked) = self.cron.shutdown.take() {
            self.begin_shutdown(asked, None);
        }
    }

    /// Begins to end.
    pub(crate) fn begin_shutdown(&mut self, asked: Asked, asker: Option<ConnId>) {
        let Asked { save, now, force } = asked;
        if let Some(shutdown) = &mut self.shutdown {
            shutdown.askers.extend(asker);
            return;
        }
        self.log(Level::Notice, "User requested shutdown...");
        self.tell_supervisor("STOPPING=1");
        let timeout_ms = self.settings.shutdown_timeout_secs.saturating_mul(1000);
        let behind = !now && !self.is_replica() && timeout_ms > 0 && !self.repl.replicas_have_all();
        let waits_until = behind.then(|| self.now.instant.after_ms(timeout_ms));
        if let Some(until) = waits_until {
            self.log(Level::Notice, "Waiting for replicas before shutting down.");
            self.repl.request_acks();
            // Nothing may be written meanwhile, or they would never be done.
            self.blocking.set_failover_pause(Some(until));
        }
        self.shutdown = Some(Shutdown {
            save,
            force,
            askers: asker.into_iter().collect(),
            waits_until,
            saving: None,
        });
        self.go_on_with_shutdown();
    }

    /// How long replicas may still catch up, in milliseconds; none where nothing waits for them.
    pub(crate) fn shutdown_in_ms(&self) -> Option<u64> {
        let until = self.shutdown.as_ref()?.waits_until?;
        Some(until.ms_since(self.now.instant))
    }

    /// Looks whether the shutdown can go on.
    pub(crate) fn go_on_with_shutdown(&mut self) {
        let Some(shutdown) = &self.shutdown else { return };
        if shutdown.saving.is_some() {
            return;
        }
        if let Some(until) = shutdown.waits_until
            && !self.repl.replicas_have_all()
            && self.now.instant < until
        {
            self.repl.request_acks();
            return;
        }
        self.repl.log_laggards(self.now);
        self.settle_replication();
        let Some(shutdown) = &mut self.shutdown else { return };
        shutdown.waits_until = None;
        let save = match shutdown.save {
            Save::Yes => true,
            Save::No => false,
            Save::IfConfigured => !self.config.values.save_points().is_empty(),
        };
        // A background save in progress would only delay the end.
        self.cancel_saving(|destination| matches!(destination, Destination::File { .. }));
        self.abandon_views();
        self.settle_replication();
        if save && self.persist.loading.is_none() {
            self.log(Level::Notice, "Saving the final RDB snapshot before exiting.");
            self.tell_supervisor("STATUS=Saving the final RDB snapshot");
            let id = self.start_saving_at_once(None);
            if let Some(shutdown) = &mut self.shutdown {
                shutdown.saving = Some(id);
            }
            return;
        }
        self.end_process();
    }

    /// The last snapshot is written, or could not be.
    pub(crate) fn after_save(&mut self, ok: bool) {
        let Some(shutdown) = &self.shutdown else { return };
        if shutdown.saving.is_none() {
            return;
        }
        if ok || shutdown.force {
            self.end_process();
            return;
        }
        self.log(Level::Warning, "Error trying to save the DB, can't exit.");
        self.tell_supervisor("STATUS=Error trying to save the DB, can't exit.");
        self.log(
            Level::Warning,
            "Errors trying to shut down the server. Check the logs for more information.",
        );
        self.abort_shutdown(&Error::fixed("ERR Errors trying to SHUTDOWN. Check logs."));
    }

    /// SHUTDOWN ABORT, or the shutdown has failed.
    pub(crate) fn abort_shutdown(&mut self, error: &Error) -> bool {
        let Some(shutdown) = self.shutdown.take() else {
            return self.cron.shutdown.take().is_some();
        };
        self.blocking.set_failover_pause(None);
        self.end_pause();
        for conn in shutdown.askers {
            self.stats.count_error(error.code());
            self.answer(conn, |w| w.error(error.text()));
        }
        true
    }

    fn end_process(&mut self) {
        // A daemon has one even where none is named.
        let values = &self.config.values;
        if values.flag("daemonize") || !values.text("pidfile").is_empty() {
            self.log(Level::Notice, "Removing the pid file.");
        }
        if !self.config.values.text("unixsocket").is_empty() {
            self.log(Level::Notice, "Removing the unix socket file.");
        }
        self.log(Level::Warning, "Redis is now ready to exit, bye bye...");
        self.effects.push_back(Effect::Exit(Exit::Status(0)));
    }
}

#[cfg(test)]
mod tests {
    use crate::check::Player;
    use world::{Event, Signal};

    #[test]
    fn who_insists_leaves_no_half_file() {
        let mut player = Player::new(&[]);
        player.request("", "SET a 1");
        player.request("", "CONFIG SET save \"3600 1\"");
        player.disk_stands = true;
        assert_eq!(player.event(Event::Signal(Signal::Interrupt)), "");
        assert_eq!(player.event(Event::Signal(Signal::Interrupt)), "(exit Status(1))\n");
        player.disk_goes_on();
        assert!(!player.files.keys().any(|path| path.ends_with(".rdb")), "{:?}", player.files);
    }

    #[test]
    fn the_last_save_is_none_in_the_background() {
        let mut player = Player::new(&[]);
        player.request("", "SET a 1");
        let heard = player.request("", "SHUTDOWN SAVE");
        assert!(heard.contains("(exit Status(0))"), "{heard}");
        let said = |text: &str| player.log.iter().any(|it| it.contains(text));
        assert!(said("DB saved on disk") && !said("Background saving"), "{:?}", player.log);
    }

    #[test]
    fn a_save_that_fails_names_the_folder() {
        use world::DiskOp;
        type Fails = fn(&DiskOp) -> bool;
        let cases: [(Fails, &str); 4] = [
            (|op| matches!(op, DiskOp::Create { .. }), "Failed opening the temp RDB file temp-"),
            (|op| matches!(op, DiskOp::Append { .. }), "saving DB to the disk(rdbSaveRio)"),
            (|op| matches!(op, DiskOp::Sync { .. }), "saving DB to the disk(fsync)"),
            (|op| matches!(op, DiskOp::Rename { .. }), "on the final destination dump.rdb"),
        ];
        for (fails, text) in cases {
            let mut player = Player::new(&[]);
            player.request("", "SET a 1");
            player.disk_fails = fails;
            assert_eq!(player.request("", "SAVE"), "(error) ERR\n");
            let line = player.log.iter().find(|it| it.contains(text));
            let line = line.unwrap_or_else(|| panic!("{text}: {:?}", player.log));
            assert!(line.contains("in server root dir /data"), "{line}");
            assert!(!player.files.keys().any(|path| path.contains(".rdb")), "{text}");
        }
    }

    #[test]
    fn a_replica_that_still_gets_its_snapshot_is_waited_for() {
        let mut player = Player::new(&[("repl-diskless-sync-delay", "60")]);
        player.request("replica", "REPLCONF capa eof");
        player.request("replica", "PSYNC ? -1");
        player.request("", "SET a 1");
        assert_eq!(player.request("", "SHUTDOWN NOSAVE"), "");
        player.pass(9_000);
        assert_eq!(player.request("r", "GET a"), "\"1\"\n");
        player.pass(1_500);
        let heard = player.request("r", "GET a");
        assert!(heard.contains("(exit Status(0))"), "{heard}");
        let lines = ["state=wait_bgsave", "0 of 1 replicas are in sync"];
        for line in lines {
            assert!(player.log.iter().any(|it| it.contains(line)), "{line}");
        }
    }
}
