//! A world for the loader: a map of files, a folder that can be changed, a handful of commands.

use config::{COMMAND_NAME_TAKEN, CommandLine, Config, Host, LoadError, NO_SUCH_COMMAND, load};
use std::collections::BTreeMap;

/// Files by path; a folder exists if it is listed.
#[derive(Default)]
pub(crate) struct Files {
    pub(crate) files: BTreeMap<String, Vec<u8>>,
    pub(crate) folders: Vec<String>,
    pub(crate) stdin: Vec<u8>,
    pub(crate) unwritable: Vec<String>,
}

impl Files {
    pub(crate) fn with(files: &[(&str, &str)]) -> Files {
        let files = files.iter().map(|(path, text)| (path.to_string(), text.as_bytes().to_vec()));
        Files { files: files.collect(), ..Files::default() }
    }

    /// Loads what these arguments ask for.
    pub(crate) fn load(&mut self, args: &[&str]) -> Result<Config, LoadError> {
        let args: Vec<Vec<u8>> = args.iter().map(|arg| arg.as_bytes().to_vec()).collect();
        load(&CommandLine::parse(&args), self)
    }
}

impl Host for Files {
    fn read(&mut self, path: &str) -> Result<Vec<u8>, String> {
        self.files.get(path).cloned().ok_or("No such file or directory".to_owned())
    }

    fn glob(&mut self, pattern: &str) -> Vec<String> {
        let matches = |path: &&String| stdx::glob::matches(pattern.as_bytes(), path.as_bytes());
        self.files.keys().filter(matches).cloned().collect()
    }

    fn read_stdin(&mut self) -> Vec<u8> {
        self.stdin.clone()
    }

    fn change_dir(&mut self, path: &str) -> Result<String, String> {
        match path {
            "./" | "." => Ok("/data".to_owned()),
            _ if self.folders.iter().any(|folder| folder == path) => Ok(path.to_owned()),
            _ => Err("No such file or directory".to_owned()),
        }
    }

    fn can_log_to(&mut self, path: &str) -> Result<(), String> {
        match self.unwritable.iter().any(|other| other == path) {
            true => Err("No such file or directory".to_owned()),
            false => Ok(()),
        }
    }

    fn rename_command(&mut self, from: &[u8], to: &[u8]) -> Result<(), &'static str> {
        const KNOWN: &[&[u8]] = &[b"get", b"set", b"config", b"flushall"];
        if !KNOWN.contains(&from.to_ascii_lowercase().as_slice()) {
            return Err(NO_SUCH_COMMAND);
        }
        if KNOWN.contains(&to.to_ascii_lowercase().as_slice()) {
            return Err(COMMAND_NAME_TAKEN);
        }
        Ok(())
    }
}
