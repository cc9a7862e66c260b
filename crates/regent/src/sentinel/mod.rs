//! `regent sentinel`, and `redis-sentinel`: from the arguments to a Sentinel that runs, and to its end.

use anyhow::{Context, Result};
use config::{CommandLine, Config, Host, LoadError};
use sentinel::{Options, Rules, Sentinel, UserLines, state};
use sys::{ErrorText, file, process};
use world::{Exit, Level, Secrets};

use crate::server::host::{FileSystem, say_early};
use crate::server::say::Say;
use crate::server::{startup, with_folder, words};

/// Runs a Sentinel with these arguments, those of `redis-sentinel`. The status to exit with.
pub(crate) fn run(name: &str, arguments: &[Vec<u8>]) -> Result<u8> {
    if let Some(status) = words::answer(name, words::SENTINEL, arguments) {
        return Ok(status);
    }
    let mut line = CommandLine::parse(arguments);
    line.sentinel = true;
    let Some(path) = line.file.take() else {
        return Ok(refuse("Sentinel needs config file on disk to save state. Exiting..."));
    };
    let path = file::absolute(path).to_string_lossy().into_owned();
    line.file = Some(path.clone());
    let loaded = config::load(&line, &mut Recovered::default()).and_then(|config| {
        let mut runnable = |path: &str| file::runnable(path).is_ok();
        let (saved, warnings) = state::directives::read(&config.sentinel, &mut runnable)?;
        Ok((with_folder(config), saved, warnings))
    });
    match loaded {
        // Nobody must be let in whom a file that we do not read keeps out.
        Ok((config, ..)) if !config.values.bytes("aclfile").is_empty() => Ok(refuse(
            "A Sentinel keeps its users in its own file: put user lines there in place of aclfile. Exiting...",
        )),
        Ok((config, saved, warnings)) => {
            if let Err(error) = file::File::open_update(&path) {
                return Ok(refuse(&format!(
                    "Sentinel config file {path} is not writable: {}. Exiting...",
                    error.text()
                )));
            }
            let bytes = file::slurp(&path).context("cannot read the file again")?;
            let bytes = state::recover(&bytes).into_owned();
            serve(name, arguments, config, Told { bytes, saved, warnings })
        }
        Err(error @ LoadError::Unreadable { .. }) => Ok(refuse(&error.to_string())),
        Err(error) => {
            sys::output::complain(error.to_string());
            Ok(1)
        }
    }
}

/// A last line in the log; the status to exit with.
fn refuse(text: &str) -> u8 {
    say_early(Level::Warning, 'X', text);
    1
}

/// The file system, where files that a crash has left half-written read as what they say.
#[derive(Default)]
struct Recovered(FileSystem, UserLines);

impl Host for Recovered {
    fn read(&mut self, path: &str) -> Result<Vec<u8>, String> {
        self.0.read(path).map(|bytes| state::recover(&bytes).into_owned())
    }

    fn glob(&mut self, pattern: &str) -> Vec<String> {
        self.0.glob(pattern)
    }

    fn read_stdin(&mut self) -> Vec<u8> {
        self.0.read_stdin()
    }

    fn change_dir(&mut self, path: &str) -> Result<String, String> {
        self.0.change_dir(path)
    }

    fn rename_command(&mut self, from: &[u8], to: &[u8]) -> Result<(), &'static str> {
        self.0.rename_command(from, to)
    }

    fn declare_user(&mut self, words: &[Vec<u8>]) -> Result<(), String> {
        self.1.declare(words)
    }

    fn can_log_to(&mut self, path: &str) -> Result<(), String> {
        self.0.can_log_to(path)
    }
}

/// What the file has told.
struct Told {
    bytes: Vec<u8>,
    saved: state::Saved,
    warnings: Vec<String>,
}

fn serve(name: &str, arguments: &[Vec<u8>], mut config: Config, told: Told) -> Result<u8> {
    let supervisor = startup::supervisor(&config);
    let in_background = config.values.flag("daemonize") && supervisor.is_none();
    if in_background {
        process::daemonize().context("cannot go to the background")?;
    }
    let mut say = Say::new(&config);
    if config.values.flag("crash-log-enabled") {
        crate::crash::report_to(say.target().clone());
    }
    startup::tell_supervisor(&say, &config, supervisor);
    startup::announce(&mut say, name, arguments, &config);
    told.warnings.iter().for_each(|warning| say.warning(warning));
    startup::fit_clients_to_open_files(&say, &mut config)?;
    let pidfile = startup::write_pidfile(&say, &config, in_background);
    config.program = name.to_owned();
    if let Some(title) = config.title() {
        sys::title::set(&title);
    }
    startup::show_mode(&say, &config);
    if !startup::would_listen(&config) {
        say.warning("Configured to not listen anywhere, exiting.");
        return Ok(1);
    }

    crate::server::leftovers::remove(&say, &config);

    let now = sys::clock::now();
    let mut sentinel = Sentinel::new(Options {
        config,
        file: told.bytes,
        saved: told.saved,
        seed: sys::facts::entropy(),
        secrets: Secrets::new(sys::facts::secret()),
        senses: shell::senses(),
        now,
        east_secs: sys::clock::local(now.wall).offset_secs,
        rules: Rules::default(),
    });
    sentinel.start(now);
    let options = shell::Options {
        log: say.into_log(),
        signals: true,
        supervised: supervisor.is_some(),
        cpus: Default::default(),
    };
    let exit = shell::run(&mut sentinel, options).context("the event loop failed")?;
    if let Some(path) = pidfile {
        // It is ours; if somebody was faster to remove it, that is what we wanted.
        let _ = file::remove(path);
    }
    match exit {
        Exit::Status(status) => process::exit_now(status),
        Exit::Crash | Exit::Restart { .. } => process::crash(),
    }
}
