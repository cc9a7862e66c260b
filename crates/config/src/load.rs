//! Reading configuration: file, standard input, options, and what they include.

use crate::command_line::CommandLine;
use crate::config::Config;
use crate::elsewhere::{Place, UserLines};
use crate::near;
use crate::words::{split, trim};
use crate::{Kind, Value};
use std::fmt;

/// What reading a configuration needs of the world around it. The server gives it the file system; a test gives it a
/// map.
pub trait Host {
    /// The whole file, or the system's reason why not.
    fn read(&mut self, path: &str) -> Result<Vec<u8>, String>;

    /// The files that a pattern with `*`, `?` or `[` stands for, in order; none if there are none.
    fn glob(&mut self, pattern: &str) -> Vec<String>;

    /// Everything on standard input.
    fn read_stdin(&mut self) -> Vec<u8> {
        Vec::new()
    }

    /// Makes `path` the working folder, at once, since lines below may be relative to it; gives its absolute path.
    fn change_dir(&mut self, path: &str) -> Result<String, String>;

    /// Whether `path` can be opened for appending: a daemon has no other place to say that it cannot log.
    fn can_log_to(&mut self, path: &str) -> Result<(), String> {
        let _ = path;
        Ok(())
    }

    /// `user name rules`: refused where a rule is wrong. A name may come again, from another file.
    fn declare_user(&mut self, words: &[Vec<u8>]) -> Result<(), String> {
        let _ = words;
        Ok(())
    }

    /// `rename-command from to`, where an empty `to` takes the command away. Refused with Redis's sentence where
    /// there is no such command ([`NO_SUCH_COMMAND`]) or `to` is taken ([`COMMAND_NAME_TAKEN`]).
    fn rename_command(&mut self, from: &[u8], to: &[u8]) -> Result<(), &'static str> {
        let _ = (from, to);
        Ok(())
    }
}

/// What [`Host::rename_command`] answers where `from` is no command.
pub const NO_SUCH_COMMAND: &str = "No such command in rename-command";
/// What [`Host::rename_command`] answers where `to` is a command already.
pub const COMMAND_NAME_TAKEN: &str = "Target command name already exists";

/// The version of Redis in the head of the error block; tools look for the whole line.
const VERSION: &str = "7.2.6";

/// How deep files may include each other.
const INCLUDE_DEPTH_MAX: usize = 16;

/// Directives that are no parameters.
const DIRECTIVES: &[&str] = &["include", "rename-command", "user", "sentinel"];

/// Directives of older versions that mean nothing any more, each with one value.
const OBSOLETE: &[&str] =
    &["list-max-ziplist-entries", "list-max-ziplist-value", "lua-replicate-commands"];

/// Why a configuration cannot be used. `Display` is what the program says before it exits with status 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoadError {
    /// A file cannot be read; this sentence belongs in the log.
    Unreadable { path: String, reason: String },
    /// The block for standard error.
    Refused {
        /// The line's number and text, where one line is to blame.
        line: Option<(usize, String)>,
        /// What is wrong.
        reason: String,
    },
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LoadError::Unreadable { path, reason } => {
                write!(f, "Fatal error, can't open config file '{path}': {reason}")
            }
            LoadError::Refused { line, reason } => {
                writeln!(f, "\n*** FATAL CONFIG FILE ERROR (Redis {VERSION}) ***")?;
                if let Some((number, text)) = line {
                    writeln!(f, "Reading the configuration file, at line {number}")?;
                    writeln!(f, ">>> '{text}'")?;
                }
                writeln!(f, "{reason}")
            }
        }
    }
}

impl std::error::Error for LoadError {}

/// A `sentinel ...` line, for Sentinel to read once everything else is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentinelLine {
    /// Its number, for errors.
    pub number: usize,
    /// Its text, for errors.
    pub text: String,
    /// The words behind `sentinel`.
    pub words: Vec<Vec<u8>>,
    /// It stands in the file that the Sentinel keeps its state in, rather than in one that is included, or among the
    /// options.
    pub is_in_file: bool,
}

/// Reads what the command line names. Later lines win over earlier ones, options over standard input over the file.
pub fn load(line: &CommandLine, host: &mut dyn Host) -> Result<Config, LoadError> {
    let mut loader = Loader {
        config: Config::default(),
        host,
        sentinel: line.sentinel,
        save_seen: false,
        users: UserLines::default(),
        file_lines: 0,
    };
    if line.sentinel {
        loader.begin_sentinel();
    }
    let mut text = match &line.file {
        Some(path) => loader.read_files(path)?,
        None => Vec::new(),
    };
    if !text.is_empty() && !text.ends_with(b"\n") {
        text.push(b'\n');
    }
    loader.file_lines = text.iter().filter(|&&byte| byte == b'\n').count();
    if line.stdin {
        text.extend(loader.host.read_stdin());
    }
    if !text.ends_with(b"\n") {
        text.push(b'\n');
    }
    text.extend_from_slice(&line.options);
    loader.read_text(&text, 0)?;
    let values = &loader.config.values;
    if let Some(source) = values.source()
        && values.is_own_address(&source.host, source.port)
    {
        return Err(refused("replicaof would make the server a replica of itself".to_owned()));
    }
    loader.config.file = line.file.clone();
    loader.config.users = loader.users.into_words();
    Ok(loader.config)
}

struct Loader<'a> {
    config: Config,
    host: &'a mut dyn Host,
    sentinel: bool,
    /// The first `save` line replaces the defaults; those that follow add to it.
    save_seen: bool,
    users: UserLines,
    /// How many of the first lines are those of the file that CONFIG REWRITE writes.
    file_lines: usize,
}

impl Loader<'_> {
    /// A Sentinel has a port of its own, and must be reachable for the others.
    fn begin_sentinel(&mut self) {
        self.config.is_sentinel = true;
        let values = &mut self.config.values;
        values.set("port", &["26379"]).expect("26379 is a port");
        values.set("protected-mode", &["no"]).expect("no is a choice");
    }

    /// The contents of `path`, which may be a pattern. A pattern without files is fine: an empty folder of
    /// fragments is no mistake, a missing file is.
    fn read_files(&mut self, path: &str) -> Result<Vec<u8>, LoadError> {
        let paths = match path.contains(['*', '?', '[']) {
            true => self.host.glob(path),
            false => vec![path.to_owned()],
        };
        let mut text = Vec::new();
        for path in paths {
            match self.host.read(&path) {
                Ok(bytes) => text.extend(bytes),
                Err(reason) => return Err(LoadError::Unreadable { path, reason }),
            }
        }
        Ok(text)
    }

    fn read_text(&mut self, text: &[u8], depth: usize) -> Result<(), LoadError> {
        for (at, line) in text.split(|&byte| byte == b'\n').enumerate() {
            let line = trim(line);
            if line.is_empty() || line[0] == b'#' {
                continue;
            }
            self.read_line(at + 1, line, depth).map_err(|failure| match failure {
                Failure::Line(reason) => LoadError::Refused {
                    line: Some((at + 1, String::from_utf8_lossy(line).into_owned())),
                    reason,
                },
                Failure::Nested(error) => error,
            })?;
        }
        let log = self.config.values.text("logfile");
        if !log.is_empty() {
            self.host
                .can_log_to(&log)
                .map_err(|reason| refused(format!("Can't open the log file: {reason}")))?;
        }
        if self.config.values.flag("cluster-enabled") && self.config.values.source().is_some() {
            return Err(refused("replicaof directive not allowed in cluster mode".to_owned()));
        }
        Ok(())
    }

    fn read_line(&mut self, number: usize, line: &[u8], depth: usize) -> Result<(), Failure> {
        let mut words = split(line).ok_or("Unbalanced quotes in configuration line")?;
        if words.is_empty() {
            return Ok(());
        }
        let name = words.remove(0).to_ascii_lowercase();
        let place = match depth {
            0 if number <= self.file_lines => Place::File,
            0 => Place::Options,
            _ => Place::Included,
        };
        if let Some(id) = self.config.values.registry().find(&name) {
            self.set(id, words)?;
            if place == Place::Included {
                self.config.included.params.insert(id, self.config.values.get(id).clone());
            }
            return Ok(());
        }
        match (name.as_slice(), words.as_slice()) {
            (b"include", [path]) => {
                if depth >= INCLUDE_DEPTH_MAX {
                    return Err("Files include each other too deeply".into());
                }
                let path = String::from_utf8_lossy(path).into_owned();
                let text = self.read_files(&path).map_err(Failure::Nested)?;
                self.read_text(&text, depth + 1).map_err(Failure::Nested)
            }
            (b"rename-command", [from, to]) => {
                self.host.rename_command(from, to)?;
                self.config.renames.push((from.clone(), to.clone()));
                Ok(())
            }
            (b"user", [name, ..]) => {
                if self.users.is_declared(name, place) {
                    let name = String::from_utf8_lossy(name);
                    return Err(format!(
                        "Error in user declaration '{name}': Duplicate user found. A user can only be defined once \
                         in config files"
                    )
                    .into());
                }
                self.host.declare_user(&words)?;
                self.users.push(words, place, &mut self.config.included);
                Ok(())
            }
            (b"loadmodule", [_, ..]) => {
                Err("Regent has no modules: remove this line, and see docs/compatibility.md".into())
            }
            (b"sentinel", []) => Ok(()),
            (b"sentinel", _) if self.sentinel => {
                let text = String::from_utf8_lossy(line).into_owned();
                let is_in_file = place == Place::File;
                self.config.sentinel.push(SentinelLine { number, text, words, is_in_file });
                Ok(())
            }
            (b"sentinel", _) => Err("sentinel directive while not in sentinel mode".into()),
            (name, [_]) if OBSOLETE.iter().any(|known| known.as_bytes() == name) => Ok(()),
            (name, []) if name.contains(&b'.') => {
                Err("Module config specified without value".into())
            }
            (name, _) if name.contains(&b'.') => {
                Err("Module configuration without a module: Regent has none".into())
            }
            (name, _) => {
                let reason = "Bad directive or wrong number of arguments";
                let registry = self.config.values.registry();
                let known = registry.ids().map(|id| registry.param(id).name);
                let near = near::nearest(name, known.chain(DIRECTIVES.iter().copied()));
                Err(match near {
                    Some(near) => format!("{reason} (did you mean '{near}'?)").into(),
                    None => reason.into(),
                })
            }
        }
    }

    fn set(&mut self, id: crate::ParamId, mut words: Vec<Vec<u8>>) -> Result<(), Failure> {
        let param = self.config.values.registry().param(id);
        if !param.kind.takes_several() && words.len() != 1 {
            return Err("wrong number of arguments".into());
        }
        if param.kind.takes_several() && words.len() == 1 && !words[0].is_empty() {
            // Several words in one argument of the command line: --save "900 1 300 10".
            words = split(&words[0]).ok_or("Unbalanced quotes in configuration line")?;
        }
        let before = self.config.values.get(id);
        let mut value = Value::parse(param, &words, before)?;
        match (&mut value, param.kind) {
            (Value::Text(path), Kind::Folder) => {
                let path_text = String::from_utf8_lossy(path).into_owned();
                *path = self.host.change_dir(&path_text)?.into_bytes();
            }
            (Value::SavePoints(points), _) => {
                // An empty list is `save ""`, which takes back everything above it.
                if let (true, false, Value::SavePoints(earlier)) =
                    (self.save_seen, points.is_empty(), before)
                {
                    points.splice(0..0, earlier.iter().copied());
                }
                self.save_seen = true;
            }
            _ => {}
        }
        self.config.values.replace(id, value);
        Ok(())
    }
}

fn refused(reason: String) -> LoadError {
    LoadError::Refused { line: None, reason }
}

/// A line that is wrong, or a file that it includes.
enum Failure {
    Line(String),
    Nested(LoadError),
}

impl From<&str> for Failure {
    fn from(reason: &str) -> Failure {
        Failure::Line(reason.to_owned())
    }
}

impl From<String> for Failure {
    fn from(reason: String) -> Failure {
        Failure::Line(reason)
    }
}

impl From<crate::Refusal> for Failure {
    fn from(reason: crate::Refusal) -> Failure {
        Failure::Line(reason.into_owned())
    }
}
