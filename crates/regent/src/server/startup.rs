//! What a server does and says before it runs, in the order and the words that tools wait for.

use std::path::PathBuf;

use anyhow::{Result, bail};
use config::Config;
use sys::cpus::Cpus;
use sys::{ErrorText, file, limits, process};

use super::say::Say;

/// File numbers that are not for clients: listeners, files, links to other servers.
const RESERVED: u64 = 32;

/// Who started the process and watches over it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Supervisor {
    Upstart,
    Systemd,
}

/// Whether somebody supervises the process and wants to be told. A supervised server stays in the foreground.
pub(crate) fn supervisor(config: &Config) -> Option<Supervisor> {
    let asked = config.values.choice("supervised");
    if matches!(asked, "upstart" | "auto") && process::is_upstart_job() {
        return Some(Supervisor::Upstart);
    }
    let systemd = matches!(asked, "systemd" | "auto")
        && process::notify_systemd("STATUS=Regent is loading...\n");
    systemd.then_some(Supervisor::Systemd)
}

/// Upstart takes a process that stops for one that is ready, and lets it go on. A supervisor that was asked for and is
/// not there is worth a line.
pub(crate) fn tell_supervisor(say: &Say, config: &Config, supervisor: Option<Supervisor>) {
    match (supervisor, config.values.choice("supervised")) {
        (Some(Supervisor::Upstart), _) => {
            say.notice("supervised by upstart, will stop to signal readiness.");
            process::stop_for_upstart();
        }
        (None, "upstart") => {
            say.warning("upstart supervision requested, but UPSTART_JOB not found!");
        }
        (None, "systemd") => say.warning("systemd supervision error: NOTIFY_SOCKET not found!"),
        _ => {}
    }
}

/// Whether there is a place where clients could come in.
pub(crate) fn would_listen(config: &Config) -> bool {
    let values = &config.values;
    let has_address = values.count("port") > 0 && !values.addresses().is_empty();
    has_address || !values.text("unixsocket").is_empty()
}

/// The processors that `server_cpulist` and `bio_cpulist` name. A list that is none names none.
pub(super) fn cpu_lists(say: &Say, config: &Config) -> shell::CpuLists {
    let list = |name: &str| {
        let text = config.values.text(name);
        Cpus::parse(&text).unwrap_or_else(|| {
            say.warning(&format!("WARNING: '{text}' of {name} is no list of CPUs."));
            Cpus::default()
        })
    };
    shell::CpuLists { executing: list("server_cpulist"), background: list("bio_cpulist") }
}

/// Huge pages for everybody make memory grow in steps of two megabytes, so they are given up where `disable-thp` says so.
pub(super) fn give_up_huge_pages(say: &Say, config: &Config) {
    let text = file::slurp("/sys/kernel/mm/transparent_hugepage/enabled").unwrap_or_default();
    let everywhere = String::from_utf8_lossy(&text).contains("[always]");
    if everywhere && !(config.values.flag("disable-thp") && process::give_up_huge_pages()) {
        say.warning(
            "WARNING: You have Transparent Huge Pages (THP) support enabled in your kernel. It lets memory grow more \
             than the data does. 'echo madvise > /sys/kernel/mm/transparent_hugepage/enabled' as root ends it.",
        );
    }
}

/// The lines with which every start begins.
pub(crate) fn announce(say: &mut Say, name: &str, arguments: &[Vec<u8>], config: &Config) {
    say.notice("oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo");
    say.notice(&format!(
        "Redis version={}, bits={}, commit=00000000, modified=0, pid={}, just started",
        node::REDIS_VERSION,
        usize::BITS,
        sys::facts::pid(),
    ));
    say.notice(&format!("Regent version={}", crate::VERSION));
    if arguments.is_empty() && !config.is_sentinel {
        say.warning(&format!(
            "Warning: no config file specified, using the default config. In order to specify a \
             config file use {name} /path/to/redis.conf"
        ));
    } else {
        say.notice("Configuration loaded");
    }
    if !config.is_sentinel {
        say.become_server(config);
    }
    if let Some(warning) = config.warning() {
        say.warning(&warning);
    }
    say.notice("monotonic clock: POSIX clock_gettime");
}

/// Raises the limit of open files to what `maxclients` needs; where the system refuses, `maxclients` is lowered.
pub(crate) fn fit_clients_to_open_files(say: &Say, config: &mut Config) -> Result<()> {
    let clients = config.values.count("maxclients");
    let wanted = clients + RESERVED;
    let before = limits::open_files().map(|(now, _)| now).unwrap_or(1024);
    if before >= wanted {
        return Ok(());
    }
    let got = limits::raise_open_files(wanted);
    if got >= wanted {
        say.notice(&format!(
            "Increased maximum number of open files to {wanted} (it was originally set to {before})."
        ));
        return Ok(());
    }
    if got <= RESERVED {
        say.warning(&format!(
            "Your current 'ulimit -n' of {before} is not enough for the server to start. Please \
             increase your open file limit to at least {wanted}. Exiting."
        ));
        bail!("not enough open files");
    }
    let fitting = got - RESERVED;
    say.warning(&format!(
        "You requested maxclients of {clients} requiring at least {wanted} max file descriptors."
    ));
    // Above the hard limit, or what the system has at all: it has one word for both.
    say.warning(&format!(
        "Server can't set maximum open files to {wanted} because of OS error: Operation not permitted."
    ));
    say.warning(&format!(
        "Current maximum open files is {got}. maxclients has been reduced to {fitting} to \
         compensate for low ulimit. If you need higher maxclients increase 'ulimit -n'."
    ));
    // A smaller number of clients than one that was accepted is accepted too.
    let _ = config.values.set("maxclients", &[&fitting.to_string()]);
    Ok(())
}

/// Writes the number of the process where `pidfile` says; the path, if there is one.
pub(crate) fn write_pidfile(say: &Say, config: &Config, in_background: bool) -> Option<PathBuf> {
    let mut path = config.values.text("pidfile");
    if path.is_empty() {
        if !in_background {
            return None;
        }
        path = "/var/run/redis.pid".to_owned();
    }
    let path = file::absolute(path);
    let text = format!("{}\n", sys::facts::pid());
    let written = file::File::create(&path).and_then(|mut file| file.append(text.as_bytes()));
    match written {
        Ok(()) => Some(path),
        Err(error) => {
            say.warning(&format!("Failed to write PID file: {}", error.text()));
            None
        }
    }
}

/// Port and mode: a line, or a banner where a person is looking.
pub(crate) fn show_mode(say: &Say, config: &Config) {
    let values = &config.values;
    let (port, pid) = (values.count("port"), sys::facts::pid());
    let mode = if config.is_sentinel { "sentinel" } else { "standalone" };
    let at_terminal = say.target().file.is_none()
        && !values.flag("syslog-enabled")
        && process::stdout_is_terminal();
    if !at_terminal && !values.flag("always-show-logo") {
        return say.notice(&format!("Running mode={mode}, port={port}."));
    }
    say.raw(&format!(
        "\n      o                  Regent {}\n     / \\                 speaks Redis {}\n    o   o                Running in \
         {mode} mode\n   / \\ / \\               Port: {port}\n  o   o   o              PID: {pid}\n\n",
        crate::VERSION,
        node::REDIS_VERSION,
    ));
}

/// Settings that the system does not let us have.
pub(crate) fn warn(say: &Say, config: &Config) {
    let backlog = config.values.count("tcp-backlog");
    let limit = file::slurp("/proc/sys/net/core/somaxconn").ok();
    let limit = limit.and_then(|text| String::from_utf8(text).ok()?.trim().parse::<u64>().ok());
    if let Some(limit) = limit.filter(|limit| *limit > 0 && *limit < backlog) {
        say.warning(&format!(
            "WARNING: The TCP backlog setting of {backlog} cannot be enforced because \
             /proc/sys/net/core/somaxconn is set to the lower value of {limit}."
        ));
    }
    let memory = config.values.memory("maxmemory");
    if memory > 0 && memory < 1 << 20 {
        say.warning(&format!(
            "WARNING: You specified a maxmemory value that is less than 1MB (current value is \
             {memory} bytes). Are you sure this is what you really want?"
        ));
    }
}
