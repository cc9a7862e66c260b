//! `regent server`: from arguments to a running server, and to its end.

mod aof;
pub(crate) mod host;
pub(crate) mod leftovers;
pub(crate) mod say;
pub(crate) mod startup;
pub(crate) mod words;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use config::{CommandLine, Config, LoadError};
use node::Node;
use sys::process;
use world::{Exit, Level, Secrets};

use host::FileSystem;
use say::Say;

/// Runs a server with these arguments, those of `redis-server`; `words` is the whole line they end. The status to
/// exit with.
pub(crate) fn run(name: &str, words: &[Vec<u8>], arguments: &[Vec<u8>]) -> Result<u8> {
    if let Some(status) = words::answer(name, words::SERVER, arguments) {
        return Ok(status);
    }
    let mut line = CommandLine::parse(arguments);
    if line.sentinel {
        return crate::sentinel::run(name, arguments);
    }
    // Before a `dir` line changes what a relative path means.
    let executable = sys::facts::executable();
    line.file = line.file.map(|file| sys::file::absolute(file).to_string_lossy().into_owned());
    let config = match config::load(&line, &mut FileSystem::default()) {
        Ok(config) => with_folder(config),
        Err(error @ LoadError::Unreadable { .. }) => {
            host::say_early(Level::Warning, 'C', &error.to_string());
            return Ok(1);
        }
        Err(error) => {
            sys::output::complain(error.to_string());
            return Ok(1);
        }
    };
    let exit = serve(name, arguments, config)?;
    match exit {
        // A large dataset is not taken apart piece by piece: the system takes it back whole.
        Exit::Status(status) => process::exit_now(status),
        Exit::Crash => process::crash(),
        Exit::Restart { after_ms } => {
            sys::thread::sleep(Duration::from_millis(after_ms));
            let mut words = words.to_vec();
            if let Some(file) = &line.file {
                // It is the first argument, and the folder may be another by now.
                let at = words.len() - arguments.len();
                words[at] = file.as_bytes().to_vec();
            }
            Err(process::restart(&executable, &words)).context("cannot start again")
        }
    }
}

/// `dir` is where we are, unless a line said otherwise.
pub(crate) fn with_folder(mut config: Config) -> Config {
    let here = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/"));
    // Any path is a value of `dir`.
    let _ = config.values.set("dir", &[&here.to_string_lossy()]);
    config
}

fn serve(name: &str, arguments: &[Vec<u8>], mut config: Config) -> Result<Exit> {
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
    startup::fit_clients_to_open_files(&say, &mut config)?;
    let pidfile = startup::write_pidfile(&say, &config, in_background);
    config.program = name.to_owned();
    if let Some(title) = config.title() {
        sys::title::set(&title);
    }
    startup::show_mode(&say, &config);
    if !startup::would_listen(&config) {
        say.warning("Configured to not listen anywhere, exiting.");
        return Ok(Exit::Status(1));
    }
    if let Some(lines) = aof::refusal(&config) {
        lines.iter().for_each(|line| say.warning(line));
        return Ok(Exit::Status(1));
    }
    leftovers::remove(&say, &config);
    startup::warn(&say, &config);
    startup::give_up_huge_pages(&say, &config);
    let cpus = startup::cpu_lists(&say, &config);

    let now = sys::clock::now();
    let seed = sys::facts::entropy();
    let secrets = Secrets::new(sys::facts::secret());
    let senses = shell::senses();
    let mut node = Node::new(node::Options { config, seed, secrets, senses, now });
    node.start(now);
    let options = shell::Options {
        log: say.into_log(),
        signals: true,
        supervised: supervisor.is_some(),
        cpus,
    };
    let exit = shell::run(&mut node, options).context("the event loop failed")?;
    if let Some(path) = pidfile {
        // It is ours; if somebody was faster to remove it, that is what we wanted.
        let _ = sys::file::remove(path);
    }
    Ok(exit)
}
