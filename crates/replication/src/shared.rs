//! What both roles share: the log, the history's name, the settings, and the queue of actions.

use crate::stats::Stats;
use crate::timeline::Timeline;
use crate::{Action, History, Log, Offset, Settings};
use std::collections::VecDeque;
use world::{Level, Secrets};

/// One per server.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) settings: Settings,
    pub(crate) log: Log,
    pub(crate) history: History,
    /// What names of histories and marks of snapshots are made of.
    pub(crate) secrets: Secrets,
    pub(crate) actions: VecDeque<Action>,
    pub(crate) stats: Stats,
    pub(crate) timeline: Timeline,
    /// The database that readers of the stream have selected, where all of them agree on one.
    pub(crate) stream_db: Option<u32>,
}

impl Shared {
    pub(crate) fn new(settings: Settings, mut secrets: Secrets) -> Shared {
        Shared {
            log: Log::new(settings.backlog_bytes.max(Settings::BACKLOG_BYTES_MIN)),
            history: History::new(&mut secrets),
            secrets,
            settings,
            actions: VecDeque::new(),
            stats: Stats::default(),
            timeline: Timeline::new(),
            stream_db: None,
        }
    }

    pub(crate) fn act(&mut self, action: Action) {
        self.actions.push_back(action);
    }

    pub(crate) fn notice(&mut self, text: impl Into<String>) {
        self.act(Action::Log { level: Level::Notice, text: text.into() });
    }

    pub(crate) fn warning(&mut self, text: impl Into<String>) {
        self.act(Action::Log { level: Level::Warning, text: text.into() });
    }

    /// Appends effects on `db` to the stream, selecting it first where that is not sure.
    pub(crate) fn append(&mut self, db: Option<u32>, bytes: &[u8]) {
        if let Some(db) = db
            && self.stream_db != Some(db)
        {
            self.select(db);
        }
        self.log.append(bytes);
    }

    #[cold]
    fn select(&mut self, db: u32) {
        if !self.log.is_open() {
            return;
        }
        let digits = db.to_string();
        let select = format!("*2\r\n$6\r\nSELECT\r\n${}\r\n{digits}\r\n", digits.len());
        self.log.append(select.as_bytes());
        self.stream_db = Some(db);
    }

    /// Leaves the present history for one that goes on at `at`. There must be no readers.
    pub(crate) fn restart_log(&mut self, at: Offset) {
        self.log.restart(at);
        self.timeline.clear();
        self.stream_db = None;
    }
}

/// `host:port` as logs spell it, an IPv6 address in brackets.
pub(crate) fn address(host: &str, port: u16) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}
