//! The log, line by line as Redis writes it: `pid:role day month year time level text`.

use std::io::Write;
use std::path::PathBuf;

use stdx::WallTime;
use sys::clock;
use sys::file::File;
use world::Level;

/// Where lines go.
#[derive(Clone, Debug, Default)]
pub struct LogTarget {
    /// A file, opened for each line so that it can be moved away at any time; none: standard output.
    pub file: Option<PathBuf>,
    /// The system's log too.
    pub syslog: bool,
}

/// Writes lines.
#[derive(Debug)]
pub struct Log {
    target: LogTarget,
    pid: u32,
    role: char,
}

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

impl Log {
    /// A log of this process, whose role is that of a primary until told otherwise.
    pub fn new(target: LogTarget) -> Log {
        Log { target, pid: std::process::id(), role: 'M' }
    }

    /// The letter that stands for the role.
    pub fn set_role(&mut self, role: char) {
        self.role = role;
    }

    /// Writes one line, with the time of day of this moment. A log that cannot be written is nobody's error: there
    /// is no place to say so.
    pub fn write(&self, level: Level, text: &str) {
        self.write_raw(&self.line(clock::wall(), level, text));
        if self.target.syslog {
            sys::syslog::write(priority(level), text);
        }
    }

    /// Writes text as it is, line ends included; the system's log does not get it.
    pub fn write_raw(&self, text: &str) {
        match &self.target.file {
            None => {
                let mut out = std::io::stdout().lock();
                let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
            }
            Some(path) => {
                let _ = File::open_append(path).and_then(|mut file| file.append(text.as_bytes()));
            }
        }
    }

    fn line(&self, wall: WallTime, level: Level, text: &str) -> String {
        let time = clock::local(wall);
        let sign = match level {
            Level::Debug => '.',
            Level::Verbose => '-',
            Level::Notice => '*',
            Level::Warning => '#',
        };
        format!(
            "{}:{} {:02} {} {} {:02}:{:02}:{:02}.{:03} {sign} {text}\n",
            self.pid,
            self.role,
            time.day,
            MONTHS[(time.month as usize - 1) % 12],
            time.year,
            time.hour,
            time.minute,
            time.second,
            time.ms,
        )
    }
}

fn priority(level: Level) -> sys::syslog::Priority {
    match level {
        Level::Debug => sys::syslog::Priority::Debug,
        Level::Verbose => sys::syslog::Priority::Info,
        Level::Notice => sys::syslog::Priority::Notice,
        Level::Warning => sys::syslog::Priority::Warning,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_reads_as_in_redis() {
        let mut log = Log::new(LogTarget::default());
        log.pid = 77;
        log.set_role('S');
        let line = log.line(WallTime(1_700_000_000_123_456), Level::Warning, "words");
        // The hour depends on the time zone of whoever runs this.
        assert!(line.starts_with("77:S 14 Nov 2023 ") || line.starts_with("77:S 15 Nov 2023 "));
        assert!(line.ends_with(":20.123 # words\n"), "{line}");
        assert_eq!(line.len(), "77:S 14 Nov 2023 22:13:20.123 # words\n".len());
    }
}
