//! What is said when we are wrong: a report that can be cut out and sent, in the form tools already look for.

use std::backtrace::Backtrace;
use std::panic::{self, PanicHookInfo};
use std::sync::OnceLock;

use shell::{Log, LogTarget};
use world::Level;

// A signal's handler has no argument of ours, so it finds the log here.
#[allow(clippy::disallowed_types, reason = "written once, before anything can crash")]
static TARGET: OnceLock<LogTarget> = OnceLock::new();

/// From now on a panic or a crash writes a report to the log before the process ends.
pub(crate) fn report_to(target: LogTarget) {
    if TARGET.set(target).is_err() {
        return;
    }
    panic::set_hook(Box::new(on_panic));
    if let Err(error) = sys::signal::on_crash(on_signal) {
        log().write(Level::Warning, &format!("Crashes will not be reported: {error}"));
    }
}

fn log() -> Log {
    Log::new(TARGET.get().cloned().unwrap_or_default())
}

fn on_panic(info: &PanicHookInfo<'_>) {
    let place = info.location().map(|at| format!("{}:{}", at.file(), at.line()));
    let payload = info.payload();
    let reason = payload
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no reason given".to_owned());
    let what = format!("==> {} '{reason}'", place.unwrap_or_default());
    report(&["=== ASSERTION FAILED ===", &what]);
    // The report is complete; that of the signal with which a panic ends would only repeat it.
    sys::process::end_quietly_on_abort();
}

fn on_signal(name: &str) {
    report(&[&format!("Redis {} crashed by signal: {name}", node::REDIS_VERSION)]);
}

fn report(lines: &[&str]) {
    let log = log();
    log.write_raw("\n\n=== REDIS BUG REPORT START: Cut & paste starting from here ===\n");
    for line in lines {
        log.write(Level::Warning, line);
    }
    log.write_raw("\n------ STACK TRACE ------\n");
    // Names need memory and the program's file, and may be what the report hangs in: the addresses come first.
    for line in sys::stack::frames().lines() {
        log.write_raw(&format!("{line}\n"));
    }
    log.write_raw(&format!("{}\n", Backtrace::force_capture()));
    log.write_raw("\n------ INFO OUTPUT ------\n");
    let facts = (shell::senses().facts)();
    log.write_raw(&format!(
        "redis_version:{}\nserver_name:regent\nregent_version:{}\nos:{}\nprocess_id:{}\n\
         used_memory_rss:{}\n",
        node::REDIS_VERSION,
        crate::VERSION,
        facts.system,
        facts.pid,
        facts.resident,
    ));
    log.write_raw(
        "\n=== REDIS BUG REPORT END. Make sure to include from START to END. ===\n\n\
         Please send this report, and what led to it, to the people who make Regent.\n\n",
    );
}
