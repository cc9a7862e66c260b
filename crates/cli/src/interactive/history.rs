//! The lines of earlier days: a file of plain lines, as redis-cli has it, so that both can use the same.

use std::path::PathBuf;

/// So many lines are read; older ones are forgotten.
const LINES_MAX: usize = 1000;

/// Once the file has so many lines, the forgotten ones are taken out of it.
const FILE_LINES_MAX: usize = 2 * LINES_MAX;

pub(super) struct History {
    path: Option<PathBuf>,
    pub(super) lines: Vec<String>,
}

impl History {
    /// Nothing is remembered.
    pub(super) fn none() -> History {
        History { path: None, lines: Vec::new() }
    }

    pub(super) fn load() -> History {
        let path = dotfile("REDISCLI_HISTFILE", ".rediscli_history");
        if let Some(path) = &path {
            // It may come from elsewhere, and what is added to it now is private. Mostly there is none yet.
            let _ = sys::file::make_private(path);
        }
        let text = path.as_ref().and_then(|path| sys::file::slurp(path).ok()).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let count = lines.len();
        lines.drain(..count.saturating_sub(LINES_MAX));
        if let Some(path) = path.as_ref().filter(|_| count > FILE_LINES_MAX) {
            let text: String = lines.iter().flat_map(|line| [line, "\n"]).collect();
            // What cannot be shortened stays long.
            let _ = privately(|| sys::file::replace(path, text.as_bytes()));
        }
        History { path, lines }
    }

    /// Remembers a line, unless it only repeats the one before. It is added at the end of the file, so that sessions
    /// beside this one keep theirs.
    pub(super) fn add(&mut self, line: &str) {
        if self.lines.last().is_some_and(|last| last == line) {
            return;
        }
        if let Some(path) = &self.path {
            // A history that cannot be written is no reason to stop working.
            let _ = privately(|| {
                sys::file::File::open_append(path)?.append(format!("{line}\n").as_bytes())
            });
        }
        self.lines.push(line.to_owned());
    }
}

/// Makes files that only the user may read.
fn privately<T>(write: impl FnOnce() -> T) -> T {
    let before = sys::process::set_umask(0o077);
    let result = write();
    sys::process::set_umask(before);
    result
}

/// A file in the home of the user, unless `variable` names another. None where there is to be none.
pub(super) fn dotfile(variable: &str, name: &str) -> Option<PathBuf> {
    let is_set = |value: &std::ffi::OsString| !value.is_empty();
    match std::env::var_os(variable).filter(is_set) {
        Some(path) if path == "/dev/null" => None,
        Some(path) => Some(path.into()),
        None => std::env::var_os("HOME").filter(is_set).map(|home| PathBuf::from(home).join(name)),
    }
}
