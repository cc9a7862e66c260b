//! The lines of earlier days: a file of plain lines, as redis-cli has it, so that both can use the same.

use std::path::PathBuf;

/// Older lines than so many are forgotten.
const LINES_MAX: usize = 1000;

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
        let text = path.as_ref().and_then(|path| sys::file::slurp(path).ok()).unwrap_or_default();
        let lines = String::from_utf8_lossy(&text).lines().map(str::to_owned).collect();
        History { path, lines }
    }

    /// Remembers a line, unless it only repeats the one before, and saves all.
    pub(super) fn add(&mut self, line: &str) {
        if self.lines.last().is_some_and(|last| last == line) {
            return;
        }
        self.lines.push(line.to_owned());
        let surplus = self.lines.len().saturating_sub(LINES_MAX);
        self.lines.drain(..surplus);
        if let Some(path) = &self.path {
            let text: String = self.lines.iter().flat_map(|line| [line, "\n"]).collect();
            // Only the user may read it. A history that cannot be written is no reason to stop working.
            let before = sys::process::set_umask(0o077);
            let _ = sys::file::replace(path, text.as_bytes());
            sys::process::set_umask(before);
        }
    }
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
