//! Lines for the log before there is a server that decides what is loud enough.

use config::Config;
use shell::{Log, LogTarget};
use world::Level;

/// The log and the quietest level that goes into it.
pub(crate) struct Say {
    log: Log,
    target: LogTarget,
    /// None: nothing at all.
    least: Option<Level>,
}

impl Say {
    /// As the configuration has it. To be made once the process has its final number.
    pub(crate) fn new(config: &Config) -> Say {
        let values = &config.values;
        let file = Some(values.text("logfile")).filter(|path| !path.is_empty());
        let syslog = values.flag("syslog-enabled");
        if syslog {
            sys::syslog::open(&values.text("syslog-ident"), values.choice("syslog-facility"));
        }
        let target = LogTarget { file: file.map(sys::file::absolute), syslog };
        let least = match values.choice("loglevel") {
            "debug" => Some(Level::Debug),
            "verbose" => Some(Level::Verbose),
            "notice" => Some(Level::Notice),
            "warning" => Some(Level::Warning),
            _ => None,
        };
        // The first lines of Redis, before it has become a server, are those of a child; a Sentinel is one at once.
        let mut log = Log::new(target.clone());
        log.set_role(if config.is_sentinel { 'X' } else { 'C' });
        Say { log, target, least }
    }

    /// From now on lines are those of a server.
    pub(crate) fn become_server(&mut self, config: &Config) {
        self.log.set_role(if config.values.source().is_some() { 'S' } else { 'M' });
    }

    pub(crate) fn target(&self) -> &LogTarget {
        &self.target
    }

    pub(crate) fn notice(&self, text: &str) {
        self.at(Level::Notice, text);
    }

    pub(crate) fn warning(&self, text: &str) {
        self.at(Level::Warning, text);
    }

    /// Text without the head of a line.
    pub(crate) fn raw(&self, text: &str) {
        if self.least.is_some_and(|least| least <= Level::Notice) {
            self.log.write_raw(text);
        }
    }

    fn at(&self, level: Level, text: &str) {
        if self.least.is_some_and(|least| least <= level) {
            self.log.write(level, text);
        }
    }

    pub(crate) fn into_log(self) -> Log {
        self.log
    }
}
