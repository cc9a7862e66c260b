//! The file system, as reading a configuration needs it.

use shell::{Log, LogTarget};
use sys::ErrorText;
use sys::file;
use world::Level;

/// A line for standard output while the log is not known yet. Before a process has become a server its lines are those
/// of a child.
pub(crate) fn say_early(level: Level, role: char, text: &str) {
    let mut log = Log::new(LogTarget::default());
    log.set_role(role);
    log.write(level, text);
}

/// The real one, with the names that commands have by now.
#[derive(Default)]
pub(crate) struct FileSystem {
    names: node::Names,
}

impl config::Host for FileSystem {
    fn read(&mut self, path: &str) -> Result<Vec<u8>, String> {
        file::slurp(path).map_err(|error| error.text())
    }

    fn glob(&mut self, pattern: &str) -> Vec<String> {
        // What cannot be looked into has no files for us.
        let paths = glob::glob(pattern).into_iter().flatten().flatten();
        paths.map(|path| path.to_string_lossy().into_owned()).collect()
    }

    fn read_stdin(&mut self) -> Vec<u8> {
        say_early(Level::Notice, 'C', "Reading config from stdin");
        let mut text = Vec::new();
        // What came before a failure is still what somebody wanted to say.
        let _ = std::io::Read::read_to_end(&mut std::io::stdin(), &mut text);
        text
    }

    fn change_dir(&mut self, path: &str) -> Result<String, String> {
        file::change_dir(path).map_err(|error| error.text())?;
        Ok(file::absolute(path).to_string_lossy().into_owned())
    }

    fn rename_command(&mut self, from: &[u8], to: &[u8]) -> Result<(), &'static str> {
        self.names.rename(from, to)
    }

    fn declare_user(&mut self, words: &[Vec<u8>]) -> Result<(), String> {
        self.names.declare_user(words)
    }

    fn can_log_to(&mut self, path: &str) -> Result<(), String> {
        file::File::open_append(path).map(drop).map_err(|error| error.text())
    }
}
